#include "tests/plaza/raft/situations.hpp"

#include <catch2/catch.hpp>

namespace plaza::raft::test {

Config config_of(NodeId id, std::vector<NodeId> voters) {
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

Message to_node_1(Message::Kind kind, NodeId from, Term term, Mark at) {
  Message message;
  message.kind = kind;
  message.from = from;
  message.to = 1;
  message.term = term;
  message.index = at.index;
  message.log_term = at.term;
  return message;
}

Node follower() {
  Node::Disk disk;
  disk.hard_state = {.term = 5, .vote = 2, .commit = 2};
  disk.log.replace(entries(1, {1, 1, 4, 4}));
  Node node(config_of(1), disk);
  node.step({.message = to_node_1(Message::Kind::heartbeat, 2, 5)});
  node.turn();
  node.sent.clear();
  REQUIRE(node.status().leader == 2);
  REQUIRE(node.applied() == 2);
  return node;
}

Node leader() {
  Node node = follower();
  node.core().campaign();
  node.turn();
  node.step({.message = to_node_1(Message::Kind::vote_reply, 2, 6)});
  node.turn();
  node.step({.message = to_node_1(Message::Kind::append_reply, 2, 6, {.index = 4})});
  node.turn();
  node.step({.message = to_node_1(Message::Kind::append_reply, 2, 6, {.index = 5})});
  node.turn();
  node.sent.clear();
  REQUIRE(node.status().role == Role::leader);
  REQUIRE(node.status().commit == 5);
  return node;
}

}  // namespace plaza::raft::test
