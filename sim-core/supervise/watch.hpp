#pragma once
// Watches a simulation's process from outside, in real time, for what it cannot report itself: memory beyond its limit,
// output without end, a wait that no event can end.
#include <sys/types.h>

#include <chrono>
#include <cstdint>

#include "sim-core/supervise/post_mortem.hpp"
#include "sim-core/supervise/shared_run.hpp"

namespace stillpoint::supervise {

class Watch {
 public:
  // So long, in real time, may a process sleep without using any CPU time before it counts as stalled.
  static constexpr std::chrono::seconds kStall{10};

  Watch(pid_t simulation, const SharedHeader& shared) : pid_(simulation), shared_(shared) {}
  // Call often: it looks at the process about ten times a second. `output` is how many bytes it wrote so far.
  Stopped look(std::uint64_t output);

 private:
  using Clock = std::chrono::steady_clock;

  pid_t pid_;
  const SharedHeader& shared_;
  Clock::time_point next_look_{};
  Clock::time_point last_active_ = Clock::now();
  std::uint64_t cpu_ticks_ = 0;
};

}  // namespace stillpoint::supervise
