// What came of a campaign as Markdown, for the page that a CI system shows of a job.
#include <fmt/format.h>

#include <string_view>

#include "cli/fuzz_report.hpp"
#include "sim-core/base/units.hpp"
#include "sim-core/campaign/regressions.hpp"

namespace stillpoint::cli {
namespace {

using campaign::Failure;
using campaign::Outcome;
using campaign::Purpose;
using campaign::SeriesOutcome;

// Text that Markdown shows as it is, also in a table.
std::string plain(std::string_view text) {
  constexpr std::string_view kSpecial = "\\`*_{}[]<>#|~";
  std::string result;
  for (const char c : text) {
    if (kSpecial.find(c) != kSpecial.npos) result += '\\';
    result += c == '\n' ? ' ' : c;
  }
  return result;
}

// A fence longer than any in the text.
std::string fenced(const std::string& text, const char* language) {
  std::string fence = "```";
  while (text.find(fence) != std::string::npos) fence += '`';
  return fmt::format("{}{}\n{}\n{}\n", fence, language, text, fence);
}

std::string details(const FuzzReport& report, const SeriesOutcome& of, const Failure& failure) {
  std::string text = fmt::format("### {}\n\n{}\n\n", plain(failure.signature), plain(failure.smallest.message));
  text += fmt::format("{} of {} seeds; the smallest, {}, has {} events.\n\n", grouped(failure.seeds),
                      grouped(of.totals.runs), failure.smallest.seed, grouped(failure.smallest.events));
  text += "Run it again:\n\n" + fenced(replay_line(of.series, failure.smallest.number), "sh");
  if (const std::string trace = trace_path(report, failure); !trace.empty())
    text += fmt::format("\nIts trace is `{}`: `stillpoint view {}` shows it.\n", trace, trace);
  const campaign::RegressionCase keep{.seed = failure.smallest.seed,
                                      .bug = of.series.request.bug,
                                      .overrides = of.series.request.overrides,
                                      .expected = failure.signature,
                                      .why = failure.smallest.message};
  const std::string file = campaign::regressions_path(of.series.scenario_path).filename().string();
  text += fmt::format("\n<details><summary>As a regression case, for {}</summary>\n\n{}\n</details>\n\n", plain(file),
                      fenced(to_text(keep), "toml"));
  return text;
}

}  // namespace

std::string job_summary(const FuzzReport& report) {
  const Outcome& outcome = report.outcome;
  std::string text = fmt::format("## Stillpoint: {}\n\n", name_of(outcome.verdict));
  text += "| scenario | what | seeds | outcome |\n|---|---|---:|---|\n";
  for (const SeriesOutcome& of : outcome.series) {
    if (!of.ran && of.series.purpose != Purpose::fuzz) continue;
    std::string what = std::string(name_of(of.series.purpose));
    std::string came;
    if (of.series.purpose == Purpose::fuzz) {
      came = of.totals.failed == 0 ? "passed"
                                   : fmt::format("**{} failed** in {} ways", of.totals.failed, of.failures.size());
    } else if (of.series.purpose == Purpose::canary) {
      what += ": " + plain(of.series.request.bug);
      came = of.found ? fmt::format("found by the {} seed", ordinal(of.found->number + 1)) : "**not found**";
    } else {
      what += ": " + plain(of.series.why);
      came = of.verdict == Verdict::pass
                 ? "as expected"
                 : fmt::format("**expected** {}, **showed** {}", plain(of.series.expected), plain(of.shown));
    }
    text += fmt::format("| {} | {} | {} | {} |\n", plain(of.series.scenario), what, of.totals.runs, came);
  }
  text += fmt::format("\nBase seed {}; {} in {} of real time, {} of virtual time.\n\n", report.base_seed,
                      outcome.seeds == 1 ? "1 seed" : grouped(outcome.seeds) + " seeds",
                      readable_duration(outcome.real_time), readable_duration(outcome.virtual_time));
  for (const SeriesOutcome& of : outcome.series) {
    if (of.series.purpose != Purpose::fuzz) continue;
    for (const Failure& failure : of.failures) text += details(report, of, failure);
  }
  return text;
}

}  // namespace stillpoint::cli
