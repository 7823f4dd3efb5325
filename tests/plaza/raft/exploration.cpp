#include "tests/plaza/raft/exploration.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <stdexcept>
#include <unordered_set>
#include <utility>

#include "system-under-test/plaza/bytes.hpp"
#include "tests/plaza/raft/node.hpp"
#include "tests/plaza/raft/random.hpp"

namespace plaza::raft::test {
namespace {

constexpr NodeId kNodes = 3;
using PacketId = std::uint32_t;

struct Step {
  enum class Kind { campaign, propose, deliver, duplicate, write, crash } kind = Kind::campaign;
  NodeId node = 0;
  PacketId packet = 0;
  std::shared_ptr<const Step> before = {};
};

struct Part {
  Node node;
  std::uint64_t digest = 0;
};

struct Committed {
  Chain chain = 0;
  Term in_term = 0;
};

// One state. Nodes that a step does not touch are shared with the state before it.
struct World {
  std::array<std::shared_ptr<const Part>, kNodes> parts;
  std::vector<PacketId> packets;  // sorted
  std::vector<Committed> committed;
  std::map<Term, NodeId> leaders;
  unsigned proposals = 0;
  unsigned crashes = 0;
  unsigned duplicates = 0;
  std::size_t depth = 0;
  std::shared_ptr<const Step> last = {};
};

class Explorer {
 public:
  explicit Explorer(const ExplorationBounds& bounds) : bounds_(bounds), random_(bounds.seed) {}

  Exploration run() {
    push(first());
    for (const std::string& step : bounds_.begin) go(step);
    while (!open_.empty() && !result_.violation && result_.states < bounds_.states_most) {
      const World world = std::move(open_.back());
      open_.pop_back();
      const std::size_t others = open_.size();
      expand(world);
      if (bounds_.seed != 0) shuffle(others);
    }
    result_.is_complete = open_.empty() && !result_.violation;
    return std::move(result_);
  }

 private:
  World first() const {
    World world;
    Config config;
    config.configuration.voters = {1, 2, 3};
    config.append_bytes_most = 1;  // one entry in each append
    config.random = [](std::uint32_t) { return 0U; };
    config.bugs = bounds_.bugs;
    for (NodeId id = 1; id <= kNodes; ++id) {
      config.id = id;
      Node::Disk disk;
      disk.hard_state.term = 1;
      auto part = std::make_shared<Part>(Part{.node = Node(config, disk)});
      part->node.set_stalled(bounds_.disk == ExplorationBounds::Disk::late);
      if (bounds_.driver == ExplorationBounds::Driver::answers_before_write) part->node.set_answers_before_write();
      part->digest = part->node.digest();
      world.parts[id - 1] = std::move(part);
    }
    return world;
  }

  // Of all that may follow, only this.
  void go(const std::string& step) {
    for (const World& world : std::exchange(open_, {})) expand(world);
    std::erase_if(open_, [&](const World& world) { return !text(*world.last).starts_with(step); });
    if (open_.empty()) throw std::logic_error("nothing that may follow is '" + step + "'");
  }

  void shuffle(std::size_t from) {
    for (std::size_t i = open_.size(); i > from + 1; --i) {
      std::swap(open_[i - 1], open_[from + random_.below(i - from)]);
    }
  }

  void expand(const World& world) {
    using Kind = Step::Kind;
    for (NodeId id = 1; id <= kNodes; ++id) {
      const Node& node = world.parts[id - 1]->node;
      const Status status = node.status();
      // The nodes are alike: who is first decides nothing, so it is node 1.
      const bool is_first = world.depth > 0 || id == 1;
      if (is_first && status.role != Role::leader && status.term < bounds_.term_most) {
        // As if it was told to: so neither does it ask first, nor do those that hear a leader ignore it.
        Message now;
        now.kind = Message::Kind::time_out_now;
        now.from = id % kNodes + 1;
        now.to = id;
        now.term = status.term;
        take(world, {.kind = Kind::campaign, .node = id}, [&](Node& next) { next.core().step(now); });
      }
      if (status.role == Role::leader && world.proposals < bounds_.proposals) {
        const std::string data(1, static_cast<char>('a' + world.proposals));
        take(world, {.kind = Kind::propose, .node = id}, [&](Node& next) { next.core().propose(data); });
      }
      if (node.is_writing()) take(world, {.kind = Kind::write, .node = id}, [](Node& next) { next.write_one(); });
      if (world.crashes < bounds_.crashes) {
        take(world, {.kind = Kind::crash, .node = id}, [&](Node& next) {
          if (bounds_.driver == ExplorationBounds::Driver::forgets_vote) next.forget_vote();
          next.restart();
        });
      }
    }
    for (std::size_t i = 0; i < world.packets.size(); ++i) {
      const PacketId packet = world.packets[i];
      if (i > 0 && world.packets[i - 1] == packet) continue;
      const Message message = packets_[packet];  // a copy: what is sent meanwhile may move them
      const auto deliver = [&](Node& next) { next.step({.message = message}); };
      take(world, {.kind = Kind::deliver, .node = message.to, .packet = packet}, deliver);
      if (world.duplicates < bounds_.duplicates) {
        take(world, {.kind = Kind::duplicate, .node = message.to, .packet = packet}, deliver);
      }
    }
  }

  template <typename Change>
  void take(const World& world, Step step, Change change) {
    if (result_.violation) return;
    ++result_.steps;
    auto part = std::make_shared<Part>(*world.parts[step.node - 1]);
    change(part->node);
    part->node.turn();
    const std::vector<Packet> sent = std::exchange(part->node.sent, {});
    part->node.newly_applied.clear();
    part->digest = part->node.digest();

    World next = world;
    ++next.depth;
    if (step.kind == Step::Kind::propose) ++next.proposals;
    if (step.kind == Step::Kind::crash) ++next.crashes;
    if (step.kind == Step::Kind::duplicate) ++next.duplicates;
    if (step.kind == Step::Kind::deliver) {
      next.packets.erase(std::lower_bound(next.packets.begin(), next.packets.end(), step.packet));
    }
    next.parts[step.node - 1] = std::move(part);
    step.before = world.last;
    next.last = std::make_shared<Step>(std::move(step));
    for (const Packet& packet : sent) {
      if (packet.message.kind == Message::Kind::vote_reply && packet.message.reject) continue;
      next.packets.push_back(id_of(packet.message));
    }
    check(next, next.last->node);
    std::erase_if(next.packets, [&](PacketId packet) { return is_ignored(next, packets_[packet]); });
    std::sort(next.packets.begin(), next.packets.end());
    shed(std::move(next));
  }

  PacketId id_of(const Message& message) {
    ByteWriter key;
    key.u8(static_cast<std::uint8_t>(message.kind)).varint(message.from).varint(message.to).varint(message.term);
    key.varint(message.index).varint(message.log_term).varint(message.commit).u8(message.reject ? 1 : 0);
    key.varint(message.hint_index).varint(message.hint_term);
    for (const Entry& entry : message.entries) {
      key.varint(entry.index).varint(entry.term).u8(static_cast<std::uint8_t>(entry.kind)).text(entry.data);
    }
    const auto [known, is_new] = ids_.try_emplace(key.take(), static_cast<PacketId>(packets_.size()));
    if (is_new) packets_.push_back(message);
    return known->second;
  }

  // By its receiver, now and for ever: terms on a disk do not go back.
  static bool is_ignored(const World& world, const Message& message) {
    const Node& node = world.parts[message.to - 1]->node;
    if (message.term < node.disk().hard_state.term) return true;
    const Status status = node.status();
    if (message.term != status.term) return false;
    if (message.kind == Message::Kind::vote_reply) return status.role != Role::candidate;
    if (message.kind != Message::Kind::append_reply) return false;
    if (status.role != Role::leader) return true;
    const Status::Peer& peer = status.peers.at(message.from);
    return !message.reject && peer.match > 0 && message.index <= peer.match;
  }

  void shed(World world) {
    if (world.packets.size() <= bounds_.packets_most) return push(std::move(world));
    for (std::size_t i = 0; i < world.packets.size(); ++i) {
      if (i > 0 && world.packets[i - 1] == world.packets[i]) continue;
      World without = world;
      without.packets.erase(without.packets.begin() + static_cast<std::ptrdiff_t>(i));
      shed(std::move(without));
    }
  }

  void push(World world) {
    ByteWriter key;
    for (const auto& part : world.parts) key.u64(part->digest);
    for (const PacketId packet : world.packets) key.u32(packet);
    for (const Committed& committed : world.committed) key.u64(committed.chain).varint(committed.in_term);
    for (const auto& [term, leader] : world.leaders) key.varint(term).varint(leader);
    key.varint(world.proposals).varint(world.crashes).varint(world.duplicates);
    if (!seen_.insert(hash_of(key.bytes())).second) return;
    ++result_.states;
    result_.deepest = std::max(result_.deepest, world.depth);
    if (!world.committed.empty()) ++result_.committing;
    open_.push_back(std::move(world));
  }

  void broken(const World& world, std::string what) {
    if (result_.violation) return;
    result_.violation = std::move(what);
    for (const Step* step = world.last.get(); step != nullptr; step = step->before.get()) {
      result_.course.push_back(text(*step));
    }
    std::reverse(result_.course.begin(), result_.course.end());
  }

  void check(World& world, NodeId id) {
    const Node& node = world.parts[id - 1]->node;
    const Status status = node.status();
    const LogImage& log = node.log();
    for (Index index = 1; index <= status.commit; ++index) {
      if (index > world.committed.size()) world.committed.push_back({log.chain_at(index), status.term});
      if (world.committed[index - 1].chain != log.chain_at(index)) broken(world, "state-machine safety");
    }
    if (status.role == Role::leader) {
      if (world.leaders.try_emplace(status.term, id).first->second != id) broken(world, "election safety");
    }
    for (const auto& part : world.parts) {
      const LogImage& other = part->node.log();
      for (Index index = std::min(log.last_index(), other.last_index()); index > 0; --index) {
        if (log.at(index).term != other.at(index).term) continue;
        if (log.chain_at(index) != other.chain_at(index)) broken(world, "log matching");
        break;
      }
      // Whatever this step has committed, all leaders of later terms have.
      const Status its = part->node.status();
      if (its.role != Role::leader) continue;
      for (Index index = 1; index <= world.committed.size(); ++index) {
        if (world.committed[index - 1].in_term >= its.term) break;
        if (index > other.last_index() || other.chain_at(index) != world.committed[index - 1].chain) {
          broken(world, "leader completeness");
        }
      }
    }
  }

  std::string text(const Step& step) const {
    const std::string node = std::to_string(step.node);
    switch (step.kind) {
      case Step::Kind::campaign:
        return "campaign " + node;
      case Step::Kind::propose:
        return "propose " + node;
      case Step::Kind::write:
        return "write " + node;
      case Step::Kind::crash:
        return "crash " + node;
      case Step::Kind::deliver:
      case Step::Kind::duplicate:
        break;
    }
    const Message& message = packets_[step.packet];
    return (step.kind == Step::Kind::deliver ? "deliver " : "duplicate ") + std::to_string(message.from) + "->" + node +
           " " + std::string(name_of(message.kind)) + " term " + std::to_string(message.term) + " index " +
           std::to_string(message.index) + " entries " + std::to_string(message.entries.size());
  }

  const ExplorationBounds bounds_;
  Random random_;
  Exploration result_;
  std::vector<World> open_;
  std::unordered_set<std::uint64_t> seen_;  // asked for membership only
  std::map<std::string, PacketId> ids_;
  std::vector<Message> packets_;
};

}  // namespace

Exploration explore(const ExplorationBounds& bounds) { return Explorer(bounds).run(); }

}  // namespace plaza::raft::test
