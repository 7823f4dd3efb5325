#pragma once
// Frames of the WebSocket protocol (RFC 6455, section 5.2) in bytes that may be anything.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stillpoint::view {

enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

struct WebSocketFrame {
  Opcode opcode;
  bool final;
  bool compressed;  // RSV1, as permessage-deflate uses it (RFC 7692)
  bool masked;
  std::uint64_t length;  // as the frame claims
  std::string payload;   // as much of it as is there, unmasked
  std::size_t size;      // of the frame, as far as it is there
  bool complete() const { return payload.size() == length; }
};

// The frame that the bytes begin with; nothing if they cannot be the beginning of one, or are too few to tell.
std::optional<WebSocketFrame> read_frame(std::string_view bytes);

}  // namespace stillpoint::view
