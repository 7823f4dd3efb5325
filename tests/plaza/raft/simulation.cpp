#include "tests/plaza/raft/simulation.hpp"

#include <algorithm>
#include <utility>

namespace plaza::raft::test {

Simulation::Simulation(SimulationOptions options)
    : options_(options), random_(options.seed), nodes_random_(std::make_shared<Random>(options.seed * 31 + 7)) {
  Config config;
  for (NodeId id = 1; id <= options_.nodes; ++id) config.configuration.voters.push_back(id);
  config.election_ticks = 3 + random_.below(4);
  config.append_bytes_most = random_.chance(70) ? 1 : 100;  // an entry in each append, or some
  config.appends_in_flight_most = 1 + random_.below(4);
  config.uncommitted_bytes_most = 64;
  config.random = [random = nodes_random_](std::uint32_t below) { return random->below(below); };
  config.bugs = options_.bugs;
  for (NodeId id = 1; id <= options_.nodes; ++id) {
    config.id = id;
    nodes_[id] = std::make_unique<Node>(config);
    sides_[id] = 0;
  }
}

SimulationOutcome Simulation::run() {
  for (std::size_t i = 0; i < options_.steps && !checker_.violation(); ++i) step();
  if (!checker_.violation()) heal();
  if (checker_.violation()) outcome_.violation = checker_.violation();
  outcome_.commands_applied = checker_.applied_most();
  outcome_.reads_ended = checker_.reads_ended();
  for (const auto& [id, node] : nodes_) outcome_.snapshots_installed += node->installs();
  return outcome_;
}

void Simulation::step() {
  const std::uint32_t dice = random_.below(100);
  if (dice < 55) {
    if (!packets_.empty()) deliver(any_packet());
  } else if (dice < 58) {
    if (!packets_.empty()) packets_.erase(packets_.begin() + static_cast<std::ptrdiff_t>(any_packet()));
  } else if (dice < 60) {
    if (!packets_.empty()) packets_.push_back(Packet(packets_[any_packet()]));
  } else if (dice < 62) {
    change_partition();
  } else if (dice < 64) {
    end_snapshot(random_.chance(80));
  } else {
    Node& node = any_node();
    act(node);
    after(node);
  }
  // A network holds no more; the oldest are lost.
  if (packets_.size() > 60) packets_.erase(packets_.begin(), packets_.begin() + 20);
}

void Simulation::act(Node& node) {
  const std::uint32_t dice = random_.below(100);
  if (dice < 45) {
    node.core().tick();
  } else if (dice < 65) {
    for (std::uint32_t i = 0; i <= random_.below(3); ++i) {
      node.core().propose(std::string(random_.below(8), static_cast<char>('a' + random_.below(26))));
    }
  } else if (dice < 75) {
    begin_read(node);
  } else if (dice < 79) {
    node.restart();
    // What it had begun to send dies with it.
    std::erase_if(transfers_, [&](const Transfer& transfer) { return transfer.from == node.status().id; });
  } else if (dice < 81) {
    if (node.status().role == Role::leader) ++outcome_.transfers;
    node.core().transfer(random_.below(options_.nodes + 1));
  } else if (dice < 88) {
    node.compact(node.applied() - std::min<Index>(node.applied(), random_.below(3)));
  } else if (dice < 90) {
    node.core().unreachable(1 + random_.below(options_.nodes));
  } else if (dice < 92) {
    node.core().campaign();
  } else if (dice < 94) {
    node.set_stalled(true);
  } else {
    node.set_stalled(false);
  }
  // A disk that has caught up writes all that waits, in order.
  if (dice >= 94 || random_.chance(20)) {
    while (node.is_writing()) node.write_one();
  }
}

void Simulation::begin_read(Node& node) {
  checker_.read_begins(next_context_);
  node.core().read_index(next_context_++);
}

void Simulation::deliver(std::size_t number) {
  const Packet packet = std::move(packets_[number]);
  packets_.erase(packets_.begin() + static_cast<std::ptrdiff_t>(number));
  if (is_cut(packet.message.from, packet.message.to)) return;
  Node& node = *nodes_.at(packet.message.to);
  node.step(packet);
  after(node);
}

void Simulation::after(Node& node) {
  node.turn();
  const Status status = node.status();
  for (Packet& packet : std::exchange(node.sent, {})) packets_.push_back(std::move(packet));
  for (const Ready::Read& read : std::exchange(node.reads, {})) checker_.read_ends(status.id, read);
  for (const Ready::Snapshot& snapshot : std::exchange(node.snapshots, {})) transfers_.push_back({status.id, snapshot});
  node.newly_applied.clear();
  checker_.look(node);

  if (status.role == Role::leader && std::exchange(led_[status.id], status.term) != status.term) ++outcome_.leaders;
  const Mark end = {.index = status.last_index, .term = status.last_term};
  if (end.index <= ends_[status.id].index && end.term > ends_[status.id].term) ++outcome_.conflicts;
  ends_[status.id] = end;
}

void Simulation::end_snapshot(bool is_lucky) {
  if (transfers_.empty()) return;
  const std::size_t number = random_.below(transfers_.size());
  const Transfer transfer = transfers_[number];
  transfers_.erase(transfers_.begin() + static_cast<std::ptrdiff_t>(number));
  Node& sender = *nodes_.at(transfer.from);
  if (!is_lucky || is_cut(transfer.from, transfer.snapshot.to)) {
    sender.core().snapshot_sent(transfer.snapshot.to, std::nullopt);
  } else {
    const Mark mark = {.index = sender.applied(), .term = *sender.core().term_of(sender.applied())};
    Message message;
    message.kind = Message::Kind::snapshot;
    message.from = transfer.from;
    message.to = transfer.snapshot.to;
    message.term = transfer.snapshot.term;
    message.index = mark.index;
    message.log_term = mark.term;
    packets_.push_back({.message = message, .chain = sender.applied_chain()});
    sender.core().snapshot_sent(transfer.snapshot.to, mark);
  }
  after(sender);
}

void Simulation::change_partition() {
  const std::uint32_t dice = random_.below(100);
  for (auto& [id, side] : sides_) side = dice < 60 ? 0 : static_cast<int>(random_.below(2));
  if (dice >= 30) return;
  // A leader that goes on alone has entries that nobody else has: what conflicts are made of.
  for (const auto& [id, node] : nodes_) {
    if (node->status().role == Role::leader) sides_[id] = 1;
  }
}

void Simulation::heal() {
  for (auto& [id, side] : sides_) side = 0;
  for (auto& [id, node] : nodes_) {
    node->set_stalled(false);
    while (node->is_writing()) node->write_one();
    if (random_.chance(30)) node->restart();
    after(*node);
  }
  Node* leader = nullptr;
  for (std::size_t i = 0; i < options_.rounds_to_heal_most && leader == nullptr && !checker_.violation(); ++i) {
    round();
    leader = settled_leader();
  }
  if (checker_.violation()) return;
  if (leader == nullptr) {
    outcome_.violation = "liveness: no leader, or logs that differ, though all has been well for long";
    return;
  }
  const std::uint64_t context = next_context_;
  for (auto& [id, node] : nodes_) begin_read(*node);
  const std::size_t reads_before = checker_.reads_ended();
  const bool is_accepted = leader->core().propose("the last") == Proposed::accepted;
  for (int i = 0; i < 5; ++i) round();
  for (const auto& [id, node] : nodes_) {
    if (is_accepted && node->applied() == leader->applied() && node->applied() == leader->status().last_index) continue;
    outcome_.violation = "liveness: not all have applied what was proposed when all was well";
  }
  if (checker_.reads_ended() - reads_before < next_context_ - context) {
    outcome_.violation = "liveness: reads that began when all was well have not ended";
  }
}

void Simulation::round() {
  for (auto& [id, node] : nodes_) {
    node->core().tick();
    after(*node);
  }
  for (std::size_t i = 0; !packets_.empty() && i < 5000 && !checker_.violation(); ++i) deliver(0);
  while (!transfers_.empty()) end_snapshot(true);
}

// One that all follow, that is not about to go, and whose whole log all have applied.
Node* Simulation::settled_leader() {
  Node* leader = nullptr;
  for (auto& [id, node] : nodes_) {
    if (node->status().leader == id && node->status().transfer_to == 0) leader = node.get();
  }
  if (leader == nullptr) return nullptr;
  for (auto& [id, node] : nodes_) {
    if (node->status().leader != leader->status().id || node->applied() != leader->status().last_index) return nullptr;
  }
  return leader;
}

std::optional<std::pair<std::uint64_t, std::string>> first_violation(SimulationOptions options, std::uint64_t seeds) {
  for (options.seed = 1; options.seed <= seeds; ++options.seed) {
    if (auto violation = Simulation(options).run().violation) return std::pair(options.seed, *std::move(violation));
  }
  return std::nullopt;
}

}  // namespace plaza::raft::test
