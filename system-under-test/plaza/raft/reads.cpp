#include "system-under-test/plaza/raft/reads.hpp"

#include "system-under-test/plaza/raft/impl.hpp"

namespace plaza::raft {

void LeaderReads::admit_early(Index index, std::uint64_t round) {
  for (Read& read : early_) {
    read.index = index;
    read.round = round;
    waiting_.push_back(read);
  }
  early_.clear();
}

std::vector<LeaderReads::Read> LeaderReads::confirm(std::uint64_t round) {
  std::vector<Read> confirmed;
  while (!waiting_.empty() && waiting_.front().round <= round) {
    confirmed.push_back(waiting_.front());
    waiting_.pop_front();
  }
  return confirmed;
}

void LeaderReads::clear() {
  early_.clear();
  waiting_.clear();
}

void LeaderReads::digest(ByteWriter& out) const {
  const auto put = [&](const auto& reads) {
    out.varint(reads.size());
    for (const Read& read : reads) out.varint(read.from).varint(read.context).varint(read.index).varint(read.round);
  };
  put(early_);
  put(waiting_);
}

std::uint64_t FollowerReads::ask() {
  asked_.emplace_back(next_number_, std::exchange(gathered_, {}));
  return next_number_++;
}

std::vector<std::uint64_t> FollowerReads::answered(std::uint64_t number) {
  std::vector<std::uint64_t> contexts;
  if (asked_.empty() || number > asked_.back().first) return contexts;  // a question that this node did not ask
  while (!asked_.empty() && asked_.front().first <= number) {
    const auto& some = asked_.front().second;
    contexts.insert(contexts.end(), some.begin(), some.end());
    asked_.pop_front();
  }
  return contexts;
}

void FollowerReads::clear() {
  gathered_.clear();
  asked_.clear();
}

void FollowerReads::digest(ByteWriter& out) const {
  out.varint(next_number_).varint(gathered_.size());
  for (const std::uint64_t context : gathered_) out.varint(context);
  out.varint(asked_.size());
  for (const auto& [number, contexts] : asked_) {
    out.varint(number).varint(contexts.size());
    for (const std::uint64_t context : contexts) out.varint(context);
  }
}

void Core::Impl::read_index(std::uint64_t context) {
  if (role_ == Role::leader) {
    serve_read({.from = config_.id, .context = context});
  } else if (leader_ != 0) {
    follower_reads_.add(context);
  }
}

void Core::Impl::serve_read(LeaderReads::Read read) {
  if (config_.bugs.stale_read_deposed_leader) {
    // Correct code asks a quorum first: this node may have been deposed without having heard of it, and others may
    // have committed more since; or it is new, and does not know yet how much is committed.
    read.index = commit_;
    return answer_read(read);
  }
  if (!knows_what_is_committed()) return leader_reads_.add_early(read);
  read.index = commit_;
  read.round = round_ + 1;
  round_due_ = true;
  leader_reads_.add(read);
}

void Core::Impl::answer_read(const LeaderReads::Read& read) {
  if (read.from == config_.id) {
    confirmed_reads_.emplace(read.index, read.context);
  } else {
    Message reply = to(read.from, Message::Kind::read_index_reply);
    reply.index = read.index;
    reply.context = read.context;
    messages_.push_back(std::move(reply));
  }
}

void Core::Impl::confirm_reads() {
  std::vector<std::uint64_t> rounds = {round_};
  for (const auto& [id, peer] : peers_) rounds.push_back(peer.round());
  for (const LeaderReads::Read& read : leader_reads_.confirm(reached_by_quorum(std::move(rounds)))) answer_read(read);
}

void Core::Impl::ask_leader() {
  if (!follower_reads_.has_gathered()) return;
  Message question = to(leader_, Message::Kind::read_index);
  question.context = follower_reads_.ask();
  messages_.push_back(std::move(question));
}

void Core::Impl::on_read_index(const Message& message) {
  if (role_ == Role::leader) serve_read({.from = message.from, .context = message.context});
}

void Core::Impl::on_read_index_reply(const Message& message) {
  for (const std::uint64_t context : follower_reads_.answered(message.context)) {
    confirmed_reads_.emplace(message.index, context);
  }
}

bool Core::Impl::has_reads() const { return !confirmed_reads_.empty() && confirmed_reads_.begin()->first <= applied_; }

std::vector<Ready::Read> Core::Impl::take_reads() {
  std::vector<Ready::Read> reads;
  while (has_reads()) {
    const auto first = confirmed_reads_.begin();
    reads.push_back({.context = first->second, .index = first->first});
    confirmed_reads_.erase(first);
  }
  return reads;
}

}  // namespace plaza::raft
