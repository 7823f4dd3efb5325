// Timers that send signals: timer_create(2), setitimer(2), alarm(2). Those that are descriptors are in timerfd.cpp.
#include <signal.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "sim-core/interpose/arguments.hpp"
#include "sim-core/kernel/signal_timer.hpp"

namespace {

using stillpoint::Failure;
using stillpoint::is_readable;
using stillpoint::Result;
using stillpoint::interpose::Call;
using stillpoint::interpose::fail;
using stillpoint::interpose::finish;
using stillpoint::interpose::give;
using stillpoint::interpose::unsupported;
using stillpoint::kernel::Host;
using stillpoint::kernel::Notification;
using stillpoint::kernel::SignalTimer;
using stillpoint::kernel::Start;

bool can_be_waited_on(clockid_t clock) {
  return clock == CLOCK_MONOTONIC || clock == CLOCK_REALTIME || clock == CLOCK_BOOTTIME;
}

// They would wake the machine from its sleep: a program without privileges may not.
bool is_alarm_clock(clockid_t clock) { return clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM; }

// A timer's number, as glibc makes a timer_t of it.
int number_of(timer_t timer) { return static_cast<int>(reinterpret_cast<std::intptr_t>(timer)); }

Result<Notification> notification_of(Host& host, const Call& call, const sigevent& event) {
  switch (event.sigev_notify) {
    case SIGEV_NONE:
      return Notification{.value = event.sigev_value};
    case SIGEV_SIGNAL:
    case SIGEV_THREAD_ID: {
      if (!stillpoint::kernel::valid_signal(event.sigev_signo)) return Failure{EINVAL};
      Notification notification{.signal = event.sigev_signo, .value = event.sigev_value};
      if (event.sigev_notify == SIGEV_SIGNAL) return notification;
      host.for_each_task([&](stillpoint::kernel::Task& task) {
        if (task.id == event._sigev_un._tid && !task.ended()) notification.task = &task;
      });
      if (notification.task == nullptr) return Failure{EINVAL};
      return notification;
    }
    case SIGEV_THREAD:
      unsupported(host, call, "SIGEV_THREAD is not served");
    default:
      return Failure{EINVAL};
  }
}

}  // namespace

SP_CALL(int, timer_create, (clockid_t clock, sigevent* event, timer_t* timer), (clock, event, timer)) {
  if (clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID || clock < 0)
    unsupported(host, call, "on a clock of CPU time");
  if (is_alarm_clock(clock)) return fail(host, call, EPERM);
  // Linux knows these clocks, but has no timers for them (common_timer_create is not theirs).
  if (clock == CLOCK_MONOTONIC_RAW || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE)
    return fail(host, call, EOPNOTSUPP);
  if (!can_be_waited_on(clock) && clock != CLOCK_TAI) return fail(host, call, EINVAL);
  if (timer == nullptr) return fail(host, call, EFAULT);
  std::optional<Notification> notification;
  if (event != nullptr) {
    const auto wanted = notification_of(host, call, *event);
    if (!wanted) return fail(host, call, wanted.error());
    notification = wanted.value();
  }
  *timer = reinterpret_cast<timer_t>(static_cast<std::intptr_t>(host.timers.create(clock, notification)));
  return 0;
}

SP_CALL(int, timer_delete, (timer_t timer), (timer)) {
  if (host.timers.find(number_of(timer)) == nullptr) return fail(host, call, EINVAL);
  host.timers.remove(number_of(timer));
  return 0;
}

SP_CALL(int, timer_settime, (timer_t timer, int flags, const itimerspec* value, itimerspec* old),
        (timer, flags, value, old)) {
  if (value == nullptr) return fail(host, call, EINVAL);
  if (!is_readable(value)) return fail(host, call, EFAULT);
  if (!stillpoint::kernel::valid(value->it_value) || !stillpoint::kernel::valid(value->it_interval))
    return fail(host, call, EINVAL);
  SignalTimer* found = host.timers.find(number_of(timer));
  if (found == nullptr) return fail(host, call, EINVAL);
  const itimerspec before = found->left();
  found->set(*value, (flags & TIMER_ABSTIME) != 0 ? Start::absolute : Start::relative);
  return old == nullptr ? 0 : finish(host, call, give(old, before));
}

SP_CALL(int, timer_gettime, (timer_t timer, itimerspec* value), (timer, value)) {
  const SignalTimer* found = host.timers.find(number_of(timer));
  if (found == nullptr) return fail(host, call, EINVAL);
  return finish(host, call, give(value, found->left()));
}

SP_CALL(int, timer_getoverrun, (timer_t timer), (timer)) {
  const SignalTimer* found = host.timers.find(number_of(timer));
  return found == nullptr ? fail(host, call, EINVAL) : found->overrun();
}

// ---- setitimer(2), alarm(2) ----

namespace {

timespec timespec_of(const timeval& time) { return {time.tv_sec, time.tv_usec * 1'000}; }
timeval timeval_of(const timespec& time) { return {time.tv_sec, time.tv_nsec / 1'000}; }
itimerval itimerval_of(const itimerspec& value) { return {timeval_of(value.it_interval), timeval_of(value.it_value)}; }
bool valid(const timeval& time) { return time.tv_sec >= 0 && time.tv_usec >= 0 && time.tv_usec < 1'000'000; }

}  // namespace

SP_CALL(int, setitimer, (int which, const itimerval* value, itimerval* old), (which, value, old)) {
  if (value != nullptr && !is_readable(value)) return fail(host, call, EFAULT);
  const itimerval none{};
  const itimerval& wanted = value == nullptr ? none : *value;  // as Linux does (kernel/time/itimer.c)
  if (which == ITIMER_VIRTUAL || which == ITIMER_PROF) unsupported(host, call, "only ITIMER_REAL is served");
  if (which != ITIMER_REAL || !valid(wanted.it_value) || !valid(wanted.it_interval)) return fail(host, call, EINVAL);
  auto& timer = host.timers.alarm();
  const itimerval before = itimerval_of(timer.left());
  timer.arm({timespec_of(wanted.it_interval), timespec_of(wanted.it_value)}, Start::relative);
  return old == nullptr ? 0 : finish(host, call, give(old, before));
}

SP_CALL(int, getitimer, (int which, itimerval* value), (which, value)) {
  if (which != ITIMER_REAL && which != ITIMER_VIRTUAL && which != ITIMER_PROF) return fail(host, call, EINVAL);
  const itimerval left = which == ITIMER_REAL ? itimerval_of(host.timers.alarm().left()) : itimerval{};
  return finish(host, call, give(value, left));
}

SP_CALL(unsigned, alarm, (unsigned seconds), (seconds)) {
  auto& timer = host.timers.alarm();
  const itimerval before = itimerval_of(timer.left());
  timer.arm({{}, {static_cast<time_t>(seconds), 0}}, Start::relative);
  // alarm_setitimer() in Linux: rounded to the nearest second, but what is left is never none.
  const bool up = (before.it_value.tv_sec == 0 && before.it_value.tv_usec > 0) || before.it_value.tv_usec >= 500'000;
  return static_cast<unsigned>(before.it_value.tv_sec) + (up ? 1u : 0u);
}

// ualarm(3): less than a second, and what was left, in microseconds.
SP_CALL(useconds_t, ualarm, (useconds_t value, useconds_t interval), (value, interval)) {
  const itimerval wanted{{0, static_cast<suseconds_t>(interval)}, {0, static_cast<suseconds_t>(value)}};
  itimerval before{};
  if (setitimer(ITIMER_REAL, &wanted, &before) != 0) return static_cast<useconds_t>(-1);
  return static_cast<useconds_t>(before.it_value.tv_sec * 1'000'000 + before.it_value.tv_usec);
}
