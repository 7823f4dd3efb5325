#include <algorithm>
#include <utility>

#include "system-under-test/plaza/raft/impl.hpp"

namespace plaza::raft {

void Core::Impl::campaign() {
  if (role_ != Role::leader) become_candidate(Cause::time_out);
}

void Core::Impl::forget_role() {
  leader_ = 0;
  votes_.clear();
  peers_.clear();
  heartbeat_elapsed_ = 0;
  round_due_ = false;
  transfer_to_ = 0;
  uncommitted_bytes_ = 0;
  leader_reads_.clear();
  follower_reads_.clear();
  restart_time_out();
}

void Core::Impl::enter_term(Term term) {
  if (term == term_) return;
  term_ = term;
  vote_ = 0;
}

void Core::Impl::restart_time_out() {
  elapsed_ = 0;
  // Correct code draws it at random: nodes that lost their leader at the same moment would otherwise be candidates at
  // the same moment, split the votes, and do so for ever (§3.4).
  time_out_ =
      config_.election_ticks + (config_.bugs.split_vote_fixed_timeout ? 0 : config_.random(config_.election_ticks));
}

void Core::Impl::become_follower(Term term, NodeId leader) {
  enter_term(term);
  forget_role();
  role_ = Role::follower;
  leader_ = leader;
}

// Neither term nor vote change: it only asks who would vote for it (§9.6).
void Core::Impl::become_pre_candidate() {
  forget_role();
  role_ = Role::pre_candidate;
  request_votes(Message::Kind::pre_vote, term_ + 1, Cause::time_out, messages_);
  count_vote(config_.id, true);
}

void Core::Impl::become_candidate(Cause cause) {
  enter_term(term_ + 1);
  forget_role();
  role_ = Role::candidate;
  vote_ = config_.id;
  // After the disk has the term and its own vote, which counts only then as well: see persisted().
  request_votes(Message::Kind::vote, term_, cause, messages_after_);
}

void Core::Impl::become_leader() {
  forget_role();
  role_ = Role::leader;
  leader_ = config_.id;
  for_each_other(
      [&](NodeId node) { peers_.emplace(node, Progress(log_.last_index() + 1, config_.appends_in_flight_most)); });
  // What earlier terms left is committed with this entry, and not before it (§5.4.2 of the paper). A leader that counts
  // for entries of earlier terms as well has no use for it.
  if (!config_.bugs.commit_by_counting_old_term) append_own(EntryKind::noop, {});
  all_known_at_ = log_.last_index();
  maybe_commit();
}

void Core::Impl::request_votes(Message::Kind kind, Term term, Cause cause, std::vector<Message>& out) const {
  for_each_other([&](NodeId node) {
    Message request = to(node, kind);
    request.term = term;
    request.index = log_.last_index();
    request.log_term = log_.last_term();
    request.by_transfer = cause == Cause::transfer;
    out.push_back(std::move(request));
  });
}

void Core::Impl::count_vote(NodeId voter, bool is_granted) {
  votes_.emplace(voter, is_granted);
  const auto granted = static_cast<std::size_t>(
      std::count_if(votes_.begin(), votes_.end(), [](const auto& vote) { return vote.second; }));
  if (granted >= quorum()) {
    role_ == Role::pre_candidate ? become_candidate(Cause::time_out) : become_leader();
  } else if (votes_.size() - granted >= quorum()) {
    become_follower(term_, 0);
  }
}

void Core::Impl::on_vote(const Message& message) {
  const bool is_pre_vote = message.kind == Message::Kind::pre_vote;
  const bool may_vote = vote_ == message.from || (vote_ == 0 && leader_ == 0) || (is_pre_vote && message.term > term_);
  const bool is_granted = may_vote && log_.is_covered_by({.index = message.index, .term = message.log_term});
  Message reply = to(message.from, is_pre_vote ? Message::Kind::pre_vote_reply : Message::Kind::vote_reply);
  reply.reject = !is_granted;
  // A pre-vote is for the term that the candidate would enter.
  if (is_granted) reply.term = message.term;
  if (is_granted && !is_pre_vote) {
    vote_ = message.from;
    restart_time_out();
  }
  (is_pre_vote ? messages_ : messages_after_).push_back(std::move(reply));
}

void Core::Impl::on_vote_reply(const Message& message) {
  if (message.kind == Message::Kind::vote_reply) {
    if (role_ == Role::candidate) count_vote(message.from, !message.reject);
  } else if (role_ == Role::pre_candidate) {
    // A grant may be late, and for a term that has come meanwhile.
    if (message.reject || message.term == term_ + 1) count_vote(message.from, !message.reject);
  }
}

bool Core::Impl::hears_leader() const {
  // Correct code does, so that nodes that hear the leader are not drawn into elections by one that does not.
  if (config_.bugs.election_livelock_partial_partition) return false;
  return leader_ != 0 && elapsed_ < config_.election_ticks;
}

// A leader that a quorum does not answer leads nobody: it stops, so that those who wait for it ask elsewhere (§6.2).
void Core::Impl::check_quorum() {
  elapsed_ = 0;
  const auto active = static_cast<std::size_t>(
      std::count_if(peers_.begin(), peers_.end(), [](const auto& peer) { return peer.second.is_active(); }));
  for (auto& [id, peer] : peers_) peer.clear_active();
  // Correct code steps down: cut off from a quorum, but not from all, it would keep others from electing another.
  if (config_.bugs.election_livelock_partial_partition) return;
  if (active + 1 < quorum()) become_follower(term_, 0);
}

}  // namespace plaza::raft
