// Below the lanes: what the colours mean, and what of the trace is lit.
#include <fmt/format.h>

#include "visualizer/backend/items.hpp"
#include "visualizer/screen/commands.hpp"
#include "visualizer/screen/lane_shapes.hpp"
#include "visualizer/screen/ui.hpp"
#include "visualizer/screen/widgets.hpp"
#include "visualizer/screen/words.hpp"

namespace stillpoint::view {
namespace {

struct Entry {
  KindGroup group;
  std::string_view name;
};
constexpr Entry kEntries[] = {
    {KindGroup::user, "users"},   {KindGroup::service, "service"}, {KindGroup::network, "network"},
    {KindGroup::timer, "timers"}, {KindGroup::slice, "running"},
};

std::string lit_text(const Ui& ui) {
  std::string text = ui.lighting == Lighting::violation ? "lit: what led to the broken promise"
                     : ui.lighting == Lighting::cursor  ? "lit: what led to the cursor"
                                                        : "lit: everything";
  if (ui.lighting != Lighting::everything && ui.view.follows_program_order()) text += ", and all before on its hosts";
  return text;
}

std::string message_text(Ui& ui) {
  if (!ui.all_messages) return "all messages";
  const std::size_t shown = ui.lanes.all_messages(kMostMessages).size();
  const std::size_t total = ui.lanes.total_messages();
  return shown < total ? fmt::format("showing {} of {}", count_text(shown), count_text(total, "message"))
                       : count_text(total, "message");
}

// A command with its key, as a thing to click; its right edge is at `right`. Returns its left edge.
float put_switch(Ui& ui, Do what, std::string_view text, bool on, Box box, float right, float leftmost) {
  const Command& does = command(what);
  const std::string key = name_of(*does.keys[0]);
  const float width = text_width(text, small_font()) + px(6) + key_cap_width(key);
  const float left = right - width;
  if (left < leftmost) return right;
  const Touch it = touch(does.label, {left, box.y, width, box.h});
  mark_item(fmt::format("{}: {}", does.label, on ? "on" : "off"));
  put_key_cap({left, box.y + (box.h - px(17)) / 2}, key);
  const float x = left + key_cap_width(key) + px(6);
  put_text_in({x, box.y, right - x + 1, box.h}, it.hovered || on ? palette::kText : palette::kMuted, text, Align::left,
              small_font());
  if (it.hovered) tooltip_with_key(does.label, keys_of(does));
  if (it.clicked) does.run(ui);
  return left - px(18);
}

}  // namespace

void draw_legend(Ui& ui, Box box) {
  const Part part("legend", box, palette::kPanel);
  if (!part) return;
  float right = box.right() - pad();
  const float leftmost = box.x + pad();
  right = put_switch(ui, Do::light, lit_text(ui), ui.lighting != Lighting::everything, box, right, leftmost);
  right = put_switch(ui, Do::all_messages, message_text(ui), ui.all_messages, box, right, leftmost);
  float x = box.x + pad();
  for (const Entry& entry : kEntries) {
    const float width = px(16) + text_width(entry.name, small_font());
    if (x + width > right) break;
    const ImVec2 at{x + px(5), box.y + box.h / 2};
    if (entry.group == KindGroup::slice) {
      fill({at.x - px(5), at.y - px(2.5F), px(11), px(5)}, palette::of(entry.group), px(2));
    } else {
      draw_glyph(entry.group, at, palette::of(entry.group));
    }
    put_text_in({x + px(15), box.y, width, box.h}, palette::kMuted, entry.name, Align::left, small_font());
    x += width + px(16);
  }
}

}  // namespace stillpoint::view
