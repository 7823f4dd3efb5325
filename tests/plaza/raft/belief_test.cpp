#include "system-under-test/plaza/raft/core.hpp"

#include <catch2/catch.hpp>
#include <functional>

#include "tests/plaza/raft/random.hpp"
#include "tests/plaza/raft/situations.hpp"

namespace plaza::raft::test {
namespace {

using Kind = Message::Kind;

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
  Message message = to_node_1(Kind::append, 2, 5, {.index = 4, .term = 4});
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

}  // namespace
}  // namespace plaza::raft::test
