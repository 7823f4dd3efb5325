#include "sim-core/kernel/signal_timer.hpp"

#include <climits>

#include "sim-core/kernel/host.hpp"

namespace stillpoint::kernel {

SignalTimer::SignalTimer(Host& host, clockid_t clock, int id, Notification notification)
    : IntervalTimer(host, clock), id_(id), notification_(notification) {}

void SignalTimer::set(const itimerspec& value, Start start) {
  host_of_timer().signals.forget_timer(id_);
  queued_ = false;
  missed_ = 0;
  last_overrun_ = 0;
  arm(value, start);
}

void SignalTimer::on_expiry(std::uint64_t expirations, EventId event) {
  if (notification_.signal == 0) return;
  if (queued_) {
    missed_ += expirations;
    return;
  }
  siginfo_t info{};
  info.si_signo = notification_.signal;
  info.si_code = SI_TIMER;
  info.si_timerid = id_;
  info.si_value = notification_.value;
  queued_ = host_of_timer().signals.send(info, notification_.task, {event, CauseKind::wakeup});
  missed_ = queued_ ? expirations - 1 : 0;
}

void SignalTimer::delivered(siginfo_t& info) {
  queued_ = false;
  // timer_getoverrun(2): at most DELAYTIMER_MAX, which is INT_MAX.
  last_overrun_ = static_cast<int>(std::min<std::uint64_t>(std::exchange(missed_, 0), INT_MAX));
  info.si_overrun = last_overrun_;
}

void AlarmTimer::on_expiry(std::uint64_t, EventId event) {
  siginfo_t info{};
  info.si_signo = SIGALRM;
  info.si_code = SI_KERNEL;
  host_of_timer().signals.send(info, nullptr, {event, CauseKind::wakeup});
}

int ProcessTimers::create(clockid_t clock, std::optional<Notification> notification) {
  const int id = created_++;
  if (!notification) {
    notification = Notification{.signal = SIGALRM};
    notification->value.sival_int = id;
  }
  timers_.try_emplace(id, host_, clock, id, *notification);
  return id;
}

SignalTimer* ProcessTimers::find(int id) {
  const auto found = timers_.find(id);
  return found == timers_.end() ? nullptr : &found->second;
}

void ProcessTimers::remove(int id) {
  host_.signals.forget_timer(id);
  timers_.erase(id);
}

void ProcessTimers::remove_all() {
  timers_.clear();
  alarm_.reset();
}

AlarmTimer& ProcessTimers::alarm() {
  if (!alarm_) alarm_.emplace(host_);
  return *alarm_;
}

void ProcessTimers::delivered(siginfo_t& info) {
  if (SignalTimer* timer = find(info.si_timerid)) timer->delivered(info);
}

}  // namespace stillpoint::kernel
