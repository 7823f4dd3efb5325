// Frames: how the bytes of a connection are cut into messages.
//
//   u32, little-endian   the length of what follows, at least 1
//   u8                   the type: FrameType (mesh.hpp), or one of the mesh's own
//   the payload
//
// A FrameReader belongs to one connection. Its owner reads from the network straight into the reader's buffer, and
// takes frames out of it, which are views of that buffer: a frame is never copied. The length that a frame claims is
// held against a limit and then not believed either: the buffer grows with what has really come, to twice that at most.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "system-under-test/plaza/bugs.hpp"

namespace plaza::peer {

// Below FrameType's values.
enum class OwnFrame : std::uint8_t {
  hello = 1,    // of who has dialled: handshake.hpp
  welcome = 2,  // its answer
  refused = 3,  // or this
  ping = 4,     // of who has dialled; empty
  pong = 5,     // its answer; also now and then while other frames come
};
inline constexpr std::uint8_t kLastOwnFrame = 15;
inline constexpr std::size_t kFrameLengthBytes = 4;

struct Frame {
  std::uint8_t type = 0;
  std::string_view payload;
};

// Requires: the payload is shorter than 4 GiB.
void append_frame(std::string& bytes, std::uint8_t type, std::string_view payload);
inline void append_frame(std::string& bytes, OwnFrame type, std::string_view payload = {}) {
  append_frame(bytes, static_cast<std::uint8_t>(type), payload);
}

class FrameReader {
 public:
  struct Options {
    std::size_t frame_bytes_most = 0;  // type and payload
    std::size_t buffer_bytes = 64 * 1024;
    Bugs bugs = {};
  };
  explicit FrameReader(const Options& options);

  // Where to put what is read next; never empty. Frames that were taken end here.
  std::span<char> prepare();
  // So many bytes were put there: one read. Requires: no more than there was room for.
  void commit(std::size_t bytes);

  // The next frame that is there in full. None: more must be read, or the bytes are no frames.
  std::optional<Frame> next();
  // A frame of no length, or of too much: from here on nothing can be told apart.
  bool is_broken() const { return broken_; }

  void set_frame_bytes_most(std::size_t bytes) { options_.frame_bytes_most = bytes; }
  std::size_t capacity() const { return capacity_; }

 private:
  std::size_t waiting() const { return end_ - begin_; }
  void move_to(std::size_t capacity);

  Options options_;
  std::size_t capacity_;
  std::unique_ptr<char[]> buffer_;
  std::size_t begin_ = 0;  // of what was read and not taken
  std::size_t end_ = 0;
  bool broken_ = false;
};

}  // namespace plaza::peer
