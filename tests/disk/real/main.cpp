// Whether real file systems of Linux keep to what the model allows: random small programs run on ext4 and XFS on a loop
// device, which then loses its power; what is left must be among the states that the explorer finds for that ordering.
// Before the loss the machine may write back the data of some files, or its log, as it may at any time.
//
//   disk-on-linux [--seeds N] [--seed S] [--xfs 1]
//
// It needs privileges, loop devices and mkfs; without them it is skipped (exit code 77).
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <set>
#include <stdexcept>
#include <thread>

#include "tests/disk/random/generate.hpp"
#include "tests/disk/random/options.hpp"
#include "tests/disk/real/mounted.hpp"

using namespace stillpoint;
using namespace stillpoint::test;

namespace {

constexpr int kSkipped = 77;

// What takes time, or what no path leads to, is left out.
void leave_out_waits(Program& program) {
  std::erase_if(program, [](const Operation& operation) { return operation[0] == "wait"; });
}

struct Tally {
  std::uint64_t compared = 0;
  std::uint64_t left_out = 0;  // with too many states
  std::uint64_t differ = 0;
  std::uint64_t lossy = 0;  // something was lost
};

void try_seed(std::uint64_t seed, disk::Ordering ordering, Mounted& mounted, Tally& tally) {
  RandomStream random(seed, "disk on linux", seed);
  const disk::DiskOptions options{.ordering = ordering};
  ProgramWorld world(options);
  const Kind kind = random.below(6) == 0 ? Kind::directories : Kind::all;
  Program setup = program_for(random, world, random.below(6), kind, 'a');
  world.files.sync_everything();
  Program program = program_for(random, world, 1 + random.below(8), kind, 'p');
  leave_out_waits(setup);
  leave_out_waits(program);

  mounted.begin_program();
  const auto run = [&](const Program& operations) {
    for (const Operation& operation : operations) {
      if (mounted.run(operation)) continue;
      throw std::runtime_error(fmt::format("seed {}: {} | {}: no {} ({})", seed, text_of(setup), text_of(program),
                                           text_of({&operation, 1}), std::strerror(errno)));
    }
  };
  run(setup);
  mounted.sync();
  run(program);
  std::string done;
  for (const char* path : {"a", "b", "d/a", "d/b", "e/a"}) {
    if (random.below(3) != 0) continue;
    mounted.write_back(path);
    done += fmt::format("; data of {} is written back", path);
  }
  if (random.below(4) == 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1'300));
    done += "; a second passes";
  }
  const std::string left = mounted.tree_after_loss();
  const std::optional<States> allowed = states_of({setup, program, options}, 50'000);
  if (!allowed) {
    ++tally.left_out;
    return;
  }
  ++tally.compared;
  tally.lossy += left != mounted.tree();
  if (allowed->contains(left)) return;
  ++tally.differ;
  fmt::print("seed {}: {} | {}{}\n  left      {}\n", seed, text_of(setup), text_of(program), done, left);
  for (const std::string& state : *allowed) fmt::print("  allowed   {}\n", state);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t seeds = 200;
  std::uint64_t first = 1;
  std::uint64_t xfs = 0;
  if (!::test::read_numbers(argc, argv, {{"--seeds", &seeds}, {"--seed", &first}, {"--xfs", &xfs}})) return 2;
  std::optional<Mounted> mounted;
  try {
    mounted.emplace(xfs != 0 ? "xfs" : "ext4");
  } catch (const std::runtime_error& error) {
    fmt::print("skipped: {}\n", error.what());
    return kSkipped;
  }
  Tally tally;
  const disk::Ordering ordering = xfs != 0 ? disk::Ordering::xfs : disk::Ordering::ext4_ordered;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) try_seed(seed, ordering, *mounted, tally);
  fmt::print("{} programs compared, {} lost something, {} left out, {} differ\n", tally.compared, tally.lossy,
             tally.left_out, tally.differ);
  return tally.differ == 0 && tally.lossy > 0 ? 0 : 1;
}
