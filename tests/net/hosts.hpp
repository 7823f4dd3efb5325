#pragma once
// Three hosts, links between them, and UDP: the transport alone, without kernel and descriptors.
#include <catch2/catch.hpp>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sim-core/net/udp.hpp"
#include "tests/trace/memory_trace.hpp"

namespace stillpoint::test {

using namespace std::chrono_literals;

struct Descriptor final : net::UdpObserver {
  void on_udp(std::uint32_t events, EventId cause) override {
    told |= events;
    last_cause = cause;
  }
  std::uint32_t told = 0;
  EventId last_cause = kNoEvent;
};

// Three hosts, each with an endpoint at port 9.
struct Hosts {
  static constexpr HostId kA = 1, kB = 2, kC = 3;
  static constexpr std::uint16_t kPort = 9;
  static net::Ip ip(HostId host) { return net::Ip(0x0A000000U | host); }
  static net::SocketAddress at(HostId host, std::uint16_t port = kPort) { return {ip(host), port}; }

  explicit Hosts(std::uint64_t seed = 1)
      : fabric(seed), tcp(queue, trace.writer, fabric, seed), udp(queue, trace.writer, fabric, tcp, seed) {
    for (const HostId host : {kA, kB, kC}) {
      fabric.add_host(host, ip(host));
      endpoints[host] = &open(host, kPort);
    }
    fabric.set_default_link({1ms, 1ms});
  }
  ~Hosts() {
    run();
    for (net::UdpEndpoint* endpoint : all) udp.close(*endpoint);
    CHECK(udp.endpoints() == 0);
  }
  Hosts(const Hosts&) = delete;
  Hosts& operator=(const Hosts&) = delete;

  net::UdpEndpoint& open(HostId host, std::uint16_t port) {
    net::UdpEndpoint& endpoint = udp.open({host, 1}, descriptors[host]);
    endpoint.port = port;
    REQUIRE(udp.bind(endpoint));
    all.push_back(&endpoint);
    return endpoint;
  }
  void run() {
    while (!queue.empty()) queue.pop().fire();
  }
  void run_for(Duration duration) {
    const VirtualTime end = queue.now() + duration;
    while (!queue.empty() && queue.next_time() <= end) queue.pop().fire();
    queue.advance(end);
  }
  void send(net::UdpEndpoint& from, net::SocketAddress to, std::string_view bytes, net::Departure how = {}) {
    net::Packet* packet = udp.room(bytes.size());
    packet->kind = Segment::datagram;
    std::memcpy(packet->bytes(), bytes.data(), bytes.size());
    how.source = {ip(from.where.host), from.port};
    how.destination = to;
    udp.send(from, packet, how, queue.now());
  }
  void send(HostId from, HostId to, std::string_view bytes) { send(*endpoints[from], at(to), bytes); }
  // What has arrived, in its order, with a space in between.
  std::string take_all(net::UdpEndpoint& endpoint) {
    std::string text;
    while (const net::Datagram* datagram = endpoint.front()) {
      const auto bytes = datagram->packet->unread();
      text += (text.empty() ? "" : " ") + std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      udp.take(endpoint);
    }
    return text;
  }
  std::string take_all(HostId host) { return take_all(*endpoints[host]); }
  std::size_t count(EventKind kind) const { return trace.events(kind).size(); }

  MemoryTrace trace{1 << 25};
  EventQueue queue;
  net::Fabric fabric;
  net::Tcp tcp;
  net::Udp udp;
  std::map<HostId, Descriptor> descriptors;
  std::map<HostId, net::UdpEndpoint*> endpoints;
  std::vector<net::UdpEndpoint*> all;
};

}  // namespace stillpoint::test
