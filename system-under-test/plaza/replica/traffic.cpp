#include <utility>

#include <stillpoint/annotate.hpp>

#include "system-under-test/plaza/bytes.hpp"
#include "system-under-test/plaza/peer/codec.hpp"
#include "system-under-test/plaza/replica/replica_impl.hpp"

namespace plaza {

void ReplicaImpl::received(raft::NodeId from, peer::FrameType type, std::string_view payload) {
  if (ended_) return;
  switch (type) {
    case peer::FrameType::raft: {
      std::optional<raft::Message> message = peer::decode_message(payload);
      // Of a snapshot it is this node itself that says when all of it is there.
      if (!message || message->from != from || message->kind == raft::Message::Kind::snapshot) return;
      core_->step(std::move(*message));
      return wake();
    }
    case peer::FrameType::submit:
      return received_commands(payload);
    case peer::FrameType::snapshot_begin:
    case peer::FrameType::snapshot_chunk:
    case peer::FrameType::snapshot_end:
      return received_snapshot(from, type, payload);
  }
}

// A node that does not lead any more drops them: they are sent again, to whoever leads then.
void ReplicaImpl::received_commands(std::string_view payload) {
  if (!is_leader() || draining_) return;
  ByteReader reader(payload);
  while (reader.left() > 0) {
    std::optional<Command> command = decode_command(reader.text());
    if (!reader.ok() || !command) return;
    gather(std::move(*command));
  }
}

void ReplicaImpl::received_snapshot(raft::NodeId from, peer::FrameType type, std::string_view payload) {
  std::optional<SnapshotReceiver::Whole> whole = receiver_.receive(from, type, payload);
  if (!whole) return;
  raft::Message message;
  message.kind = raft::Message::Kind::snapshot;
  message.from = from;
  message.to = config_.node;
  message.term = whole->head.term;
  message.index = whole->head.mark.index;
  message.log_term = whole->head.mark.term;
  arrived_ = std::move(whole);
  core_->step(std::move(message));
  drive();  // at once: another snapshot might come in its place
}

void ReplicaImpl::send(const std::vector<raft::Message>& messages) {
  for (const raft::Message& message : messages) {
    if (!mesh_) return;
    if (!mesh_->send(message.to, peer::Stream::control, peer::FrameType::raft, peer::encode(message)))
      core_->unreachable(message.to);
  }
}

void ReplicaImpl::start_snapshot(const raft::Ready::Snapshot& wanted) {
  STILLPOINT_REACHABLE("a snapshot is sent to a node that is too far behind");
  const raft::Index applied = machine_.applied_index();
  const std::optional<raft::Term> term = core_->term_of(applied);
  if (!term || !mesh_) return core_->snapshot_sent(wanted.to, std::nullopt);
  CellList cells = machine_.snapshot();
  SnapshotHead head;
  head.number = ++snapshots_;
  head.term = wanted.term;
  head.mark = {.index = applied, .term = *term};
  head.hash = Cells::hash_of(cells);
  head.cells = cells.size();
  senders_.insert_or_assign(wanted.to, SnapshotSender(head, std::move(cells)));
  pump_snapshot(wanted.to);
}

void ReplicaImpl::pump_snapshot(raft::NodeId to) {
  const auto found = senders_.find(to);
  if (ended_ || found == senders_.end()) return;
  const bool all = found->second.pump([this, to](peer::FrameType type, std::string_view payload) {
    return mesh_->send(to, peer::Stream::bulk, type, payload);
  });
  if (!all) return;
  const raft::Mark mark = found->second.mark();
  senders_.erase(found);
  core_->snapshot_sent(to, mark);
  wake();
}

void ReplicaImpl::on_lost(raft::NodeId to, peer::Stream stream) {
  if (ended_) return;
  if (stream == peer::Stream::control) {
    core_->unreachable(to);
  } else if (senders_.erase(to) > 0) {
    core_->snapshot_sent(to, std::nullopt);
  }
  wake();
}

}  // namespace plaza
