// The one implementation of Replica. Its parts: replica.cpp (its life), drive.cpp (what consensus wants done),
// requests.cpp (who submits, reads and waits), traffic.cpp (what comes from and goes to the other nodes).
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "system-under-test/plaza/replica/clocks.hpp"
#include "system-under-test/plaza/replica/entropy.hpp"
#include "system-under-test/plaza/replica/replica.hpp"
#include "system-under-test/plaza/replica/snapshots.hpp"
#include "system-under-test/plaza/replica/waiting.hpp"

namespace plaza {

class ReplicaImpl final : public Replica {
 public:
  ReplicaImpl(const boost::asio::any_io_executor& executor, ReplicaConfig config, ReplicaHooks hooks);
  // Once it may be pointed at: listens, dials, ticks.
  void begin();

  boost::asio::awaitable<Outcome> submit(Command command, SteadyClock::time_point deadline) override;
  boost::asio::awaitable<bool> read(SteadyClock::time_point deadline) override;
  boost::asio::awaitable<bool> reached(std::uint64_t index, SteadyClock::time_point deadline) override;
  const Machine& machine() const override { return machine_; }
  void on_applied(std::function<void(const Machine::Applied* applied)> listener) override {
    listener_ = std::move(listener);
  }
  ReplicaView view() const override;
  bool is_ready() const override;
  boost::asio::awaitable<void> drain(SteadyClock::time_point deadline) override;
  void abandon() override;

 private:
  std::shared_ptr<ReplicaImpl> shared() { return std::static_pointer_cast<ReplicaImpl>(shared_from_this()); }
  void restore();
  void start_core(raft::Stored stored);
  void say(const std::string& line) const;
  void end();

  // ---- drive.cpp ----
  void arm_tick();
  void tick();
  // Something has come: drive once this turn of the event loop has brought all that it does.
  void wake();
  void drive();
  // What consensus wants done, once. False: the disk has failed.
  bool do_ready();
  bool write(NodeStore::Batch batch);
  bool make_durable(const raft::Ready& ready);
  void apply(const raft::Ready& ready);
  void install(const raft::Mark& mark);
  void add_state(NodeStore::Batch& batch);
  bool flush_is_due() const;
  void note_role();
  void on_contradiction();
  void on_store_lost(const std::string& why);

  // ---- requests.cpp ----
  void offer(const std::vector<std::shared_ptr<WaitingCommand>>& commands);
  void gather(Command command);
  void propose_gathered();
  void ask_for_reads();
  void resubmit_overdue();
  void let_time_pass();
  LogTime log_now();
  bool is_leader() const { return role_.role == raft::Role::leader; }

  // ---- traffic.cpp ----
  void received(raft::NodeId from, peer::FrameType type, std::string_view payload);
  void received_commands(std::string_view payload);
  void received_snapshot(raft::NodeId from, peer::FrameType type, std::string_view payload);
  void send(const std::vector<raft::Message>& messages);
  void start_snapshot(const raft::Ready::Snapshot& wanted);
  void pump_snapshot(raft::NodeId to);
  void on_lost(raft::NodeId to, peer::Stream stream);

  boost::asio::any_io_executor executor_;
  ReplicaConfig config_;
  ReplicaHooks hooks_;
  Entropy entropy_;
  LocalClock local_clock_;
  TickCounter ticks_;
  std::unique_ptr<NodeStore> store_;  // null at its end
  Machine machine_;
  std::optional<raft::Core> core_;
  std::unique_ptr<peer::Mesh> mesh_;  // null at its end
  std::function<void(const Machine::Applied* applied)> listener_;

  boost::asio::steady_timer tick_timer_;
  bool woken_ = false;
  bool driving_ = false;
  bool ended_ = false;
  bool draining_ = false;
  raft::Status role_;  // as it was told last; of it only role, term and leader are kept up to date

  // What was applied and is not on the disk yet.
  std::uint64_t flushed_ = 0;
  SteadyClock::time_point flushed_at_;
  NodeStore::Batch unwritten_;  // of bugs only: what they put off

  // Commands that the leader's log is to have, gathered for config_.commit_delay.
  std::vector<Command> gathered_;
  boost::asio::steady_timer gather_timer_;
  bool gathering_ = false;
  std::optional<LogClock> log_clock_;  // of a leader
  std::optional<LogTime> time_proposed_;

  WaitingCommands commands_;
  std::vector<std::shared_ptr<WaitingCommand>> to_offer_;
  WaitingIndexes indexes_;
  std::map<std::uint64_t, std::pair<SteadyClock::time_point, std::vector<std::weak_ptr<Waiter>>>> reads_;  // by round
  std::vector<std::weak_ptr<Waiter>> new_reads_;
  std::uint64_t read_round_ = 0;
  std::size_t readers_ = 0;

  SnapshotReceiver receiver_;
  std::map<raft::NodeId, SnapshotSender> senders_;
  std::optional<SnapshotReceiver::Whole> arrived_;  // whole, and stepped
  std::uint64_t snapshots_ = 0;
};

}  // namespace plaza
