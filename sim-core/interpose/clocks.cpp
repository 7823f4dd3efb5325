// time(7): reading clocks. Waiting on them is a matter of descriptors, or blocks and is refused.
#include <sys/time.h>
#include <time.h>

#include "sim-core/interpose/call.hpp"
#include "sim-core/kernel/clock.hpp"

namespace {

using stillpoint::interpose::fail;

bool known_clock(clockid_t clock) { return clock >= CLOCK_REALTIME && clock <= CLOCK_TAI && clock != 10; }

}  // namespace

SP_CALL(int, clock_gettime, (clockid_t clock, timespec* time), (clock, time)) {
  if (!known_clock(clock)) return fail(host, call, EINVAL);
  if (time == nullptr) return fail(host, call, EFAULT);
  *time = stillpoint::kernel::timespec_of(host.read_clock(clock));
  return 0;
}

SP_CALL(int, clock_getres, (clockid_t clock, timespec* resolution), (clock, resolution)) {
  if (!known_clock(clock)) return fail(host, call, EINVAL);
  if (resolution != nullptr) *resolution = {0, 1};
  return 0;
}

SP_CALL(int, gettimeofday, (timeval * time, void* zone), (time, zone)) {
  if (time != nullptr) {
    const timespec now = stillpoint::kernel::timespec_of(host.read_clock(CLOCK_REALTIME));
    *time = {now.tv_sec, now.tv_nsec / 1'000};
  }
  return 0;
}

SP_CALL(time_t, time, (time_t * place), (place)) {
  const time_t now = stillpoint::kernel::timespec_of(host.read_clock(CLOCK_REALTIME)).tv_sec;
  if (place != nullptr) *place = now;
  return now;
}

// Within libc these two read the clock past the symbols.
SP_CALL(clock_t, clock, (), ()) { return host.read_clock(CLOCK_PROCESS_CPUTIME_ID) / std::chrono::microseconds(1); }

SP_CALL(int, timespec_get, (timespec * time, int base), (time, base)) {
  if (base != TIME_UTC) return 0;
  *time = stillpoint::kernel::timespec_of(host.read_clock(CLOCK_REALTIME));
  return base;
}
