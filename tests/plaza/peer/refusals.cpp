// Who is not let in, and what becomes of those who do not keep to the protocol, on either end.
#include <functional>

#include "tests/plaza/peer/nodes.hpp"

using namespace plaza::peer;
using namespace plaza::peer::test;

namespace {

std::string framed(OwnFrame type, std::string_view payload) {
  std::string bytes;
  append_frame(bytes, type, payload);
  return bytes;
}

std::string hello_with(const std::function<void(Hello&)>& change) {
  Hello hello = hello_of_2();
  change(hello);
  return framed(OwnFrame::hello, encode(hello));
}

// Node 1, whose peers 2 and 3 are not there.
struct Lonely {
  explicit Lonely(MeshConfig config = config_of(1)) {
    config.peers = {{2, {"127.0.0.1", 1}}, {3, {"127.0.0.1", 1}}};
    node.emplace(io, std::move(config));
    node->mesh->start();
  }
  Stranger dialled() { return Stranger::that_dials(io, node->port()); }
  Stranger greeted(const Hello& hello) {
    Stranger stranger = dialled();
    stranger.say(OwnFrame::hello, encode(hello));
    until(io, [&] { return stranger.has_heard(OwnFrame::welcome) || stranger.is_over(); });
    return stranger;
  }
  asio::io_context io;
  std::optional<Node> node;
};

}  // namespace

TEST_CASE("who says hello wrongly is refused, and told why") {
  struct Case {
    std::string bytes;
    std::string reason;
  };
  const std::vector<Case> cases = {
      {hello_with([](Hello& hello) { hello.cluster = "other"; }), "of cluster 'other', and this is 'test'"},
      {hello_with([](Hello& hello) { hello.to = 2; }), "node 2 is meant, and this is 1"},
      {hello_with([](Hello& hello) { hello.from = 7; }), "node 7 is none of this cluster's"},
      {hello_with([](Hello& hello) { hello.version = 2; }), "protocol version 2, and not 1"},
      {hello_with([](Hello& hello) { hello.incarnation = 9; }),
       "incarnation 9 of node 2, which was heard of with 10 since"},
      {framed(OwnFrame::hello, "PLZP"), "what came is no hello"},
      {framed(OwnFrame::ping, ""), "what came is no hello"},
      {framed(OwnFrame::hello, std::string(5'000, 'x')), "what came is no hello"},
      {"GET / HTTP/1.1\r\n\r\n", "what came is no hello"},
      {std::string(4, '\0'), "what came is no hello"},
  };
  Lonely lonely;
  Stranger good = lonely.greeted(hello_of_2());
  for (const Case& each : cases) {
    CAPTURE(each.reason);
    Stranger stranger = lonely.dialled();
    stranger.say(each.bytes);
    until(lonely.io, [&] { return stranger.is_over(); });
    // What had not been read when it hung up may have cost it the reason.
    if (each.bytes.size() < 5'000) CHECK(stranger.refusal() == each.reason);
    // Once for all who are refused for the same reason, and with the port of the first.
    CHECK(lonely.node->times_said("from 127.0.0.1:", ": refused: " + each.reason) == 1);
  }
  good.say(OwnFrame::ping);
  until(lonely.io, [&] { return good.has_heard(OwnFrame::pong); });
}

TEST_CASE("who says hello too late is refused") {
  MeshConfig config = config_of(1);
  config.connect_timeout = milliseconds(100);
  Lonely lonely(config);
  const auto begun = Clock::now();
  Stranger silent = lonely.dialled();
  Stranger slow = lonely.dialled();
  const std::string hello = hello_with([](Hello&) {});
  slow.say(hello.substr(0, hello.size() - 1));
  Stranger quick = lonely.greeted(hello_of_2());
  until(lonely.io, [&] { return silent.is_over() && slow.is_over(); });
  CHECK(Clock::now() - begun >= milliseconds(100));
  CHECK(silent.refusal() == "no hello within 100 ms");
  CHECK(slow.refusal() == "no hello within 100 ms");
  CHECK_FALSE(quick.is_over());
}

TEST_CASE("a hello and frames may come byte by byte") {
  Lonely lonely;
  Stranger slow = lonely.dialled();
  std::string bytes = hello_with([](Hello&) {});
  append_frame(bytes, 16, "one");
  append_frame(bytes, OwnFrame::ping);
  append_frame(bytes, 17, "two");
  for (const char byte : bytes) {
    slow.say({&byte, 1});
    go_on_for(lonely.io, std::chrono::microseconds(200));
  }
  until(lonely.io, [&] { return lonely.node->received.size() == 2 && slow.has_heard(OwnFrame::pong); });
  CHECK(lonely.node->received[0] == std::tuple(NodeId{2}, FrameType::raft, "one"));
  CHECK(lonely.node->received[1] == std::tuple(NodeId{2}, FrameType::submit, "two"));
  CHECK(lonely.node->view(2).heard);
}

TEST_CASE("partial_read_framing loses what comes byte by byte") {
  MeshConfig config = config_of(1);
  config.bugs.partial_read_framing = true;
  Lonely lonely(config);
  Stranger stranger = lonely.greeted(hello_of_2());
  std::string bytes;
  append_frame(bytes, 16, "whole");
  stranger.say(bytes);
  until(lonely.io, [&] { return lonely.node->received.size() == 1; });
  stranger.say(bytes.substr(0, 1));
  go_on_for(lonely.io, milliseconds(20));
  stranger.say(bytes.substr(1));
  until(lonely.io, [&] { return stranger.is_over(); });
  CHECK(lonely.node->received.size() == 1);
  CHECK(lonely.node->said.back() == "from node 2 (control): what came are no frames");
}

TEST_CASE("what does not belong on a connection ends it") {
  struct Case {
    std::string bytes;
    std::string line;
  };
  const std::vector<Case> cases = {
      {hello_with([](Hello&) {}), "a frame of type 1 came"},   {framed(OwnFrame::pong, ""), "a frame of type 5 came"},
      {framed(OwnFrame::ping, "x"), "a frame of type 4 came"}, {framed(OwnFrame{15}, ""), "a frame of type 15 came"},
      {std::string(4, '\0'), "what came are no frames"},       {std::string(4, '\xff'), "what came are no frames"},
  };
  Lonely lonely;
  for (const Case& each : cases) {
    CAPTURE(each.line);
    Stranger stranger = lonely.greeted(hello_of_2());
    stranger.say(each.bytes + framed(OwnFrame{16}, "too late"));
    until(lonely.io, [&] { return stranger.is_over(); });
    CHECK(lonely.node->received.empty());
    CHECK(lonely.node->said.back() == "from node 2 (control): " + each.line);
    CHECK_FALSE(lonely.node->view(2).heard);
  }
}

TEST_CASE("a later connection takes the place of an earlier one") {
  struct Case {
    Stream first, second;
    std::uint64_t incarnation;  // of the second; the first is 10
    bool first_ends, second_ends;
  };
  const std::vector<Case> cases = {
      {Stream::control, Stream::control, 10, true, false}, {Stream::control, Stream::control, 11, true, false},
      {Stream::control, Stream::control, 9, false, true},  {Stream::bulk, Stream::control, 10, false, false},
      {Stream::bulk, Stream::control, 11, true, false},    {Stream::control, Stream::bulk, 10, false, false},
  };
  for (const Case& each : cases) {
    CAPTURE(static_cast<int>(each.first), static_cast<int>(each.second), each.incarnation);
    Lonely lonely;
    Hello hello = hello_of_2();
    hello.stream = each.first;
    Stranger first = lonely.greeted(hello);
    hello.stream = each.second;
    hello.incarnation = each.incarnation;
    Stranger second = lonely.greeted(hello);
    CHECK(second.is_over() == each.second_ends);
    CHECK(first.is_over() == each.first_ends);
    // Another node's is none of its business.
    hello.from = 3;
    CHECK_FALSE(lonely.greeted(hello).is_over());
    Stranger& left = each.second_ends ? first : second;
    left.say(OwnFrame::ping);
    until(lonely.io, [&] { return left.has_heard(OwnFrame::pong); });
    CHECK(lonely.node->view(2).incarnation == std::max<std::uint64_t>(10, each.incarnation));
  }
}

TEST_CASE("an answer that is none, or of an earlier incarnation, makes no connection") {
  struct Case {
    std::string bytes;
    std::string line;
  };
  const auto welcome = [](std::uint64_t incarnation) {
    return framed(OwnFrame::welcome, encode(Welcome{.incarnation = incarnation}));
  };
  const std::vector<Case> cases = {
      {welcome(9), "refused: answered by incarnation 9, and a later one was heard of"},
      {framed(OwnFrame::refused, encode(Refused{.reason = "we are\nclosed"})), "refused: we are?closed"},
      {framed(OwnFrame::refused, "x"), "no connection: what came is no answer to a hello"},
      {framed(OwnFrame::welcome, "x"), "no connection: what came is no answer to a hello"},
      {framed(OwnFrame::pong, ""), "no connection: what came is no answer to a hello"},
      {std::string(4, '\xff'), "no connection: what came are no frames"},
      {welcome(10) + framed(OwnFrame::ping, ""), "no connection: a frame of type 4 came back"},
      {"", "no connection: closed by the other end"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.line);
    asio::io_context io;
    StrangeHost host(io);
    MeshConfig config = config_of(1);
    config.peers = {{2, host.address()}};
    Node node(io, config);
    node.mesh->start();
    // Which incarnation there is, it knows from here.
    Stranger other = Stranger::that_dials(io, node.port());
    other.say(OwnFrame::hello, encode(hello_of_2()));
    until(io, [&] { return other.has_heard(OwnFrame::welcome); });
    {
      Stranger dialled = host.await(io);
      until(io, [&] { return dialled.has_heard(OwnFrame::hello); });
      dialled.say(each.bytes);
      if (!each.bytes.empty()) until(io, [&] { return dialled.is_over(); });
    }
    until(io, [&] { return node.has_said("to node 2 (control): " + each.line); });
    CHECK_FALSE(node.view(2).connected);
    // It tries again.
    Stranger again = host.await_and_welcome(io, 10);
    until(io, [&] { return node.view(2).connected; });
  }
}

TEST_CASE("a node that is refused logs why, and waits longest before it dials again") {
  asio::io_context io;
  StrangeHost host(io);
  MeshConfig config = config_of(2);
  config.peers = {{1, host.address()}};
  config.backoff_first = milliseconds(1);
  config.backoff_most = milliseconds(100);
  Node two(io, config);
  two.mesh->start();
  const auto begun = Clock::now();
  for (int i = 0; i < 4; ++i) {
    Stranger dialled = host.await(io);
    until(io, [&] { return dialled.has_heard(OwnFrame::hello); });
    dialled.say(OwnFrame::refused, encode(Refused{.reason = "we are closed"}));
    until(io, [&] { return dialled.is_over(); });
  }
  CHECK(Clock::now() - begun >= milliseconds(150));  // with jitter, half of it at least
  CHECK(two.said == std::vector<std::string>{"to node 1 (control): refused: we are closed"});
}
