#include "system-under-test/plaza/peer/frame.hpp"

#include <algorithm>
#include <cstring>
#include <stillpoint/annotate.hpp>

namespace plaza::peer {

namespace {

// A buffer that had to grow beyond this for a large frame is given back when that is done.
constexpr std::size_t kBufferBytesKept = 1024 * 1024;

std::size_t length_at(const char* bytes) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < kFrameLengthBytes; ++i) {
    length |= std::size_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  }
  return length;
}

}  // namespace

void append_frame(std::string& bytes, std::uint8_t type, std::string_view payload) {
  const std::size_t length = 1 + payload.size();
  char head[kFrameLengthBytes + 1];
  for (std::size_t i = 0; i < kFrameLengthBytes; ++i) head[i] = static_cast<char>(length >> (8 * i));
  head[kFrameLengthBytes] = static_cast<char>(type);
  bytes.append(head, sizeof head);
  bytes.append(payload);
}

FrameReader::FrameReader(const Options& options)
    : options_(options),
      capacity_(std::max(options.buffer_bytes, 2 * kFrameLengthBytes)),
      buffer_(std::make_unique_for_overwrite<char[]>(capacity_)) {}

std::span<char> FrameReader::prepare() {
  if (waiting() == 0 && capacity_ > std::max(kBufferBytesKept, options_.buffer_bytes)) {
    move_to(std::max(options_.buffer_bytes, 2 * kFrameLengthBytes));
  } else if (waiting() == capacity_) {
    move_to(2 * capacity_);
  } else if (begin_ > 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, waiting());
    end_ = waiting();
    begin_ = 0;
  }
  return {buffer_.get() + end_, capacity_ - end_};
}

void FrameReader::move_to(std::size_t capacity) {
  auto buffer = std::make_unique_for_overwrite<char[]>(capacity);
  std::memcpy(buffer.get(), buffer_.get() + begin_, waiting());
  end_ = waiting();
  begin_ = 0;
  capacity_ = capacity;
  buffer_ = std::move(buffer);
}

void FrameReader::commit(std::size_t bytes) { end_ += bytes; }

std::optional<Frame> FrameReader::next() {
  if (broken_) return std::nullopt;
  if (waiting() < kFrameLengthBytes) {
    STILLPOINT_SOMETIMES(waiting() > 0, "a frame's length comes in two reads");
    // TCP keeps no boundaries: the beginning of a length must wait here for its end, which the next read brings. The
    // bug takes every read for one that begins with a frame or goes on within one, and forgets the odd bytes.
    if (options_.bugs.partial_read_framing) begin_ = end_;
    return std::nullopt;
  }
  const std::size_t length = length_at(buffer_.get() + begin_);
  if (length == 0 || length > options_.frame_bytes_most) {
    broken_ = true;
    return std::nullopt;
  }
  if (waiting() - kFrameLengthBytes < length) return std::nullopt;
  const char* const body = buffer_.get() + begin_ + kFrameLengthBytes;
  begin_ += kFrameLengthBytes + length;
  return Frame{.type = static_cast<std::uint8_t>(*body), .payload = {body + 1, length - 1}};
}

}  // namespace plaza::peer
