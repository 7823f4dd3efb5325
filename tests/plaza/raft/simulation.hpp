// A cluster under chance: whatever may happen to messages, disks and nodes does, by a seed, and everything is held
// against what raft promises. Then all is well again, and the cluster must come to rest with one leader and equal logs.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/plaza/raft/checker.hpp"
#include "tests/plaza/raft/node.hpp"
#include "tests/plaza/raft/random.hpp"

namespace plaza::raft::test {

struct SimulationOptions {
  std::size_t nodes = 3;
  std::size_t steps = 600;
  std::uint64_t seed = 1;
  Bugs bugs = {};
  std::size_t rounds_to_heal_most = 100;  // a round: every node has a tick, and all messages arrive
};

struct SimulationOutcome {
  std::optional<std::string> violation;
  // How much happened: a run in which nothing does proves nothing.
  std::size_t leaders = 0;
  std::size_t commands_applied = 0;
  std::size_t reads_ended = 0;
  std::size_t snapshots_installed = 0;
  std::size_t conflicts = 0;  // entries that were replaced
  std::size_t transfers = 0;
};

class Simulation {
 public:
  explicit Simulation(SimulationOptions options);
  SimulationOutcome run();

 private:
  void step();
  void act(Node& node);
  void deliver(std::size_t packet);
  void after(Node& node);
  void begin_read(Node& node);
  void end_snapshot(bool is_lucky);
  void change_partition();
  bool is_cut(NodeId a, NodeId b) const { return sides_.at(a) != sides_.at(b); }
  Node& any_node() { return *nodes_.at(1 + random_.below(nodes_.size())); }
  std::size_t any_packet() { return random_.below(packets_.size()); }

  void heal();
  void round();
  Node* settled_leader();

  SimulationOptions options_;
  Random random_;
  std::shared_ptr<Random> nodes_random_;
  std::map<NodeId, std::unique_ptr<Node>> nodes_;
  std::map<NodeId, int> sides_;
  std::vector<Packet> packets_;
  struct Transfer {
    NodeId from = 0;
    Ready::Snapshot snapshot;
  };
  std::vector<Transfer> transfers_;
  Checker checker_;
  SimulationOutcome outcome_;
  std::map<NodeId, Term> led_;
  std::map<NodeId, Mark> ends_;
  std::uint64_t next_context_ = 1;
};

// A seed, and what it leads to; the first of `seeds` that breaks a promise.
std::optional<std::pair<std::uint64_t, std::string>> first_violation(SimulationOptions options, std::uint64_t seeds);

}  // namespace plaza::raft::test
