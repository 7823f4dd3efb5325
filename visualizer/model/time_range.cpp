#include "visualizer/model/time_range.hpp"

#include <algorithm>
#include <cmath>

#include "visualizer/model/view.hpp"

namespace stillpoint::view {
namespace {

// No time in here is further from the beginning than this, so that no sum of two overflows.
constexpr std::int64_t kFarNs = kFarthestNs + (kFarthestNs >> 2);
// The shortest range that the viewer opens with: two or three messages' time.
constexpr std::int64_t kShortestOpeningNs = 10'000;
// The whole cone is shown at the beginning unless it is this many times as long as the violation's own story.
constexpr std::int64_t kLongestCone = 3;

std::int64_t near(std::int64_t ns) { return std::clamp(ns, -kFarNs, kFarNs); }

// Rounded, and never further away than kFarNs. Of no number, 0.
std::int64_t nanoseconds(long double ns) {
  if (!(ns == ns)) return 0;
  return static_cast<std::int64_t>(std::round(std::clamp<long double>(ns, -kFarNs, kFarNs)));
}

// From the earliest to the latest of these events, of which there is at least one.
TimeRange extent(const Trace& trace, std::span<const EventIndex> list) {
  std::int64_t begin = kFarNs;
  std::int64_t end = -kFarNs;
  for (const EventIndex event : list) {
    begin = std::min(begin, trace.events()[event].at_ns);
    end = std::max(end, trace.events()[event].at_ns);
  }
  return {.begin_ns = begin, .end_ns = end + 1};
}

// How an event came about: back along messages and users' decisions, one way, to the decision.
void add_story(const Trace& trace, EventIndex event, std::vector<EventIndex>& story) {
  constexpr int kLongestStory = 16;
  for (int i = 0; i < kLongestStory && event != kNone; ++i) {
    story.push_back(event);
    const EventRow& row = trace.events()[event];
    const bool followed = row.cause_kind == CauseKind::message || row.cause_kind == CauseKind::user;
    if (row.kind == EventKind::step) return;
    event = followed ? row.cause : kNone;
  }
}

}  // namespace

TimeRange whole_of(const Trace& trace) {
  std::int64_t first = 0;
  std::int64_t last = 0;
  const std::span<const EventRow> events = trace.events();
  if (!events.empty()) {
    const std::span<const EventIndex> by_time = trace.by_time();
    first = events[by_time.empty() ? 0 : by_time.front()].at_ns;
    last = events[by_time.empty() ? events.size() - 1 : by_time.back()].at_ns;
  }
  TimeRange whole{.begin_ns = std::min<std::int64_t>(first, 0), .end_ns = std::max<std::int64_t>(last, 0)};
  // What happened last is often what matters most: not at the very edge.
  whole.end_ns += whole.length() / 50 + 1;
  whole.end_ns = std::max(whole.end_ns, whole.begin_ns + kShortestRangeNs);
  return whole;
}

TimeRange with_margin(TimeRange range) {
  const std::int64_t margin = range.length() / 10 + 1;
  return {.begin_ns = near(range.begin_ns - margin), .end_ns = near(range.end_ns + margin)};
}

TimeRange View::range_of_violation() const {
  const ViolationRow* shown = violation();
  std::vector<EventIndex> story;
  if (shown->event != kNone) story.push_back(shown->event);
  for (const ViolationWitness& witness : shown->witnesses) add_story(trace_, witness.event, story);
  if (story.empty()) return whole_;
  TimeRange range = extent(trace_, story);
  const TimeRange cone = extent(trace_, cone_.members);
  if (cone.length() / kLongestCone <= range.length()) range = cone;
  range = with_margin(range);
  const std::int64_t missing = kShortestOpeningNs - range.length();
  if (missing > 0) range = {.begin_ns = near(range.begin_ns - missing / 2), .end_ns = near(range.end_ns + missing / 2)};
  return range;
}

// Moves a range that reaches over an edge, rather than cutting it.
void View::set_range(TimeRange range) {
  const std::int64_t begin = near(range.begin_ns);
  const std::int64_t length = std::clamp(near(range.end_ns) - begin, kShortestRangeNs, whole_.length());
  range_.begin_ns = std::clamp(begin, whole_.begin_ns, whole_.end_ns - length);
  range_.end_ns = range_.begin_ns + length;
}

void View::zoom(double factor, std::int64_t around_ns) {
  if (!(factor > 0)) return;
  const long double around = std::clamp(around_ns, range_.begin_ns, range_.end_ns);
  const auto old_length = static_cast<long double>(range_.length());
  const long double length =
      std::clamp<long double>(old_length * factor, kShortestRangeNs, static_cast<long double>(whole_.length()));
  const long double before = (around - static_cast<long double>(range_.begin_ns)) / old_length;
  const std::int64_t begin = nanoseconds(around - before * length);
  set_range({.begin_ns = begin, .end_ns = begin + nanoseconds(length)});
}

void View::pan(double share_of_range) {
  const std::int64_t way =
      nanoseconds(static_cast<long double>(share_of_range) * static_cast<long double>(range_.length()));
  const std::int64_t begin = std::clamp(near(range_.begin_ns + way), whole_.begin_ns, whole_.end_ns);
  set_range({.begin_ns = begin, .end_ns = begin + range_.length()});
}

void View::show_lit() { set_range(cone_.members.empty() ? whole_ : with_margin(extent(trace_, cone_.members))); }

void View::show_cursor() {
  if (cursor_ == kNone) return;
  const std::int64_t at = trace_.events()[cursor_].at_ns;
  const std::int64_t margin = range_.length() / 10;
  if (at >= range_.begin_ns + margin && at <= range_.end_ns - margin) return;
  const std::int64_t begin = at - range_.length() / 2;
  set_range({.begin_ns = begin, .end_ns = begin + range_.length()});
}

// As show_cursor(), but leaves the range alone as long as the cursor can be seen.
void View::bring_into_sight() {
  if (cursor_ == kNone) return;
  const std::int64_t at = trace_.events()[cursor_].at_ns;
  const std::int64_t margin = range_.length() / 50;
  if (at < range_.begin_ns + margin || at > range_.end_ns - margin) show_cursor();
}

}  // namespace stillpoint::view
