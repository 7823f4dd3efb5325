#include "system-under-test/plaza/raft/core.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <vector>

#include "tests/plaza/raft/node.hpp"
#include "tests/plaza/raft/random.hpp"

namespace plaza::raft::test {
namespace {

using Kind = Message::Kind;

Config config_of(NodeId id, std::vector<NodeId> voters = {1, 2, 3}) {
  Config config;
  config.id = id;
  config.configuration.voters = std::move(voters);
  config.random = [](std::uint32_t) { return 0U; };
  return config;
}

std::vector<Entry> entries(Index first, const std::vector<Term>& terms) {
  std::vector<Entry> made;
  for (const Term term : terms) made.push_back({.index = first++, .term = term, .data = "x"});
  return made;
}

// Node 1 in term 5 of leader 2: 1/1 2/1 3/4 4/4, of which 2 are committed and applied.
Node follower() {
  Node::Disk disk;
  disk.hard_state = {.term = 5, .vote = 2, .commit = 2};
  disk.log.replace(entries(1, {1, 1, 4, 4}));
  Node node(config_of(1), disk);
  Message heartbeat;
  heartbeat.from = 2;
  heartbeat.to = 1;
  heartbeat.term = 5;
  node.step({.message = heartbeat});
  node.turn();
  node.sent.clear();
  REQUIRE(node.status().leader == 2);
  REQUIRE(node.applied() == 2);
  return node;
}

// Node 1, leader of term 6, with the first entry of its term at index 5; node 2 has acknowledged it.
Node leader() {
  Node node = follower();
  node.core().campaign();
  node.turn();
  Message reply;
  reply.from = 2;
  reply.to = 1;
  reply.term = 6;
  reply.kind = Kind::vote_reply;
  node.step({.message = reply});
  node.turn();
  reply.kind = Kind::append_reply;
  reply.index = 4;
  node.step({.message = reply});
  node.turn();
  reply.index = 5;
  node.step({.message = reply});
  node.turn();
  node.sent.clear();
  REQUIRE(node.status().role == Role::leader);
  REQUIRE(node.status().commit == 5);
  return node;
}

TEST_CASE("A message that cannot be right changes nothing") {
  struct Case {
    const char* what;
    std::function<void(Message&)> spoil;
  };
  const auto c = GENERATE(values<Case>({
      {"to another node", [](Message& m) { m.to = 3; }},
      {"from nobody", [](Message& m) { m.from = 0; }},
      {"from itself", [](Message& m) { m.from = 1; }},
      {"from no voter", [](Message& m) { m.from = 4; }},
      {"of no kind", [](Message& m) { m.kind = static_cast<Kind>(77); }},
      {"of no term", [](Message& m) { m.term = 0; }},
      {"of a term that nobody reaches", [](Message& m) { m.term = ~Term{0}; }},
      {"from another leader of this term", [](Message& m) { m.from = 3; }},
      {"an index that nobody reaches", [](Message& m) { m.index = ~Index{0} - 1; }},
      {"a log's term beyond its own", [](Message& m) { m.log_term = 6; }},
      {"an index without a term", [](Message& m) { m.log_term = 0; }},
      {"a term without an index", [](Message& m) { m.index = 0; }},
      {"entries that do not follow on the index", [](Message& m) { m.entries = entries(6, {5}); }},
      {"entries with a gap", [](Message& m) { m.entries[1].index = 7; }},
      {"entries of falling terms",
       [](Message& m) {
         m.entries = entries(5, {5, 4});
       }},
      {"entries of a term before that of the entry before",
       [](Message& m) {
         m.entries = entries(5, {3, 5});
       }},
      {"entries of a term beyond its own",
       [](Message& m) {
         m.entries = entries(5, {5, 6});
       }},
      {"an entry of no term",
       [](Message& m) {
         m.entries = entries(5, {0, 5});
       }},
      {"an entry of no kind", [](Message& m) { m.entries[0].kind = static_cast<EntryKind>(9); }},
      {"other entries where all is committed",
       [](Message& m) {
         m.index = 1;
         m.log_term = 1;
         m.entries = entries(2, {5});
       }},
  }));
  INFO(c.what);
  Node node = follower();
  Message message;
  message.kind = Kind::append;
  message.from = 2;
  message.to = 1;
  message.term = 5;
  message.index = 4;
  message.log_term = 4;
  message.entries = entries(5, {5, 5});

  Node other(node);
  const std::string before = node.core().digest();
  Message spoilt = message;
  c.spoil(spoilt);
  node.step({.message = spoilt});
  node.turn();
  CHECK(node.core().status().last_index == 4);
  CHECK(node.core().digest() == before);

  other.step({.message = message});
  other.turn();
  CHECK(other.status().last_index == 6);  // it was this that made the difference
}

TEST_CASE("A leader believes no answer beyond what it has asked for") {
  struct Case {
    const char* what;
    Message message;
  };
  const auto c = GENERATE(values<Case>({
      {"an acknowledgement beyond its log", {.kind = Kind::append_reply, .index = 99}},
      {"a round that did not begin", {.kind = Kind::heartbeat_reply, .context = 99}},
      {"a refusal of what was acknowledged", {.kind = Kind::append_reply, .index = 3, .reject = true}},
      {"an append of its own term", {.kind = Kind::append, .index = 5, .log_term = 6, .entries = entries(6, {6})}},
      {"a snapshot of its own term", {.kind = Kind::snapshot, .index = 99, .log_term = 6}},
      {"to time out", {.kind = Kind::time_out_now}},
      {"an answer to a read that it did not ask for", {.kind = Kind::read_index_reply, .index = 1, .context = 1}},
  }));
  INFO(c.what);
  Node node = leader();
  node.core().read_index(1);
  node.turn();
  Message message = c.message;
  message.from = 2;
  message.to = 1;
  message.term = 6;
  node.step({.message = message});
  node.turn();
  const Status status = node.status();
  CHECK(status.role == Role::leader);
  CHECK(status.last_index == 5);
  CHECK(status.commit == 5);
  CHECK(status.peers.at(2).match == 5);
  CHECK(node.reads.empty());
}

TEST_CASE("Whatever comes, a node goes on") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Random random(seed);
    Node node = seed % 2 == 0 ? leader() : follower();
    const auto number = [&] { return random.chance(90) ? random.below(12) : random.next() >> random.below(64); };
    for (int i = 0; i < 200; ++i) {
      Message message;
      message.kind = static_cast<Kind>(random.below(13));
      message.from = random.below(5);
      message.to = 1;
      message.term = random.chance(80) ? node.status().term : number();
      message.index = number();
      message.log_term = number();
      message.commit = number();
      message.reject = random.chance(30);
      message.hint_index = number();
      message.hint_term = number();
      message.context = number();
      message.by_transfer = random.chance(10);
      for (std::uint32_t entry = random.below(4); entry > 0 && random.chance(90); --entry) {
        message.entries.push_back({.index = message.index + message.entries.size() + 1, .term = number(), .data = "y"});
      }
      const Index commit = node.status().commit;
      const Term term = node.status().term;
      node.step({.message = message});
      if (random.chance(20)) node.core().tick();
      if (random.chance(20)) node.core().propose("z");
      if (random.chance(10)) node.core().read_index(1);
      node.turn();
      node.sent.clear();
      REQUIRE(node.status().commit >= commit);
      REQUIRE(node.status().term >= term);
      REQUIRE(node.status().commit <= node.status().last_index);
    }
  }
}

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

TEST_CASE("A turn's appends are acknowledged by one message") {
  Node node = follower();
  for (Index index = 4; index < 8; ++index) {
    Message append;
    append.kind = Kind::append;
    append.from = 2;
    append.to = 1;
    append.term = 5;
    append.index = index;
    append.log_term = index == 4 ? 4 : 5;
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
  Message heartbeat;
  heartbeat.from = 2;
  heartbeat.to = 1;
  heartbeat.term = 5;
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
