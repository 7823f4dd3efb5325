#include "system-under-test/plaza/replica/snapshots.hpp"

#include <utility>

#include "system-under-test/plaza/bytes.hpp"

namespace plaza {

namespace {

constexpr std::size_t kChunkBytes = 64 * 1024;
constexpr std::uint64_t kCellsMost = 100'000'000;

}  // namespace

bool SnapshotSender::pump(const Send& send) {
  // A few at a time: the queue is to hold little, so that it says often how far it is.
  for (int chunks = 0; chunks < 4; ++chunks) {
    if (!send_one(send)) return false;
    if (next_ > cells_.size()) return true;
  }
  return false;
}

// The end counts as one more cell.
bool SnapshotSender::send_one(const Send& send) {
  if (!begun_) {
    const std::string begin = ByteWriter()
                                  .varint(head_.number)
                                  .varint(head_.term)
                                  .varint(head_.mark.index)
                                  .varint(head_.mark.term)
                                  .u64(head_.hash)
                                  .varint(cells_.size())
                                  .take();
    begun_ = send(peer::FrameType::snapshot_begin, begin);
    return begun_;
  }
  if (next_ == cells_.size()) {
    if (!send(peer::FrameType::snapshot_end, ByteWriter().varint(head_.number).take())) return false;
    ++next_;
    return true;
  }
  std::size_t next = next_;
  if (!send(peer::FrameType::snapshot_chunk, next_chunk(next))) return false;
  next_ = next;
  return true;
}

std::string SnapshotSender::next_chunk(std::size_t& next) const {
  ByteWriter chunk;
  chunk.varint(head_.number);
  do {
    chunk.text(cells_[next].first).text(cells_[next].second);
    ++next;
  } while (next < cells_.size() && chunk.size() < kChunkBytes);
  return chunk.take();
}

std::optional<SnapshotReceiver::Whole> SnapshotReceiver::receive(raft::NodeId from, peer::FrameType type,
                                                                 std::string_view payload) {
  if (type == peer::FrameType::snapshot_begin) {
    ByteReader reader(payload);
    Whole whole;
    whole.head.number = reader.varint();
    whole.head.term = reader.varint();
    whole.head.mark.index = reader.varint();
    whole.head.mark.term = reader.varint();
    whole.head.hash = reader.u64();
    whole.head.cells = reader.varint();
    coming_.erase(from);
    if (reader.done() && whole.head.cells <= kCellsMost) coming_.emplace(from, std::move(whole));
    return std::nullopt;
  }
  const auto found = coming_.find(from);
  if (found == coming_.end()) return std::nullopt;
  Whole& whole = found->second;
  if (type == peer::FrameType::snapshot_chunk) {
    if (!take_chunk(whole, payload)) coming_.erase(found);
    return std::nullopt;
  }
  ByteReader reader(payload);
  const bool whole_came = reader.varint() == whole.head.number && reader.done() &&
                          whole.cells.size() == whole.head.cells && Cells::hash_of(whole.cells) == whole.head.hash;
  std::optional<Whole> result;
  if (whole_came) result = std::move(whole);
  coming_.erase(found);
  return result;
}

bool SnapshotReceiver::take_chunk(Whole& whole, std::string_view payload) const {
  ByteReader reader(payload);
  if (reader.varint() != whole.head.number) return false;
  while (reader.left() > 0) {
    const std::string_view key = reader.text();
    const std::string_view value = reader.text();
    const bool in_order = whole.cells.empty() || whole.cells.back().first < key;
    if (!reader.ok() || !in_order || whole.cells.size() == whole.head.cells) return false;
    whole.cells.emplace_back(key, value);
  }
  return reader.ok();
}

}  // namespace plaza
