// What crashes must not do to directories, whatever they lose: programs that once broke the tree.
#include <catch2/catch.hpp>

#include "tests/disk/program.hpp"
#include "tests/disk/promises.hpp"
#include "tests/disk/tree.hpp"

using namespace stillpoint;
using namespace stillpoint::test;

TEST_CASE("directories are a tree after every crash, and none with a name is lost") {
  const auto [setup, program] = GENERATE(table<const char*, const char*>({
      // Each into the other, the second move synced.
      {"mkdir b; mkdir b/a", "rename b/a a; rename b a/b; fsync a"},
      // A name that came while the directory it is in was not durable, and then two moves.
      {"", "mkdir d; mkdir d/a; mkdir d/e; fsync d; rename d/e e; rename e d/a"},
      // The place of one that has moved is taken.
      {"mkdir e; mkdir e/d", "create e/a; rmdir e/d; mkdir d; rename e d/a; mkdir e; fsync /"},
      // What was moved out of one that is removed.
      {"mkdir d; mkdir d/x; mkdir e", "rename d/x e/x; rmdir d; fsync /"},
      // Into one that is not durable.
      {"mkdir x; create x/f", "mkdir d; rename x d/x; fsync d"},
      {"mkdir x; create x/f", "mkdir d; mkdir d/e; rename x d/e/x; exchange d/e/x d/e; fsync /"},
  }));
  const Program first = program_of(setup), then = program_of(program);
  for (const disk::Ordering ordering : kOrderings) {
    const disk::DiskOptions options{.ordering = ordering};
    ProgramWorld live(options);
    live.run(first);
    live.files.sync_everything();
    Promises promises(ordering);
    promises.observe_all(live.files);
    promises.synced_everything();
    for (std::size_t length = 0; length <= then.size(); ++length) {
      if (length > 0) {
        live.run(then[length - 1]);
        promises.observe(live.files);
      }
      const std::span<const Operation> part(then.data(), length);
      INFO(name_of(ordering) << ": " << setup << " | " << text_of(part));
      states_of({first, part, options}, 100'000, [&](ProgramWorld& crashed) {
        INFO(tree_of(crashed.files));
        CHECK(faults_of(crashed.files) == std::vector<std::string>{});
        CHECK(promises.broken_by(crashed.files) == std::vector<std::string>{});
      });
    }
  }
}
