#include <algorithm>
#include <iterator>
#include <utility>

#include "system-under-test/plaza/raft/impl.hpp"

namespace plaza::raft {

// Of this term. There is one leader in a term; what says otherwise is not believed.
bool Core::Impl::accept_leader(const Message& message) {
  if (role_ == Role::leader || (leader_ != 0 && leader_ != message.from)) return false;
  if (role_ != Role::follower || leader_ == 0) become_follower(term_, message.from);
  elapsed_ = 0;
  return true;
}

bool Core::Impl::is_well_formed(const Message& append) {
  if ((append.index == 0) != (append.log_term == 0)) return false;
  Index index = append.index;
  Term term = std::max<Term>(append.log_term, 1);
  for (const Entry& entry : append.entries) {
    if (entry.index != ++index || entry.term < term || entry.term > append.term) return false;
    if (entry.kind > EntryKind::command) return false;
    term = entry.term;
  }
  return true;
}

void Core::Impl::on_append(Message message) {
  if (!is_well_formed(message) || !accept_leader(message)) return;
  note_contradiction(message.from, {.index = message.index, .term = message.log_term});
  for (const Entry& entry : message.entries)
    note_contradiction(message.from, {.index = entry.index, .term = entry.term});
  if (contradiction_) return;
  // What is committed agrees with every leader's log.
  if (message.index < commit_) return acknowledge(message.from, commit_);
  if (!log_.has({.index = message.index, .term = message.log_term})) return refuse(message);
  const Index checked = message.index + message.entries.size();
  const std::size_t news = log_.first_news(message.entries);
  if (news < message.entries.size()) {
    const auto first = message.entries.begin() + static_cast<std::ptrdiff_t>(news);
    log_.truncate(first->index);
    for (auto entry = first; entry != message.entries.end(); ++entry) log_.append(std::move(*entry));
  }
  commit_to(std::min(message.commit, checked));
  acknowledge(message.from, checked);
}

// Of what is compacted nobody here knows any more.
void Core::Impl::note_contradiction(NodeId leader, Mark told) {
  if (contradiction_ || told.index > commit_ || told.index < log_.first_index()) return;
  const std::optional<Term> committed = log_.term_of(told.index);
  if (committed && *committed != told.term)
    contradiction_ = {.node = leader, .index = told.index, .committed = *committed, .told = told.term};
}

void Core::Impl::acknowledge(NodeId leader, Index checked) {
  // Correct code acknowledges what this leader's messages have checked. What the log has beyond it may be another
  // leader's, never committed, and about to be replaced; this leader would count it for its own.
  if (config_.bugs.ack_unchecked_tail) checked = log_.last_index();
  // One acknowledgement for all appends that are written together.
  if (!messages_after_.empty()) {
    Message& last = messages_after_.back();
    if (last.kind == Message::Kind::append_reply && last.to == leader && last.term == term_ && !last.reject) {
      last.index = std::max(last.index, checked);
      return;
    }
  }
  Message reply = to(leader, Message::Kind::append_reply);
  reply.index = checked;
  reply.commit = commit_;
  messages_after_.push_back(std::move(reply));
}

// With a hint where the logs may meet, so that a leader skips a term in a message and not an entry (§5.3 of the paper).
void Core::Impl::refuse(const Message& append) {
  const Mark hint = log_.last_not_above(append.index, append.log_term);
  Message reply = to(append.from, Message::Kind::append_reply);
  reply.index = append.index;
  reply.commit = commit_;
  reply.reject = true;
  reply.hint_index = hint.index;
  reply.hint_term = hint.term;
  messages_after_.push_back(std::move(reply));
}

void Core::Impl::on_heartbeat(const Message& message) {
  if (!accept_leader(message)) return;
  // The leader sends no more than what this node has acknowledged to it.
  if (message.commit <= log_.last_index()) commit_to(message.commit);
  // It promises nothing that must be kept: only that nobody had deposed this leader here when it was answered.
  Message reply = to(message.from, Message::Kind::heartbeat_reply);
  reply.context = message.context;
  messages_.push_back(std::move(reply));
}

void Core::Impl::on_snapshot(const Message& message) {
  const Mark mark = {.index = message.index, .term = message.log_term};
  if ((mark.index == 0) != (mark.term == 0) || !accept_leader(message)) return;
  note_contradiction(message.from, mark);
  if (contradiction_) return;
  if (mark.index <= commit_) return acknowledge(message.from, commit_);
  if (log_.has(mark)) {
    commit_to(mark.index);
    return acknowledge(message.from, mark.index);
  }
  // Correct code forgets the whole log: what it has behind the mark does not follow on the mark's entry, and would make
  // this node believe that its log ends in a term in which it does not.
  if (config_.bugs.snapshot_keeps_conflicting_suffix) {
    log_.reset_keeping_suffix(mark);
  } else {
    log_.reset(mark);
  }
  commit_ = applying_ = mark.index;
  install_ = mark;
  acknowledge(message.from, mark.index);
}

}  // namespace plaza::raft
