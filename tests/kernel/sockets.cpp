#include <netinet/tcp.h>
#include <poll.h>
#include <sys/uio.h>

#include "tests/kernel/machines.hpp"

using namespace stillpoint;
using namespace stillpoint::test;

namespace {

using Name = int (*)(int, sockaddr*, socklen_t*);

// "10.0.0.1:80", or the name of the errno.
std::string name_of(const Machine& machine, Name get, int fd) {
  sockaddr_in address{};
  socklen_t length = sizeof address;
  const Outcome outcome = machine([&] { return get(fd, generic(address), &length); });
  if (outcome.error != 0) return strerrorname_np(outcome.error);
  CHECK(length == sizeof address);
  CHECK(address.sin_family == AF_INET);
  return net::to_string({ntohl(address.sin_addr.s_addr)}) + ':' + std::to_string(ntohs(address.sin_port));
}
std::string local(const Machine& machine, int fd) { return name_of(machine, getsockname, fd); }
std::string remote(const Machine& machine, int fd) { return name_of(machine, getpeername, fd); }

Outcome bind_to(const Machine& machine, int fd, std::uint32_t ip, int port) {
  return machine([&] {
    const sockaddr_in address = address_of(ip, port);
    return bind(fd, generic(address), sizeof address);
  });
}
std::string ready(const Machine& machine, int fd) {
  pollfd entry{fd, POLLIN | POLLOUT | POLLRDHUP, 0};
  machine([&] { return poll(&entry, 1, 0); });
  return event_names(static_cast<std::uint32_t>(entry.revents));
}
int pending_error(const Machine& machine, int fd) {
  int error = -1;
  socklen_t length = sizeof error;
  machine([&] { return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length); });
  return error;
}

}  // namespace

TEST_CASE("sockets know both of their ends") {
  Machines machines;
  const auto [of_a, of_b, listener] = machines.connected();
  CHECK(local(machines.b, listener) == "0.0.0.0:80");
  CHECK(remote(machines.b, listener) == "ENOTCONN");
  CHECK(local(machines.a, of_a) == "10.0.0.1:32768");
  CHECK(remote(machines.a, of_a) == "10.0.0.2:80");
  CHECK(local(machines.b, of_b) == "10.0.0.2:80");
  CHECK(remote(machines.b, of_b) == "10.0.0.1:32768");

  const int fresh = machines.a.socket();
  CHECK(local(machines.a, fresh) == "0.0.0.0:0");
  CHECK(remote(machines.a, fresh) == "ENOTCONN");
}

TEST_CASE("an address that is cut short tells its full length") {
  Machines machines;
  const auto pair = machines.connected();
  unsigned char bytes[sizeof(sockaddr_in)];
  std::memset(bytes, 0xEE, sizeof bytes);
  socklen_t length = 4;
  CHECK(machines.a([&] { return getpeername(pair.of_a, reinterpret_cast<sockaddr*>(bytes), &length); }) == gives(0));
  CHECK(length == sizeof(sockaddr_in));
  CHECK(bytes[3] == 80);
  CHECK(bytes[4] == 0xEE);
}

TEST_CASE("accepting tells who connected") {
  Machines machines;
  const int listener = machines.b.listener(80);
  machines.a.connect(machines.a.socket(), Machines::kIpOfB, 80);
  CHECK(machines.b.accept(listener) == fails(EAGAIN));
  machines.settle();
  sockaddr_in address{};
  socklen_t length = sizeof address;
  CHECK(machines.b([&] { return accept(listener, generic(address), &length); }).error == 0);
  CHECK(ntohl(address.sin_addr.s_addr) == Machines::kIpOfA);
  CHECK(ntohs(address.sin_port) == 32768);
}

TEST_CASE("what is accepted does not block if it was asked not to") {
  Machines machines;
  const int listener = machines.b.listener(80);
  machines.a.connect(machines.a.socket(), Machines::kIpOfB, 80);
  machines.settle();
  const int fd = static_cast<int>(machines.b([&] { return accept(listener, nullptr, nullptr); }).value);
  // Nothing is inherited from the listener (accept(2)).
  CHECK_THAT(machines.b.refusal([fd] {
    static char byte;
    return recv(fd, &byte, 1, 0);
  }),
             Catch::StartsWith("recv (it would block"));
  CHECK(machines.b.receive(fd, 1, MSG_DONTWAIT) == "EAGAIN");
}

TEST_CASE("a connect reports its course") {
  Machines machines;
  const int listener = machines.b.listener(80);
  static_cast<void>(listener);
  const int fd = machines.a.socket();
  CHECK(ready(machines.a, fd) == "OUT HUP");
  CHECK(machines.a.connect(fd, Machines::kIpOfB, 80) == fails(EINPROGRESS));
  CHECK(ready(machines.a, fd) == "");
  CHECK(remote(machines.a, fd) == "ENOTCONN");
  CHECK(machines.a.connect(fd, Machines::kIpOfB, 80) == fails(EALREADY));
  machines.settle();
  CHECK(ready(machines.a, fd) == "OUT");
  CHECK(pending_error(machines.a, fd) == 0);
  CHECK(machines.a.connect(fd, Machines::kIpOfB, 80) == gives(0));
  CHECK(machines.a.connect(fd, Machines::kIpOfB, 80) == fails(EISCONN));
}

TEST_CASE("a refused connect has an error to fetch, once") {
  Machines machines;
  const int fd = machines.a.socket();
  machines.a.connect(fd, Machines::kIpOfB, 81);
  machines.settle();
  CHECK(ready(machines.a, fd) == "IN OUT ERR HUP RDHUP");
  SECTION("by SO_ERROR") {
    CHECK(pending_error(machines.a, fd) == ECONNREFUSED);
    CHECK(pending_error(machines.a, fd) == 0);
    CHECK(ready(machines.a, fd) == "IN OUT HUP RDHUP");
  }
  SECTION("by reading") {
    CHECK(machines.a.receive(fd) == "ECONNREFUSED");
    CHECK(machines.a.receive(fd) == "");
  }
  SECTION("by connecting again") { CHECK(machines.a.connect(fd, Machines::kIpOfB, 81) == fails(ECONNREFUSED)); }
}

TEST_CASE("to nobody, a connect times out after 127 seconds") {
  Machines machines;
  const int fd = machines.a.socket();
  machines.a.connect(fd, 0x0A0000FF, 80);
  machines.run_for(127s - 1us);
  CHECK(ready(machines.a, fd) == "");
  machines.run_for(1us);
  CHECK(pending_error(machines.a, fd) == ETIMEDOUT);
}

TEST_CASE("a host reaches itself, by loopback, by its address and by any address") {
  Machines machines;
  const Machine& a = machines.a;
  const int listener = a.listener(9000);
  const std::uint32_t ip = GENERATE(as<std::uint32_t>(), 0x7F000001, 0x7F000009, 0x0A000001, 0);
  const int fd = a.socket();
  CHECK(a.connect(fd, ip, 9000) == fails(EINPROGRESS));
  machines.settle();
  const Outcome accepted = a.accept(listener);
  REQUIRE(accepted.error == 0);
  a.send(fd, "myself");
  machines.settle();
  CHECK(a.receive(static_cast<int>(accepted.value)) == "myself");
}

TEST_CASE("addresses are bound once, and only the host's own") {
  Machines machines;
  const Machine& a = machines.a;
  const int fd = a.socket();
  CHECK(bind_to(a, fd, INADDR_ANY, 7000) == gives(0));
  CHECK(bind_to(a, fd, INADDR_ANY, 7001) == fails(EINVAL));
  CHECK(bind_to(a, a.socket(), INADDR_ANY, 7000) == fails(EADDRINUSE));
  CHECK(bind_to(a, a.socket(), Machines::kIpOfB, 7002) == fails(EADDRNOTAVAIL));
  const int any = a.socket();
  CHECK(bind_to(a, any, Machines::kIpOfA, 0) == gives(0));
  CHECK(local(a, any) == "10.0.0.1:32768");
  a([&] { return close(fd); });
  CHECK(bind_to(a, a.socket(), INADDR_ANY, 7000) == gives(0));
}

TEST_CASE("addresses of another family, or too short, are refused") {
  Machines machines;
  const Machine& a = machines.a;
  const int fd = a.socket();
  sockaddr_in address = address_of(INADDR_ANY, 80);
  CHECK(a([&] { return bind(fd, generic(address), 8); }) == fails(EINVAL));
  CHECK(a([&] { return bind(fd, generic(address), 1); }) == fails(EINVAL));
  address.sin_family = AF_INET6;
  CHECK(a([&] { return bind(fd, generic(address), sizeof address); }) == fails(EAFNOSUPPORT));
  CHECK(a([] { return socket(AF_INET, SOCK_STREAM, IPPROTO_UDP); }) == fails(EPROTONOSUPPORT));
}

TEST_CASE("a socket that is used one way cannot be used another") {
  Machines machines;
  const auto [of_a, of_b, listener] = machines.connected();
  CHECK(machines.b.connect(listener, Machines::kIpOfA, 80) == fails(EISCONN));
  CHECK(machines.a([fd = of_a] { return listen(fd, 1); }) == fails(EINVAL));
  CHECK(machines.a([fd = of_a] { return accept(fd, nullptr, nullptr); }) == fails(EINVAL));
  CHECK(machines.a.connect(of_a, Machines::kIpOfB, 80) == gives(0));
  CHECK(machines.b.connect(of_b, Machines::kIpOfA, 80) == fails(EISCONN));
  CHECK(machines.b.receive(listener) == "ENOTCONN");
  CHECK(machines.b.send(listener, "x") == fails(EPIPE));
}

TEST_CASE("what is not connected carries nothing") {
  Machines machines;
  const int fd = machines.a.socket();
  CHECK(machines.a.send(fd, "x") == fails(EPIPE));
  CHECK(machines.a.receive(fd) == "ENOTCONN");
  CHECK(machines.a([&] { return shutdown(fd, SHUT_WR); }) == fails(ENOTCONN));
}

TEST_CASE("listening without a bound address takes an ephemeral port") {
  Machines machines;
  const int fd = machines.b.socket();
  CHECK(machines.b([&] { return listen(fd, 1); }) == gives(0));
  CHECK(local(machines.b, fd) == "0.0.0.0:32768");
  CHECK(machines.b([&] { return listen(fd, 5); }) == gives(0));
  const int user = machines.a.socket();
  machines.a.connect(user, Machines::kIpOfB, 32768);
  machines.settle();
  CHECK(machines.b.accept(fd).error == 0);
}

TEST_CASE("the ways to send and to receive are one stream") {
  Machines machines;
  const auto pair = machines.connected();
  const Machine& a = machines.a;
  const Machine& b = machines.b;
  const auto send_all = [&] {
    CHECK(a.send(pair.of_a, "send ") == gives(5));
    CHECK(a([&] { return write(pair.of_a, "write ", 6); }) == gives(6));
    CHECK(a([&] { return sendto(pair.of_a, "sendto ", 7, 0, nullptr, 0); }) == gives(7));
    char one[] = "one ", two[] = "two";
    iovec parts[] = {{one, 4}, {nullptr, 0}, {two, 3}};
    CHECK(a([&] { return writev(pair.of_a, parts, 3); }) == gives(7));
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = 3;
    CHECK(a([&] { return sendmsg(pair.of_a, &message, MSG_NOSIGNAL); }) == gives(7));
    machines.settle();
  };
  send_all();
  CHECK(b.receive(pair.of_b) == "send write sendto one twoone two");

  send_all();
  char text[40] = {};
  CHECK(b([&] { return read(pair.of_b, text, 5); }) == gives(5));
  CHECK(std::string(text) == "send ");
  iovec parts[] = {{text, 6}, {text + 6, 7}};
  CHECK(b([&] { return readv(pair.of_b, parts, 2); }) == gives(13));
  CHECK(std::string(text, 13) == "write sendto ");
  socklen_t length = 16;
  CHECK(b([&] { return recvfrom(pair.of_b, text, 4, MSG_PEEK, nullptr, &length); }) == gives(4));
  CHECK(length == 16);  // without an address nothing is said of its length
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  message.msg_flags = 99;
  CHECK(b([&] { return recvmsg(pair.of_b, &message, 0); }) == gives(13));
  CHECK(message.msg_flags == 0);
  CHECK(std::string(text, 13) == "one twoone tw");
  CHECK(b.receive(pair.of_b) == "o");
  CHECK(b.receive(pair.of_b) == "EAGAIN");
}

TEST_CASE("a program that would die of SIGPIPE stops the run") {
  Machines machines;
  const auto pair = machines.connected();
  machines.a([&] { return shutdown(pair.of_a, SHUT_WR); });
  CHECK(machines.a.send(pair.of_a, "x") == fails(EPIPE));
  const int fd = pair.of_a;
  CHECK(machines.a.refusal([fd] { return send(fd, "x", 1, 0); }) == "send (SIGPIPE would be delivered)");
  CHECK(machines.a.refusal([fd] { return write(fd, "x", 1); }) == "write (SIGPIPE would be delivered)");
}

TEST_CASE("closing the last duplicate closes the connection") {
  Machines machines;
  const auto pair = machines.connected();
  const int copy = static_cast<int>(machines.a([&] { return dup(pair.of_a); }).value);
  machines.a([&] { return close(pair.of_a); });
  machines.settle();
  CHECK(machines.b.receive(pair.of_b) == "EAGAIN");
  machines.a.send(copy, "still here");
  machines.settle();
  CHECK(machines.b.receive(pair.of_b) == "still here");
  machines.a([&] { return close(copy); });
  machines.settle();
  CHECK(machines.b.receive(pair.of_b) == "");
}

TEST_CASE("poll looks at several descriptors, and tells what is none") {
  Machines machines;
  const auto pair = machines.connected();
  machines.b.send(pair.of_b, "x");
  machines.settle();
  pollfd entries[] = {
      {pair.of_a, POLLIN, 0}, {-1, POLLIN, 7}, {99, POLLIN, 0}, {pair.of_a, POLLOUT, 0}, {pair.of_a, 0, 0}};
  CHECK(machines.a([&] { return poll(entries, 5, 0); }) == gives(3));
  CHECK(entries[0].revents == POLLIN);
  CHECK(entries[1].revents == 0);
  CHECK(entries[2].revents == POLLNVAL);
  CHECK(entries[3].revents == POLLOUT);
  CHECK(entries[4].revents == 0);
  CHECK(machines.a([] { return poll(nullptr, 0, 0); }) == gives(0));
  static pollfd silent;
  silent = {machines.b.listener(81), POLLIN, 0};
  CHECK_THAT(machines.b.refusal([] { return poll(&silent, 1, -1); }), Catch::StartsWith("poll (it would block"));
}

TEST_CASE("what a blocking call would wait for is refused") {
  Machines machines;
  const int fd = static_cast<int>(machines.a([] { return socket(AF_INET, SOCK_STREAM, 0); }).value);
  CHECK_THAT(machines.a.refusal([fd] {
    const sockaddr_in address = address_of(Machines::kIpOfB, 80);
    return connect(fd, generic(address), sizeof address);
  }),
             Catch::StartsWith("connect (it would block"));
}

TEST_CASE("after a refusal the same socket connects again, from a port of its own or the one it was bound to") {
  Machines machines;
  const Machine& a = machines.a;
  const int listener = machines.b.listener(80);
  const bool bound = GENERATE(false, true);
  const int fd = a.socket();
  if (bound) CHECK(bind_to(a, fd, INADDR_ANY, 7000) == gives(0));
  a.connect(fd, Machines::kIpOfB, 81);
  machines.settle();
  CHECK(a.connect(fd, Machines::kIpOfB, 80) == fails(ECONNREFUSED));
  // The port that it gave up is shown until there is another one, as on Linux.
  CHECK(local(a, fd) == (bound ? "0.0.0.0:7000" : "0.0.0.0:32768"));
  CHECK(machines.kernel.tcp.connections() == 0);
  CHECK(a.connect(fd, Machines::kIpOfB, 80) == fails(EINPROGRESS));
  machines.settle();
  CHECK(machines.b.accept(listener).error == 0);
  CHECK(local(a, fd) == (bound ? "10.0.0.1:7000" : "10.0.0.1:32769"));
}
