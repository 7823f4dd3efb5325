#pragma once
// Payloads for a reader: text where they are text, the frames of a WebSocket one by one (unmasked), HTTP heads as their
// lines, and bytes in hexadecimal for everything else. Never trusts a length that the bytes claim.
#include <string>
#include <string_view>
#include <vector>

namespace stillpoint::view {

struct DecodedPayload {
  std::string what;                // "WebSocket text, 42 bytes, masked", "HTTP request", "text", "96 bytes"
  std::vector<std::string> lines;  // valid UTF-8, each short enough to show
};

// A stream's segment may begin anywhere in a message: what cannot be decoded is shown as bytes.
std::vector<DecodedPayload> decode_payload(std::string_view bytes);

// The text with whatever is not UTF-8, or is a control character, replaced by U+FFFD or an escape.
std::string readable(std::string_view text);

}  // namespace stillpoint::view
