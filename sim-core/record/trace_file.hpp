#pragma once
// Reads a trace file. Traces come from anywhere: whatever is in them is data, and a file that is damaged, absurd or no
// trace at all ends in an Error of one line, never in a crash. The file is not changed, except that a transaction which
// a killed recorder left half-written is rolled back first, as SQLite requires.
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <stillpoint/time.hpp>

#include <stillpoint/ids.hpp>
#include "sim-core/record/database.hpp"
#include "sim-core/record/metadata.hpp"

namespace stillpoint {

// An event in words, as the view `events` has it.
struct TraceEvent {
  EventId id = kNoEvent;
  VirtualTime at{};
  std::string host;  // its name; "harness" for host 0
  std::int64_t boot = 0;
  std::string kind;    // the name of its kind
  std::string detail;  // "142 bytes of data on connection 17 from its client"
  EventId cause = kNoEvent;
  std::string cause_kind;
};

struct TraceWitness {
  EventId event = kNoEvent;
  std::string role;
};

struct TraceViolation {
  EventId event = kNoEvent;
  VirtualTime at{};
  std::string violation_class;  // "safety" or "liveness"
  std::string invariant;        // the check's name
  std::string promised;
  std::string found;
  std::string because;
  std::vector<TraceWitness> witnesses;  // in the order in which they were given
};

class TraceFile {
 public:
  // Opens and checks the file. Throws Error if there is none, if it is not a trace, has another schema's version, is
  // damaged or cut off, or is still being recorded. Damage in the midst of a large file may show only when that part is
  // read; that is an Error then.
  explicit TraceFile(const std::filesystem::path& path);

  const TraceMetadata& metadata() const { return metadata_; }
  // nullopt: there is no such event.
  std::optional<TraceEvent> event(EventId id) const;
  // The earliest one; nullopt if no check was broken.
  std::optional<TraceViolation> first_violation() const;

  // Any other question, in SQL. The database is opened for reading only.
  Statement query(std::string_view sql) const { return Statement(*database_, sql); }

 private:
  std::unique_ptr<Database> database_;
  TraceMetadata metadata_;
};

}  // namespace stillpoint
