#include "sim-core/trace/stream.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/trace/memory_trace.hpp"

using namespace stillpoint;
using stillpoint::test::MemoryTrace;

namespace {

// A reader that has fallen behind: it takes one record each time the writer waits for it.
struct SlowReader {
  static inline StreamControl* control = nullptr;
  static inline const std::byte* ring = nullptr;
  static inline int waits = 0;
  static inline std::vector<std::uint64_t> subjects = {};
  static void take_one() {
    ++waits;
    StreamReader reader(*control, ring);
    RecordHeader header;
    std::memcpy(&header, reader.available().data(), sizeof header);
    subjects.push_back(header.subject);
    reader.consume(header.size);
  }
};

}  // namespace

TEST_CASE("a reader sees whole records, and gives them back") {
  MemoryTrace trace;
  StreamReader reader(trace.control(), trace.ring());
  CHECK(reader.available().empty());
  trace.writer.event(EventKind::note, {}, {}, 1);
  trace.writer.event(EventKind::note, {}, {}, 2);
  CHECK(reader.available().size() == 2 * sizeof(RecordHeader));
  reader.consume(sizeof(RecordHeader));
  REQUIRE(reader.available().size() == sizeof(RecordHeader));
  RecordHeader header;
  std::memcpy(&header, reader.available().data(), sizeof header);
  CHECK(header.subject == 2);
  reader.consume(sizeof(RecordHeader));
  CHECK(reader.available().empty());
}

// Twice the least that a page and the hash's portions need.
constexpr std::size_t kSmallRing = 8192;

TEST_CASE("a full ring waits for its reader, and loses nothing") {
  constexpr std::uint64_t kEvents = 1'000;
  MemoryTrace trace(kSmallRing);
  TraceWriter writer(trace.control(), trace.ring(), SlowReader::take_one);
  SlowReader::control = &trace.control();
  SlowReader::ring = trace.ring();
  SlowReader::waits = 0;
  SlowReader::subjects.clear();
  StreamReader(trace.control(), trace.ring()).attach();
  for (std::uint64_t i = 1; i <= kEvents; ++i) writer.event(EventKind::note, {}, {}, i);
  CHECK(SlowReader::waits == static_cast<int>(kEvents - kSmallRing / sizeof(RecordHeader)));
  while (SlowReader::subjects.size() < kEvents) SlowReader::take_one();
  for (std::uint64_t i = 0; i < kEvents; ++i) REQUIRE(SlowReader::subjects[i] == i + 1);
}

TEST_CASE("without a reader nobody waits, and the hash is that of a ring of any size") {
  MemoryTrace small(kSmallRing), large(1 << 18);
  for (MemoryTrace* trace : {&small, &large}) {
    TraceWriter writer(trace->control(), trace->ring(), [] { std::abort(); });
    for (std::uint64_t i = 1; i <= 1'000; ++i)
      writer.event(EventKind::note, {}, {}, i, 0, 0, {}, std::string(i % 50, 'x'));
    CHECK(trace->control().events == 1'000);
  }
  CHECK(small.control().written > kSmallRing);
  CHECK(small.hash() == large.hash());
}

TEST_CASE("the digest can be taken at any moment, and taking it changes nothing") {
  MemoryTrace looked_at, left_alone;
  std::vector<std::uint64_t> digests;
  for (std::uint64_t i = 1; i <= 300; ++i) {
    for (MemoryTrace* trace : {&looked_at, &left_alone}) {
      trace->writer.event(EventKind::note, {}, {}, i);
      if (i % 7 == 0) trace->writer.log({}, {}, 0, "a line");
    }
    digests.push_back(looked_at.hash());
  }
  CHECK(looked_at.hash() == left_alone.hash());
  std::sort(digests.begin(), digests.end());
  CHECK(std::adjacent_find(digests.begin(), digests.end()) == digests.end());
}

// A simulation may be killed while it waits for its reader, in the middle of a record.
TEST_CASE("the digest is right while a line of the log waits for room") {
  static MemoryTrace* trace = nullptr;
  static std::uint64_t digest_while_waiting = 0;
  MemoryTrace small(kSmallRing), large;
  trace = &small;
  TraceWriter writer(small.control(), small.ring(), [] {
    digest_while_waiting = trace->hash();
    StreamReader(trace->control(), trace->ring()).detach();
  });
  StreamReader(small.control(), small.ring()).attach();
  for (std::uint64_t i = 0; i < kSmallRing / sizeof(RecordHeader); ++i) {
    writer.event(EventKind::note, {}, {}, i);
    large.writer.event(EventKind::note, {}, {}, i);
  }
  writer.log({}, {}, 0, "a line that does not fit");
  CHECK(digest_while_waiting == large.hash());
  CHECK(small.hash() == large.hash());
}
