#pragma once
// One run and its trace: what a trace says of the run that it records.
#include <string>

#include "sim-core/record/metadata.hpp"
#include "sim-core/supervise/run_once.hpp"

namespace stillpoint::campaign {

// What a request does not say of itself.
struct Origin {
  std::string scenario;       // the scenario's name
  std::string scenario_path;  // where it was read from
  std::string revision;       // git revision of the executable
};

RunMetadata metadata_of(const supervise::RunRequest& request, const Origin& origin);
RunOutcome outcome_of(const supervise::RunResult& result, Verdict verdict);

}  // namespace stillpoint::campaign
