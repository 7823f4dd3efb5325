#pragma once
// Running one invocation with everything around it: progress, interruption, recording, running twice.
#include <string>

#include "cli/invocation.hpp"
#include "cli/log_printer.hpp"
#include "cli/present.hpp"

namespace stillpoint::cli {

struct PerformOptions {
  std::string trace_path = {};  // record there; empty: do not
  bool overwrite = false;       // an existing file at trace_path
  bool twice = false;           // run the seed twice and compare
  LogPrinter* log = nullptr;    // gets what hosts write and scenarios log
  bool quiet = false;           // nothing on standard error that the simulated program did not write
};

struct Performed {
  supervise::RunResult result;
  std::optional<supervise::Difference> difference;

  Verdict verdict() const { return difference ? Verdict::nondeterminism : result.report.verdict; }
};

// SIGINT and SIGTERM end the simulation with the verdict `interrupted`. Throws Error.
Performed perform(Invocation invocation, const PerformOptions& options);

}  // namespace stillpoint::cli
