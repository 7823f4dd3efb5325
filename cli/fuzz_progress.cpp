#include "cli/fuzz_progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "cli/say.hpp"
#include "sim-core/base/units.hpp"

namespace stillpoint::cli {
namespace {

constexpr auto kBetweenLines = std::chrono::seconds(10);

std::string line_of(const campaign::Progress& now) {
  const double seconds = std::max(1e-3, static_cast<double>(now.spent.count()) / 1e9);
  std::string line =
      fmt::format("  {} {}   {:.1f}/s   {} virtual   ", grouped(now.seeds), now.seeds == 1 ? "seed" : "seeds",
                  static_cast<double>(now.seeds_now) / seconds, readable_duration(now.virtual_time));
  if (now.failed == 0) return line + "no failures";
  return line +
         fmt::format("failures: {} in {} {}", grouped(now.failed), now.groups, now.groups == 1 ? "group" : "groups");
}

}  // namespace

FuzzProgress::FuzzProgress(const campaign::CampaignFile& file)
    : file_(file), terminal_(isatty(STDERR_FILENO) != 0), next_line_(Clock::now() + kBetweenLines) {}

void FuzzProgress::show(const campaign::Progress& now) {
  if (terminal_) {
    say("\r\033[K{}", line_of(now));
    shown_ = true;
  } else if (Clock::now() >= next_line_) {
    say("{}\n", line_of(now));
    next_line_ = Clock::now() + kBetweenLines;
  }
}

void FuzzProgress::show(const campaign::Failure& failure) {
  clear();
  const campaign::Series& of = file_.plan().series[failure.series];
  say("  seed {} of {}: {}\n", failure.smallest.seed, of.scenario, failure.signature);
}

void FuzzProgress::warn(const std::string& text) {
  clear();
  say("stillpoint: warning: {}\n", text);
}

void FuzzProgress::clear() {
  if (shown_) say("\r\033[K");
  shown_ = false;
}

}  // namespace stillpoint::cli
