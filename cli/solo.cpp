// stillpoint solo: one ordinary program, alone on a host of its own, on virtual time.
#include <fmt/format.h>
#include <string.h>

#include <algorithm>
#include <filesystem>

#include <stillpoint/error.hpp>
#include <stillpoint/program.hpp>

#include "cli/command.hpp"
#include "cli/perform.hpp"
#include "cli/request_options.hpp"
#include "cli/say.hpp"
#include "sim-core/base/units.hpp"

namespace stillpoint::cli {
namespace {

constexpr const char* kHost = "solo";

// A basic string of TOML.
std::string toml_text(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      result += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      result += c;
    }
  }
  return result + '"';
}

std::string scenario_text(const std::string& program, const Arguments& arguments, const std::string& duration) {
  std::string args;
  for (const std::string& argument : arguments) args += (args.empty() ? "" : ", ") + toml_text(argument);
  return fmt::format(
      "name = \"solo\"\nabout = \"one program, alone\"\nbehaviour = \"programs\"\nduration = {}\n\n[hosts.{}]\n"
      "program = {}\nargs = [{}]\nmust_end = true\nany_status = true\n",
      toml_text(duration), kHost, toml_text(program), args);
}

// The program's own status, as a shell gives it; none if it did not end.
std::optional<int> status_of(const Report& report) {
  for (const Measure& measure : report.measures) {
    if (measure.name == fmt::format("status of {}", kHost)) return static_cast<int>(measure.value);
  }
  return std::nullopt;
}

// A program alone breaks but one promise: to end.
std::string why_no_end(const supervise::RunResult& result, const std::string& duration) {
  const bool idle = Duration(result.virtual_ns) < parse_duration(duration);
  if (idle) return "the program waits for what nobody will ever do";
  return fmt::format("the program still runs after {} of virtual time  (--duration)", duration);
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
  std::string duration = "24h";
  bool force = false;
  bool guard = false;
  bool summary = false;
  CLI::App app(
      "Run one ordinary program, built as a shared object, on virtual time. Output and exit status are its own.",
      "stillpoint solo");
  app.add_option("PROGRAM.so", path, "A shared object that exports main; its arguments follow --")->required();
  app.add_option("SURPLUS", surplus)->group("");
  app.add_option("--seed", seed, "The seed, 1 unless given");
  app.add_option("--duration", duration, "Virtual time at most, as in 30s or 5m; 24h unless given");
  app.add_option("--trace", trace, "Record the run into this SQLite file");
  app.add_flag("--force", force, "Overwrite an existing trace");
  app.add_flag("--guard", guard, "Stop the program at any system call that bypasses the virtual kernel");
  app.add_flag("--summary", summary, "Print virtual time, real time and hash on standard error at the end");
  if (!parse(app, own)) return 0;
  if (!surplus.empty()) {
    const std::string& first = surplus.front();
    throw Error(fmt::format("'{}' is one argument too many; those of the program follow --", first));
  }
  if (force && trace.empty()) throw Error("--force goes with --trace FILE");
  check_program(path);

  const scenario::ScenarioFile file{.name = "solo", .path = "solo", .text = scenario_text(path, args, duration)};
  Invocation invocation = make_invocation("solo", file, {}, {}, "");
  invocation.request.seed = parse_seed(seed);
  invocation.request.guard = guard;
  LogPrinter output(LogPrinter::Form::bytes, stdout);
  const Performed performed =
      perform(invocation, {.trace_path = trace, .overwrite = force, .log = &output, .quiet = true});

  const Report& report = performed.result.report;
  const std::optional<int> status = status_of(report);
  if (report.verdict != Verdict::pass && !(report.verdict == Verdict::crash && status)) {
    if (report.violations.empty())
      say("stillpoint: {}{}{}\n", report.reason, report.detail.empty() ? "" : ": ", report.detail);
    if (!report.violations.empty()) say("stillpoint: {}\n", why_no_end(performed.result, duration));
  } else if (status && *status > 128 && report.verdict == Verdict::crash) {
    say("stillpoint: {}\n", report.reason);
  }
  if (summary) {
    say("stillpoint: {:.3f} s virtual in {:.2f} s real, {} events, hash {:016x}\n",
        static_cast<double>(performed.result.virtual_ns) / 1e9, static_cast<double>(performed.result.real_ns) / 1e9,
        performed.result.events, performed.result.hash);
  }
  return status.value_or(exit_code(performed.verdict()));
}

}  // namespace stillpoint::cli
