// The line at the top: what was run, how it ended, the moment, and buttons for stepping.
#include <fmt/format.h>

#include <cmath>

#include "visualizer/screen/commands.hpp"
#include "visualizer/screen/ui.hpp"
#include "visualizer/screen/widgets.hpp"
#include "visualizer/screen/words.hpp"

namespace stillpoint::view {
namespace {

constexpr float kButton = 30;
constexpr float kGroupGap = 12;

// What an icon says besides its direction.
enum class Icon { history, event, host, violation };

struct StepButton {
  Do what;
  Icon icon;
  float side;  // -1: to the left
};
constexpr StepButton kButtons[] = {
    {Do::back, Icon::history, -1},
    {Do::forward, Icon::history, 1},
    {Do::previous_event, Icon::event, -1},
    {Do::next_event, Icon::event, 1},
    {Do::previous_on_host, Icon::host, -1},
    {Do::next_on_host, Icon::host, 1},
    {Do::previous_violation, Icon::violation, -1},
    {Do::next_violation, Icon::violation, 1},
};

void draw_icon(Icon icon, float side, ImVec2 centre, ImU32 colour) {
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const float u = px(1);
  const float thick = px(1.7F);
  const auto chevron = [&](float x, float y, float size) {
    const ImVec2 points[] = {
        {x - side * size * 0.5F, y - size}, {x + side * size * 0.5F, y}, {x - side * size * 0.5F, y + size}};
    draw.AddPolyline(points, 3, colour, 0, thick);
  };
  const float x = centre.x;
  const float y = centre.y;
  switch (icon) {
    case Icon::history:
      draw.AddLine({x - 6 * u, y}, {x + 6 * u, y}, colour, thick);
      chevron(x + side * 3.6F * u, y, 4.6F * u);
      return;
    case Icon::event:
      return chevron(x, y, 5.5F * u);
    case Icon::host:
      chevron(x, y - 2.5F * u, 4.5F * u);
      draw.AddLine({x - 6.5F * u, y + 6.5F * u}, {x + 6.5F * u, y + 6.5F * u}, colour, thick);
      return;
    case Icon::violation:
      chevron(x + side * 4 * u, y, 4.8F * u);
      draw.AddCircleFilled({x - side * 4 * u, y}, 3.4F * u, colour, 16);
      return;
  }
}

void draw_button(Ui& ui, const StepButton& button, Box box) {
  const Command& does = command(button.what);
  const bool can = possible(ui, does);
  const Touch it = touch(does.label, box);
  if (it.hovered && can) fill(box, it.held ? palette::kStrongLine : palette::kHover, px(5));
  ImU32 colour = can ? palette::kText : palette::faded(palette::kFaint, 0.6F);
  if (can && button.icon == Icon::violation) colour = palette::kBroken;
  draw_icon(button.icon, button.side, {std::floor(box.x + box.w / 2), std::floor(box.y + box.h / 2)}, colour);
  if (it.hovered) tooltip_with_key(does.label, keys_of(does));
  if (it.clicked && can) does.run(ui);
}

// Returns the x of the leftmost.
float draw_buttons(Ui& ui, Box box, float leftmost) {
  float x = box.right() - pad();
  for (std::size_t i = std::size(kButtons); i-- > 0;) {
    const float left = x - px(kButton);
    if (left < leftmost) break;
    draw_button(ui, kButtons[i], {left, box.y + (box.h - px(kButton)) / 2, px(kButton), px(kButton)});
    x = left - (i % 2 == 0 && i > 0 ? px(kGroupGap) : 0);
  }
  return x;
}

std::string run_text(const RunMetadata& run) {
  std::string text = fmt::format("seed {}", run.seed);
  if (!run.bug.empty()) text += "    bug " + readable(run.bug);
  for (const std::string& setting : run.overrides) text += "    " + readable(setting);
  return text;
}

// Right-aligned before `right`, if there is room for it.
void draw_moment(const Ui& ui, Box box, float left, float right) {
  const EventRow* row = ui.cursor_row();
  const std::string now = row == nullptr ? "no events" : seconds_text(row->at_ns);
  const std::string all = row == nullptr ? "" : "of " + seconds_text(ui.trace().events().back().at_ns);
  const float now_width = text_width(now, bold_font());
  const float all_width = text_width(all);
  float x = right - now_width;
  if (x - px(8) - all_width > left) {
    put_text_in({right - all_width, box.y, all_width, box.h}, palette::kFaint, all);
    x -= all_width + px(7);
  }
  if (x > left) put_text_in({x, box.y, now_width + 1, box.h}, palette::kText, now, Align::left, bold_font());
}

}  // namespace

void draw_header(Ui& ui, Box box) {
  const Part part("header", box, palette::kPanel);
  if (!part) return;
  const TraceMetadata& metadata = ui.trace().metadata();
  const std::string scenario = metadata.run.scenario.empty() ? "a run" : readable(metadata.run.scenario);
  const std::string verdict = metadata.outcome ? readable(words_for_verdict(metadata.outcome->verdict)) : "cut short";
  float x = box.x + pad();
  const float name_width = std::min(text_width(scenario, heading_font()), box.w * 0.4F);
  put_text_in({x, box.y, name_width + 1, box.h}, palette::kText, scenario, Align::left, heading_font());
  x += name_width + px(12);
  x += put_chip({x, box.y + (box.h - px(24)) / 2},
                palette::of_verdict(metadata.outcome ? metadata.outcome->verdict : ""), verdict);
  x += px(14);
  const float buttons = draw_buttons(ui, box, x);
  const std::string run = run_text(metadata.run);
  const float moment = px(190);
  const float run_width = std::min(text_width(run), buttons - moment - x);
  put_text_in({x, box.y, run_width + 1, box.h}, palette::kMuted, run);
  draw_moment(ui, box, x + std::max(run_width, 0.0F) + px(16), buttons - px(14));
  ImGui::GetWindowDrawList()->AddLine({box.x, box.bottom() - 0.5F}, {box.right(), box.bottom() - 0.5F}, palette::kLine);
}

}  // namespace stillpoint::view
