#include <poll.h>
#include <sys/timerfd.h>

#include "sim-core/kernel/clock.hpp"
#include "tests/kernel/machines.hpp"

using namespace stillpoint;
using namespace stillpoint::test;

namespace {

struct Fixture {
  Machines machines;
  const Machine& a = machines.a;
  int fd = make(CLOCK_MONOTONIC);

  int make(clockid_t clock) {
    return static_cast<int>(a([&] { return timerfd_create(clock, TFD_NONBLOCK); }).value);
  }
  Outcome set(timespec value, timespec interval = {}, int flags = 0, itimerspec* old = nullptr) {
    return set_of(fd, value, interval, flags, old);
  }
  Outcome set_of(int timer, timespec value, timespec interval = {}, int flags = 0, itimerspec* old = nullptr) {
    const itimerspec spec{interval, value};
    return a([&] { return timerfd_settime(timer, flags, &spec, old); });
  }
  // The expirations, or minus errno.
  std::int64_t read() { return read_of(fd); }
  std::int64_t read_of(int timer) {
    std::uint64_t count = 0;
    const Outcome outcome = a([&] { return ::read(timer, &count, sizeof count); });
    return outcome.error != 0 ? -outcome.error : static_cast<std::int64_t>(count);
  }
  bool ready() {
    pollfd entry{fd, POLLIN, 0};
    return a([&] { return poll(&entry, 1, 0); }).value == 1;
  }
  std::pair<Duration, Duration> left() {  // until the next expiration; interval
    itimerspec spec{};
    REQUIRE(a([&] { return timerfd_gettime(fd, &spec); }) == gives(0));
    return {kernel::duration_of(spec.it_value), kernel::duration_of(spec.it_interval)};
  }
};

}  // namespace

TEST_CASE("a timer expires once, at its time") {
  Fixture f;
  CHECK(f.set({0, 5'000'000}) == gives(0));
  CHECK_FALSE(f.ready());
  CHECK(f.read() == -EAGAIN);
  f.machines.run_for(5ms - 1us);
  CHECK_FALSE(f.ready());
  f.machines.run_for(1us);
  CHECK(f.ready());
  CHECK(f.read() == 1);
  CHECK_FALSE(f.ready());
  CHECK(f.read() == -EAGAIN);
  f.machines.run_for(1s);
  CHECK_FALSE(f.ready());
}

TEST_CASE("a periodic timer counts its expirations") {
  Fixture f;
  CHECK(f.set({0, 10'000'000}, {0, 3'000'000}) == gives(0));
  f.machines.run_for(10ms);
  CHECK(f.read() == 1);
  f.machines.run_for(9ms);
  CHECK(f.read() == 3);
  f.machines.run_for(2ms);
  CHECK(f.read() == -EAGAIN);
}

TEST_CASE("setting a timer again forgets what had expired") {
  Fixture f;
  f.set({0, 1'000'000});
  f.machines.run_for(2ms);
  CHECK(f.ready());
  // Asio never reads its timerfd, and relies on this.
  CHECK(f.set({0, 5'000'000}) == gives(0));
  CHECK_FALSE(f.ready());
  f.machines.run_for(5ms);
  CHECK(f.read() == 1);
}

TEST_CASE("setting a timer to zero disarms it") {
  Fixture f;
  f.set({0, 1'000'000}, {0, 1'000'000});
  CHECK(f.set({0, 0}) == gives(0));
  f.machines.settle();  // which would not end otherwise
  CHECK_FALSE(f.ready());
  CHECK(f.left() == std::pair(Duration(0), Duration(0)));
}

// timerfd_settime(2): an absolute time that has passed already expires at once; {0, 1} is what Asio calls 'now'.
TEST_CASE("an absolute time in the past expires within the call") {
  Fixture f;
  CHECK(f.set({0, 1}, {}, TFD_TIMER_ABSTIME) == gives(0));
  CHECK(f.ready());
  CHECK(f.read() == 1);
}

TEST_CASE("an absolute time is one of the timer's clock") {
  Fixture f;
  const auto deadline = [&](clockid_t clock, Duration from_now) {
    timespec now{};
    f.a([&] { return clock_gettime(clock, &now); });
    return kernel::timespec_of(kernel::duration_of(now) + from_now);
  };
  for (const clockid_t clock : {CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_BOOTTIME}) {
    const int timer = f.make(clock);
    CHECK(f.set_of(timer, deadline(clock, 7ms), {}, TFD_TIMER_ABSTIME) == gives(0));
    f.machines.run_for(7ms - 1us);
    CHECK(f.read_of(timer) == -EAGAIN);
    f.machines.run_for(1us);
    CHECK(f.read_of(timer) == 1);
  }
}

TEST_CASE("a periodic timer that starts in the past counts all that was missed") {
  Fixture f;
  f.machines.run_for(100ms);
  timespec now{};
  f.a([&] { return clock_gettime(CLOCK_MONOTONIC, &now); });
  // It should have expired 35 ms ago and each 10 ms since: four times.
  f.set(kernel::timespec_of(kernel::duration_of(now) - 35ms), {0, 10'000'000}, TFD_TIMER_ABSTIME);
  CHECK(f.read() == 4);
  f.machines.run_for(5ms - 1us);
  CHECK(f.read() == -EAGAIN);
  f.machines.run_for(1us);
  CHECK(f.read() == 1);
}

TEST_CASE("what is left can be asked for, and is told when a timer is set again") {
  Fixture f;
  CHECK(f.left() == std::pair(Duration(0), Duration(0)));
  f.set({2, 0}, {0, 500'000'000});
  f.machines.run_for(500ms);
  CHECK(f.left() == std::pair(Duration(1500ms), Duration(500ms)));
  f.machines.run_for(1700ms);
  CHECK(f.left() == std::pair(Duration(300ms), Duration(500ms)));
  itimerspec old{};
  CHECK(f.set({0, 0}, {}, 0, &old) == gives(0));
  CHECK(kernel::duration_of(old.it_value) == 300ms);
  CHECK(kernel::duration_of(old.it_interval) == 500ms);

  f.set({0, 1'000'000});
  f.machines.run_for(1ms);
  CHECK(f.left() == std::pair(Duration(0), Duration(0)));  // expired, and not periodic
}

TEST_CASE("times out of range are EINVAL and change nothing") {
  Fixture f;
  f.set({0, 5'000'000});
  const timespec wrong = GENERATE(values<timespec>({{0, -1}, {0, 1'000'000'000}, {-1, 0}}));
  CHECK(f.set(wrong) == fails(EINVAL));
  CHECK(f.set({1, 0}, wrong) == fails(EINVAL));
  CHECK(f.set({1, 0}, {}, 0x100) == fails(EINVAL));
  f.machines.run_for(5ms);
  CHECK(f.read() == 1);
}

TEST_CASE("absurdly late times do not overflow") {
  Fixture f;
  CHECK(f.set({std::numeric_limits<time_t>::max(), 999'999'999}) == gives(0));
  CHECK(f.set({std::numeric_limits<time_t>::max(), 0}, {}, TFD_TIMER_ABSTIME) == gives(0));
  f.machines.run_for(1h);
  CHECK_FALSE(f.ready());
  CHECK(f.set({0, 0}) == gives(0));
}

TEST_CASE("a read of fewer than eight bytes is EINVAL") {
  Fixture f;
  f.set({0, 1}, {}, TFD_TIMER_ABSTIME);
  char bytes[8];
  CHECK(f.a([&] { return ::read(f.fd, bytes, 7); }) == fails(EINVAL));
  CHECK(f.a([&] { return ::write(f.fd, bytes, 8); }) == fails(EINVAL));
  CHECK(f.read() == 1);
}

TEST_CASE("an expiry is told in the trace, caused by its arming") {
  Fixture f;
  f.set({0, 5'000'000});
  f.machines.settle();
  const auto arms = f.machines.trace.events(EventKind::arm);
  const auto expiries = f.machines.trace.events(EventKind::expire);
  REQUIRE(arms.size() == 1);
  REQUIRE(expiries.size() == 1);
  CHECK(arms[0].header.a == 5'000'000);
  CHECK(expiries[0].header.time_ns == 5'000'000);
  CHECK(expiries[0].header.subject == arms[0].header.subject);
  CHECK(expiries[0].header.cause_kind == CauseKind::arming);
  CHECK(expiries[0].header.cause == 1);
}

TEST_CASE("a closed timer does not expire") {
  Fixture f;
  f.set({0, 5'000'000});
  f.a([&] { return close(f.fd); });
  f.machines.settle();
  CHECK(f.machines.trace.events(EventKind::expire).empty());
}
