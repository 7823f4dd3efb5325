#include <algorithm>
#include <utility>

#include "system-under-test/plaza/raft/impl.hpp"

namespace plaza::raft {

Proposed Core::Impl::propose(std::string data) {
  if (role_ != Role::leader) return Proposed::not_leader;
  if (transfer_to_ != 0) return Proposed::transferring;
  if (uncommitted_bytes_ > 0 && uncommitted_bytes_ + data.size() > config_.uncommitted_bytes_most) {
    return Proposed::too_much;
  }
  append_own(EntryKind::command, std::move(data));
  return Proposed::accepted;
}

void Core::Impl::append_own(EntryKind kind, std::string data) {
  uncommitted_bytes_ += data.size();
  log_.append({.index = log_.last_index() + 1, .term = term_, .kind = kind, .data = std::move(data)});
}

void Core::Impl::send_appends() {
  for (auto& [node, peer] : peers_) {
    while (peer.wants_append(log_.last_index(), commit_)) {
      const Index before = peer.next() - 1;
      const std::optional<Term> term_before = log_.term_of(before);
      if (!term_before) {
        // It needs what is no longer in the log. It is there: nothing is due to a follower that is not heard of.
        peer.begin_snapshot();
        snapshots_.push_back({.to = node, .term = term_});
        break;
      }
      Message append = to(node, Message::Kind::append);
      append.index = before;
      append.log_term = *term_before;
      append.commit = commit_;
      if (peer.may_carry_entries()) {
        append.entries = log_.slice(peer.next(), log_.last_index(), config_.append_bytes_most);
      }
      peer.sent(before + append.entries.size(), commit_);
      messages_.push_back(std::move(append));
    }
  }
}

void Core::Impl::send_heartbeats() {
  if (!std::exchange(round_due_, false)) return;
  ++round_;
  for (const auto& [node, peer] : peers_) {
    Message heartbeat = to(node, Message::Kind::heartbeat);
    // Beyond what it has acknowledged a follower may have another log.
    heartbeat.commit = std::min(peer.match(), commit_);
    heartbeat.context = round_;
    messages_.push_back(std::move(heartbeat));
  }
  confirm_reads();  // a lone node's
}

void Core::Impl::on_append_reply(const Message& message) {
  const auto found = peers_.find(message.from);
  if (found == peers_.end()) return;
  // A leader has all that anybody has committed.
  if (message.commit > log_.last_index()) {
    contradiction_ = {.node = message.from, .index = message.commit};
    return;
  }
  Progress& peer = found->second;
  peer.set_active();
  if (message.reject) {
    const Mark hint = {.index = message.hint_index, .term = message.hint_term};
    // Where this log has later terms than the follower's at that place, the two cannot agree.
    peer.rejected(message.index, hint.term > 0 ? log_.last_not_above(hint.index, hint.term).index : hint.index);
    return;
  }
  if (!peer.acknowledged(std::min(message.index, log_.last_index()), log_.first_index())) return;
  maybe_commit();
  if (transfer_to_ == message.from) hand_over();
}

void Core::Impl::on_heartbeat_reply(const Message& message) {
  const auto found = peers_.find(message.from);
  if (found == peers_.end() || message.context > round_) return;
  found->second.heard(log_.last_index());
  found->second.answered_round(message.context);
  confirm_reads();
}

void Core::Impl::maybe_commit() {
  std::vector<Index> matches = {log_.written_through()};
  for (const auto& [node, peer] : peers_) matches.push_back(peer.match());
  const Index index = reached_by_quorum(std::move(matches));
  if (index <= commit_) return;
  // Correct code counts for entries of its own term only, which commit what is before them: an entry of an earlier term
  // may be on a quorum and still be replaced by a leader that never had it (§5.4.2 of the paper, figure 8).
  if (!config_.bugs.commit_by_counting_old_term && log_.term_of(index) != term_) return;
  commit_to(index);
  if (leader_reads_.has_early() && knows_what_is_committed()) {
    leader_reads_.admit_early(commit_, round_ + 1);
    round_due_ = true;
  }
}

void Core::Impl::transfer(NodeId to) {
  if (role_ != Role::leader) return;
  if (to == 0) {
    // Of those that are heard, if there are any: the others may have much of the log and be gone.
    const auto rank = [](const Progress& peer) { return std::pair(peer.is_active(), peer.match()); };
    const auto best = std::max_element(peers_.begin(), peers_.end(),
                                       [&](const auto& a, const auto& b) { return rank(a.second) < rank(b.second); });
    if (best != peers_.end()) to = best->first;
  }
  if (!peers_.contains(to) || to == transfer_to_) return;
  transfer_to_ = to;
  transfer_elapsed_ = 0;
  hand_over();
}

// It must have the whole log, or nobody would vote for it. Nothing is added to it meanwhile: see propose().
void Core::Impl::hand_over() {
  if (peers_.at(transfer_to_).match() != log_.last_index()) return;
  messages_.push_back(to(transfer_to_, Message::Kind::time_out_now));
}

void Core::Impl::unreachable(NodeId node) {
  const auto found = peers_.find(node);
  if (found != peers_.end()) found->second.became_unreachable();
}

void Core::Impl::snapshot_sent(NodeId to, std::optional<Mark> mark) {
  const auto found = peers_.find(to);
  if (found != peers_.end()) found->second.end_snapshot(mark, log_.last_index());
}

}  // namespace plaza::raft
