#pragma once
// What a trace says about its run as a whole: what was run, which is known at the start, and how it ended.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <stillpoint/time.hpp>

#include "sim-core/trace/record.hpp"

namespace stillpoint {

// What was run: enough to run it again.
struct RunMetadata {
  std::string scenario;       // the scenario's name
  std::string scenario_path;  // where it was read from
  std::string scenario_text;  // the whole file
  std::uint64_t seed = 0;
  std::vector<std::string> overrides;  // settings from the command line, each "key=value"
  std::string plan = {};               // of its faults; empty in traces of before there were plans
  std::string bug;                     // the planted bug that was switched on; empty for none
  std::string revision;                // git revision of the executable
  std::string build_id;                // of the executable, and the hashes of programs (supervise/build_identity.hpp)
  std::uint32_t trace_format = kTraceFormat;
  std::optional<std::string> started;  // real time of the start, ISO 8601, if it is to be recorded
};

// How it ended. A crash, a time-out or an interruption is an end like any other.
struct RunOutcome {
  std::string verdict;         // in a word: pass, safety, liveness, crash, ...
  int exit_code = 0;           // the one that belongs to the verdict
  std::uint64_t hash = 0;      // of all events: the identity of the run
  std::uint64_t log_hash = 0;  // of all lines of the logs
  Duration virtual_time{0};    // how long the run lasted, in virtual time
  Duration cpu_time{0};        // how much CPU time the simulation took
};

// Both, as read from a trace.
struct TraceMetadata {
  RunMetadata run;
  std::optional<RunOutcome> outcome;  // none: the recording was cut short, and the trace ends at its last commit
  std::uint64_t events = 0;           // in this trace
};

}  // namespace stillpoint
