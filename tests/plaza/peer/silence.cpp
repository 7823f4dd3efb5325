// Connections that are there and say nothing.
#include <boost/asio/steady_timer.hpp>

#include "tests/plaza/peer/nodes.hpp"

using namespace plaza::peer;
using namespace plaza::peer::test;

namespace {

constexpr auto kIdle = milliseconds(150);

MeshConfig quick_config() {
  MeshConfig config = config_of(1);
  config.ping_interval = milliseconds(30);
  config.idle_timeout = kIdle;
  return config;
}

}  // namespace

TEST_CASE("a node that says welcome, and then nothing, is given up") {
  for (const bool bug : {false, true}) {
    CAPTURE(bug);
    asio::io_context io;
    StrangeHost host(io);
    MeshConfig config = quick_config();
    config.peers = {{2, host.address()}};
    config.bugs.half_open_undetected = bug;
    Node node(io, config);
    node.mesh->start();
    Stranger silent = host.await_and_welcome(io);
    until(io, [&] { return node.view(2).connected; });
    const auto begun = Clock::now();
    CHECK(node.mesh->send(2, Stream::control, FrameType::raft, "are you there?"));
    if (bug) {
      go_on_for(io, 4 * kIdle);
      CHECK(node.view(2).connected);
      CHECK_FALSE(silent.has_heard(OwnFrame::ping));
      CHECK(node.lost.empty());
      continue;
    }
    until(io, [&] { return !node.view(2).connected; });
    CHECK(Clock::now() - begun >= kIdle - milliseconds(1));
    CHECK(silent.has_heard(OwnFrame::ping));
    CHECK(node.said.back() == "to node 2 (control): no connection: silent for 150 ms");
    CHECK(node.lost.size() == 1);
    // And dialled again.
    Stranger again = host.await_and_welcome(io);
    until(io, [&] { return node.view(2).connected; });
  }
}

TEST_CASE("a node that answers pings is not given up") {
  asio::io_context io;
  StrangeHost host(io);
  MeshConfig config = quick_config();
  config.idle_timeout = milliseconds(600);  // the machine may be busy
  config.peers = {{2, host.address()}};
  Node node(io, config);
  node.mesh->start();
  Stranger lively = host.await_and_welcome(io);
  until(io, [&] { return node.view(2).connected; });
  const auto end = Clock::now() + 2 * config.idle_timeout;
  std::size_t answered = 1;  // the hello
  until(io, [&] {
    for (; answered < lively.frames().size(); ++answered) lively.say(OwnFrame::pong);
    return Clock::now() >= end;
  });
  CHECK(node.view(2).connected);
  CHECK(node.said.size() == 1);
  CHECK(answered > 10);
}

TEST_CASE("who says hello, and then nothing, is given up") {
  for (const bool bug : {false, true}) {
    CAPTURE(bug);
    asio::io_context io;
    MeshConfig config = quick_config();
    config.peers = {{2, {"127.0.0.1", 1}}};
    config.bugs.half_open_undetected = bug;
    Node node(io, config);
    node.mesh->start();
    Stranger silent = Stranger::that_dials(io, node.port());
    silent.say(OwnFrame::hello, encode(hello_of_2()));
    until(io, [&] { return silent.has_heard(OwnFrame::welcome); });
    if (bug) {
      go_on_for(io, 4 * kIdle);
      CHECK_FALSE(silent.is_over());
      CHECK(node.view(2).heard);
    } else {
      until(io, [&] { return silent.is_over(); });
      CHECK(node.said.back() == "from node 2 (control): silent for 150 ms");
      CHECK_FALSE(node.view(2).heard);
    }
  }
}

TEST_CASE("whoever sends much is answered though it does not ping") {
  asio::io_context io;
  MeshConfig config = quick_config();
  config.peers = {{2, {"127.0.0.1", 1}}};
  Node node(io, config);
  node.mesh->start();
  Stranger busy = Stranger::that_dials(io, node.port());
  busy.say(OwnFrame::hello, encode(hello_of_2()));
  until(io, [&] { return busy.has_heard(OwnFrame::welcome); });
  std::string half;
  append_frame(half, 18, std::string(100'000, 'x'));
  std::size_t said = 0;  // a frame that takes its time is a sign of life as well
  until(io, [&] {
    busy.say(std::string_view(half).substr(said++, 1));
    go_on_for(io, milliseconds(5));
    return busy.has_heard(OwnFrame::pong) || busy.is_over();
  });
  CHECK_FALSE(busy.is_over());
}

TEST_CASE("a node that has slept hears first what has come meanwhile") {
  asio::io_context io;
  StrangeHost host(io);
  MeshConfig config = quick_config();
  config.idle_timeout = milliseconds(400);  // the machine may be busy
  config.peers = {{2, host.address()}};
  Node node(io, config);
  node.mesh->start();
  Stranger lively = host.await_and_welcome(io);
  Stranger busy = Stranger::that_dials(io, node.port());
  busy.say(OwnFrame::hello, encode(hello_of_2()));
  until(io, [&] { return node.view(2).connected && node.view(2).heard; });
  const std::size_t lines = node.said.size();
  // When it wakes, all time limits are over; this one first, and the event loop knows of nothing else yet.
  asio::steady_timer first(io, Clock::now());
  first.async_wait([&](error_code) {
    lively.say(OwnFrame::pong);
    busy.say(OwnFrame::ping);
  });
  const auto end = Clock::now() + config.idle_timeout + milliseconds(20);
  while (Clock::now() < end) continue;  // as if it waited for its disk
  until(io, [&] { return busy.has_heard(OwnFrame::pong); });
  CHECK(node.said.size() == lines);
}

TEST_CASE("whoever is connected to, and does not answer the hello, is given up after the time for it") {
  asio::io_context io;
  StrangeHost host(io);  // its kernel accepts
  MeshConfig config = config_of(1);
  config.connect_timeout = milliseconds(80);
  config.peers = {{2, host.address()}};
  Node node(io, config);
  node.mesh->start();
  CHECK(node.mesh->send(2, Stream::control, FrameType::raft, "hello?"));
  until(io, [&] { return !node.lost.empty(); });
  CHECK(node.said == std::vector<std::string>{"to node 2 (control): no connection: no answer within 80 ms"});
  CHECK(node.view(2).frames_lost == 1);
  CHECK(node.view(2).frames_sent == 0);
  Stranger first = host.await(io);
  Stranger second = host.await_and_welcome(io);
  until(io, [&] { return node.view(2).connected; });
}
