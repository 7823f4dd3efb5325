// Routers that say that there is no way to a host (ICMP), and routes that are not there: what becomes of connections.
#include <vector>

#include "tests/net/network.hpp"

using namespace stillpoint;
using namespace stillpoint::net;
using namespace std::chrono_literals;
using stillpoint::test::failed;
using stillpoint::test::Network;

namespace {

constexpr HostId kUser = Network::kUser;
constexpr HostId kPlaza = Network::kPlaza;
constexpr SocketAddress kNobody{{0x0A000009}, 80};

// When segments of this kind were sent by the user, in milliseconds since `start`.
std::vector<std::int64_t> sent_ms(const Network& network, Segment kind, VirtualTime start) {
  std::vector<std::int64_t> times;
  for (const auto& sent : network.trace.events(EventKind::send)) {
    const std::int64_t at_ms = (sent.header.time_ns - to_ns(start)) / 1'000'000;
    if (sent.header.host == kUser && sent.segment() == kind && at_ms >= 0) times.push_back(at_ms);
  }
  return times;
}

}  // namespace

TEST_CASE("a router's message ends a connect, after the link's latency, and is an effect of the loss") {
  struct Row {
    Refusal refusal;
    int error;
  };
  const Row rows[] = {{Refusal::network_unreachable, ENETUNREACH},
                      {Refusal::host_unreachable, EHOSTUNREACH},
                      {Refusal::filtered, EHOSTUNREACH}};
  for (const Row& row : rows) {
    Network network;
    network.fabric.cut(kUser, kPlaza, row.refusal);
    TcpSide* user = network.connect();
    network.run_for(Network::kThere - 1us);
    CHECK(user->connecting());
    network.run_for(1us);
    CHECK_FALSE(user->connecting());
    CHECK((network.user.take() & EPOLLERR) != 0);
    CHECK(network.user.last_cause == network.trace.events(EventKind::lose).size() + 2);  // connect, send, lose
    CHECK(user->take_error() == row.error);
    CHECK(user->take_error() == 0);
  }
}

TEST_CASE("to nobody a router may answer, too") {
  Network network;
  network.fabric.set_latency(kUser, kHarness, 7ms, 7ms);
  network.fabric.cut(kUser, kHarness, Refusal::host_unreachable);
  TcpSide* user = network.connect({}, kNobody);
  network.run_for(7ms);
  CHECK(user->take_error() == EHOSTUNREACH);
  network.fabric.heal(kUser, kHarness);
  TcpSide* silent = network.connect({}, kNobody);
  network.run_for(10s);
  CHECK(silent->connecting());
}

TEST_CASE("a filter is EACCES to IPv6") {
  CHECK(meaning_of(Refusal::filtered, {0x0A000001}).error == EHOSTUNREACH);
  CHECK(meaning_of(Refusal::filtered, v6_of({0x0A000001})).error == EACCES);
  CHECK(meaning_of(Refusal::host_unreachable, v6_of({0x0A000001})).error == EHOSTUNREACH);
}

TEST_CASE("a half-open connection is forgotten, and the next SYN begins anew") {
  Network network;
  network.listen();
  network.fabric.cut(kPlaza, kUser, Refusal::host_unreachable);
  TcpSide* user = network.connect();
  network.run_for(500ms);
  CHECK(network.listener->half_open == 0);
  CHECK(user->connecting());
  network.fabric.heal(kPlaza, kUser);
  network.run_for(1s);  // the SYN is sent again
  CHECK(user->established());
  network.accept();
}

TEST_CASE("a half-open connection outlasts a filter") {
  Network network;
  network.listen();
  network.fabric.cut(kPlaza, kUser, Refusal::filtered);
  network.connect();
  network.run_for(500ms);
  CHECK(network.listener->half_open == 1);
  network.fabric.heal(kPlaza, kUser);
  network.run_for(1s);
  network.accept();
}

TEST_CASE("a connection goes on trying, without back-off, and ends in what the router said") {
  Network network;
  auto [user, plaza] = network.establish();
  const VirtualTime start = network.now();
  user.set_user_timeout(2s);
  network.fabric.cut(kUser, kPlaza, Refusal::host_unreachable);
  network.send(user, "x");
  network.run_for(1s);
  // 204 ms: a round trip, and 200 ms. A silent link would have doubled that.
  CHECK(sent_ms(network, Segment::data, start) == std::vector<std::int64_t>{0, 204, 408, 612, 816});
  CHECK(user.established());
  CHECK(user.take_error() == 0);
  network.run_for(2s);
  CHECK((network.user.take() & EPOLLERR) != 0);
  CHECK(network.receive(user) == failed(EHOSTUNREACH));
}

TEST_CASE("a filter does not take the back-off away") {
  Network network;
  auto [user, plaza] = network.establish();
  const VirtualTime start = network.now();
  network.fabric.cut(kUser, kPlaza, Refusal::filtered);
  network.send(user, "x");
  network.run_for(1'500ms);
  CHECK(sent_ms(network, Segment::data, start) == std::vector<std::int64_t>{0, 204, 612, 1428});
  network.fabric.heal(kUser, kPlaza);
}

TEST_CASE("what a router said is forgotten when something gets through") {
  Network network;
  auto [user, plaza] = network.establish();
  network.fabric.cut(kUser, kPlaza, Refusal::host_unreachable);
  network.send(user, "x");
  network.run_for(1s);
  network.fabric.heal(kUser, kPlaza);
  network.run_for(5s);
  CHECK(plaza.unread() == 1);
  network.fabric.cut(kUser, kPlaza);
  user.set_user_timeout(1s);
  network.send(user, "y");
  network.run_for(10s);
  CHECK(network.receive(user) == failed(ETIMEDOUT));
}

TEST_CASE("a connection whose route is gone ends in that, if it ends") {
  Network network;
  auto [user, plaza] = network.establish();
  user.set_user_timeout(1s);
  network.fabric.cut(kUser, kPlaza);
  network.send(user, "x");
  network.fabric.set_route(kUser, kPlaza, Route::none);
  CHECK(network.fabric.route(kUser, Network::kService.ip) == Route::none);
  CHECK(network.fabric.route(kUser, v6_of(Network::kService.ip)) == Route::none);
  CHECK(network.fabric.route(kPlaza, {0x0A000001}) == Route::good);
  CHECK(network.fabric.route(kUser, {0x0A000001}) == Route::good);
  network.run_for(5s);
  CHECK(network.receive(user) == failed(ENETUNREACH));
}

TEST_CASE("a route that is back again lets through what waited") {
  Network network;
  auto [user, plaza] = network.establish();
  network.fabric.set_route(kUser, kPlaza, Route::unreachable);
  network.send(user, "x");
  network.run_for(1s);
  CHECK(plaza.unread() == 0);
  network.fabric.set_route(kUser, kPlaza, Route::good);
  network.run_for(5s);
  CHECK(plaza.unread() == 1);
}

TEST_CASE("a side that is closed while a router's message is on its way") {
  Network network;
  network.fabric.cut(kUser, kPlaza, Refusal::host_unreachable);
  TcpSide* user = network.connect_from(5'000);
  user->close(network.now());
  network.run();
  CHECK(network.tcp.connections() == 0);
}
