// Meshes among themselves, and one that nobody answers.
#include "system-under-test/plaza/peer/mesh.hpp"

#include "tests/plaza/peer/pair.hpp"
#include "tests/plaza/peer/random.hpp"

using namespace plaza::peer;
using namespace plaza::peer::test;

TEST_CASE("frames go both ways, whole and in order") {
  Pair pair;
  pair.start();
  plaza::peer::test::Random random(3);
  std::vector<std::string> payloads;
  for (int i = 0; i < 5'000; ++i) payloads.push_back(random.bytes(random.one_in(50) ? 20'000 : 100));
  for (const std::string& payload : payloads) {
    REQUIRE(pair.one->mesh->send(2, Stream::control, FrameType::raft, payload));
    REQUIRE(pair.two->mesh->send(1, Stream::control, FrameType::submit, payload));
  }
  until(pair.io, [&] { return pair.one->received.size() == 5'000 && pair.two->received.size() == 5'000; });
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    const bool came_there = pair.two->received[i] == std::tuple(NodeId{1}, FrameType::raft, payloads[i]);
    const bool came_here = pair.one->received[i] == std::tuple(NodeId{2}, FrameType::submit, payloads[i]);
    REQUIRE(came_there);
    REQUIRE(came_here);
  }
  const Mesh::PeerView view = pair.one->view(2);
  CHECK(view.incarnation == 10);
  CHECK(view.frames_received == 5'000);
  CHECK(view.frames_lost == 0);
  until(pair.io, [&] { return pair.one->view(2).frames_sent == 5'000; });
  CHECK(pair.one->view(2).queued_bytes == 0);
  CHECK(pair.one->lost.empty());
  CHECK(pair.one->has_said("to node 2 (control): connected, incarnation 10"));
  CHECK(pair.one->has_said("from node 2 (control): connected, incarnation 10"));
}

TEST_CASE("what is sent while a connection is being made leaves when it is there") {
  Pair pair;
  pair.one->mesh->start();
  CHECK(pair.one->mesh->send(2, Stream::control, FrameType::raft, "early"));
  pair.two->mesh->start();
  until(pair.io, [&] { return !pair.two->received.empty(); });
  CHECK(std::get<2>(pair.two->received[0]) == "early");
}

TEST_CASE("what cannot be sent is dropped at once") {
  Pair pair;
  pair.start();
  const std::size_t most = pair.config(1).frame_bytes_most;
  CHECK_FALSE(pair.one->mesh->send(3, Stream::control, FrameType::raft, "nobody"));
  CHECK_FALSE(pair.one->mesh->send(1, Stream::control, FrameType::raft, "myself"));
  CHECK_FALSE(pair.one->mesh->send(2, Stream::control, FrameType::raft, std::string(most, 'x')));
  CHECK(pair.one->view(2).frames_lost == 1);
  CHECK(pair.one->mesh->send(2, Stream::control, FrameType::raft, std::string(most - 1, 'x')));
  until(pair.io, [&] { return !pair.two->received.empty(); });
  CHECK(std::get<2>(pair.two->received[0]).size() == most - 1);

  pair.two.reset();
  until(pair.io, [&] { return !pair.one->view(2).connected; });
  until(pair.io, [&] { return !pair.one->mesh->send(2, Stream::control, FrameType::raft, "in a pause"); });
}

TEST_CASE("a queue that is full drops, tells so once, and takes again when there is room") {
  asio::io_context io;
  StrangeHost host(io);
  MeshConfig config = config_of(1);
  config.peers = {{2, host.address()}};
  config.queue_bytes_most = 100'000;
  Node node(io, config);
  node.mesh->start();
  Stranger slow = host.await_and_welcome(io);
  until(io, [&] { return node.view(2).connected; });

  const std::string payload(10'000, 'x');
  const auto send = [&](std::size_t number) {
    return node.mesh->send(2, Stream::control, FrameType::raft, std::to_string(number) + payload);
  };
  std::size_t sent = 0;
  // Until neither the queue nor the kernel has room.
  until(io, [&] {
    while (send(sent)) ++sent;
    go_on_for(io, milliseconds(20));
    const bool had_room = send(sent);
    if (had_room) ++sent;
    return !had_room;
  });
  CHECK(node.view(2).queued_bytes <= config.queue_bytes_most);
  CHECK(node.view(2).queued_bytes > config.queue_bytes_most - 11'000);
  CHECK_FALSE(node.lost.empty());
  go_on_for(io, milliseconds(20));
  const std::size_t told = node.lost.size();
  for (int i = 0; i < 100; ++i) CHECK_FALSE(send(sent));
  go_on_for(io, milliseconds(20));
  CHECK(node.lost.size() == told);
  CHECK(node.view(2).frames_lost > 100);

  until(io, [&] { return slow.heard(), send(sent); });
  ++sent;
  until(io, [&] { return node.view(2).queued_bytes == 0; });
  const auto payloads = slow.payloads(FrameType::raft);
  REQUIRE(payloads.size() == sent);
  const auto is_whole = [&](std::size_t i) { return payloads[i] == std::to_string(i) + payload; };
  for (std::size_t i = 0; i < sent; ++i) REQUIRE(is_whole(i));
}

TEST_CASE("bulk goes over a connection of its own, made when there is something to send") {
  Pair pair;
  pair.start();
  go_on_for(pair.io, milliseconds(30));
  CHECK_FALSE(pair.one->has_said("(bulk)"));
  const std::string chunk(1'000'000, 'c');
  for (int i = 0; i < 10; ++i) REQUIRE(pair.one->mesh->send(2, Stream::bulk, FrameType::snapshot_chunk, chunk));
  pair.two->on_received = [&] {
    if (pair.two->received.size() == 1) pair.one->mesh->send(2, Stream::control, FrameType::raft, "urgent");
  };
  pair.one->on_drained = [&] { CHECK(pair.one->view(2).queued_bytes == 0); };
  std::optional<std::size_t> chunks_before;
  until(pair.io, [&] {
    const auto& received = pair.two->received;
    for (std::size_t i = 0; i < received.size(); ++i) {
      if (std::get<1>(received[i]) == FrameType::raft) chunks_before = i;
    }
    return received.size() == 11;
  });
  REQUIRE(chunks_before);
  CHECK(*chunks_before < 10);
  CHECK(pair.one->has_said("to node 2 (bulk): connected, incarnation 10"));
  until(pair.io, [&] { return !pair.one->drained.empty(); });
  CHECK(pair.one->drained == std::vector<NodeId>{2});

  // It is closed when it is idle, which is no loss, and made again.
  until(pair.io, [&] { return pair.one->has_said("to node 2 (bulk): closed: nothing to send"); });
  until(pair.io, [&] { return pair.two->has_said("from node 1 (bulk): closed by the other end"); });
  CHECK(pair.one->lost.empty());
  CHECK(pair.connected());
  CHECK(pair.one->mesh->send(2, Stream::bulk, FrameType::snapshot_end, ""));
  until(pair.io, [&] { return pair.two->received.size() == 12; });
  CHECK(pair.one->view(2).frames_received == 0);
  CHECK(pair.two->view(1).frames_received == 12);
}

TEST_CASE("bulk that cannot go for now is asked for when it can") {
  Pair pair;
  pair.start();
  const auto send = [&] { return pair.one->mesh->send(2, Stream::bulk, FrameType::snapshot_chunk, "some"); };
  pair.two.reset();
  REQUIRE(send());
  until(pair.io, [&] { return pair.one->has_said("to node 2 (bulk): no connection"); });
  CHECK(pair.one->lost.back() == std::pair(NodeId{2}, Stream::bulk));
  CHECK(pair.one->drained.empty());
  CHECK_FALSE(send());  // no connection is made so soon
  until(pair.io, [&] { return !pair.one->drained.empty(); });
  CHECK(send());
}

TEST_CASE("a node that was lost is dialled again, with pauses that double") {
  asio::io_context io;
  std::optional<StrangeHost> host(io);
  MeshConfig config = config_of(1);
  config.peers = {{2, host->address()}};
  config.backoff_first = milliseconds(20);
  config.backoff_most = milliseconds(160);
  config.random = [](std::uint32_t below) { return below - 1; };  // the whole pause
  Node node(io, config);
  node.mesh->start();
  std::vector<Clock::time_point> dialled;
  for (int i = 0; i < 6; ++i) {
    const Stranger unfriendly = host->await(io);
    dialled.push_back(Clock::now());
  }
  const int pauses[] = {20, 40, 80, 160, 160};
  for (std::size_t i = 0; i < 5; ++i) {
    CAPTURE(i);
    CHECK(dialled[i + 1] - dialled[i] >= milliseconds(pauses[i]) - milliseconds(1));
  }
  // Once, however often.
  CHECK(node.said.size() == 1);

  const MeshConfig::Address address = host->address();
  host.reset();
  MeshConfig its = config_of(2);
  its.listen_on = loopback(address.port);
  its.peers = {{1, address_of(node)}};
  std::optional<Node> other(std::in_place, io, its);
  other->mesh->start();
  until(io, [&] { return node.view(2).connected && other->view(1).connected; });
  CHECK(node.mesh->send(2, Stream::control, FrameType::raft, "there you are"));
  until(io, [&] { return !other->received.empty(); });
  CHECK(node.lost.empty());

  other.reset();
  until(io, [&] { return !node.view(2).connected; });
  CHECK(node.lost == std::vector{std::pair(NodeId{2}, Stream::control)});
  its.incarnation = 11;
  other.emplace(io, its);
  other->mesh->start();
  until(io, [&] { return node.view(2).connected && node.view(2).heard; });
  CHECK(node.view(2).incarnation == 11);
}
