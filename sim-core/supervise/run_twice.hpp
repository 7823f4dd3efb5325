#pragma once
// Runs one seed twice, side by side, and compares the two streams of events record by record: is the run a function of
// its seed?
#include <optional>
#include <string>

#include "sim-core/supervise/run_once.hpp"

namespace stillpoint::supervise {

struct Difference {
  EventId event = kNoEvent;  // the number of the first event that differs
  std::string first;         // what it was in each run, in words; empty: that run had ended
  std::string second;
};

struct TwoRuns {
  RunResult first;
  RunResult second;
  std::optional<Difference> difference;
  bool fixed_addresses = true;  // see Zygote
};

// Turns a record into words; record/ has them, which this folder does not know.
using DescribeRecord = std::string (*)(const RecordHeader& record, std::span<const std::byte> payload);

// `options.on_records` sees the first run. Throws Error.
TwoRuns run_twice(const RunRequest& request, const RunOptions& options, DescribeRecord describe);

}  // namespace stillpoint::supervise
