#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>
#include <string>

#include "tests/plaza/raft/effort.hpp"
#include "tests/plaza/raft/lockstep.hpp"
#include "tests/plaza/raft/simulation.hpp"

namespace plaza::raft::test {
namespace {

// PLAZA_RAFT_SEEDS=100000 for a night.
std::uint64_t seeds(std::uint64_t usual) {
  const char* wanted = std::getenv("PLAZA_RAFT_SEEDS");
  if (wanted != nullptr) return std::strtoull(wanted, nullptr, 10);
  return kIsSanitized ? usual / 5 : usual;
}

Bugs with(bool Bugs::*bug) {
  Bugs bugs;
  bugs.*bug = true;
  return bugs;
}

TEST_CASE("Whatever happens, what raft promises holds, and a healed cluster comes to rest") {
  const auto [nodes, usual] = GENERATE(table<std::size_t, std::uint64_t>({{3, 3000}, {5, 1500}, {1, 50}, {2, 300}}));
  SimulationOutcome sum;
  for (std::uint64_t seed = 1; seed <= seeds(usual); ++seed) {
    const SimulationOutcome outcome = Simulation({.nodes = nodes, .seed = seed}).run();
    if (outcome.violation) FAIL(nodes << " nodes, seed " << seed << ": " << *outcome.violation);
    sum.leaders += outcome.leaders;
    sum.commands_applied += outcome.commands_applied;
    sum.reads_ended += outcome.reads_ended;
    sum.snapshots_installed += outcome.snapshots_installed;
    sum.conflicts += outcome.conflicts;
    sum.transfers += outcome.transfers;
  }
  std::cout << nodes << " nodes, " << seeds(usual) << " seeds: " << sum.leaders << " leaders, " << sum.commands_applied
            << " applied, " << sum.reads_ended << " reads, " << sum.snapshots_installed << " snapshots, "
            << sum.conflicts << " conflicts, " << sum.transfers << " transfers\n";
  // Runs in which nothing happens prove nothing.
  CHECK(sum.leaders >= seeds(usual));
  CHECK(sum.commands_applied > 3 * seeds(usual));
  CHECK(sum.reads_ended > seeds(usual));
  if (nodes < 3) return;
  CHECK(sum.snapshots_installed > seeds(usual) / 4);
  CHECK(sum.conflicts > seeds(usual) / 10);
  CHECK(sum.transfers > seeds(usual) / 10);
}

TEST_CASE("Each bug that breaks a promise is seen to break it") {
  struct Case {
    const char* name;
    bool Bugs::*bug;
    std::size_t nodes;
    std::size_t steps;
    std::uint64_t seeds;
    const char* violation;  // how it begins
  };
  const auto c = GENERATE(values<Case>({
      {"C02", &Bugs::commit_by_counting_old_term, 3, 600, 40000, ""},
      {"C03", &Bugs::stale_read_deposed_leader, 3, 600, 200, "linearizability"},
      {"C10", &Bugs::snapshot_keeps_conflicting_suffix, 3, 600, 2000, ""},
      {"C13", &Bugs::ack_unchecked_tail, 3, 600, 40000, ""},
  }));
  const auto found = first_violation({.nodes = c.nodes, .steps = c.steps, .bugs = with(c.bug)}, c.seeds);
  INFO(c.name);
  REQUIRE(found);
  std::cout << c.name << ": seed " << found->first << ": " << found->second << "\n";
  CHECK(found->second.starts_with(c.violation));
}

TEST_CASE("In lockstep a leader comes soon, unless time-outs are fixed (L02)") {
  const auto nodes = GENERATE(std::size_t{2}, std::size_t{3}, std::size_t{5});
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const LockstepOutcome right = run_in_lockstep({.nodes = nodes, .seed = seed, .ticks = 300});
    CHECK(right.first_leader_after > 0);
    CHECK(right.elections_late == 0);
    const Bugs bugs = with(&Bugs::split_vote_fixed_timeout);
    CHECK(run_in_lockstep({.nodes = nodes, .seed = seed, .ticks = 300, .bugs = bugs}).first_leader_after == 0);
  }
}

TEST_CASE(
    "Where two nodes cannot hear each other a leader stays, unless there is neither pre-vote nor check-quorum (L01)") {
  // Of three nodes, one hears both others, and if it comes to lead there is peace even so. Of five there is nobody here
  // whom all the others hear.
  struct Case {
    std::size_t nodes;
    std::set<std::pair<NodeId, NodeId>> links_cut;
    bool has_livelock;
  };
  const auto c = GENERATE(values<Case>({{3, {{1, 2}}, false},
                                        {3, {{1, 3}}, false},
                                        {3, {{2, 3}}, false},
                                        {5, {{1, 2}, {1, 3}, {1, 4}}, false},
                                        {5, {{1, 2}, {3, 4}, {1, 5}}, true},
                                        {5, {{1, 2}, {2, 3}, {3, 4}, {4, 5}, {1, 5}}, true}}));
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const LockstepOutcome right = run_in_lockstep({.nodes = c.nodes, .seed = seed, .links_cut = c.links_cut});
    CHECK(right.elections_late == 0);
    CHECK(right.term < 10);
    if (!c.has_livelock) continue;
    const LockstepOutcome wrong = run_in_lockstep({.nodes = c.nodes,
                                                   .seed = seed,
                                                   .links_cut = c.links_cut,
                                                   .bugs = with(&Bugs::election_livelock_partial_partition)});
    CHECK(wrong.elections_late > 20);
  }
}

}  // namespace
}  // namespace plaza::raft::test
