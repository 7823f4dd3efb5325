#pragma once
// The clocks of a host, derived from virtual time, and conversions from and to the structures of time.h.
//
// CLOCK_MONOTONIC and its kin start at kMonotonicStart (a machine that has been up for a while: a steady clock at zero
// would make "long ago" unrepresentable), CLOCK_REALTIME at kWallStart. A host that is booted again begins to count
// anew, at kMonotonicAtReboot, and its wall clock goes on as if nothing had been. While a machine sleeps
// CLOCK_MONOTONIC, _RAW and _COARSE stand still, and no clock brings a deadline: those wait for its waking. A host's
// oscillator may be wrong by some parts per million (drift), which all its clocks show, and its wall clock may be off,
// and may be set (steps), which CLOCK_REALTIME and its kin show. Everything is exact: a deadline on a drifting clock
// becomes the first moment of virtual time at which that clock has reached it.
#include <time.h>

#include <optional>

#include <stillpoint/time.hpp>

namespace stillpoint::kernel {

class IntervalTimer;

constexpr Duration kMonotonicStart = std::chrono::hours(3);
// What the kernel takes before the first program runs; no program sees a clock that shows zero.
constexpr Duration kMonotonicAtReboot = std::chrono::seconds(1);
constexpr Duration kWallStart = std::chrono::seconds(1'767'225'600);  // 2026-01-01T00:00:00Z
// The tick of a kernel with CONFIG_HZ=250: what the coarse clocks show, and clock_getres(2) of them.
constexpr Duration kTick = std::chrono::milliseconds(4);

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

// Whether setting the wall clock moves this one.
constexpr bool is_wall_clock(clockid_t clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_REALTIME_ALARM ||
         clock == CLOCK_TAI;
}

// When a wait ends: never, at a moment of virtual time, or when one of the host's clocks shows a value, which moves if
// the clock is set or changes its rate meanwhile.
class Deadline {
 public:
  Deadline(std::nullopt_t) {}                                 // NOLINT(google-explicit-constructor)
  Deadline(VirtualTime when) : when_(when) {}                 // NOLINT(google-explicit-constructor)
  Deadline(std::optional<VirtualTime> when) : when_(when) {}  // NOLINT(google-explicit-constructor)
  static Deadline on(clockid_t clock, Duration value) {
    Deadline deadline(std::nullopt);
    deadline.clock_ = clock;
    deadline.value_ = value;
    return deadline;
  }
  bool never() const { return !when_ && clock_ == kNoClock; }
  bool on_clock() const { return clock_ != kNoClock; }
  clockid_t clock() const { return clock_; }
  Duration value() const { return value_; }
  // Requires that it is a moment of virtual time.
  VirtualTime when() const { return *when_; }

 private:
  static constexpr clockid_t kNoClock = -1;
  std::optional<VirtualTime> when_;
  clockid_t clock_ = kNoClock;
  Duration value_{};
};

class Clocks {
 public:
  // What a clock shows at a moment that is not before the last change of rate. Clocks of CPU time are not among these.
  Duration read(clockid_t clock, VirtualTime now) const;
  // The first moment at which the clock shows so much; in the past, if it does already.
  VirtualTime when(clockid_t clock, Duration value) const;
  // When so much of the host's own time has passed: that of CLOCK_MONOTONIC, as relative time-outs count it.
  Deadline after(VirtualTime now, Duration duration) const {
    return Deadline::on(CLOCK_MONOTONIC, duration >= kForever ? kForever : read(CLOCK_MONOTONIC, now) + duration);
  }

  Duration wall_offset() const { return wall_offset_; }
  void set_wall_offset(Duration offset) { wall_offset_ = offset; }
  int drift_ppm() const { return drift_ppm_; }
  void set_drift(int ppm, VirtualTime now);
  // The machine is booted again now.
  void reboot(VirtualTime now);
  // It is suspended, and woken up: clock_gettime(2) says of each clock whether it counts what lies between.
  void sleep(VirtualTime now);
  void wake(VirtualTime now);
  bool asleep() const { return asleep_since_ != kAwake; }

 private:
  static constexpr Duration kAwake = Duration::max();
  Duration offset_of(clockid_t clock) const;
  Duration local(VirtualTime now) const;
  VirtualTime when_local(Duration value) const;

  // The oscillator's time was base_local_ at base_, and runs with this drift since.
  VirtualTime base_{};
  Duration base_local_{};
  int drift_ppm_ = 0;
  Duration wall_offset_{};
  Duration monotonic_start_ = kMonotonicStart;  // what CLOCK_BOOTTIME is ahead of the oscillator's time
  Duration slept_{};                            // what CLOCK_MONOTONIC is behind CLOCK_BOOTTIME
  Duration asleep_since_ = kAwake;              // in the oscillator's time
};

}  // namespace stillpoint::kernel
