// Links that lose packets, are cut, have a bandwidth, or cut streams into pieces: what TCP makes of it.
#include <set>

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
constexpr Duration kTimeout = Network::kRoundTrip + 200ms;  // of the first retransmission

void cut_both(Network& network) {
  network.fabric.cut(kUser, kPlaza);
  network.fabric.cut(kPlaza, kUser);
}
void heal_both(Network& network) {
  network.fabric.heal(kUser, kPlaza);
  network.fabric.heal(kPlaza, kUser);
}

// When segments of a kind left, in milliseconds.
std::vector<std::int64_t> sends(const Network& network, Segment kind) {
  std::vector<std::int64_t> times_ms;
  for (const auto& sent : network.trace.events(EventKind::send)) {
    if (sent.segment() == kind) times_ms.push_back(sent.header.time_ns / 1'000'000);
  }
  return times_ms;
}

}  // namespace

TEST_CASE("what is lost is sent again after the retransmission time-out, and then arrives") {
  Network network;
  auto [user, plaza] = network.establish();
  network.fabric.cut(kUser, kPlaza);
  network.send(user, "lost");
  network.fabric.heal(kUser, kPlaza);
  network.run_for(kTimeout + Network::kThere - 1us);
  CHECK(network.receive(plaza) == failed(EAGAIN));
  network.run_for(1us);
  CHECK(network.receive(plaza) == Got{"lost"});

  // The retransmission comes of the loss, and that of the first send.
  REQUIRE(network.trace.events(EventKind::lose).size() == 1);
  const auto lost = network.trace.events(EventKind::lose)[0];
  const auto again = network.trace.events(EventKind::send).back();
  CHECK(lost.segment() == Segment::data);
  CHECK(again.segment() == Segment::data);
  CHECK(again.header.b == 4);
  CHECK(again.payload.empty());  // the bytes are in the trace once
  CHECK(again.header.cause_kind == CauseKind::message);
  CHECK(again.header.cause > lost.header.cause);
}

TEST_CASE("what follows a lost packet waits for it, and brings it back after a round trip") {
  Network network;
  auto [user, plaza] = network.establish();
  network.fabric.cut(kUser, kPlaza);
  network.send(user, "first ");
  network.fabric.heal(kUser, kPlaza);
  network.send(user, "second ");
  network.send(user, "third");
  network.run_for(Network::kThere);
  CHECK(network.receive(plaza) == failed(EAGAIN));
  network.run_for(Network::kRoundTrip - 1us);
  CHECK(network.receive(plaza) == failed(EAGAIN));
  network.run_for(1us);
  CHECK(network.receive(plaza) == Got{"first second third"});
}

TEST_CASE("a cut is silence with doubling pauses, and afterwards everything is there") {
  Network network;
  auto [user, plaza] = network.establish();
  const VirtualTime start = network.now();
  cut_both(network);
  network.send(user, "through the dark");
  network.run_for(10s);
  heal_both(network);
  network.run_for(10s);
  CHECK(network.receive(plaza) == Got{"through the dark"});
  std::vector<std::int64_t> after_ms;
  for (const std::int64_t at : sends(network, Segment::data)) after_ms.push_back(at - to_ns(start) / 1'000'000);
  CHECK(after_ms == std::vector<std::int64_t>{0, 204, 612, 1'428, 3'060, 6'324, 12'852});
  // The next loss begins anew.
  network.fabric.cut(kUser, kPlaza);
  network.send(user, "again");
  network.fabric.heal(kUser, kPlaza);
  network.run_for(kTimeout + Network::kThere);
  CHECK(network.receive(plaza) == Got{"again"});
}

// tcp_retries2 = 15 in tcp(7): "a hypothetical time-out of 924.6 seconds is a lower bound".
TEST_CASE("a cut that lasts ends in ETIMEDOUT after a quarter of an hour") {
  Network network;
  auto [user, plaza] = network.establish();
  cut_both(network);
  network.send(user, "nobody hears");
  network.run_for(920s);
  CHECK(user.established());
  network.run_for(60s);
  CHECK_FALSE(user.established());
  CHECK((network.user.take() & EPOLLERR) != 0);
  CHECK(network.receive(user) == failed(ETIMEDOUT));
  CHECK(network.receive(user) == Got{""});
  CHECK(network.send(user, "x") == failed(EPIPE));
  CHECK(plaza.established());  // it was told nothing
  CHECK(sends(network, Segment::data).size() == 16);
  // It learns when it speaks: the other end has no such connection any more.
  heal_both(network);
  network.send(plaza, "are you there?");
  network.run();
  CHECK(network.receive(plaza) == failed(ECONNRESET));
}

TEST_CASE("TCP_USER_TIMEOUT shortens the wait") {
  Network network;
  auto [user, plaza] = network.establish();
  user.set_user_timeout(5s);
  cut_both(network);
  network.send(user, "nobody hears");
  network.run_for(5s);
  CHECK(user.established());
  network.run_for(300ms);
  CHECK(user.take_error() == ETIMEDOUT);
  heal_both(network);
}

TEST_CASE("where only acknowledgements are lost, the data has arrived, once") {
  Network network;
  auto [user, plaza] = network.establish({.send = 10'000}, {.receive = 100'000});
  network.fabric.cut(kPlaza, kUser);
  CHECK(network.sent(user, 10'000) == 10'000);
  network.run_for(1s);
  CHECK(network.receive(plaza).bytes.size() == 10'000);
  CHECK(network.sent(user, 1) == -EAGAIN);
  SECTION("and the sender gets on when they come through again") {
    network.fabric.heal(kPlaza, kUser);
    network.run_for(2s);
    CHECK(network.sent(user, 1) == 1);
    network.run();
    CHECK(network.receive(plaza) == Got{"x"});
  }
  SECTION("and the sender gives up in the end") {
    network.run_for(1'000s);
    CHECK(user.take_error() == ETIMEDOUT);
    network.fabric.heal(kPlaza, kUser);
  }
}

TEST_CASE("an end that is lost is sent again too") {
  Network network;
  auto [user, plaza] = network.establish();
  network.fabric.cut(kUser, kPlaza);
  network.send(user, "last words");
  network.close(user);
  network.fabric.heal(kUser, kPlaza);
  network.run_for(1s);
  CHECK(network.receive(plaza) == Got{"last words"});
  CHECK(network.receive(plaza) == Got{""});
}

TEST_CASE("an end that nobody holds and nobody hears is forgotten") {
  Network network;
  auto [user, plaza] = network.establish();
  cut_both(network);
  network.close(user);
  network.run_for(250s);
  heal_both(network);
  network.send(plaza, "hello?");
  network.run();
  CHECK(network.receive(plaza) == failed(ECONNRESET));
}

TEST_CASE("to a host behind a cut a connect times out after 127 seconds, and before that it may succeed") {
  Network network;
  network.listen();
  network.fabric.cut(kUser, kPlaza);
  TcpSide* user = network.connect();
  SECTION("it lasts") {
    network.run_for(127s);
    CHECK(user->take_error() == ETIMEDOUT);
    CHECK(network.trace.events(EventKind::lose).size() == 7);
  }
  SECTION("it ends") {
    network.run_for(10s);
    network.fabric.heal(kUser, kPlaza);
    network.run_for(5s + Network::kRoundTrip);
    CHECK(user->established());
  }
  network.fabric.heal(kUser, kPlaza);
}

TEST_CASE("a handshake survives the loss of any of its packets") {
  const int which = GENERATE(0, 1, 2);  // the SYN, its answer, the acknowledgement of that
  INFO(which);
  Network network;
  network.listen();
  if (which == 0) network.fabric.cut(kUser, kPlaza);
  TcpSide* user = network.connect();
  network.fabric.heal(kUser, kPlaza);
  if (which == 1) {
    network.fabric.cut(kPlaza, kUser);
    network.run_for(Network::kThere);
    network.fabric.heal(kPlaza, kUser);
  } else if (which == 2) {
    network.run_for(Network::kThere);
    network.fabric.cut(kUser, kPlaza);
    network.run_for(Network::kBack);
    network.fabric.heal(kUser, kPlaza);
  }
  CHECK(network.trace.events(EventKind::lose).size() == 1);
  network.run_for(2s);
  CHECK(user->established());
  REQUIRE(network.listener->ready.size() == 1);
  TcpSide* plaza = network.accept();
  network.send(*user, "hello");
  network.run();
  CHECK(network.receive(*plaza) == Got{"hello"});
}

TEST_CASE("a half-open connection whose other end is gone is forgotten after a minute") {
  Network network;
  network.listen();
  network.connect();
  network.run_for(Network::kThere);
  CHECK(network.listener->half_open == 1);
  cut_both(network);
  network.run_for(Network::kBack);
  network.run_for(70s);
  CHECK(network.listener->half_open == 0);
  heal_both(network);
}

TEST_CASE("with any loss, every byte arrives once and in order") {
  const auto seed = GENERATE(range(1u, 31u));
  INFO(seed);
  Network network(seed);
  auto [user, plaza] = network.establish({.send = 20'000, .receive = 20'000}, {.send = 20'000, .receive = 20'000});
  const Ratio loss = Ratio::percent(1 + seed);
  network.fabric.set_loss(kUser, kPlaza, loss);
  network.fabric.set_loss(kPlaza, kUser, loss);
  if (seed % 2 == 0) network.fabric.set_segment_most(kUser, kPlaza, 700);
  std::string there, back, got_there, got_back;
  for (int i = 0; i < 150; ++i) {
    const std::string words = std::to_string(i) + std::string(static_cast<std::size_t>(i) * 7, '.');
    there += network.send(user, words).bytes;
    back += network.send(plaza, words).bytes;
    network.run_for(3ms);
    const auto read = [&](TcpSide& side, std::string& into) {
      const Got got = network.receive(side, 5'000);
      REQUIRE((got.error == 0 || got.error == EAGAIN));
      into += got.bytes;
    };
    read(plaza, got_there);
    read(user, got_back);
  }
  for (int i = 0; i < 200; ++i) {
    network.run_for(1s);
    got_there += network.receive(plaza).bytes;
    got_back += network.receive(user).bytes;
  }
  CHECK((got_there == there));
  CHECK((got_back == back));
  CHECK(network.trace.events(EventKind::lose).size() > 2);
  network.fabric.set_loss(kUser, kPlaza, {});
  network.fabric.set_loss(kPlaza, kUser, {});
}

TEST_CASE("about as many packets are lost as the link says") {
  Network network;
  auto [user, plaza] = network.establish();
  network.fabric.set_loss(kUser, kPlaza, Ratio::percent(10));
  int lost = 0;
  for (int i = 0; i < 1'000; ++i) {
    network.send(user, "x");
    network.run();
    network.receive(plaza);
  }
  for (const auto& each : network.trace.events(EventKind::lose)) lost += each.segment() == Segment::data;
  CHECK(lost > 70);
  CHECK(lost < 150);
  network.fabric.set_loss(kUser, kPlaza, {});
}

TEST_CASE("loss on one connection draws nothing from another") {
  const auto arrivals = [](bool with_loss) {
    Network network;
    network.fabric.set_latency(kUser, kPlaza, 1ms, 9ms);
    if (with_loss) network.fabric.set_loss(kUser, kPlaza, {1});  // of a million: the draws are made, nothing is lost
    auto [user, plaza] = network.establish();
    std::vector<std::int64_t> times;
    for (int i = 0; i < 20; ++i) {
      network.send(user, "x");
      network.run();
      network.receive(plaza);
      times.push_back(to_ns(network.now()));
    }
    network.fabric.set_loss(kUser, kPlaza, {});
    return times;
  };
  CHECK(arrivals(true) == arrivals(false));
}

// ---- bandwidth ----

TEST_CASE("a bandwidth makes packets wait for each other") {
  Network network;
  auto [user, plaza] = network.establish({.send = 1'000'000}, {.receive = 1'000'000});
  network.fabric.set_bandwidth(kUser, kPlaza, 1'000'000);
  network.sent(user, 9'960);  // with its header it takes 10 ms
  network.sent(user, 4'960);  // and another 5 ms
  network.run_for(10ms + Network::kThere - 1us);
  CHECK(plaza.unread() == 0);
  network.run_for(1us);
  CHECK(plaza.unread() == 9'960);
  network.run_for(5ms - 1us);
  CHECK(plaza.unread() == 9'960);
  network.run_for(1us);
  CHECK(plaza.unread() == 14'920);
}

TEST_CASE("connections share a link's bandwidth") {
  Network network;
  auto first = network.establish({.send = 1'000'000}, {.receive = 1'000'000});
  auto second = network.establish({.send = 1'000'000}, {.receive = 1'000'000});
  network.fabric.set_bandwidth(kUser, kPlaza, 1'000'000);
  network.sent(first.user, 9'960);
  network.sent(second.user, 9'960);
  network.run_for(19ms + Network::kThere);
  CHECK(first.plaza.unread() == 9'960);
  CHECK(second.plaza.unread() == 0);
  network.run_for(1ms);
  CHECK(second.plaza.unread() == 9'960);
}

TEST_CASE("small packets on a fast link are not slowed down by rounding") {
  Network network;
  auto [user, plaza] = network.establish();
  network.fabric.set_bandwidth(kUser, kPlaza, 1'000'000'000);
  for (int i = 0; i < 1'000; ++i) network.sent(user, 60);  // 100 ns each with its header
  network.run_for(100us + Network::kThere);
  CHECK(plaza.unread() == 60'000);
}

TEST_CASE("what does not fit into a link's queue is lost, and comes later") {
  Network network;
  auto [user, plaza] = network.establish({.send = 1'000'000}, {.receive = 1'000'000});
  network.fabric.set_bandwidth(kUser, kPlaza, 1'000'000, 20'000);
  for (int i = 0; i < 5; ++i) network.sent(user, 9'000);
  CHECK(network.trace.events(EventKind::lose).size() == 3);
  network.run_for(100ms);
  CHECK(plaza.unread() == 18'000);
  network.run();
  CHECK(plaza.unread() == 45'000);
}

// ---- pieces ----

TEST_CASE("a stream may arrive byte by byte") {
  Network network;
  auto [user, plaza] = network.establish();
  network.fabric.set_segment_most(kUser, kPlaza, 1);
  network.send(user, "abc");
  network.run_for(Network::kThere);
  CHECK(network.receive(plaza) == Got{"a"});
  network.run_for(1us);
  CHECK(network.receive(plaza) == Got{"b"});
  network.run_for(1us);
  CHECK(network.receive(plaza) == Got{"c"});
}

TEST_CASE("pieces have different sizes, which follow from the seed, and lose nothing") {
  const auto sizes = [](std::uint64_t seed) {
    Network network(seed);
    auto [user, plaza] = network.establish();
    network.fabric.set_segment_most(kUser, kPlaza, 100);
    std::string text;
    for (int i = 0; i < 500; ++i) text += std::to_string(i) + ' ';
    network.send(user, text);
    network.run();
    CHECK((network.receive(plaza).bytes == text));
    std::vector<std::uint64_t> found;
    for (const auto& sent : network.trace.events(EventKind::send)) {
      if (sent.segment() == Segment::data) found.push_back(sent.header.b);
    }
    return found;
  };
  const auto one = sizes(1);
  CHECK(std::set(one.begin(), one.end()).size() > 10);
  CHECK(*std::max_element(one.begin(), one.end()) <= 100);
  CHECK(sizes(1) == one);
  CHECK(sizes(2) != one);
}

TEST_CASE("whoever waits for the window of a peer whose reset was lost asks, and learns of it") {
  Network network;
  auto [user, plaza] = network.establish({}, {.receive = 1'000});
  CHECK(network.sent(user, 3'000) == 3'000);
  network.run_for(1s);
  network.fabric.cut(kPlaza, kUser);
  network.close(plaza);  // with unread data: a reset
  network.run_for(1us);
  network.fabric.heal(kPlaza, kUser);
  network.user.take();
  network.run_for(kTimeout + Network::kRoundTrip);
  CHECK(network.user.take() != 0);
  CHECK(user.take_error() == ECONNRESET);
}

TEST_CASE("data whose only answer, a reset, was lost is sent again") {
  const bool by_shutdown = GENERATE(false, true);
  Network network;
  auto [user, plaza] = network.establish();
  network.fabric.cut(kPlaza, kUser);
  network.send(user, "unread");
  network.run_for(Network::kThere);
  network.close(plaza);
  if (by_shutdown) {
    CHECK(user.shutdown_write(network.now()));
  } else {
    network.send(user, "more");
  }
  network.run_for(2 * Network::kThere);
  CHECK(user.established());
  network.fabric.heal(kPlaza, kUser);
  network.run_for(2 * kTimeout + Network::kRoundTrip);
  CHECK(user.take_error() == ECONNRESET);
}

TEST_CASE("TCP_USER_TIMEOUT outlives the descriptor") {
  const Duration timeout = GENERATE(700ms, 200s);
  Network network;
  auto [user, plaza] = network.establish();
  user.set_user_timeout(timeout);
  network.fabric.cut(kUser, kPlaza);
  network.send(user, "lost");
  const VirtualTime start = network.now();
  network.close(user);
  network.close(plaza);
  network.run();
  CHECK(network.tcp.connections() == 0);
  CHECK(network.now() >= start + timeout);
  CHECK(network.now() < start + timeout + 121s);
  network.fabric.heal(kUser, kPlaza);
}
