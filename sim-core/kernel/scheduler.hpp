#pragma once
// What carries out a policy that chooses by more than chance (scheduler_policy.hpp): priorities of hosts and threads,
// and the changes of pct. Under `random` there is none.
//
// A turn is one step of a process: of a host whose slices cost something that is one slice, of others up to a thousand.
// Priorities hang on names: a host's on its own, a thread's on its host's, its life and how many threads were made
// there before it.
#include <cstdint>
#include <map>
#include <vector>

#include <stillpoint/ids.hpp>

#include "sim-core/engine/event_queue.hpp"
#include "sim-core/kernel/scheduler_policy.hpp"

namespace stillpoint::kernel {

class Host;
class Task;

class Scheduler {
 public:
  Scheduler(SchedulerPolicy policy, std::uint64_t seed);

  const SchedulerPolicy& policy() const { return policy_; }
  // Whether slices of this host are placed by place_of(), and not by chance or by the order of scheduling.
  bool places(const Host& host) const;
  // The place of its slices among simultaneous events.
  Rank place_of(const Host& host);
  // What its slices cost more than they would.
  Duration extra_cost(const Host& host) const;
  // Nothing costs more from now on; what comes last still does.
  void end_delay() { policy_.delay = Duration::zero(); }
  // A slice of the host is to begin: true if the turn is one at which it falls instead, and is to be placed again.
  bool falls(const Host& host, std::uint64_t next_turn);
  // Which of the runnable tasks runs next is drawn, as without a policy.
  bool by_chance() const { return policy_.kind == SchedulerPolicy::Kind::delay_host; }
  // Which of the runnable tasks has this turn. Requires that there is one.
  std::size_t choose(const Host& host, const std::vector<Task*>& runnable, std::uint64_t turn);
  // The task lets others go first, if they can run.
  void yields(const Task& task);

 private:
  // Lower runs first. What was drawn lies below kFallen, what has fallen above.
  static constexpr Rank kFallen = 1 << 23;
  static constexpr Rank kLast = 0xFFFFFF;
  struct Change {
    std::uint64_t turn;
    Rank to;
    friend auto operator<=>(const Change&, const Change&) = default;
  };
  struct Priority {
    Rank place;
    unsigned yields = 0;
  };
  // Who it is, and in which life of its host.
  using TaskKey = std::pair<int, Boot>;

  std::size_t best(const Host& host, const std::vector<Task*>& runnable);
  Priority& priority_of(const Host& host, const Task& task);

  SchedulerPolicy policy_;
  std::uint64_t seed_;
  std::vector<Change> changes_;  // by turn
  std::size_t next_change_ = 0;
  std::map<HostId, Rank> hosts_;
  std::map<TaskKey, Priority> tasks_;
  std::map<HostId, Rank> falling_;  // hosts that have fallen, and whose next thread falls with them
};

}  // namespace stillpoint::kernel
