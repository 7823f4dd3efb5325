#include "system-under-test/plaza/raft/core.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "system-under-test/plaza/raft/impl.hpp"

namespace plaza::raft {
namespace {

// No cluster gets there. Beyond it nothing is believed, so that sums of what is believed cannot overflow.
constexpr std::uint64_t kMost = std::uint64_t{1} << 62;

// An answer that is late for an earlier life of this node must not be taken for one to this life's question.
std::uint64_t first_number(const Config& config) {
  const std::uint64_t life = config.random(std::uint32_t{1} << 31);
  return (life << 32) + 1;
}

}  // namespace

Core::Impl::Impl(Config config, Stored stored)
    : config_(std::move(config)),
      log_(stored.start, std::move(stored.entries)),
      term_(stored.hard_state.term),
      vote_(stored.hard_state.vote),
      follower_reads_(first_number(config_)),
      handed_(stored.hard_state) {
  config_.heartbeat_ticks = std::max(config_.heartbeat_ticks, 1U);
  config_.election_ticks = std::max(config_.election_ticks, 1U);
  config_.appends_in_flight_most = std::max<std::size_t>(config_.appends_in_flight_most, 1);
  applied_ = std::clamp(stored.applied, log_.start().index, log_.last_index());
  applying_ = applied_;
  commit_ = std::clamp(stored.hard_state.commit, applied_, log_.last_index());
  restart_time_out();
}

void Core::Impl::tick() {
  ++elapsed_;
  if (role_ != Role::leader) {
    if (elapsed_ < time_out_) return;
    // Correct code asks first whether a candidacy has a chance: a node that cannot hear the leader, but is heard by
    // others, would depose it again and again.
    config_.bugs.election_livelock_partial_partition ? become_candidate(Cause::time_out) : become_pre_candidate();
    return;
  }
  if (elapsed_ >= config_.election_ticks) check_quorum();
  if (role_ != Role::leader) return;
  if (transfer_to_ != 0 && ++transfer_elapsed_ >= config_.election_ticks) transfer_to_ = 0;
  if (++heartbeat_elapsed_ < config_.heartbeat_ticks) return;
  heartbeat_elapsed_ = 0;
  round_due_ = true;
  for (auto& [id, peer] : peers_) peer.heartbeat_interval_began();
}

void Core::Impl::step(Message message) {
  if (is_sane(message) && admit_term(message)) dispatch(std::move(message));
}

bool Core::Impl::is_sane(const Message& message) const {
  return message.kind <= Message::Kind::time_out_now && message.to == config_.id && message.from != config_.id &&
         is_voter(message.from) && message.term > 0 && message.term <= kMost && message.index <= kMost &&
         message.log_term <= message.term && message.hint_index <= kMost;
}

// Brings this node to the message's term, or the sender to this node's. False: there is nothing else in it.
bool Core::Impl::admit_term(const Message& message) {
  using Kind = Message::Kind;
  const bool is_from_leader =
      message.kind == Kind::append || message.kind == Kind::heartbeat || message.kind == Kind::snapshot;
  if (message.term > term_) {
    const bool asks_for_vote = message.kind == Kind::vote || message.kind == Kind::pre_vote;
    // Whoever hears a leader helps nobody to depose it (§4.2.3).
    if (asks_for_vote && !message.by_transfer && hears_leader()) return false;
    // The term of a pre-vote, and of its grant, is one that nobody has entered yet.
    if (message.kind == Kind::pre_vote) return true;
    if (message.kind == Kind::pre_vote_reply && !message.reject) return true;
    become_follower(message.term, is_from_leader ? message.from : 0);
    return true;
  }
  if (message.term < term_) {
    if (is_from_leader) {
      // A leader of an earlier term learns of this one, which it may not by itself: with pre-votes nobody campaigns
      // where it is heard, so a node that is ahead of all others could never join them again.
      messages_after_.push_back(to(message.from, Kind::append_reply));
    } else if (message.kind == Kind::pre_vote) {
      Message reply = to(message.from, Kind::pre_vote_reply);
      reply.reject = true;
      messages_.push_back(std::move(reply));
    }
    return false;
  }
  return true;
}

void Core::Impl::dispatch(Message message) {
  switch (message.kind) {
    case Message::Kind::pre_vote:
    case Message::Kind::vote:
      return on_vote(message);
    case Message::Kind::pre_vote_reply:
    case Message::Kind::vote_reply:
      return on_vote_reply(message);
    case Message::Kind::append:
      return on_append(std::move(message));
    case Message::Kind::append_reply:
      return on_append_reply(message);
    case Message::Kind::heartbeat:
      return on_heartbeat(message);
    case Message::Kind::heartbeat_reply:
      return on_heartbeat_reply(message);
    case Message::Kind::snapshot:
      return on_snapshot(message);
    case Message::Kind::read_index:
      return on_read_index(message);
    case Message::Kind::read_index_reply:
      return on_read_index_reply(message);
    case Message::Kind::time_out_now:
      if (role_ != Role::leader) become_candidate(Cause::transfer);
      return;
  }
}

bool Core::Impl::has_ready() const {
  if (!messages_.empty() || !messages_after_.empty() || install_ || log_.has_unwritten()) return true;
  if (term_ != handed_.term || vote_ != handed_.vote || applying_ < commit_ || has_reads()) return true;
  if (role_ != Role::leader) return follower_reads_.has_gathered();
  return round_due_ || std::any_of(peers_.begin(), peers_.end(), [&](const auto& peer) {
           return peer.second.wants_append(log_.last_index(), commit_);
         });
}

Ready Core::Impl::ready() {
  if (role_ == Role::leader) {
    send_appends();
    send_heartbeats();
  } else {
    ask_leader();
  }
  Ready ready;
  ready.messages = std::exchange(messages_, {});
  ready.snapshots = std::exchange(snapshots_, {});
  ready.install = std::exchange(install_, std::nullopt);
  ready.entries = log_.take_unwritten();
  const HardState now = {.term = term_, .vote = vote_, .commit = commit_};
  const bool has_promised = now.term != handed_.term || now.vote != handed_.vote;
  // The commit index alone is not worth a write: it goes with what is written anyway.
  const bool is_written_anyway = ready.install || !ready.entries.empty();
  if (has_promised || (is_written_anyway && now != handed_)) ready.hard_state = handed_ = now;
  ready.messages_after = std::exchange(messages_after_, {});
  ready.committed = log_.slice(applying_ + 1, commit_);
  applying_ = commit_;
  ready.reads = take_reads();
  return ready;
}

void Core::Impl::persisted(const Ready& ready) {
  if (ready.install) applied_ = std::max(applied_, ready.install->index);
  if (!ready.entries.empty()) {
    log_.written();
    if (role_ == Role::leader) maybe_commit();
  }
  // A candidate's own vote counts when it cannot be forgotten, as any other's.
  const HardState promised = ready.hard_state.value_or(HardState{});
  if (role_ == Role::candidate && promised.term == term_ && promised.vote == config_.id) count_vote(config_.id, true);
}

void Core::Impl::applied(Index index) { applied_ = std::max(applied_, std::min(index, applying_)); }

void Core::Impl::compact(Index through) { log_.compact(std::min({through, applied_, log_.written_through()})); }

void Core::Impl::commit_to(Index index) {
  if (index <= commit_) return;
  if (role_ == Role::leader) {
    for (Index i = std::max(commit_ + 1, log_.first_index()); i <= index; ++i) {
      const Entry& entry = log_.at(i);
      if (entry.term == term_) uncommitted_bytes_ -= entry.data.size();
    }
  }
  commit_ = index;
}

bool Core::Impl::is_voter(NodeId node) const {
  const std::vector<NodeId>& voters = config_.configuration.voters;
  return std::find(voters.begin(), voters.end(), node) != voters.end();
}

std::uint64_t Core::Impl::reached_by_quorum(std::vector<std::uint64_t> values) const {
  const auto at_quorum = values.begin() + static_cast<std::ptrdiff_t>(quorum() - 1);
  std::nth_element(values.begin(), at_quorum, values.end(), std::greater<>());
  return *at_quorum;
}

Message Core::Impl::to(NodeId node, Message::Kind kind) const {
  Message message;
  message.kind = kind;
  message.from = config_.id;
  message.to = node;
  message.term = term_;
  return message;
}

}  // namespace plaza::raft
