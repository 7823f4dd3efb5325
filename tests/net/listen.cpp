#include "tests/net/network.hpp"

using namespace stillpoint;
using namespace stillpoint::net;
using namespace std::chrono_literals;
using stillpoint::test::failed;
using stillpoint::test::Got;
using stillpoint::test::Network;

TEST_CASE("a port has one listener") {
  Network network;
  network.listen();
  CHECK(network.tcp.bind(Network::kPlaza, Network::kService).error() == EADDRINUSE);
  network.stop_listening();
  network.listen();
}

TEST_CASE("connections are accepted in the order in which they were established") {
  Network network;
  network.listen();
  std::vector<TcpSide*> users;
  for (int i = 0; i < 5; ++i) {
    users.push_back(network.connect());
    network.run_for(10us);
  }
  network.run();
  for (TcpSide* user : users) CHECK(network.accept()->remote == user->local);
}

// listen(2): if the queue is full "the request may be ignored so that a later reattempt at connection succeeds".
TEST_CASE("a full backlog ignores a SYN, and a later one succeeds") {
  Network network;
  network.listen(1);
  std::vector<TcpSide*> users;
  for (int i = 0; i < 3; ++i) {
    users.push_back(network.connect());
    network.run_for(10ms);
  }
  // Linux lets one more than the backlog wait.
  CHECK(users[0]->established());
  CHECK(users[1]->established());
  CHECK(users[2]->connecting());
  REQUIRE(network.trace.events(EventKind::drop).size() == 1);
  CHECK(network.trace.events(EventKind::drop)[0].segment() == Segment::syn);

  network.accept();
  network.run_for(500ms);
  CHECK(users[2]->connecting());  // its second SYN is due a second after the first
  network.run_for(500ms + Network::kRoundTrip);
  CHECK(users[2]->established());
}

TEST_CASE("handshakes under way count for the backlog") {
  Network network;
  network.listen(1);
  std::vector<TcpSide*> users;
  for (int i = 0; i < 3; ++i) users.push_back(network.connect());
  network.run_for(20ms);
  int established = 0;
  for (const TcpSide* user : users) established += user->established();
  CHECK(established == 2);
}

TEST_CASE("whoever was not accepted is reset when the listener goes") {
  Network network;
  network.listen();
  TcpSide* user = network.connect();
  network.run();
  network.send(*user, "unread");
  network.run();
  network.stop_listening();
  CHECK(network.receive(*user) == failed(EAGAIN));
  network.run_for(Network::kBack);
  CHECK(network.receive(*user) == failed(ECONNRESET));
  CHECK(network.receive(*user) == Got{""});
  CHECK(network.send(*user, "more") == failed(EPIPE));
}

TEST_CASE("a listener that goes during a handshake resets it, and its successor knows nothing of it") {
  Network network;
  network.listen();
  TcpSide* early = network.connect();
  network.run_for(Network::kRoundTrip);  // the ACK is on its way
  CHECK(early->established());
  network.stop_listening();
  network.listen(0);
  network.run();
  CHECK(network.receive(*early) == failed(ECONNRESET));
  CHECK(network.listener->half_open == 0);
  CHECK(network.listener->ready.empty());

  TcpSide* late = network.connect();
  network.run_for(Network::kRoundTrip + Network::kThere);
  CHECK(late->established());
  network.accept();
}

TEST_CASE("a connection that was reset before it was accepted is accepted all the same") {
  Network network;
  network.listen();
  TcpSide* user = network.connect();
  network.run();
  TcpSide* reader = nullptr;
  SECTION("closed in order") {
    network.close(*user);
    network.run();
    reader = network.accept();
    CHECK(network.receive(*reader) == Got{""});
  }
  SECTION("closed in order, after data") {
    network.send(*user, "last words");
    network.close(*user);
    network.run();
    reader = network.accept();
    CHECK(network.receive(*reader) == Got{"last words"});
    CHECK(network.receive(*reader) == Got{""});
  }
}
