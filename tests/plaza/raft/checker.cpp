#include "tests/plaza/raft/checker.hpp"

#include <algorithm>

namespace plaza::raft::test {
namespace {

std::string text(std::uint64_t number) { return std::to_string(number); }

}  // namespace

void Checker::look(const Node& node) {
  const Status status = node.status();
  Seen& seen = seen_[status.id];
  look_at_log(node, seen);
  if (node.core().contradiction())
    broken("leader completeness: a leader contradicts what node " + text(status.id) + " has committed");
  // A commit index that went back is a restart, whose commits are known already.
  const Index known = std::max(seen.commit, node.log().start.index);
  for (Index index = known; index <= status.commit; ++index) {
    const Chain chain = node.log().chain_at(index);
    const auto [found, is_new] = committed_.try_emplace(index, Committed{.chain = chain, .in_term = status.term});
    if (!is_new && found->second.chain != chain) {
      broken("state-machine safety: node " + text(status.id) + " commits another entry " + text(index));
    }
  }
  seen.commit = status.commit;
  applied_most_ = std::max(applied_most_, node.applied());
  const auto applied = committed_.find(node.applied());
  if (node.applied() > 0 && (applied == committed_.end() || applied->second.chain != node.applied_chain())) {
    broken("state-machine safety: node " + text(status.id) + " has applied what is not committed");
  }
  if (status.role == Role::leader && seen.led != status.term) {
    seen.led = status.term;
    look_at_leader(node, status);
  }
}

void Checker::look_at_log(const Node& node, Seen& seen) {
  const LogImage& log = node.log();
  if (log.last_index() == seen.last_index && log.chain_at(log.last_index()) == seen.last_chain) return;
  seen.last_index = log.last_index();
  seen.last_chain = log.chain_at(log.last_index());
  for (auto item = log.items.rbegin(); item != log.items.rend(); ++item) {
    const auto [found, is_new] = logs_.try_emplace({item->entry.index, item->entry.term}, item->chain);
    if (!is_new && found->second != item->chain) {
      broken("log matching: node " + text(node.status().id) + " differs before " + text(item->entry.index));
    }
    if (!is_new) return;  // what is before it was looked at with it
  }
}

void Checker::look_at_leader(const Node& node, const Status& status) {
  const auto [leader, is_new] = leaders_.try_emplace(status.term, status.id);
  if (leader->second != status.id) broken("election safety: two leaders in term " + text(status.term));
  for (auto committed = committed_.rbegin(); committed != committed_.rend(); ++committed) {
    const auto& [index, what] = *committed;
    if (what.in_term >= status.term) continue;
    const LogImage& log = node.log();
    if (index < log.start.index) return;
    if (index > log.last_index() || log.chain_at(index) != what.chain) {
      broken("leader completeness: the leader of term " + text(status.term) + " lacks entry " + text(index));
    }
    return;  // what is before it is in its chain
  }
}

void Checker::read_ends(NodeId node, const Ready::Read& read) {
  const auto begun = read_floor_.find(read.context);
  if (begun == read_floor_.end()) return broken("a read that nobody asked for");
  if (read.index < begun->second) {
    broken("linearizability: a read at node " + text(node) + " sees " + text(read.index) + ", though " +
           text(begun->second) + " was applied before it began");
  }
  ++reads_ended_;
}

}  // namespace plaza::raft::test
