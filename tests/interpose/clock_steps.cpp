// What a step of the wall clock, and a drifting oscillator, do to timers and sleeps.
#include <errno.h>
#include <sys/timerfd.h>

#include "sim-core/kernel/clock.hpp"
#include "sim-core/process/program.hpp"
#include "tests/kernel/machines.hpp"

using namespace stillpoint;
using namespace stillpoint::test;

namespace {

constexpr long kWallStartSeconds = 1'767'225'600;

int make(const Machine& machine, clockid_t clock) {
  return static_cast<int>(machine([&] { return timerfd_create(clock, TFD_NONBLOCK); }).value);
}

Outcome set(const Machine& machine, int fd, itimerspec value, int flags) {
  return machine([&] { return timerfd_settime(fd, flags, &value, nullptr); });
}

// The number of expirations, or an errno.
Outcome expirations(const Machine& machine, int fd) {
  std::uint64_t count = 0;
  const Outcome got = machine([&] { return read(fd, &count, sizeof count); });
  return got.error != 0 ? got : gives(static_cast<long>(count));
}

}  // namespace

TEST_CASE("an absolute timer on the wall clock follows a step, a relative or steady one does not") {
  Machines machines;
  const Machine& a = machines.a;
  const int absolute = make(a, CLOCK_REALTIME);
  const int relative = make(a, CLOCK_REALTIME);
  const int steady = make(a, CLOCK_MONOTONIC);
  set(a, absolute, {{}, {kWallStartSeconds + 100, 0}}, TFD_TIMER_ABSTIME);
  set(a, relative, {{}, {100, 0}}, 0);
  set(a, steady, {{}, {3 * 3600 + 100, 0}}, TFD_TIMER_ABSTIME);
  machines.run_for(10s);
  a.host.step_wall(80s);
  machines.run_for(9s);
  CHECK(expirations(a, absolute) == fails(EAGAIN));
  machines.run_for(1s);
  CHECK(expirations(a, absolute) == gives(1));
  machines.run_for(79s);
  CHECK(expirations(a, relative) == fails(EAGAIN));
  CHECK(expirations(a, steady) == fails(EAGAIN));
  machines.run_for(1s);
  CHECK(expirations(a, relative) == gives(1));
  CHECK(expirations(a, steady) == gives(1));
}

TEST_CASE("a step back delays, and a step over several intervals counts them at once") {
  Machines machines;
  const Machine& a = machines.a;
  const int fd = make(a, CLOCK_REALTIME);
  set(a, fd, {{10, 0}, {kWallStartSeconds + 10, 0}}, TFD_TIMER_ABSTIME);
  a.host.step_wall(-5s);
  machines.run_for(14s);
  CHECK(expirations(a, fd) == fails(EAGAIN));
  machines.run_for(1s);
  CHECK(expirations(a, fd) == gives(1));
  a.host.step_wall(35s);
  machines.run_for(0s);
  CHECK(expirations(a, fd) == gives(3));
  machines.run_for(5s);
  CHECK(expirations(a, fd) == gives(1));
}

TEST_CASE("a timer that is to be cancelled by steps tells of each once") {
  Machines machines;
  const Machine& a = machines.a;
  const int fd = make(a, CLOCK_REALTIME);
  const int epoll = a.epoll();
  a.control(epoll, EPOLL_CTL_ADD, fd, EPOLLIN);
  constexpr int kFlags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;
  set(a, fd, {{}, {kWallStartSeconds + 1'000, 0}}, kFlags);
  CHECK(a.events(epoll) == "");
  a.host.step_wall(1s);
  CHECK(a.events(epoll) == std::to_string(fd) + ":IN");
  CHECK(expirations(a, fd) == fails(ECANCELED));
  CHECK(expirations(a, fd) == fails(EAGAIN));
  a.host.step_wall(1s);
  CHECK(set(a, fd, {{}, {kWallStartSeconds + 2'000, 0}}, kFlags) == fails(ECANCELED));
  CHECK(expirations(a, fd) == fails(EAGAIN));  // it was set nevertheless
  machines.run_for(1'998s);
  CHECK(expirations(a, fd) == gives(1));
  CHECK(set(a, fd, {{}, {kWallStartSeconds + 9'000, 0}}, TFD_TIMER_ABSTIME) == gives(0));
  a.host.step_wall(1s);
  CHECK(expirations(a, fd) == fails(EAGAIN));
}

TEST_CASE("timers on a drifting clock expire when that clock says so") {
  Machines machines;
  const Machine& a = machines.a;
  const int fd = make(a, CLOCK_MONOTONIC);
  set(a, fd, {{}, {100, 0}}, 0);
  machines.run_for(50s);
  a.host.set_drift(-500'000);  // half as fast
  machines.run_for(99s);
  CHECK(expirations(a, fd) == fails(EAGAIN));
  machines.run_for(1s);
  CHECK(expirations(a, fd) == gives(1));
  set(a, fd, {{}, {0, 3}}, 0);
  machines.run_for(std::chrono::nanoseconds(5));
  CHECK(expirations(a, fd) == fails(EAGAIN));
  machines.run_for(std::chrono::nanoseconds(1));
  CHECK(expirations(a, fd) == gives(1));
}

TEST_CASE("a sleep until a time of the wall clock follows its steps") {
  Machines machines;
  kernel::Host& host = machines.a.host;
  Duration slept{};
  const auto main = [&](int, char**) {
    const timespec until{kWallStartSeconds + 100, 0};
    clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, nullptr);
    slept = machines.kernel.queue.now().time_since_epoch();
    return 0;
  };
  process::Program program(host, main, {"program"}, [](const ProgramEnd&) {});
  host.boot(program);
  machines.run_for(10s);
  host.step_wall(50s);
  machines.run_for(100s);
  CHECK(slept == 50s);
}

TEST_CASE("clocks of CPU time show what slices cost") {
  Machines machines;
  kernel::Host& host = machines.kernel.add_host(
      {.name = "busy", .role = "test", .address = {0x0A000003}, .slice_cost = std::chrono::milliseconds(3)});
  Duration process{}, thread{};
  const auto main = [&](int, char**) {
    const timespec second{1, 0};
    for (int i = 0; i < 4; ++i) nanosleep(&second, nullptr);
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    process = kernel::duration_of(time);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    thread = kernel::duration_of(time);
    return 0;
  };
  process::Program program(host, main, {"program"}, [](const ProgramEnd&) {});
  host.boot(program);
  machines.run_for(10s);
  CHECK(process == 15ms);  // five slices
  CHECK(thread == 15ms);
}
