#include "system-under-test/plaza/raft/core.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

#include "tests/plaza/raft/situations.hpp"

namespace plaza::raft::test {
namespace {

using Kind = Message::Kind;

TEST_CASE("What a node starts with") {
  struct Case {
    Index commit, applied;  // on its disk, with a log 3..6 after mark 2
    Index commit_then, applied_then;
  };
  const auto c =
      GENERATE(values<Case>({{0, 2, 2, 2}, {4, 2, 4, 2}, {0, 5, 5, 5}, {4, 5, 5, 5}, {99, 3, 6, 3}, {3, 99, 6, 6}}));
  Stored stored{.hard_state = {.term = 7, .vote = 3, .commit = c.commit},
                .start = {.index = 2, .term = 1},
                .entries = entries(3, {1, 1, 4, 7}),
                .applied = c.applied};
  Core core(config_of(1), stored);
  const Status status = core.status();
  CHECK(status.role == Role::follower);
  CHECK(status.term == 7);
  CHECK(status.vote == 3);
  CHECK(status.first_index == 3);
  CHECK(status.last_index == 6);
  CHECK(status.last_term == 7);
  CHECK(status.commit == c.commit_then);
  CHECK(status.applied == c.applied_then);
  CHECK(core.has_ready() == (c.applied_then < c.commit_then));
  const Ready ready = core.ready();
  CHECK_FALSE(ready.hard_state);
  CHECK(ready.entries.empty());
  CHECK(ready.committed.size() == c.commit_then - c.applied_then);
}

TEST_CASE("A log forgets nothing that is not applied") {
  Node node = leader();
  node.set_stalled(true);
  node.core().propose("late");
  node.turn();
  node.core().compact(99);
  CHECK(node.status().first_index == 6);
  CHECK(node.core().term_of(5) == Term{6});
  CHECK_FALSE(node.core().term_of(4));
}

TEST_CASE("All that a turn proposes goes to each follower in one append, and in one write") {
  Node node = leader();
  Core& core = node.core();
  for (int i = 0; i < 100; ++i) REQUIRE(core.propose("some command") == Proposed::accepted);
  const Ready ready = core.ready();
  const auto count = std::count_if(ready.messages.begin(), ready.messages.end(), [](const Message& message) {
    return message.kind == Kind::append && message.entries.size() == 100;
  });
  CHECK(count == 1);  // node 2's; node 3 has not answered its probe
  CHECK(ready.entries.size() == 100);
  CHECK_FALSE(core.has_ready());
}

TEST_CASE("A snapshot is installed only if the log has not got there by itself") {
  struct Case {
    Mark mark;
    bool is_installed;
    Index commit, last;
  };
  const auto c = GENERATE(values<Case>({{{1, 1}, false, 2, 4},  // committed already
                                        {{2, 1}, false, 2, 4},
                                        {{3, 4}, false, 3, 4},  // there already
                                        {{3, 5}, true, 3, 3},   // another entry than this
                                        {{4, 5}, true, 4, 4},
                                        {{9, 5}, true, 9, 9}}));
  Node node = follower();
  node.step({.message = to_node_1(Kind::snapshot, 2, 5, c.mark), .chain = 77});
  node.turn();
  CHECK((node.installs() == 1) == c.is_installed);
  CHECK(node.status().commit == c.commit);
  CHECK(node.status().applied == c.commit);
  CHECK(node.status().last_index == c.last);
  CHECK((node.applied_chain() == 77) == c.is_installed);
  REQUIRE(node.sent.size() == 1);
  CHECK(node.sent[0].message.kind == Kind::append_reply);
  CHECK(node.sent[0].message.index == c.commit);
}

TEST_CASE("A leader that contradicts what is committed is told of, and gets no answer") {
  struct Case {
    Mark before;
    std::vector<Entry> entries;
    Index contradicted;  // 0: none
  };
  const auto c = GENERATE(values<Case>({{{2, 1}, {}, 0},
                                        {{1, 1}, entries(2, {1, 4}), 0},
                                        {{3, 5}, {}, 0},  // not committed: the leader is believed
                                        {{0, 0}, entries(1, {1, 1, 5}), 0},
                                        {{2, 3}, {}, 2},
                                        {{1, 2}, entries(2, {2}), 1},
                                        {{1, 1}, entries(2, {5}), 2},
                                        {{0, 0}, entries(1, {5}), 1}}));
  Core core = follower().core().clone();
  Message append = to_node_1(Kind::append, 2, 5, c.before);
  append.entries = c.entries;
  core.step(append);
  REQUIRE(core.contradiction().has_value() == (c.contradicted != 0));
  if (c.contradicted == 0) return;
  CHECK(core.contradiction()->node == 2);
  CHECK(core.contradiction()->index == c.contradicted);
  CHECK(core.contradiction()->committed == 1);
  CHECK(core.ready().messages_after.empty());
  CHECK(core.status().last_index == 4);
  CHECK(core.status().commit == 2);
}

TEST_CASE("A leader without what another has committed is told of") {
  const auto [committed, reject] = GENERATE(table<Index, bool>({{5, false}, {6, false}, {5, true}, {6, true}}));
  Core core = leader().core().clone();
  Message reply = to_node_1(Kind::append_reply, 3, 6, {.index = 5});
  reply.commit = committed;
  reply.reject = reject;
  core.step(reply);
  REQUIRE(core.contradiction().has_value() == (committed == 6));
  if (committed == 6) CHECK(core.contradiction()->index == 6);
}

TEST_CASE("A turn's appends are acknowledged by one message") {
  Node node = follower();
  for (Index index = 4; index < 8; ++index) {
    Message append = to_node_1(Kind::append, 2, 5, {.index = index, .term = index == 4 ? Term{4} : Term{5}});
    append.entries = entries(index + 1, {5});
    node.step({.message = append});
  }
  node.turn();
  REQUIRE(node.sent.size() == 1);
  CHECK(node.sent[0].message.kind == Kind::append_reply);
  CHECK(node.sent[0].message.index == 8);
}

TEST_CASE("A leader's own log counts when it is written, and not before") {
  Core core(config_of(1, {1}), {});
  core.campaign();
  const Ready vote = core.ready();
  CHECK(core.status().role == Role::candidate);
  core.persisted(vote);
  CHECK(core.status().role == Role::leader);
  const Ready first = core.ready();
  CHECK(first.committed.empty());
  CHECK_FALSE(core.has_ready());
  core.persisted(first);
  CHECK(core.status().commit == 1);
  CHECK(core.ready().committed.size() == 1);
}

TEST_CASE("Without a term or a vote, a commit index alone is not worth a write") {
  Node node = follower();
  Message heartbeat = to_node_1(Kind::heartbeat, 2, 5);
  heartbeat.commit = 3;
  node.core().step(heartbeat);
  const Ready ready = node.core().ready();
  CHECK(ready.committed.size() == 1);
  CHECK_FALSE(ready.hard_state);
  heartbeat.commit = 9;  // more than it has: nobody can mean that
  node.core().step(heartbeat);
  CHECK(node.status().commit == 3);
}

TEST_CASE("An election's time-out is drawn anew each time, from one to two times the ticks") {
  std::vector<std::uint32_t> draws = {0, 9, 4};
  Config config = config_of(1);
  config.random = [draws, next = std::size_t{0}](std::uint32_t below) mutable {
    return below > 10 ? 0 : draws[next++ % draws.size()];
  };
  Core core(config, {});
  for (const std::uint32_t draw : draws) {
    for (std::uint32_t tick = 0; tick < 10 + draw; ++tick) {
      CHECK_FALSE(core.has_ready());
      core.tick();
    }
    CHECK(core.has_ready());
    core.persisted(core.ready());
  }
}

TEST_CASE("What others would vote counts for the term that was asked about, and only while it is asked") {
  struct Case {
    Term term;
    bool reject;
    Role role;
  };
  const auto c = GENERATE(values<Case>({{5, false, Role::pre_candidate},  // late: another time's
                                        {6, false, Role::candidate},
                                        {7, false, Role::pre_candidate},  // nobody asked about it
                                        {4, true, Role::pre_candidate},
                                        {8, true, Role::follower}}));  // a later term has come
  Node node = follower();
  while (node.status().role == Role::follower) node.core().tick();
  REQUIRE(node.status().role == Role::pre_candidate);
  REQUIRE(node.status().term == 5);
  Message reply = to_node_1(Kind::pre_vote_reply, 2, c.term);
  reply.reject = c.reject;
  node.step({.message = reply});
  node.turn();
  CHECK(node.status().role == c.role);
}

TEST_CASE("A clone goes its own way") {
  Node node = leader();
  Node other(node);
  CHECK(other.digest() == node.digest());
  other.core().propose("x");
  other.turn();
  CHECK(other.digest() != node.digest());
  CHECK(node.status().last_index == 5);
}

}  // namespace
}  // namespace plaza::raft::test
