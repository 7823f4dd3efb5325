// Damaged traces: what can be shown is kept and marked, what cannot is refused in one line.
#include <catch2/catch.hpp>
#include <stillpoint/error.hpp>

#include "tests/visualizer/model/exercise.hpp"
#include "visualizer/model/view.hpp"

using namespace stillpoint;
using namespace stillpoint::test;
using namespace stillpoint::view;

namespace {

constexpr EventIndex place(EventId id) { return static_cast<EventIndex>(id - 1); }

void must_be_usable(const SaleFile& sale) {
  Random random(1);
  CHECK_NOTHROW(exercise(sale.path(), random));
}

}  // namespace

TEST_CASE("a bad row is kept and marked", "[corrupt]") {
  struct Case {
    const char* damage;
    EventId event;
    int marks;
  };
  const Case cases[] = {
      {"UPDATE event SET cause = 1000 WHERE id = 5", kDeliver, kDanglingCause},
      {"UPDATE event SET cause = 6 WHERE id = 5", kDeliver, kDanglingCause},
      {"UPDATE event SET cause = 5 WHERE id = 5", kDeliver, kDanglingCause},
      {"UPDATE event SET cause = -1 WHERE id = 5", kDeliver, kDanglingCause},
      {"UPDATE event SET cause = 0 WHERE id = 5", kDeliver, kDanglingCause},
      {"UPDATE event SET cause = 'x' WHERE id = 5", kDeliver, kDanglingCause},
      {"UPDATE event SET cause = 9223372036854775807 WHERE id = 5", kDeliver, kDanglingCause},
      {"INSERT INTO edge VALUES (5, 6, 1)", kDeliver, kDanglingCause},
      {"INSERT INTO edge VALUES (5, NULL + 0, 1)", kDeliver, -1},  // the schema forbids it
      {"INSERT INTO edge VALUES (5, 'x', 1)", kDeliver, kDanglingCause},
      {"INSERT INTO edge VALUES (5, 3, 7)", kDeliver, kUnknownKind},
      {"UPDATE event SET cause_kind = 99 WHERE id = 5", kDeliver, kUnknownKind},
      {"UPDATE event SET cause_kind = -1 WHERE id = 5", kDeliver, kUnknownKind},
      {"UPDATE event SET kind = 0 WHERE id = 5", kDeliver, kUnknownKind},
      {"UPDATE event SET kind = 99 WHERE id = 5", kDeliver, kUnknownKind},
      {"UPDATE event SET kind = -1 WHERE id = 5", kDeliver, kUnknownKind},
      {"UPDATE event SET kind = 261 WHERE id = 5", kDeliver, kUnknownKind},
      {"UPDATE event SET kind = NULL WHERE id = 5", kDeliver, kUnknownKind},
      {"UPDATE event SET kind = 'deliver' WHERE id = 5", kDeliver, kUnknownKind},
      {"UPDATE event SET host = -3 WHERE id = 5", kDeliver, kUnknownHost},
      {"UPDATE event SET host = 65537 WHERE id = 5", kDeliver, kUnknownHost},
      {"UPDATE event SET host = 9223372036854775807 WHERE id = 5", kDeliver, kUnknownHost},
      {"UPDATE event SET host = NULL WHERE id = 5", kDeliver, kUnknownHost},
      {"UPDATE event SET host = 'plaza-1' WHERE id = 5", kDeliver, kUnknownHost},
      {"DELETE FROM host WHERE id = 1", kDeliver, kUnknownHost},
      {"UPDATE event SET at_ns = 0 WHERE id = 5", kDeliver, kTimeGoesBack},
      {"UPDATE event SET at_ns = -1 WHERE id = 1", kBoot, kTimeGoesBack},
      {"UPDATE event SET at_ns = -9223372036854775807 - 1 WHERE id = 1", kBoot, kTimeGoesBack | kAbsurdTime},
      {"UPDATE event SET at_ns = 9223372036854775807 WHERE id = 22", kStop, kAbsurdTime},
      {"UPDATE event SET at_ns = 9223372036854775807 WHERE id = 5", kWake, kTimeGoesBack},
      {"UPDATE event SET at_ns = NULL WHERE id = 1", kBoot, kAbsurdTime},
      {"UPDATE event SET at_ns = x'ff' WHERE id = 1", kBoot, kAbsurdTime},
      {"UPDATE event SET at_ns = 1e300 WHERE id = 22", kStop, kAbsurdTime},
      {"UPDATE event SET subject = 'x', a = x'00', b = NULL, boot = -1, payload = 7 WHERE id = 5", kDeliver, 0},
      {"UPDATE event SET boot = 1000000 WHERE id = 5", kDeliver, 0},
  };
  for (const Case& one : cases) {
    CAPTURE(one.damage);
    if (one.marks < 0) {
      CHECK_THROWS_AS(SaleFile(one.damage), Error);
      continue;
    }
    const SaleFile sale(one.damage);
    const Trace trace = sale.trace();
    REQUIRE(trace.events().size() == kSaleEvents);
    CHECK(static_cast<int>(trace.events()[place(one.event)].marks) == one.marks);
    CHECK(std::count(trace.marked().begin(), trace.marked().end(), place(one.event)) == (one.marks != 0));
    must_be_usable(sale);
  }
}

TEST_CASE("an event is not its own cause where numbers have gaps either", "[corrupt]") {
  const SaleFile sale("DELETE FROM event WHERE id = 2; UPDATE event SET cause = 5 WHERE id = 5");
  const Trace trace = sale.trace();
  const EventRow& deliver = trace.events()[trace.find(kDeliver)];
  CHECK(deliver.cause == kNone);
  CHECK(static_cast<int>(deliver.marks) == kDanglingCause);
  must_be_usable(sale);
}

TEST_CASE("events are found by time where time goes back", "[corrupt]") {
  const SaleFile sale(
      "UPDATE event SET at_ns = 3999999999 WHERE id = 4; UPDATE event SET at_ns = 2000000 WHERE id = 12");
  const Trace trace = sale.trace();
  REQUIRE(trace.by_time().size() == kSaleEvents);
  CHECK(trace.at_or_after(0) == place(kBoot));
  CHECK(trace.at_or_after(1'000'001) == place(kSecondInvoke));
  CHECK(trace.at_or_after(2'000'001) == place(kDeliver));
  CHECK(trace.at_or_after(3'000'000'001) == place(kSend));
  CHECK(trace.at_or_after(INT64_MAX) == place(kStop));
}

TEST_CASE("what a bad row says is not lost", "[corrupt]") {
  const Trace trace = SaleFile(
                          "UPDATE event SET kind = 99, a = -1 WHERE id = 5; UPDATE event SET host = -3 WHERE id = 6;"
                          "UPDATE host SET name = '' WHERE id = 2")
                          .trace();
  CHECK(trace.kind_name(place(kDeliver)) == "unknown");
  CHECK(trace.detail(place(kDeliver)) == "kind 99, subject 34, a 18446744073709551615, b 5");
  CHECK(trace.hosts()[trace.events()[place(kWake)].host].name == "host -3");
  CHECK(trace.hosts()[2].name == "host 2");
}

TEST_CASE("rows that name what is not there are kept", "[corrupt]") {
  const SaleFile sale(
      "UPDATE witness SET event = 1000 WHERE event = 13; INSERT INTO witness VALUES (1000, 1, 'of no violation');"
      "INSERT INTO witness VALUES (21, 21, 'itself'); INSERT INTO witness VALUES (21, 21, 'itself');"
      "INSERT INTO operation VALUES (1000, 'eve', 'f', 'x', 1001, 'ok', 'y');"
      "INSERT INTO operation VALUES (20, 'dan', 'f', 'x', 1, 'ok', 'y');"
      "INSERT INTO violation VALUES (1000, 'safety', 'a', 'b', 'c', 'd');"
      "INSERT INTO edge VALUES (1000, 1, 1); INSERT INTO edge VALUES (10, 6, 4); INSERT INTO edge VALUES (10, 9, 1);"
      "INSERT INTO log VALUES (NULL, 1000, 9223372036854775807, -9, 0, 1 << 60, x'ff00ff')");
  const Trace trace = sale.trace();
  CHECK(trace.marked().empty());
  REQUIRE(trace.violations().size() == 2);
  CHECK(trace.violations()[1].event == kNone);
  REQUIRE(trace.violations()[0].witnesses.size() == 4);
  CHECK(trace.violations()[0].witnesses[1].event == kNone);
  CHECK(trace.causes(place(kApply)).size() == 3);  // edges that are there twice count once
  REQUIRE(trace.operations().size() == 6);
  CHECK(trace.operations().back().invoke == kNone);
  CHECK(trace.operation_of(0) != kNone);
  CHECK(trace.log().back().event == kNone);
  CHECK(trace.log().back().at_ns == kFarthestNs);
  CHECK(trace.log().back().text == "\xef\xbf\xbd\\0\xef\xbf\xbd");
  must_be_usable(sale);
}

TEST_CASE("texts that are none are made readable, and huge ones cut", "[corrupt]") {
  const SaleFile sale(
      "UPDATE host SET name = x'ff00fe', role = 7, address = x''; UPDATE event SET payload = x'ff00c3' WHERE id = 10;"
      "UPDATE operation SET user = x'c3', answer = char(27), arguments = printf('%.*c', 3000000, 'x');"
      "UPDATE violation SET because = printf('%.*c', 3000000, 'x'), invariant = x'0a';"
      "UPDATE metadata SET scenario = x'ff', bug = char(10), verdict = x'00'");
  const Trace trace = sale.trace();
  CHECK(trace.hosts()[1].name == "\xef\xbf\xbd\\0\xef\xbf\xbd");
  CHECK(trace.detail(place(kApply)).starts_with("\xef\xbf\xbd?\xef\xbf\xbd"));
  CHECK(trace.operations()[0].user == "\xef\xbf\xbd");
  CHECK(trace.operations()[0].answer == "\\x1b");
  CHECK(trace.operations()[0].arguments.size() == 4096);
  CHECK(trace.violations()[0].because.size() == 4096);
  CHECK(trace.metadata().run.scenario == "\xef\xbf\xbd");
  CHECK(trace.metadata().run.bug == "\\n");
  must_be_usable(sale);
}

TEST_CASE("there may be very many hosts", "[corrupt]") {
  const char* many = GENERATE(
      "WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) "
      "INSERT INTO host SELECT i, 'host' || i, 'r', '' FROM n",
      "WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 70000) "
      "INSERT INTO event(at_ns, host, boot, kind, subject, a, b) SELECT 4000000000 + i, i * 1000003, 1, 17, 0, 0, 0 "
      "FROM n");
  const SaleFile sale(many);
  const Trace trace = sale.trace();
  CHECK(trace.hosts().size() > 4000);
  CHECK(trace.hosts().size() <= UINT16_MAX);
  std::size_t own = 0;
  for (const Host& host : trace.hosts()) own += host.events.size();
  CHECK(own == trace.events().size());
}

TEST_CASE("damage to the rest of a trace does no harm", "[corrupt]") {
  const char* damage = GENERATE(
      "DELETE FROM event", "DELETE FROM event WHERE id % 3 = 0",
      "DELETE FROM host; DELETE FROM kind; DELETE FROM segment", "DROP VIEW events; DROP VIEW edges; DROP VIEW payload",
      "DROP INDEX event_cause; DROP INDEX edge_event", "UPDATE event SET id = id * 1000000007 * 4000000",
      "UPDATE event SET id = -id",
      "UPDATE event SET at_ns = CASE id % 2 WHEN 0 THEN 9223372036854775807 ELSE -9223372036854775807 - 1 END",
      "UPDATE event SET at_ns = 0", "UPDATE event SET at_ns = 5000000000 - at_ns",
      "UPDATE event SET kind = id % 23, subject = -1, a = -1, b = -1",
      "UPDATE event SET cause = id - 1, cause_kind = id % 9",
      "INSERT INTO edge SELECT a.id, b.id, 1 FROM event AS a, event AS b",
      "INSERT INTO host VALUES (0, 'zero', '', '')", "INSERT INTO host SELECT -id, name, role, address FROM host",
      "UPDATE connection SET event = 99, server_address = x'ff'",
      "UPDATE metadata SET events = 1 << 62, virtual_ns = -1, cpu_ns = 'x', exit_code = 1 << 40",
      "UPDATE metadata SET complete = 0, verdict = NULL, hash = NULL, events = NULL",
      "INSERT INTO metadata SELECT * FROM metadata", "DELETE FROM operation", "UPDATE operation SET completion = 1",
      "UPDATE witness SET violation = NULL + 21, role = x'ff'; UPDATE violation SET class = 7",
      "UPDATE event SET kind = 18", "UPDATE event SET kind = 4, cause = id - 1, cause_kind = 1",
      "UPDATE event SET payload = printf('%.*c', 3000000, 'x') WHERE id < 12");
  CAPTURE(damage);
  SaleFile* sale = nullptr;
  try {
    sale = new SaleFile(damage);
  } catch (const Error&) {  // the schema forbids it
  }
  if (sale != nullptr) must_be_usable(*sale);
  delete sale;
}

TEST_CASE("what cannot be a trace is refused in one line", "[corrupt]") {
  struct Case {
    const char* damage;
    const char* says;
  };
  const Case cases[] = {
      {"DELETE FROM metadata", "it has no metadata; the file is damaged: record the run again"},
      {"PRAGMA user_version = 2", "has version 2 of the schema, and this executable reads version 1"},
      {"UPDATE metadata SET trace_format = 99", "has trace format 99, and this executable reads format 2"},
      {"UPDATE metadata SET trace_format = -1", "has trace format 4294967295"},
      {"PRAGMA application_id = 1", "is not a Stillpoint trace"},
      {"DROP TABLE edge", "it has no table edge; the file is damaged: record the run again"},
      {"DROP TABLE event", "it has no table event; the file is damaged: record the run again"},
      {"ALTER TABLE event RENAME COLUMN a TO z", "no such column: a"},
      {"DROP TABLE event; CREATE TABLE event(id, at_ns, host, boot, kind, subject, a, b, cause, cause_kind, payload);"
       "INSERT INTO event(id) VALUES (1), (1)",
       "its events are out of order; the file is damaged: record the run again"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.damage);
    const SaleFile sale(one.damage);
    std::string line = "no refusal";
    try {
      (void)sale.trace();
    } catch (const Error& error) {
      line = error.what();
    }
    CHECK(line.find(one.says) != std::string::npos);
    CHECK(line.find('\n') == std::string::npos);
  }
  CHECK_THROWS_AS(Trace("no such file"), Error);
}

TEST_CASE("what vanishes from the file later is told of", "[corrupt]") {
  Sketch sketch(16 << 20);
  const std::string text(200, 'x');  // in all, more than SQLite keeps in memory
  for (int i = 0; i < 30'000; ++i) sketch.add(EventKind::note, {.at_ns = i, .payload = text});
  sketch.add(EventKind::slice, {.at_ns = 30'000, .subject = 7});
  const std::filesystem::path path = sketch.record();
  const Trace trace(path);
  CHECK(trace.detail(0) == text);
  write_file(path, "");
  CHECK(trace.detail(15'000).starts_with("cannot be read: the trace " + path.string()));
  CHECK(trace.payload(15'001).empty());
  CHECK(trace.detail(30'000) == "7");
}
