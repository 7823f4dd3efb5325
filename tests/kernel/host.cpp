// Turns of a host on its virtual CPU.
#include "sim-core/kernel/host.hpp"

#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <functional>

#include "tests/kernel/machines.hpp"

using namespace stillpoint;
using namespace stillpoint::test;

namespace {

// A process that does in each turn what the test says, and notes when.
struct Scripted final : kernel::Process {
  explicit Scripted(std::function<bool(int turn)> script) : turn_(std::move(script)) {}
  bool step() override {
    times.push_back(kernel::current_host->kernel().queue.now().time_since_epoch());
    return turn_(static_cast<int>(times.size()));
  }
  std::vector<Duration> times;

 private:
  std::function<bool(int)> turn_;
};

struct Fixture {
  explicit Fixture(Duration cost)
      : kernel(trace.writer, 1, Machine::refuse),
        host(kernel.add_host({.name = "a", .role = "test", .address = {0x0A000001}, .slice_cost = cost})) {}
  void run_until(Duration end) {
    while (!kernel.queue.empty() && kernel.queue.next_time() <= VirtualTime(end)) kernel.queue.pop().fire();
  }
  MemoryTrace trace;
  kernel::Kernel kernel;
  kernel::Host& host;
};

}  // namespace

TEST_CASE("a slice costs its time before it runs, and the next follows at its cost") {
  Fixture f(10us);
  Scripted process([](int turn) { return turn < 3; });
  f.host.boot(process);
  f.run_until(1s);
  CHECK(process.times == std::vector<Duration>{10us, 20us, 30us});
  const auto slices = f.trace.events(EventKind::slice);
  REQUIRE(slices.size() == 3);
  CHECK(slices[0].header.cause == 1);  // the boot
  CHECK(slices[1].header.cause == 2);  // its own first slice
  CHECK(slices[1].header.cause_kind == CauseKind::wakeup);
  CHECK(slices[1].header.subject == 2);
  CHECK(slices[1].header.a == 10'000);
}

TEST_CASE("a host that costs nothing takes its turns in one slice") {
  Fixture f(0us);
  Scripted process([](int turn) { return turn < 5; });
  f.host.boot(process);
  f.run_until(1s);
  CHECK(process.times == std::vector<Duration>(5, Duration(0)));
  CHECK(f.trace.events(EventKind::slice).size() == 1);
  CHECK(f.kernel.turns == 5);
}

TEST_CASE("an endless loop that costs nothing still lets others run") {
  Fixture f(0us);
  Scripted process([](int) { return true; });
  f.host.boot(process);
  f.kernel.queue.pop().fire();
  CHECK(process.times.size() == 1'000);
  CHECK(f.kernel.queue.size() == 1);
}

TEST_CASE("being woken twice makes one slice, and being woken while running one more") {
  Fixture f(10us);
  Scripted process([&](int turn) {
    if (turn == 2) f.host.wake(kNoEvent);
    return false;
  });
  f.host.boot(process);
  f.host.wake(kNoEvent);
  f.host.wake(kNoEvent);
  f.run_until(1s);
  CHECK(process.times == std::vector<Duration>{10us});
  f.host.wake(kNoEvent);
  f.run_until(1s);
  CHECK(process.times == std::vector<Duration>{10us, 20us, 30us});
}

TEST_CASE("what a host waits for wakes it, with its cause") {
  Fixture f(5us);
  Scripted process([](int turn) {
    if (turn == 1) {
      const int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
      const int epoll = epoll_create1(0);
      epoll_event event{};
      event.events = EPOLLIN | EPOLLET;
      epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event);
      const itimerspec spec{{}, {0, 1'000'000}};
      timerfd_settime(timer, 0, &spec, nullptr);
    }
    return false;
  });
  f.host.boot(process);
  f.run_until(1s);
  CHECK(process.times == std::vector<Duration>{5us, 1ms + 10us});  // armed at 5 us, and the slice's own 5 us
  CHECK(f.trace.events(EventKind::slice).back().header.cause == f.trace.writer.last_event() - 1);
  CHECK(f.trace.events(EventKind::expire).size() == 1);
}

TEST_CASE("time that a slice spent spinning delays its next one") {
  Fixture f(5us);
  Scripted process([](int turn) {
    timespec now;
    for (int i = 0; turn == 1 && i < 1'100; ++i) clock_gettime(CLOCK_MONOTONIC, &now);
    return turn < 2;
  });
  f.host.boot(process);
  f.run_until(1s);
  CHECK(process.times == std::vector<Duration>{5us, 110us});  // 100 us of spinning, and 5 us for the slice
}

TEST_CASE("what is not booted is never run") {
  Fixture f(5us);
  f.host.wake(kNoEvent);
  CHECK(f.kernel.queue.empty());
}

TEST_CASE("a host that dies with everything open leaves nothing") {
  Machines machines;
  machines.connected();
  machines.a.send(machines.a.socket(), "x");
  const int timer = static_cast<int>(machines.a([] { return timerfd_create(CLOCK_MONOTONIC, 0); }).value);
  const itimerspec spec{{1, 0}, {1, 0}};
  machines.a([&] { return timerfd_settime(timer, 0, &spec, nullptr); });
  machines.a.connect(machines.a.socket(), Machines::kIpOfB, 81);  // its SYN is on its way
}
