#include "visualizer/screen/lane_stage.hpp"

#include <algorithm>

#include "visualizer/screen/lane_shapes.hpp"
#include "visualizer/screen/palette.hpp"
#include "visualizer/screen/widgets.hpp"

namespace stillpoint::view {

Box Stage::lane(const Ui& ui, std::size_t n) const {
  const double lanes_above = static_cast<double>(n) - static_cast<double>(ui.lane_list.above());
  return {area.x, area.y + static_cast<float>(lanes_above * static_cast<double>(lane_height)), area.w, lane_height};
}

const LaneContent& content_of(Ui& ui, HostIndex host) { return ui.lanes.lane(host, ui.time.width_px()); }

KindGroup group_at(const Ui& ui, EventIndex event) { return group_of(ui.trace().events()[event].kind); }

float y_in(Box lane, KindGroup group) { return lane.y + height_share(group) * lane.h; }

ImU32 shade(ImU32 colour, bool lit, float dim) { return lit ? colour : palette::faded(colour, dim); }

bool is_of_story(const ViolationRow* violation, EventIndex event) {
  if (violation == nullptr) return false;
  const auto& witnesses = violation->witnesses;
  return event == violation->event || std::any_of(witnesses.begin(), witnesses.end(),
                                                  [event](const auto& witness) { return witness.event == event; });
}

// Witnesses and the violation of a lane, from left to right, far enough apart to be read.
std::vector<Placed> place_story(const Ui& ui, Box lane, const std::vector<LaneEvent>& special) {
  std::vector<Placed> result;
  for (const LaneEvent& event : special) {
    if (!is_of_story(ui.view.violation(), event.event)) continue;
    result.push_back({event.event, {ui.time.left + event.x, y_in(lane, group_at(ui, event.event))}});
  }
  const float apart = 2 * px(kBadgeRadius);
  float limit = ui.time.right() - apart / 2;
  for (std::size_t i = result.size(); i-- > 0;) {
    const bool in_sight = result[i].at.x >= ui.time.left && result[i].at.x <= ui.time.right();
    if (!in_sight) continue;
    result[i].at.x = std::min(result[i].at.x, limit);
    limit = result[i].at.x - apart;
  }
  return result;
}

std::optional<ArrowEnd> place_of(const Ui& ui, const Stage& stage, EventIndex event) {
  for (const Placed& placed : stage.story) {
    if (placed.event == event) return ArrowEnd{static_cast<double>(placed.at.x), placed.at.y};
  }
  const EventRow& row = ui.trace().events()[event];
  const auto lane = ui.lane_of(row.host);
  if (!lane) return std::nullopt;
  return ArrowEnd{ui.time.exact_x_of(row.at_ns), y_in(stage.lane(ui, *lane), group_of(row.kind))};
}

}  // namespace stillpoint::view
