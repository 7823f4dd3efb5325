// What lies over the screen: all keys in groups, and the box to go to an event or a time.
#include <imgui.h>
#include <imgui_stdlib.h>

#include <algorithm>
#include <vector>

#include "visualizer/backend/items.hpp"
#include "visualizer/screen/commands.hpp"
#include "visualizer/screen/ui.hpp"
#include "visualizer/screen/widgets.hpp"

namespace stillpoint::view {
namespace {

constexpr float kLine = 25;
constexpr float kLowestLine = 19;
constexpr float kCapsWidth = 116;
constexpr float kWidestColumn = 340;
constexpr float kNarrowestColumn = 290;
constexpr float kGroupName = 28;
constexpr float kGroupGap = 14;
constexpr float kMargin = 24;
constexpr float kTitle = 60;

// A line of the overlay: commands of one meaning that only count (1 to 9) share it.
struct KeyLine {
  const Command* first;
  const Command* last;
};

std::vector<KeyLine> lines_of(CommandGroup group) {
  std::vector<KeyLine> result;
  for (const Command& command : commands()) {
    if (command.group != group) continue;
    if (!result.empty() && result.back().first->what == command.what) {
      result.back().last = &command;
    } else {
      result.push_back({&command, &command});
    }
  }
  return result;
}

void draw_line(const KeyLine& line, Box box) {
  float x = box.x;
  const auto cap = [&](std::string_view name) { x += put_key_cap({x, box.y + px(3)}, name) + px(4); };
  for (const auto& keys : line.first->keys) {
    if (keys) cap(name_of(*keys));
  }
  if (line.last != line.first) {
    put_text_in({x, box.y, px(14), box.h}, palette::kMuted, "…");
    x += px(16);
    cap(name_of(*line.last->keys[0]));
  }
  put_text_in({box.x + px(kCapsWidth), box.y, box.w - px(kCapsWidth), px(23)}, palette::kText, line.first->label);
}

float height_of(CommandGroup group, float line) {
  return px(kGroupName) + line * static_cast<float>(lines_of(group).size()) + px(kGroupGap);
}

void draw_group(CommandGroup group, Box box, float line_height) {
  put_text_in({box.x, box.y, box.w, px(22)}, palette::kAccent, name_of(group), Align::left, bold_font());
  float y = box.y + px(kGroupName);
  for (const KeyLine& line : lines_of(group)) {
    draw_line(line, {box.x, y, box.w, line_height});
    y += line_height;
  }
}

using Columns = std::vector<std::vector<CommandGroup>>;

float height_of(const std::vector<CommandGroup>& column, float line) {
  float height = 0;
  for (const CommandGroup group : column) height += height_of(group, line);
  return height;
}

// Groups one below the other, in at most so many columns, in order, so that the tallest is as low as possible.
Columns columns_of(std::size_t most) {
  Columns best;
  float best_height = 1e9F;
  // Each bit says whether a column ends after that group.
  for (unsigned ends = 0; ends < 1U << (kCommandGroups - 1); ++ends) {
    Columns columns(1);
    float tallest = 0;
    for (unsigned i = 0; i < kCommandGroups; ++i) {
      columns.back().push_back(static_cast<CommandGroup>(i));
      tallest = std::max(tallest, height_of(columns.back(), px(kLine)));
      if (i + 1 < kCommandGroups && (ends >> i & 1) != 0) columns.emplace_back();
    }
    if (columns.size() > most || tallest >= best_height) continue;
    best = columns;
    best_height = tallest;
  }
  return best;
}

// A window of its own, above everything, that dims what is below.
bool begin_cover(const char* id, ImVec2 display) {
  ImGui::SetNextWindowPos({0, 0});
  ImGui::SetNextWindowSize(display);
  constexpr ImGuiWindowFlags kFlags = ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                                      ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoNav |
                                      ImGuiWindowFlags_NoBackground;
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {0, 0});
  const bool visible = ImGui::Begin(id, nullptr, kFlags);
  ImGui::PopStyleVar();
  if (visible) fill({0, 0, display.x, display.y}, palette::faded(palette::kGround, 0.72F));
  return visible;
}

Box centred(ImVec2 display, float width, float height) {
  const float w = std::min(width, display.x - px(8));
  const float h = std::min(height, display.y - px(8));
  return {std::max(0.0F, (display.x - w) / 2), std::max(0.0F, (display.y - h) / 2), w, h};
}

void frame(Box box) {
  fill(box, palette::rgb(0x171e27), px(10));
  outline(box, palette::kStrongLine, px(10));
}

}  // namespace

void draw_overlay(Ui& ui, ImVec2 display) {
  if (!ui.overlay_open) return;
  if (begin_cover("overlay", display)) {
    const float room = display.x - px(2 * kMargin + 8);
    const auto most = static_cast<std::size_t>(std::clamp(room / px(kNarrowestColumn), 1.0F, 3.0F));
    const Columns columns = columns_of(most);
    const float width = std::min(px(kWidestColumn), room / static_cast<float>(columns.size()));
    float line = px(kLine);
    const auto tallest = [&] {
      float height = 0;
      for (const auto& column : columns) height = std::max(height, height_of(column, line));
      return height;
    };
    const float missing = tallest() + px(kTitle + 8) - display.y;
    if (missing > 0) line = px(kLowestLine);
    const Box box =
        centred(display, px(2 * kMargin) + width * static_cast<float>(columns.size()), tallest() + px(kTitle + 10));
    frame(box);
    ImGui::PushClipRect(box.min(), box.max(), true);
    const Box title{box.x + px(kMargin), box.y + px(14), box.w - px(2 * kMargin), px(30)};
    put_text_in(title, palette::kText, "Keys", Align::left, heading_font());
    put_text_in(title, palette::kFaint, "Esc closes", Align::right);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      float y = box.y + px(kTitle);
      for (const CommandGroup group : columns[i]) {
        draw_group(group, {box.x + px(kMargin) + width * static_cast<float>(i), y, width - px(12), 0}, line);
        y += height_of(group, line);
      }
    }
    ImGui::PopClipRect();
    mark_item("keys", {{box.x, box.y}, {box.right(), box.bottom()}});
    if (touch("overlay", {0, 0, display.x, display.y}).clicked) ui.overlay_open = false;
  }
  ImGui::End();
}

void draw_go_to(Ui& ui, ImVec2 display) {
  if (!ui.go_to_open) return;
  if (begin_cover("go to", display)) {
    const Box box = centred(display, px(440), px(136));
    frame(box);
    ImGui::PushClipRect(box.min(), box.max(), true);
    put_text({box.x + px(20), box.y + px(16)}, palette::kText, "Go to", box.w, heading_font());
    ImGui::SetCursorScreenPos({box.x + px(20), box.y + px(52)});
    ImGui::SetNextItemWidth(box.w - px(40));
    if (ui.go_to_opened_now) ImGui::SetKeyboardFocusHere();
    ui.go_to_opened_now = false;
    const bool entered = ImGui::InputTextWithHint("##text", "an event, as 6779, or a time, as 86.3ms or 0.0863s",
                                                  &ui.go_to_text, ImGuiInputTextFlags_EnterReturnsTrue);
    mark_item("go to");
    if (ImGui::IsItemEdited()) ui.go_to_error.clear();
    if (entered) {
      const auto problem = ui.view.go_to_text(ui.go_to_text);
      ui.go_to_open = problem.has_value();
      ui.go_to_opened_now = ui.go_to_open;  // the field lost the keyboard to the Enter key
      ui.go_to_error = problem.value_or("");
    }
    const bool wrong = !ui.go_to_error.empty();
    put_wrapped({box.x + px(20), box.y + px(88)}, wrong ? palette::kBroken : palette::kFaint,
                wrong ? ui.go_to_error : "Enter goes there, Esc closes", box.w - px(40));
    if (wrong) mark_item("error", {{box.x + px(20), box.y + px(88)}, {box.right(), box.y + px(106)}});
    ImGui::PopClipRect();
  }
  ImGui::End();
}

}  // namespace stillpoint::view
