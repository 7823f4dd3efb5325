#include "scenarios/cluster_checks.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>

namespace last_ticket {

using namespace stillpoint;
namespace raft = plaza::raft;

namespace {

// How much of the history is kept, beyond which a node that is so far behind is sent a snapshot anyway.
constexpr std::size_t kHistoryMost = 200'000;

std::uint64_t hash_of(const raft::Entry& entry) {
  return XXH3_64bits_withSeed(entry.data.data(), entry.data.size(), static_cast<std::uint64_t>(entry.kind));
}

}  // namespace

ClusterChecks::ClusterChecks(Simulation& simulation, std::uint64_t nodes)
    : simulation_(simulation),
      election_(simulation.safety("one leader per term")),
      matching_(simulation.safety("logs match")),
      completeness_(simulation.safety("leaders have all that was committed")),
      machine_(simulation.safety("all nodes apply the same")),
      state_(simulation.safety("all nodes have the same state")),
      durable_(simulation.safety("what is durable outlasts a restart")),
      nodes_(nodes) {}

std::string ClusterChecks::name_of(NodeId node) { return fmt::format("plaza-{}", node); }

// ---- what a disk has ----

std::optional<raft::Term> ClusterChecks::Disk::term_of(Index index) const {
  if (index == start) return start_term;
  if (index < start || index > last()) return std::nullopt;
  return terms[index - start - 1];
}

void ClusterChecks::Disk::write(const plaza::NodeStore::Batch& batch) {
  if (batch.install) {
    start = batch.install->mark.index;
    start_term = batch.install->mark.term;
    terms.clear();
  }
  if (!batch.entries.empty()) {
    const Index first = batch.entries.front().index;
    if (first > start) terms.resize(std::min<std::size_t>(terms.size(), first - start - 1));
    for (const raft::Entry& entry : batch.entries) terms.push_back(entry.term);
  }
  if (batch.hard_state) {
    term = batch.hard_state->term;
    vote = batch.hard_state->vote;
  }
  if (batch.compact && batch.compact->index > start) {
    const auto gone = std::min<std::size_t>(batch.compact->index - start, terms.size());
    terms.erase(terms.begin(), terms.begin() + static_cast<std::ptrdiff_t>(gone));
    start = batch.compact->index;
    start_term = batch.compact->term;
  }
}

// ---- a node's life ----

void ClusterChecks::started(NodeId id, HostId host) {
  Node& node = node_of(id);
  node.host = host;
  node.up = true;
  node.status = {};
}

void ClusterChecks::ended(NodeId id) {
  Node& node = node_of(id);
  node.up = false;
  node.status = {};
}

void ClusterChecks::recovered(NodeId id, const raft::Stored& stored, std::uint64_t incarnation) {
  Node& node = node_of(id);
  node.up = true;
  const Index last = stored.start.index + stored.entries.size();
  simulation_.note(fmt::format("{} starts, incarnation {}: term {}, log {} to {}, applied {}", name_of(id), incarnation,
                               stored.hard_state.term, stored.start.index + 1, last, stored.applied));
  check_regress(id, node, stored);
  node.incarnation = incarnation;
  node.writing.reset();
  Disk disk;
  disk.term = stored.hard_state.term;
  disk.vote = stored.hard_state.vote;
  disk.start = stored.start.index;
  disk.start_term = stored.start.term;
  for (const raft::Entry& entry : stored.entries) disk.terms.push_back(entry.term);
  node.disk = std::move(disk);
  node.applied = stored.applied;
  node.status = {};
}

// A write that was under way when the node ended is there or is not.
void ClusterChecks::check_regress(NodeId id, const Node& node, const raft::Stored& stored) {
  const auto same = [&](const Disk& disk) {
    const Index last = stored.start.index + stored.entries.size();
    if (stored.hard_state.term != disk.term || stored.hard_state.vote != disk.vote || last != disk.last()) return false;
    for (const raft::Entry& entry : stored.entries) {
      if (disk.term_of(entry.index).value_or(entry.term) != entry.term) return false;
    }
    return true;
  };
  if (same(node.disk)) return durable_.held();
  if (node.writing) {
    Disk written = node.disk;
    written.write(*node.writing);
    if (same(written)) return durable_.held();
  }
  durable_.broken({.promised = fmt::format("{} had made durable: term {}, vote {}, log up to {}", name_of(id),
                                           node.disk.term, node.disk.vote, node.disk.last()),
                   .found = fmt::format("it starts with term {}, vote {}, log up to {}", stored.hard_state.term,
                                        stored.hard_state.vote, stored.start.index + stored.entries.size())});
}

void ClusterChecks::persisting(NodeId id, const plaza::NodeStore::Batch& batch) {
  Node& node = node_of(id);
  plaza::NodeStore::Batch& writing = node.writing.emplace();
  writing.hard_state = batch.hard_state;
  writing.compact = batch.compact;
  if (batch.install) writing.install = plaza::NodeStore::Install{.mark = batch.install->mark, .hash = 0, .cells = {}};
  for (const raft::Entry& entry : batch.entries)
    writing.entries.push_back({.index = entry.index, .term = entry.term, .kind = entry.kind, .data = {}});
}

void ClusterChecks::persisted(NodeId id, const plaza::NodeStore::Batch& batch) {
  Node& node = node_of(id);
  node.writing.reset();
  node.disk.write(batch);
  check_matching(id, node, batch);
}

// ---- Raft's five properties (figure 3.2 of the dissertation), but for the one that leaders only append ----

void ClusterChecks::role_changed(NodeId id, const raft::Status& status) {
  Node& node = node_of(id);
  const bool led = node.status.role == raft::Role::leader;
  const bool leads = status.role == raft::Role::leader;
  const bool new_term = led && leads && node.status.term != status.term;
  node.status = status;
  if (led && !leads) simulation_.note(fmt::format("{} does not lead any more", name_of(id)));
  if (leads && (!led || new_term)) {
    node.role_event = simulation_.note(fmt::format("{} leads term {}", name_of(id), status.term));
    const auto [first, is_first] = leaders_.try_emplace(status.term, id, node.role_event);
    if (is_first || first->second.first == id) {
      election_.held();
    } else {
      election_.broken({.promised = fmt::format("one leader of term {}", status.term),
                        .found = fmt::format("{} and {}", name_of(first->second.first), name_of(id)),
                        .witnesses = {{first->second.second, "first leader"}, {node.role_event, "second leader"}}});
    }
    check_completeness(id, node, status.term);
  }
  const NodeId leader = this->leader();
  simulation_.label("leader", leader == 0 ? std::vector<HostId>{} : std::vector<HostId>{node_of(leader).host});
}

// Two entries of one index and term are equal, and so is what is before them.
void ClusterChecks::check_matching(NodeId id, const Node& node, const plaza::NodeStore::Batch& batch) {
  for (const raft::Entry& entry : batch.entries) {
    const Term before = node.disk.term_of(entry.index - 1).value_or(0);
    const std::uint64_t hash = hash_of(entry);
    std::vector<Written>& all = written_[entry.index];
    const auto same = std::ranges::find(all, entry.term, &Written::term);
    if (same == all.end()) {
      all.push_back({.term = entry.term, .term_before = before, .entry = hash, .node = id});
      matching_.held();
      continue;
    }
    if (same->entry == hash && same->term_before == before) {
      matching_.held();
      continue;
    }
    matching_.broken({.promised = fmt::format("one entry {} of term {}, after the same log", entry.index, entry.term),
                      .found = fmt::format("{} and {} differ", name_of(same->node), name_of(id))});
  }
}

// A leader has all entries that were committed in the terms before its own.
void ClusterChecks::check_completeness(NodeId id, const Node& node, Term term) {
  Index index = last_index();
  while (index >= first_ && find(index)->known_by >= term) --index;
  if (index < first_) return completeness_.held();
  const Applied& committed = *find(index);
  const std::optional<Term> has = node.disk.term_of(index);
  // What it has in memory counts: whether it is on its disk in time is another matter.
  const bool in_memory = !has && index <= node.status.last_index && node.status.last_term >= committed.term;
  if (index <= node.disk.start || has == committed.term || in_memory) return completeness_.held();
  completeness_.broken(
      {.promised = fmt::format("the leader of term {} has entry {} of term {}", term, index, committed.term),
       .found = has ? fmt::format("{} has one of term {} there", name_of(id), *has)
                    : fmt::format("the log of {} ends at {}", name_of(id), node.disk.last()),
       .because = fmt::format("{} has applied it", name_of(committed.node)),
       .witnesses = {{committed.event, "committed"}, {node.role_event, "elected"}}});
}

bool ClusterChecks::applied(NodeId id, const raft::Entry& entry, std::uint64_t hash) {
  Node& node = node_of(id);
  node.applied = entry.index;
  if (entry.index == last_index() + 1) {
    history_.push_back(
        {.term = entry.term, .entry = hash_of(entry), .state = hash, .known_by = node.status.term, .node = id});
    forget_old();
    machine_.held();
    state_.held();
    return true;
  }
  const Applied* first = find(entry.index);
  if (first == nullptr) return false;
  if (first->term == entry.term && first->entry == hash_of(entry)) {
    machine_.held();
  } else {
    machine_.broken({.promised = fmt::format("one entry {} for all nodes", entry.index),
                     .found = fmt::format("{} has applied one of term {}, and {} another, of term {}",
                                          name_of(first->node), first->term, name_of(id), entry.term),
                     .witnesses = {{first->event, "applied first"}}});
  }
  check_state(id, entry.index, hash);
  return false;
}

void ClusterChecks::installed(NodeId id, const raft::Mark& mark, std::uint64_t hash) {
  simulation_.note(fmt::format("{} has taken over the state as of {}", name_of(id), mark.index));
  node_of(id).applied = mark.index;
  check_state(id, mark.index, hash);
}

void ClusterChecks::check_state(NodeId id, Index index, std::uint64_t hash) {
  const Applied* first = find(index);
  if (first == nullptr) return;
  if (first->state == hash) return state_.held();
  state_.broken({.promised = fmt::format("one state after entry {}", index),
                 .found = fmt::format("{} has another one than {}", name_of(id), name_of(first->node)),
                 .witnesses = {{first->event, "applied first"}}});
}

// ---- what others ask ----

bool ClusterChecks::is_up(const Node& node) const { return node.up && simulation_.is_up(node.host); }

void ClusterChecks::names(std::uint64_t index, EventId event) {
  if (index >= first_ && index <= last_index()) history_[index - first_].event = event;
}

EventId ClusterChecks::event_of(std::uint64_t index) const {
  const Applied* found = find(index);
  return found == nullptr ? kNoEvent : found->event;
}

const ClusterChecks::Applied* ClusterChecks::find(Index index) const {
  if (index < first_ || index > last_index()) return nullptr;
  return &history_[index - first_];
}

raft::NodeId ClusterChecks::leader() const {
  NodeId leader = 0;
  Term term = 0;
  for (NodeId id = 1; id <= nodes_.size(); ++id) {
    const Node& node = nodes_[id - 1];
    if (!is_up(node) || node.status.role != raft::Role::leader || node.status.term < term) continue;
    leader = id;
    term = node.status.term;
  }
  return leader;
}

std::uint64_t ClusterChecks::slowest() const {
  std::uint64_t slowest = last_index();
  for (const Node& node : nodes_) {
    if (is_up(node)) slowest = std::min(slowest, node.applied);
  }
  return slowest;
}

std::uint64_t ClusterChecks::longest_log() const {
  std::uint64_t longest = 0;
  for (const Node& node : nodes_) longest = std::max<std::uint64_t>(longest, node.disk.terms.size());
  return longest;
}

void ClusterChecks::forget_old() {
  while (history_.size() > kHistoryMost) {
    history_.pop_front();
    ++first_;
  }
  if (written_.size() > 2 * kHistoryMost) written_.erase(written_.begin(), written_.lower_bound(first_));
}

}  // namespace last_ticket
