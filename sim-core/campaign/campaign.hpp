#pragma once
// Runs a campaign: a simulation per seed, some at a time, each result into the campaign's file as it ends. Of every
// failure the seed with the fewest events is run once more, recorded, and compared: its trace is kept in the folder.
//
// Whatever the service does is a verdict about that seed. What ends a campaign early is the machine: a full disk, no
// memory for another process. Then, and after a kill, resuming goes on where it stopped.
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "sim-core/campaign/campaign_file.hpp"
#include "sim-core/campaign/schedule.hpp"

namespace stillpoint::campaign {

struct Progress {
  std::uint64_t seeds = 0;      // that ended, of fuzz series, in all sessions
  std::uint64_t failed = 0;     // of them
  std::uint64_t groups = 0;     // ways to fail
  std::uint64_t seeds_now = 0;  // that ended in this session
  Duration virtual_time{};
  Duration cpu_time{};
  Duration spent{};  // of real time, in this session
};

struct CampaignOptions {
  unsigned jobs = 1;  // simulations at a time
  Until until = Until::all_is_run;
  // Asked often; once it says true, what runs is ended and not counted.
  std::function<bool()> cancelled = {};
  // About ten times a second.
  std::function<void(const Progress&)> on_progress = {};
  // A failure that was not known before; its trace is kept already.
  std::function<void(const Failure&)> on_failure = {};
  // Something that a user should know, and that stops nothing.
  std::function<void(const std::string&)> on_warning = {};
};

enum class CampaignEnd {
  complete,  // every seed was run
  budget,    // the budget is spent
  cancelled,
  refused,  // the machine did: run_campaign() threw
};

// The three callbacks are called by the calling thread. Throws Error.
CampaignEnd run_campaign(CampaignFile& file, const CampaignOptions& options);

}  // namespace stillpoint::campaign
