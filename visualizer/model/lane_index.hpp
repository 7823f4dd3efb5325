#pragma once
// One host's events by time, ready to be drawn at any level. Internal to Lanes.
#include <cstdint>
#include <vector>

#include "visualizer/model/lanes.hpp"
#include "visualizer/model/time_scale.hpp"

namespace stillpoint::view {

// What must not be lost in a column, the most important first.
enum class Special : std::uint8_t { violation, witness, marked, cursor };

class LaneIndex {
 public:
  // `witnesses`: all of the trace, sorted.
  LaneIndex(const Trace& trace, HostIndex host, const std::vector<EventIndex>& witnesses);

  // Has to be told of every change of the cone.
  void set_cone(const Cone& cone, std::uint64_t version);

  LaneContent draw(TimeRange range, int width_px, EventIndex cursor) const;
  EventIndex nearest(TimeRange range, int width_px, float x, float reach_px) const;

 private:
  using Place = std::uint32_t;  // among the host's events by time
  struct SpecialPlace {
    Place place;
    Special special;
  };

  bool is_lit(Place place) const { return cone_ == nullptr || cone_->contains(order_[place]); }
  Place first_at(std::int64_t at_ns) const;
  Place first_after(std::int64_t at_ns) const;
  LaneEvent lane_event(Place place, const TimeScale& scale) const;
  std::vector<LaneEvent> draw_special(Place first, Place last, const TimeScale& scale, EventIndex cursor) const;
  std::vector<LaneColumn> draw_columns(Place first, Place last, const TimeScale& scale) const;
  std::vector<LaneSlice> draw_slices(Place first, Place last, const TimeScale& scale) const;
  KindGroup frequent_group(Place first, Place last) const;
  int importance(Place place) const;

  const Trace* trace_;
  const Cone* cone_ = nullptr;
  std::uint64_t cone_version_ = UINT64_MAX;
  std::vector<EventIndex> order_;
  std::vector<std::int64_t> times_;
  std::vector<KindGroup> groups_;
  std::vector<SpecialPlace> special_;
  std::vector<Place> lit_;  // unless everything is
};

}  // namespace stillpoint::view
