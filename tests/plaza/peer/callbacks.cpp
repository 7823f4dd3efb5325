// What a mesh calls, and what may happen within.
#include <boost/asio/post.hpp>

#include "tests/plaza/peer/pair.hpp"

using namespace plaza::peer;
using namespace plaza::peer::test;

TEST_CASE("callbacks may send") {
  Pair pair;
  pair.start();
  pair.one->on_received = [&] { pair.one->mesh->send(2, Stream::control, FrameType::raft, "to"); };
  pair.two->on_received = [&] { pair.two->mesh->send(1, Stream::control, FrameType::raft, "fro"); };
  pair.one->mesh->send(2, Stream::control, FrameType::raft, "to");
  until(pair.io, [&] { return pair.one->received.size() >= 1'000; });

  // From `lost` and from `bulk_drained`, too; the former does not bring itself about for ever.
  pair.one->on_lost = [&] { pair.one->mesh->send(2, Stream::control, FrameType::raft, "again"); };
  pair.one->on_drained = [&] {
    if (pair.one->drained.size() < 5) pair.one->mesh->send(2, Stream::bulk, FrameType::snapshot_chunk, "more");
  };
  pair.one->mesh->send(2, Stream::bulk, FrameType::snapshot_chunk, "some");
  until(pair.io, [&] { return pair.one->drained.size() == 5; });
  pair.two.reset();
  until(pair.io, [&] { return !pair.one->lost.empty(); });
  go_on_for(pair.io, milliseconds(50));
  CHECK(pair.one->lost.size() < 10);
}

TEST_CASE("a mesh may end within any callback, and nothing is called or left in the event loop after it") {
  for (const char* where : {"received", "said", "said at first", "lost", "lost when full", "bulk_drained"}) {
    CAPTURE(where);
    const std::string at = where;
    Pair pair(at == "lost when full" ? 1'000 : 1'000'000);
    int calls_after = 0;
    const auto end_here = [&] {
      if (!pair.one->mesh) ++calls_after;
      pair.one->mesh.reset();
    };
    if (at == "said at first") pair.one->on_said = end_here;
    if (at != "said at first") pair.start();
    if (at == "said at first") {
      pair.one->mesh->start();
      pair.two->mesh->start();
    }
    if (at == "received") pair.one->on_received = end_here;
    if (at == "said") pair.one->on_said = end_here;
    if (at.starts_with("lost")) pair.one->on_lost = end_here;
    if (at == "bulk_drained") pair.one->on_drained = end_here;
    for (int i = 0; i < 10 && pair.one->mesh; ++i) {
      pair.two->mesh->send(1, Stream::control, FrameType::raft, std::string(10, 'x'));
      pair.one->mesh->send(2, Stream::bulk, FrameType::snapshot_chunk,
                           std::string(at == "lost when full" ? 300 : 10, 'x'));
    }
    if (at == "said" || at == "lost") {
      go_on_for(pair.io, milliseconds(10));
      pair.two.reset();
    }
    until(pair.io, [&] { return !pair.one->mesh; });
    if (pair.two) until(pair.io, [&] { return !pair.two->view(1).heard; });
    pair.two.reset();
    // It returns: there is nothing to wait for, pauses and time-outs least of all.
    const auto before = Clock::now();
    pair.io.restart();
    pair.io.run_for(std::chrono::seconds(5));
    CHECK(pair.io.stopped());
    CHECK(Clock::now() - before < std::chrono::seconds(2));
    CHECK(calls_after == 0);
  }
}

TEST_CASE("a mesh that ends takes its callbacks with it, at once or after the one that ended it") {
  Pair pair;
  const auto held = std::make_shared<int>(7);
  std::unique_ptr<Mesh> mesh;
  bool alive_within = false;
  MeshConfig config = pair.config(1);
  pair.one.reset();
  MeshCallbacks callbacks;
  callbacks.said = [&, held](const std::string&) {
    mesh.reset();
    alive_within = held.use_count() > 1 && *held == 7;
  };
  mesh = std::make_unique<Mesh>(pair.io.get_executor(), config, std::move(callbacks));
  mesh->start();
  pair.two->mesh->start();
  until(pair.io, [&] { return !mesh; });
  CHECK(alive_within);
  CHECK(held.use_count() == 1);
}

TEST_CASE("a peer that says much does not keep the event loop") {
  asio::io_context io;
  MeshConfig config = config_of(1);
  config.peers = {{2, {"127.0.0.1", 1}}};
  Node node(io, config);
  node.mesh->start();
  Stranger busy = Stranger::that_dials(io, node.port());
  busy.say(OwnFrame::hello, encode(hello_of_2()));
  until(io, [&] { return busy.has_heard(OwnFrame::welcome); });

  std::size_t received_meanwhile = 0;
  node.on_received = [&] {
    if (node.received.size() == 1) asio::post(io, [&] { received_meanwhile = node.received.size(); });
  };
  std::string bytes;
  for (int i = 0; i < 1'000; ++i) append_frame(bytes, 16, std::to_string(i));
  busy.say(bytes);
  until(io, [&] { return node.received.size() == 1'000; });
  CHECK(received_meanwhile > 0);
  CHECK(received_meanwhile <= 64);
  for (std::size_t i = 0; i < 1'000; ++i) REQUIRE(std::get<2>(node.received[i]) == std::to_string(i));
}
