// Random small programs, and every crash that the model allows after each of their prefixes.
//
//   test_disk_programs [--seeds N] [--seed S] [--verbose 1]
//
// Of every state: directories form a tree, links, inodes and pages are counted right, nothing is lost that was
// promised, and another crash changes nothing. Of all states of a prefix: the tree as it was is among them, ext4's are
// among XFS', and both are among those of strict_posix; but for fdatasync(), with which XFS waits for more than ext4.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <stillpoint/random.hpp>
#include "tests/disk/program.hpp"
#include "tests/disk/promises.hpp"
#include "tests/disk/random/generate.hpp"
#include "tests/disk/random/options.hpp"
#include "tests/disk/tree.hpp"

using namespace stillpoint;
using namespace stillpoint::test;

namespace {

// Rows of choices that are tried after a prefix; programs with more are another's.
constexpr std::uint64_t kMostRows = 3'000;

struct Tested {
  std::uint64_t prefixes = 0;
  std::uint64_t states = 0;
  std::uint64_t left_out = 0;  // prefixes with too many
  std::uint64_t failures = 0;
};

class Test {
 public:
  Test(std::uint64_t seed, Tested& tested) : seed_(seed), tested_(tested) {
    RandomStream random(seed, "disk programs", seed);
    options_.sector = random.below(3) == 0 ? 4096 : 512;
    ProgramWorld world(options_);
    const Kind kind = random.below(4) == 0 ? Kind::directories : Kind::all;
    setup_ = program_for(random, world, random.below(6), kind, 'a');
    world.files.sync_everything();
    program_ = program_for(random, world, 1 + random.below(8), kind, 'p');
  }

  std::string text() const { return fmt::format("{} | {}", text_of(setup_), text_of(program_)); }

  void run() {
    std::vector<std::map<disk::Ordering, States>> states(program_.size() + 1);
    for (const disk::Ordering ordering : kOrderings) {
      options_.ordering = ordering;
      ProgramWorld live(options_);
      live.run(setup_);
      live.files.sync_everything();
      Promises promises(ordering);
      promises.observe_all(live.files);
      promises.synced_everything();
      for (std::size_t length = 0; length <= program_.size(); ++length) {
        if (length > 0) {
          const Operation& operation = program_[length - 1];
          live.run(operation);
          observe(live, operation, ordering, promises);
        }
        const Experiment experiment{setup_, {program_.data(), length}, options_};
        for (const std::string& fault : faults_of(live.files, live.held()))
          fail(experiment, "before the crash: " + fault, tree_of(live.files));
        if (auto found = crash(experiment, promises)) states[length][ordering] = std::move(*found);
      }
    }
    for (std::size_t length = 0; length <= program_.size(); ++length) compare(length, states[length]);
  }

 private:
  void observe(ProgramWorld& world, const Operation& operation, disk::Ordering ordering, Promises& promises) {
    const std::string& what = operation[0];
    if (what == "write" || what == "append" || what == "truncate") {
      promises.observe(world.files, world.find(operation[1]));
    } else if (what == "sync") {
      promises.synced_everything();
    } else if (what == "fsync") {
      promises.synced(*world.find(operation[1]), disk::FileSystem::Sync::all);
    } else if (what == "fdatasync") {
      promises.synced(*world.find(operation[1]), disk::FileSystem::Sync::data);
    } else if (what == "wait") {
      if (ordering != disk::Ordering::strict_posix) promises.settled_names();
    } else {
      promises.observe(world.files);
    }
  }

  std::optional<States> crash(const Experiment& experiment, const Promises& promises) {
    const auto look = [&](ProgramWorld& world) {
      ++tested_.states;
      for (const std::string& fault : faults_of(world.files)) fail(experiment, fault, tree_of(world.files));
      for (const std::string& broken : promises.broken_by(world.files)) fail(experiment, broken, tree_of(world.files));
      const std::string before = tree_of(world.files);
      disk::EveryChoice again;
      world.files.crash(again);
      if (again.next()) fail(experiment, "another crash has a choice", before);
      if (tree_of(world.files) != before) fail(experiment, "another crash makes " + tree_of(world.files), before);
    };
    ++tested_.prefixes;
    std::optional<States> states = states_of(experiment, kMostRows, look);
    if (!states) {
      ++tested_.left_out;
    } else if (const std::string tree = tree_after(experiment); !states->contains(tree)) {
      fail(experiment, "it may not stay as it was", tree);
    }
    return states;
  }

  void compare(std::size_t length, std::map<disk::Ordering, States>& states) {
    using enum disk::Ordering;
    const auto contains = [&](disk::Ordering more, disk::Ordering less) {
      if (!states.contains(more) || !states.contains(less)) return;
      for (const std::string& state : states[less]) {
        if (states[more].contains(state)) continue;
        options_.ordering = less;
        fail({setup_, {program_.data(), length}, options_}, fmt::format("not allowed by {}", name_of(more)), state);
      }
    };
    const bool data = std::ranges::any_of(program_, [](const Operation& each) { return each[0] == "fdatasync"; });
    if (!data) contains(xfs, ext4_ordered);
    contains(strict_posix, xfs);
    contains(strict_posix, ext4_ordered);
  }

  void fail(const Experiment& experiment, std::string_view what, std::string_view tree) {
    if (++tested_.failures > 20) return;
    fmt::print("seed {}, {}, sectors of {}: {} | {}\n  {}: {}\n", seed_, name_of(experiment.options.ordering),
               experiment.options.sector, text_of(experiment.setup), text_of(experiment.program), tree, what);
  }

  std::uint64_t seed_;
  Tested& tested_;
  disk::DiskOptions options_;
  Program setup_, program_;
};

}  // namespace

int main(int argc, char** argv) {
  const RandomOptions options = read_random_options(argc, argv, 3'000);
  Tested tested;
  for (std::uint64_t seed = options.seed; seed < options.seed + options.seeds; ++seed) {
    Test test(seed, tested);
    if (options.verbose) fmt::print("seed {}: {}\n", seed, test.text());
    test.run();
  }
  fmt::print("{} programs, {} prefixes, {} crashes, {} prefixes left out, {} failures\n", options.seeds,
             tested.prefixes, tested.states, tested.left_out, tested.failures);
  if (tested.left_out * 5 > tested.prefixes) {
    fmt::print("too many were left out\n");
    return 1;
  }
  return tested.failures == 0 ? 0 : 1;
}
