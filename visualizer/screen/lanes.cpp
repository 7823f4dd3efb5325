// One lane a host: its slices as bars, its events as glyphs, columns of counts where there are too many; over them
// arrows, and over those what must never be missed.
#include "visualizer/model/lanes.hpp"

#include <algorithm>
#include <cmath>

#include "visualizer/screen/arrows.hpp"
#include "visualizer/screen/lane_shapes.hpp"
#include "visualizer/screen/lane_stage.hpp"
#include "visualizer/screen/palette.hpp"
#include "visualizer/screen/ui.hpp"
#include "visualizer/screen/widgets.hpp"
#include "visualizer/screen/words.hpp"

namespace stillpoint::view {
namespace {

constexpr float kLowestLane = 50;
constexpr float kHighestLane = 92;
constexpr float kDimShape = 0.42F;  // of bars, which are dim by themselves

void draw_columns(const Ui& ui, Box lane, const LaneContent& content) {
  std::uint32_t most = 1;
  for (const LaneColumn& column : content.columns) most = std::max(most, column.count);
  const float scale_to = 0.78F * lane.h / std::log2(static_cast<float>(most) + 1);
  const bool everything = ui.view.cone().lit.empty();
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  for (const LaneColumn& column : content.columns) {
    const float x = ui.time.left + static_cast<float>(column.x);
    const float height = std::log2(static_cast<float>(column.count) + 1) * scale_to;
    const float bottom = lane.bottom() - lane.h * 0.07F;
    draw.AddRectFilled({x, bottom - height}, {x + 1, bottom},
                       shade(palette::faded(palette::of(column.group), 0.8F), everything || column.lit, kDimShape));
  }
}

void draw_slices(const Ui& ui, Box lane, const LaneContent& content) {
  const float y = y_in(lane, KindGroup::slice);
  const float half = std::max(2.0F, lane.h * 0.05F);
  for (const LaneSlice& slice : content.slices) {
    const float from = ui.time.left + std::clamp(slice.x_begin, -10.0F, ui.time.width + 10);
    const float to = std::max(ui.time.left + std::clamp(slice.x_end, -10.0F, ui.time.width + 10), from + 1);
    const float rounding = to - from > px(6) ? px(2) : 0;
    fill({from, y - half, to - from, 2 * half}, shade(palette::of(KindGroup::slice), slice.lit, kDimShape), rounding);
  }
}

void draw_events(const Ui& ui, Box lane, const LaneContent& content) {
  // What is lit lies over what is not.
  for (const bool lit : {false, true}) {
    for (const LaneEvent& event : content.events) {
      if (event.lit != lit) continue;
      const KindGroup group = group_at(ui, event.event);
      if (group == KindGroup::slice) continue;  // its bar says it
      draw_glyph(group, {ui.time.left + event.x, y_in(lane, group)}, shade(palette::of(group), lit, palette::kDim));
    }
  }
}

void draw_name(const Ui& ui, Box lane, HostIndex host) {
  const Host& of = ui.trace().hosts()[host];
  const EventRow* cursor = ui.cursor_row();
  const bool current = cursor != nullptr && cursor->host == host;
  const float width = ui.time.left - lane.x - 2 * pad() + px(4);
  const float middle = lane.y + lane.h / 2;
  const std::string role = host == 0 ? "the simulation itself" : readable(of.role);
  put_text({lane.x + pad(), middle - px(role.empty() ? 8 : 17)}, current ? palette::kText : palette::kMuted,
           readable(host_name(ui.trace(), host)), width, bold_font());
  put_text({lane.x + pad(), middle + px(3)}, palette::kFaint, role, width, small_font());
  if (current) fill({lane.x, lane.y, px(3), lane.h - 1}, palette::kCursor);
}

void draw_lane(Ui& ui, Box lane, std::size_t row) {
  const HostIndex host = ui.shown_hosts[row];
  if (row % 2 == 1) fill(lane, palette::kBand);
  draw_name(ui, lane, host);
  let_mouse_touch(ui, lane, host);
  const LaneContent& content = content_of(ui, host);
  ImGui::PushClipRect({ui.time.left, lane.y}, {ui.time.right(), lane.bottom()}, true);
  if (content.single) {
    draw_slices(ui, lane, content);
    draw_events(ui, lane, content);
  } else {
    draw_columns(ui, lane, content);
  }
  ImGui::PopClipRect();
  ImGui::GetWindowDrawList()->AddLine({lane.x, lane.bottom() - 0.5F}, {lane.right(), lane.bottom() - 0.5F},
                                      palette::kLine);
}

}  // namespace

void draw_lanes(Ui& ui, Box box) {
  const Part part("lanes", box, palette::kPanel);
  if (!part) return;
  if (ui.shown_hosts.empty()) {
    put_text_in(box, palette::kFaint, "nothing happened on any host", Align::centre);
    return;
  }
  const auto rows = static_cast<float>(ui.shown_hosts.size());
  Stage stage{box, std::floor(std::clamp(box.h / rows, px(kLowestLane), px(kHighestLane))), {}};
  const EventRow* cursor = ui.cursor_row();
  if (ui.cursor_moved && cursor != nullptr) {
    if (const auto lane = ui.lane_of(cursor->host)) ui.lane_list.reveal(*lane);
  }
  const bool over_names = ImGui::IsWindowHovered() && ImGui::GetIO().MousePos.x < ui.time.left;
  if (over_names) ui.lane_list.scroll_by(-static_cast<double>(ImGui::GetIO().MouseWheel));
  draw_time_grid({ui.time.left, box.y, ui.time.width, box.h}, ui.time);
  ui.lane_list.draw(box, ui.shown_hosts.size(), stage.lane_height,
                    [&](std::size_t row, Box lane) { draw_lane(ui, lane, row); });
  const Box plot{ui.time.left, box.y, ui.time.width, box.h};
  ImGui::PushClipRect(plot.min(), plot.max(), true);
  for (std::size_t row = 0; row < ui.shown_hosts.size(); ++row) {
    const Box lane = stage.lane(ui, row);
    if (!stage.in_sight(lane)) continue;
    const auto placed = place_story(ui, lane, content_of(ui, ui.shown_hosts[row]).special);
    stage.story.insert(stage.story.end(), placed.begin(), placed.end());
  }
  draw_arrows(ui, plot, [&](EventIndex event) { return place_of(ui, stage, event); });
  draw_lit(ui, stage);
  ImGui::PopClipRect();
  // At an edge of the plot they may stand out over it.
  ImGui::PushClipRect({plot.x - px(kBadgeRadius + 2), plot.y}, {plot.right() + px(kBadgeRadius + 2), plot.bottom()},
                      true);
  draw_specials(ui, stage);
  ImGui::PopClipRect();
}

}  // namespace stillpoint::view
