// Datagram sockets between two hosts, as their programs see them.
#include <cstring>

#include "tests/kernel/machines.hpp"

using namespace stillpoint;
using namespace stillpoint::test;

namespace {

int udp(const Machine& machine) {
  return static_cast<int>(machine([] { return socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0); }).value);
}
int bound(const Machine& machine, std::uint32_t ip, int port) {
  const int fd = udp(machine);
  const sockaddr_in address = address_of(ip, port);
  REQUIRE(machine([&] { return bind(fd, generic(address), sizeof address); }) == gives(0));
  return fd;
}
Outcome send_to(const Machine& machine, int fd, std::string_view bytes, std::uint32_t ip, int port) {
  const sockaddr_in address = address_of(ip, port);
  return machine([&] { return sendto(fd, bytes.data(), bytes.size(), 0, generic(address), sizeof address); });
}
Outcome set(const Machine& machine, int fd, int level, int name, int value) {
  return machine([&] { return setsockopt(fd, level, name, &value, sizeof value); });
}
// "bytes from the host's last number".
std::string receive_from(const Machine& machine, int fd) {
  char bytes[100];
  sockaddr_in from{};
  socklen_t length = sizeof from;
  const Outcome got = machine([&] { return recvfrom(fd, bytes, sizeof bytes, 0, generic(from), &length); });
  if (got.error != 0) return strerrorname_np(got.error);
  return std::string(bytes, static_cast<std::size_t>(got.value)) + " from " +
         std::to_string(ntohl(from.sin_addr.s_addr) & 0xFF);
}

}  // namespace

TEST_CASE("a datagram crosses from one host to the other, whatever address it was bound to") {
  Machines machines;
  const int server = bound(machines.b, INADDR_ANY, 9);
  const int specific = bound(machines.b, Machines::kIpOfB, 10);
  const int local = bound(machines.b, INADDR_LOOPBACK, 11);
  const int user = udp(machines.a);
  for (const int port : {9, 10, 11}) CHECK(send_to(machines.a, user, "x", Machines::kIpOfB, port) == gives(1));
  machines.settle();
  CHECK(receive_from(machines.b, server) == "x from 1");
  CHECK(receive_from(machines.b, specific) == "x from 1");
  CHECK(receive_from(machines.b, local) == "EAGAIN");
}

TEST_CASE("a host's own address leads back to itself, and shows as the source") {
  Machines machines;
  const int server = bound(machines.b, INADDR_ANY, 9);
  const int user = udp(machines.b);
  send_to(machines.b, user, "own", Machines::kIpOfB, 9);
  send_to(machines.b, user, "loopback", INADDR_LOOPBACK, 9);
  machines.settle();
  CHECK(receive_from(machines.b, server) == "own from 2");
  CHECK(receive_from(machines.b, server) == "loopback from 1");
}

TEST_CASE("without a choice of its own, a socket joins and sends by the network card") {
  Machines machines;
  const std::uint32_t group = 0xEF010203;
  const int of_a = bound(machines.a, INADDR_ANY, 9);
  const int of_b = bound(machines.b, INADDR_ANY, 9);
  const auto join = [&](const Machine& machine, int fd) {
    ip_mreq request{};
    request.imr_multiaddr.s_addr = htonl(group);
    return machine([&] { return setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof request); });
  };
  CHECK(join(machines.a, of_a) == gives(0));
  CHECK(join(machines.b, of_b) == gives(0));
  const int user = udp(machines.a);
  CHECK(send_to(machines.a, user, "all", group, 9) == gives(3));
  CHECK(set(machines.a, user, IPPROTO_IP, IP_MULTICAST_LOOP, 0) == gives(0));
  CHECK(send_to(machines.a, user, "others", group, 9) == gives(6));
  CHECK(set(machines.a, user, IPPROTO_IP, IP_MULTICAST_LOOP, 1) == gives(0));
  CHECK(set(machines.a, user, IPPROTO_IP, IP_MULTICAST_TTL, 0) == gives(0));
  CHECK(send_to(machines.a, user, "mine", group, 9) == gives(4));
  machines.settle();
  CHECK(receive_from(machines.a, of_a) == "all from 1");
  CHECK(receive_from(machines.a, of_a) == "mine from 1");
  CHECK(receive_from(machines.a, of_a) == "EAGAIN");
  CHECK(receive_from(machines.b, of_b) == "all from 1");
  CHECK(receive_from(machines.b, of_b) == "others from 1");
  CHECK(receive_from(machines.b, of_b) == "EAGAIN");
}

TEST_CASE("a limited broadcast comes to every host, the sender too") {
  Machines machines;
  const int of_a = bound(machines.a, INADDR_ANY, 9);
  const int of_b = bound(machines.b, INADDR_ANY, 9);
  CHECK(send_to(machines.a, of_a, "x", INADDR_BROADCAST, 9) == fails(EACCES));
  CHECK(set(machines.a, of_a, SOL_SOCKET, SO_BROADCAST, 1) == gives(0));
  CHECK(send_to(machines.a, of_a, "x", INADDR_BROADCAST, 9) == gives(1));
  machines.settle();
  CHECK(receive_from(machines.a, of_a) == "x from 1");
  CHECK(receive_from(machines.b, of_b) == "x from 1");
}

TEST_CASE("a host whose process has ended refuses") {
  Machines machines;
  bound(machines.b, INADDR_ANY, 9);
  const int user = udp(machines.a);
  const sockaddr_in to = address_of(Machines::kIpOfB, 9);
  CHECK(machines.a([&] { return connect(user, generic(to), sizeof to); }) == gives(0));
  CHECK(machines.a.send(user, "x") == gives(1));
  machines.settle();
  CHECK(machines.a.receive(user) == "EAGAIN");
  machines.b.host.descriptors.close_all();
  CHECK(machines.a.send(user, "x") == gives(1));
  machines.settle();
  CHECK(machines.a.receive(user) == "ECONNREFUSED");
}

TEST_CASE("what was read last is the delivery that brought it") {
  Machines machines;
  const int server = bound(machines.b, INADDR_ANY, 9);
  send_to(machines.a, udp(machines.a), "x", Machines::kIpOfB, 9);
  machines.settle();
  CHECK(receive_from(machines.b, server) == "x from 1");
  const auto records = machines.trace.records();
  EventId event = 0;
  EventId delivery = 0;
  for (const Entry& record : records) {
    if (record.header.type != RecordType::event) continue;
    ++event;
    if (record.kind() == EventKind::deliver) delivery = event;
  }
  CHECK(machines.b.host.last_read == delivery);
}

// raw(7), packet(7), icmp(7): what a user without privileges is told.
TEST_CASE("raw, packet and ping sockets are for the privileged") {
  Machines machines;
  const Machine& a = machines.a;
  CHECK(a([] { return socket(AF_INET, SOCK_RAW, IPPROTO_UDP); }) == fails(EPERM));
  CHECK(a([] { return socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6); }) == fails(EPERM));
  CHECK(a([] { return socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP); }) == fails(EACCES));
  CHECK(a([] { return socket(AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6); }) == fails(EACCES));
  CHECK(a([] { return socket(AF_PACKET, SOCK_RAW, 0); }) == fails(EPERM));
  CHECK(a([] { return socket(AF_INET, SOCK_PACKET, 0); }) == fails(EPERM));
}

TEST_CASE("a host may use all its ephemeral ports, and no more") {
  Machines machines(1, 40'000);
  const sockaddr_in any = address_of(INADDR_ANY, 0);
  int last = -1;
  for (int i = 0; i < 60'999 - 32'768 + 1; ++i) {
    last = udp(machines.a);
    if (machines.a([&] { return bind(last, generic(any), sizeof any); }) != gives(0)) FAIL("after " << i);
  }
  const int more = udp(machines.a);
  CHECK(machines.a([&] { return bind(more, generic(any), sizeof any); }) == fails(EADDRINUSE));
  CHECK(send_to(machines.a, more, "x", Machines::kIpOfB, 9) == fails(EAGAIN));
  CHECK(machines.a([&] { return close(last); }) == gives(0));
  CHECK(machines.a([&] { return bind(more, generic(any), sizeof any); }) == gives(0));
}

TEST_CASE("what is not served of datagrams stops the run") {
  Machines machines;
  const Machine& a = machines.a;
  static int fd;
  fd = bound(a, INADDR_ANY, 9);
  static int one = 1;
  CHECK(a.refusal([] { return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, &one, sizeof one); }) ==
        "setsockopt (option 25 of level 1)");
  CHECK(a.refusal([] { return setsockopt(fd, IPPROTO_IP, IP_RECVERR, &one, sizeof one); }) ==
        "setsockopt (option 11 of level 0)");
  CHECK(a.refusal([] { return setsockopt(fd, IPPROTO_UDP, 103, &one, sizeof one); }) ==
        "setsockopt (option 103 of level 17)");
  CHECK(a.refusal([] { return send(fd, &one, 1, MSG_MORE); }) == "send (flags 0x8000)");
}
