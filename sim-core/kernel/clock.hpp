#pragma once
// The clocks of a host, derived from virtual time, and conversions from and to the structures of time.h.
//
// CLOCK_MONOTONIC and its kin start at kMonotonicStart (a machine that has been up for a while: a steady clock at zero
// would make "long ago" unrepresentable), CLOCK_REALTIME at kWallStart. Offsets, drift and steps of single hosts are
// not modelled yet.
#include <time.h>

#include <stillpoint/time.hpp>

namespace stillpoint::kernel {

constexpr Duration kMonotonicStart = std::chrono::hours(3);
constexpr Duration kWallStart = std::chrono::seconds(1'767'225'600);  // 2026-01-01T00:00:00Z

constexpr bool valid(const timespec& time) {
  return time.tv_sec >= 0 && time.tv_nsec >= 0 && time.tv_nsec < 1'000'000'000;
}

// Far beyond any run, and far below the end of the representation: absurd times become this.
constexpr Duration kForever = std::chrono::hours(24 * 365 * 100);

constexpr Duration duration_of(const timespec& time) {
  // Compared as seconds: the largest time_t is no number of nanoseconds.
  if (time.tv_sec >= std::chrono::duration_cast<std::chrono::seconds>(kForever).count()) return kForever;
  return std::chrono::seconds(time.tv_sec) + Duration(time.tv_nsec);
}

constexpr timespec timespec_of(Duration duration) {
  const std::int64_t ns = duration.count() < 0 ? 0 : duration.count();
  return {ns / 1'000'000'000, ns % 1'000'000'000};
}

constexpr VirtualTime later(VirtualTime start, Duration duration) {
  return duration >= kForever ? VirtualTime(kForever) : start + duration;
}

}  // namespace stillpoint::kernel
