#include "cli/perform.hpp"

#include <fmt/format.h>

#include <cstring>
#include <memory>

#include <stillpoint/error.hpp>

#include "cli/interruption.hpp"
#include "cli/say.hpp"
#include "sim-core/campaign/recording.hpp"
#include "sim-core/record/describe.hpp"
#include "sim-core/record/recorder.hpp"
#include "sim-core/supervise/planning.hpp"
#include "stillpoint_version.hpp"

namespace stillpoint::cli {

Performed perform(Invocation invocation, const PerformOptions& options) {
  catch_interruptions();
  invocation.request = supervise::with_plan(std::move(invocation.request));
  std::unique_ptr<Recorder> recorder;
  if (!options.trace_path.empty()) {
    recorder = std::make_unique<Recorder>(
        options.trace_path,
        campaign::metadata_of(invocation.request,
                              {invocation.scenario_name, invocation.scenario_path, STILLPOINT_REVISION}),
        RecorderOptions{.overwrite = options.overwrite});
  }
  if (!options.quiet) announce(invocation);
  ProgressLine progress;
  supervise::RunOptions run_options;
  if (recorder || options.log != nullptr) {
    run_options.on_records = [&](std::span<const std::byte> records) {
      if (recorder) recorder->ingest(records);
      if (options.log != nullptr) {
        progress.clear();
        options.log->ingest(records);
      }
    };
  }
  if (!options.quiet) run_options.on_progress = [&](const supervise::Progress& now) { progress.show(now); };
  // What is written for nobody is not worth waiting for.
  run_options.cancelled = [&] { return interrupted() || (options.log != nullptr && options.log->failed()); };

  Performed performed;
  if (options.twice) {
    supervise::TwoRuns runs = supervise::run_twice(invocation.request, run_options, describe);
    performed.result = std::move(runs.first);
    if (runs.second.report.verdict == Verdict::interrupted) performed.result.report = runs.second.report;
    if (performed.result.report.verdict != Verdict::interrupted) performed.difference = std::move(runs.difference);
    if (!runs.fixed_addresses) say("stillpoint: warning: {}\n", supervise::kMovingAddresses);
  } else {
    supervise::Zygote zygote;
    if (!zygote.fixed_addresses() && !options.quiet) say("stillpoint: warning: {}\n", supervise::kMovingAddresses);
    performed.result = supervise::run_once(zygote, invocation.request, run_options);
  }
  progress.clear();
  if (options.log != nullptr) options.log->finish();
  if (recorder) {
    recorder->finish(campaign::outcome_of(performed.result, performed.verdict()));
  }
  if (options.log != nullptr && options.log->failed())
    throw Error(fmt::format("cannot write to standard output: {}", std::strerror(options.log->error())));
  return performed;
}

}  // namespace stillpoint::cli
