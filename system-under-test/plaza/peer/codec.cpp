#include "system-under-test/plaza/peer/codec.hpp"

#include <limits>

#include "system-under-test/plaza/bytes.hpp"

namespace plaza::peer {

using raft::Entry;
using raft::EntryKind;
using raft::Message;
using raft::NodeId;

namespace {

constexpr std::uint8_t kReject = 1;
constexpr std::uint8_t kByTransfer = 2;
constexpr std::size_t kEntryBytesLeast = 4;  // each of its members takes a byte

// Messages that are not understood in full are not understood: what is out of range makes `valid` false, once.
struct Fields {
  explicit Fields(std::string_view from) : bytes(from) {}

  NodeId node() {
    const std::uint64_t value = bytes.varint();
    valid = valid && value <= std::numeric_limits<NodeId>::max();
    return static_cast<NodeId>(value);
  }
  std::uint8_t at_most(std::uint8_t most) {
    const std::uint8_t value = bytes.u8();
    valid = valid && value <= most;
    return value;
  }

  ByteReader bytes;
  bool valid = true;
};

Entry read_entry(Fields& fields) {
  Entry entry;
  entry.index = fields.bytes.varint();
  entry.term = fields.bytes.varint();
  entry.kind = static_cast<EntryKind>(fields.at_most(static_cast<std::uint8_t>(EntryKind::command)));
  entry.data = fields.bytes.text();
  return entry;
}

}  // namespace

std::string encode(const Message& message) {
  ByteWriter bytes;
  bytes.u8(static_cast<std::uint8_t>(message.kind)).varint(message.from).varint(message.to);
  bytes.varint(message.term).varint(message.index).varint(message.log_term).varint(message.commit);
  bytes.u8(static_cast<std::uint8_t>((message.reject ? kReject : 0) | (message.by_transfer ? kByTransfer : 0)));
  bytes.varint(message.hint_index).varint(message.hint_term).varint(message.context);
  bytes.varint(message.entries.size());
  for (const Entry& entry : message.entries) {
    bytes.varint(entry.index).varint(entry.term).u8(static_cast<std::uint8_t>(entry.kind)).text(entry.data);
  }
  return bytes.take();
}

std::optional<Message> decode_message(std::string_view bytes) {
  Fields fields(bytes);
  Message message;
  message.kind = static_cast<Message::Kind>(fields.at_most(static_cast<std::uint8_t>(Message::Kind::time_out_now)));
  message.from = fields.node();
  message.to = fields.node();
  message.term = fields.bytes.varint();
  message.index = fields.bytes.varint();
  message.log_term = fields.bytes.varint();
  message.commit = fields.bytes.varint();
  const std::uint8_t flags = fields.at_most(kReject | kByTransfer);
  message.reject = (flags & kReject) != 0;
  message.by_transfer = (flags & kByTransfer) != 0;
  message.hint_index = fields.bytes.varint();
  message.hint_term = fields.bytes.varint();
  message.context = fields.bytes.varint();
  const std::uint64_t entries = fields.bytes.varint();
  if (!fields.valid || entries > fields.bytes.left() / kEntryBytesLeast) return std::nullopt;
  message.entries.reserve(entries);
  for (std::uint64_t i = 0; i < entries; ++i) {
    message.entries.push_back(read_entry(fields));
    if (!fields.valid || !fields.bytes.ok()) return std::nullopt;
  }
  if (!fields.bytes.done()) return std::nullopt;
  return message;
}

}  // namespace plaza::peer
