#include "sim-core/campaign/recording.hpp"

#include "sim-core/supervise/build_identity.hpp"
#include "sim-core/supervise/planning.hpp"

namespace stillpoint::campaign {

RunMetadata metadata_of(const supervise::RunRequest& request, const Origin& origin) {
  RunMetadata metadata;
  metadata.scenario = origin.scenario;
  metadata.scenario_path = origin.scenario_path;
  metadata.scenario_text = request.scenario_text;
  metadata.seed = request.seed;
  metadata.overrides = request.overrides;
  metadata.plan = supervise::with_plan(request).plan;
  metadata.bug = request.bug;
  metadata.revision = origin.revision;
  metadata.build_id = supervise::build_identity(request);
  return metadata;
}

RunOutcome outcome_of(const supervise::RunResult& result, Verdict verdict) {
  RunOutcome outcome;
  outcome.verdict = name_of(verdict);
  outcome.exit_code = exit_code(verdict);
  outcome.hash = result.hash;
  outcome.log_hash = result.log_hash;
  outcome.virtual_time = Duration(result.virtual_ns);
  outcome.cpu_time = Duration(result.cpu_ns);
  return outcome;
}

}  // namespace stillpoint::campaign
