// nanosleep(2), clock_nanosleep(2) and their kin.
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/conformance/world.hpp"

namespace stillpoint::test {
namespace {

std::int64_t now(clockid_t clock = CLOCK_MONOTONIC) {
  timespec time{};
  clock_gettime(clock, &time);
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

timespec at(std::int64_t ns) { return {ns / 1'000'000'000, ns % 1'000'000'000}; }

std::string error_name(int error) { return error == 0 ? "0" : strerrorname_np(error); }

void each_sleeps(World& w) {
  const auto note = [&w](const char* what, std::int64_t start, std::int64_t least_ms) {
    const std::int64_t passed = now() - start;
    w.note(what, passed >= least_ms * 1'000'000 && passed < (least_ms + 900) * 1'000'000);
  };
  const timespec moment{0, 20'000'000};
  std::int64_t start = now();
  timespec left{7, 7};
  w.note("nanosleep", result(nanosleep(&moment, &left)));
  note("long enough", start, 20);
  w.note("what was left is untouched", left.tv_sec == 7 && left.tv_nsec == 7);
  start = now();
  w.note("usleep", result(usleep(20'000)));
  note("long enough", start, 20);
  start = now();
  w.note("sleep", std::to_string(sleep(1)));
  note("long enough", start, 1'000);
  for (const clockid_t clock : {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_TAI}) {
    start = now();
    w.note("clock_nanosleep", error_name(clock_nanosleep(clock, 0, &moment, nullptr)));
    note("long enough", start, 20);
    start = now();
    const timespec then = at(now(clock) + 20'000'000);
    w.note("to a time", error_name(clock_nanosleep(clock, TIMER_ABSTIME, &then, nullptr)));
    note("long enough", start, 19);
  }
}

void no_time_at_all(World& w) {
  const timespec none{0, 0};
  const timespec past{1, 0};
  const std::int64_t start = now();
  w.note("nanosleep", result(nanosleep(&none, nullptr)));
  w.note("usleep", result(usleep(0)));
  w.note("sleep", std::to_string(sleep(0)));
  w.note("to the past", error_name(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &past, nullptr)));
  w.note("at once", now() - start < 200'000'000);
}

void wrong_arguments(World& w) {
  const timespec negative{-1, 0};
  const timespec much{0, 1'000'000'000};
  const timespec fine{0, 1};
  w.note("negative", result(nanosleep(&negative, nullptr)));
  w.note("nanoseconds", result(nanosleep(&much, nullptr)));
  w.note("clock_nanosleep negative", error_name(clock_nanosleep(CLOCK_MONOTONIC, 0, &negative, nullptr)));
  w.note("to a negative time", error_name(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &negative, nullptr)));
  for (const clockid_t clock : {CLOCK_THREAD_CPUTIME_ID, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE,
                                CLOCK_MONOTONIC_COARSE, clockid_t{10}, clockid_t{12}, clockid_t{999}}) {
    w.note("on clock " + std::to_string(clock), error_name(clock_nanosleep(clock, 0, &fine, nullptr)));
  }
}

constexpr Case kCases[] = {
    {"each sleeps", each_sleeps}, {"no time at all", no_time_at_all}, {"wrong arguments", wrong_arguments}};

const Suite kSuite("sleep", kCases);

}  // namespace

}  // namespace stillpoint::test
