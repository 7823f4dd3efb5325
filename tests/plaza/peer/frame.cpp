#include "system-under-test/plaza/peer/frame.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

using namespace plaza::peer;

namespace {

using Frames = std::vector<std::pair<int, std::string>>;

// Gives bytes to a reader as one read, or as several if there is no room; returns the frames that came of it.
Frames feed(FrameReader& reader, std::string_view bytes) {
  Frames frames;
  do {
    const auto room = reader.prepare();
    REQUIRE(!room.empty());
    const std::size_t count = std::min(room.size(), bytes.size());
    if (count > 0) std::memcpy(room.data(), bytes.data(), count);
    reader.commit(count);
    bytes.remove_prefix(count);
    while (const auto frame = reader.next()) frames.emplace_back(frame->type, frame->payload);
  } while (!bytes.empty());
  return frames;
}

Frames feed_in_pieces(FrameReader& reader, std::string_view bytes, std::size_t piece) {
  Frames frames;
  for (std::size_t i = 0; i < bytes.size(); i += piece) {
    for (auto& frame : feed(reader, bytes.substr(i, piece))) frames.push_back(std::move(frame));
  }
  return frames;
}

const Frames kSome = {{16, "one"}, {4, ""}, {17, std::string(3000, 'x')}, {255, std::string("\0\1\2", 3)}, {16, "."}};

std::string bytes_of(const Frames& frames) {
  std::string bytes;
  for (const auto& [type, payload] : frames) append_frame(bytes, static_cast<std::uint8_t>(type), payload);
  return bytes;
}

}  // namespace

TEST_CASE("a frame is its length, its type and its payload") {
  std::string bytes;
  append_frame(bytes, 16, "abc");
  append_frame(bytes, OwnFrame::pong);
  CHECK(bytes == std::string("\4\0\0\0\x10"
                             "abc"
                             "\1\0\0\0\5",
                             13));
}

TEST_CASE("frames come out whole and in order, however they were cut") {
  for (const std::size_t piece : {1u, 2u, 3u, 4u, 5u, 7u, 100u, 10'000u}) {
    for (const std::size_t buffer : {1u, 16u, 64u * 1024u}) {
      CAPTURE(piece, buffer);
      FrameReader reader({.frame_bytes_most = 4000, .buffer_bytes = buffer});
      CHECK(feed_in_pieces(reader, bytes_of(kSome), piece) == kSome);
      CHECK_FALSE(reader.is_broken());
    }
  }
}

TEST_CASE("a frame that has no length, or too much, breaks the reader for good") {
  struct Case {
    const char* about;
    std::string bytes;
    std::size_t frames;
    bool broken;
  };
  const std::string ten(9, 'x');  // and the type
  const std::vector<Case> cases = {
      {"the longest", bytes_of({{16, ten}}), 1, false},
      {"one byte more", bytes_of({{16, ten + "x"}}), 0, true},
      {"no type", std::string(4, '\0'), 0, true},
      {"all that four bytes can say", "\xff\xff\xff\xff", 0, true},
      {"good ones before it", bytes_of({{16, ""}, {17, ten}}) + std::string(4, '\0') + bytes_of({{16, ""}}), 2, true},
  };
  for (const Case& each : cases) {
    CAPTURE(each.about);
    FrameReader reader({.frame_bytes_most = 10});
    CHECK(feed(reader, each.bytes).size() == each.frames);
    CHECK(reader.is_broken() == each.broken);
    if (each.broken) CHECK(feed(reader, bytes_of({{16, ""}})).empty());
  }
}

TEST_CASE("a reader's buffer grows with what comes, and is given back") {
  constexpr std::size_t kMost = 8 * 1024 * 1024;
  const std::string large = bytes_of({{18, std::string(kMost - 1, 'x')}});
  FrameReader reader({.frame_bytes_most = kMost});
  const std::size_t before = reader.capacity();
  feed(reader, large.substr(0, 5));  // claims eight megabytes
  CHECK(reader.capacity() == before);
  feed(reader, large.substr(5, 100'000));
  CHECK(reader.capacity() <= 200'010);
  CHECK(feed(reader, large.substr(100'005)).size() == 1);
  CHECK(reader.capacity() > kMost);
  feed(reader, "");
  CHECK(reader.capacity() == before);
}

TEST_CASE("partial_read_framing misreads a length that comes in two reads, and no other") {
  const Frames frames = {{16, "first"}, {16, "second"}, {16, "third"}};
  const std::string bytes = bytes_of(frames);
  const std::size_t second = bytes_of({frames[0]}).size();
  plaza::Bugs bugs;
  bugs.partial_read_framing = true;
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    CAPTURE(cut);
    const bool in_a_length =
        (cut > 0 && cut < 4) || (cut > second && cut < second + 4) || (cut > 2 * second + 1 && cut < 2 * second + 5);
    for (const bool is_on : {false, true}) {
      FrameReader reader({.frame_bytes_most = 4000, .bugs = is_on ? bugs : plaza::Bugs{}});
      Frames read = feed(reader, bytes.substr(0, cut));
      for (auto& frame : feed(reader, bytes.substr(cut))) read.push_back(std::move(frame));
      CHECK((read == frames) == (!is_on || !in_a_length));
    }
  }
}
