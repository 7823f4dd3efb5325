#include "cli/fuzz_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>

#include "cli/invocation.hpp"
#include "cli/request_options.hpp"
#include "sim-core/base/shell_word.hpp"
#include "sim-core/base/units.hpp"

namespace stillpoint::cli {
namespace {

using campaign::Failure;
using campaign::Outcome;
using campaign::Purpose;
using campaign::SeriesOutcome;

double seconds(Duration duration) { return static_cast<double>(duration.count()) / 1e9; }

double per_second(std::uint64_t count, Duration duration) {
  return duration.count() == 0 ? 0 : static_cast<double>(count) / seconds(duration);
}

std::string plural(std::uint64_t count, const char* one, const char* many) {
  return fmt::format("{} {}", grouped(count), count == 1 ? one : many);
}

void print_item(const char* name, const std::string& text) { fmt::print("    {:<8} {}\n", name, text); }

void print_failure(const FuzzReport& report, const SeriesOutcome& of, const Failure& failure, bool name_scenario) {
  fmt::print("  {}{}\n", name_scenario ? of.series.scenario + "  " : "", failure.signature);
  fmt::print("    {}, smallest {} ({} events)\n", plural(failure.seeds, "seed", "seeds"), failure.smallest.seed,
             grouped(failure.smallest.events));
  print_item("found", failure.smallest.message);
  print_item("again", replay_line(of.series, failure.smallest.number));
  if (const std::string trace = trace_path(report, failure); !trace.empty())
    print_item("trace", fmt::format("{}   stillpoint view {}", trace, shell_word(trace)));
}

void print_known_cases(const FuzzReport& report) {
  std::uint64_t cases = 0;
  std::uint64_t as_expected = 0;
  for (const SeriesOutcome& of : report.outcome.series) {
    if (of.series.purpose != Purpose::regression || !of.ran) continue;
    ++cases;
    if (of.verdict == Verdict::pass) {
      ++as_expected;
      continue;
    }
    fmt::print("  regression case of {}: {}\n", of.series.scenario, of.series.why);
    print_item("expected", of.series.expected);
    print_item("showed", of.shown);
    print_item("again", replay_line(of.series, 0));
    for (const Failure& failure : of.failures) {
      if (const std::string trace = trace_path(report, failure); !trace.empty()) print_item("trace", trace);
    }
  }
  if (cases > 0) fmt::print("  regressions  {} of {} as expected\n", as_expected, cases);
}

// Which faults happened, how often, and in how many of the runs.
void print_faults(const SeriesOutcome& of) {
  std::vector<campaign::TallyRow> faults;
  std::ranges::copy_if(of.tallies, std::back_inserter(faults), [](const auto& row) { return row.sort == "fault"; });
  if (faults.empty()) return;
  std::ranges::stable_sort(faults, std::greater<>(), &campaign::TallyRow::times);
  fmt::print("  {:<22}{:>8}{:>10}\n", "faults", "times", "runs");
  for (const campaign::TallyRow& row : faults)
    fmt::print("    {:<20}{:>8}{:>10}\n", row.name, grouped(row.times), grouped(row.runs));
}

// What should have been seen sometimes.
void print_never(const SeriesOutcome& of) {
  for (const campaign::TallyRow& row : of.tallies) {
    if (should_have_happened(row)) fmt::print("  never        {} '{}'\n", row.sort, row.name);
  }
}

void print_canaries(const FuzzReport& report) {
  for (const SeriesOutcome& of : report.outcome.series) {
    if (of.series.purpose != Purpose::canary || !of.ran) continue;
    const std::string name = fmt::format("{} in {}", of.series.request.bug, of.series.scenario);
    if (of.found) {
      fmt::print("  canary       {} found by the {} of its seeds\n", name, ordinal(of.found->number + 1));
    } else {
      fmt::print("  canary       {} NOT FOUND in {}\n", name, plural(of.totals.runs, "seed", "seeds"));
    }
  }
}

bool one_scenario(const Outcome& outcome) {
  std::uint64_t fuzzed = 0;
  for (const SeriesOutcome& of : outcome.series) fuzzed += of.series.purpose == Purpose::fuzz ? 1 : 0;
  return fuzzed == 1;
}

std::string headline(const Outcome& outcome) {
  if (outcome.failed > 0) {
    return fmt::format("{} of {} FAILED in {}", grouped(outcome.failed), plural(outcome.seeds, "seed", "seeds"),
                       plural(outcome.groups, "group", "groups"));
  }
  std::string text = outcome.seeds == 0 ? "no seed ended" : plural(outcome.seeds, "seed", "seeds") + " PASSED";
  if (outcome.end == campaign::CampaignEnd::refused) return text + ", CUT SHORT";
  if (outcome.verdict == Verdict::interrupted) text += ", INTERRUPTED";
  if (outcome.verdict != Verdict::interrupted && outcome.verdict != Verdict::pass)
    text += fmt::format(", but the campaign's verdict is {}", name_of(outcome.verdict));
  return text;
}

boost::json::object json_of(const FuzzReport& report, const SeriesOutcome& of, const Failure& failure) {
  boost::json::object object{{"scenario", of.series.scenario},
                             {"verdict", boost::json::string(name_of(failure.verdict))},
                             {"signature", failure.signature},
                             {"message", failure.smallest.message},
                             {"seeds", failure.seeds},
                             {"smallest_seed", fmt::format("{}", failure.smallest.seed)},
                             {"events", failure.smallest.events},
                             {"hash", fmt::format("{:016x}", failure.smallest.hash)},
                             {"replay", replay_line(of.series, failure.smallest.number)}};
  const std::string trace = trace_path(report, failure);
  object["trace"] = trace.empty() ? boost::json::value(nullptr) : boost::json::value(trace);
  return object;
}

}  // namespace

std::string ordinal(std::uint64_t number) {
  const std::uint64_t tens = number % 100;
  const char* ending = "th";
  if (tens < 11 || tens > 13) {
    ending = number % 10 == 1 ? "st" : number % 10 == 2 ? "nd" : number % 10 == 3 ? "rd" : "th";
  }
  return grouped(number) + ending;
}

std::string replay_line(const campaign::Series& series, std::uint64_t number) {
  Invocation invocation;
  invocation.scenario = series.shown;
  invocation.short_options = scenario::short_options(series.request.scenario_text, series.scenario_path);
  invocation.request = series.nth(number);
  return invocation.replay_line();
}

std::string trace_path(const FuzzReport& report, const Failure& failure) {
  return failure.trace.empty() ? "" : report.folder + "/" + failure.trace;
}

void print_text(const FuzzReport& report) {
  const Outcome& outcome = report.outcome;
  fmt::print("\n{}\n", headline(outcome));
  for (const SeriesOutcome& of : outcome.series) {
    if (of.series.purpose != Purpose::fuzz) continue;
    for (const Failure& failure : of.failures) print_failure(report, of, failure, !one_scenario(outcome));
    print_faults(of);
    print_never(of);
  }
  print_known_cases(report);
  print_canaries(report);
  fmt::print("  {} in {} real   {:.1f} seeds/s   {:.1f} seeds per CPU second   {} virtual\n",
             plural(outcome.seeds, "seed", "seeds"), readable_duration(outcome.real_time),
             per_second(outcome.seeds, outcome.real_time), per_second(outcome.seeds, outcome.cpu_time),
             readable_duration(outcome.virtual_time));
  fmt::print("  campaign     {}\n", report.folder);
}

void print_json(const FuzzReport& report) {
  namespace json = boost::json;
  const Outcome& outcome = report.outcome;
  json::array failures;
  json::array regressions;
  json::array canaries;
  json::array tallies;
  for (const SeriesOutcome& of : outcome.series) {
    if (of.series.purpose == Purpose::fuzz) {
      for (const Failure& failure : of.failures) failures.push_back(json_of(report, of, failure));
      for (const campaign::TallyRow& row : of.tallies) {
        tallies.push_back({{"scenario", of.series.scenario},
                           {"sort", row.sort},
                           {"name", row.name},
                           {"times", row.times},
                           {"runs", row.runs}});
      }
    } else if (of.series.purpose == Purpose::regression && of.ran) {
      regressions.push_back(json::object{{"scenario", of.series.scenario},
                                         {"seed", fmt::format("{}", of.series.request.seed)},
                                         {"why", of.series.why},
                                         {"expected", of.series.expected},
                                         {"showed", of.shown},
                                         {"as_expected", of.verdict == Verdict::pass},
                                         {"replay", replay_line(of.series, 0)}});
    } else if (of.series.purpose == Purpose::canary && of.ran) {
      json::object object{{"scenario", of.series.scenario}, {"bug", of.series.request.bug}, {"seeds", of.totals.runs}};
      object["found_by"] = of.found ? json::value(fmt::format("{}", of.found->seed)) : json::value(nullptr);
      canaries.push_back(object);
    }
  }
  const char* ends[] = {"complete", "budget", "cancelled", "refused"};
  const json::object object{{"verdict", json::string(name_of(outcome.verdict))},
                            {"exit_code", exit_code(outcome.verdict)},
                            {"end", ends[static_cast<int>(outcome.end)]},
                            {"base_seed", fmt::format("{}", report.base_seed)},
                            {"seeds", outcome.seeds},
                            {"failed", outcome.failed},
                            {"failures", failures},
                            {"regressions", regressions},
                            {"canaries", canaries},
                            {"tallies", tallies},
                            {"virtual_ns", outcome.virtual_time.count()},
                            {"cpu_ns", outcome.cpu_time.count()},
                            {"real_ns", outcome.real_time.count()},
                            {"seeds_per_cpu_s", per_second(outcome.seeds, outcome.cpu_time)},
                            {"campaign", report.folder}};
  fmt::print("{}\n", json::serialize(object));
}

}  // namespace stillpoint::cli
