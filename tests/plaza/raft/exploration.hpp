// Every course that three nodes can take, within bounds: any node may campaign at any moment, any message in flight may
// arrive next, twice, or never, a disk may be as late as it likes, and a node may lose what its disk does not have.
// After each step what raft promises is checked.
//
// States are told apart by a hash of all that decides what may follow, the history that is checked against included. A
// network holds so many messages; one too many pushes out another, each of them in turn. What is left out, since it
// decides nothing about safety: messages that their receiver would ignore, refused votes, time, reads, snapshots.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "system-under-test/plaza/raft/core.hpp"

namespace plaza::raft::test {

struct ExplorationBounds {
  Term term_most = 3;  // nodes begin in term 1, without a leader
  unsigned proposals = 1;
  unsigned crashes = 1;
  unsigned duplicates = 1;
  std::size_t packets_most = 3;
  std::size_t states_most = 20'000'000;  // then it gives up
  std::uint64_t seed = 0;                // 0: in order; else which way it turns first, for spaces that are too large
  enum class Disk { at_once, late } disk = Disk::late;
  enum class Driver { right, forgets_vote, answers_before_write } driver = Driver::right;
  Bugs bugs = {};
  // Steps, as `course` tells them or begins to, that come first: to look at what may follow on one course.
  std::vector<std::string> begin = {};
};

struct Exploration {
  std::size_t states = 0;
  std::size_t steps = 0;
  std::size_t deepest = 0;
  std::size_t committing = 0;  // states in which something is committed
  bool is_complete = false;
  std::optional<std::string> violation;
  std::vector<std::string> course;  // that led to it
};

Exploration explore(const ExplorationBounds& bounds);

}  // namespace plaza::raft::test
