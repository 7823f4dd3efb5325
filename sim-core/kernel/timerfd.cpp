#include "sim-core/kernel/timerfd.hpp"

#include <sys/epoll.h>

#include "sim-core/kernel/clock.hpp"
#include "sim-core/kernel/host.hpp"
#include "sim-core/kernel/kernel.hpp"
#include "sim-core/kernel/transfer.hpp"

namespace stillpoint::kernel {

TimerFd::TimerFd(Host& host, clockid_t clock) : File(host), clock_(clock), timer_number_(host.next_timer_number()) {
  expiry_.timer = this;
}

TimerFd::~TimerFd() { host().kernel().queue.cancel(expiry_); }

void TimerFd::on_close() { host().kernel().queue.cancel(expiry_); }

std::uint32_t TimerFd::poll() { return expirations_ > 0 ? EPOLLIN : 0u; }

Result<std::size_t> TimerFd::read(std::span<const iovec> parts) {
  if (total_size(parts) < sizeof expirations_) return Failure{EINVAL};
  if (expirations_ == 0) return Failure{EAGAIN};
  return scatter_value(parts, std::exchange(expirations_, 0));
}

Status TimerFd::set(const itimerspec& value, bool absolute) {
  if (!valid(value.it_value) || !valid(value.it_interval)) return Failure{EINVAL};
  Kernel& kernel = host().kernel();
  kernel.queue.cancel(expiry_);
  expirations_ = 0;
  interval_ = duration_of(value.it_interval);
  armed_ = value.it_value.tv_sec != 0 || value.it_value.tv_nsec != 0;
  if (!armed_) return Done{};

  const VirtualTime now = host().now();
  const Duration offset = host().clock_offset(clock_);
  deadline_ = later(absolute ? VirtualTime(-offset) : now, duration_of(value.it_value));
  armed_by_ = kernel.trace.event(EventKind::arm, kernel.queue.now(), host().where(), timer_number_,
                                 static_cast<std::uint64_t>(to_ns(deadline_)));
  if (deadline_ <= now) {
    expire();
  } else {
    kernel.queue.schedule(expiry_, deadline_, host().next_rank());
  }
  return Done{};
}

itimerspec TimerFd::get() const {
  itimerspec value{};
  value.it_interval = timespec_of(interval_);
  if (armed_ && expiry_.scheduled()) value.it_value = timespec_of(deadline_ - host().now());
  return value;
}

void TimerFd::Expiry::fire() { timer->expire(); }

void TimerFd::expire() {
  Kernel& kernel = host().kernel();
  const EventId event = kernel.trace.event(EventKind::expire, kernel.queue.now(), host().where(), timer_number_, 0, 0,
                                           {armed_by_, CauseKind::arming});
  ++expirations_;
  if (interval_ > Duration::zero()) {
    // All intervals that have passed already count at once, so that an absolute start far in the past does not loop.
    const VirtualTime now = host().now();
    if (deadline_ + interval_ <= now) {
      const auto missed = (now - deadline_) / interval_;
      expirations_ += static_cast<std::uint64_t>(missed);
      deadline_ += missed * interval_;
    }
    deadline_ = later(deadline_, interval_);
    kernel.queue.schedule(expiry_, deadline_, host().next_rank());
  }
  notify(EPOLLIN, event);
}

}  // namespace stillpoint::kernel
