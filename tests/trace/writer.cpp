#include "sim-core/trace/writer.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/trace/memory_trace.hpp"

using namespace stillpoint;
using namespace std::chrono_literals;
using namespace std::string_view_literals;
using stillpoint::test::MemoryTrace;

namespace {
constexpr Where kPlaza{.host = 1, .boot = 2};
VirtualTime at(Duration duration) { return VirtualTime(duration); }
}  // namespace

TEST_CASE("an event is written as it is, and events are numbered from 1") {
  MemoryTrace trace;
  CHECK(trace.writer.last_event() == kNoEvent);
  CHECK(trace.writer.event(EventKind::send, at(5ms), kPlaza, 34, 4, 5, {.event = 9, .kind = CauseKind::user},
                           "hello"sv) == 1);
  CHECK(trace.writer.event(EventKind::note, at(6ms), {}, 0) == 2);
  CHECK(trace.writer.last_event() == 2);

  const auto records = trace.records();
  REQUIRE(records.size() == 2);
  const RecordHeader& send = records[0].header;
  CHECK(send.type == RecordType::event);
  CHECK(records[0].kind() == EventKind::send);
  CHECK(send.size == 64);
  CHECK(send.host == 1);
  CHECK(send.boot == 2);
  CHECK(send.time_ns == 5'000'000);
  CHECK(send.subject == 34);
  CHECK(send.a == 4);
  CHECK(send.b == 5);
  CHECK(send.cause == 9);
  CHECK(send.cause_kind == CauseKind::user);
  CHECK(records[0].payload == "hello");
  CHECK(records[1].header.host == kHarness);
  CHECK(records[1].payload.empty());
  CHECK(trace.control().events == 2);
  CHECK(trace.control().now_ns == 6'000'000);
}

TEST_CASE("the other records carry what they are for") {
  MemoryTrace trace;
  trace.writer.host(3, "plaza-1\0server\0010.0.0.3"sv);
  trace.writer.event(EventKind::apply, at(1s), kPlaza, 0);
  trace.writer.edge(1, {.event = 7, .kind = CauseKind::state});
  trace.writer.log(at(1s), kPlaza, 2, "sold");
  trace.writer.witness(1, 5, "first purchase");
  const auto records = trace.records();
  REQUIRE(records.size() == 5);
  CHECK(records[0].header.type == RecordType::host);
  CHECK(records[0].header.host == 3);
  CHECK(records[2].header.type == RecordType::edge);
  CHECK(records[2].header.subject == 1);
  CHECK(records[2].header.cause == 7);
  CHECK(records[2].header.cause_kind == CauseKind::state);
  CHECK(records[3].header.type == RecordType::log);
  CHECK(records[3].header.subject == 1);  // the event in whose slice it was written
  CHECK(records[3].header.a == 2);
  CHECK(records[3].payload == "sold");
  CHECK(records[4].header.type == RecordType::witness);
  CHECK(records[4].header.subject == 1);
  CHECK(records[4].header.cause == 5);
  CHECK(records[4].payload == "first purchase");
}

TEST_CASE("a monstrous payload is cut in the trace") {
  MemoryTrace trace;
  const std::string large(TraceWriter::kLongestPayload + 100, 'x');
  trace.writer.event(EventKind::send, at(0s), kPlaza, 0, 0, large.size(), {}, large);
  CHECK(trace.records().at(0).payload.size() == TraceWriter::kLongestPayload);
  CHECK(trace.records().at(0).header.b == large.size());
}

TEST_CASE("the hash covers every field of an event, and its payload") {
  const auto hash_of = [](auto write) {
    MemoryTrace trace;
    write(trace.writer);
    return trace.hash();
  };
  const auto plain = [](TraceWriter& w) {
    w.event(EventKind::send, at(1us), kPlaza, 1, 2, 3, {4, CauseKind::user}, "abc"sv);
  };
  CHECK(hash_of(plain) == hash_of(plain));
  std::vector<std::uint64_t> hashes = {
      hash_of([](TraceWriter&) {}),
      hash_of(plain),
      hash_of([](TraceWriter& w) {
        w.event(EventKind::drop, at(1us), kPlaza, 1, 2, 3, {4, CauseKind::user}, "abc"sv);
      }),
      hash_of([](TraceWriter& w) {
        w.event(EventKind::send, at(2us), kPlaza, 1, 2, 3, {4, CauseKind::user}, "abc"sv);
      }),
      hash_of([](TraceWriter& w) {
        w.event(EventKind::send, at(1us), {2, 2}, 1, 2, 3, {4, CauseKind::user}, "abc"sv);
      }),
      hash_of([](TraceWriter& w) {
        w.event(EventKind::send, at(1us), {1, 3}, 1, 2, 3, {4, CauseKind::user}, "abc"sv);
      }),
      hash_of([](TraceWriter& w) {
        w.event(EventKind::send, at(1us), kPlaza, 9, 2, 3, {4, CauseKind::user}, "abc"sv);
      }),
      hash_of([](TraceWriter& w) {
        w.event(EventKind::send, at(1us), kPlaza, 1, 9, 3, {4, CauseKind::user}, "abc"sv);
      }),
      hash_of([](TraceWriter& w) {
        w.event(EventKind::send, at(1us), kPlaza, 1, 2, 9, {4, CauseKind::user}, "abc"sv);
      }),
      hash_of([](TraceWriter& w) {
        w.event(EventKind::send, at(1us), kPlaza, 1, 2, 3, {9, CauseKind::user}, "abc"sv);
      }),
      hash_of([](TraceWriter& w) {
        w.event(EventKind::send, at(1us), kPlaza, 1, 2, 3, {4, CauseKind::state}, "abc"sv);
      }),
      hash_of([](TraceWriter& w) {
        w.event(EventKind::send, at(1us), kPlaza, 1, 2, 3, {4, CauseKind::user}, "abd"sv);
      }),
      hash_of([](TraceWriter& w) {
        w.event(EventKind::send, at(1us), kPlaza, 1, 2, 3, {4, CauseKind::user}, "abc\0"sv);
      }),
      hash_of([&](TraceWriter& w) {
        plain(w);
        w.edge(1, {4, CauseKind::state});
      }),
      hash_of([&](TraceWriter& w) {
        plain(w);
        w.edge(1, {5, CauseKind::state});
      }),
      hash_of([&](TraceWriter& w) {
        plain(w);
        w.witness(1, 1, "role");
      }),
      hash_of([&](TraceWriter& w) {
        plain(w);
        plain(w);
      }),
  };
  std::sort(hashes.begin(), hashes.end());
  CHECK(std::adjacent_find(hashes.begin(), hashes.end()) == hashes.end());
}

TEST_CASE("the hash depends on the order of events") {
  MemoryTrace one, other;
  one.writer.event(EventKind::note, at(0s), {}, 1);
  one.writer.event(EventKind::note, at(0s), {}, 2);
  other.writer.event(EventKind::note, at(0s), {}, 2);
  other.writer.event(EventKind::note, at(0s), {}, 1);
  CHECK(one.hash() != other.hash());
}

TEST_CASE("logs have a hash of their own, and the names of hosts none") {
  MemoryTrace silent, talking;
  for (MemoryTrace* trace : {&silent, &talking}) trace->writer.event(EventKind::note, at(0s), {}, 1);
  talking.writer.log(at(0s), kPlaza, 1, "a line");
  talking.writer.host(1, "a\0b\0c"sv);
  CHECK(silent.hash() == talking.hash());
  CHECK(log_digest(silent.control()) != log_digest(talking.control()));
}
