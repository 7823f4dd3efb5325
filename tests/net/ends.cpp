#include "tests/net/network.hpp"

using namespace stillpoint;
using namespace stillpoint::net;
using namespace std::chrono_literals;
using stillpoint::test::failed;
using stillpoint::test::Got;
using stillpoint::test::Network;

namespace {
constexpr std::uint32_t kDead = EPOLLIN | EPOLLOUT | EPOLLHUP | EPOLLRDHUP;

std::size_t resets(const Network& network) {
  std::size_t count = 0;
  for (const auto& sent : network.trace.events(EventKind::send)) count += sent.segment() == Segment::rst;
  return count;
}
}  // namespace

TEST_CASE("a half-closed connection still carries data the other way") {
  Network network;
  auto [user, plaza] = network.establish();
  network.send(user, "request");
  CHECK(user.shutdown_write(network.now()));
  CHECK(user.shutdown_write(network.now()));  // twice is once
  network.run();
  CHECK((network.plaza.take() & EPOLLRDHUP) != 0);
  CHECK(network.ready(plaza) == (EPOLLIN | EPOLLOUT | EPOLLRDHUP));
  CHECK(network.receive(plaza) == Got{"request"});
  CHECK(network.receive(plaza) == Got{""});
  CHECK(network.receive(plaza) == Got{""});

  CHECK(network.send(plaza, "answer") == Got{"answer"});
  network.run();
  CHECK(network.ready(user) == (EPOLLIN | EPOLLOUT));
  CHECK(network.receive(user) == Got{"answer"});
  CHECK(network.receive(user) == failed(EAGAIN));

  CHECK(plaza.shutdown_write(network.now()));
  network.run();
  CHECK(network.receive(user) == Got{""});
  CHECK(network.ready(user) == kDead);
  CHECK(network.ready(plaza) == kDead);
  CHECK(resets(network) == 0);
}

TEST_CASE("half-close from the accepting end") {
  Network network;
  auto [user, plaza] = network.establish();
  network.send(plaza, "greeting");
  CHECK(plaza.shutdown_write(network.now()));
  network.run();
  CHECK(network.receive(user) == Got{"greeting"});
  CHECK(network.receive(user) == Got{""});
  CHECK(network.send(user, "thanks") == Got{"thanks"});
  network.run();
  CHECK(network.receive(plaza) == Got{"thanks"});
}

TEST_CASE("after its own shutdown an end can send no more") {
  Network network;
  auto [user, plaza] = network.establish();
  CHECK(user.shutdown_write(network.now()));
  CHECK(network.send(user, "x") == failed(EPIPE));
  CHECK((network.ready(user) & EPOLLOUT) != 0);  // a write would not block: it fails
}

TEST_CASE("what is not connected cannot be shut down") {
  Network network;
  network.listen();
  TcpSide* user = network.connect();
  CHECK(user->shutdown_write(network.now()).error() == ENOTCONN);
}

TEST_CASE("the end of the stream comes after all data, also after what the window held back") {
  Network network;
  auto [user, plaza] = network.establish({.send = 100'000}, {.receive = 1'000});
  CHECK(network.sent(user, 3'500) == 3'500);
  SECTION("shutdown") { CHECK(user.shutdown_write(network.now())); }
  SECTION("close") { network.close(user); }
  network.run();
  CHECK((network.ready(plaza) & EPOLLRDHUP) == 0);
  std::size_t total = 0;
  for (;;) {
    const Got got = network.receive(plaza);
    REQUIRE(got.error == 0);
    if (got.bytes.empty()) break;
    total += got.bytes.size();
    network.run();
  }
  CHECK(total == 3'500);
  CHECK(resets(network) == 0);
}

TEST_CASE("closing in order at both ends leaves nothing and resets nothing") {
  Network network;
  auto [user, plaza] = network.establish();
  SECTION("one after the other") {
    network.close(user);
    network.run();
    CHECK(network.receive(plaza) == Got{""});
    network.close(plaza);
  }
  SECTION("at the same time") {
    network.close(user);
    network.close(plaza);
  }
  SECTION("within the other's way") {
    network.close(user);
    network.run_for(500us);
    network.close(plaza);
  }
  network.run();
  CHECK(network.tcp.connections() == 0);
  CHECK(resets(network) == 0);
  CHECK(network.queue.empty());
}

// RFC 2525, 2.17, and tcp_close() in Linux.
TEST_CASE("closing with unread data resets the connection") {
  Network network;
  auto [user, plaza] = network.establish();
  network.send(user, "never read");
  network.run();
  network.close(plaza);
  CHECK(resets(network) == 1);
  network.run();
  CHECK(network.ready(user) == (kDead | EPOLLERR));
  SECTION("which a read learns first") {
    CHECK(network.receive(user) == failed(ECONNRESET));
    CHECK(network.receive(user) == Got{""});
    CHECK(network.send(user, "x") == failed(EPIPE));
  }
  SECTION("which a write learns first") {
    CHECK(network.send(user, "x") == failed(ECONNRESET));
    CHECK(network.send(user, "x") == failed(EPIPE));
    CHECK(network.receive(user) == Got{""});
  }
  SECTION("which SO_ERROR takes away") {
    CHECK(user.take_error() == ECONNRESET);
    CHECK(network.ready(user) == kDead);
    CHECK(network.receive(user) == Got{""});
  }
}

TEST_CASE("data to a closed end is answered with a reset") {
  Network network;
  auto [user, plaza] = network.establish();
  network.close(plaza);
  network.run();
  CHECK(network.receive(user) == Got{""});
  CHECK(network.send(user, "too late") == Got{"too late"});  // as on Linux: the first one goes out
  network.run();
  CHECK(resets(network) == 1);
  // tcp_reset() in Linux: after the peer's FIN (CLOSE_WAIT) the error is EPIPE.
  CHECK((network.ready(user) & EPOLLERR) != 0);
  CHECK(network.receive(user) == Got{""});
  CHECK(network.send(user, "x") == failed(EPIPE));
  CHECK(user.take_error() == 0);
}

TEST_CASE("data that crosses the peer's close is answered with a reset") {
  Network network;
  auto [user, plaza] = network.establish();
  network.send(user, "crossing");
  network.close(plaza);
  network.run();
  CHECK(resets(network) == 1);
  // The FIN came first.
  CHECK(network.receive(user) == Got{""});
  CHECK(network.send(user, "x") == failed(EPIPE));
}

TEST_CASE("what arrived before a reset can still be read") {
  Network network;
  auto [user, plaza] = network.establish();
  network.send(plaza, "last words");
  network.send(user, "unread");
  network.run();
  network.close(plaza);
  network.run();
  CHECK(network.receive(user) == Got{"last words"});
  CHECK(network.receive(user) == failed(ECONNRESET));
  CHECK(network.receive(user) == Got{""});
}

TEST_CASE("a reset takes what was waiting to be sent") {
  Network network;
  auto [user, plaza] = network.establish({.send = 100'000}, {.receive = 1'000});
  network.sent(user, 50'000);
  network.run();
  network.close(plaza);
  network.run();
  CHECK(network.send(user, "x") == failed(ECONNRESET));
}

TEST_CASE("whoever does not want to read finds the end of the stream") {
  Network network;
  auto [user, plaza] = network.establish();
  plaza.shutdown_read();
  CHECK(network.receive(plaza) == Got{""});
  CHECK(network.ready(plaza) == (EPOLLIN | EPOLLOUT | EPOLLRDHUP));
  CHECK(plaza.shutdown_write(network.now()));
  CHECK(network.ready(plaza) == kDead);
}

TEST_CASE("closing ends the watcher's news") {
  Network network;
  auto [user, plaza] = network.establish();
  network.close(user);
  network.send(plaza, "anybody?");
  network.run();
  CHECK(network.user.take() == 0);
}

TEST_CASE("an end that is torn down with packets on their way leaves nothing") {
  // No run() at the end: the destructors of queue and stack see live connections.
  test::MemoryTrace trace;
  EventQueue queue;
  Fabric fabric{1};
  fabric.add_host(1, {0x0A000001});
  test::Watcher watcher;
  Tcp tcp(queue, trace.writer, fabric, 1);
  const auto port = tcp.bind(1, {{}, 80}).value();
  CHECK(tcp.listen({1, 1}, *port, 1, {}, &watcher));
  auto local = tcp.bind(1, {kLoopback, 40000}).value();
  const TcpSide* side = tcp.connect({1, 1}, local, {kLoopback, 80}, {}, &watcher, queue.now()).value();
  queue.pop().fire();
  CHECK(side->connecting());
  CHECK(tcp.connections() == 1);
}

TEST_CASE("an end is finished when it has the other's FIN and knows that its own arrived") {
  Network network;
  auto [user, plaza] = network.establish();
  CHECK(user.shutdown_write(network.now()));
  network.run();
  CHECK_FALSE(user.finished(network.now()));
  CHECK_FALSE(plaza.finished(network.now()));
  CHECK(plaza.shutdown_write(network.now()));
  network.run_for(Network::kBack);
  CHECK(user.finished(network.now()));
  network.run_for(Network::kThere - 1us);
  CHECK_FALSE(plaza.finished(network.now()));
  network.run_for(1us);
  CHECK(plaza.finished(network.now()));
}

TEST_CASE("data to an end that was shut both ways resets both") {
  Network network;
  auto [user, plaza] = network.establish();
  CHECK(user.shutdown_write(network.now()));
  user.shutdown_read();
  network.run();
  CHECK(network.send(plaza, "x") == Got{"x"});
  network.run();
  CHECK(resets(network) == 1);
  CHECK(user.take_error() == ECONNRESET);
  CHECK(plaza.take_error() == EPIPE);
}
