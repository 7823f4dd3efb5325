#include "sim-core/record/trace_file.hpp"

#include <fmt/format.h>
#include <sqlite3.h>
#include <stillpoint/error.hpp>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <system_error>

#include "sim-core/record/schema.hpp"

namespace stillpoint {
namespace {

namespace fs = std::filesystem;

// No text in a trace is nearly as long; a damaged or malicious file shall not make us ask for gigabytes.
constexpr int kLongestValue = 64 << 20;
constexpr std::size_t kLongestReason = 200;  // of SQLite's own words

[[noreturn]] void damaged(const Database& database, std::string_view what) {
  throw Error(fmt::format("the trace {}: {}; the file is damaged: record the run again", database.shown_path(), what));
}

void check_path(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) {
    const std::string reason = status.type() == fs::file_type::not_found ? "there is no such file" : error.message();
    throw Error(fmt::format("cannot open the trace {}: {}; check the path", path.string(), reason));
  }
  if (!fs::is_regular_file(status)) {
    throw Error(fmt::format("cannot open the trace {}: it is not a regular file; check the path", path.string()));
  }
}

// SQLite's advice for files from elsewhere: https://www.sqlite.org/security.html
void harden(const Database& database) {
  sqlite3* handle = database.handle();
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, nullptr);
  sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, kLongestValue);
}

// The result of the first statement that reads the file.
int first_read(const Database& database) {
  return sqlite3_exec(database.handle(), "PRAGMA cell_size_check = ON; SELECT count(*) FROM sqlite_schema", nullptr,
                      nullptr, nullptr);
}

// SQLite quotes the schema of a damaged file, which has lines of its own and may be anything.
[[noreturn]] void cannot_read(const Database& database, int code) {
  if ((code & 0xff) != SQLITE_CORRUPT) database.fail(code);
  std::string reason(std::string_view(sqlite3_errmsg(database.handle())).substr(0, kLongestReason));
  reason.erase(std::find(reason.begin(), reason.end(), '\n'), reason.end());
  std::replace_if(
      reason.begin(), reason.end(), [](unsigned char c) { return c < 0x20 || c >= 0x7f; }, '?');
  damaged(database, reason);
}

std::unique_ptr<Database> open(const fs::path& path) {
  check_path(path);
  auto database = std::make_unique<Database>(path, Database::Access::read, Database::Words{path.string()});
  int code = first_read(*database);
  if (code == SQLITE_READONLY_ROLLBACK || code == SQLITE_CANTOPEN) {
    // The recorder was killed between two commits: its journal must be played back, which needs the right to write.
    const Database writing(path, Database::Access::write, Database::Words{path.string()});
    const int repaired = first_read(writing);
    if (repaired != SQLITE_OK) cannot_read(writing, repaired);
    code = first_read(*database);
  }
  if (code != SQLITE_OK) cannot_read(*database, code);
  harden(*database);
  return database;
}

std::int64_t pragma(const Database& database, std::string_view name) {
  Statement statement(database, fmt::format("PRAGMA {}", name));
  return statement.step() ? statement.integer(0) : 0;
}

// SQLite takes a last page that is cut short for one that ends in zeros.
void check_size(const Database& database, const fs::path& path) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(path, error);
  const auto page_size = static_cast<std::uintmax_t>(pragma(database, "page_size"));
  const auto pages = static_cast<std::uintmax_t>(pragma(database, "page_count"));
  if (!error && size < page_size * pages) damaged(database, "the end of it is missing");
}

void check_identity(const Database& database) {
  if (pragma(database, "application_id") != kTraceApplicationId) {
    throw Error(
        fmt::format("{} is not a Stillpoint trace, but an empty file or some other SQLite database; check the path",
                    database.shown_path()));
  }
  const std::int64_t version = pragma(database, "user_version");
  if (version != kTraceSchemaVersion) {
    throw Error(fmt::format(
        "the trace {} has version {} of the schema, and this executable reads version {}; record the run again, "
        "or read it with the executable that recorded it",
        database.shown_path(), version, kTraceSchemaVersion));
  }
}

// What a schema calls a table must be one. A view in its place may compute for ever.
void check_tables(const Database& database) {
  for (const std::string_view name : {"metadata", "host", "kind", "segment", "cause_kind", "event", "edge",
                                      "connection", "operation", "log", "violation", "witness"}) {
    Statement found(database, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ? AND rootpage > 0");
    found.bind(name);
    if (!found.step() || found.integer(0) == 0) damaged(database, fmt::format("it has no table {}", name));
  }
}

std::uint64_t number(const Database& database, const std::string& text, int base, std::string_view what) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc() || stop != end) damaged(database, fmt::format("its {} is not a number", what));
  return value;
}

std::vector<std::string> overrides_of(const Database& database, const std::string& text) {
  boost::system::error_code error;
  const boost::json::value json = boost::json::parse(text, error);
  std::vector<std::string> result;
  if (error || !json.is_array()) damaged(database, "its overrides are not a JSON array");
  for (const boost::json::value& value : json.get_array()) {
    if (!value.is_string()) damaged(database, "its overrides are not a JSON array of strings");
    result.emplace_back(value.get_string());
  }
  return result;
}

TraceMetadata read_metadata(const Database& database) {
  Statement has_plan(database, "SELECT count(*) FROM pragma_table_info('metadata') WHERE name = 'plan'");
  const std::string plan = has_plan.step() && has_plan.integer(0) > 0 ? "plan" : "''";
  Statement row(database, ("SELECT scenario, scenario_path, scenario_text, seed, overrides, bug, revision, build_id, "
                           "trace_format, started, complete, verdict, exit_code, hash, log_hash, virtual_ns, cpu_ns, " +
                           plan + " FROM metadata")
                              .c_str());
  if (!row.step()) damaged(database, "it has no metadata");

  TraceMetadata metadata;
  RunMetadata& run = metadata.run;
  run.scenario = row.text(0);
  run.scenario_path = row.text(1);
  run.scenario_text = row.text(2);
  run.seed = number(database, row.text(3), 10, "seed");
  run.overrides = overrides_of(database, row.text(4));
  run.bug = row.text(5);
  run.revision = row.text(6);
  run.build_id = row.text(7);
  run.trace_format = static_cast<std::uint32_t>(row.integer(8));
  run.plan = row.text(17);
  if (!row.is_null(9)) run.started = row.text(9);
  if (row.integer(10) != 0) {
    metadata.outcome = RunOutcome{.verdict = row.text(11),
                                  .exit_code = static_cast<int>(row.integer(12)),
                                  .hash = number(database, row.text(13), 16, "hash"),
                                  .log_hash = number(database, row.text(14), 16, "log_hash"),
                                  .virtual_time = Duration(row.integer(15)),
                                  .cpu_time = Duration(row.integer(16))};
  }
  // The last event's number is their count; and it leads along the edge of the largest table, which tells a file that
  // was cut off.
  Statement last(database, "SELECT max(id) FROM event");
  if (last.step()) metadata.events = static_cast<std::uint64_t>(last.integer(0));
  return metadata;
}

}  // namespace

TraceFile::TraceFile(const fs::path& path) : database_(open(path)) {
  check_size(*database_, path);
  check_identity(*database_);
  check_tables(*database_);
  metadata_ = read_metadata(*database_);
}

std::optional<TraceEvent> TraceFile::event(EventId id) const {
  Statement row = query(
      "SELECT events.id, event.at_ns, events.host, events.boot, events.kind, events.detail, events.cause, "
      "events.cause_kind "
      "FROM events JOIN event USING (id) WHERE event.id = ?");
  row.bind(id);
  if (!row.step()) return std::nullopt;
  return TraceEvent{.id = static_cast<EventId>(row.integer(0)),
                    .at = from_ns(row.integer(1)),
                    .host = row.text(2),
                    .boot = row.integer(3),
                    .kind = row.text(4),
                    .detail = row.text(5),
                    .cause = static_cast<EventId>(row.integer(6)),
                    .cause_kind = row.text(7)};
}

std::optional<TraceViolation> TraceFile::first_violation() const {
  Statement row = query(
      "SELECT violation.event, event.at_ns, class, invariant, promised, found, because "
      "FROM violation LEFT JOIN event ON event.id = violation.event ORDER BY violation.event LIMIT 1");
  if (!row.step()) return std::nullopt;
  TraceViolation violation{.event = static_cast<EventId>(row.integer(0)),
                           .at = from_ns(row.integer(1)),
                           .violation_class = row.text(2),
                           .invariant = row.text(3),
                           .promised = row.text(4),
                           .found = row.text(5),
                           .because = row.text(6),
                           .witnesses = {}};
  Statement witness = query("SELECT event, role FROM witness WHERE violation = ? ORDER BY rowid");
  witness.bind(violation.event);
  while (witness.step()) {
    violation.witnesses.push_back({.event = static_cast<EventId>(witness.integer(0)), .role = witness.text(1)});
  }
  return violation;
}

}  // namespace stillpoint
