// What lies over the lanes and must never be missed: the lit path, witnesses and violations, marked events, the cursor.
#include <algorithm>
#include <cmath>

#include "visualizer/screen/lane_shapes.hpp"
#include "visualizer/screen/lane_stage.hpp"
#include "visualizer/screen/palette.hpp"
#include "visualizer/screen/widgets.hpp"

namespace stillpoint::view {
namespace {

constexpr std::size_t kMostLitGlyphs = 1500;

bool is_in_sight(const Ui& ui, float x) { return x >= ui.time.left - 1 && x <= ui.time.right() + 1; }

// What stands for an event that is always shown.
void draw_special(const Ui& ui, EventIndex event, ImVec2 at) {
  if (const ViolationRow* violation = ui.view.violation()) {
    for (std::size_t i = 0; i < violation->witnesses.size(); ++i) {
      if (violation->witnesses[i].event == event) return draw_witness_glyph(at, std::to_string(i + 1));
    }
  }
  const EventRow& row = ui.trace().events()[event];
  if (row.kind == EventKind::violation) return draw_violation_glyph(at);
  if (row.marks != 0) return draw_marked_glyph(at);
  draw_glyph(group_of(row.kind), at, palette::of(group_of(row.kind)));
}

// The role of a witness beside its glyph, unless something is there already.
void draw_role(const Ui& ui, const Placed& placed, std::vector<Box>& taken) {
  const ViolationRow& violation = *ui.view.violation();
  std::string text;
  for (const ViolationWitness& witness : violation.witnesses) {
    if (witness.event == placed.event) text = readable(witness.role);
  }
  if (text.empty()) return;
  const float width = text_width(text, small_font()) + px(8);
  for (const float x : {placed.at.x + px(13), placed.at.x - px(13) - width}) {
    const Box box{x, placed.at.y - px(8), width, px(16)};
    const auto overlaps = [&](const Box& other) {
      return box.x < other.right() && other.x < box.right() && box.y < other.bottom() && other.y < box.bottom();
    };
    if (box.x < ui.time.left || box.right() > ui.time.right()) continue;
    if (std::any_of(taken.begin(), taken.end(), overlaps)) continue;
    taken.push_back(box);
    fill(box, palette::faded(palette::kPanel, 0.85F), px(3));
    put_text_in(box, palette::kText, text, Align::centre, small_font());
    return;
  }
}

void draw_story(const Ui& ui, Box lane, const std::vector<LaneEvent>& special) {
  const std::vector<Placed> story = place_story(ui, lane, special);
  std::vector<Box> taken;
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  for (const Placed& placed : story) {
    const float x = ui.time.x_of(ui.trace().events()[placed.event].at_ns);
    if (!is_in_sight(ui, x)) continue;
    if (std::abs(x - placed.at.x) > 1) draw.AddLine(placed.at, {x, placed.at.y}, palette::kBroken, px(1.5F));
    const float half = px(kBadgeRadius);
    taken.push_back({placed.at.x - half, placed.at.y - half, 2 * half, 2 * half});
  }
  for (const Placed& placed : story) {
    if (!is_in_sight(ui, placed.at.x)) continue;
    draw_special(ui, placed.event, placed.at);
    if (placed.event == ui.view.cursor()) draw_cursor_ring(placed.at);
  }
  for (const Placed& placed : story) draw_role(ui, placed, taken);
}

}  // namespace

void draw_lit(Ui& ui, const Stage& stage) {
  const auto& members = ui.view.cone().members;
  const auto events = ui.trace().events();
  const auto first = std::lower_bound(members.begin(), members.end(), ui.time.range.begin_ns,
                                      [&](EventIndex event, std::int64_t at) { return events[event].at_ns < at; });
  const auto last = std::upper_bound(first, members.end(), ui.time.range.end_ns,
                                     [&](std::int64_t at, EventIndex event) { return at < events[event].at_ns; });
  if (ui.view.cone().lit.empty() || last - first > static_cast<std::ptrdiff_t>(kMostLitGlyphs)) return;
  for (auto member = first; member != last; ++member) {
    const EventRow& row = events[*member];
    const auto lane = ui.lane_of(row.host);
    const KindGroup group = group_of(row.kind);
    if (!lane || group == KindGroup::slice || content_of(ui, row.host).single) continue;
    draw_glyph(group, {ui.time.x_of(row.at_ns), y_in(stage.lane(ui, *lane), group)}, palette::of(group));
  }
}

void draw_specials(Ui& ui, const Stage& stage) {
  const EventRow* cursor = ui.cursor_row();
  if (cursor != nullptr && !is_in_sight(ui, ui.time.x_of(cursor->at_ns))) cursor = nullptr;
  if (cursor != nullptr) {
    const float x = std::floor(ui.time.x_of(cursor->at_ns)) + 0.5F;
    ImGui::GetWindowDrawList()->AddLine({x, stage.area.y}, {x, stage.area.bottom()},
                                        palette::faded(palette::kCursor, 0.55F), px(1));
  }
  const ViolationRow* violation = ui.view.violation();
  for (std::size_t row = 0; row < ui.shown_hosts.size(); ++row) {
    const Box lane = stage.lane(ui, row);
    if (!stage.in_sight(lane)) continue;
    const HostIndex host = ui.shown_hosts[row];
    const std::vector<LaneEvent>& special = content_of(ui, host).special;
    for (const LaneEvent& event : special) {
      if (is_of_story(violation, event.event)) continue;
      draw_special(ui, event.event, {ui.time.left + event.x, y_in(lane, group_at(ui, event.event))});
    }
    if (cursor != nullptr && cursor->host == host && !is_of_story(violation, ui.view.cursor())) {
      const ImVec2 here{ui.time.x_of(cursor->at_ns), y_in(lane, group_of(cursor->kind))};
      draw_special(ui, ui.view.cursor(), here);
      draw_cursor_ring(here);
    }
    draw_story(ui, lane, special);
  }
}

}  // namespace stillpoint::view
