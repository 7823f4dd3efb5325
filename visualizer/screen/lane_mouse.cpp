// What the mouse does over the lanes.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "visualizer/screen/lane_stage.hpp"
#include "visualizer/screen/widgets.hpp"
#include "visualizer/screen/words.hpp"

namespace stillpoint::view {
namespace {

constexpr float kReach = 10;      // pixels around the pointer in which it finds an event
constexpr float kDragBegins = 4;  // pixels; less is a click
constexpr double kZoomPerLine = 0.8;

// The event of a lane that is nearest to a point.
EventIndex event_at(Ui& ui, Box lane, HostIndex host, ImVec2 point) {
  const LaneContent& content = content_of(ui, host);
  EventIndex best = kNone;
  float best_distance = px(kReach);
  const auto consider = [&](const LaneEvent& event, float advantage) {
    const float dx = std::abs(ui.time.left + event.x - point.x);
    if (dx > px(kReach)) return;
    const float dy = std::abs(y_in(lane, group_at(ui, event.event)) - point.y);
    const float distance = dx + dy * 0.35F - advantage;
    if (distance >= best_distance) return;
    best = event.event;
    best_distance = distance;
  };
  for (const Placed& placed : place_story(ui, lane, content.special)) {
    if (std::hypot(placed.at.x - point.x, placed.at.y - point.y) <= px(kBadgeRadius)) return placed.event;
  }
  for (const LaneEvent& event : content.special) consider(event, px(4));
  if (content.single) {
    for (const LaneEvent& event : content.events) consider(event, 0);
  }
  if (best != kNone) return best;
  return ui.lanes.nearest(host, ui.time.width_px(), point.x - ui.time.left, px(kReach));
}

void tell_of(Ui& ui, EventIndex event) {
  const EventRow& row = ui.trace().events()[event];
  std::string text =
      fmt::format("{}  {}\n{}", ui.trace().kind_name(event), event_name(ui.trace(), event), seconds_text(row.at_ns));
  const std::string& detail = ui.details.of(event);
  if (!detail.empty()) text += "\n" + detail;
  for (const std::string_view problem : sentences_for_marks(row.marks)) text += "\n" + std::string(problem);
  tooltip(text);
}

void zoom_with_wheel(Ui& ui) {
  const float lines = ImGui::GetIO().MouseWheel;
  if (lines == 0) return;
  if (ImGui::GetIO().KeyShift) {
    ui.lane_list.scroll_by(-static_cast<double>(lines));
  } else {
    ui.view.zoom(std::pow(kZoomPerLine, static_cast<double>(lines)), ui.time.time_at(ImGui::GetIO().MousePos.x));
  }
}

}  // namespace

void let_mouse_touch(Ui& ui, Box lane, HostIndex host) {
  const Box plot{ui.time.left, lane.y, ui.time.width, lane.h};
  ImGui::PushID(host);  // two may have the same name
  const Touch it = touch(fmt::format("lane {}", host_name(ui.trace(), host)), plot);
  ImGui::PopID();
  const ImGuiIO& io = ImGui::GetIO();
  const bool dragged = io.MouseDragMaxDistanceSqr[0] > px(kDragBegins) * px(kDragBegins);
  if (it.held && dragged && io.MouseDelta.x != 0) {
    ui.view.pan(-static_cast<double>(io.MouseDelta.x) / static_cast<double>(ui.time.width_px()));
  }
  if (it.clicked && !dragged) {
    const EventIndex event = event_at(ui, lane, host, io.MousePos);
    if (event != kNone) ui.view.go_to(event);
  }
  if (!it.hovered) return;
  zoom_with_wheel(ui);
  if (it.held) return;
  const EventIndex event = event_at(ui, lane, host, io.MousePos);
  if (event != kNone) tell_of(ui, event);
}

}  // namespace stillpoint::view
