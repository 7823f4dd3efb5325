#pragma once
// What came of a campaign: every series judged, and the verdict of the whole.
#include <optional>
#include <string>
#include <vector>

#include "sim-core/campaign/campaign.hpp"
#include "sim-core/campaign/campaign_file.hpp"

namespace stillpoint::campaign {

struct SeriesOutcome {
  Series series;
  Totals totals;
  std::vector<Failure> failures;
  std::vector<TallyRow> tallies;
  // Pass where it did what it is there for: no seed of a fuzz series failed, a regression case showed what it should, a
  // canary was found.
  Verdict verdict = Verdict::pass;
  std::optional<RunRow> found;  // canary: its first failing seed; regression: the run
  std::string shown;            // regression: what it showed
  bool ran = false;             // whether it is judged at all: a campaign may end before its turn
};

struct Outcome {
  std::vector<SeriesOutcome> series;
  CampaignEnd end = CampaignEnd::complete;
  Verdict verdict = Verdict::pass;
  std::uint64_t seeds = 0;  // of fuzz series
  std::uint64_t failed = 0;
  std::uint64_t groups = 0;
  Duration virtual_time{};
  Duration cpu_time{};
  Duration real_time{};  // of all sessions
};

Outcome judge(const CampaignFile& file, CampaignEnd end);
// A campaign in which something never happened that should be seen sometimes has not decided much: its verdict is
// `undecided`, unless it is a graver one.
void require_sometimes(Outcome& outcome);

}  // namespace stillpoint::campaign
