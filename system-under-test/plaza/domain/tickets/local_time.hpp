// The log's time as this node's own clock would have it: what two bugs take for the time. From the first reading on it
// goes as far as the node's clock does, not as far as the log's.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "system-under-test/plaza/domain/domain.hpp"

namespace plaza::tickets {

class LocalTime {
 public:
  explicit LocalTime(std::function<LogTime()> clock) : clock_(std::move(clock)) {}

  // `now` is the log's. Without a clock it is the right one.
  LogTime read(LogTime now) {
    if (!clock_) return now;
    const LogTime local = clock_();
    if (!ahead_) ahead_ = now - local;
    return std::clamp(local + *ahead_, LogTime{}, kLogTimeMost);
  }

 private:
  std::function<LogTime()> clock_;
  std::optional<LogTime> ahead_;  // of the local clock, at the first reading
};

}  // namespace plaza::tickets
