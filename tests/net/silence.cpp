// Peers that are dead: keep-alive probes (tcp(7)), and hosts that forgot everything.
#include <vector>

#include "tests/net/network.hpp"

using namespace stillpoint;
using namespace stillpoint::net;
using namespace std::chrono_literals;
using stillpoint::test::failed;
using stillpoint::test::Got;
using stillpoint::test::Network;

namespace {

constexpr HostId kUser = Network::kUser;
constexpr HostId kPlaza = Network::kPlaza;
constexpr Keepalive kProbing{.on = true, .idle = 10s, .interval = 2s, .count = 3};

std::vector<std::int64_t> probes_s(const Network& network, VirtualTime since) {
  std::vector<std::int64_t> times;
  for (const auto& sent : network.trace.events(EventKind::send)) {
    if (sent.segment() == Segment::probe) times.push_back((sent.header.time_ns - to_ns(since)) / 1'000'000'000);
  }
  return times;
}

}  // namespace

TEST_CASE("a silent peer is probed, and lives as long as it answers") {
  Network network;
  auto [user, plaza] = network.establish();
  const VirtualTime start = network.now();
  user.set_keepalive(kProbing, network.now());
  network.run_for(35s);
  CHECK(probes_s(network, start) == std::vector<std::int64_t>{10, 20, 30});
  CHECK(user.established());
  CHECK(plaza.unread() == 0);
  user.set_keepalive({}, network.now());
  network.run_for(1h);
  CHECK(probes_s(network, start).size() == 3);
}

TEST_CASE("a dead peer is given up after so many probes") {
  Network network;
  auto [user, plaza] = network.establish();
  user.set_keepalive(kProbing, network.now());
  network.fabric.cut(kUser, kPlaza);
  network.fabric.cut(kPlaza, kUser);
  network.run_for(16s);
  CHECK(user.established());
  network.run_for(1s);
  CHECK((network.user.take() & EPOLLERR) != 0);
  CHECK(network.receive(user) == failed(ETIMEDOUT));
  CHECK(network.trace.events(EventKind::lose).size() == 4);  // three probes and a reset
  network.fabric.heal(kUser, kPlaza);
  network.fabric.heal(kPlaza, kUser);
}

TEST_CASE("whoever hears something does not probe") {
  Network network;
  auto [user, plaza] = network.establish();
  const VirtualTime start = network.now();
  user.set_keepalive(kProbing, network.now());
  for (int i = 0; i < 10; ++i) {
    network.run_for(6s);
    network.send(i % 2 == 0 ? plaza : user, "x");
  }
  CHECK(probes_s(network, start).empty());
}

TEST_CASE("probing begins with the connection, if it was asked for before") {
  Network network;
  network.listen();
  network.listener->setup.keepalive = kProbing;
  network.connect();
  network.run_for(1s);
  network.accept();
  network.run_for(10s);
  CHECK(probes_s(network, VirtualTime{}).size() == 1);
}

TEST_CASE("TCP_USER_TIMEOUT decides when probes have failed") {
  Network network;
  auto [user, plaza] = network.establish();
  user.set_keepalive(kProbing, network.now());
  user.set_user_timeout(11s);
  network.fabric.cut(kUser, kPlaza);
  network.run_for(12s);
  CHECK(user.established());
  network.run_for(1s);
  CHECK(user.take_error() == ETIMEDOUT);
  network.fabric.heal(kUser, kPlaza);
}

TEST_CASE("a host that forgot everything answers with a reset, to data and to probes, also those of its window") {
  enum class By { keepalive, data, window };
  const By by = GENERATE(By::keepalive, By::data, By::window);
  test::MemoryTrace trace;
  EventQueue queue;
  Fabric fabric{1};
  fabric.add_host(1, {0x0A000001});
  fabric.add_host(2, {0x0A000002});
  test::Watcher watcher;
  Tcp tcp(queue, trace.writer, fabric, 1);
  // As at a crash, the port's claim is left where it is.
  static auto& left = *new std::vector<PortClaim*>;  // for ever, so that no sanitizer calls it a leak
  PortClaim* port = left.emplace_back(tcp.bind(2, {{}, 80}).value().release());
  Listener* listener = tcp.listen({2, 1}, *port, 4, {}, &watcher).value();
  auto local = tcp.bind_for_connect(1, {0x0A000001}, {{0x0A000002}, 80}).value();
  TcpSide* user = tcp.connect({1, 1}, local, {{0x0A000002}, 80}, {}, &watcher, queue.now()).value();
  const auto run = [&] {
    while (!queue.empty()) queue.pop().fire();
  };
  run();
  CHECK(tcp.accept(*listener));
  const auto send = [&](std::size_t size) {
    const std::vector<std::byte> bytes(size, std::byte{7});
    const std::span<const std::byte> part(bytes);
    CHECK(user->send({&part, 1}, queue.now()));
  };
  if (by == By::window) send(200'000);  // more than the peer takes
  run();
  CHECK(tcp.ends_at(2) == 1);
  tcp.forget_host(2, kNoEvent);
  CHECK(tcp.ends_at(2) == 0);
  if (by != By::window) {
    run();
    CHECK(user->established());  // nobody said anything
  }
  if (by == By::keepalive) user->set_keepalive(kProbing, queue.now());
  if (by == By::data) send(1);
  run();
  CHECK(user->take_error() == ECONNRESET);
  CHECK(tcp.bind(2, {{}, 80}));  // its ports are free
  const auto again = tcp.bind_for_connect(1, {0x0A000001}, {{0x0A000002}, 80});
  CHECK(again);
  user->close(queue.now());
  run();
  CHECK(tcp.connections() == 0);
}
