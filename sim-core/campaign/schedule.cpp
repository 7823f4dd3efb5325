#include "sim-core/campaign/schedule.hpp"

#include <algorithm>
#include <limits>

namespace stillpoint::campaign {

Schedule::Schedule(const std::vector<Series>& series, Until until)
    : series_(series), until_(until), progress_(series.size()) {}

void Schedule::found(Task task) {
  const Purpose purpose = series_[task.series].purpose;
  const bool enough = purpose == Purpose::canary || (purpose == Purpose::fuzz && until_ == Until::first_failure);
  if (!enough) return;
  std::optional<std::uint64_t>& found = progress_[task.series].found;
  found = found ? std::min(*found, task.number) : task.number;
}

std::optional<Task> Schedule::next_of(std::size_t series) {
  Progress& progress = progress_[series];
  while (progress.done.erase(progress.next) > 0) ++progress.next;
  const std::uint64_t end = series_[series].seeds.value_or(std::numeric_limits<std::uint64_t>::max());
  if (progress.next >= end || (progress.found && progress.next > *progress.found)) return std::nullopt;
  return Task{series, progress.next++};
}

std::optional<Task> Schedule::next() {
  for (const Purpose purpose : {Purpose::regression, Purpose::canary}) {
    for (std::size_t i = 0; i < series_.size(); ++i) {
      if (series_[i].purpose != purpose) continue;
      if (const std::optional<Task> task = next_of(i)) return task;
    }
  }
  for (std::size_t tries = 0; tries < series_.size(); ++tries) {
    const std::size_t series = turn_;
    turn_ = (turn_ + 1) % series_.size();
    if (series_[series].purpose != Purpose::fuzz) continue;
    if (const std::optional<Task> task = next_of(series)) return task;
  }
  return std::nullopt;
}

}  // namespace stillpoint::campaign
