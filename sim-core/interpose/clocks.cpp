// time(7): reading clocks. Setting them is a matter of the scenario: a program lacks the privilege.
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>

#include "sim-core/interpose/arguments.hpp"
#include "sim-core/kernel/clock.hpp"

namespace {

using stillpoint::Duration;
using stillpoint::is_writable;
using stillpoint::interpose::fail;
using stillpoint::interpose::finish;
using stillpoint::interpose::give;
using stillpoint::kernel::Host;
using stillpoint::kernel::Task;
using stillpoint::kernel::timespec_of;

bool known_clock(clockid_t clock) { return clock >= CLOCK_REALTIME && clock <= CLOCK_TAI && clock != 10; }

// The clocks of CPU time of processes and threads have numbers of their own: ~id shifted by three bits, the clock's
// kind and whether it is of a thread (Linux's include/linux/posix-timers.h).
constexpr int kScheduled = 2;  // CPUCLOCK_SCHED, the only one that clock_getcpuclockid(3) gives
constexpr int kOfThread = 4;   // CPUCLOCK_PERTHREAD_MASK
constexpr int kOfDescriptor = 3;
clockid_t clock_of_process(int id) { return (~id * 8) | kScheduled; }
clockid_t clock_of_thread(int id) { return (~id * 8) | kScheduled | kOfThread; }

// The CPU time behind such a number; none if there is no such process or thread.
std::optional<Duration> cpu_time(const Host& host, clockid_t clock) {
  if (clock >= 0 || (clock & kOfDescriptor) == kOfDescriptor) return std::nullopt;
  const int id = ~(clock >> 3);
  if ((clock & kOfThread) == 0) return id == 0 || id == host.pid() ? std::optional(host.cpu_time()) : std::nullopt;
  if (id == 0 && host.running_task() != nullptr) return host.running_task()->cpu_time;
  std::optional<Duration> found;
  host.for_each_task([&](const Task& task) {
    if (task.id == id && !task.ended()) found = task.cpu_time;
  });
  return found;
}

}  // namespace

SP_CALL(int, clock_gettime, (clockid_t clock, timespec* time), (clock, time)) {
  if (!known_clock(clock)) {
    const auto used = cpu_time(host, clock);
    if (!used) return fail(host, call, EINVAL);
    host.read_clock(CLOCK_PROCESS_CPUTIME_ID);  // counts as a reading
    return finish(host, call, give(time, timespec_of(*used)));
  }
  // The clocks of CPU time are read by a system call, all others in the program itself (vdso(7)), which crashes where
  // there is no memory, as it does here; but null is told.
  const bool by_call = clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID;
  if (by_call ? !is_writable(time) : time == nullptr) return fail(host, call, EFAULT);
  *time = timespec_of(host.read_clock(clock));
  return 0;
}

SP_CALL(int, clock_getres, (clockid_t clock, timespec* resolution), (clock, resolution)) {
  if (!known_clock(clock) && !cpu_time(host, clock)) return fail(host, call, EINVAL);
  const bool coarse = clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE;
  if (resolution != nullptr) *resolution = timespec_of(coarse ? stillpoint::kernel::kTick : Duration(1));
  return 0;
}

SP_CALL(int, clock_settime, (clockid_t clock, const timespec* time), (clock, time)) {
  if (clock != CLOCK_REALTIME) return fail(host, call, cpu_time(host, clock) ? EPERM : EINVAL);
  if (time == nullptr) return fail(host, call, EFAULT);
  if (!stillpoint::kernel::valid(*time)) return fail(host, call, EINVAL);
  return fail(host, call, EPERM);
}

SP_CALL(int, settimeofday, (const timeval* time, const void* zone), (time, zone)) {
  if (time != nullptr && (time->tv_sec < 0 || time->tv_usec < 0 || time->tv_usec >= 1'000'000))
    return fail(host, call, EINVAL);
  return fail(host, call, EPERM);
}

// An error number.
SP_CALL(int, clock_getcpuclockid, (pid_t pid, clockid_t* clock), (pid, clock)) {
  if (pid != 0 && pid != host.pid()) return ESRCH;
  *clock = pid == 0 ? CLOCK_PROCESS_CPUTIME_ID : clock_of_process(pid);
  return 0;
}

SP_CALL(int, pthread_getcpuclockid, (pthread_t thread, clockid_t* clock), (thread, clock)) {
  const Task* task = host.find_task(thread);
  if (task == nullptr || task->ended()) return ESRCH;
  *clock = clock_of_thread(task->id);
  return 0;
}

SP_CALL(int, gettimeofday, (timeval * time, void* zone), (time, zone)) {
  if (time != nullptr) {
    const timespec now = timespec_of(host.read_clock(CLOCK_REALTIME));
    *time = {now.tv_sec, now.tv_nsec / 1'000};
  }
  return 0;
}

// time(2) shows the second of the last tick, and may be behind the other calls for a moment.
SP_CALL(time_t, time, (time_t * place), (place)) {
  const time_t now = timespec_of(host.read_clock(CLOCK_REALTIME_COARSE)).tv_sec;
  if (place != nullptr) *place = now;
  return now;
}

// Within libc these two read the clock past the symbols.
SP_CALL(clock_t, clock, (), ()) { return host.read_clock(CLOCK_PROCESS_CPUTIME_ID) / std::chrono::microseconds(1); }

SP_CALL(int, timespec_get, (timespec * time, int base), (time, base)) {
  if (base != TIME_UTC) return 0;
  *time = timespec_of(host.read_clock(CLOCK_REALTIME));
  return base;
}

SP_CALL(int, timespec_getres, (timespec * resolution, int base), (resolution, base)) {
  if (base != TIME_UTC) return 0;
  if (resolution != nullptr) *resolution = {0, 1};
  return base;
}

// times(2): in hundredths of a second. All CPU time is the user's, and there are no children.
SP_CALL(clock_t, times, (tms * used), (used)) {
  constexpr auto kHundredth = std::chrono::milliseconds(10);
  if (used != nullptr) *used = {host.read_clock(CLOCK_PROCESS_CPUTIME_ID) / kHundredth, 0, 0, 0};
  return host.read_clock(CLOCK_MONOTONIC) / kHundredth;
}
