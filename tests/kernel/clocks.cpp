#include <sys/time.h>

#include "sim-core/kernel/clock.hpp"
#include "tests/kernel/machines.hpp"

using namespace stillpoint;
using namespace stillpoint::test;

namespace {
Duration read(const Machine& machine, clockid_t clock) {
  timespec time{};
  REQUIRE(machine([&] { return clock_gettime(clock, &time); }) == gives(0));
  return kernel::duration_of(time);
}
}  // namespace

TEST_CASE("clocks advance with virtual time, and only with it") {
  Machines machines;
  const clockid_t clock = GENERATE(CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_BOOTTIME, CLOCK_MONOTONIC_RAW, CLOCK_TAI);
  const Duration start = read(machines.a, clock);
  for (int i = 0; i < 100; ++i) CHECK(read(machines.a, clock) == start);
  machines.run_for(1234567us);
  CHECK(read(machines.a, clock) == start + 1234567us);
  CHECK(read(machines.b, clock) == start + 1234567us);
}

TEST_CASE("coarse clocks show the last tick of four milliseconds") {
  Machines machines;
  const clockid_t clock = GENERATE(CLOCK_MONOTONIC_COARSE, CLOCK_REALTIME_COARSE);
  const Duration start = read(machines.a, clock);
  machines.run_for(3999us);
  CHECK(read(machines.a, clock) == start);
  machines.run_for(1us);
  CHECK(read(machines.a, clock) == start + 4ms);
  timespec resolution{};
  CHECK(machines.a([&] { return clock_getres(clock, &resolution); }) == gives(0));
  CHECK(resolution.tv_nsec == 4'000'000);
}

TEST_CASE("a clock that drifts reaches its deadlines at the first moment that is not too early") {
  Machines machines;
  kernel::Host& host = machines.a.host;
  const int ppm = GENERATE(-999'999, -200, -1, 1, 3, 200, 1'000'000 - 1);
  machines.run_for(1234567us);
  const Duration start = read(machines.a, CLOCK_MONOTONIC);
  host.set_drift(ppm);
  CHECK(read(machines.a, CLOCK_MONOTONIC) == start);  // it changes its rate, not its time
  for (const Duration wanted : {Duration(1), Duration(999), Duration(1'000), Duration(123'456'789), Duration(7s)}) {
    const VirtualTime when = host.clocks().when(CLOCK_MONOTONIC, start + wanted);
    CHECK(host.clocks().read(CLOCK_MONOTONIC, when) >= start + wanted);
    CHECK(host.clocks().read(CLOCK_MONOTONIC, when - Duration(1)) < start + wanted);
  }
  machines.run_for(10s);
  CHECK(read(machines.a, CLOCK_MONOTONIC) == start + 10s + 10us * ppm);
  CHECK(read(machines.b, CLOCK_MONOTONIC) == start + 10s);
}

TEST_CASE("the wall clock alone is off, and is set") {
  Machines machines;
  const Duration wall = read(machines.a, CLOCK_REALTIME);
  const Duration steady = read(machines.a, CLOCK_MONOTONIC);
  machines.a.host.set_wall_offset(5s);
  CHECK(read(machines.a, CLOCK_REALTIME) == wall + 5s);
  machines.a.host.step_wall(-7s);
  CHECK(read(machines.a, CLOCK_REALTIME) == wall - 2s);
  CHECK(read(machines.a, CLOCK_TAI) == wall + 35s);
  CHECK(read(machines.a, CLOCK_MONOTONIC) == steady);
  CHECK(read(machines.b, CLOCK_REALTIME) == wall);
}

TEST_CASE("wall time begins in 2026, and a machine has been up for a while") {
  Machines machines;
  CHECK(read(machines.a, CLOCK_REALTIME) == 1'767'225'600s);
  CHECK(read(machines.a, CLOCK_TAI) - read(machines.a, CLOCK_REALTIME) == 37s);
  CHECK(read(machines.a, CLOCK_MONOTONIC) > 1h);
  CHECK(read(machines.a, CLOCK_PROCESS_CPUTIME_ID) == 0s);
  machines.run_for(1500ms);
  timeval now{};
  CHECK(machines.a([&] { return gettimeofday(&now, nullptr); }) == gives(0));
  CHECK(now.tv_sec == 1'767'225'601);
  CHECK(now.tv_usec == 500'000);
  time_t seconds = 0;
  CHECK(machines.a([&] { return time(&seconds); }) == gives(1'767'225'601));
  CHECK(seconds == 1'767'225'601);
}

TEST_CASE("the clocks of C++ are those of the host") {
  Machines machines;
  std::chrono::system_clock::time_point wall;
  std::chrono::steady_clock::time_point before, after;
  machines.a([&] {
    wall = std::chrono::system_clock::now();
    before = std::chrono::steady_clock::now();
    return 0;
  });
  CHECK(wall.time_since_epoch() == 1'767'225'600s);
  machines.run_for(77us);
  machines.a([&] {
    after = std::chrono::steady_clock::now();
    return 0;
  });
  CHECK(after - before == 77us);
}

TEST_CASE("a program that spins on the clock makes progress after a thousand readings") {
  Machines machines;
  const Duration start = read(machines.a, CLOCK_MONOTONIC);
  for (int i = 1; i < 1'000; ++i) REQUIRE(read(machines.a, CLOCK_MONOTONIC) == start);
  for (int i = 1; i <= 50; ++i) REQUIRE(read(machines.a, CLOCK_MONOTONIC) == start + std::chrono::microseconds(i));
  CHECK(read(machines.b, CLOCK_MONOTONIC) == start);  // another host has not spun
  CHECK(machines.kernel.queue.now() == VirtualTime{});
}

TEST_CASE("unknown clocks are EINVAL, null is EFAULT") {
  Machines machines;
  timespec time{};
  CHECK(machines.a([&] { return clock_gettime(99, &time); }) == fails(EINVAL));
  CHECK(machines.a([&] { return clock_gettime(-1, &time); }) == fails(EINVAL));
  timespec* volatile null = nullptr;
  CHECK(machines.a([&] { return clock_gettime(CLOCK_MONOTONIC, null); }) == fails(EFAULT));
  CHECK(machines.a([&] { return clock_getres(CLOCK_MONOTONIC, &time); }) == gives(0));
  CHECK(time.tv_nsec == 1);
  CHECK(machines.a([&] { return clock_getres(99, &time); }) == fails(EINVAL));
}

TEST_CASE("the clocks that libc reads for a program are those of the host too") {
  Machines machines;
  machines.run_for(1500ms);
  CHECK(machines.a([] { return clock(); }) == gives(0));  // nothing has run
  timespec now{};
  CHECK(machines.a([&] { return timespec_get(&now, TIME_UTC); }) == gives(TIME_UTC));
  CHECK(kernel::duration_of(now) == 1'767'225'601s + 500ms);
  CHECK(machines.a([&] { return timespec_get(&now, 99); }) == gives(0));
}
