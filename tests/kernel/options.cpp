#include <netinet/tcp.h>

#include "tests/kernel/machines.hpp"

using namespace stillpoint::test;

namespace {

Outcome set(const Machine& machine, int fd, int level, int name, int value) {
  return machine([&] { return setsockopt(fd, level, name, &value, sizeof value); });
}
int get(const Machine& machine, int fd, int level, int name) {
  int value = -1;
  socklen_t length = sizeof value;
  const Outcome outcome = machine([&] { return getsockopt(fd, level, name, &value, &length); });
  return outcome.error != 0 ? -outcome.error : value;
}

}  // namespace

TEST_CASE("a socket says what it is") {
  Machines machines;
  const Machine& a = machines.a;
  const int fd = a.socket();
  CHECK(get(a, fd, SOL_SOCKET, SO_TYPE) == SOCK_STREAM);
  CHECK(get(a, fd, SOL_SOCKET, SO_DOMAIN) == AF_INET);
  CHECK(get(a, fd, SOL_SOCKET, SO_PROTOCOL) == IPPROTO_TCP);
  CHECK(get(a, fd, SOL_SOCKET, SO_ACCEPTCONN) == 0);
  CHECK(get(a, a.listener(80), SOL_SOCKET, SO_ACCEPTCONN) == 1);
}

TEST_CASE("flags are off, can be set, and are read back as 0 or 1") {
  Machines machines;
  const Machine& a = machines.a;
  const int fd = a.socket();
  const auto [level, name] = GENERATE(table<int, int>({{SOL_SOCKET, SO_REUSEADDR},
                                                       {SOL_SOCKET, SO_REUSEPORT},
                                                       {SOL_SOCKET, SO_KEEPALIVE},
                                                       {SOL_SOCKET, SO_BROADCAST},
                                                       {SOL_SOCKET, SO_DONTROUTE},
                                                       {SOL_SOCKET, SO_OOBINLINE},
                                                       {IPPROTO_TCP, TCP_NODELAY}}));
  CHECK(get(a, fd, level, name) == 0);
  CHECK(set(a, fd, level, name, 7) == gives(0));
  CHECK(get(a, fd, level, name) == 1);
  CHECK(set(a, fd, level, name, 0) == gives(0));
  CHECK(get(a, fd, level, name) == 0);
}

// socket(7): the kernel doubles the value, and has a smallest one.
TEST_CASE("buffer sizes are doubled, bounded, and inherited by what a listener accepts") {
  Machines machines;
  const Machine& b = machines.b;
  const int listener = b.listener(80);
  CHECK(set(b, listener, SOL_SOCKET, SO_RCVBUF, 10'000) == gives(0));
  CHECK(get(b, listener, SOL_SOCKET, SO_RCVBUF) == 20'000);
  CHECK(set(b, listener, SOL_SOCKET, SO_SNDBUF, 1) == gives(0));
  CHECK(get(b, listener, SOL_SOCKET, SO_SNDBUF) == 4608);
  CHECK(set(b, listener, IPPROTO_TCP, TCP_NODELAY, 1) == gives(0));

  const int of_a = machines.a.socket();
  machines.a.connect(of_a, Machines::kIpOfB, 80);
  machines.settle();
  const int of_b = static_cast<int>(b.accept(listener).value);
  CHECK(get(b, of_b, SOL_SOCKET, SO_RCVBUF) == 20'000);
  CHECK(get(b, of_b, IPPROTO_TCP, TCP_NODELAY) == 1);
  machines.a.send(of_a, std::string(50'000, 'x'));
  machines.settle();
  CHECK(b.receive(of_b, 100'000).size() == 20'000);
  CHECK(b.send(of_b, std::string(50'000, 'x')) == gives(4608));
}

TEST_CASE("too short a value is EINVAL, and a short place is filled in part") {
  Machines machines;
  const int fd = machines.a.socket();
  int value = 1;
  CHECK(machines.a([&] { return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &value, 3); }) == fails(EINVAL));
  socklen_t length = 1;
  value = 0x7F7F7F7F;
  CHECK(machines.a([&] { return getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &length); }) == gives(0));
  CHECK(length == 1);
  CHECK(value == 0x7F7F7F00 + SOCK_STREAM);
}

TEST_CASE("options that are not modelled are refused by name") {
  Machines machines;
  const int fd = machines.a.socket();
  static int value = 1;
  static socklen_t length = sizeof value;
  CHECK(machines.a.refusal([fd] { return setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, &value, sizeof value); }) ==
        "setsockopt (option 23 of level 6)");
  CHECK(machines.a.refusal([fd] { return setsockopt(fd, SOL_SOCKET, SO_BUSY_POLL, &value, sizeof value); }) ==
        "setsockopt (option 46 of level 1)");
  CHECK(machines.a.refusal([fd] { return setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &value, sizeof value); }) ==
        "setsockopt (option 15 of level 0)");
  CHECK(machines.a.refusal([fd] { return getsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, &value, &length); }) ==
        "getsockopt (option 23 of level 6)");
}
