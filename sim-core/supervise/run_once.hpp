#pragma once
// One simulation, seen from outside: started from a zygote, watched, and judged, whatever way it ends.
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "sim-core/check/report.hpp"
#include "sim-core/supervise/request.hpp"
#include "sim-core/supervise/zygote.hpp"

namespace stillpoint::supervise {

struct RunResult {
  Report report;
  std::uint64_t seed = 0;
  std::uint64_t hash = 0;  // of everything up to the end, also where that was a crash
  std::uint64_t log_hash = 0;
  std::uint64_t events = 0;
  std::int64_t virtual_ns = 0;
  std::int64_t cpu_ns = 0;  // of the simulation's process, user and system
  std::int64_t real_ns = 0;
  std::uint64_t rss_kib = 0;  // at most
  std::string output;         // the end of what it wrote to its real standard output and error
};

struct Progress {
  std::uint64_t events;
  std::int64_t virtual_ns;
};

struct RunOptions {
  // Gets every record of the run, in order, in portions of whole records. If set, the simulation waits for it.
  std::function<void(std::span<const std::byte>)> on_records;
  // Called about ten times a second of real time.
  std::function<void(const Progress&)> on_progress;
  // Asked often; once it says true, the simulation is ended and the verdict is `interrupted`.
  std::function<bool()> cancelled;
};

// Throws Error if the machine refuses (no memory, no process). A failure of the service is a verdict.
RunResult run_once(Zygote& zygote, const RunRequest& request, const RunOptions& options = {});

}  // namespace stillpoint::supervise
