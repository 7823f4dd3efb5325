#include <poll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/timerfd.h>

#include "tests/kernel/machines.hpp"

using namespace stillpoint::test;

namespace {

// An epoll instance, and eventfds to watch.
struct Fixture {
  Machines machines;
  const Machine& a = machines.a;
  int epoll = a.epoll();  // 3

  int counter(unsigned initial = 0) {
    return static_cast<int>(a([&] { return eventfd(initial, EFD_NONBLOCK); }).value);
  }
  void write(int fd) {
    REQUIRE(a([&] { return eventfd_write(fd, 1); }) == gives(0));
  }
  void drain(int fd) {
    eventfd_t value;
    REQUIRE(a([&] { return eventfd_read(fd, &value); }) == gives(0));
  }
  Outcome add(int fd, std::uint32_t events) { return a.control(epoll, EPOLL_CTL_ADD, fd, events); }
  Outcome modify(int fd, std::uint32_t events) { return a.control(epoll, EPOLL_CTL_MOD, fd, events); }
  Outcome remove(int fd) { return a.control(epoll, EPOLL_CTL_DEL, fd, 0); }
  std::string events(int capacity = 16) { return a.events(epoll, capacity); }
};

}  // namespace

TEST_CASE("level-triggered: reported as long as it is ready") {
  Fixture f;
  const int fd = f.counter();
  CHECK(f.add(fd, EPOLLIN) == gives(0));
  CHECK(f.events() == "");
  f.write(fd);
  CHECK(f.events() == "4:IN");
  CHECK(f.events() == "4:IN");
  f.drain(fd);
  CHECK(f.events() == "");
  f.write(fd);
  CHECK(f.events() == "4:IN");
}

TEST_CASE("edge-triggered: reported once for each thing that happens") {
  Fixture f;
  const int fd = f.counter();
  CHECK(f.add(fd, EPOLLIN | EPOLLET) == gives(0));
  f.write(fd);
  CHECK(f.events() == "4:IN");
  CHECK(f.events() == "");
  f.write(fd);  // it was ready all the time, and something happened again
  f.write(fd);
  CHECK(f.events() == "4:IN");
  CHECK(f.events() == "");
  f.write(fd);
  f.drain(fd);  // an edge that has gone by the time of the look is no news
  CHECK(f.events() == "");
}

TEST_CASE("one-shot: reported once, then silent until it is armed again") {
  Fixture f;
  const int fd = f.counter();
  CHECK(f.add(fd, EPOLLIN | EPOLLONESHOT) == gives(0));
  f.write(fd);
  CHECK(f.events() == "4:IN");
  CHECK(f.events() == "");
  f.write(fd);
  CHECK(f.events() == "");
  CHECK(f.modify(fd, EPOLLIN | EPOLLONESHOT) == gives(0));
  CHECK(f.events() == "4:IN");
  CHECK(f.events() == "");
}

// Asio's interrupter writes its eventfd once and from then on only modifies it.
TEST_CASE("modifying queues a ready item again, also an edge-triggered one") {
  Fixture f;
  const int fd = f.counter(1);
  CHECK(f.add(fd, EPOLLIN | EPOLLERR | EPOLLET) == gives(0));
  CHECK(f.events() == "4:IN");
  CHECK(f.events() == "");
  for (int i = 0; i < 3; ++i) {
    CHECK(f.modify(fd, EPOLLIN | EPOLLERR | EPOLLET) == gives(0));
    CHECK(f.events() == "4:IN");
    CHECK(f.events() == "");
  }
  f.drain(fd);
  CHECK(f.modify(fd, EPOLLIN | EPOLLERR | EPOLLET) == gives(0));
  CHECK(f.events() == "");
}

TEST_CASE("adding what is ready reports it") {
  Fixture f;
  CHECK(f.add(f.counter(1), EPOLLIN | EPOLLET) == gives(0));
  CHECK(f.add(f.counter(0), EPOLLIN | EPOLLOUT) == gives(0));
  CHECK(f.events() == "4:IN, 5:OUT");
}

TEST_CASE("modifying changes what is reported, and under which name") {
  Fixture f;
  const int fd = f.counter(1);
  CHECK(f.add(fd, EPOLLIN) == gives(0));
  CHECK(f.modify(fd, EPOLLOUT) == gives(0));
  CHECK(f.events() == "4:OUT");
  CHECK(f.a([&] {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = 0xFFFFFFFF00000063;
    return epoll_ctl(f.epoll, EPOLL_CTL_MOD, fd, &event);
  }) == gives(0));
  epoll_event found{};
  CHECK(f.a([&] { return epoll_wait(f.epoll, &found, 1, 0); }) == gives(1));
  CHECK(found.data.u64 == 0xFFFFFFFF00000063);
  CHECK(found.events == EPOLLIN);
  CHECK(f.modify(fd, 0) == gives(0));
  CHECK(f.events() == "");
}

TEST_CASE("what was removed is silent, and can be added again") {
  Fixture f;
  const int fd = f.counter(1);
  CHECK(f.add(fd, EPOLLIN) == gives(0));
  CHECK(f.remove(fd) == gives(0));
  CHECK(f.events() == "");
  f.write(fd);
  CHECK(f.events() == "");
  CHECK(f.add(fd, EPOLLIN) == gives(0));
  CHECK(f.events() == "4:IN");
}

TEST_CASE("adding twice, and changing what is not there, fail") {
  Fixture f;
  const int fd = f.counter();
  CHECK(f.modify(fd, EPOLLIN) == fails(ENOENT));
  CHECK(f.remove(fd) == fails(ENOENT));
  CHECK(f.add(fd, EPOLLIN) == gives(0));
  CHECK(f.add(fd, EPOLLIN) == fails(EEXIST));
}

TEST_CASE("a call reports no more than was asked for, and the next goes on with the others") {
  Fixture f;
  for (int i = 0; i < 3; ++i) f.add(f.counter(1), EPOLLIN);
  CHECK(f.events(2) == "4:IN, 5:IN");
  CHECK(f.events(2) == "6:IN, 4:IN");
  CHECK(f.events(2) == "5:IN, 6:IN");
}

TEST_CASE("a call never reports an item twice") {
  Fixture f;
  f.add(f.counter(1), EPOLLIN);
  CHECK(f.events(16) == "4:IN");
}

TEST_CASE("items are reported in the order in which they became ready") {
  Fixture f;
  for (int i = 0; i < 3; ++i) f.add(f.counter(), EPOLLIN | EPOLLET);
  f.write(6);
  f.write(4);
  f.write(5);
  CHECK(f.events() == "6:IN, 4:IN, 5:IN");
}

TEST_CASE("errors and hang-ups are reported unasked") {
  Fixture f;
  const int fd = f.a.socket();  // unconnected: OUT and HUP, as on Linux
  CHECK(f.add(fd, 0) == gives(0));
  CHECK(f.events() == "4:HUP");
  const int oneshot = f.a.socket();
  CHECK(f.add(oneshot, EPOLLONESHOT) == gives(0));
  CHECK(f.events() == "4:HUP, 5:HUP");
  CHECK(f.events() == "4:HUP");
}

TEST_CASE("a closed descriptor leaves the interest list with its last duplicate") {
  Fixture f;
  const int fd = f.counter(1);
  f.add(fd, EPOLLIN);
  const int copy = static_cast<int>(f.a([&] { return dup(fd); }).value);
  CHECK(f.a([&] { return close(fd); }) == gives(0));
  CHECK(f.events() == "4:IN");  // epoll(7), question 6
  const int other = f.counter(1);
  CHECK(other == fd);
  CHECK(f.add(other, EPOLLIN) == gives(0));
  CHECK(f.events() == "4:IN, 4:IN");
  CHECK(f.a([&] { return close(copy); }) == gives(0));
  CHECK(f.a([&] { return close(other); }) == gives(0));
  CHECK(f.events() == "");
}

TEST_CASE("two instances watch the same descriptor independently") {
  Fixture f;
  const int second = f.a.epoll();
  const int fd = f.counter();
  f.add(fd, EPOLLIN | EPOLLET);
  CHECK(f.a.control(second, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLET) == gives(0));
  f.write(fd);
  CHECK(f.events() == "5:IN");
  CHECK(f.a.events(second) == "5:IN");
  CHECK(f.a.events(second) == "");
  CHECK(f.a([&] { return close(second); }) == gives(0));
  f.write(fd);
  CHECK(f.events() == "5:IN");
}

TEST_CASE("a socket becomes writable, readable and hung up") {
  Fixture f;
  const int listener = f.machines.b.listener(80);
  const int fd = f.a.socket();
  f.a.connect(fd, Machines::kIpOfB, 80);
  f.add(fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
  CHECK(f.events() == "");
  f.machines.settle();
  CHECK(f.events() == "4:OUT");
  const int peer = static_cast<int>(f.machines.b.accept(listener).value);
  f.machines.b.send(peer, "hello");
  f.machines.settle();
  CHECK(f.events() == "4:IN OUT");
  CHECK(f.events() == "");
  f.machines.b([&] { return close(peer); });
  f.machines.settle();
  CHECK(f.events() == "4:IN OUT RDHUP");
  f.a([&] { return shutdown(fd, SHUT_WR); });
  CHECK(f.events() == "4:IN OUT HUP RDHUP");
}

TEST_CASE("room in a send buffer that was only looked at is reported") {
  Fixture f;
  const auto pair = f.machines.connected();
  const std::string large(64 * 1024, 'x');
  while (f.a.send(pair.of_a, large).error == 0) f.add(pair.of_a, EPOLLOUT | EPOLLET);
  f.events();
  f.machines.settle();
  CHECK(f.events() == std::to_string(pair.of_a) + ":OUT");  // acknowledged, though not read: the window ends it
}

TEST_CASE("waiting would block a driven host: it is refused") {
  Fixture f;
  static epoll_event event;
  const int epoll = f.epoll;
  CHECK_THAT(f.a.refusal([epoll] { return epoll_wait(epoll, &event, 1, -1); }),
             Catch::StartsWith("epoll_wait (it would block"));
  CHECK_THAT(f.a.refusal([epoll] { return epoll_wait(epoll, &event, 1, 5); }),
             Catch::StartsWith("epoll_wait (it would block"));
  f.add(f.counter(1), EPOLLIN);
  CHECK(f.a([&] { return epoll_wait(epoll, &event, 1, -1); }) == gives(1));
  CHECK(f.a([&] { return epoll_pwait(epoll, &event, 1, -1, nullptr); }) == gives(1));
}
