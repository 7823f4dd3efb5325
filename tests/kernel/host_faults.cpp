// What may befall a host besides a loss of power: that it stands still, sleeps, is slow, or runs out of something.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>

#include <functional>

#include "tests/kernel/booted.hpp"

using namespace stillpoint;
using namespace stillpoint::test;

namespace {

Duration read(const Machine& machine, clockid_t clock) {
  timespec time{};
  machine([&] { return clock_gettime(clock, &time); });
  return std::chrono::seconds(time.tv_sec) + Duration(time.tv_nsec);
}

int timer(const Machine& machine, clockid_t clock, Duration after, int flags = 0) {
  const int fd = static_cast<int>(machine([&] { return timerfd_create(clock, TFD_NONBLOCK); }).value);
  const Duration when = after + (flags == TFD_TIMER_ABSTIME ? read(machine, clock) : Duration::zero());
  const itimerspec spec{{}, kernel::timespec_of(when)};
  REQUIRE(machine([&] { return timerfd_settime(fd, flags, &spec, nullptr); }) == gives(0));
  const int epoll = machine.epoll();
  REQUIRE(machine.control(epoll, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLET) == gives(0));
  return fd;
}

// A host whose slices cost something, with a process that notes when it runs.
struct Busy : Booted {
  explicit Busy(Duration cost)
      : machine(kernel.add_host({.name = "c", .role = "test", .address = {0x0A000003}, .slice_cost = cost})) {
    process.turn = [this] {
      times.push_back(kernel.queue.now().time_since_epoch());
      return script != nullptr && script();
    };
    machine.host.boot(process);
    settle();
    times.clear();
    start = kernel.queue.now();
  }
  // When the slices since `start` were.
  std::vector<Duration> ran() const {
    std::vector<Duration> since;
    for (const Duration each : times) since.push_back(each - start.time_since_epoch());
    return since;
  }
  // The faults that delayed the last slice.
  std::vector<EventId> blamed() const {
    std::vector<EventId> faults;
    for (const Cause& edge : edges_of(last(EventKind::slice))) {
      CHECK(edge.kind == CauseKind::fault);
      faults.push_back(edge.event);
    }
    return faults;
  }
  Machine machine;
  Idle process;
  std::function<bool()> script;
  std::vector<Duration> times;
  VirtualTime start;
};

using Times = std::vector<Duration>;
using Faults = std::vector<EventId>;

}  // namespace

// ---- stops ----

TEST_CASE("what becomes due while a host is stopped waits, and one slice sees it all") {
  Busy f(10us);
  const int first = timer(f.machine, CLOCK_MONOTONIC, 1s), second = timer(f.machine, CLOCK_MONOTONIC, 2s);
  const EventId fault = f.note();
  f.machine.host.stop(fault);
  f.run_for(5s);
  CHECK(f.ran().empty());
  CHECK(f.events(EventKind::expire).size() == 2);
  CHECK(read(f.machine, CLOCK_MONOTONIC) - kernel::kMonotonicStart == f.kernel.queue.now().time_since_epoch());
  f.machine.host.go_on(fault);
  f.run_for(5s);
  CHECK(f.ran() == Times{5s + 10us});
  CHECK(f.blamed() == Faults{fault});
  // The first of them is what made the host runnable.
  const Entry woken_by = f.event(f.event(f.last(EventKind::slice)).header.cause);
  CHECK(woken_by.kind() == EventKind::expire);
  CHECK(woken_by.header.time_ns == to_ns(f.start + 1s));
  for (const int fd : {first, second}) {
    std::uint64_t expirations = 0;
    CHECK(f.machine([&] { return ::read(fd, &expirations, sizeof expirations); }) == gives(8));
  }
  // What comes later is not its fault.
  f.machine.host.wake(kNoEvent);
  f.run_for(1s);
  CHECK(f.blamed().empty());
}

TEST_CASE("a host that is stopped twice runs when both stops are gone, and a stop that delays nothing has no effect") {
  Busy f(0us);
  const EventId one = f.note(), other = f.note(), third = f.note();
  f.machine.host.stop(one);
  f.machine.host.wake(kNoEvent);
  f.machine.host.stop(other);
  f.run_for(1s);
  f.machine.host.go_on(one);
  f.run_for(1s);
  CHECK(f.ran().empty());
  f.machine.host.go_on(other);
  f.run_for(1s);
  CHECK(f.ran() == Times{2s});
  CHECK(f.blamed() == Faults{one, other});
  f.machine.host.stop(third);
  f.run_for(1s);
  f.machine.host.go_on(third);
  f.run_for(1s);
  CHECK(f.ran().size() == 1);
}

TEST_CASE("a host that is stopped in its own slice runs it to its end") {
  Busy f(10us);
  const EventId fault = f.note();
  int done = 0;
  f.script = [&] {
    if (f.times.size() == 1) f.machine.host.stop(fault);
    ++done;
    return f.times.size() < 3;
  };
  f.machine.host.wake(kNoEvent);
  f.run_for(1s);
  CHECK(done == 1);
  f.machine.host.go_on(fault);
  f.run_for(1s);
  CHECK(f.ran() == Times{10us, 1s + 10us, 1s + 20us});
}

TEST_CASE("a slice that was scheduled when the stop came is delayed by it") {
  Busy f(10us);
  const EventId fault = f.note();
  f.machine.host.wake(kNoEvent);
  f.run_for(5us);
  f.machine.host.stop(fault);
  f.run_for(1s);
  f.machine.host.go_on(fault);
  f.run_for(1s);
  CHECK(f.ran() == Times{1s + 15us});
  CHECK(f.blamed() == Faults{fault});
}

TEST_CASE("a stop outlasts a loss of power, and what is booted in it waits") {
  Busy f(0us);
  const EventId fault = f.note();
  f.machine.host.stop(fault);
  f.machine.host.wake(kNoEvent);
  f.machine.host.crash();
  f.run_for(1s);
  f.machine.host.boot(f.process);
  f.run_for(1s);
  CHECK(f.ran().empty());
  f.machine.host.go_on(fault);
  f.run_for(1s);
  CHECK(f.ran() == Times{2s});
  CHECK(f.event(f.last(EventKind::slice)).header.cause == f.last(EventKind::boot));
  f.machine.host.go_on(fault);  // it is gone already: no error
}

// ---- suspensions ----

TEST_CASE("a machine that sleeps has a monotonic clock that stands still, and a boot time that does not") {
  Busy f(0us);
  const EventId fault = f.note();
  const Duration monotonic = read(f.machine, CLOCK_MONOTONIC), boottime = read(f.machine, CLOCK_BOOTTIME);
  const Duration wall = read(f.machine, CLOCK_REALTIME);
  f.machine.host.suspend(fault);
  f.run_for(100s);
  f.machine.host.wake_up(fault);
  CHECK(read(f.machine, CLOCK_MONOTONIC) == monotonic);
  CHECK(read(f.machine, CLOCK_MONOTONIC_RAW) == monotonic);
  CHECK(read(f.machine, CLOCK_MONOTONIC_COARSE) == monotonic / kernel::kTick * kernel::kTick);
  CHECK(read(f.machine, CLOCK_BOOTTIME) == boottime + 100s);
  CHECK(read(f.machine, CLOCK_REALTIME) == wall + 100s);
  f.run_for(1s);
  CHECK(read(f.machine, CLOCK_MONOTONIC) == monotonic + 1s);
  CHECK(read(f.machine, CLOCK_BOOTTIME) == boottime + 101s);
  CHECK(f.ran().empty());
  // And again.
  f.machine.host.suspend(fault);
  f.run_for(10s);
  f.machine.host.wake_up(fault);
  CHECK(read(f.machine, CLOCK_MONOTONIC) == monotonic + 1s);
  CHECK(read(f.machine, CLOCK_BOOTTIME) == boottime + 111s);
}

TEST_CASE("timers of a sleeping machine are postponed, or come at its waking, by their clocks") {
  Busy f(0us);
  const EventId fault = f.note();
  timer(f.machine, CLOCK_MONOTONIC, 10s);
  timer(f.machine, CLOCK_BOOTTIME, 20s);
  timer(f.machine, CLOCK_REALTIME, 30s, TFD_TIMER_ABSTIME);
  timer(f.machine, CLOCK_REALTIME, 40s);  // a relative one counts as CLOCK_MONOTONIC does
  timer(f.machine, CLOCK_BOOTTIME, 200s);
  f.run_for(5s);
  f.machine.host.suspend(fault);
  f.run_for(95s);
  CHECK(f.events(EventKind::expire).empty());
  f.machine.host.wake_up(fault);
  f.run_for(0s);
  CHECK(f.events(EventKind::expire).size() == 2);
  CHECK(f.ran() == Times{100s});
  CHECK(f.blamed().empty());  // no slice was due before: what came late was the timers
  const auto blamed = f.edges_of(f.last(EventKind::expire));
  REQUIRE(blamed.size() == 1);
  CHECK(blamed[0].event == fault);
  f.run_for(200s);
  CHECK(f.ran() == Times{100s, 105s, 135s, 200s});
}

TEST_CASE("a suspension within another one, and one in a slice of the host's own") {
  Busy f(10us);
  const EventId one = f.note(), other = f.note();
  timer(f.machine, CLOCK_MONOTONIC, 10s);
  f.script = [&] {
    if (f.times.size() == 1) f.machine.host.suspend(one);
    return false;
  };
  f.machine.host.wake(kNoEvent);
  f.run_for(1s);
  f.machine.host.suspend(other);
  f.run_for(1s);
  f.machine.host.wake_up(one);
  f.run_for(1s);
  f.machine.host.wake(kNoEvent);
  CHECK(f.ran() == Times{10us});
  f.machine.host.wake_up(other);
  f.run_for(20s);
  // Asleep from 10 us to 3 s.
  CHECK(f.ran() == Times{10us, 3s + 10us, 13s});
  CHECK(f.events(EventKind::expire).size() == 1);
}

TEST_CASE("a machine that is booted in a suspension sleeps on") {
  Busy f(0us);
  const EventId fault = f.note();
  f.machine.host.suspend(fault);
  f.run_for(10s);
  f.machine.host.crash();
  f.machine.host.boot(f.process);
  f.run_for(10s);
  f.machine.host.wake_up(fault);
  f.run_for(10s);
  CHECK(f.ran() == Times{20s});
  CHECK(read(f.machine, CLOCK_MONOTONIC) == kernel::kMonotonicAtReboot + 10s);
  CHECK(read(f.machine, CLOCK_BOOTTIME) == kernel::kMonotonicAtReboot + 20s);
}

// ---- slowness ----

TEST_CASE("slices of a slow host cost more, as the trace shows, and what made them dear is named") {
  Busy f(10us);
  const EventId one = f.note(), other = f.note();
  const auto slice = [&] {
    f.machine.host.wake(kNoEvent);
    f.settle();
    return Duration(static_cast<std::int64_t>(f.event(f.last(EventKind::slice)).header.a));
  };
  CHECK(slice() == 10us);
  f.machine.host.slow_down(one, 333, 0us);
  CHECK(slice() == 34us);  // 33.3, in whole microseconds
  CHECK(f.blamed() == Faults{one});
  f.machine.host.slow_down(other, 200, 1ms);
  CHECK(slice() == 1067us);  // 66.6 and 1000
  CHECK(f.blamed() == Faults{one, other});
  f.machine.host.crash();
  f.machine.host.boot(f.process);
  CHECK(slice() == 1067us);
  f.machine.host.speed_up(one);
  CHECK(slice() == 1020us);
  CHECK(f.blamed() == Faults{other});
  f.machine.host.speed_up(other);
  CHECK(slice() == 10us);
  CHECK(f.blamed().empty());
  CHECK(f.ran().back() - f.ran()[f.ran().size() - 2] == 10us);
}

TEST_CASE("a slice costs what it did when it was scheduled") {
  Busy f(10us);
  const EventId fault = f.note();
  f.machine.host.wake(kNoEvent);
  f.machine.host.slow_down(fault, 1000, 0us);
  f.run_for(1ms);
  CHECK(f.ran() == Times{10us});
  CHECK(f.blamed().empty());
  f.machine.host.wake(kNoEvent);
  f.machine.host.speed_up(fault);
  f.run_for(1ms);
  CHECK(f.ran() == Times{10us, 1100us});
  CHECK(f.blamed() == Faults{fault});
  f.machine.host.wake(kNoEvent);
  f.run_for(1ms);
  CHECK(f.ran().back() == 2010us);
}

// ---- descriptors ----

TEST_CASE("a limit of descriptors set from outside makes new ones fail, and is named for each failure") {
  Booted f;
  const auto open_one = [&] { return f.b([] { return ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0); }); };
  CHECK(open_one() == gives(3));
  CHECK(open_one() == gives(4));
  const EventId one = f.note(), other = f.note();
  f.b.host.limit_descriptors(one, 6);
  f.b.host.limit_descriptors(other, 4);
  CHECK(open_one() == fails(EMFILE));
  CHECK(f.events(EventKind::error).size() == 1);
  const Entry error = f.event(f.last(EventKind::error));
  CHECK(error.payload == "descriptor");
  CHECK(error.header.a == EMFILE);
  CHECK(error.header.host == 2);
  CHECK(error.header.cause == other);
  CHECK(error.header.cause_kind == CauseKind::fault);
  CHECK(f.b([] { return open("/srv/file", O_CREAT | O_RDWR, 0600); }) == fails(EMFILE));
  CHECK(f.b([] { return dup2(0, 5); }) == fails(EBADF));
  CHECK(f.events(EventKind::error).size() == 3);
  // What is open stays, and its number can be had again only below the limit.
  CHECK(f.b([] { return close(3); }) == gives(0));
  CHECK(open_one() == gives(3));
  f.b.host.lift_descriptor_limit(other);
  CHECK(open_one() == gives(5));
  CHECK(open_one() == fails(EMFILE));
  CHECK(f.event(f.last(EventKind::error)).header.cause == one);
  f.b.host.lift_descriptor_limit(one);
  CHECK(open_one() == gives(6));
}

TEST_CASE("a process that sets its own limit has the lower one, and sees its own") {
  Booted f;
  const EventId fault = f.note();
  const auto set_own = [&](rlim_t most) {
    const rlimit limit{most, 1024};
    CHECK(f.b([&] { return setrlimit(RLIMIT_NOFILE, &limit); }) == gives(0));
  };
  f.b.host.limit_descriptors(fault, 4);
  set_own(3);
  CHECK(f.b([] { return dup(0); }) == fails(EMFILE));
  CHECK(f.events(EventKind::error).empty());  // that is its own doing
  set_own(100);
  CHECK(f.b([] { return dup(0); }) == gives(3));
  CHECK(f.b([] { return dup(0); }) == fails(EMFILE));
  CHECK(f.events(EventKind::error).size() == 1);
  rlimit seen{};
  CHECK(f.b([&] { return getrlimit(RLIMIT_NOFILE, &seen); }) == gives(0));
  CHECK(seen.rlim_cur == 100);
  // It is a limit of this process.
  f.b.host.crash();
  f.boot(f.b);
  for (int fd = 3; fd < 10; ++fd) CHECK(f.b([] { return dup(0); }) == gives(fd));
  f.b.host.lift_descriptor_limit(fault);
}

// ---- all of it ----

TEST_CASE("a run with faults is the same each time, and one whose faults are over leaves nothing behind") {
  const auto run = [](int kinds) {
    Busy f(10us);
    timer(f.machine, CLOCK_MONOTONIC, 1s);
    const EventId fault = f.note();
    if (kinds > 0) f.machine.host.stop(fault);
    if (kinds > 1) f.machine.host.suspend(fault);
    if (kinds > 2) f.machine.host.slow_down(fault, 150, 1us);
    f.run_for(10s);
    f.machine.host.speed_up(fault);
    f.machine.host.go_on(fault);
    f.machine.host.wake_up(fault);
    f.run_for(10s);
    return f.trace.hash();
  };
  CHECK(run(3) == run(3));
  CHECK(run(2) == run(2));
  CHECK(run(0) != run(1));
  CHECK(run(1) != run(2));
}
