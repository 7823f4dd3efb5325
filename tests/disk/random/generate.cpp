#include "tests/disk/random/generate.hpp"

#include <fmt/format.h>

namespace stillpoint::test {
namespace {

std::string_view pick(RandomStream& random, std::initializer_list<std::string_view> of) {
  return *(of.begin() + random.below(of.size()));
}

std::string_view path(RandomStream& random) {
  return pick(random, {"a", "a", "b", "b", "d", "d/a", "d/b", "e", "e/a"});
}

std::string operation(RandomStream& random, char content) {
  const auto bytes = [&] { return pick(random, {"512", "512", "512", "1024", "100", "700"}); };
  const auto offset = [&] { return pick(random, {"0", "0", "512", "300", "4096", "5000"}); };
  switch (random.below(20)) {
    case 0:
    case 1:
    case 2:
      return fmt::format("create {}", path(random));
    case 3:
    case 4:
    case 5:
      return fmt::format("write {} {} {}*{}", path(random), offset(), content, bytes());
    case 6:
    case 7:
      return fmt::format("append {} {}*{}", path(random), content, bytes());
    case 8:
      return fmt::format("truncate {} {}", path(random), offset());
    case 9:
    case 10:
      return fmt::format("rename {} {}", path(random), path(random));
    case 11:
      return fmt::format("exchange {} {}", path(random), path(random));
    case 12:
      return fmt::format("link {} {}", path(random), path(random));
    case 13:
      return fmt::format("unlink {}", path(random));
    case 14:
      return fmt::format("mkdir {}", pick(random, {"d", "e", "d/e", "e/d"}));
    case 15:
      return fmt::format("rmdir {}", pick(random, {"d", "e", "d/e", "e/d"}));
    case 16:
      return fmt::format("fsync {}", pick(random, {"a", "b", "d", "e", "/", "d/a"}));
    case 17:
      return fmt::format("fdatasync {}", path(random));
    case 18:
      return random.below(2) == 0 ? "sync" : "wait 6";
    default:
      return fmt::format("{} {}", pick(random, {"open", "close"}), path(random));
  }
}

// Of directories, which are moved into each other.
std::string operation_on_directories(RandomStream& random) {
  const auto place = [&] { return pick(random, {"d", "e", "d/e", "e/d", "e/d/f", "d/a", "e/a"}); };
  switch (random.below(8)) {
    case 0:
    case 1:
      return fmt::format("mkdir {}", place());
    case 2:
    case 3:
    case 4:
      return fmt::format("rename {} {}", place(), place());
    case 5:
      return fmt::format("rmdir {}", place());
    case 6:
      return fmt::format("create {}", pick(random, {"d/a", "e/a", "d/e/a"}));
    default:
      return fmt::format("fsync {}", pick(random, {"d", "e", "/", "d/e", "e/d"}));
  }
}

}  // namespace

Program program_for(RandomStream& random, ProgramWorld& world, std::size_t length, Kind kind, char content) {
  Program program;
  for (int tries = 0; program.size() < length && tries < 400; ++tries) {
    const Operation next =
        program_of(kind == Kind::all ? operation(random, content) : operation_on_directories(random))[0];
    if (!world.run(next)) continue;
    program.push_back(next);
    ++content;
  }
  return program;
}

}  // namespace stillpoint::test
