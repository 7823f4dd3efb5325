#pragma once
// How a run is shown: a progress line while it lasts, a verdict for a person or a JSON object at its end.
#include <chrono>
#include <optional>
#include <string>

#include "cli/invocation.hpp"
#include "sim-core/supervise/run_twice.hpp"

namespace stillpoint::cli {

// One line on standard error, rewritten while the run lasts; nothing where that is no terminal.
class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine() { clear(); }
  void show(const supervise::Progress& progress);
  void clear();

 private:
  bool terminal_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point start_;
};

// "seed 8841720135521908  last-ticket  1,000 users", on standard error.
void announce(const Invocation& invocation);

struct Presentation {
  const Invocation& invocation;
  const supervise::RunResult& result;
  std::string trace_path;                           // empty if nothing was recorded
  std::optional<supervise::Difference> difference;  // of a seed that was run twice
  bool ran_twice = false;
  std::optional<std::uint64_t> trace_hash;  // of the trace that was replayed: this run's must equal it
  bool require_sometimes = false;           // a run that passes must have seen all that should happen sometimes
};

// The verdict, with what comparing found.
Verdict verdict_of(const Presentation& shown);
void print_verdict(const Presentation& shown);
void print_json(const Presentation& shown);

}  // namespace stillpoint::cli
