// The whole trace in one strip: how much happened when, what of it is lit, what broke and its witnesses, the cursor,
// and the stretch that the lanes show, which can be dragged, resized and drawn anew.
#include <algorithm>
#include <cmath>

#include "visualizer/screen/time_axis.hpp"
#include "visualizer/screen/ui.hpp"
#include "visualizer/screen/widgets.hpp"
#include "visualizer/screen/words.hpp"

namespace stillpoint::view {
namespace {

constexpr float kEdge = 5;  // pixels around an edge of the window that take hold of it
constexpr float kNarrowestWindow = 6;

bool any_lit_between(const Ui& ui, std::int64_t from_ns, std::int64_t to_ns) {
  const auto& members = ui.view.cone().members;
  const auto events = ui.trace().events();
  const auto found = std::lower_bound(members.begin(), members.end(), from_ns,
                                      [&](EventIndex event, std::int64_t at) { return events[event].at_ns < at; });
  return found != members.end() && events[*found].at_ns < to_ns;
}

void draw_density(Ui& ui, Box plot, const TimeScale& all) {
  const int columns = static_cast<int>(plot.w);
  if (columns < 1) return;
  const auto& density = ui.lanes.density(columns);
  std::uint32_t most = 1;
  for (const std::uint32_t count : density) most = std::max(most, count);
  const bool everything = ui.view.cone().lit.empty();
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  for (std::size_t i = 0; i < density.size(); ++i) {
    if (density[i] == 0) continue;
    const float share = std::sqrt(static_cast<float>(density[i]) / static_cast<float>(most));
    const float x = plot.x + static_cast<float>(i);
    const bool lit = !everything && any_lit_between(ui, all.time_at(x), all.time_at(x + 1) + 1);
    const float height = std::max(1.0F, share * (plot.h - px(8)));
    draw.AddRectFilled({x, plot.bottom() - px(2) - height}, {x + 1, plot.bottom() - px(2)},
                       lit ? palette::kAccent : palette::rgb(everything ? 0x5b7ea6 : 0x44566a));
  }
}

void draw_ticks(const Ui& ui, Box plot, const TimeScale& all) {
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const auto events = ui.trace().events();
  const auto tick = [&](EventIndex event, ImU32 colour, float from, float to, float width) {
    if (event == kNone) return;
    const float x = std::floor(all.x_of(events[event].at_ns));
    draw.AddRectFilled({x - width / 2, plot.y + from * plot.h}, {x + width / 2, plot.y + to * plot.h}, colour);
  };
  float last_x = -1e9F;
  for (const ViolationRow& violation : ui.trace().violations()) {
    if (violation.event == kNone) continue;
    const float x = std::floor(all.x_of(events[violation.event].at_ns));
    if (x == last_x) continue;  // thousands of them may share a pixel
    last_x = x;
    tick(violation.event, palette::kBroken, 0, 1, px(2));
  }
  if (const ViolationRow* violation = ui.view.violation()) {
    for (const ViolationWitness& witness : violation->witnesses) {
      if (witness.event == kNone) continue;
      const float x = all.x_of(events[witness.event].at_ns);
      draw.AddTriangleFilled({x - px(4), plot.y}, {x + px(4), plot.y}, {x, plot.y + px(6)}, palette::kBroken);
      tick(witness.event, palette::faded(palette::kBroken, 0.6F), 0, 1, 1);
    }
  }
  tick(ui.view.cursor(), palette::kCursor, 0, 1, px(1.5F));
}

void draw_window(Box plot, Box window, bool held) {
  const ImU32 shade = palette::faded(palette::kGround, 0.55F);
  fill({plot.x, plot.y, std::max(window.x - plot.x, 0.0F), plot.h}, shade);
  fill({window.right(), plot.y, std::max(plot.right() - window.right(), 0.0F), plot.h}, shade);
  fill(window, palette::faded(palette::kText, held ? 0.08F : 0.04F));
  outline(window, palette::faded(palette::kText, held ? 0.9F : 0.5F), px(3));
}

enum class Grip { window, left_edge, right_edge, fresh };

Grip grip_at(float x, Box window, Box plot) {
  if (std::abs(x - window.x) < px(kEdge) && window.x > plot.x + 1) return Grip::left_edge;
  if (std::abs(x - window.right()) < px(kEdge) && window.right() < plot.right() - 1) return Grip::right_edge;
  const bool whole = window.w > plot.w - 2;
  return whole ? Grip::fresh : Grip::window;
}

void drag(Ui& ui, Box plot, Box window, const TimeScale& all) {
  static constexpr ImGuiMouseButton kLeft = ImGuiMouseButton_Left;
  ImGuiStorage& storage = *ImGui::GetStateStorage();
  const ImGuiID grip_id = ImGui::GetID("grip");
  const ImGuiID offset_id = ImGui::GetID("offset");
  const float mouse = ImGui::GetIO().MousePos.x;
  if (ImGui::IsMouseClicked(kLeft)) {
    storage.SetInt(grip_id, static_cast<int>(grip_at(mouse, window, plot)));
    const bool inside = mouse >= window.x && mouse <= window.right();
    storage.SetFloat(offset_id, inside ? mouse - window.x : window.w / 2);
  }
  const TimeRange range = ui.view.range();
  const std::int64_t at = all.time_at(mouse);
  switch (static_cast<Grip>(storage.GetInt(grip_id))) {
    case Grip::left_edge:
      return ui.view.set_range({std::min(at, range.end_ns - 1), range.end_ns});
    case Grip::right_edge:
      return ui.view.set_range({range.begin_ns, std::max(at, range.begin_ns + 1)});
    case Grip::window: {
      const std::int64_t length = range.length();
      const std::int64_t latest = std::max(all.range.begin_ns, all.range.end_ns - length);
      const std::int64_t begin =
          std::clamp(all.time_at(mouse - storage.GetFloat(offset_id)), all.range.begin_ns, latest);
      return ui.view.set_range({begin, begin + length});
    }
    case Grip::fresh: {
      const float from = ImGui::GetIO().MouseClickedPos[kLeft].x;
      if (std::abs(mouse - from) < px(kNarrowestWindow)) return;
      return ui.view.set_range({all.time_at(std::min(from, mouse)), all.time_at(std::max(from, mouse))});
    }
  }
}

}  // namespace

void draw_minimap(Ui& ui, Box box) {
  const Part part("minimap", box, palette::kGround);
  if (!part) return;
  const TimeScale all{ui.view.whole(), ui.time.left, ui.time.width};
  const Box plot{all.left, box.y + px(4), all.width, box.h - px(8)};
  put_text_in({box.x + pad(), box.y, all.left - box.x - pad(), box.h}, palette::kFaint, "whole run");
  if (plot.empty()) return;
  const TimeRange range = ui.view.range();
  const float left = std::clamp(all.x_of(range.begin_ns), plot.x, plot.right());
  const float right = std::clamp(all.x_of(range.end_ns), left, plot.right());
  // However short the stretch is, its window can be seen and taken hold of.
  const float missing = std::max(0.0F, px(kNarrowestWindow) - (right - left));
  const float window_x = std::clamp(left - missing / 2, plot.x, std::max(plot.x, plot.right() - px(kNarrowestWindow)));
  const Box window{window_x, plot.y, right - left + missing, plot.h};
  const Touch it = touch("minimap", plot);
  if (it.held) drag(ui, plot, window, all);
  if (it.hovered && !it.held && grip_at(ImGui::GetIO().MousePos.x, window, plot) != Grip::window) {
    const Grip grip = grip_at(ImGui::GetIO().MousePos.x, window, plot);
    if (grip != Grip::fresh) ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeEW);
  }
  if (it.hovered && ImGui::GetIO().MouseWheel != 0) {
    ui.view.zoom(std::pow(0.8, static_cast<double>(ImGui::GetIO().MouseWheel)), all.time_at(ImGui::GetIO().MousePos.x));
  }
  fill(plot, palette::kPanel, px(3));
  draw_density(ui, plot, all);
  draw_window(plot, window, it.held);
  draw_ticks(ui, plot, all);
}

}  // namespace stillpoint::view
