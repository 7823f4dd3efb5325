#include "tests/net/network.hpp"

using namespace stillpoint;
using namespace stillpoint::net;
using namespace std::chrono_literals;
using stillpoint::test::failed;
using stillpoint::test::Got;
using stillpoint::test::Network;
using stillpoint::test::Watcher;

TEST_CASE("the connecting end is established after a round trip, the other after one and a half") {
  Network network;
  network.listen();
  TcpSide* user = network.connect();
  CHECK(user->connecting());
  CHECK(network.send(*user, "early") == failed(EAGAIN));
  CHECK(network.receive(*user) == failed(EAGAIN));
  CHECK(network.ready(*user) == 0);

  network.run_for(Network::kRoundTrip - 1us);
  CHECK(user->connecting());
  CHECK(network.user.take() == 0);
  network.run_for(1us);
  CHECK(user->established());
  CHECK((network.user.take() & EPOLLOUT) != 0);
  CHECK(network.ready(*user) == EPOLLOUT);
  CHECK(network.listener->ready.empty());

  network.run_for(Network::kThere - 1us);
  CHECK(network.listening.take() == 0);
  CHECK(network.tcp.accept(*network.listener).error() == EAGAIN);
  network.run_for(1us);
  CHECK(network.listening.take() == EPOLLIN);
  TcpSide* plaza = network.accept();
  CHECK(plaza->established());
  CHECK(plaza->remote == user->local);
  CHECK(plaza->local == user->remote);
}

TEST_CASE("data that is sent at once arrives with the end of the handshake") {
  Network network;
  network.listen();
  TcpSide* user = network.connect();
  network.run_for(Network::kRoundTrip);
  CHECK(network.send(*user, "hello") == Got{"hello"});
  network.run_for(Network::kThere);
  TcpSide* plaza = network.accept();  // it waited in the connection
  CHECK(network.ready(*plaza) == (EPOLLIN | EPOLLOUT));
  CHECK(network.receive(*plaza) == Got{"hello"});
}

TEST_CASE("each direction has its own latency") {
  Network network;
  auto [user, plaza] = network.establish();
  network.send(user, "ping");
  network.run_for(Network::kThere - 1us);
  CHECK(network.receive(plaza) == failed(EAGAIN));
  network.run_for(1us);
  CHECK(network.receive(plaza) == Got{"ping"});

  network.send(plaza, "pong");
  network.run_for(Network::kBack - 1us);
  CHECK(network.receive(user) == failed(EAGAIN));
  network.run_for(1us);
  CHECK(network.receive(user) == Got{"pong"});
}

TEST_CASE("a connection to the host itself uses the loopback link") {
  Network network;
  Watcher own;
  const auto port = network.tcp.bind(Network::kUser, {{}, 9000}).value();
  Listener* listener = network.tcp.listen({Network::kUser, 1}, *port, 4, {}, &own).value();
  TcpSide* user = network.connect({}, {kLoopback, 9000});
  network.run_for(40us);
  CHECK(user->established());
  network.run_for(20us);
  CHECK(own.take() == EPOLLIN);
  network.tcp.stop_listening(listener);
}

TEST_CASE("a port without listener refuses after a round trip") {
  Network network;
  TcpSide* user = network.connect();
  network.run_for(Network::kRoundTrip - 1us);
  CHECK(user->connecting());
  network.run_for(1us);
  CHECK_FALSE(user->connecting());
  CHECK_FALSE(user->established());
  constexpr std::uint32_t kAll = EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLRDHUP;
  CHECK(network.user.take() == kAll);
  CHECK(network.ready(*user) == kAll);
  CHECK(user->take_error() == ECONNREFUSED);
  CHECK(user->take_error() == 0);
  CHECK(network.ready(*user) == (kAll & ~std::uint32_t{EPOLLERR}));
  CHECK(network.now() == VirtualTime(Network::kRoundTrip));
}

TEST_CASE("a listener on another address of the host does not answer") {
  Network network;
  const auto port = network.tcp.bind(Network::kPlaza, {kLoopback, 80}).value();
  Listener* listener = network.tcp.listen({Network::kPlaza, 1}, *port, 4, {}, &network.listening).value();
  TcpSide* user = network.connect();
  network.run();
  CHECK(user->take_error() == ECONNREFUSED);
  network.tcp.stop_listening(listener);
}

// tcp(7), tcp_syn_retries: six retransmissions with doubling pauses from one second, given up after 127 seconds.
TEST_CASE("where nobody lives, the SYN is sent again and again, and at last given up") {
  Network network;
  TcpSide* user = network.connect({}, {{0x0A000063}, 80});
  network.run_for(127s - 1us);
  CHECK(user->connecting());
  std::vector<std::int64_t> seconds;
  for (const auto& sent : network.trace.events(EventKind::send)) {
    CHECK(sent.segment() == Segment::syn);
    seconds.push_back(sent.header.time_ns / 1'000'000'000);
  }
  CHECK(seconds == std::vector<std::int64_t>{0, 1, 3, 7, 15, 31, 63});
  CHECK(network.trace.events(EventKind::drop).size() == 7);
  network.run_for(1us);
  CHECK((network.user.take() & EPOLLERR) != 0);
  CHECK(user->take_error() == ETIMEDOUT);
  CHECK(network.queue.empty());
}

TEST_CASE("a connect that is given up leaves nothing, whenever it happens") {
  const Duration when = GENERATE(values<Duration>({0us, 500us, 1ms, 2ms, 3'999us, 4ms, 4'500us, 5ms, 6ms}));
  INFO(when.count());
  Network network;
  network.listen();
  TcpSide* user = network.connect();
  network.run_for(when);
  network.close(*user);
  network.run();
  CHECK(network.listener->half_open == 0);
  // An established connection was closed in order, and can be accepted; another one never was.
  CHECK(network.listener->ready.size() == (when >= Network::kRoundTrip ? 1 : 0));
  if (!network.listener->ready.empty()) CHECK(network.receive(*network.accept()) == Got{""});
}

TEST_CASE("a round trip longer than the SYN's time-out still connects, once") {
  Network network;
  network.fabric.set_link(Network::kUser, Network::kPlaza, {1'500ms, 1'500ms});
  network.fabric.set_link(Network::kPlaza, Network::kUser, {1'500ms, 1'500ms});
  auto [user, plaza] = network.establish();
  CHECK(network.listener->ready.empty());
  CHECK(network.listener->half_open == 0);
  network.send(user, "slow");
  network.run();
  CHECK(network.receive(plaza) == Got{"slow"});
}

TEST_CASE("a handshake is told in the trace, with its causes") {
  Network network;
  network.establish();
  const auto connects = network.trace.events(EventKind::connect);
  REQUIRE(connects.size() == 1);
  CHECK(connects[0].header.host == Network::kUser);
  CHECK(connects[0].header.a == Network::kService.packed());
  CHECK(network.trace.events(EventKind::listen).at(0).header.a == Network::kService.packed());
  CHECK(network.trace.events(EventKind::listen).at(0).header.b == 16);

  const auto records = network.trace.records();
  const auto delivered = network.trace.events(EventKind::deliver);
  REQUIRE(delivered.size() == 3);
  const Segment kinds[] = {Segment::syn, Segment::syn_ack, Segment::ack};
  const HostId hosts[] = {Network::kPlaza, Network::kUser, Network::kPlaza};
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(delivered[i].segment() == kinds[i]);
    CHECK(delivered[i].header.host == hosts[i]);
    CHECK(delivered[i].header.cause_kind == CauseKind::message);
    const RecordHeader& sent = records.at(delivered[i].header.cause - 1).header;
    CHECK(static_cast<EventKind>(sent.kind) == EventKind::send);
    CHECK(sent.subject == delivered[i].header.subject);
    CHECK(sent.a == delivered[i].header.a);
  }
}
