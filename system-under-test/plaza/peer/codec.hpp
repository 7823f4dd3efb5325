// Messages of consensus as bytes: the payload of a frame of type `raft`.
//
//   u8 kind; varints from, to, term, index, log_term, commit; u8 flags (1: reject, 2: by_transfer);
//   varints hint_index, hint_term, context; varint entries, and of each: varint index, varint term, u8 kind, text data
//
// What decodes is a message in full and nothing besides, but it need not make sense: that is for raft::Core.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "system-under-test/plaza/raft/types.hpp"

namespace plaza::peer {

std::string encode(const raft::Message& message);
// None if it is cut off, goes on after its end, or has a kind or a flag that this version does not know. Allocates no
// more than a small multiple of what it is given.
std::optional<raft::Message> decode_message(std::string_view bytes);

}  // namespace plaza::peer
