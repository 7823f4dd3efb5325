#include "system-under-test/plaza/replica/replica.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include <stillpoint/annotate.hpp>

#include "system-under-test/plaza/replica/replica_impl.hpp"

namespace plaza {

namespace asio = boost::asio;

std::shared_ptr<Replica> Replica::start(const asio::any_io_executor& executor, ReplicaConfig config,
                                        ReplicaHooks hooks) {
  auto replica = std::make_shared<ReplicaImpl>(executor, std::move(config), std::move(hooks));
  replica->begin();
  return replica;
}

ReplicaImpl::ReplicaImpl(const asio::any_io_executor& executor, ReplicaConfig config, ReplicaHooks hooks)
    : executor_(executor),
      config_(std::move(config)),
      hooks_(std::move(hooks)),
      ticks_(config_.tick, config_.bugs.heartbeat_by_wall_clock),
      store_(
          std::make_unique<NodeStore>(config_.data_folder, NodeIdentity{config_.cluster, config_.node}, config_.bugs)),
      machine_(config_.bugs, [this] { return local_clock_.now(); }),
      tick_timer_(executor),
      flushed_at_(SteadyClock::now()),
      gather_timer_(executor) {
  restore();
}

void ReplicaImpl::restore() {
  NodeStore::Kept kept = store_->take_kept();
  machine_.restore(std::move(kept.cells), kept.applied, kept.cell_numbers);
  flushed_ = kept.applied;
  start_core({.hard_state = kept.hard_state,
              .start = kept.start,
              .entries = std::move(kept.entries),
              .applied = kept.applied});
}

void ReplicaImpl::start_core(raft::Stored stored) {
  raft::Config raft;
  raft.id = config_.node;
  raft.configuration.voters.push_back(config_.node);
  for (const auto& [node, address] : config_.peers) raft.configuration.voters.push_back(node);
  std::ranges::sort(raft.configuration.voters);
  raft.heartbeat_ticks = config_.heartbeat_ticks;
  raft.election_ticks = config_.election_ticks;
  raft.random = [this](std::uint32_t below) { return entropy_.below(below); };
  raft.append_bytes_most = STILLPOINT_BUGGIFY("a message carries one entry") ? 1 : config_.append_bytes_most;
  raft.bugs = config_.bugs;
  if (hooks_.recovered) hooks_.recovered(stored, machine_, store_->incarnation());
  core_.emplace(std::move(raft), std::move(stored));
  role_ = core_->status();
}

void ReplicaImpl::begin() {
  const std::weak_ptr<ReplicaImpl> weak = shared();
  peer::MeshConfig mesh;
  mesh.cluster = config_.cluster;
  mesh.node = config_.node;
  mesh.incarnation = store_->incarnation();
  mesh.listen_on = config_.listen_on;
  mesh.peers = config_.peers;
  mesh.random = [this](std::uint32_t below) { return entropy_.below(below); };
  mesh.bugs = config_.bugs;
  peer::MeshCallbacks callbacks;
  callbacks.received = [this](raft::NodeId from, peer::FrameType type, std::string_view payload) {
    received(from, type, payload);
  };
  callbacks.lost = [this](raft::NodeId to, peer::Stream stream) { on_lost(to, stream); };
  callbacks.bulk_drained = [this](raft::NodeId to) { pump_snapshot(to); };
  callbacks.said = [this](const std::string& line) { say(line); };
  if (!config_.peers.empty()) {
    mesh_ = std::make_unique<peer::Mesh>(executor_, std::move(mesh), std::move(callbacks));
    mesh_->start();
  } else {
    core_->campaign();  // there is nobody to wait for
    wake();
  }
  arm_tick();
}

void ReplicaImpl::say(const std::string& line) const {
  if (hooks_.said) hooks_.said(line);
}

ReplicaView ReplicaImpl::view() const {
  ReplicaView view;
  if (core_) view.raft = core_->status();
  if (store_) view.incarnation = store_->incarnation();
  view.applied = machine_.applied_index();
  view.hash = machine_.hash();
  view.flushed = flushed_;
  view.waiting = commands_.size() + indexes_.size() + readers_;
  view.cells = machine_.cells().size();
  view.cell_bytes = machine_.cells().bytes();
  if (mesh_) view.peers = mesh_->view();
  return view;
}

bool ReplicaImpl::is_ready() const {
  if (ended_ || draining_ || role_.leader == 0) return false;
  if (is_leader()) return true;
  const auto peers = mesh_ ? mesh_->view() : std::map<raft::NodeId, peer::Mesh::PeerView>{};
  const auto leader = peers.find(role_.leader);
  return leader != peers.end() && leader->second.connected;
}

asio::awaitable<void> ReplicaImpl::drain(SteadyClock::time_point deadline) {
  const std::shared_ptr<ReplicaImpl> self = shared();
  draining_ = true;
  commands_.end_all();
  asio::steady_timer pause(executor_);
  while (!ended_ && is_leader() && !config_.peers.empty() && SteadyClock::now() < deadline) {
    if (role_.transfer_to == 0) core_->transfer(0);
    wake();
    pause.expires_after(config_.tick);
    boost::system::error_code ignored;
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  if (ended_) co_return;
  NodeStore::Batch batch;
  add_state(batch);
  if (!batch.empty()) write(std::move(batch));
}

void ReplicaImpl::abandon() {
  hooks_ = {};
  listener_ = nullptr;
  end();
}

void ReplicaImpl::end() {
  ended_ = true;
  mesh_.reset();
  store_.reset();
  tick_timer_.cancel();
  gather_timer_.cancel();
  commands_.end_all();
  indexes_.end_all();
  for (const auto& [round, asked] : std::exchange(reads_, {})) {
    for (const auto& weak : asked.second) {
      if (const auto waiter = weak.lock()) waiter->end();
    }
  }
}

}  // namespace plaza
