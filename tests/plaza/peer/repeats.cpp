// What is logged once, however often it happens.
#include "system-under-test/plaza/peer/repeats.hpp"

#include "tests/plaza/peer/pair.hpp"

using namespace plaza::peer;
using namespace plaza::peer::test;

TEST_CASE("words are new once of each remote, until they are forgotten") {
  Repeats repeats;
  const Clock::time_point begun{};
  CHECK_FALSE(repeats.is_repeat("one", "connected", begun));
  CHECK_FALSE(repeats.is_repeat("one", "closed", begun));
  CHECK_FALSE(repeats.is_repeat("two", "closed", begun));
  CHECK(repeats.is_repeat("one", "connected", begun));
  CHECK(repeats.is_repeat("one", "closed", begun));
  repeats.forget("one");
  CHECK_FALSE(repeats.is_repeat("one", "closed", begun));
  CHECK(repeats.is_repeat("two", "closed", begun));
  // Time counts from when they were said last, though nobody saw it.
  const auto nearly = Repeats::kForgottenAfter - std::chrono::seconds(1);
  CHECK(repeats.is_repeat("two", "closed", begun + nearly));
  CHECK(repeats.is_repeat("two", "closed", begun + 2 * nearly));
  CHECK(repeats.size() == 1);
  CHECK_FALSE(repeats.is_repeat("two", "closed", begun + 2 * nearly + Repeats::kForgottenAfter));
}

TEST_CASE("what was said is remembered of so many only, and what comes all the time for longest") {
  Repeats repeats;
  const Clock::time_point now{};
  for (int i = 0; i < 1'000; ++i) {
    CHECK_FALSE(repeats.is_repeat("stranger " + std::to_string(i), "refused", now));
    CHECK(repeats.is_repeat("neighbour", "refused", now) == (i > 0));
  }
  CHECK(repeats.size() == Repeats::kLinesMost);
  CHECK_FALSE(repeats.is_repeat("stranger 0", "refused", now));
  CHECK(repeats.is_repeat("stranger 999", "refused", now));
}

TEST_CASE("two clusters that dial each other say so once at each end") {
  asio::io_context io;
  MeshConfig configs[] = {config_of(1), config_of(2)};
  configs[1].cluster = "other";
  const std::uint16_t ports[] = {free_port(io), free_port(io)};
  for (const NodeId i : {0U, 1U}) {
    configs[i].listen_on = loopback(ports[i]);
    configs[i].peers = {{2 - i, {"127.0.0.1", ports[1 - i]}}};
    configs[i].backoff_most = milliseconds(5);
  }
  Node one(io, configs[0]);
  Node two(io, configs[1]);
  one.mesh->start();
  two.mesh->start();
  go_on_for(io, milliseconds(500));  // for some hundred attempts
  CHECK(one.said.size() == 2);
  CHECK(two.said.size() == 2);
  CHECK(one.times_said("from 127.0.0.1:", ": refused: of cluster 'other', and this is 'test'") == 1);
  CHECK(one.times_said("to node 2 (control): ", "refused: of cluster 'test', and this is 'other'") == 1);
}

// Its incarnations began anew: it is refused, and who hears from which incarnation its welcome is hangs up.
TEST_CASE("a node that was wiped is a few lines at each end") {
  Pair pair;
  pair.start();
  pair.two.reset();
  until(pair.io, [&] { return !pair.one->view(2).connected && !pair.one->view(2).heard; });
  pair.one->said.clear();
  MeshConfig config = pair.config(2);
  config.incarnation = 1;
  pair.two.emplace(pair.io, config);
  pair.two->mesh->start();
  go_on_for(pair.io, milliseconds(500));
  const std::string refusal = "refused: incarnation 1 of node 2, which was heard of with 10 since";
  CHECK(pair.one->times_said("from 127.0.0.1:", ": " + refusal) == 1);
  CHECK(pair.one->times_said("to node 2", "refused: answered by incarnation 1, and a later one was heard of") == 1);
  CHECK(pair.one->said.size() <= 3);  // and that it was gone
  CHECK(pair.two->times_said("to node 1", refusal) == 1);
  CHECK(pair.two->times_said("from node 1 (control): connected, incarnation 10, from 127.0.0.1:", "") == 1);
  CHECK(pair.two->times_said("from node 1 (control): ", "closed by the other end") == 1);
  CHECK(pair.two->said.size() == 3);
}

TEST_CASE("connections that end at once are said once; one that lasts is said, and its end") {
  asio::io_context io;
  MeshConfig config = config_of(1);
  config.peers = {{2, {"127.0.0.1", 1}}};
  config.idle_timeout = milliseconds(200);
  Node node(io, config);
  node.mesh->start();
  const auto connected = [&] { return node.times_said("from node 2 (control): connected, incarnation 10, from ", ""); };
  const auto closed = [&] { return node.times_said("from node 2 (control): ", "closed by the other end"); };
  const auto come = [&] {
    Stranger stranger = Stranger::that_dials(io, node.port());
    stranger.say(OwnFrame::hello, encode(hello_of_2()));
    until(io, [&] { return stranger.has_heard(OwnFrame::welcome); });
    return stranger;
  };
  const auto is_gone = [&] { return !node.view(2).heard; };
  for (int i = 0; i < 5; ++i) {
    come();
    until(io, is_gone);
  }
  CHECK(connected() == 1);
  CHECK(closed() == 1);
  {
    Stranger lasting = come();
    CHECK(connected() == 1);
    std::size_t pings = 0;
    until(io, [&] {
      lasting.say(OwnFrame::ping);
      // It has read all when it goes, or else the connection would be reset.
      until(io, [&, before = pings++] { return lasting.frames().size() > before + 1; });
      go_on_for(io, milliseconds(5));
      return connected() == 2;
    });
  }
  until(io, is_gone);
  CHECK(closed() == 2);
  come();
  CHECK(connected() == 3);
}

TEST_CASE("whom this node dials, and who hangs up after each welcome, is said once") {
  asio::io_context io;
  StrangeHost host(io);
  MeshConfig config = config_of(1);
  config.peers = {{2, host.address()}};
  Node node(io, config);
  node.mesh->start();
  for (int i = 0; i < 5; ++i) {
    {
      const Stranger unfriendly = host.await_and_welcome(io);
      until(io, [&] { return node.view(2).connected; });
    }
    until(io, [&] { return !node.view(2).connected; });
  }
  CHECK(node.said == std::vector<std::string>{"to node 2 (control): connected, incarnation 1",
                                              "to node 2 (control): no connection: closed by the other end"});
}
