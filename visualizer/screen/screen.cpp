#include "visualizer/screen/screen.hpp"

#include <algorithm>

#include "visualizer/backend/redraw.hpp"
#include "visualizer/screen/commands.hpp"
#include "visualizer/screen/palette.hpp"
#include "visualizer/screen/ui.hpp"
#include "visualizer/screen/widgets.hpp"

namespace stillpoint::view {
namespace {

constexpr std::size_t kFilteredPerFrame = 40'000;  // events: a few milliseconds
constexpr float kRightMargin = 14;                 // of the lanes, for a scrollbar

constexpr ImGuiWindowFlags kRootFlags = ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                                        ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoNav |
                                        ImGuiWindowFlags_NoBringToFrontOnFocus | ImGuiWindowFlags_NoScrollWithMouse;

// What follows from where the View is now.
void catch_up(Ui& ui) {
  if (!ui.view.filter_some(kFilteredPerFrame)) request_redraw();
  ui.look_at_cursor();
  ui.cursor_moved = ui.cursor_before != ui.view.cursor();
  ui.cursor_before = ui.view.cursor();
  ui.follow_in_table = ui.follow_in_table || ui.cursor_moved;
  ui.operation_rows.update(ui.view);
}

void draw_parts(Ui& ui, ImVec2 display) {
  const Layout layout = lay_out(display, banner_height(ui, display), ui.proportions, scale());
  ui.top_of_lanes = layout.lanes.y;
  const float left = layout.lanes.x + layout.gutter;
  ui.time = {ui.view.range(), left, std::max(layout.lanes.right() - px(kRightMargin) - left, 1.0F)};
  draw_header(ui, layout.header);
  draw_banner(ui, layout.banner);
  draw_minimap(ui, layout.minimap);
  draw_time_axis(ui, layout.axis, ui.time);
  draw_lanes(ui, layout.lanes);
  draw_legend(ui, layout.legend);
  draw_tabs(ui, layout.bottom);
  draw_panel(ui, layout.panel);
}

}  // namespace

struct Screen::State {
  explicit State(View& view) : ui(view) {}
  Ui ui;
};

Screen::Screen(View& view) : state_(std::make_unique<State>(view)) {}
Screen::~Screen() = default;

void Screen::draw() {
  Ui& ui = state_->ui;
  palette::apply();
  ui.look_at_cursor();
  handle_keys(ui);
  catch_up(ui);
  const ImVec2 display = ImGui::GetIO().DisplaySize;
  ImGui::SetNextWindowPos({0, 0});
  ImGui::SetNextWindowSize(display);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {0, 0});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 0);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, 0);
  ImGui::PushStyleVar(ImGuiStyleVar_ChildRounding, 0);
  if (ImGui::Begin("stillpoint", nullptr, kRootFlags)) draw_parts(ui, display);
  ImGui::End();
  ImGui::PopStyleVar(4);
  draw_overlay(ui, display);
  draw_go_to(ui, display);
  if (ui.cursor_before != ui.view.cursor()) request_redraw();  // a click moved it: the parts drawn before show it next
}

}  // namespace stillpoint::view
