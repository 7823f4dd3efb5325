#include "sim-core/record/describe.hpp"

#include <catch2/catch.hpp>

#include "sim-core/record/record_cursor.hpp"
#include "tests/record/synthetic.hpp"

using namespace stillpoint;
using namespace stillpoint::test;

namespace {

std::string describe_first(const MemoryStream& stream) {
  RecordCursor cursor(stream.records());
  REQUIRE(cursor.next());
  return describe(cursor.record().header, cursor.record().payload);
}

std::string described(EventKind kind, std::uint64_t subject, std::uint64_t a, std::uint64_t b,
                      std::string_view payload = {}) {
  MemoryStream stream;
  stream.writer.event(kind, at(3'204'118us), {.host = 2, .boot = 1}, subject, a, b, {}, payload);
  return describe_first(stream);
}

}  // namespace

TEST_CASE("events are told in one line", "[describe]") {
  const std::string where = "3.204118 s host 2 ";
  CHECK(described(EventKind::slice, 17, 0, 0) == where + "slice 17");
  CHECK(described(EventKind::slice, 17, 5000, 0) == where + "slice 17, cost 5 us");
  CHECK(described(EventKind::slice, 17, 5001, 0) == where + "slice 17, cost 5001 ns");
  CHECK(described(EventKind::deliver, 34, 4, 142) ==
        where + "deliver 142 bytes of data on connection 17 from its client");
  CHECK(described(EventKind::send, 35, 4, 1) == where + "send 1 byte of data on connection 17 from its server");
  CHECK(described(EventKind::drop, 35, 1, 0) == where + "drop syn on connection 17 from its server");
  CHECK(described(EventKind::arm, 3, 4'000'000'001, 0) == where + "arm timer 3 for 4.000000001 s");
  CHECK(described(EventKind::connect, 9, (10ULL << 24 | 1) << 16 | 80, (10ULL << 24 | 2) << 16 | 40000) ==
        where + "connect 9 from 10.0.0.2:40000 to 10.0.0.1:80");
  CHECK(described(EventKind::query, 2, 0, 0, "db") == where + "query 2 for db");
  CHECK(described(EventKind::answer, 2, 0, 1'250'000, "fd00::a00:3 10.0.0.3") ==
        where + "answer to query 2 after 0.001250 s: fd00::a00:3 10.0.0.3");
  CHECK(described(EventKind::answer, 2, 3, 10'000'000'000, "no answer in time") ==
        where + "answer to query 2 after 10.000000 s: no answer in time");
  CHECK(described(EventKind::boot, 0, 10ULL << 24 | 1, 0) == where + "boot at 10.0.0.1");
  CHECK(described(EventKind::crash, 0, 104, 100) == where + "crash with 104 descriptors and 100 connections");
}

TEST_CASE("the life of a host is told from its second on", "[describe]") {
  MemoryStream stream;
  stream.writer.event(EventKind::expire, at(0s), {.host = 2, .boot = 3}, 5);
  CHECK(describe_first(stream) == "0.000000 s host 2 (boot 3) expire timer 5");
  MemoryStream again;
  again.writer.event(EventKind::boot, at(0s), {.host = 2, .boot = 3}, 0, 10ULL << 24 | 1);
  CHECK(describe_first(again) == "0.000000 s host 2 (boot 3) boot at 10.0.0.1, boot 3");
}

TEST_CASE("absurd values are told too", "[describe]") {
  constexpr std::uint64_t kAll = ~std::uint64_t{0};
  CHECK(described(static_cast<EventKind>(200), kAll, 1, 2) ==
        "3.204118 s host 2 unknown kind 200, subject 18446744073709551615, a 1, b 2");
  CHECK(
      described(EventKind::send, kAll, kAll, kAll) ==
      "3.204118 s host 2 send 18446744073709551615 bytes of unknown on connection 9223372036854775807 from its server");
  CHECK(described(EventKind::arm, 1, kAll, 0) == "3.204118 s host 2 arm timer 1 for -1 ns");
  CHECK(described(EventKind::invoke, 0, 0, 0, "no fields") == "3.204118 s host 2 invoke no fields:  ");
  CHECK(described(EventKind::note, 0, 0, 0, "two\nlines\0"sv) == "3.204118 s host 2 note two?lines?");
}

TEST_CASE("long text is cut between characters", "[describe]") {
  std::string text;
  for (int i = 0; i < 300; ++i) text += "é";
  CHECK(described(EventKind::note, 0, 0, 0, text) == "3.204118 s host 2 note " + text.substr(0, 400));
}

TEST_CASE("records that are no events are told as well", "[describe]") {
  MemoryStream stream;
  stream.writer.host(3,
                     "plaza-1\0server\0"
                     "10.0.0.1"sv);
  stream.writer.edge(5, {.event = 4, .kind = CauseKind::fault});
  stream.writer.log(at(1s), {.host = 3, .boot = 1}, 2, "hello");
  stream.writer.witness(9, 7, "first purchase");
  std::vector<std::string> lines;
  for (RecordCursor cursor(stream.records()); cursor.next();) {
    lines.push_back(describe(cursor.record().header, cursor.record().payload));
  }
  CHECK(lines == std::vector<std::string>{"host 3 is plaza-1 (server) at 10.0.0.1",
                                          "event 5 because of event 4 (fault)",
                                          "1.000000 s host 3 logs with severity 2: hello",
                                          "violation 9 is proved by event 7: first purchase"});
}
