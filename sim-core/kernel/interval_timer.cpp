#include "sim-core/kernel/interval_timer.hpp"

#include "sim-core/kernel/host.hpp"
#include "sim-core/kernel/kernel.hpp"

namespace stillpoint::kernel {

IntervalTimer::IntervalTimer(Host& host, clockid_t clock)
    : host_(host), clock_(clock), base_(clock), number_(host.next_timer_number()) {
  host_.add_timer(*this);
}

IntervalTimer::~IntervalTimer() {
  host_.kernel().queue.cancel(*this);
  host_.remove_timer(*this);
}

void IntervalTimer::disarm() {
  host_.kernel().queue.cancel(*this);
  interval_ = Duration::zero();
}

void IntervalTimer::arm(const itimerspec& value, Start start) {
  Kernel& kernel = host_.kernel();
  kernel.queue.cancel(*this);
  interval_ = duration_of(value.it_interval);
  if (value.it_value.tv_sec == 0 && value.it_value.tv_nsec == 0) return;
  // hrtimer_init() in Linux: relative times on CLOCK_REALTIME count on CLOCK_MONOTONIC.
  base_ = start == Start::relative && is_wall_clock(clock_) ? CLOCK_MONOTONIC : clock_;
  deadline_ = duration_of(value.it_value);
  if (start == Start::relative && deadline_ < kForever) deadline_ += host_.clocks().read(base_, host_.now());
  const VirtualTime when = host_.clocks().when(base_, deadline_);
  armed_by_ = kernel.trace.event(EventKind::arm, kernel.queue.now(), host_.where(), number_,
                                 static_cast<std::uint64_t>(to_ns(when)));
  if (when <= host_.now()) {
    expire();
  } else {
    kernel.queue.schedule(*this, when, host_.next_rank());
  }
}

itimerspec IntervalTimer::left() const {
  itimerspec value{};
  value.it_interval = timespec_of(interval_);
  if (!scheduled()) return value;
  // An armed timer never shows zero, which would mean that it is not (posix-timers.c: at least a nanosecond is left).
  const Duration left = deadline_ - host_.clocks().read(base_, host_.now());
  value.it_value = timespec_of(std::max(left, Duration(1)));
  return value;
}

void IntervalTimer::clock_changed() {
  if (scheduled()) schedule();
}

std::optional<EventId> IntervalTimer::expire_if_overdue() {
  Kernel& kernel = host_.kernel();
  if (!scheduled() || host_.clocks().when(base_, deadline_) > kernel.queue.now()) return std::nullopt;
  kernel.queue.cancel(*this);
  return expire();
}

void IntervalTimer::schedule() {
  Kernel& kernel = host_.kernel();
  kernel.queue.schedule(*this, std::max(host_.clocks().when(base_, deadline_), kernel.queue.now()), host_.next_rank());
}

EventId IntervalTimer::expire() {
  Kernel& kernel = host_.kernel();
  const EventId event = kernel.trace.event(EventKind::expire, kernel.queue.now(), host_.where(), number_, 0, 0,
                                           {armed_by_, CauseKind::arming});
  std::uint64_t expirations = 1;
  if (interval_ > Duration::zero()) {
    // All intervals that have passed already count at once, so that an absolute start far in the past does not loop.
    const Duration now = host_.clocks().read(base_, host_.now());
    if (deadline_ + interval_ <= now) {
      const auto missed = (now - deadline_) / interval_;
      expirations += static_cast<std::uint64_t>(missed);
      deadline_ += missed * interval_;
    }
    deadline_ = interval_ >= kForever ? kForever : deadline_ + interval_;
    schedule();
  }
  on_expiry(expirations, event);
  return event;
}

}  // namespace stillpoint::kernel
