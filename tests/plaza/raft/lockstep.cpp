#include "tests/plaza/raft/lockstep.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "tests/plaza/raft/node.hpp"
#include "tests/plaza/raft/random.hpp"

namespace plaza::raft::test {

LockstepOutcome run_in_lockstep(const LockstepOptions& options) {
  const auto random = std::make_shared<Random>(options.seed);
  Config config;
  for (NodeId id = 1; id <= options.nodes; ++id) config.configuration.voters.push_back(id);
  config.random = [random](std::uint32_t below) { return random->below(below); };
  config.bugs = options.bugs;
  std::vector<std::unique_ptr<Node>> nodes;
  for (const NodeId id : config.configuration.voters) {
    config.id = id;
    nodes.push_back(std::make_unique<Node>(config));
  }
  LockstepOutcome outcome;
  std::set<std::pair<Term, NodeId>> leaders;
  std::vector<Packet> arriving;
  for (std::size_t tick = 1; tick <= options.ticks; ++tick) {
    for (const auto& node : nodes) node->core().tick();
    for (const Packet& packet : std::exchange(arriving, {})) {
      const NodeId a = std::min(packet.message.from, packet.message.to);
      const NodeId b = std::max(packet.message.from, packet.message.to);
      const bool is_cut = outcome.first_leader_after != 0 && options.links_cut.contains({a, b});
      if (!is_cut) nodes[packet.message.to - 1]->step(packet);
    }
    for (const auto& node : nodes) {
      node->turn();
      for (Packet& packet : std::exchange(node->sent, {})) arriving.push_back(std::move(packet));
      const Status status = node->status();
      outcome.term = std::max(outcome.term, status.term);
      if (status.role != Role::leader) continue;
      if (outcome.first_leader_after == 0) outcome.first_leader_after = tick;
      if (leaders.emplace(status.term, status.id).second && tick > options.ticks / 2) ++outcome.elections_late;
    }
  }
  return outcome;
}

}  // namespace plaza::raft::test
