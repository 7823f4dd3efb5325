#include "visualizer/model/lane_index.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace stillpoint::view {
namespace {

// An event gets two pixels on average, or is counted in a column.
constexpr std::size_t kPixelsPerEvent = 2;
// More special events than that in a lane share pixels.
constexpr std::size_t kMostSpecial = 4000;
// How many events of a column decide upon its colour.
constexpr std::uint32_t kSample = 8;
// How far beyond the range to look for a slice that reaches into it, in events.
constexpr std::uint32_t kLookAhead = 64;
// How many events at the same place to look at for a click.
constexpr std::uint32_t kMostCandidates = 256;

}  // namespace

KindGroup group_of(EventKind kind) {
  switch (kind) {
    case EventKind::slice:
      return KindGroup::slice;
    case EventKind::listen:
    case EventKind::send:
    case EventKind::deliver:
    case EventKind::drop:
    case EventKind::connect:
    case EventKind::query:
    case EventKind::answer:
      return KindGroup::network;
    case EventKind::arm:
    case EventKind::expire:
      return KindGroup::timer;
    case EventKind::step:
    case EventKind::invoke:
    case EventKind::ok:
    case EventKind::fail:
    case EventKind::info:
      return KindGroup::user;
    case EventKind::receive:
    case EventKind::apply:
      return KindGroup::service;
    case EventKind::violation:
      return KindGroup::violation;
    default:
      return KindGroup::other;
  }
}

LaneIndex::LaneIndex(const Trace& trace, HostIndex host, const std::vector<EventIndex>& witnesses)
    : trace_(&trace), order_(trace.hosts()[host].events) {
  const std::span<const EventRow> events = trace.events();
  if (!trace.by_time().empty()) {
    std::stable_sort(order_.begin(), order_.end(),
                     [events](EventIndex left, EventIndex right) { return events[left].at_ns < events[right].at_ns; });
  }
  times_.reserve(order_.size());
  groups_.reserve(order_.size());
  for (Place place = 0; place < order_.size(); ++place) {
    const EventIndex event = order_[place];
    const EventRow& row = events[event];
    times_.push_back(row.at_ns);
    groups_.push_back(group_of(row.kind));
    if (row.kind == EventKind::violation) {
      special_.push_back({.place = place, .special = Special::violation});
    } else if (std::binary_search(witnesses.begin(), witnesses.end(), event)) {
      special_.push_back({.place = place, .special = Special::witness});
    } else if (row.marks != 0) {
      special_.push_back({.place = place, .special = Special::marked});
    }
  }
}

void LaneIndex::set_cone(const Cone& cone, std::uint64_t version) {
  if (cone_version_ == version) return;
  cone_version_ = version;
  cone_ = cone.lit.empty() ? nullptr : &cone;
  lit_.clear();
  if (cone_ == nullptr) return;
  for (Place place = 0; place < order_.size(); ++place) {
    if (cone.lit[order_[place]]) lit_.push_back(place);
  }
}

LaneIndex::Place LaneIndex::first_at(std::int64_t at_ns) const {
  return static_cast<Place>(std::lower_bound(times_.begin(), times_.end(), at_ns) - times_.begin());
}

LaneIndex::Place LaneIndex::first_after(std::int64_t at_ns) const {
  return static_cast<Place>(std::upper_bound(times_.begin(), times_.end(), at_ns) - times_.begin());
}

LaneEvent LaneIndex::lane_event(Place place, const TimeScale& scale) const {
  return {.event = order_[place], .x = static_cast<float>(scale.x(times_[place])), .lit = is_lit(place)};
}

LaneContent LaneIndex::draw(TimeRange range, int width_px, EventIndex cursor) const {
  const TimeScale scale(range, width_px);
  const Place first = first_at(range.begin_ns);
  const Place last = first_after(range.end_ns);
  LaneContent content;
  content.single = last - first <= static_cast<std::size_t>(width_px) / kPixelsPerEvent;
  if (content.single) {
    for (Place place = first; place < last; ++place) content.events.push_back(lane_event(place, scale));
    content.slices = draw_slices(first, last, scale);
  } else {
    content.columns = draw_columns(first, last, scale);
  }
  content.special = draw_special(first, last, scale, cursor);
  return content;
}

std::vector<LaneEvent> LaneIndex::draw_special(Place first, Place last, const TimeScale& scale,
                                               EventIndex cursor) const {
  std::vector<LaneEvent> result;
  const auto by_place = [](const SpecialPlace& special, Place place) { return special.place < place; };
  const auto begin = std::lower_bound(special_.begin(), special_.end(), first, by_place);
  const auto end = std::lower_bound(begin, special_.end(), last, by_place);
  const bool crowded = static_cast<std::size_t>(end - begin) > kMostSpecial;
  for (auto special = begin; special != end;) {
    // Of a pixel, the most important one.
    auto next = std::next(special);
    const std::uint64_t column = scale.column(times_[special->place]);
    for (; crowded && next != end && scale.column(times_[next->place]) == column; ++next) {
      if (next->special < special->special) special = next;
    }
    result.push_back(lane_event(special->place, scale));
    special = next;
  }
  if (cursor != kNone) {
    const std::int64_t at = trace_->events()[cursor].at_ns;
    for (Place place = std::max(first, first_at(at)); place < last && times_[place] == at; ++place) {
      if (order_[place] != cursor) continue;
      const bool there =
          std::any_of(result.begin(), result.end(), [cursor](const LaneEvent& event) { return event.event == cursor; });
      if (!there) result.push_back(lane_event(place, scale));
      break;
    }
  }
  return result;
}

KindGroup LaneIndex::frequent_group(Place first, Place last) const {
  std::array<std::uint32_t, static_cast<std::size_t>(KindGroup::other) + 1> counts{};
  const Place step = std::max<Place>(1, (last - first) / kSample);
  std::size_t best = static_cast<std::size_t>(groups_[first]);
  for (Place place = first; place < last; place += step) {
    const auto group = static_cast<std::size_t>(groups_[place]);
    if (++counts[group] > counts[best]) best = group;
  }
  return static_cast<KindGroup>(best);
}

std::vector<LaneColumn> LaneIndex::draw_columns(Place first, Place last, const TimeScale& scale) const {
  std::vector<LaneColumn> columns;
  auto lit = std::lower_bound(lit_.begin(), lit_.end(), first);
  for (Place place = first; place < last;) {
    const std::uint64_t column = scale.column(times_[place]);
    const std::int64_t next_begins = scale.begin_of(column + 1);
    // The last column takes the end of the range as well.
    Place next = place + 1;
    for (Place way = 1; next < last && times_[next] < next_begins; way *= 2) {
      const Place far = last - next > way ? next + way : last;
      if (far < last && times_[far] < next_begins) {
        next = far;
        continue;
      }
      next = static_cast<Place>(std::lower_bound(times_.begin() + next, times_.begin() + far, next_begins) -
                                times_.begin());
      break;
    }
    while (next < last && scale.column(times_[next]) == column) ++next;
    while (lit != lit_.end() && *lit < place) ++lit;
    columns.push_back({.x = static_cast<std::uint16_t>(column),
                       .group = frequent_group(place, next),
                       .count = next - place,
                       .lit = cone_ == nullptr || (lit != lit_.end() && *lit < next)});
    place = next;
  }
  return columns;
}

std::vector<LaneSlice> LaneIndex::draw_slices(Place first, Place last, const TimeScale& scale) const {
  std::vector<LaneSlice> slices;
  const Place end = static_cast<Place>(std::min<std::size_t>(times_.size(), std::size_t{last} + kLookAhead));
  for (Place place = first; place < end; ++place) {
    if (groups_[place] != KindGroup::slice) continue;
    const std::uint64_t cost = trace_->events()[order_[place]].a;
    const std::int64_t paid_from =
        times_[place] - static_cast<std::int64_t>(std::min(cost, static_cast<std::uint64_t>(kFarthestNs)));
    const LaneSlice slice{.x_begin = static_cast<float>(scale.x(paid_from)),
                          .x_end = static_cast<float>(scale.x(times_[place])),
                          .event = order_[place],
                          .lit = is_lit(place)};
    if (cost > 0) {
      const bool touches =
          !slices.empty() && slice.x_begin - slices.back().x_end < 1 && slice.x_begin >= slices.back().x_begin;
      const bool thin =
          slice.x_end - slice.x_begin < 1 || (!slices.empty() && slices.back().x_end - slices.back().x_begin < 1);
      if (touches && thin) {
        slices.back().x_end = std::max(slices.back().x_end, slice.x_end);
        slices.back().lit = slices.back().lit || slice.lit;
      } else {
        slices.push_back(slice);
      }
    }
    if (place >= last) break;  // the one that may reach into the range
  }
  return slices;
}

// The lower, the sooner it is chosen among others at the same place.
int LaneIndex::importance(Place place) const {
  const auto special = std::lower_bound(special_.begin(), special_.end(), place,
                                        [](const SpecialPlace& one, Place wanted) { return one.place < wanted; });
  if (special != special_.end() && special->place == place) return static_cast<int>(special->special);
  return cone_ != nullptr && is_lit(place) ? static_cast<int>(Special::cursor) : static_cast<int>(Special::cursor) + 1;
}

EventIndex LaneIndex::nearest(TimeRange range, int width_px, float x, float reach_px) const {
  if (times_.empty() || !std::isfinite(x) || !(reach_px >= 0)) return kNone;
  const TimeScale scale(range, width_px);
  const auto distance = [&](Place place) { return std::fabs(scale.x(times_[place]) - static_cast<double>(x)); };
  // The nearest on either side.
  const auto after =
      static_cast<Place>(std::partition_point(times_.begin(), times_.end(),
                                              [&](std::int64_t at) { return scale.x(at) < static_cast<double>(x); }) -
                         times_.begin());
  double closest = static_cast<double>(reach_px);
  bool found = false;
  for (const Place place : {after, after - 1}) {
    if (place < times_.size() && distance(place) <= closest) {
      closest = distance(place);
      found = true;
    }
  }
  if (!found) return kNone;
  // Among those that are hardly further away.
  const double limit = std::min(static_cast<double>(reach_px), closest + 1);
  Place best = after;
  int best_importance = INT32_MAX;
  double best_distance = 0;
  const auto consider = [&](Place place) {
    if (place >= times_.size() || distance(place) > limit) return false;
    const int level = importance(place);
    if (level < best_importance || (level == best_importance && distance(place) < best_distance)) {
      best = place;
      best_importance = level;
      best_distance = distance(place);
    }
    return true;
  };
  for (Place i = 0; i < kMostCandidates && consider(after + i); ++i) continue;
  for (Place i = 1; i < kMostCandidates && i <= after && consider(after - i); ++i) continue;
  // A special event is found however many others are there.
  auto special = std::lower_bound(special_.begin(), special_.end(), after,
                                  [](const SpecialPlace& one, Place wanted) { return one.place < wanted; });
  for (auto one = special; one != special_.end() && one - special < kMostCandidates && consider(one->place);) ++one;
  for (auto one = special; one != special_.begin() && special - one < kMostCandidates && consider((--one)->place);)
    continue;
  return order_[best];
}

}  // namespace stillpoint::view
