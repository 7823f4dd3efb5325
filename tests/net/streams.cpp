// Random streams of the network: what happens on one connection shifts nothing on another.
#include <map>
#include <set>

#include "tests/net/network.hpp"

using namespace stillpoint;
using namespace stillpoint::net;
using namespace std::chrono_literals;
using stillpoint::test::Network;

namespace {

using Latencies = std::map<std::uint16_t, std::vector<std::int64_t>>;  // by the connecting end's port, in nanoseconds

// Three users, at fixed ports, each send some messages, with a wide range of latencies; `talks` says how many.
Latencies latencies(const std::map<std::uint16_t, int>& talks, std::uint64_t seed = 1) {
  Network network(seed);
  network.fabric.set_link(Network::kUser, Network::kPlaza, {1ms, 9ms});
  network.fabric.set_link(Network::kPlaza, Network::kUser, {1ms, 9ms});
  network.listen();
  for (const auto& [port, messages] : talks) {
    TcpSide* side = network.connect_from(port);
    network.run();
    TcpSide* plaza = network.accept();
    for (int i = 0; i < messages; ++i) {
      network.send(*side, "hello");
      network.run();
      network.send(*plaza, "hello yourself");
      network.run();
      network.receive(*plaza);
      network.receive(*side);
    }
    network.close(*plaza);
    side->close(network.now());
    network.run();
  }

  std::map<std::uint64_t, std::uint16_t> port_of;
  for (const auto& connect : network.trace.events(EventKind::connect)) {
    port_of[connect.header.subject] = static_cast<std::uint16_t>(connect.header.b & 0xFFFF);
  }
  Latencies found;
  std::map<EventId, std::int64_t> sent;
  EventId event = 0;
  for (const auto& record : network.trace.records()) {
    if (record.header.type != RecordType::event) continue;
    ++event;
    if (record.kind() == EventKind::send) sent[event] = record.header.time_ns;
    if (record.kind() == EventKind::deliver) {
      found[port_of.at(record.header.subject / 2)].push_back(record.header.time_ns - sent.at(record.header.cause));
    }
  }
  return found;
}

}  // namespace

TEST_CASE("the latencies of a connection depend on no other connection") {
  const Latencies all = latencies({{5001, 10}, {5002, 10}, {5003, 10}});
  REQUIRE(all.size() == 3);
  CHECK(all.at(5001) != all.at(5002));

  const Latencies without = latencies({{5001, 10}, {5003, 10}});
  CHECK(without.at(5001) == all.at(5001));
  CHECK(without.at(5003) == all.at(5003));

  const Latencies busier = latencies({{5001, 10}, {5002, 11}, {5003, 10}});
  CHECK(busier.at(5001) == all.at(5001));
  CHECK(busier.at(5003) == all.at(5003));
}

TEST_CASE("latencies are whole microseconds of the link's range, and follow from the seed") {
  const Latencies one = latencies({{5001, 50}});
  std::set<std::int64_t> distinct;
  for (const std::int64_t latency : one.at(5001)) {
    CHECK(latency >= 1'000'000);
    CHECK(latency <= 9'000'000);
    CHECK(latency % 1'000 == 0);
    distinct.insert(latency);
  }
  CHECK(distinct.size() > 50);
  CHECK(latencies({{5001, 50}}) == one);
  CHECK(latencies({{5001, 50}}, 2) != one);
}

TEST_CASE("a second connection of the same ends has values of its own") {
  Network network;
  network.fabric.set_link(Network::kUser, Network::kPlaza, {1ms, 9ms});
  network.listen();
  std::vector<std::int64_t> arrivals;
  for (int i = 0; i < 2; ++i) {
    const VirtualTime start = network.now();
    TcpSide* side = network.connect_from(5001);
    network.run();
    arrivals.push_back(to_ns(network.now()) - to_ns(start));
    network.close(*network.accept());
    network.run();  // whoever closes first keeps the port for a while
    side->close(network.now());
    network.run_for(1s);
  }
  CHECK(arrivals[0] != arrivals[1]);
}
