#pragma once
// A stretch of time, and where the time of a whole trace begins and ends.
#include <cstdint>

#include "visualizer/model/trace.hpp"

namespace stillpoint::view {

struct TimeRange {
  std::int64_t begin_ns = 0;
  std::int64_t end_ns = 1;  // after begin_ns, always
  std::int64_t length() const { return end_ns - begin_ns; }
  bool operator==(const TimeRange&) const = default;
};

// The shortest stretch of time that is shown.
constexpr std::int64_t kShortestRangeNs = 100;

// From the beginning of the run, or an event before it, to a little after the last event.
TimeRange whole_of(const Trace& trace);

// With a tenth of it added on either side.
TimeRange with_margin(TimeRange range);

}  // namespace stillpoint::view
