#include "sim-core/record/trace_file.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <stillpoint/error.hpp>

#include "tests/record/synthetic.hpp"

using namespace stillpoint;
using namespace stillpoint::test;

namespace {

std::string refusal(const std::filesystem::path& path) {
  try {
    const TraceFile trace(path);
  } catch (const Error& error) {
    return error.what();
  }
  return "no refusal";
}

// A trace in which somebody has done this.
std::filesystem::path altered(const Folder& folder, const char* sql) {
  const auto path = folder / "altered";
  record_sale(path);
  Database(path, Database::Access::write, {"altered"}).run(sql);
  return path;
}

}  // namespace

TEST_CASE("metadata survive the file", "[trace_file]") {
  const Folder folder;
  record_sale(folder / "t");
  const TraceFile trace(folder / "t");
  const RunMetadata& run = trace.metadata().run;
  CHECK(run.scenario == kRun.scenario);
  CHECK(run.scenario_path == kRun.scenario_path);
  CHECK(run.scenario_text == kRun.scenario_text);
  CHECK(run.seed == kRun.seed);
  CHECK(run.overrides == kRun.overrides);
  CHECK(run.bug == kRun.bug);
  CHECK(run.revision == kRun.revision);
  CHECK(run.build_id == kRun.build_id);
  CHECK(run.trace_format == kTraceFormat);
  CHECK(run.started == kRun.started);
  const std::optional<RunOutcome>& outcome = trace.metadata().outcome;
  REQUIRE(outcome.has_value());
  CHECK(outcome->verdict == "safety");
  CHECK(outcome->exit_code == 10);
  CHECK(outcome->hash == 0xab);
  CHECK(outcome->log_hash == kOutcome.log_hash);
  CHECK(outcome->virtual_time == 4s);
  CHECK(outcome->cpu_time == 12ms);
  CHECK(rows(trace, "SELECT seed, hash, overrides FROM metadata", 3) ==
        std::vector<std::string>{R"(18446744073709551615|00000000000000ab|["users=3","quote=\"\\"])"});
}

TEST_CASE("events are found by number", "[trace_file]") {
  const Folder folder;
  record_sale(folder / "t");
  const TraceFile trace(folder / "t");
  const std::optional<TraceEvent> event = trace.event(kDeliver);
  REQUIRE(event.has_value());
  CHECK(event->id == kDeliver);
  CHECK(event->at == at(3'204us));
  CHECK(event->host == "plaza-1");
  CHECK(event->boot == 1);
  CHECK(event->kind == "deliver");
  CHECK(event->detail == "5 bytes of data on connection 17 from its client");
  CHECK(event->cause == kSend);
  CHECK(event->cause_kind == "message");
  CHECK_FALSE(trace.event(0).has_value());
  CHECK_FALSE(trace.event(kSaleEvents + 1).has_value());
  CHECK_FALSE(trace.event(std::numeric_limits<EventId>::max()).has_value());
}

TEST_CASE("the first violation comes with its witnesses", "[trace_file]") {
  const Folder folder;
  record_sale(folder / "t");
  const std::optional<TraceViolation> violation = TraceFile(folder / "t").first_violation();
  REQUIRE(violation.has_value());
  CHECK(violation->event == kViolation);
  CHECK(violation->at == at(3s));
  CHECK(violation->violation_class == "safety");
  CHECK(violation->invariant == "one-owner");
  CHECK(violation->promised == "a seat has one owner");
  CHECK(violation->found == "seat 7 has two");
  CHECK(violation->because == "both were told so");
  REQUIRE(violation->witnesses.size() == 2);
  CHECK(violation->witnesses[0].event == kOk);
  CHECK(violation->witnesses[1].role == "second purchase");
  CHECK_FALSE(TraceFile(altered(folder, "DELETE FROM violation")).first_violation().has_value());
}

TEST_CASE("files that are no traces are refused in one line", "[trace_file]") {
  const Folder folder;
  const auto path = folder / "t";
  SECTION("nothing there") {
    CHECK(refusal(path) == "cannot open the trace " + path.string() + ": there is no such file; check the path");
  }
  SECTION("a directory") { CHECK(refusal(folder / "").find("it is not a regular file") != std::string::npos); }
  SECTION("text") {
    write_file(path, std::string(10'000, 'x'));
    CHECK(refusal(path) ==
          "the trace " + path.string() + ": not an SQLite database, so not a Stillpoint trace; record the run again");
  }
  SECTION("an empty file, which is an empty SQLite database") {
    write_file(path, "");
    CHECK(refusal(path).find("not a Stillpoint trace") != std::string::npos);
  }
  SECTION("another SQLite database") {
    Database(path, Database::Access::create, {"t"}).run("CREATE TABLE metadata(scenario)");
    CHECK(refusal(path) ==
          path.string() +
              " is not a Stillpoint trace, but an empty file or some other SQLite database; check the path");
  }
  SECTION("another version of the schema") {
    CHECK(refusal(altered(folder, "PRAGMA user_version = 2"))
              .find("has version 2 of the schema, and this executable reads version 1") != std::string::npos);
  }
}

TEST_CASE("absurd metadata are refused", "[trace_file]") {
  const Folder folder;
  CHECK(refusal(altered(folder, "DELETE FROM metadata")).find("it has no metadata") != std::string::npos);
  std::filesystem::remove(folder / "altered");
  CHECK(
      refusal(altered(folder, "UPDATE metadata SET seed = '18446744073709551616'")).find("its seed is not a number") !=
      std::string::npos);
  std::filesystem::remove(folder / "altered");
  CHECK(refusal(altered(folder, "UPDATE metadata SET hash = x'ff00'")).find("its hash is not a number") !=
        std::string::npos);
  std::filesystem::remove(folder / "altered");
  CHECK(refusal(altered(folder, "UPDATE metadata SET overrides = '{}'")).find("not a JSON array") != std::string::npos);
  std::filesystem::remove(folder / "altered");
  CHECK(refusal(altered(folder, "UPDATE metadata SET exit_code = 1e300, virtual_ns = 'x', trace_format = -1")) ==
        "no refusal");
}

TEST_CASE("a trace without one of its tables is refused", "[trace_file]") {
  const char* altering =
      GENERATE("DROP TABLE metadata", "DROP TABLE event",
               "DROP TABLE event; CREATE VIEW event AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL "
               "SELECT id + 1 FROM n) SELECT id FROM n WHERE id < 0",
               "DROP TABLE witness; CREATE VIRTUAL TABLE witness USING fts5(violation, event, role)");
  const Folder folder;
  const std::string line = refusal(altered(folder, altering));
  CAPTURE(altering, line);
  CHECK(line.starts_with("the trace "));
  CHECK(line.find(": it has no table ") != std::string::npos);
  CHECK(line.ends_with("; the file is damaged: record the run again"));
}

TEST_CASE("a damaged schema is told of in one line", "[trace_file]") {
  const Folder folder;
  record_sale(folder / "t");
  std::string bytes = contents(folder / "t");
  // SQLite quotes what follows, comments and all.
  const std::size_t place = bytes.find("verdict        TEXT,");
  REQUIRE(place != bytes.npos);
  bytes[place + 15] = '`';
  write_file(folder / "damaged", bytes);
  const std::string line = refusal(folder / "damaged");
  CAPTURE(line);
  CHECK(line.find("malformed database schema (metadata)") != std::string::npos);
  CHECK(line.find('\n') == std::string::npos);
  CHECK(line.ends_with("; the file is damaged: record the run again"));
}

TEST_CASE("absurd events are told all the same", "[trace_file]") {
  const Folder folder;
  const TraceFile trace(
      altered(folder,
              "UPDATE event SET at_ns = 'never', host = -5, kind = x'00', subject = 1e300, a = NULL, "
              "b = 'b', cause = -1, cause_kind = 'x', payload = 7; DELETE FROM operation; DELETE FROM kind"));
  for (EventId id = 1; id <= kSaleEvents; ++id) {
    const std::optional<TraceEvent> event = trace.event(id);
    REQUIRE(event.has_value());
    CHECK(event->host == "host -5");
    CHECK(event->kind == "unknown");
  }
}

TEST_CASE("a file that was cut off is refused", "[trace_file]") {
  const Folder folder;
  record_sale(folder / "t");
  const std::string whole = contents(folder / "t");
  for (const std::size_t size :
       {std::size_t{50}, std::size_t{100}, std::size_t{5'000}, whole.size() / 2, whole.size() - 1}) {
    write_file(folder / "short", std::string_view(whole).substr(0, size));
    const std::string line = refusal(folder / "short");
    CHECK(line != "no refusal");
    CHECK(line.find('\n') == std::string::npos);
  }
}

TEST_CASE("a damaged file ends in an error, if at all, and never in a crash", "[trace_file]") {
  const Folder folder;
  record_sale(folder / "t");
  const std::string whole = contents(folder / "t");
  int refused = 0;
  std::uint32_t random = 12345;
  for (int round = 0; round < 300; ++round) {
    std::string bytes = whole;
    for (int i = 0; i < 40; ++i) {
      random = random * 1664525 + 1013904223;
      // The first bytes of pages hold the structure: aim there more often than not.
      const std::size_t place =
          i % 4 == 0 ? random % bytes.size() : (random >> 4) % (bytes.size() / 32768) * 32768 + (random >> 20) % 64;
      bytes[place] = static_cast<char>(random >> 13);
    }
    if (round % 3 != 0) bytes.replace(0, 100, whole, 0, 100);  // leave the header alone
    write_file(folder / "damaged", bytes);
    try {
      const TraceFile trace(folder / "damaged");
      for (EventId id = 0; id < 30; ++id) (void)trace.event(id);
      (void)trace.first_violation();
      for (const char* view : {"events", "edges", "operations", "connections", "logs", "witnesses", "payload"}) {
        (void)rows(trace, std::string("SELECT * FROM ") + view, 3);
      }
    } catch (const Error& error) {
      CHECK(std::string(error.what()).find('\n') == std::string::npos);
      ++refused;
    }
  }
  CHECK(refused > 100);
}
