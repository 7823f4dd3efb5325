// bind(2) and the ports of connect(2), as inet_csk_get_port() and __inet_hash_connect() give them in Linux.
#include <set>

#include "tests/net/network.hpp"

using namespace stillpoint;
using namespace stillpoint::net;
using stillpoint::test::Network;
using namespace std::chrono_literals;

namespace {
constexpr int kEphemeral = 60999 - 32768 + 1;
constexpr Ip kOwn{0x0A000001};
}  // namespace

TEST_CASE("a port belongs to whoever bound it first, until it is given back") {
  Network network;
  const SocketAddress wanted{kOwn, 7000};
  auto first = network.tcp.bind(Network::kUser, wanted).value();
  CHECK(first->local() == wanted);
  CHECK(network.tcp.bind(Network::kUser, wanted).error() == EADDRINUSE);
  CHECK(network.tcp.bind(Network::kPlaza, {{0x0A000002}, 7000}));  // another host's ports are its own
  first.reset();
  CHECK(network.tcp.bind(Network::kUser, wanted));
}

TEST_CASE("only an address of the host can be bound") {
  Network network;
  CHECK(network.tcp.bind(Network::kUser, {{0x0A000002}, 7000}).error() == EADDRNOTAVAIL);
  CHECK(network.tcp.bind(Network::kUser, {{0x0A000063}, 0}).error() == EADDRNOTAVAIL);
  CHECK(network.tcp.bind(Network::kUser, {kLoopback, 7001}));
  CHECK(network.tcp.bind(Network::kUser, {{}, 7002}));
  CHECK(network.tcp.bind(Network::kUser, {v6_of(kOwn), 7003}));
}

TEST_CASE("addresses that overlap are in conflict, others are not") {
  struct Row {
    Ip first, second;
    bool only_v6;
    bool conflict;
  };
  const Row row = GENERATE(values<Row>({{kLoopback, kLoopback, false, true},
                                        {kLoopback, kOwn, false, false},
                                        {Ip(), kOwn, false, true},
                                        {kOwn, Ip(), false, true},
                                        {kAny6, kOwn, false, true},
                                        {kAny6, kOwn, true, false},
                                        {kOwn, kAny6, true, false},
                                        {Ip(), kAny6, false, true},
                                        {Ip(), kAny6, true, false},
                                        {kLoopback6, kAny6, true, true},
                                        {kLoopback6, Ip(), false, false},
                                        {kAny6, kAny6, true, true}}));
  INFO(to_string(row.first) << " and " << to_string(row.second) << " only_v6 " << row.only_v6);
  Network network;
  const auto sharing = [&](Ip ip) { return Sharing{.only_v6 = row.only_v6 && !ip.is_v4()}; };
  const auto first = network.tcp.bind(Network::kUser, {row.first, 7000}, sharing(row.first)).value();
  const auto second = network.tcp.bind(Network::kUser, {row.second, 7000}, sharing(row.second));
  CHECK(static_cast<bool>(second) != row.conflict);
}

TEST_CASE("ephemeral ports are those of ip(7), each once, until none is left") {
  Network network;
  std::set<std::uint16_t> seen;
  std::vector<std::unique_ptr<PortClaim>> held;
  // Taken by name: it will be passed over.
  held.push_back(network.tcp.bind(Network::kUser, {{}, 32769}).value());
  for (int i = 0; i < kEphemeral - 1; ++i) {
    auto claim = network.tcp.bind(Network::kUser, {{}, 0}).value();
    const std::uint16_t port = claim->local().port;
    REQUIRE(port >= 32768);
    REQUIRE(port <= 60999);
    REQUIRE(port != 32769);
    REQUIRE(seen.insert(port).second);
    held.push_back(std::move(claim));
  }
  CHECK(network.tcp.bind(Network::kUser, {{}, 0}).error() == EADDRINUSE);
  CHECK(network.tcp.bind_for_connect(Network::kUser, kOwn, Network::kService).error() == EADDRNOTAVAIL);
  std::erase_if(held, [](const auto& claim) { return claim->local().port == 40000; });
  CHECK(network.tcp.bind(Network::kUser, {{}, 0}).value()->local().port == 40000);
}

TEST_CASE("where no port is free, connections to another remote address share") {
  Network network;
  std::vector<std::unique_ptr<PortClaim>> held;
  for (int i = 0; i < kEphemeral; ++i)
    held.push_back(network.tcp.bind_for_connect(Network::kUser, kOwn, Network::kService).value());
  CHECK(network.tcp.bind_for_connect(Network::kUser, kOwn, Network::kService).error() == EADDRNOTAVAIL);
  const SocketAddress elsewhere{{0x0A000002}, 81};
  CHECK(network.tcp.bind_for_connect(Network::kUser, kOwn, elsewhere));
  held.erase(held.begin());
  CHECK(network.tcp.bind_for_connect(Network::kUser, kOwn, Network::kService).value()->local().port == 32768);
}

TEST_CASE("whoever closes first keeps the port for a minute, at the other end it is free at once") {
  Network network;
  network.listen();
  net::TcpSide* user = network.connect_from(5000);
  network.run();
  net::TcpSide* plaza = network.accept();
  const bool user_first = GENERATE(true, false);
  const auto first_closes = [&] { user_first ? user->close(network.now()) : network.close(*plaza); };
  const auto last_closes = [&] { user_first ? network.close(*plaza) : user->close(network.now()); };
  first_closes();
  network.run();
  last_closes();
  network.run();
  CHECK(network.tcp.connections() == 0);
  const auto bind_again = [&] { return network.tcp.bind(Network::kUser, {kOwn, 5000}); };
  network.run_for(1s);
  CHECK(static_cast<bool>(bind_again()) != user_first);
  if (!user_first) return;
  CHECK(bind_again().error() == EADDRINUSE);
  network.run_for(58s);
  CHECK(bind_again().error() == EADDRINUSE);
  network.run_for(2s);
  CHECK(bind_again());
}
