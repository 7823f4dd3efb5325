#include "cli/perform.hpp"
#include "cli/say.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <memory>

#include "sim-core/record/describe.hpp"
#include "sim-core/record/recorder.hpp"
#include "sim-core/supervise/build_id.hpp"
#include "stillpoint_version.hpp"

namespace stillpoint::cli {
namespace {

volatile sig_atomic_t interrupted = 0;

void on_signal(int) { interrupted = 1; }

void catch_interruptions() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

RunMetadata metadata_of(const Invocation& invocation) {
  RunMetadata metadata;
  metadata.scenario = invocation.scenario_name;
  metadata.scenario_path = invocation.scenario_path;
  metadata.scenario_text = invocation.request.scenario_text;
  metadata.seed = invocation.request.seed;
  metadata.overrides = invocation.request.overrides;
  metadata.bug = invocation.request.bug;
  metadata.revision = STILLPOINT_REVISION;
  metadata.build_id = supervise::build_id();
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

void warn_of_moving_addresses() {
  say("stillpoint: warning: this machine does not let programs fix their addresses (personality is refused); a "
      "service whose behaviour depends on the order of pointers may not replay\n");
}

}  // namespace

Performed perform(const Invocation& invocation, const PerformOptions& options) {
  catch_interruptions();
  std::unique_ptr<Recorder> recorder;
  if (!options.trace_path.empty()) {
    recorder = std::make_unique<Recorder>(options.trace_path, metadata_of(invocation),
                                          RecorderOptions{.overwrite = options.overwrite});
  }
  announce(invocation);
  ProgressLine progress;
  supervise::RunOptions run_options;
  if (recorder) run_options.on_records = [&](std::span<const std::byte> records) { recorder->ingest(records); };
  run_options.on_progress = [&](const supervise::Progress& now) { progress.show(now); };
  run_options.cancelled = [] { return interrupted != 0; };

  Performed performed;
  if (options.twice) {
    supervise::TwoRuns runs = supervise::run_twice(invocation.request, run_options, describe);
    performed.result = std::move(runs.first);
    if (runs.second.report.verdict == Verdict::interrupted) performed.result.report = runs.second.report;
    if (performed.result.report.verdict != Verdict::interrupted) performed.difference = std::move(runs.difference);
    if (!runs.fixed_addresses) warn_of_moving_addresses();
  } else {
    supervise::Zygote zygote;
    if (!zygote.fixed_addresses()) warn_of_moving_addresses();
    performed.result = supervise::run_once(zygote, invocation.request, run_options);
  }
  progress.clear();
  if (recorder) {
    recorder->finish(outcome_of(performed.result, performed.verdict()));
  }
  return performed;
}

}  // namespace stillpoint::cli
