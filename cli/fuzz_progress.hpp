#pragma once
// How a campaign is shown while it runs, on standard error: on a terminal one line, rewritten; elsewhere a line now and
// then, and one for every new failure.
#include <chrono>
#include <string>

#include "sim-core/campaign/campaign.hpp"

namespace stillpoint::cli {

class FuzzProgress {
 public:
  explicit FuzzProgress(const campaign::CampaignFile& file);
  ~FuzzProgress() { clear(); }
  FuzzProgress(const FuzzProgress&) = delete;
  FuzzProgress& operator=(const FuzzProgress&) = delete;

  void show(const campaign::Progress& now);
  void show(const campaign::Failure& failure);
  void warn(const std::string& text);
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  const campaign::CampaignFile& file_;
  bool terminal_;
  bool shown_ = false;
  Clock::time_point next_line_;
};

}  // namespace stillpoint::cli
