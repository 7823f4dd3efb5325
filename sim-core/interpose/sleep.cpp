// nanosleep(2) and its kin: the calling thread sleeps in virtual time.
#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "sim-core/interpose/arguments.hpp"
#include "sim-core/kernel/clock.hpp"

namespace {

using stillpoint::Duration;
using stillpoint::VirtualTime;
using stillpoint::interpose::Call;
using stillpoint::interpose::fail;
using stillpoint::interpose::require_sleep;
using stillpoint::kernel::Host;
using stillpoint::kernel::Woken;

// What was left to sleep when a signal interrupted it; zero if none did.
Duration sleep_until(Host& host, const Call& call, VirtualTime deadline) {
  if (deadline <= host.now()) return Duration::zero();
  require_sleep(host, call);
  while (host.sleep(deadline) == Woken::by_event) {
  }
  return std::max(deadline - host.now(), Duration::zero());
}

int sleep_for(Host& host, const Call& call, const timespec* wanted, timespec* left) {
  if (wanted == nullptr) return EFAULT;
  if (!stillpoint::kernel::valid(*wanted)) return EINVAL;
  const Duration rest =
      sleep_until(host, call, stillpoint::kernel::later(host.now(), stillpoint::kernel::duration_of(*wanted)));
  if (rest == Duration::zero()) return 0;
  if (left != nullptr) *left = stillpoint::kernel::timespec_of(rest);
  return EINTR;
}

}  // namespace

SP_CALL(int, nanosleep, (const timespec* wanted, timespec* left), (wanted, left)) {
  const int error = sleep_for(host, call, wanted, left);
  return error == 0 ? 0 : fail(host, call, error);
}

SP_CALL(int, clock_nanosleep, (clockid_t clock, int flags, const timespec* wanted, timespec* left),
        (clock, flags, wanted, left)) {
  if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME && clock != CLOCK_TAI)
    return clock == CLOCK_THREAD_CPUTIME_ID ? EINVAL : ENOTSUP;
  if ((flags & TIMER_ABSTIME) == 0) return sleep_for(host, call, wanted, left);
  if (wanted == nullptr) return EFAULT;
  if (!stillpoint::kernel::valid(*wanted)) return EINVAL;
  const VirtualTime deadline =
      stillpoint::kernel::later(VirtualTime(-host.clock_offset(clock)), stillpoint::kernel::duration_of(*wanted));
  return sleep_until(host, call, deadline) == Duration::zero() ? 0 : EINTR;
}

SP_CALL(int, usleep, (useconds_t microseconds), (microseconds)) {
  const Duration rest = sleep_until(host, call, host.now() + std::chrono::microseconds(microseconds));
  return rest == Duration::zero() ? 0 : fail(host, call, EINTR);
}

SP_CALL(unsigned, sleep, (unsigned seconds), (seconds)) {
  const Duration rest = sleep_until(host, call, host.now() + std::chrono::seconds(seconds));
  return static_cast<unsigned>(std::chrono::ceil<std::chrono::seconds>(rest).count());
}
