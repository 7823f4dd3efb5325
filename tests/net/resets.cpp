// A box between two hosts that resets their connections.
#include <set>

#include "tests/net/troubled.hpp"

using namespace stillpoint;
using namespace stillpoint::net;
using namespace std::chrono_literals;
using stillpoint::test::failed;
using stillpoint::test::Faults;
using stillpoint::test::Got;
using stillpoint::test::TroubledNetwork;

namespace {

constexpr HostId kUser = TroubledNetwork::kUser;
constexpr HostId kPlaza = TroubledNetwork::kPlaza;
constexpr Ratio kAll = Ratio::percent(100);

struct Box {
  explicit Box(TroubledNetwork& of, std::string_view name = "reset") : network(of), random(1, "fault", name) {}
  std::size_t reset(Ratio share, HostId from = kUser, HostId to = kPlaza) {
    fault = test::begin_fault(network.trace, network.now(), "reset");
    return network.tcp.reset_between(from, to, share, fault, random);
  }
  TroubledNetwork& network;
  RandomStream random;
  EventId fault = kNoEvent;
};

}  // namespace

TEST_CASE("both ends of a connection that is reset on the way see a reset, which the fault is the cause of") {
  TroubledNetwork network;
  auto [user, plaza] = network.establish();
  Box box(network);
  const bool turned = GENERATE(false, true);
  CHECK(box.reset(kAll, turned ? kPlaza : kUser, turned ? kUser : kPlaza) == 1);
  CHECK((network.user.take() & (EPOLLERR | EPOLLHUP)) == (EPOLLERR | EPOLLHUP));
  CHECK((network.plaza.take() & (EPOLLERR | EPOLLHUP)) == (EPOLLERR | EPOLLHUP));
  CHECK(network.faults_of(EventKind::deliver, Segment::rst) == std::vector(2, Faults{box.fault}));
  CHECK(network.plaza.last_cause == network.trace.writer.last_event());
  CHECK(network.receive(user) == failed(ECONNRESET));
  CHECK(network.receive(user) == Got{""});
  CHECK(network.send(plaza, "x") == failed(ECONNRESET));
  CHECK(network.send(plaza, "x") == failed(EPIPE));
  CHECK(box.reset(kAll) == 0);  // there is nothing left
}

TEST_CASE("the stage that a connection is at decides what its ends are told") {
  TroubledNetwork network;
  auto [user, plaza] = network.establish();
  Box box(network);
  SECTION("the peer has said its end: EPIPE, as tcp_reset() has it for CLOSE_WAIT") {
    CHECK(user.shutdown_write(network.now()));
    network.run();
    CHECK(box.reset(kAll) == 1);
    CHECK(plaza.take_error() == EPIPE);
    CHECK(user.take_error() == ECONNRESET);
  }
  SECTION("what was on its way is of no use, and is answered by nothing that anybody hears") {
    network.send(user, "on its way");
    network.send(plaza, "likewise");
    CHECK(box.reset(kAll) == 1);
    network.run();
    CHECK(network.receive(plaza) == failed(ECONNRESET));
  }
  SECTION("what had arrived can be read, and then comes the error") {
    network.send(user, "there");
    network.run();
    CHECK(box.reset(kAll) == 1);
    CHECK(network.receive(plaza) == Got{"there"});
    CHECK(network.receive(plaza) == failed(ECONNRESET));
  }
  SECTION("while data is lost, it is not sent again") {
    const EventId cut = network.trouble({.cut = true}, "cut");
    network.send(user, "lost");
    CHECK(box.reset(kAll) == 1);
    network.heal(cut);
    network.run();
    CHECK(network.faults_of(EventKind::deliver, Segment::data).empty());
    CHECK_FALSE(network.fabric.is_special(kPlaza));
  }
  SECTION("one that has ended is none") {
    network.close(user);
    network.run();
    network.close(plaza);
    network.run();
    CHECK(box.reset(kAll) == 0);
  }
  SECTION("one that an end has closed, but not the other, is one, and what its program does not see is over") {
    network.close(user);
    CHECK(box.reset(kAll) == 1);
    CHECK(plaza.take_error() == ECONNRESET);
  }
}

TEST_CASE("a connection that nobody has accepted yet is reset in the queue") {
  TroubledNetwork network;
  network.listen();
  TcpSide* user = network.connect();
  SECTION("established") { network.run(); }
  SECTION("but for the last acknowledgement of the handshake") { network.run_for(TroubledNetwork::kRoundTrip); }
  Box box(network);
  CHECK(box.reset(kAll) == 1);
  CHECK(network.faults_of(EventKind::deliver, Segment::rst) == std::vector(2, Faults{box.fault}));
  network.run();
  CHECK(user->take_error() == ECONNRESET);
  CHECK(network.listener->half_open == 0);
}

TEST_CASE("connections between others, and those that are not made yet, are left alone") {
  TroubledNetwork network;
  network.fabric.add_host(3, {0x0A000003});
  network.establish();
  Box box(network);
  CHECK(box.reset(kAll, kUser, 3) == 0);
  TcpSide* late = network.connect();
  CHECK(box.reset(kAll) == 1);
  network.run();
  CHECK(late->established());
}

TEST_CASE("which connections are reset follows from the fault and the connection, not from which others there are") {
  const auto survivors = [](std::size_t connections, std::string_view name, bool first_is_closed = false) {
    TroubledNetwork network;
    std::vector<TroubledNetwork::Pair> pairs;
    while (pairs.size() < connections) pairs.push_back(network.establish());
    if (first_is_closed) {
      network.close(pairs[0].user);
      network.run();
      network.close(pairs[0].plaza);
      network.run();
    }
    Box box(network, name);
    box.reset(Ratio::percent(50));
    std::vector<bool> open;
    for (std::size_t i = 1; i < connections; ++i) open.push_back(pairs[i].user.established());
    return open;
  };
  const std::vector<bool> once = survivors(40, "reset");
  const auto left = std::count(once.begin(), once.end(), true);
  CHECK(left > 10);
  CHECK(left < 30);
  CHECK(survivors(40, "reset") == once);
  CHECK(survivors(40, "another") != once);
  CHECK(survivors(40, "reset", true) == once);
}

TEST_CASE("a reset that comes again chooses anew") {
  TroubledNetwork network;
  for (int i = 0; i < 64; ++i) network.establish();
  Box box(network);
  std::size_t left = 64;
  for (int i = 0; i < 3; ++i) {
    const std::size_t reset = box.reset(Ratio::percent(50));
    CHECK(reset > left / 5);
    CHECK(reset < left);
    left -= reset;
  }
}
