#include "cli/present.hpp"
#include "cli/say.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>

#include "sim-core/base/units.hpp"

namespace stillpoint::cli {
namespace {

constexpr std::size_t kWidth = 100;

double seconds(std::int64_t ns) { return static_cast<double>(ns) / 1e9; }

std::string headline(Verdict verdict) {
  if (verdict == Verdict::pass) return "PASS";
  if (verdict == Verdict::safety || verdict == Verdict::liveness) return "FAIL";
  std::string name(name_of(verdict));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return name;
}

// "  promised   sold + held + free = 100", with further lines indented under the first.
void print_item(std::string_view name, std::string_view text) {
  if (text.empty()) return;
  fmt::print("  {:<10} ", name);
  std::size_t start = 0;
  while (true) {
    const std::size_t end = text.find('\n', start);
    fmt::print("{}\n", text.substr(start, end - start));
    if (end == std::string_view::npos) return;
    fmt::print("             ");
    start = end + 1;
  }
}

// On as many lines as they need.
void print_list(const char* name, const std::vector<std::string>& texts) {
  std::string line;
  std::string all;
  for (const std::string& text : texts) {
    if (!line.empty() && line.size() + text.size() > kWidth) {
      all += line + "\n";
      line.clear();
    }
    line += line.empty() ? text : "   " + text;
  }
  if (!texts.empty()) print_item(name, all + line);
}

void print_faults(const Report& report) {
  std::vector<std::string> faults;
  for (const Tally& tally : report.tallies) {
    if (tally.sort == "fault")
      faults.push_back(tally.times == 1 ? tally.name : fmt::format("{} ({} times)", tally.name, grouped(tally.times)));
  }
  print_list("faults", faults);
}

void print_never(const Report& report) {
  std::vector<std::string> never;
  for (const Tally& tally : report.tallies) {
    if (should_have_happened(tally)) never.push_back(fmt::format("{} '{}'", tally.sort, tally.name));
  }
  print_list("never", never);
}

void print_checks(const Report& report) {
  std::vector<std::string> checks;
  for (const CheckReport& check : report.checks) {
    std::string text = check.name;
    if (check.times == 0) {
      text += " (never looked at)";
    } else if (!check.remark.empty()) {
      text += fmt::format(" ({} times, {})", grouped(check.times), check.remark);
    } else {
      text += fmt::format(" ({} times)", grouped(check.times));
    }
    checks.push_back(std::move(text));
  }
  print_list("checked", checks);
}

void print_violation(const ViolationReport& violation) {
  fmt::print("  at {:.6f} s on {}, event {}\n", seconds(violation.at_ns), violation.host, grouped(violation.event));
  print_item("promised", violation.finding.promised);
  print_item("found", violation.finding.found);
  print_item("because", violation.finding.because);
}

// The end of what the service wrote before it died, for a crash.
std::string tail(const std::string& output) {
  constexpr std::size_t kLines = 40;
  std::size_t start = output.size();
  for (std::size_t lines = 0; start > 0; --start) {
    if (output[start - 1] == '\n' && ++lines > kLines) break;
  }
  std::string text = output.substr(start);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::string without_newlines(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

bool interrupted(const Presentation& shown) { return shown.result.report.verdict == Verdict::interrupted; }

// A replay is compared to the end, or not at all.
bool differs_from_trace(const Presentation& shown) {
  return shown.trace_hash && !interrupted(shown) && *shown.trace_hash != shown.result.hash;
}

}  // namespace

Verdict verdict_of(const Presentation& shown) {
  if (shown.difference || differs_from_trace(shown)) return Verdict::nondeterminism;
  const Report& report = shown.result.report;
  if (shown.require_sometimes && report.verdict == Verdict::pass &&
      std::ranges::any_of(report.tallies, should_have_happened))
    return Verdict::undecided;
  return report.verdict;
}

ProgressLine::ProgressLine() : terminal_(isatty(STDERR_FILENO) != 0), start_(std::chrono::steady_clock::now()) {}

void ProgressLine::show(const supervise::Progress& progress) {
  if (!terminal_) return;
  const double real = std::max(1e-3, std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count());
  say("\r\033[K  {:.1f} s virtual   {} events   {} events/s   {:.1f}x real time", seconds(progress.virtual_ns),
      rounded(static_cast<double>(progress.events)), rounded(static_cast<double>(progress.events) / real),
      seconds(progress.virtual_ns) / real);
  std::fflush(stderr);
  shown_ = true;
}

void ProgressLine::clear() {
  if (shown_) say("\r\033[K");
  shown_ = false;
}

void announce(const Invocation& invocation) {
  say("seed {}  {}", invocation.request.seed, invocation.scenario_name);
  if (invocation.users > 0) say("  {} users", grouped(invocation.users));
  if (!invocation.request.bug.empty()) say("  bug {}", invocation.request.bug);
  say("\n");
  std::fflush(stderr);
}

void print_verdict(const Presentation& shown) {
  const supervise::RunResult& result = shown.result;
  const Report& report = result.report;
  const Verdict verdict = verdict_of(shown);
  fmt::print("\n{}  {}  seed {}", headline(verdict), shown.invocation.scenario_name, result.seed);
  const bool violated = (verdict == Verdict::safety || verdict == Verdict::liveness) && !report.violations.empty();
  if (violated) fmt::print("  {}: {}", name_of(verdict), report.violations.front().invariant);
  fmt::print("\n");

  if (shown.difference) {
    fmt::print("  two runs of this seed differ from event {} on\n", grouped(shown.difference->event));
    print_item("first", shown.difference->first.empty() ? "had ended" : shown.difference->first);
    print_item("second", shown.difference->second.empty() ? "had ended" : shown.difference->second);
  } else if (differs_from_trace(shown)) {
    fmt::print("  the hash differs: the trace has {:016x}, this run {:016x}\n", *shown.trace_hash, result.hash);
  } else if (violated) {
    print_violation(report.violations.front());
  } else if (verdict != Verdict::pass) {
    fmt::print("  {}\n", report.reason);
    if (!report.detail.empty()) fmt::print("  {}\n", report.detail);
    fmt::print("  at {:.6f} s, event {}\n", seconds(result.virtual_ns), grouped(result.events));
  }
  fmt::print("  {:.3f} s virtual in {:.2f} s real   {} events   hash {:016x}{}\n", seconds(result.virtual_ns),
             seconds(result.real_ns), grouped(result.events), result.hash,
             shown.ran_twice && !shown.difference && !interrupted(shown) ? "   (twice the same)" : "");
  print_faults(report);
  print_checks(report);
  if (verdict == Verdict::pass || verdict == Verdict::undecided) print_never(report);
  for (const Measure& measure : report.measures)
    print_item("counted", fmt::format("{} {}", grouped(measure.value), measure.name));
  if (verdict != Verdict::pass && !result.output.empty()) print_item("it wrote", tail(result.output));
  if (!shown.trace_path.empty()) print_item("trace", shown.trace_path);
  print_item("again", shown.invocation.replay_line());
  if (shown.trace_hash && !interrupted(shown) && !differs_from_trace(shown))
    fmt::print("the same run: hash {:016x}\n", result.hash);
}

void print_json(const Presentation& shown) {
  namespace json = boost::json;
  const supervise::RunResult& result = shown.result;
  json::array violations;
  for (const ViolationReport& violation : result.report.violations) {
    json::array witnesses;
    for (const Witness& witness : violation.finding.witnesses)
      witnesses.push_back({{"event", witness.event}, {"role", witness.role}});
    violations.push_back(
        {{"invariant", violation.invariant},
         {"message", without_newlines(fmt::format("promised {}; found {}; {}", violation.finding.promised,
                                                  violation.finding.found, violation.finding.because))},
         {"at_ns", violation.at_ns},
         {"event", violation.event},
         {"witnesses", witnesses}});
  }
  json::array tallies;
  for (const Tally& tally : result.report.tallies)
    tallies.push_back({{"sort", tally.sort}, {"name", tally.name}, {"times", tally.times}});
  json::object object{{"scenario", shown.invocation.scenario_name},
                      {"seed", fmt::format("{}", result.seed)},
                      {"verdict", json::string(name_of(verdict_of(shown)))},
                      {"reason", result.report.reason},
                      {"hash", fmt::format("{:016x}", result.hash)},
                      {"events", result.events},
                      {"virtual_ns", result.virtual_ns},
                      {"cpu_ns", result.cpu_ns},
                      {"users", shown.invocation.users},
                      {"violations", violations},
                      {"tallies", tallies},
                      {"replay", shown.invocation.replay_line()}};
  if (shown.difference) {
    object["difference"] = json::object{
        {"event", shown.difference->event}, {"first", shown.difference->first}, {"second", shown.difference->second}};
  }
  if (shown.ran_twice) object["checked_twice"] = !shown.difference && !interrupted(shown);
  if (shown.trace_hash) object["trace_hash"] = fmt::format("{:016x}", *shown.trace_hash);
  if (!shown.trace_path.empty()) object["trace"] = shown.trace_path;
  fmt::print("{}\n", json::serialize(object));
}

}  // namespace stillpoint::cli
