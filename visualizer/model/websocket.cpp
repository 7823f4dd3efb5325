#include "visualizer/model/websocket.hpp"

#include <algorithm>

namespace stillpoint::view {
namespace {

bool is_known(std::uint8_t opcode) { return opcode <= 2 || (opcode >= 8 && opcode <= 10); }

}  // namespace

std::optional<WebSocketFrame> read_frame(std::string_view bytes) {
  const auto byte = [bytes](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
  if (bytes.size() < 2) return std::nullopt;
  constexpr std::uint8_t kReserved = 0x30;  // RSV2 and RSV3, which no extension in use sets
  const auto opcode = static_cast<std::uint8_t>(byte(0) & 0x0f);
  if ((byte(0) & kReserved) != 0 || !is_known(opcode)) return std::nullopt;

  WebSocketFrame frame{.opcode = static_cast<Opcode>(opcode),
                       .final = (byte(0) & 0x80) != 0,
                       .compressed = (byte(0) & 0x40) != 0,
                       .masked = (byte(1) & 0x80) != 0,
                       .length = static_cast<std::uint64_t>(byte(1) & 0x7f),
                       .payload = {},
                       .size = 0};
  std::size_t at = 2;
  if (frame.length >= 126) {
    const std::size_t wide = frame.length == 126 ? 2 : 8;
    if (bytes.size() < at + wide) return std::nullopt;
    frame.length = 0;
    for (std::size_t i = 0; i < wide; ++i) frame.length = frame.length << 8 | byte(at + i);
    // The shortest form must be used, and the highest bit is 0.
    if (frame.length < (wide == 2 ? 126U : 0x10000U) || frame.length >> 63 != 0) return std::nullopt;
    at += wide;
  }
  // Control frames are short, whole, and not compressed (RFC 6455, section 5.5).
  if (opcode >= 8 && (frame.length > 125 || !frame.final || frame.compressed)) return std::nullopt;
  std::string_view key;
  if (frame.masked) {
    if (bytes.size() < at + 4) return std::nullopt;
    key = bytes.substr(at, 4);
    at += 4;
  }
  frame.payload = bytes.substr(at, static_cast<std::size_t>(std::min<std::uint64_t>(frame.length, bytes.size() - at)));
  frame.size = at + frame.payload.size();
  for (std::size_t i = 0; frame.masked && i < frame.payload.size(); ++i) {
    frame.payload[i] = static_cast<char>(frame.payload[i] ^ key[i % 4]);
  }
  return frame;
}

}  // namespace stillpoint::view
