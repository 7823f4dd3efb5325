// nanosleep(2) and its kin: the calling thread sleeps in virtual time.
#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "sim-core/interpose/arguments.hpp"
#include "sim-core/interpose/waiting.hpp"
#include "sim-core/kernel/clock.hpp"

namespace {

using stillpoint::Duration;
using stillpoint::is_readable;
using stillpoint::interpose::Call;
using stillpoint::interpose::fail;
using stillpoint::interpose::give;
using stillpoint::interpose::require_sleep;
using stillpoint::interpose::unsupported;
using stillpoint::kernel::Deadline;
using stillpoint::kernel::Host;
using stillpoint::kernel::Woken;

// What was left to sleep when a signal interrupted it; zero if none did. `left` says how much is.
template <typename Left>
Duration sleep_until(Host& host, const Call& call, Deadline deadline, Left left) {
  if (left() <= Duration::zero()) return Duration::zero();
  require_sleep(host, call);
  Woken woken;
  do {
    woken = host.sleep(deadline);
  } while (woken == Woken::by_event);
  return woken == Woken::by_signal ? std::max(left(), Duration::zero()) : Duration::zero();
}

// A relative time: on no clock that can be set.
Duration sleep_for(Host& host, const Call& call, Duration wanted) {
  const Duration end = wanted >= stillpoint::kernel::kForever
                           ? stillpoint::kernel::kForever
                           : host.clocks().read(CLOCK_MONOTONIC, host.now()) + wanted;
  return sleep_until(host, call, Deadline::on(CLOCK_MONOTONIC, end),
                     [&] { return end - host.clocks().read(CLOCK_MONOTONIC, host.now()); });
}

int sleep_for(Host& host, const Call& call, const timespec* wanted, timespec* left) {
  if (!is_readable(wanted)) return EFAULT;
  if (!stillpoint::kernel::valid(*wanted)) return EINVAL;
  const Duration rest = sleep_for(host, call, stillpoint::kernel::duration_of(*wanted));
  if (rest == Duration::zero()) return 0;
  if (left != nullptr && !give(left, stillpoint::kernel::timespec_of(rest))) return EFAULT;
  return EINTR;
}

}  // namespace

SP_CALL(int, nanosleep, (const timespec* wanted, timespec* left), (wanted, left)) {
  const int error = sleep_for(host, call, wanted, left);
  return error == 0 ? 0 : fail(host, call, error);
}

SP_CALL(int, clock_nanosleep, (clockid_t clock, int flags, const timespec* wanted, timespec* left),
        (clock, flags, wanted, left)) {
  // glibc refuses the thread's CPU clock, and Linux those on which nobody can wait (hrtimer_nanosleep, EOPNOTSUPP).
  if (clock == CLOCK_THREAD_CPUTIME_ID) return EINVAL;
  if (clock == CLOCK_MONOTONIC_RAW || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE) return ENOTSUP;
  if (clock == CLOCK_PROCESS_CPUTIME_ID) unsupported(host, call, "on a clock of CPU time");
  if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME && clock != CLOCK_TAI)
    return EINVAL;
  if ((flags & TIMER_ABSTIME) == 0) return sleep_for(host, call, wanted, left);
  if (!is_readable(wanted)) return EFAULT;
  if (!stillpoint::kernel::valid(*wanted)) return EINVAL;
  const Duration end = stillpoint::kernel::duration_of(*wanted);
  const Duration rest =
      sleep_until(host, call, Deadline::on(clock, end), [&] { return end - host.clocks().read(clock, host.now()); });
  return rest == Duration::zero() ? 0 : EINTR;
}

SP_CALL(int, usleep, (useconds_t microseconds), (microseconds)) {
  const Duration rest = sleep_for(host, call, std::chrono::microseconds(microseconds));
  return rest == Duration::zero() ? 0 : fail(host, call, EINTR);
}

// sleep(3) returns the seconds that are left, without the part of one (glibc's sysdeps/posix/sleep.c).
SP_CALL(unsigned, sleep, (unsigned seconds), (seconds)) {
  const Duration rest = sleep_for(host, call, std::chrono::seconds(seconds));
  return static_cast<unsigned>(std::chrono::floor<std::chrono::seconds>(rest).count());
}
