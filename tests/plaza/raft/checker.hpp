// What raft promises (figure 3 of the paper), held against what nodes do, and linearizable reads. It remembers a whole
// run; told of every node after each step in which that node did something.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "tests/plaza/raft/node.hpp"

namespace plaza::raft::test {

class Checker {
 public:
  // Election safety, log matching, leader completeness, state-machine safety.
  void look(const Node& node);
  // A read begins that is known by `context`; it must see all that any node has applied by now.
  void read_begins(std::uint64_t context) { read_floor_[context] = applied_most_; }
  void read_ends(NodeId node, const Ready::Read& read);

  // The first promise that was broken.
  const std::optional<std::string>& violation() const { return violation_; }
  Index applied_most() const { return applied_most_; }
  std::size_t reads_ended() const { return reads_ended_; }

 private:
  struct Committed {
    Chain chain = 0;
    Term in_term = 0;  // of the node that knew it first
  };
  struct Seen {
    Index commit = 0;
    Index last_index = 0;
    Chain last_chain = 0;
    Term led = 0;
  };
  void broken(const std::string& what) {
    if (!violation_) violation_ = what;
  }
  void look_at_log(const Node& node, Seen& seen);
  void look_at_leader(const Node& node, const Status& status);

  std::map<Term, NodeId> leaders_;
  std::map<std::pair<Index, Term>, Chain> logs_;
  std::map<Index, Committed> committed_;
  std::map<NodeId, Seen> seen_;
  std::map<std::uint64_t, Index> read_floor_;
  Index applied_most_ = 0;
  std::size_t reads_ended_ = 0;
  std::optional<std::string> violation_;
};

}  // namespace plaza::raft::test
