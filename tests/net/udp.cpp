// UDP over links: order, loss, duplicates, refusals, groups, and what the trace says of it.
#include "sim-core/net/udp.hpp"

#include <sys/epoll.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>
#include <new>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/net/hosts.hpp"

using namespace stillpoint;
using namespace stillpoint::net;
using namespace std::chrono_literals;
using stillpoint::test::Descriptor;
using stillpoint::test::Hosts;

namespace {

std::size_t allocations = 0;

constexpr HostId kA = Hosts::kA, kB = Hosts::kB, kC = Hosts::kC;

std::string numbers(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += (i == 0 ? "" : " ") + std::to_string(i);
  return text;
}

}  // namespace

// Counts what this test program allocates: the steady state must not.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* place = std::malloc(size)) return place;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size);
}
[[gnu::noinline]] void operator delete(void* place) noexcept { std::free(place); }
[[gnu::noinline]] void operator delete(void* place, std::size_t) noexcept { std::free(place); }

TEST_CASE("a datagram takes the link's latency, and the trace tells of its way") {
  Hosts hosts;
  hosts.send(kA, kB, "hello");
  hosts.run_for(999us);
  CHECK(hosts.take_all(kB).empty());
  hosts.run_for(1us);
  CHECK(hosts.descriptors[kB].told == EPOLLIN);
  const Datagram* datagram = hosts.endpoints[kB]->front();
  REQUIRE(datagram != nullptr);
  CHECK(datagram->header.source == Hosts::at(kA));
  CHECK(hosts.take_all(kB) == "hello");

  const auto sends = hosts.trace.events(EventKind::send);
  const auto deliveries = hosts.trace.events(EventKind::deliver);
  REQUIRE(sends.size() == 1);
  REQUIRE(deliveries.size() == 1);
  CHECK(sends[0].segment() == Segment::datagram);
  CHECK(sends[0].payload == "hello");
  CHECK(sends[0].header.b == 5);
  CHECK(sends[0].header.host == kA);
  CHECK(deliveries[0].segment() == Segment::datagram);
  CHECK(deliveries[0].payload.empty());
  CHECK(deliveries[0].header.host == kB);
  CHECK(deliveries[0].header.subject == sends[0].header.subject);
  CHECK(deliveries[0].header.cause == 1);
  CHECK(deliveries[0].header.cause_kind == CauseKind::message);
  CHECK(hosts.descriptors[kB].last_cause == 2);
}

TEST_CASE("connections and sockets of datagrams are numbered together") {
  Hosts hosts;
  hosts.send(kA, kB, "x");
  auto local = hosts.tcp.bind(kA, {Hosts::ip(kA), 0}).value();
  REQUIRE(hosts.tcp.connect({kA, 1}, local, Hosts::at(kB, 80), {}, nullptr, hosts.queue.now()));
  hosts.send(kB, kA, "y");
  hosts.send(kA, kC, "z");
  std::vector<std::uint64_t> subjects;
  for (const auto& send : hosts.trace.events(EventKind::send)) subjects.push_back(send.header.subject);
  CHECK(subjects == std::vector<std::uint64_t>{2, 4, 6, 2});
}

TEST_CASE("equal latencies keep the order, different ones do not") {
  Hosts hosts;
  for (int i = 0; i < 20; ++i) hosts.send(kA, kB, std::to_string(i));
  hosts.run();
  CHECK(hosts.take_all(kB) == numbers(20));

  hosts.fabric.set_link(kA, kB, {1ms, 9ms});
  for (int i = 0; i < 20; ++i) hosts.send(kA, kB, std::to_string(i));
  hosts.run();
  const std::string mixed = hosts.take_all(kB);
  CHECK(mixed != numbers(20));
  CHECK(mixed.size() == numbers(20).size());
}

TEST_CASE("the loopback device keeps the order of all sockets of a host") {
  Hosts hosts;
  UdpEndpoint& other = hosts.open(kA, 10);
  for (int i = 0; i < 20; ++i) hosts.send(i % 2 == 0 ? *hosts.endpoints[kA] : other, Hosts::at(kA), std::to_string(i));
  hosts.run();
  CHECK(hosts.take_all(kA) == numbers(20));
}

TEST_CASE("a link loses as many as it is told to, and the trace says which") {
  Hosts hosts;
  hosts.fabric.set_link(kA, kB, {.latency_min = 1ms, .latency_max = 1ms, .loss = Ratio::percent(30)});
  hosts.endpoints[kB]->receive_buffer = 1 << 30;
  for (int i = 0; i < 2'000; ++i) hosts.send(kA, kB, "x");
  hosts.run();
  const std::size_t lost = hosts.count(EventKind::lose);
  CHECK(lost > 500);
  CHECK(lost < 700);
  CHECK(hosts.count(EventKind::deliver) == 2'000 - lost);
  const auto first = hosts.trace.events(EventKind::lose).front();
  CHECK(first.segment() == Segment::datagram);
  CHECK(first.header.cause_kind == CauseKind::message);
  // The other direction is another link.
  for (int i = 0; i < 100; ++i) hosts.send(kB, kA, "x");
  hosts.run();
  CHECK(hosts.count(EventKind::lose) == lost);
}

TEST_CASE("a cut link loses all") {
  Hosts hosts;
  hosts.fabric.set_link(kA, kB, {.latency_min = 1ms, .latency_max = 1ms, .cut = true});
  for (int i = 0; i < 10; ++i) hosts.send(kA, kB, "x");
  hosts.run();
  CHECK(hosts.count(EventKind::lose) == 10);
  CHECK(hosts.take_all(kB).empty());
  hosts.fabric.set_link(kA, kB, {1ms, 1ms});
  hosts.send(kA, kB, "healed");
  hosts.run();
  CHECK(hosts.take_all(kB) == "healed");
}

TEST_CASE("datagrams wait for a link's bandwidth, and what its queue cannot hold is lost") {
  Hosts hosts;
  hosts.fabric.set_bandwidth(kA, kB, 1'000'000, 4'000);
  for (int i = 0; i < 6; ++i) hosts.send(kA, kB, std::to_string(i) + std::string(959, ' '));  // 1 ms each, with headers
  hosts.run();
  CHECK(hosts.queue.now().time_since_epoch() == 1ms + 4ms);
  CHECK(hosts.count(EventKind::deliver) == 4);
  CHECK(hosts.count(EventKind::lose) == 2);
}

TEST_CASE("a link delivers some twice, each copy with a latency of its own") {
  Hosts hosts;
  hosts.fabric.set_link(kA, kB, {.latency_min = 1ms, .latency_max = 9ms, .duplicate = Ratio::percent(50)});
  hosts.endpoints[kB]->receive_buffer = 1 << 30;
  for (int i = 0; i < 1'000; ++i) hosts.send(kA, kB, "x");
  hosts.run();
  CHECK(hosts.count(EventKind::send) == 1'000);
  std::map<EventId, std::set<std::int64_t>> times;
  std::size_t delivered = 0;
  for (const auto& delivery : hosts.trace.events(EventKind::deliver)) {
    times[delivery.header.cause].insert(delivery.header.time_ns);
    ++delivered;
  }
  CHECK(times.size() == 1'000);
  CHECK(delivered > 1'400);
  CHECK(delivered < 1'600);
  CHECK(std::ranges::any_of(times, [](const auto& each) { return each.second.size() == 2; }));
}

TEST_CASE("what one socket sends to one host shifts nothing of what it sends to another") {
  const auto arrivals = [](int to_c, std::uint64_t seed) {
    Hosts hosts(seed);
    hosts.fabric.set_default_link({.latency_min = 1ms, .latency_max = 9ms, .loss = Ratio::percent(20)});
    for (int i = 0; i < 50; ++i) {
      for (int n = 0; n < to_c; ++n) hosts.send(kA, kC, "x");
      hosts.send(kA, kB, "x");
    }
    hosts.run();
    std::vector<std::int64_t> times;
    for (const auto& delivery : hosts.trace.events(EventKind::deliver)) {
      if (delivery.header.host == kB) times.push_back(delivery.header.time_ns);
    }
    return times;
  };
  CHECK(arrivals(0, 1) == arrivals(3, 1));
  CHECK(arrivals(0, 1) != arrivals(0, 2));
}

TEST_CASE("a user's datagrams are named by the user, not by the port that was free") {
  const auto arrivals = [](std::uint16_t port) {
    Hosts hosts;
    hosts.fabric.set_default_link({1ms, 9ms});
    hosts.tcp.on_behalf_of = "alice";
    UdpEndpoint& user = hosts.open(kA, port);
    for (int i = 0; i < 20; ++i) hosts.send(user, Hosts::at(kB), std::to_string(i));
    hosts.run();
    return hosts.take_all(kB);
  };
  CHECK(arrivals(5'000) == arrivals(5'001));
}

TEST_CASE("the next datagram is an effect of the user's operation, and only that one") {
  Hosts hosts;
  const EventId invoked = hosts.trace.writer.event(EventKind::invoke, hosts.queue.now(), {kA, 1}, 0);
  hosts.tcp.cause_of_next_send = {invoked, CauseKind::user};
  hosts.send(kA, kB, "asked");
  hosts.send(kA, kB, "not asked");
  const auto sends = hosts.trace.events(EventKind::send);
  CHECK(sends[0].header.cause == invoked);
  CHECK(sends[0].header.cause_kind == CauseKind::user);
  CHECK(sends[1].header.cause == kNoEvent);
}

TEST_CASE("a dead port refuses a connected socket, after the way there and back") {
  Hosts hosts;
  hosts.fabric.set_link(kB, kA, {4ms, 4ms});
  UdpEndpoint& user = *hosts.endpoints[kA];
  user.connected = true;
  user.peer = Hosts::at(kB, 77);
  hosts.send(user, user.peer, "x");
  hosts.run_for(4'999us);
  CHECK(user.error == 0);
  hosts.run_for(1us);
  CHECK(user.error == ECONNREFUSED);
  CHECK(hosts.descriptors[kA].told == EPOLLERR);
  const auto drops = hosts.trace.events(EventKind::drop);
  REQUIRE(drops.size() == 1);
  CHECK(drops[0].header.host == kB);
  CHECK(hosts.descriptors[kA].last_cause == 2);
}

TEST_CASE("a refusal takes a latency of the way back, drawn with the datagram that it answers") {
  const auto told_at = [](std::uint64_t seed) {
    Hosts hosts(seed);
    hosts.fabric.set_link(kB, kA, {1ms, 900ms});
    UdpEndpoint& user = *hosts.endpoints[kA];
    user.connected = true;
    user.peer = Hosts::at(kB, 77);
    std::set<std::int64_t> times;
    for (int i = 0; i < 10; ++i) {
      hosts.send(user, user.peer, "x");
      const VirtualTime sent = hosts.queue.now();
      hosts.run();
      times.insert((hosts.queue.now() - sent).count());
    }
    return times;
  };
  CHECK(told_at(1).size() == 10);
  CHECK(*told_at(1).begin() >= Duration(2ms).count());
  CHECK(told_at(1) == told_at(1));
  CHECK(told_at(1) != told_at(2));
}

TEST_CASE("who is not connected, or elsewhere, is not refused; nor is anybody over a cut link") {
  Hosts hosts;
  UdpEndpoint& user = *hosts.endpoints[kA];
  hosts.send(user, Hosts::at(kB, 77), "x");
  hosts.run();
  CHECK(user.error == 0);
  user.connected = true;
  user.peer = Hosts::at(kC, 77);
  hosts.send(user, Hosts::at(kB, 77), "x");
  hosts.run();
  CHECK(user.error == 0);
  hosts.fabric.set_link(kC, kA, {.latency_min = 1ms, .latency_max = 1ms, .cut = true});
  hosts.send(user, Hosts::at(kC, 77), "x");
  hosts.run();
  CHECK(user.error == 0);
  hosts.fabric.set_link(kC, kA, {1ms, 1ms});
  hosts.send(user, Hosts::at(kC, 77), "x");
  hosts.run();
  CHECK(user.error == ECONNREFUSED);
}

TEST_CASE("a refusal for a socket that is gone is nobody's") {
  Hosts hosts;
  UdpEndpoint& user = hosts.udp.open({kA, 1}, hosts.descriptors[kA]);
  REQUIRE(hosts.udp.bind(user));
  user.connected = true;
  user.peer = Hosts::at(kB, 77);
  hosts.send(user, user.peer, "x");
  hosts.udp.close(user);
  hosts.run();
  CHECK(hosts.descriptors[kA].told == 0);
}

TEST_CASE("where nobody lives, nobody receives and nobody refuses") {
  Hosts hosts;
  UdpEndpoint& user = *hosts.endpoints[kA];
  user.connected = true;
  user.peer = {{0x0A0000FF}, 9};
  hosts.send(user, user.peer, "x");
  hosts.run();
  CHECK(user.error == 0);
  const auto drops = hosts.trace.events(EventKind::drop);
  REQUIRE(drops.size() == 1);
  CHECK(drops[0].header.host == kHarness);
}

TEST_CASE("a loopback address from elsewhere is dropped") {
  Hosts hosts;
  Packet* packet = hosts.udp.room(1);
  hosts.udp.send(*hosts.endpoints[kA], packet, {.source = {kLoopback6, 9}, .destination = {v6_of(Hosts::ip(kB)), 9}},
                 hosts.queue.now());
  hosts.run();
  CHECK(hosts.count(EventKind::drop) == 1);
  CHECK(hosts.endpoints[kB]->front() == nullptr);
}

// Measured on Linux 6.18: SO_MEMINFO after one datagram of that size, and how many fit the default buffer.
TEST_CASE("a receive buffer holds as many datagrams as Linux's") {
  struct Row {
    std::size_t size;
    std::size_t fit;
  };
  for (const Row row : {Row{1, 256}, Row{200, 166}, Row{700, 92}, Row{1'400, 92}, Row{3'000, 48}, Row{9'000, 12},
                        Row{20'000, 10}, Row{60'000, 3}}) {
    INFO(row.size << " bytes");
    Hosts hosts;
    for (int i = 0; i < 300; ++i) hosts.send(kA, kB, std::string(row.size, 'x'));
    hosts.run();
    CHECK(hosts.count(EventKind::deliver) == row.fit);
    CHECK(hosts.count(EventKind::drop) == 300 - row.fit);
  }
}

TEST_CASE("what was read is released in quarters of the buffer, or when a batch is read") {
  Hosts hosts;
  UdpEndpoint& b = *hosts.endpoints[kB];
  b.receive_buffer = 10'000;
  const std::string bytes(100, 'x');  // charged 832 bytes
  const auto arrive = [&](int count) {
    const std::size_t before = hosts.count(EventKind::deliver);
    for (int i = 0; i < count; ++i) hosts.send(kA, kB, bytes);
    hosts.run();
    return hosts.count(EventKind::deliver) - before;
  };
  CHECK(arrive(40) == 12);
  for (int i = 0; i < 3; ++i) hosts.udp.take(b);
  CHECK(arrive(5) == 0);
  hosts.udp.take(b);
  CHECK(arrive(5) == 4);
  hosts.take_all(kB);
  CHECK(arrive(40) == 12);
  // An empty queue takes anything.
  hosts.take_all(kB);
  hosts.send(kA, kB, std::string(60'000, 'x'));
  hosts.run();
  CHECK(b.front() != nullptr);
}

TEST_CASE("a group's datagram comes to every host that has joined, and to no other") {
  Hosts hosts;
  const SocketAddress group{{0xEF010203}, 9};
  CHECK(hosts.udp.join(*hosts.endpoints[kB], {.group = group.ip, .interface = kNetworkInterface}));
  hosts.send(*hosts.endpoints[kA], group, "one");
  hosts.run();
  CHECK(hosts.take_all(kB) == "one");
  CHECK(hosts.take_all(kC).empty());
  CHECK(hosts.take_all(kA).empty());
  CHECK(hosts.udp.join(*hosts.endpoints[kC], {.group = group.ip, .interface = kNetworkInterface}));
  CHECK(hosts.udp.join(*hosts.endpoints[kA], {.group = group.ip, .interface = kNetworkInterface}));
  hosts.send(*hosts.endpoints[kA], group, "two");
  hosts.run();
  CHECK(hosts.take_all(kB) == "two");
  CHECK(hosts.take_all(kC) == "two");
  CHECK(hosts.take_all(kA) == "two");
  CHECK(hosts.count(EventKind::send) == 2);
  // Its own copy is the sender's choice; without hops, it is the only one.
  hosts.send(*hosts.endpoints[kA], group, "three", {.to_self_too = false});
  hosts.send(*hosts.endpoints[kA], group, "four", {.hops = 0});
  hosts.run();
  CHECK(hosts.take_all(kB) == "three");
  CHECK(hosts.take_all(kC) == "three");
  CHECK(hosts.take_all(kA) == "four");
  // Joined on another interface is not joined.
  const auto all = [](const auto&) { return true; };
  CHECK(hosts.udp.leave(*hosts.endpoints[kC], all));
  CHECK(hosts.udp.leave(*hosts.endpoints[kC], all).error() == EADDRNOTAVAIL);
  CHECK(hosts.udp.join(*hosts.endpoints[kC], {.group = group.ip, .interface = kLoopbackInterface}));
  hosts.send(*hosts.endpoints[kA], group, "five");
  hosts.run();
  CHECK(hosts.take_all(kC).empty());
}

TEST_CASE("all hosts are in the group of all hosts, and a broadcast comes to all of them") {
  Hosts hosts;
  hosts.send(*hosts.endpoints[kA], {{0xE0000001}, 9}, "group");
  hosts.send(*hosts.endpoints[kA], {{0xFFFFFFFF}, 9}, "broadcast");
  hosts.run();
  for (const HostId host : {kA, kB, kC}) CHECK(hosts.take_all(host) == "group broadcast");
  // The loopback network's broadcast stays at home.
  hosts.send(*hosts.endpoints[kA], {{0x7FFFFFFF}, 9}, "home", {.interface = kLoopbackInterface});
  hosts.run();
  CHECK(hosts.take_all(kA) == "home");
  CHECK(hosts.take_all(kB).empty());
}

TEST_CASE("a group's datagram is lost on each link by itself") {
  Hosts hosts;
  hosts.fabric.set_link(kA, kB, {.latency_min = 1ms, .latency_max = 1ms, .cut = true});
  hosts.send(*hosts.endpoints[kA], {{0xE0000001}, 9}, "group");
  hosts.run();
  CHECK(hosts.take_all(kB).empty());
  CHECK(hosts.take_all(kC) == "group");
}

TEST_CASE("IPv6: a host's other address, its groups") {
  Hosts hosts;
  UdpEndpoint& b = hosts.udp.open({kB, 1}, hosts.descriptors[kB]);
  hosts.all.push_back(&b);
  b.v6 = true;
  b.v6_only = true;
  b.address = kAny6;
  b.port = Hosts::kPort;
  REQUIRE(hosts.udp.bind(b));
  const auto send = [&](Ip to, std::string_view text) {
    Packet* packet = hosts.udp.room(text.size());
    std::memcpy(packet->bytes(), text.data(), text.size());
    hosts.udp.send(*hosts.endpoints[kA], packet, {.source = {v6_of(Hosts::ip(kA)), 9}, .destination = {to, 9}},
                   hosts.queue.now());
    hosts.run();
  };
  send(v6_of(Hosts::ip(kB)), "one");
  send(Ip::v6(0xFF02ULL << 48, 1), "all");
  const Ip group = Ip::v6(0xFF15ULL << 48, 0x1234);
  send(group, "early");
  CHECK(hosts.udp.join(b, {.group = group, .interface = kNetworkInterface}));
  send(group, "group");
  CHECK(hosts.take_all(b) == "one all group");
  CHECK(hosts.take_all(kB).empty());
}

TEST_CASE("in steady state, a datagram allocates nothing") {
  Hosts hosts;
  hosts.fabric.set_link(
      kA, kB, {.latency_min = 1ms, .latency_max = 9ms, .loss = Ratio::percent(10), .duplicate = Ratio::percent(10)});
  UdpEndpoint& a = *hosts.endpoints[kA];
  UdpEndpoint& b = *hosts.endpoints[kB];
  const auto round = [&] {
    for (int i = 0; i < 50; ++i) {
      Packet* packet = hosts.udp.room(100);
      hosts.udp.send(a, packet, {.source = Hosts::at(kA), .destination = Hosts::at(kB)}, hosts.queue.now());
    }
    hosts.run();
    while (b.front() != nullptr) hosts.udp.take(b);
  };
  for (int i = 0; i < 20; ++i) round();
  const std::size_t before = allocations;
  for (int i = 0; i < 5; ++i) round();
  CHECK(allocations == before);
}
