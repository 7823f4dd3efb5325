#pragma once
// What consensus promises, held against what the nodes of a cluster do, as their hooks tell it in observer mode.
//
// It knows no domain: entries are bytes, states are hashes. The history is what was applied first, at whichever node,
// under each index; every other node must come to the same.
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <stillpoint/simulation.hpp>

#include "system-under-test/plaza/replica/replica.hpp"

namespace last_ticket {

using stillpoint::EventId;

class ClusterChecks {
 public:
  ClusterChecks(stillpoint::Simulation& simulation, std::uint64_t nodes);

  // Nodes are numbered from 1, as plaza has them. `host` is where it runs.
  void started(plaza::raft::NodeId node, stillpoint::HostId host);
  // It does not run any more: what it was is no more.
  void ended(plaza::raft::NodeId node);

  void recovered(plaza::raft::NodeId node, const plaza::raft::Stored& stored, std::uint64_t incarnation);
  void persisting(plaza::raft::NodeId node, const plaza::NodeStore::Batch& batch);
  void persisted(plaza::raft::NodeId node, const plaza::NodeStore::Batch& batch);
  void role_changed(plaza::raft::NodeId node, const plaza::raft::Status& status);
  // Whether it is the first to apply this index. `hash` is that of the state after it.
  bool applied(plaza::raft::NodeId node, const plaza::raft::Entry& entry, std::uint64_t hash);
  void installed(plaza::raft::NodeId node, const plaza::raft::Mark& mark, std::uint64_t hash);
  // The event to point at for what was applied under this index.
  void names(std::uint64_t index, EventId event);
  EventId event_of(std::uint64_t index) const;

  // The newest index that any node has applied.
  std::uint64_t last_index() const { return first_ + history_.size() - 1; }
  // Who leads the newest term, if that node is up; 0: nobody.
  plaza::raft::NodeId leader() const;
  // Of nodes that are up; and how far the slowest of them is.
  std::uint64_t slowest() const;
  std::uint64_t changes_of_leader() const { return leaders_.size(); }
  // The entries that some node has on its disk, where that is most.
  std::uint64_t longest_log() const;

 private:
  using NodeId = plaza::raft::NodeId;
  using Term = plaza::raft::Term;
  using Index = plaza::raft::Index;

  // What a node's disk has for certain, as its writes said when they returned.
  struct Disk {
    Term term = 0;
    NodeId vote = 0;
    Index start = 0;  // the log begins after it
    Term start_term = 0;
    std::deque<Term> terms;  // of the entries after it
    Index last() const { return start + terms.size(); }
    std::optional<Term> term_of(Index index) const;
    void write(const plaza::NodeStore::Batch& batch);
  };
  struct Node {
    stillpoint::HostId host = stillpoint::kHarness;
    bool up = false;
    Disk disk;
    std::optional<plaza::NodeStore::Batch> writing;  // what may be there or not; of its entries only index and term
    plaza::raft::Status status;
    std::uint64_t incarnation = 0;
    Index applied = 0;
    EventId role_event = stillpoint::kNoEvent;
  };
  struct Applied {
    Term term = 0;
    std::uint64_t entry = 0;  // its hash
    std::uint64_t state = 0;  // the state's, after it
    Term known_by = 0;        // the term of the node that applied it first: it was committed by then
    NodeId node = 0;
    EventId event = stillpoint::kNoEvent;
  };
  struct Written {
    Term term = 0;
    Term term_before = 0;
    std::uint64_t entry = 0;
    NodeId node = 0;
  };

  Node& node_of(NodeId node) { return nodes_.at(node - 1); }
  static std::string name_of(NodeId node);
  bool is_up(const Node& node) const;
  const Applied* find(Index index) const;
  void check_regress(NodeId id, const Node& node, const plaza::raft::Stored& stored);
  void check_matching(NodeId id, const Node& node, const plaza::NodeStore::Batch& batch);
  void check_completeness(NodeId id, const Node& node, Term term);
  void check_state(NodeId node, Index index, std::uint64_t hash);
  void forget_old();

  stillpoint::Simulation& simulation_;
  stillpoint::Check& election_;
  stillpoint::Check& matching_;
  stillpoint::Check& completeness_;
  stillpoint::Check& machine_;
  stillpoint::Check& state_;
  stillpoint::Check& durable_;

  std::vector<Node> nodes_;
  std::map<Term, std::pair<NodeId, EventId>> leaders_;
  std::deque<Applied> history_;
  Index first_ = 1;
  std::map<Index, std::vector<Written>> written_;
};

}  // namespace last_ticket
