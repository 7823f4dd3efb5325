#include "visualizer/model/payload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "sim-core/base/utf8.hpp"
#include "visualizer/model/websocket.hpp"

namespace stillpoint::view {
namespace {

constexpr std::size_t kLongestLine = 120;  // characters
constexpr std::size_t kMostLines = 200;    // of a piece; then how much more there is
constexpr std::size_t kMostHexLines = 64;
constexpr std::size_t kMostPieces = 500;  // frames of a segment; then bytes
constexpr std::size_t kHexColumns = 16;

std::string size_text(std::uint64_t size) { return size == 1 ? "1 byte" : fmt::format("{} bytes", size); }

bool is_control(char c) { return (static_cast<unsigned char>(c) < 0x20) || c == 0x7f; }

// U+0080 to U+009F
bool is_second_control(std::string_view character) {
  return character.size() == 2 && character[0] == '\xc2' && static_cast<unsigned char>(character[1]) < 0xa0;
}

std::string escaped(char c) {
  switch (c) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    case '\0':
      return "\\0";
    default:
      return fmt::format("\\x{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
  }
}

// Whether it reads as text: UTF-8 without control characters but white space and, between fields, zeros.
bool is_text(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t length = character_length(bytes);
    if (length == 0) return false;
    const char c = bytes.front();
    if (is_control(c) && c != '\n' && c != '\r' && c != '\t' && c != '\0') return false;
    bytes.remove_prefix(length);
  }
  return true;
}

// Adds a line of text, cut into as many as it takes.
void add_wrapped(std::vector<std::string>& lines, std::string_view line) {
  const std::string text = readable(line);
  std::string_view rest = text;
  do {
    std::size_t end = 0;
    for (std::size_t i = 0; i < kLongestLine && end < rest.size(); ++i) end += character_length(rest.substr(end));
    lines.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end);
  } while (!rest.empty() && lines.size() < kMostLines);
  if (!rest.empty()) lines.push_back(fmt::format("... {} more of this line", size_text(rest.size())));
}

// The text's lines; `separator` ends one, and so does a newline.
std::vector<std::string> lines_of(std::string_view text, char separator = '\n') {
  std::vector<std::string> lines;
  while (!text.empty()) {
    if (lines.size() >= kMostLines) {
      lines.push_back(fmt::format("... {} more", size_text(text.size())));
      break;
    }
    const std::size_t end = std::min(std::min(text.find('\n'), text.find(separator)), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    add_wrapped(lines, line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// "0010  68 65 6c 6c 6f ...  hello"
std::vector<std::string> hex_lines(std::string_view bytes) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < bytes.size(); at += kHexColumns) {
    if (lines.size() >= kMostHexLines) {
      lines.push_back(fmt::format("... {} more", size_text(bytes.size() - at)));
      break;
    }
    std::string line = fmt::format("{:04x} ", at);
    std::string shown;
    for (std::size_t i = at; i < at + kHexColumns; ++i) {
      if (i >= bytes.size()) {
        line += "   ";
        continue;
      }
      const auto byte = static_cast<unsigned char>(bytes[i]);
      line += fmt::format(" {:02x}", static_cast<unsigned>(byte));
      shown += byte >= 0x20 && byte < 0x7f ? bytes[i] : '.';
    }
    lines.push_back(line + "  " + shown);
  }
  return lines;
}

DecodedPayload text_or_bytes(std::string_view bytes) {
  if (!is_text(bytes)) return {.what = size_text(bytes.size()), .lines = hex_lines(bytes)};
  const auto fields = std::count(bytes.begin(), bytes.end(), '\0');
  if (fields == 0) return {.what = fmt::format("text, {}", size_text(bytes.size())), .lines = lines_of(bytes)};
  return {.what = fmt::format("text in {} fields, {}", fields + 1, size_text(bytes.size())),
          .lines = lines_of(bytes, '\0')};
}

// ---- WebSocket ----

std::string_view name_of(Opcode opcode) {
  switch (opcode) {
    case Opcode::continuation:
      return "continuation";
    case Opcode::text:
      return "text";
    case Opcode::binary:
      return "binary";
    case Opcode::close:
      return "close";
    case Opcode::ping:
      return "ping";
    case Opcode::pong:
      return "pong";
  }
  return "frame";
}

DecodedPayload decode_frame(const WebSocketFrame& frame) {
  DecodedPayload result;
  result.what = fmt::format("WebSocket {}, ", name_of(frame.opcode));
  result.what += frame.complete() ? size_text(frame.length)
                                  : fmt::format("{} of {} here", frame.payload.size(), size_text(frame.length));
  if (frame.masked) result.what += ", masked";
  if (frame.compressed) result.what += ", compressed";
  if (!frame.final) result.what += ", to be continued";
  std::string_view payload = frame.payload;
  if (frame.opcode == Opcode::close && payload.size() >= 2) {  // a code, and a reason (RFC 6455, section 5.5.1)
    const auto code = static_cast<unsigned char>(payload[0]) << 8 | static_cast<unsigned char>(payload[1]);
    result.lines.push_back(fmt::format("code {}", code));
    payload.remove_prefix(2);
  }
  if (payload.empty()) return result;
  const bool text = frame.opcode == Opcode::text && !frame.compressed;
  const std::vector<std::string> lines = text || is_text(payload) ? lines_of(payload) : hex_lines(payload);
  result.lines.insert(result.lines.end(), lines.begin(), lines.end());
  return result;
}

// All of it as frames, of which the last may be cut off; nothing if it is none.
std::optional<std::vector<DecodedPayload>> decode_frames(std::string_view bytes) {
  std::vector<DecodedPayload> result;
  while (!bytes.empty()) {
    if (result.size() >= kMostPieces) {
      result.push_back({.what = size_text(bytes.size()) + " more", .lines = {}});
      break;
    }
    const std::optional<WebSocketFrame> frame = read_frame(bytes);
    if (!frame) {
      if (result.empty()) return std::nullopt;
      result.push_back(text_or_bytes(bytes));
      break;
    }
    // Bytes that begin in the midst of something seldom make a whole frame, or one that begins a message.
    const bool sure = frame->complete() || (frame->final && frame->opcode != Opcode::continuation);
    if (result.empty() && !sure) return std::nullopt;
    result.push_back(decode_frame(*frame));
    bytes.remove_prefix(frame->size);
  }
  return result;
}

// ---- HTTP ----

// "HTTP request" or "HTTP response" for what begins like one (RFC 9112, sections 3 and 4).
std::string_view http_start(std::string_view bytes) {
  if (bytes.starts_with("HTTP/1.")) return "HTTP response";
  const std::string_view line = bytes.substr(0, bytes.find("\r\n"));
  const std::size_t method_end = line.find(' ');
  const bool method = method_end != line.npos && method_end > 0 && method_end <= 16 &&
                      std::all_of(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(method_end),
                                  [](char c) { return c >= 'A' && c <= 'Z'; });
  const bool version = line.size() > 9 && line.substr(line.size() - 9).starts_with(" HTTP/1.");
  return method && version ? "HTTP request" : "";
}

}  // namespace

std::vector<DecodedPayload> decode_payload(std::string_view bytes) {
  std::vector<DecodedPayload> result;
  while (!bytes.empty() && result.size() < kMostPieces) {
    const std::string_view start = http_start(bytes);
    if (start.empty()) break;
    const std::size_t end = bytes.find("\r\n\r\n");
    const bool whole = end != bytes.npos;
    result.push_back({.what = std::string(start) + (whole ? "" : ", not all of its head"),
                      .lines = lines_of(bytes.substr(0, whole ? end : bytes.size()))});
    bytes.remove_prefix(whole ? end + 4 : bytes.size());
  }
  if (bytes.empty()) return result;
  if (std::optional<std::vector<DecodedPayload>> frames = decode_frames(bytes)) {
    std::move(frames->begin(), frames->end(), std::back_inserter(result));
  } else {
    result.push_back(text_or_bytes(bytes));
  }
  return result;
}

std::string readable(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    if (length == 0 || is_second_control(text.substr(0, length))) {
      result += "\xef\xbf\xbd";
    } else if (is_control(text.front())) {
      result += escaped(text.front());
    } else {
      result.append(text, 0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return result;
}

}  // namespace stillpoint::view
