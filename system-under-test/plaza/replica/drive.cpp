#include <algorithm>
#include <boost/asio/post.hpp>
#include <string>
#include <utility>

#include <stillpoint/annotate.hpp>

#include "system-under-test/plaza/replica/replica_impl.hpp"

namespace plaza {

namespace asio = boost::asio;

void ReplicaImpl::arm_tick() {
  tick_timer_.expires_after(config_.tick);
  tick_timer_.async_wait([weak = std::weak_ptr<ReplicaImpl>(shared())](boost::system::error_code error) {
    const auto self = weak.lock();
    if (!self || error || self->ended_) return;
    self->arm_tick();
    self->tick();
  });
}

void ReplicaImpl::tick() {
  for (int ticks = ticks_.count(); ticks > 0; --ticks) core_->tick();
  let_time_pass();
  resubmit_overdue();
  drive();
}

void ReplicaImpl::wake() {
  if (std::exchange(woken_, true)) return;
  asio::post(executor_, [weak = std::weak_ptr<ReplicaImpl>(shared())] {
    const auto self = weak.lock();
    if (!self) return;
    self->woken_ = false;
    self->drive();
  });
}

// What is called meanwhile (hooks, those who wait) may ask for something: that is driven with the rest.
void ReplicaImpl::drive() {
  if (ended_ || driving_) return;
  driving_ = true;
  offer(std::exchange(to_offer_, {}));
  ask_for_reads();
  while (!ended_ && core_->has_ready() && !core_->contradiction()) {
    if (!do_ready()) break;
  }
  if (!ended_ && core_->contradiction()) on_contradiction();
  if (!ended_) note_role();  // one that steps down has nothing else to say
  if (!ended_ && flush_is_due()) {
    NodeStore::Batch batch = std::exchange(unwritten_, {});
    add_state(batch);
    write(std::move(batch));
  }
  driving_ = false;
}

bool ReplicaImpl::do_ready() {
  const raft::Ready ready = core_->ready();
  send(ready.messages);
  if (!make_durable(ready)) return false;
  if (ready.install) install(*ready.install);
  send(ready.messages_after);
  core_->persisted(ready);
  note_role();
  apply(ready);
  for (const raft::Ready::Read& read : ready.reads) {
    const auto asked = reads_.find(read.context);
    if (asked == reads_.end()) continue;
    for (const auto& weak : asked->second.second) {
      if (const auto waiter = weak.lock()) waiter->end();
    }
    reads_.erase(asked);
  }
  for (const raft::Ready::Snapshot& wanted : ready.snapshots) start_snapshot(wanted);
  return !ended_;
}

bool ReplicaImpl::make_durable(const raft::Ready& ready) {
  NodeStore::Batch batch;
  batch.entries = ready.entries;
  batch.hard_state = ready.hard_state;
  if (ready.install) {
    batch.install = NodeStore::Install{.mark = *ready.install, .hash = arrived_->head.hash, .cells = arrived_->cells};
  }
  if (batch.empty()) return true;

  // Ongaro, figure 3.1: term, vote and log are on stable storage before a node responds. A vote that a crash takes back
  // may be given once more, to another candidate of the same term. The bug `vote-not-persisted` lets a vote wait for
  // the next transaction that is made anyway.
  if (config_.bugs.vote_not_persisted && batch.entries.empty() && !batch.install) {
    unwritten_.hard_state = batch.hard_state;
    return true;
  }
  // An entry that a quorum says it has must survive on a quorum. The bug `ack-before-fsync` acknowledges what is handed
  // over to be written, and writes it with the next tick.
  if (config_.bugs.ack_before_fsync && !batch.install) {
    const bool follows = unwritten_.entries.empty() || batch.entries.empty() ||
                         batch.entries.front().index == unwritten_.entries.back().index + 1;
    if (follows) {
      unwritten_.entries.insert(unwritten_.entries.end(), batch.entries.begin(), batch.entries.end());
      if (batch.hard_state) unwritten_.hard_state = batch.hard_state;
      return true;
    }
  }
  NodeStore::Batch put_off = std::exchange(unwritten_, {});
  if (!batch.hard_state) batch.hard_state = put_off.hard_state;
  if (!put_off.entries.empty() && !write(std::move(put_off))) return false;
  if (!batch.install && flush_is_due()) add_state(batch);
  return write(std::move(batch));
}

bool ReplicaImpl::write(NodeStore::Batch batch) {
  if (batch.empty()) return true;
  if (hooks_.persisting) hooks_.persisting(batch);
  try {
    store_->write(batch);
  } catch (const StoreError& error) {
    // A node that cannot write its log must not count as having it. The bug `ignore-own-write-error` goes on.
    if (config_.bugs.ignore_own_write_error) {
      say(std::string("cannot write, and goes on: ") + error.what());
      return true;
    }
    on_store_lost(error.what());
    return false;
  }
  if (batch.state) flushed_ = batch.state->applied;
  if (hooks_.persisted) hooks_.persisted(batch);
  return true;
}

void ReplicaImpl::apply(const raft::Ready& ready) {
  if (ready.committed.empty()) return;
  STILLPOINT_SOMETIMES(ready.committed.size() > 10, "more than ten entries committed at once");
  for (const raft::Entry& entry : ready.committed) {
    const Machine::Applied applied = machine_.apply(entry.index, entry.data);
    if (hooks_.applied) hooks_.applied(entry, applied, machine_);
    commands_.applied(applied, entry.data);
    if (listener_) listener_(&applied);
  }
  const raft::Index last = ready.committed.back().index;
  core_->applied(last);
  indexes_.reached(last);
}

// It is on the disk by now.
void ReplicaImpl::install(const raft::Mark& mark) {
  STILLPOINT_REACHABLE("a snapshot of another node is installed");
  machine_.restore(std::move(arrived_->cells), mark.index);
  arrived_.reset();
  flushed_ = mark.index;
  flushed_at_ = SteadyClock::now();
  if (hooks_.installed) hooks_.installed(mark, machine_);
  indexes_.reached(mark.index);
  if (listener_) listener_(nullptr);
}

bool ReplicaImpl::flush_is_due() const {
  if (config_.bugs.vote_not_persisted && unwritten_.hard_state &&
      SteadyClock::now() - flushed_at_ >= config_.flush_interval)
    return true;
  if (config_.bugs.ack_before_fsync && !unwritten_.empty()) return SteadyClock::now() - flushed_at_ >= config_.tick;
  if (machine_.applied_index() == flushed_) return false;
  return machine_.cells().changes() >= config_.flush_changes_most ||
         SteadyClock::now() - flushed_at_ >= config_.flush_interval;
}

// With the state goes what of the log is not needed any more.
void ReplicaImpl::add_state(NodeStore::Batch& batch) {
  flushed_at_ = SteadyClock::now();
  const std::uint64_t applied = machine_.applied_index();
  if (applied == flushed_) return;
  batch.state = NodeStore::State{.applied = applied, .hash = machine_.hash(), .changes = machine_.take_changes()};
  const raft::Status status = core_->status();
  // Not for each entry: a tenth of what is kept at a time.
  const std::uint64_t slack = config_.log_keep / 10;
  if (applied <= config_.log_keep || applied - config_.log_keep < status.first_index + slack) return;
  const raft::Index through = applied - config_.log_keep;
  const std::optional<raft::Term> term = core_->term_of(through);
  if (!term) return;
  batch.compact = raft::Mark{.index = through, .term = *term};
  core_->compact(through);
}

void ReplicaImpl::note_role() {
  role_.transfer_to = core_->transfer_to();
  if (core_->role() == role_.role && core_->term() == role_.term && core_->leader() == role_.leader) return;
  const bool was_leader = is_leader();
  role_ = core_->status();
  STILLPOINT_SOMETIMES(was_leader && !is_leader(), "a leader steps down");
  if (is_leader() && !was_leader) {
    log_clock_.emplace();
    log_clock_->begin(machine_.now());
    time_proposed_.reset();
  } else if (!is_leader()) {
    log_clock_.reset();
  }
  if (hooks_.role_changed) hooks_.role_changed(role_);
}

// It could go on for ever without a word, and serve nobody: better it is missed.
void ReplicaImpl::on_contradiction() {
  const raft::Core::Contradiction what = *core_->contradiction();
  const std::string entry = "entry " + std::to_string(what.index);
  const std::string other = "node " + std::to_string(what.node);
  std::string why = what.committed == 0
                        ? other + " has committed " + entry + ", which this node leads without"
                        : entry + " is committed here with term " + std::to_string(what.committed) + ", and " + other +
                              ", which leads, has it with term " + std::to_string(what.told);
  why += ": a node of this cluster has lost what it had on its disk";
  on_store_lost(why);
}

// What was told so far is on a quorum of disks; what this node knows beyond its own disk it must not act on.
void ReplicaImpl::on_store_lost(const std::string& why) {
  STILLPOINT_REACHABLE("a node loses its store");
  end();
  if (hooks_.store_lost) hooks_.store_lost(why);
}

}  // namespace plaza
