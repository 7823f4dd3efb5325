#include "sim-core/kernel/timerfd.hpp"

#include <sys/epoll.h>

#include "sim-core/kernel/host.hpp"
#include "sim-core/kernel/transfer.hpp"

namespace stillpoint::kernel {

TimerFd::TimerFd(Host& host, clockid_t clock) : File(host), clock_(clock), timer_(*this, host, clock) {}

void TimerFd::on_close() {
  timer_.disarm();
  host().leave_steps(*this);
}

std::uint32_t TimerFd::poll() { return expirations_ > 0 ? EPOLLIN : 0u; }

Result<std::size_t> TimerFd::read(std::span<const iovec> parts) {
  if (total_size(parts) < sizeof expirations_) return Failure{EINVAL};
  if (std::exchange(cancelled_, false)) {
    expirations_ = 0;
    return Failure{ECANCELED};
  }
  if (expirations_ == 0) return Failure{EAGAIN};
  return scatter_value(parts, std::exchange(expirations_, 0));
}

Status TimerFd::set(const itimerspec& value, Start start, OnStep on_step) {
  if (!valid(value.it_value) || !valid(value.it_interval)) return Failure{EINVAL};
  expirations_ = 0;
  const bool was_cancelled = std::exchange(cancelled_, false);
  const bool cancels = on_step == OnStep::cancel && start == Start::absolute && is_wall_clock(clock_);
  host().leave_steps(*this);
  if (cancels) host().watch_steps(*this);
  timer_.arm(value, start);
  // timerfd_setup() in Linux's fs/timerfd.c.
  const bool armed = value.it_value.tv_sec != 0 || value.it_value.tv_nsec != 0;
  if (was_cancelled && cancels && armed) return Failure{ECANCELED};
  return Done{};
}

void TimerFd::clock_was_set() {
  cancelled_ = true;
  ++expirations_;
  notify(EPOLLIN, kNoEvent);
}

void TimerFd::Timer::on_expiry(std::uint64_t expirations, EventId event) {
  file.expirations_ += expirations;
  file.notify(EPOLLIN, event);
}

}  // namespace stillpoint::kernel
