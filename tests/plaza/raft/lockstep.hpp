// A cluster in lockstep: every node has its ticks at the same moments, and every message takes one of them. What chance
// would hide shows here: elections that go on for ever.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>

#include "system-under-test/plaza/raft/core.hpp"

namespace plaza::raft::test {

struct LockstepOptions {
  std::size_t nodes = 3;
  std::uint64_t seed = 1;
  std::size_t ticks = 2000;
  // Both ways, from the moment that the first leader is there.
  std::set<std::pair<NodeId, NodeId>> links_cut = {};
  Bugs bugs = {};
};

struct LockstepOutcome {
  std::size_t first_leader_after = 0;  // ticks; 0: never
  std::size_t elections_late = 0;      // leaders that were new in the second half
  Term term = 0;                       // the highest at the end
};

LockstepOutcome run_in_lockstep(const LockstepOptions& options);

}  // namespace plaza::raft::test
