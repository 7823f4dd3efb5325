#include "sim-core/campaign/outcome.hpp"

#include <algorithm>

namespace stillpoint::campaign {
namespace {

Verdict judge_fuzz(const SeriesOutcome& of) {
  Verdict verdict = Verdict::pass;
  for (const Failure& failure : of.failures) verdict = gravest(verdict, failure.verdict);
  return verdict;
}

// A case that no longer fails as it did proves nothing any more; one that fails otherwise is a failure like any other.
Verdict judge_regression(const SeriesOutcome& of) {
  if (!of.ran || of.shown == of.series.expected) return Verdict::pass;
  return of.found->verdict == Verdict::pass ? Verdict::undecided : of.found->verdict;
}

// A campaign that did not find the planted bug might not find another one either. A cut-off search says nothing.
Verdict judge_canary(const SeriesOutcome& of) {
  Verdict verdict = Verdict::pass;
  for (const Failure& failure : of.failures) {
    if (!is_finding(failure.verdict)) verdict = gravest(verdict, failure.verdict);
  }
  const bool searched = of.totals.runs >= of.series.seeds.value_or(0);
  return of.found || !searched ? verdict : gravest(verdict, Verdict::undecided);
}

}  // namespace

Outcome judge(const CampaignFile& file, CampaignEnd end) {
  Outcome outcome;
  outcome.end = end;
  outcome.real_time = file.spent();
  bool has_fuzz = false;
  for (std::size_t i = 0; i < file.plan().series.size(); ++i) {
    SeriesOutcome of;
    of.series = file.plan().series[i];
    of.totals = file.totals(i);
    of.failures = file.failures(i);
    of.tallies = file.tallies(i);
    of.ran = of.totals.runs > 0;
    switch (of.series.purpose) {
      case Purpose::fuzz:
        has_fuzz = true;
        outcome.seeds += of.totals.runs;
        outcome.failed += of.totals.failed;
        outcome.groups += of.failures.size();
        outcome.virtual_time += of.totals.virtual_time;
        outcome.cpu_time += of.totals.cpu_time;
        of.verdict = judge_fuzz(of);
        break;
      case Purpose::regression:
        of.found = file.run(i, 0);
        if (of.ran) of.shown = of.failures.empty() ? "pass" : of.failures.front().signature;
        of.verdict = judge_regression(of);
        break;
      case Purpose::canary:
        of.found = file.first_finding(i);
        of.verdict = judge_canary(of);
        break;
    }
    outcome.verdict = gravest(outcome.verdict, of.verdict);
    outcome.series.push_back(std::move(of));
  }
  if (outcome.verdict == Verdict::pass && end == CampaignEnd::cancelled) outcome.verdict = Verdict::interrupted;
  // No seed ended in time: nothing is known.
  if (outcome.verdict == Verdict::pass && has_fuzz && outcome.seeds == 0) outcome.verdict = Verdict::undecided;
  return outcome;
}

void require_sometimes(Outcome& outcome) {
  for (SeriesOutcome& of : outcome.series) {
    if (of.series.purpose != Purpose::fuzz || !of.ran) continue;
    if (std::ranges::none_of(of.tallies, should_have_happened)) continue;
    of.verdict = gravest(of.verdict, Verdict::undecided);
    outcome.verdict = gravest(outcome.verdict, of.verdict);
  }
}

}  // namespace stillpoint::campaign
