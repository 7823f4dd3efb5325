// clock_gettime(2) and its kin. Times are compared only where they say the same on every machine.
#include <pthread.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>

#include <cstring>
#include <thread>

#include "tests/conformance/world.hpp"

namespace stillpoint::test {
namespace {

std::int64_t ns(const timespec& time) { return time.tv_sec * 1'000'000'000 + time.tv_nsec; }

std::int64_t now(clockid_t clock) {
  timespec time{};
  return clock_gettime(clock, &time) == 0 ? ns(time) : -1;
}

void every_clock(World& w) {
  for (clockid_t clock = 0; clock <= 12; ++clock) {
    if (clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM) continue;  // as the machine has such a device
    timespec time{}, resolution{};
    w.note("gettime of " + std::to_string(clock), result(clock_gettime(clock, &time)));
    w.note("getres", result(clock_getres(clock, &resolution)));
    w.note("resolution", std::to_string(ns(resolution)));
    w.note("getres to nowhere", result(clock_getres(clock, nullptr)));
  }
  timespec time{};
  w.note("a wrong one", result(clock_gettime(-1, &time)));
  w.note("a wrong one", result(clock_gettime(999, &time)));
}

void they_advance(World& w) {
  constexpr clockid_t kClocks[] = {
      CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE,
      CLOCK_BOOTTIME, CLOCK_TAI};
  for (const clockid_t clock : kClocks) {
    const std::int64_t before = now(clock);
    w.pass(20ms);
    const std::int64_t passed = now(clock) - before;
    w.note("after 20 ms", passed >= 15'000'000 && passed < 2'000'000'000);
  }
}

void they_agree(World& w) {
  constexpr std::int64_t kMoment = 500'000'000;
  const std::int64_t wall = now(CLOCK_REALTIME);
  timeval day{};
  w.note("gettimeofday", result(gettimeofday(&day, nullptr)));
  w.note("agrees", std::abs(day.tv_sec * 1'000'000'000 + day.tv_usec * 1'000 - wall) < kMoment);
  time_t seconds = 0;
  const time_t returned = time(&seconds);
  w.note("time", returned == seconds && std::abs(returned - wall / 1'000'000'000) <= 1);
  timespec c11{};
  w.note("timespec_get", result(timespec_get(&c11, TIME_UTC)));
  w.note("agrees", std::abs(ns(c11) - wall) < kMoment);
  w.note("timespec_get of nothing", result(timespec_get(&c11, 99)));
  w.note("timespec_getres", result(timespec_getres(&c11, TIME_UTC)));
  w.note("resolution", std::to_string(ns(c11)));
  const std::int64_t coarse = now(CLOCK_REALTIME_COARSE);
  w.note("the coarse clock is behind", coarse <= now(CLOCK_REALTIME) && now(CLOCK_REALTIME) - coarse < kMoment);
  tms used{};
  const clock_t ticks = times(&used);
  w.pass(60ms);
  const clock_t later = times(nullptr);
  w.note("times", later - ticks >= 5 && later - ticks < 100);
  w.note("children", used.tms_cutime == 0 && used.tms_cstime == 0);
}

// What a program may not do. (A privileged one may set CLOCK_REALTIME; that is not tried.)
void setting(World& w) {
  const timespec time{1, 0};
  w.note("the steady clock", result(clock_settime(CLOCK_MONOTONIC, &time)));
  w.note("the coarse clock", result(clock_settime(CLOCK_REALTIME_COARSE, &time)));
  w.note("an unknown clock", result(clock_settime(77, &time)));
  const timespec wrong{1, -1};
  w.note("a wrong time", result(clock_settime(CLOCK_REALTIME, &wrong)));
  const timeval wrong_too{1, 1'000'000};
  w.note("settimeofday", result(settimeofday(&wrong_too, nullptr)));
}

void cpu_time(World& w) {
  clockid_t mine{}, of_pid{}, of_thread{};
  w.note("of the caller", std::to_string(clock_getcpuclockid(0, &mine)));
  w.note("by its number", std::to_string(clock_getcpuclockid(getpid(), &of_pid)));
  w.note("of nobody", strerrorname_np(clock_getcpuclockid(3'999'999, &mine)));
  w.note("of the thread", std::to_string(pthread_getcpuclockid(pthread_self(), &of_thread)));
  for (const clockid_t clock : {of_pid, of_thread}) {
    timespec used{}, resolution{};
    w.note("gettime", result(clock_gettime(clock, &used)));
    w.note("getres", result(clock_getres(clock, &resolution)) + ' ' + std::to_string(ns(resolution)));
  }
  // Sleeping costs nothing.
  const std::int64_t before = now(CLOCK_THREAD_CPUTIME_ID);
  w.pass(100ms);
  w.note("a sleep uses none", now(CLOCK_THREAD_CPUTIME_ID) - before < 50'000'000);
  w.note("the process has used as much as its clock says", now(of_pid) >= now(CLOCK_THREAD_CPUTIME_ID));
  w.note("clock()", clock() >= 0);
}

constexpr Case kCases[] = {{"every clock", every_clock},
                           {"clocks advance", they_advance},
                           {"clocks agree", they_agree},
                           {"setting a clock", setting},
                           {"CPU time", cpu_time}};

const Suite kSuite("clock", kCases);

}  // namespace

}  // namespace stillpoint::test
