// Snapshots between nodes: a machine's cells, in chunks, over the bulk stream.
//
//   snapshot_begin   number, the leader's term, mark (index, term), hash of the cells, how many there are
//   snapshot_chunk   number, cells: key and value, as many as fit
//   snapshot_end     number
//
// A sender sends what the queue takes and goes on when that is empty, so a slow follower costs no memory but the list
// of the cells. A receiver has one snapshot of each node at most, a newer one in place of an older; it believes it only
// if all the cells have come and their hash is the one that was announced.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "system-under-test/plaza/domain/cells.hpp"
#include "system-under-test/plaza/peer/mesh.hpp"
#include "system-under-test/plaza/raft/types.hpp"

namespace plaza {

struct SnapshotHead {
  std::uint64_t number = 0;  // of the sender's snapshots
  raft::Term term = 0;       // of the leader
  raft::Mark mark;
  std::uint64_t hash = 0;
  std::uint64_t cells = 0;
};

class SnapshotSender {
 public:
  using Send = std::function<bool(peer::FrameType type, std::string_view payload)>;

  SnapshotSender(const SnapshotHead& head, CellList cells) : head_(head), cells_(std::move(cells)) {}

  // Sends until `send` takes no more; true once all of it was taken.
  bool pump(const Send& send);
  const raft::Mark& mark() const { return head_.mark; }

 private:
  bool send_one(const Send& send);
  std::string next_chunk(std::size_t& next) const;

  SnapshotHead head_;
  CellList cells_;
  bool begun_ = false;
  std::size_t next_ = 0;
};

class SnapshotReceiver {
 public:
  struct Whole {
    SnapshotHead head;
    CellList cells;
  };
  // What came from a node; the whole snapshot, when that was its end. What makes no sense, or does not follow on what
  // came before, drops that node's snapshot: it will be sent another one.
  std::optional<Whole> receive(raft::NodeId from, peer::FrameType type, std::string_view payload);
  // Its connection is gone.
  void forget(raft::NodeId from) { coming_.erase(from); }

 private:
  bool take_chunk(Whole& whole, std::string_view payload) const;
  std::map<raft::NodeId, Whole> coming_;
};

}  // namespace plaza
