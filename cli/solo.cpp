// stillpoint solo: one ordinary program, alone on a host of its own, on virtual time.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include <stillpoint/error.hpp>
#include <stillpoint/program.hpp>
#include <stillpoint/settings.hpp>

#include "cli/command.hpp"
#include "cli/perform.hpp"
#include "cli/request_options.hpp"
#include "cli/say.hpp"
#include "cli/solo_scenario.hpp"
#include "sim-core/base/units.hpp"

namespace stillpoint::cli {
namespace {

// A program alone breaks but one promise: to end.
std::string why_failed(const supervise::RunResult& result, const supervise::RunRequest& request) {
  const ViolationReport& violation = result.report.violations.front();
  if (!violation.liveness) return fmt::format("{}: {}", violation.finding.promised, violation.finding.found);
  const Settings settings(request.scenario_text, std::string(kSoloPath), request.overrides);
  const Duration most = settings.duration("duration", {}, {});
  if (Duration(result.virtual_ns) < most) return "the program waits for what nobody will ever do";
  return fmt::format("the program still runs after {} of virtual time (--duration)", exact_duration(most));
}

}  // namespace

int solo(const Arguments& arguments) {
  // What follows `--` is the program's.
  const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
  const Arguments own(arguments.begin(), dashes);
  const Arguments args(dashes == arguments.end() ? dashes : dashes + 1, arguments.end());
  std::string path;
  Arguments surplus;
  std::string seed = "1";
  std::string trace;
  std::string duration;
  std::vector<std::string> settings;
  std::vector<std::string> files;
  bool force = false;
  bool guard = false;
  bool summary = false;
  CLI::App app(
      "Run one ordinary program, built as a shared object, on virtual time. Output and exit status are its own.",
      "stillpoint solo");
  app.add_option("PROGRAM.so", path, "A shared object that exports main; its arguments follow --")->required();
  app.add_option("SURPLUS", surplus)->group("");
  app.add_option("--seed", seed, "The seed, 1 unless given");
  const CLI::Option* for_duration =
      app.add_option("--duration", duration, "Virtual time at most, as in 30s or 5m; 24h unless given");
  app.add_option("--set", settings, "key=value: a setting, such as limits.cpu=5m")->allow_extra_args(false);
  app.add_option("--file", files, "PATH=FILE: a real file, or all of a folder, that is on the host's disk at first")
      ->allow_extra_args(false);
  const CLI::Option* for_trace = app.add_option("--trace", trace, "Record the run into this SQLite file");
  app.add_flag("--force", force, "Overwrite an existing trace");
  app.add_flag("--guard", guard, "Stop the program at any system call that bypasses the virtual kernel");
  app.add_flag("--summary", summary, "Print virtual time, real time and hash on standard error at the end");
  if (!parse(app, own)) return 0;
  if (!surplus.empty()) {
    const std::string& first = surplus.front();
    throw Error(fmt::format("'{}' is one argument too many; those of the program follow --", first));
  }
  if (force && for_trace->count() == 0) throw Error("--force goes with --trace FILE");
  if (for_trace->count() > 0 && trace.empty()) throw Error("--trace '': a trace needs a file's name");
  check_program(path);

  // Absolute, so that a trace replays from wherever it is read.
  const auto absolute = [](const std::string& real) {
    return std::filesystem::absolute(real).lexically_normal().string();
  };
  SoloProgram program{absolute(path), args};
  for (const std::string& file : files) {
    const std::size_t equals = file.find('=');
    if (equals == file.npos || equals + 1 == file.size())
      throw Error(fmt::format("--file {}: give it as PATH=FILE, as in /etc/a.toml=a.toml", file));
    program.files.push_back(file.substr(0, equals + 1) + absolute(file.substr(equals + 1)));
  }
  const std::string name(kSoloPath);
  std::vector<Override> overrides = overrides_by_set(settings);
  if (for_duration->count() > 0) overrides.push_back(override_by("duration", "duration", duration));
  Invocation invocation =
      make_invocation(name, {.name = name, .path = name, .text = solo_text(program)}, {}, overrides, "");
  invocation.solo = program;
  invocation.request.seed = parse_seed(seed);
  invocation.request.guard = guard;
  LogPrinter output(LogPrinter::Form::bytes, stdout);
  const Performed performed =
      perform(invocation, {.trace_path = trace, .overwrite = force, .log = &output, .quiet = true});

  const Report& report = performed.result.report;
  const std::optional<int> status = solo_status(report);
  if (report.verdict != Verdict::pass && !(report.verdict == Verdict::crash && status)) {
    if (report.violations.empty())
      say("stillpoint: {}{}{}\n", report.reason, report.detail.empty() ? "" : ": ", report.detail);
    if (!report.violations.empty()) say("stillpoint: {}\n", why_failed(performed.result, invocation.request));
  } else if (status && *status > 128 && report.verdict == Verdict::crash) {
    say("stillpoint: {}\n", report.reason);
  }
  if (summary) {
    say("stillpoint: {:.3f} s virtual in {:.2f} s real, {} events, hash {:016x}\n",
        static_cast<double>(performed.result.virtual_ns) / 1e9, static_cast<double>(performed.result.real_ns) / 1e9,
        performed.result.events, performed.result.hash);
  }
  return solo_exit_code(report, performed.verdict());
}

}  // namespace stillpoint::cli
