#pragma once
// Virtual time. Durations and points in time are std::chrono's, so that literals such as `5ms` and comparisons with a
// service's own durations work as everywhere; only the clock is Stillpoint's. Virtual time starts at zero with the run
// and says nothing of the clocks that a host sees (those are the host's; sim-core/kernel/clock.hpp).
#include <chrono>
#include <cstdint>

namespace stillpoint {

using Duration = std::chrono::nanoseconds;

// The clock of the simulation itself: nanoseconds since the run began. It has no now(): time is whatever the engine
// says.
struct VirtualClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<VirtualClock>;
  static constexpr bool is_steady = true;
};

using VirtualTime = VirtualClock::time_point;

// Nanoseconds since the start of the run, as traces store them.
constexpr std::int64_t to_ns(VirtualTime time) { return time.time_since_epoch().count(); }
constexpr VirtualTime from_ns(std::int64_t ns) { return VirtualTime(Duration(ns)); }

}  // namespace stillpoint
