// A machine's cells on their way to another node, in chunks.
#include "system-under-test/plaza/replica/snapshots.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "system-under-test/plaza/bytes.hpp"

using namespace plaza;
using peer::FrameType;

namespace {

using Frames = std::vector<std::pair<FrameType, std::string>>;

CellList cells(std::size_t count, std::size_t bytes) {
  CellList all;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string number = std::to_string(i);
    all.emplace_back("key/" + std::string(8 - number.size(), '0') + number, std::string(bytes, 'x'));
  }
  return all;
}

SnapshotHead head_of(const CellList& list) {
  return {.number = 7, .term = 3, .mark = {.index = 40, .term = 2}, .hash = Cells::hash_of(list), .cells = list.size()};
}

// Everything that is sent, by a queue that takes so many frames at a time.
Frames sent(const CellList& list, int room) {
  SnapshotSender sender(head_of(list), list);
  Frames frames;
  for (int rounds = 0; rounds < 10'000; ++rounds) {
    int left = room;
    const bool all = sender.pump([&](FrameType type, std::string_view payload) {
      if (left-- == 0) return false;
      frames.emplace_back(type, payload);
      return true;
    });
    if (all) return frames;
  }
  FAIL("it never ends");
  return frames;
}

std::optional<SnapshotReceiver::Whole> received(const Frames& frames) {
  SnapshotReceiver receiver;
  std::optional<SnapshotReceiver::Whole> whole;
  for (const auto& [type, payload] : frames) {
    if (auto now = receiver.receive(1, type, payload)) whole = std::move(now);
  }
  return whole;
}

}  // namespace

TEST_CASE("what is sent arrives, however little the queue takes at a time") {
  for (const auto& [count, bytes] : {std::pair<std::size_t, std::size_t>{0, 0}, {1, 1}, {5'000, 30}, {3, 200'000}}) {
    const CellList list = cells(count, bytes);
    for (const int room : {1, 2, 1000}) {
      const auto whole = received(sent(list, room));
      REQUIRE(whole);
      CHECK(whole->cells == list);
      CHECK(whole->head.mark == raft::Mark{.index = 40, .term = 2});
      CHECK(whole->head.term == 3);
    }
  }
}

TEST_CASE("a snapshot that is not what was announced is none") {
  const CellList list = cells(5'000, 30);
  const Frames good = sent(list, 1000);
  REQUIRE(good.size() > 4);
  SECTION("a chunk is missing") {
    for (std::size_t gone = 0; gone + 1 < good.size(); ++gone) {
      Frames frames = good;
      frames.erase(frames.begin() + static_cast<std::ptrdiff_t>(gone));
      CHECK_FALSE(received(frames));
    }
  }
  SECTION("a chunk comes twice") {
    Frames frames = good;
    frames.insert(frames.begin() + 1, frames[1]);
    CHECK_FALSE(received(frames));
  }
  SECTION("a byte is another one") {
    for (std::size_t at = 0; at < good[1].second.size(); at += 997) {
      Frames frames = good;
      frames[1].second[at] = static_cast<char>(frames[1].second[at] ^ 1);
      CHECK_FALSE(received(frames));
    }
  }
  SECTION("the connection was lost in between") {
    SnapshotReceiver receiver;
    std::optional<SnapshotReceiver::Whole> whole;
    for (std::size_t i = 0; i < good.size(); ++i) {
      if (i == 2) receiver.forget(1);
      whole = receiver.receive(1, good[i].first, good[i].second);
    }
    CHECK_FALSE(whole);
  }
  SECTION("it announces more than there could be") {
    const std::string begin = ByteWriter().varint(7).varint(3).varint(40).varint(2).u64(0).varint(1ull << 60).take();
    CHECK_FALSE(
        received({{FrameType::snapshot_begin, begin}, {FrameType::snapshot_end, ByteWriter().varint(7).take()}}));
  }
}

TEST_CASE("a newer snapshot of a node takes the place of an older one, and not of another node's") {
  const CellList list = cells(100, 30);
  const Frames good = sent(list, 1000);
  SnapshotReceiver receiver;
  CHECK_FALSE(receiver.receive(1, good[0].first, good[0].second));
  CHECK_FALSE(receiver.receive(2, good[0].first, good[0].second));
  CHECK_FALSE(receiver.receive(1, good[1].first, good[1].second));
  CHECK_FALSE(receiver.receive(1, good[0].first, good[0].second));  // anew
  std::optional<SnapshotReceiver::Whole> whole;
  for (std::size_t i = 1; i < good.size(); ++i) whole = receiver.receive(1, good[i].first, good[i].second);
  CHECK(whole);
  whole.reset();
  for (std::size_t i = 1; i < good.size(); ++i) whole = receiver.receive(2, good[i].first, good[i].second);
  CHECK(whole);
}
