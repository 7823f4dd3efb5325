#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include <stillpoint/annotate.hpp>

#include "system-under-test/plaza/bytes.hpp"
#include "system-under-test/plaza/replica/replica_impl.hpp"

namespace plaza {

namespace asio = boost::asio;

asio::awaitable<Outcome> ReplicaImpl::submit(Command command, SteadyClock::time_point deadline) {
  const std::shared_ptr<ReplicaImpl> self = shared();
  Outcome outcome;
  if (ended_ || draining_ || commands_.size() >= config_.waiting_most) co_return outcome;
  const auto waiting = std::make_shared<WaitingCommand>(executor_, deadline, std::move(command));
  commands_.add(waiting);
  commands_.sent(waiting, SteadyClock::now());
  to_offer_.push_back(waiting);
  wake();
  co_await Waiter::wait(waiting);
  if (waiting->answer) {
    outcome.kind = Outcome::Kind::answered;
    outcome.answer = std::move(*waiting->answer);
    co_return outcome;
  }
  commands_.remove(waiting);
  outcome.kind = Outcome::Kind::timed_out;  // also at the node's end: it may be in the log
  co_return outcome;
}

asio::awaitable<bool> ReplicaImpl::read(SteadyClock::time_point deadline) {
  const std::shared_ptr<ReplicaImpl> self = shared();
  if (ended_ || draining_ || readers_ >= config_.waiting_most) co_return false;
  const auto waiter = std::make_shared<Waiter>(executor_, deadline);
  new_reads_.push_back(waiter);
  ++readers_;
  wake();
  co_await Waiter::wait(waiter);
  --readers_;
  co_return waiter->ended() && !ended_;
}

asio::awaitable<bool> ReplicaImpl::reached(std::uint64_t index, SteadyClock::time_point deadline) {
  const std::shared_ptr<ReplicaImpl> self = shared();
  if (machine_.applied_index() >= index) co_return true;
  if (ended_ || indexes_.size() >= config_.waiting_most) co_return false;
  const auto waiter = std::make_shared<Waiter>(executor_, deadline);
  indexes_.add(index, waiter);
  co_await Waiter::wait(waiter);
  co_return machine_.applied_index() >= index;
}

// To the leader, if there is one; otherwise they will be overdue.
void ReplicaImpl::offer(const std::vector<std::shared_ptr<WaitingCommand>>& commands) {
  if (commands.empty()) return;
  if (is_leader()) {
    for (const auto& waiting : commands) gather(waiting->command);
    return;
  }
  if (role_.leader == 0 || !mesh_) return;
  constexpr std::size_t kFrameBytes = 256 * 1024;
  ByteWriter frame;
  for (const auto& waiting : commands) {
    frame.text(encode(waiting->command));
    if (frame.size() < kFrameBytes) continue;
    mesh_->send(role_.leader, peer::Stream::control, peer::FrameType::submit, frame.take());
    frame = ByteWriter();
  }
  if (frame.size() > 0) mesh_->send(role_.leader, peer::Stream::control, peer::FrameType::submit, frame.bytes());
}

void ReplicaImpl::gather(Command command) {
  gathered_.push_back(std::move(command));
  if (std::exchange(gathering_, true)) return;
  gather_timer_.expires_after(config_.commit_delay);
  gather_timer_.async_wait([weak = std::weak_ptr<ReplicaImpl>(shared())](boost::system::error_code error) {
    const auto self = weak.lock();
    if (!self || error || self->ended_) return;
    self->gathering_ = false;
    self->propose_gathered();
    self->drive();
  });
}

// What is not taken is sent again by whoever waits for it.
void ReplicaImpl::propose_gathered() {
  std::vector<Command> commands = std::exchange(gathered_, {});
  if (!is_leader()) return;
  const LogTime now = log_now();
  for (Command& command : commands) {
    command.time = now;
    const raft::Proposed proposed = core_->propose(encode(command));
    STILLPOINT_SOMETIMES(proposed == raft::Proposed::too_much, "a leader has too much to commit");
    if (proposed != raft::Proposed::accepted) return;
  }
}

void ReplicaImpl::ask_for_reads() {
  if (new_reads_.empty()) return;
  ++read_round_;
  reads_[read_round_] = {SteadyClock::now(), std::exchange(new_reads_, {})};
  core_->read_index(read_round_);
}

void ReplicaImpl::resubmit_overdue() {
  const SteadyClock::time_point now = SteadyClock::now();
  const auto overdue = commands_.overdue(now - config_.resubmit_after, now);
  STILLPOINT_SOMETIMES(!overdue.empty(), "a command is sent to the leader once more");
  to_offer_.insert(to_offer_.end(), overdue.begin(), overdue.end());
  for (auto it = reads_.begin(); it != reads_.end();) {
    auto& [asked_at, waiters] = it->second;
    if (asked_at + config_.resubmit_after > now) break;  // those behind it are younger
    for (const auto& weak : waiters) {
      const auto waiter = weak.lock();
      if (waiter && !waiter->ended()) new_reads_.push_back(weak);
    }
    it = reads_.erase(it);
  }
}

// The log moves its time only by its entries: where nobody asks for anything and something is due, the leader does.
void ReplicaImpl::let_time_pass() {
  if (!is_leader()) return;
  const std::optional<LogTime> due = machine_.next_due();
  const LogTime now = log_now();
  if (!due || *due > now || (time_proposed_ && *time_proposed_ >= *due)) return;
  Command passes;
  passes.time = now;
  if (core_->propose(encode(passes)) == raft::Proposed::accepted) time_proposed_ = now;
}

LogTime ReplicaImpl::log_now() { return log_clock_ ? log_clock_->now() : machine_.now(); }

}  // namespace plaza
