#include "sim-core/record/recorder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <unistd.h>
#include <stillpoint/error.hpp>

#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "sim-core/base/assert.hpp"
#include "sim-core/record/database.hpp"
#include "sim-core/record/describe.hpp"
#include "sim-core/record/event_table.hpp"
#include "sim-core/record/record_cursor.hpp"
#include "sim-core/record/schema.hpp"

namespace stillpoint {
namespace {

namespace fs = std::filesystem;

// How SQLite is set up while recording. Measured as event_table.hpp says, in millions of events per CPU second:
//  - page_size: 3.6 with 4 KiB, 4.0 with 8, 4.1 with 32 and with 64. 32 leaves small traces small.
//  - cache_size: 4.1 with 2 MiB, 3.4 with 16, 2.4 with 64. Events are only appended: best is a cache that fits into the
//    processor's, and whose memory is used again instead of being faulted in. Sorting for the indexes, likewise, is
//    twice as fast with 2 MiB as with 64. What is updated lies near the end of its table (an operation's completion).
//  - journal_mode: truncate, persist and off are within 3% of each other, since appended pages need no journal. WAL and
//    memory are 10% slower; memory and off would not survive a kill -9.
//  - synchronous: off hands pages to the system without waiting for the disk. They survive this process, not a loss of
//    power.
//  - locking_mode: exclusive, so that a reader can never make a commit fail.
constexpr const char* kSettings = R"sql(
  PRAGMA page_size = 32768;
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA journal_mode = TRUNCATE;
  PRAGMA synchronous = OFF;
  PRAGMA cache_size = -2048;
)sql";

// One piece of the stream is walked twice, for events and for what else they mean; the second time it should still be
// in the cache.
constexpr std::size_t kPiece = 256 * 1024;

std::string json_array(const std::vector<std::string>& values) {
  boost::json::array array;
  for (const std::string& value : values) array.emplace_back(value);
  return boost::json::serialize(array);
}

void write_schema(Database& database, const RunMetadata& run) {
  database.run(kSettings);
  database.begin();
  database.run(std::string(kSchemaSql).c_str());
  Statement(database,
            "INSERT INTO metadata(scenario, scenario_path, scenario_text, seed, overrides, plan, bug, revision, "
            "build_id, trace_format, started, complete) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)")
      .run(run.scenario, run.scenario_path, run.scenario_text, std::to_string(run.seed), json_array(run.overrides),
           run.plan, run.bug, run.revision, run.build_id, run.trace_format, run.started);
  database.commit();
}

fs::path beside(const fs::path& path, const char* suffix) { return fs::path(path.string() + suffix); }

// Creates the trace under another name and moves it into place, so that a failure leaves whatever was there before.
fs::path create(const fs::path& wanted, const RunMetadata& run, const RecorderOptions& options) {
  std::error_code error;
  // A symbolic link stands for what it leads to, there or not.
  const fs::path path =
      fs::is_symlink(fs::symlink_status(wanted, error)) ? fs::weakly_canonical(wanted, error) : wanted;
  const fs::file_status status = fs::status(path, error);
  if (fs::exists(status)) {
    if (!fs::is_regular_file(status))
      throw Error(fmt::format("cannot record to {}: it is not a regular file; choose another path", path.string()));
    if (!options.overwrite) {
      throw Error(fmt::format("cannot record to {}: the file exists; choose another path, or overwrite it with --force",
                              path.string()));
    }
  }
  const fs::path parent = fs::absolute(path).parent_path();
  if (!fs::is_directory(parent, error)) {
    throw Error(fmt::format("cannot record to {}: there is no directory {}; create it, or choose another path",
                            path.string(), parent.string()));
  }

  // A name of this process's own: another run may be recording to the same path.
  const fs::path fresh = beside(path, fmt::format(".{}.new", getpid()).c_str());
  const auto discard = [&fresh] {
    std::error_code ignored;
    for (const char* suffix : {"", "-journal"}) fs::remove(beside(fresh, suffix), ignored);
  };
  try {
    Database database(fresh, Database::Access::create, Database::Words{path.string()});
    write_schema(database, run);
  } catch (...) {
    discard();
    throw;
  }
  // A journal of the old file would be played back into the new one.
  for (const char* suffix : {"-journal", "-wal", "-shm"}) {
    const fs::path companion = beside(path, suffix);
    if (options.overwrite) {
      fs::remove(companion, error);
    } else if (fs::exists(companion, error)) {  // SQLite would take it for the new file's own
      discard();
      throw Error(
          fmt::format("cannot record to {}: {} is in the way, of a database that was there; remove it, or overwrite it "
                      "with --force",
                      path.string(), companion.string()));
    }
  }
  if (renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, path.c_str(), options.overwrite ? 0 : RENAME_NOREPLACE) != 0) {
    const int code = errno;
    discard();
    throw Error(fmt::format("cannot record to {}: {}", path.string(),
                            code == EEXIST ? "another run has begun to record there" : std::strerror(code)));
  }
  std::error_code ignored;
  fs::remove(beside(fresh, "-journal"), ignored);
  return path;
}

}  // namespace

// Statements for whatever is not a mere event. None of it is frequent.
struct Recorder::State {
  State(const fs::path& path, const RunMetadata& run, const RecorderOptions& chosen)
      : options(chosen), database(create(path, run, chosen), Database::Access::write, Database::Words{path.string()}) {
    database.run(kSettings);
    database.begin();
  }

  void ingest(std::span<const std::byte> records);
  std::span<const std::byte> piece(std::span<const std::byte> records);
  void note(const Record& record);
  void note_event(const Record& record);
  void commit();

  RecorderOptions options;
  EventId events = 0;             // that were noted
  std::uint64_t uncommitted = 0;  // records, and
  std::uint64_t uncommitted_bytes = 0;
  bool damaged = false;  // the stream: nothing more can be read from it
  bool failed = false;   // the database: nothing more can be written to it

  Database database;
  EventTable event_table{database};
  // Without an id, which is then one more than the last: giving it would cost a search in the table for each event.
  Statement add_events{database,
                       "INSERT INTO event(at_ns, host, boot, kind, subject, a, b, cause, cause_kind, payload) "
                       "SELECT * FROM stream_event"};
  Statement add_edge{database, "INSERT INTO edge VALUES (?, ?, ?)"};
  Statement add_host{database, "INSERT OR REPLACE INTO host VALUES (?, ?, ?, ?)"};
  Statement add_log{database, "INSERT INTO log(event, at_ns, host, boot, severity, text) VALUES (?, ?, ?, ?, ?, ?)"};
  Statement add_witness{database, "INSERT INTO witness VALUES (?, ?, ?)"};
  Statement add_disk{database, "INSERT INTO disk VALUES (?, ?, ?, ?, ?, ?, ?, CAST(? AS BLOB))"};
  Statement add_connection{database,
                           "INSERT OR REPLACE INTO connection VALUES (?1, ?2, ?3, ?4, "
                           "(SELECT id FROM host WHERE address = ?5), ?6)"};
  Statement add_operation{database, "INSERT INTO operation(invoke, user, function, arguments) VALUES (?, ?, ?, ?)"};
  Statement complete_operation{database,
                               "UPDATE operation SET completion = ?1, outcome = ?2, answer = ?3 "
                               "WHERE invoke = ?4 AND completion IS NULL"};
  Statement add_violation{database, "INSERT INTO violation VALUES (?, ?, ?, ?, ?, ?)"};
};

void Recorder::State::ingest(std::span<const std::byte> records) {
  while (!records.empty() && !damaged) {
    const EventId before = events;
    const std::span<const std::byte> now = piece(records);
    event_table.show(now);
    add_events.run();
    // The service may write over a record between the two walks.
    damaged = damaged || database.changes() != events - before;
    uncommitted_bytes += now.size();
    if (uncommitted >= options.commit_every || uncommitted_bytes >= options.commit_bytes) commit();
    records = records.subspan(now.size());
  }
  if (damaged) {
    throw Error(fmt::format(
        "the trace {}: the stream of records is damaged after event {}; the service under test has probably "
        "written over memory that is not its own: run it with AddressSanitizer",
        database.shown_path(), events));
  }
}

// Notes the first records, and returns them.
std::span<const std::byte> Recorder::State::piece(std::span<const std::byte> records) {
  RecordCursor cursor(records);
  while (records.size() - cursor.rest().size() < kPiece && cursor.next()) {
    note(cursor.record());
    ++uncommitted;
  }
  damaged = cursor.damaged();
  return records.first(records.size() - cursor.rest().size());
}

void Recorder::State::note(const Record& record) {
  const RecordHeader& header = record.header;
  switch (header.type) {
    case RecordType::event:
      ++events;
      note_event(record);
      break;
    case RecordType::edge:
      add_edge.run(header.subject, header.cause, static_cast<int>(header.cause_kind));
      break;
    case RecordType::host: {
      const auto [name, role, address] = fields<3>(record.text());
      add_host.run(header.host, name, role, address);
      break;
    }
    case RecordType::log:
      add_log.run(header.subject, header.time_ns, header.host, header.boot, header.a, record.text());
      break;
    case RecordType::witness:
      add_witness.run(header.subject, header.cause, record.text());
      break;
    case RecordType::disk:
      add_disk.run(header.cause, header.time_ns, header.host, static_cast<int>(header.kind), header.subject, header.a,
                   header.b, record.text());
      break;
  }
}

void Recorder::State::note_event(const Record& record) {
  const RecordHeader& event = record.header;
  const auto kind = static_cast<EventKind>(event.kind);
  switch (kind) {
    case EventKind::connect: {
      const std::string server = endpoint_text(event.a);
      const std::string_view address = std::string_view(server).substr(0, server.find(':'));
      add_connection.run(event.subject, events, event.host, endpoint_text(event.b), address, server);
      break;
    }
    case EventKind::invoke: {
      const auto [user, function, arguments] = fields<3>(record.text());
      add_operation.run(events, user, function, arguments);
      break;
    }
    case EventKind::ok:
    case EventKind::fail:
    case EventKind::info:
      complete_operation.run(events, name_of(kind), record.text(), event.subject);
      break;
    case EventKind::violation: {
      const auto [check, promised, found, because] = fields<4>(record.text());
      add_violation.run(events, event.a == 1 ? "liveness" : "safety", check, promised, found, because);
      break;
    }
    default:
      break;
  }
}

void Recorder::State::commit() {
  database.commit();
  database.begin();
  uncommitted = 0;
  uncommitted_bytes = 0;
}

Recorder::Recorder(std::filesystem::path path, const RunMetadata& run, const RecorderOptions& options)
    : state_(std::make_unique<State>(path, run, options)) {}

Recorder::~Recorder() {
  if (state_ == nullptr) return;
  try {
    if (state_->failed) {
      state_->database.roll_back();
    } else {
      state_->database.commit();
    }
    state_->database.run("PRAGMA journal_mode = DELETE");
  } catch (const Error&) {
    // Whoever had something to do with the file has been told by ingest() or finish().
  }
}

void Recorder::ingest(std::span<const std::byte> records) {
  SP_ASSERT(state_ != nullptr);
  SP_ASSERT(!state_->failed);
  try {
    state_->ingest(records);
  } catch (const Error&) {
    state_->failed = !state_->damaged;
    throw;
  }
}

void Recorder::finish(const RunOutcome& outcome) {
  SP_ASSERT(state_ != nullptr);
  SP_ASSERT(!state_->failed);
  Database& database = state_->database;
  state_->failed = true;  // until all of it is done
  state_->commit();
  database.run(std::string(kIndexesSql).c_str());
  Statement(database,
            "UPDATE metadata SET complete = 1, verdict = ?, exit_code = ?, hash = ?, log_hash = ?, events = ?, "
            "virtual_ns = ?, "
            "cpu_ns = ?")
      .run(outcome.verdict, outcome.exit_code, fmt::format("{:016x}", outcome.hash),
           fmt::format("{:016x}", outcome.log_hash), state_->events, outcome.virtual_time.count(),
           outcome.cpu_time.count());
  database.commit();
  database.run("PRAGMA journal_mode = DELETE");
  state_.reset();
}

EventId Recorder::events() const {
  SP_ASSERT(state_ != nullptr);
  return state_->events;
}

}  // namespace stillpoint
