// stillpoint replay: runs again what a trace says, and compares the hash.
#include <fmt/format.h>

#include <algorithm>

#include <stillpoint/error.hpp>

#include "cli/command.hpp"
#include "cli/perform.hpp"
#include "cli/request_options.hpp"
#include "cli/say.hpp"
#include "cli/solo_scenario.hpp"
#include "sim-core/record/trace_file.hpp"
#include "sim-core/scenario/scenario_file.hpp"
#include "sim-core/supervise/build_identity.hpp"

namespace stillpoint::cli {
namespace {

// Whether `stillpoint run NAME` would run just this text today.
bool names_the_same(const std::string& name, const std::string& text) {
  const std::vector<scenario::ScenarioFile> known = scenario::all_scenarios();
  return std::any_of(known.begin(), known.end(),
                     [&](const auto& file) { return file.name == name && file.text == text; });
}

Invocation invocation_of(const RunMetadata& run, const std::string& trace) {
  const std::string name = trace + " (scenario)";  // for errors: the text is the trace's, not the file's
  const scenario::ScenarioFile file{.name = run.scenario, .path = name, .text = run.scenario_text};
  Invocation invocation = make_invocation(run.scenario_path, file, scenario::short_options(run.scenario_text, name),
                                          run.overrides, run.bug);
  invocation.request.seed = run.seed;
  invocation.request.plan = run.plan;
  invocation.scenario_path = run.scenario_path;
  if (run.scenario_path == kSoloPath) invocation.solo = solo_program(run.scenario_text);
  if (names_the_same(invocation.scenario_name, run.scenario_text)) invocation.scenario = invocation.scenario_name;
  return invocation;
}

}  // namespace

int replay(const Arguments& arguments) {
  std::string path;
  bool json = false;
  bool guard = false;
  bool log = false;
  CLI::App app("Run again what a trace says, and compare. Exits as the run did; 14 where the hash differs.",
               "stillpoint replay");
  app.add_option("TRACE", path, "A trace that `stillpoint run --trace` recorded")->required();
  app.add_flag("--json", json, "Print one JSON object instead of text");
  app.add_flag("--log", log, "Print what hosts write and the scenario logs, with its virtual time");
  app.add_flag("--guard", guard, "Stop the run at any system call that bypasses the virtual kernel");
  if (!parse(app, arguments)) return 0;

  const TraceMetadata trace = TraceFile(path).metadata();
  if (trace.run.trace_format != kTraceFormat) {
    throw Error(
        fmt::format("{} has trace format {}; this build knows {}: replay it with the build that made it (revision {})",
                    path, trace.run.trace_format, kTraceFormat, trace.run.revision));
  }
  Invocation invocation = invocation_of(trace.run, path);
  invocation.request.guard = guard;
  const std::string changed =
      supervise::changed_build(trace.run.build_id, trace.run.revision, supervise::build_identity(invocation.request));
  if (!changed.empty())
    say("stillpoint: warning: the trace is of {}; only the same build promises the same run\n", changed);

  LogPrinter printer(LogPrinter::Form::lines, json ? stderr : stdout);
  const Performed performed = perform(invocation, {.log = log ? &printer : nullptr});
  const bool comparable = trace.outcome && trace.outcome->exit_code != exit_code(Verdict::interrupted);
  const std::optional<std::uint64_t> trace_hash = comparable ? std::optional(trace.outcome->hash) : std::nullopt;
  if (!comparable) say("stillpoint: the trace was cut short, so there is no hash to compare with\n");
  const Presentation shown{invocation, performed.result, "", std::nullopt, false, trace_hash};
  json ? print_json(shown) : print_verdict(shown);
  const Verdict verdict = verdict_of(shown);
  return invocation.solo ? solo_exit_code(performed.result.report, verdict) : exit_code(verdict);
}

}  // namespace stillpoint::cli
