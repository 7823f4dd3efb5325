// Nodes in the middle of things, for tests to begin with.
#pragma once

#include <utility>
#include <vector>

#include "tests/plaza/raft/node.hpp"

namespace plaza::raft::test {

// Time-outs are as short as they can be.
Config config_of(NodeId id, std::vector<NodeId> voters = {1, 2, 3});
std::vector<Entry> entries(Index first, const std::vector<Term>& terms);
// To node 1, about this place in a log.
Message to_node_1(Message::Kind kind, NodeId from, Term term, Mark at = {});
// Node 1 in term 5 of leader 2: 1/1 2/1 3/4 4/4, of which 2 are committed and applied.
Node follower();
// Node 1, leader of term 6, with the first entry of its term at index 5; node 2 has acknowledged it.
Node leader();

}  // namespace plaza::raft::test
