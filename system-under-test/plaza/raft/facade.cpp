#include <utility>

#include "system-under-test/plaza/raft/core.hpp"
#include "system-under-test/plaza/raft/impl.hpp"

namespace plaza::raft {

Core::Core(Config config, Stored stored) : impl_(std::make_unique<Impl>(std::move(config), std::move(stored))) {}
Core::Core(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Core::~Core() = default;
Core::Core(Core&&) noexcept = default;
Core& Core::operator=(Core&&) noexcept = default;
Core Core::clone() const { return Core(std::make_unique<Impl>(*impl_)); }

void Core::tick() { impl_->tick(); }
void Core::step(Message message) { impl_->step(std::move(message)); }
Proposed Core::propose(std::string data) { return impl_->propose(std::move(data)); }
void Core::read_index(std::uint64_t context) { impl_->read_index(context); }
void Core::transfer(NodeId to) { impl_->transfer(to); }
void Core::campaign() { impl_->campaign(); }
std::optional<Core::Contradiction> Core::contradiction() const { return impl_->contradiction(); }
bool Core::has_ready() const { return impl_->has_ready(); }
Ready Core::ready() { return impl_->ready(); }
void Core::persisted(const Ready& ready) { impl_->persisted(ready); }
void Core::applied(Index index) { impl_->applied(index); }
void Core::compact(Index through) { impl_->compact(through); }
void Core::unreachable(NodeId node) { impl_->unreachable(node); }
void Core::snapshot_sent(NodeId to, std::optional<Mark> mark) { impl_->snapshot_sent(to, mark); }
Status Core::status() const { return impl_->status(); }
Role Core::role() const { return impl_->role(); }
Term Core::term() const { return impl_->term(); }
NodeId Core::leader() const { return impl_->leader(); }
NodeId Core::transfer_to() const { return impl_->transfer_to(); }
std::optional<Term> Core::term_of(Index index) const { return impl_->term_of(index); }
std::string Core::digest() const { return impl_->digest(); }

Status Core::Impl::status() const {
  Status status = {.id = config_.id,
                   .role = role_,
                   .term = term_,
                   .vote = vote_,
                   .leader = leader_,
                   .transfer_to = transfer_to_,
                   .first_index = log_.first_index(),
                   .last_index = log_.last_index(),
                   .last_term = log_.last_term(),
                   .commit = commit_,
                   .applied = applied_,
                   .peers = {}};
  for (const auto& [id, peer] : peers_) {
    status.peers[id] = {.match = peer.match(),
                        .next = peer.next(),
                        .active = peer.is_active(),
                        .snapshot = peer.state() == Progress::State::snapshot,
                        .in_flight = peer.in_flight()};
  }
  return status;
}

std::string Core::Impl::digest() const {
  ByteWriter out;
  out.varint(term_).varint(vote_).u8(static_cast<std::uint8_t>(role_)).varint(leader_);
  out.varint(commit_).varint(applying_).varint(applied_).varint(elapsed_).varint(time_out_);
  log_.digest(out);
  out.varint(votes_.size());
  for (const auto& [voter, is_granted] : votes_) out.varint(voter).u8(is_granted ? 1 : 0);
  out.varint(peers_.size());
  for (const auto& [id, peer] : peers_) {
    out.varint(id);
    peer.digest(out);
  }
  out.varint(heartbeat_elapsed_).varint(round_).u8(round_due_ ? 1 : 0).varint(transfer_to_).varint(transfer_elapsed_);
  out.varint(uncommitted_bytes_).varint(all_known_at_);
  leader_reads_.digest(out);
  follower_reads_.digest(out);
  out.varint(confirmed_reads_.size());
  for (const auto& [index, context] : confirmed_reads_) out.varint(index).varint(context);
  return out.take();
}

}  // namespace plaza::raft
