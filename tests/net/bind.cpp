#include "tests/net/network.hpp"

using namespace stillpoint;
using namespace stillpoint::net;
using stillpoint::test::Network;

TEST_CASE("a port belongs to whoever bound it first, until it is given back") {
  Network network;
  const SocketAddress wanted{{0x0A000001}, 7000};
  CHECK(network.tcp.bind(Network::kUser, wanted).value() == wanted);
  CHECK(network.tcp.bind(Network::kUser, wanted).error() == EADDRINUSE);
  CHECK(network.tcp.bind(Network::kPlaza, {{0x0A000002}, 7000}));  // another host's ports are its own
  network.tcp.unbind(Network::kUser, wanted);
  CHECK(network.tcp.bind(Network::kUser, wanted));
}

TEST_CASE("only an address of the host can be bound") {
  Network network;
  CHECK(network.tcp.bind(Network::kUser, {{0x0A000002}, 7000}).error() == EADDRNOTAVAIL);
  CHECK(network.tcp.bind(Network::kUser, {{0x0A000063}, 0}).error() == EADDRNOTAVAIL);
  CHECK(network.tcp.bind(Network::kUser, {kLoopback, 7001}));
  CHECK(network.tcp.bind(Network::kUser, {{}, 7002}));
}

TEST_CASE("ephemeral ports are those of ip(7), each once, until none is left") {
  Network network;
  std::set<std::uint16_t> seen;
  CHECK(network.tcp.bind(Network::kUser, {{}, 32769}));  // taken by name: it will be passed over
  for (int i = 0; i < 60999 - 32768; ++i) {
    const auto bound = network.tcp.bind(Network::kUser, {{}, 0});
    REQUIRE(bound);
    REQUIRE(bound.value().port >= 32768);
    REQUIRE(bound.value().port <= 60999);
    REQUIRE(bound.value().port != 32769);
    REQUIRE(seen.insert(bound.value().port).second);
  }
  CHECK(network.tcp.bind(Network::kUser, {{}, 0}).error() == EADDRNOTAVAIL);
  network.tcp.unbind(Network::kUser, {{}, 40000});
  CHECK(network.tcp.bind(Network::kUser, {{}, 0}).value().port == 40000);
}
