// What people see of a trace: every view of schema.sql, on a trace with one of everything.
#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "sim-core/record/describe.hpp"
#include "sim-core/record/record_cursor.hpp"
#include "tests/record/synthetic.hpp"

using namespace stillpoint;
using namespace stillpoint::test;
using namespace std::string_literals;
using Rows = std::vector<std::string>;

namespace {

struct Sold {
  Folder folder;
  TraceFile trace{[this] {
    record_sale(folder / "sale.trace");
    return folder / "sale.trace";
  }()};
};

}  // namespace

TEST_CASE("events are told as describe() tells them", "[record][views]") {
  const Sold sold;
  MemoryStream stream;
  write_sale(stream.writer);
  Rows expected;
  EventId id = 0;
  for (RecordCursor cursor(stream.records()); cursor.next();) {
    const RecordHeader& header = cursor.record().header;
    if (header.type != RecordType::event) continue;
    const char* host = header.host == 0 ? "harness" : header.host == 1 ? "plaza-1" : "users-1";
    expected.push_back(fmt::format("{}|{}|{}|{}|{}", ++id, host, header.boot,
                                   name_of(static_cast<EventKind>(header.kind)),
                                   describe_event(header, cursor.record().payload)));
  }
  REQUIRE(id == kSaleEvents);
  CHECK(rows(sold.trace, "SELECT id, host, boot, kind, detail FROM events", 5) == expected);
}

TEST_CASE("so are those of a sale that looked up a name, lost a segment, was ended, crashed and met faults",
          "[record][views]") {
  const Folder folder;
  const Where plaza{.host = 1, .boot = 1};
  MemoryStream stream;
  stream.writer.event(EventKind::query, at(1ms), plaza, 2, 0, 0, {}, "db"sv);
  stream.writer.event(EventKind::answer, at(2ms), plaza, 2, 0, 1'000'000, {.event = 1, .kind = CauseKind::message},
                      "fd00::a00:3 10.0.0.3"sv);
  stream.writer.event(EventKind::answer, at(2ms), plaza, 3, 3, 10'000'000'001, {}, "no answer in time"sv);
  stream.writer.event(EventKind::lose, at(3ms), plaza, 34, static_cast<std::uint64_t>(Segment::data), 5);
  stream.writer.event(EventKind::signal, at(4ms), plaza, 15);
  stream.writer.event(EventKind::exit, at(5ms), plaza, 0, 15);
  stream.writer.event(EventKind::exit, at(5ms), plaza, 0, 3 << 8);
  stream.writer.event(EventKind::crash, at(6ms), plaza, 0, 7, 2);
  stream.writer.event(EventKind::boot, at(7ms), {.host = 1, .boot = 2}, 0, 10ULL << 24 | 1, 0,
                      {.event = 8, .kind = CauseKind::fault});
  stream.writer.event(EventKind::fault, at(8ms), plaza, 0, 0, 0, {}, "crash-1\0crash\0plaza-1 loses its power"sv);
  stream.writer.event(EventKind::heal, at(9ms), plaza, 10, 0, 0, {.event = 10, .kind = CauseKind::fault});
  stream.writer.event(EventKind::corrupt, at(9ms), plaza, 12, 4'096, 3, {.event = 10, .kind = CauseKind::fault},
                      "abc"sv);
  stream.writer.event(EventKind::error, at(9ms), plaza, 0, 5, 0, {.event = 10, .kind = CauseKind::fault}, "write"sv);
  stream.writer.event(EventKind::reach, at(9ms), plaza, 0, 0, 0, {}, "sold out"sv);
  stream.writer.event(EventKind::buggify, at(9ms), plaza, 4, 0, 0, {}, "small batch"sv);
  Rows expected;
  for (RecordCursor cursor(stream.records()); cursor.next();)
    expected.push_back(describe_event(cursor.record().header, cursor.record().payload));
  Recorder recorder(folder / "t", kRun);
  recorder.ingest(stream.records());
  recorder.finish(kOutcome);
  const TraceFile trace(folder / "t");
  CHECK(rows(trace, "SELECT detail FROM events", 1) == expected);
  CHECK(rows(trace, "SELECT cause_kind FROM events WHERE id = 2", 1) == Rows{"message"});
}

TEST_CASE("the view of events has times and causes", "[record][views]") {
  const Sold sold;
  CHECK(rows(sold.trace, "SELECT id, at_s, cause, cause_kind FROM events WHERE id IN (4, 5, 6, 18)", 4) ==
        Rows{"4|0.002|-|-", "5|0.003204|4|message", "6|0.003209|5|wake-up", "18|1.5|17|arming"});
}

TEST_CASE("unknown numbers in an event are shown", "[record][views]") {
  const Folder folder;
  MemoryStream stream;
  stream.writer.event(static_cast<EventKind>(77), at(0s), {.host = 9, .boot = 1}, 1, 2, 3,
                      {.event = 1, .kind = static_cast<CauseKind>(50)});
  stream.writer.event(EventKind::send, at(0s), {.host = 9, .boot = 1}, 4, 99, 3);
  Recorder recorder(folder / "t", kRun);
  recorder.ingest(stream.records());
  recorder.finish(kOutcome);
  const TraceFile trace(folder / "t");
  CHECK(rows(trace, "SELECT host, kind, detail, cause_kind FROM events", 4) ==
        Rows{"host 9|unknown|kind 77, subject 1, a 2, b 3|-",
             "host 9|send|3 bytes of unknown on connection 2 from its client|-"});
  CHECK(rows(trace, "SELECT * FROM edges", 3) == Rows{"1|1|unknown"});
}

TEST_CASE("edges are first causes and further ones", "[record][views]") {
  const Sold sold;
  CHECK(rows(sold.trace, "SELECT event, cause, kind FROM edges WHERE event IN (5, 10) ORDER BY event, cause", 3) ==
        Rows{"5|4|message", "10|1|state", "10|6|fault", "10|9|message"});
  CHECK(rows(sold.trace, "SELECT event FROM edges WHERE cause = 5 ORDER BY event", 1) == Rows{"6", "9"});
}

TEST_CASE("walking causes uses indexes both ways", "[record][views]") {
  const Sold sold;
  for (const char* end : {"cause", "event"}) {
    Statement plan = sold.trace.query(fmt::format("EXPLAIN QUERY PLAN SELECT * FROM edges WHERE {} = 5", end));
    while (plan.step()) CHECK(plan.text(3).find("SCAN") == std::string::npos);
  }
}

TEST_CASE("a causal cone is walked without reading the whole trace", "[record][views]") {
  const Sold sold;
  const std::string back =
      "WITH RECURSIVE why(id) AS (SELECT event FROM witness "
      "UNION SELECT event.cause FROM why JOIN event USING (id) WHERE event.cause IS NOT NULL "
      "UNION SELECT edge.cause FROM why JOIN edge ON edge.event = why.id) SELECT id FROM why ORDER BY id";
  const std::string forth =
      "WITH RECURSIVE effect(id) AS (SELECT 9 "
      "UNION SELECT event.id FROM effect JOIN event ON event.cause = effect.id "
      "UNION SELECT edge.event FROM effect JOIN edge ON edge.cause = effect.id) SELECT id FROM effect ORDER BY id";
  CHECK(rows(sold.trace, back, 1) == Rows{"1", "4", "5", "6", "9", "10", "11", "13"});
  CHECK(rows(sold.trace, forth, 1) == Rows{"9", "10", "11"});
  for (const std::string& walk : {back, forth}) {
    for (const std::string& step : rows(sold.trace, "EXPLAIN QUERY PLAN " + walk, 4)) {
      CHECK(step.find("MATERIALIZE") == std::string::npos);
      CHECK(step.find("SCAN event") == std::string::npos);
      CHECK(step.find("SCAN edge") == std::string::npos);
    }
  }
}

TEST_CASE("operations are paired with their completions", "[record][views]") {
  const Sold sold;
  CHECK(rows(sold.trace,
             "SELECT user, function, arguments, outcome, answer, invoked_s, duration_ms, completion FROM operations",
             8) == Rows{"alice|purchase|{\"seat\":7}|ok|sold|0.004|2.5|11",
                        "bob|purchase|{\"seat\":7}|fail||0.007|1.0|13", "bob|look||info|time-out|0.009|1.0|15",
                        "carol|refund|[]|-|-|0.011|-|-"});
}

TEST_CASE("hosts, connections, logs and payloads have views or tables", "[record][views]") {
  const Sold sold;
  CHECK(rows(sold.trace, "SELECT * FROM host", 4) == Rows{"1|plaza-1|server|10.0.0.1", "2|users-1|users|10.0.0.2"});
  CHECK(rows(sold.trace, "SELECT * FROM connections", 7) ==
        Rows{"17|0.001|users-1|10.0.0.2:40000|plaza-1|10.0.0.1:8080|3"});
  CHECK(rows(sold.trace, "SELECT * FROM logs", 7) == Rows{"1|0.005|plaza-1|1|2|sold seat 7|10"});
  CHECK(rows(sold.trace, "SELECT * FROM log", 7) == Rows{"1|10|5000000|1|1|2|sold seat 7"});
  CHECK(rows(sold.trace, "SELECT event, bytes FROM payload WHERE event < 8", 2) ==
        Rows{"4|hello", "7|alice\0buys a ticket"s});
}

TEST_CASE("violations have their proof", "[record][views]") {
  const Sold sold;
  CHECK(rows(sold.trace, "SELECT * FROM violation", 6) ==
        Rows{"21|safety|one-owner|a seat has one owner|seat 7 has two|both were told so"});
  CHECK(rows(sold.trace, "SELECT * FROM witnesses", 8) ==
        Rows{"21|one-owner|first purchase|11|0.0065|users-1|ok|of operation 8: sold",
             "21|one-owner|second purchase|13|0.008|users-1|fail|of operation 12"});
}

TEST_CASE("the names in the schema are those of the trace", "[record][views]") {
  const Sold sold;
  const auto names = [&sold](const char* table, auto first, int last) {
    Rows expected;
    for (int i = static_cast<int>(first); i <= last; ++i) {
      expected.push_back(fmt::format("{}|{}", i, name_of(static_cast<decltype(first)>(i))));
    }
    CHECK(rows(sold.trace, fmt::format("SELECT id, name FROM {}", table), 2) == expected);
  };
  names("kind", EventKind::boot, kEventKinds - 1);
  names("segment", Segment::syn, static_cast<int>(Segment::probe));
  names("cause_kind", CauseKind::none, static_cast<int>(CauseKind::state));
}
