#include "sim-core/kernel/clock.hpp"

#include <algorithm>

#include "sim-core/base/assert.hpp"

namespace stillpoint::kernel {
namespace {

constexpr std::int64_t kMillion = 1'000'000;
constexpr Duration kTaiAhead = std::chrono::seconds(37);  // since 2017

// "CLOCK_BOOTTIME: identical to CLOCK_MONOTONIC, except that it also includes any time that the system is suspended"
// (clock_gettime(2)).
bool counts_sleep(clockid_t clock) {
  return is_wall_clock(clock) || clock == CLOCK_BOOTTIME || clock == CLOCK_BOOTTIME_ALARM;
}

}  // namespace

Duration Clocks::offset_of(clockid_t clock) const {
  if (clock == CLOCK_TAI) return kWallStart + kTaiAhead;
  if (is_wall_clock(clock)) return kWallStart;
  return counts_sleep(clock) ? monotonic_start_ : monotonic_start_ - slept_;
}

Duration Clocks::local(VirtualTime now) const {
  if (drift_ppm_ == 0) return base_local_ + (now - base_);
  const auto passed = static_cast<__int128>((now - base_).count()) * (kMillion + drift_ppm_) / kMillion;
  return base_local_ + Duration(static_cast<std::int64_t>(passed));
}

VirtualTime Clocks::when_local(Duration value) const {
  if (value >= kForever) return VirtualTime(kForever);
  const Duration left = value - base_local_;
  if (drift_ppm_ == 0) return base_ + left;
  const std::int64_t rate = kMillion + drift_ppm_;
  // Rounded up, so that the clock has really reached the value.
  const __int128 passed = (static_cast<__int128>(left.count()) * kMillion + (left.count() > 0 ? rate - 1 : 0)) / rate;
  return base_ + Duration(static_cast<std::int64_t>(passed));
}

Duration Clocks::read(clockid_t clock, VirtualTime now) const {
  Duration own = local(now);
  if (asleep() && !counts_sleep(clock)) [[unlikely]]
    own = std::min(own, asleep_since_);
  // A coarse clock shows the time of the last tick.
  if (clock == CLOCK_MONOTONIC_COARSE || clock == CLOCK_REALTIME_COARSE) own -= (own + monotonic_start_) % kTick;
  return own + offset_of(clock) + (is_wall_clock(clock) ? wall_offset_ : Duration::zero());
}

VirtualTime Clocks::when(clockid_t clock, Duration value) const {
  if (value >= kForever || asleep()) return VirtualTime(kForever);
  return when_local(value - offset_of(clock) - (is_wall_clock(clock) ? wall_offset_ : Duration::zero()));
}

void Clocks::reboot(VirtualTime now) {
  monotonic_start_ = kMonotonicAtReboot - local(now);
  slept_ = Duration::zero();
  if (asleep()) asleep_since_ = local(now);
}

void Clocks::sleep(VirtualTime now) {
  SP_ASSERT(!asleep());
  asleep_since_ = local(now);
}

void Clocks::wake(VirtualTime now) {
  SP_ASSERT(asleep());
  // A slice that spun past this moment before it fell asleep has not slept.
  slept_ += std::max(local(now) - asleep_since_, Duration::zero());
  asleep_since_ = kAwake;
}

void Clocks::set_drift(int ppm, VirtualTime now) {
  SP_ASSERT(ppm > -kMillion && ppm < kMillion);
  base_local_ = local(now);
  base_ = now;
  drift_ppm_ = ppm;
}

}  // namespace stillpoint::kernel
