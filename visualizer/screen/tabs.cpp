// The lower part: its tabs, and the filter of the event table beside them.
#include <fmt/format.h>
#include <imgui.h>
#include <imgui_stdlib.h>

#include <algorithm>

#include "visualizer/backend/items.hpp"
#include "visualizer/backend/redraw.hpp"
#include "visualizer/screen/palette.hpp"
#include "visualizer/screen/ui.hpp"
#include "visualizer/screen/widgets.hpp"
#include "visualizer/screen/words.hpp"

namespace stillpoint::view {
namespace {

constexpr float kBarHeight = 34;
constexpr float kFilterWidth = 300;
constexpr float kGripHeight = 6;

// Returns the x after it.
float draw_tab(Ui& ui, Tab tab, std::string_view name, std::size_t count, float x, Box bar) {
  const std::string number = count_text(count);
  const float name_width = text_width(name, bold_font());
  const float width = name_width + px(6) + text_width(number, small_font()) + px(20);
  const Box box{x, bar.y, width, bar.h};
  const Touch it = touch(fmt::format("tab {}", name), box);
  const bool current = ui.tab == tab;
  const ImU32 colour = current ? palette::kText : it.hovered ? palette::kMuted : palette::kFaint;
  put_text_in({x + px(8), bar.y, name_width + 1, bar.h}, colour, name, Align::left, bold_font());
  put_text_in({x + px(14) + name_width, bar.y + px(1), width, bar.h}, palette::kFaint, number, Align::left,
              small_font());
  if (current) fill({x + px(8), bar.bottom() - px(3), width - px(16), px(2)}, palette::kAccent);
  if (it.clicked) ui.tab = tab;
  return x + width + px(4);
}

// To the next match after the cursor, from the last one to the first.
void go_to_next_match(Ui& ui) {
  if (ui.view.row_count() == 0) return;
  std::size_t row = ui.view.row_of(ui.view.cursor());
  if (ui.view.row(row) <= ui.view.cursor()) row = row + 1 < ui.view.row_count() ? row + 1 : 0;
  ui.view.go_to(ui.view.row(row));
}

std::string matches_text(const Ui& ui) {
  if (!ui.view.filter_complete()) return fmt::format("{:.0f} %", ui.view.filter_progress() * 100);
  if (ui.view.filter().empty()) return "";
  return ui.view.row_count() == 0 ? "no event" : count_text(ui.view.row_count(), "event");
}

void draw_filter(Ui& ui, Box bar, float leftmost) {
  const float width = std::min(px(kFilterWidth), bar.right() - leftmost - pad());
  if (width < px(90)) return;
  const float x = bar.right() - pad() - width;
  std::string text = ui.view.filter();
  ImGui::SetCursorScreenPos({x, bar.y + (bar.h - ImGui::GetFrameHeight()) / 2});
  ImGui::SetNextItemWidth(width);
  if (ui.focus_filter) ImGui::SetKeyboardFocusHere();
  ui.focus_filter = false;
  const bool entered = ImGui::InputTextWithHint("##filter", "/  filter: host:plaza-1 kind:apply lit -slice", &text,
                                                ImGuiInputTextFlags_EnterReturnsTrue);
  mark_item("filter");
  if (ImGui::IsItemHovered() && !ImGui::IsItemActive()) {
    tooltip_with_key(
        "Words that must all match in host, kind or detail. Also host:NAME, kind:NAME, user:NAME, conn:N, "
        "lit, marked; -word leaves out. Enter goes to the next match.",
        "/");
  }
  if (text != ui.view.filter()) {
    ui.view.set_filter(text);
    ui.follow_in_table = true;
  }
  if (entered) {
    go_to_next_match(ui);
    ui.focus_filter = true;  // for another Enter
    request_redraw();
  }
  const std::string matches = matches_text(ui);
  const float matches_width = text_width(matches, small_font());
  if (x - px(10) - matches_width > leftmost) {
    put_text_in({x - px(10) - matches_width, bar.y, matches_width + 1, bar.h}, palette::kMuted, matches, Align::left,
                small_font());
  }
}

// The upper edge can be dragged.
void draw_grip(Ui& ui, Box box) {
  const Touch it = touch("height of the tabs", {box.x, box.y, box.w, px(kGripHeight)});
  if (it.hovered || it.held) {
    ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeNS);
    fill({box.x, box.y, box.w, px(2)}, palette::faded(palette::kAccent, 0.7F));
  }
  if (!it.held) return;
  const float room = std::max(ImGui::GetIO().DisplaySize.y - ui.top_of_lanes, 1.0F);
  ui.proportions.bottom = std::clamp((ImGui::GetIO().DisplaySize.y - ImGui::GetIO().MousePos.y) / room, 0.1F, 0.85F);
}

}  // namespace

void draw_tabs(Ui& ui, Box box) {
  const Part part("tabs", box, palette::kGround);
  if (!part) return;
  const Box bar{box.x, box.y, box.w, std::min(px(kBarHeight), box.h)};
  draw_grip(ui, box);
  float x = box.x + px(4);
  x = draw_tab(ui, Tab::events, "Events", ui.trace().events().size(), x, bar);
  x = draw_tab(ui, Tab::operations, "Operations", ui.trace().operations().size(), x, bar);
  x = draw_tab(ui, Tab::log, "Log", ui.trace().log().size(), x, bar);
  if (ui.tab == Tab::events) draw_filter(ui, bar, x + px(10));
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  draw.AddLine({box.x, box.y + 0.5F}, {box.right(), box.y + 0.5F}, palette::kLine);
  draw.AddLine({box.x, bar.bottom() - 0.5F}, {box.right(), bar.bottom() - 0.5F}, palette::kLine);
  const Box content{box.x, bar.bottom(), box.w, box.h - bar.h};
  if (content.empty()) return;
  switch (ui.tab) {
    case Tab::events:
      return draw_event_table(ui, content);
    case Tab::operations:
      return draw_operations(ui, content);
    case Tab::log:
      return draw_log(ui, content);
  }
}

}  // namespace stillpoint::view
