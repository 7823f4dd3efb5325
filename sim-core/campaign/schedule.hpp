#pragma once
// Which seed of which series is to be run next. Regression cases first, then canaries, then all fuzz series in turn, a
// seed of each. It remembers what was handed out; what was done in an earlier session is told to it at the start.
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "sim-core/campaign/series.hpp"

namespace stillpoint::campaign {

struct Task {
  std::size_t series;
  std::uint64_t number;  // which seed of it
  bool operator==(const Task&) const = default;
};

// Whether a campaign has seen enough of a scenario once a seed of it has failed.
enum class Until : std::uint8_t { all_is_run, first_failure };

class Schedule {
 public:
  // Keeps a reference.
  explicit Schedule(const std::vector<Series>& series, Until until = Until::all_is_run);

  // This one has ended already. Before the first next().
  void skip(Task task) { progress_[task.series].done.insert(task.number); }
  // A seed of a canary failed, as one of them must: seeds after it need not be run. Likewise one of a fuzz series, if
  // the first failure is enough.
  void found(Task task);
  // nullopt: everything has been handed out.
  std::optional<Task> next();

 private:
  struct Progress {
    std::uint64_t next = 0;
    std::set<std::uint64_t> done;        // beyond `next`
    std::optional<std::uint64_t> found;  // the first failure that is enough
  };
  std::optional<Task> next_of(std::size_t series);

  const std::vector<Series>& series_;
  Until until_;
  std::vector<Progress> progress_;
  std::size_t turn_ = 0;  // of the fuzz series
};

}  // namespace stillpoint::campaign
