// The two clocks that a node drives consensus with: the log's time, and ticks.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "system-under-test/plaza/domain/domain.hpp"

namespace plaza {

// The log's time as a leader reads it: from where the log was when it was elected, moved by its steady clock.
class LogClock {
 public:
  // Leads from now on, from a log that is at `base`.
  void begin(LogTime base) {
    base_ = base;
    since_ = std::chrono::steady_clock::now();
  }
  // Requires begin().
  LogTime now() const { return base_ + std::chrono::duration_cast<LogTime>(std::chrono::steady_clock::now() - since_); }

 private:
  LogTime base_{};
  std::chrono::steady_clock::time_point since_;
};

// A node's own wall clock, as the bugs have it that take it for the log's: since the node was started, it has moved so
// much.
class LocalClock {
 public:
  LogTime now() const {
    return std::chrono::duration_cast<LogTime>(std::chrono::system_clock::now().time_since_epoch());
  }
};

// How many ticks a wake-up of the timer is worth.
class TickCounter {
 public:
  TickCounter(std::chrono::steady_clock::duration tick, bool by_wall_clock)
      : tick_(tick), by_wall_clock_(by_wall_clock), last_(std::chrono::system_clock::now()) {}

  // One: a node that was asleep has not been heard of meanwhile, but it has not heard of the others either, and must
  // not take all of that time for their silence.
  //
  // The bug `heartbeat-by-wall-clock` counts by the wall clock instead: if that is set forward all time-outs are over
  // at once, and if it is set back no tick comes until it is where it was.
  int count() {
    if (!by_wall_clock_) return 1;
    const auto now = std::chrono::system_clock::now();
    if (now < last_ + tick_ / 2) return 0;
    const auto ticks = std::max<std::int64_t>(1, (now - last_) / tick_);
    last_ = now;
    return static_cast<int>(std::min<std::int64_t>(ticks, 1'000));
  }

 private:
  std::chrono::steady_clock::duration tick_;
  bool by_wall_clock_;
  std::chrono::system_clock::time_point last_;
};

}  // namespace plaza
