#include "visualizer/screen/arrows.hpp"

#include <algorithm>
#include <cmath>

#include "visualizer/screen/lane_shapes.hpp"
#include "visualizer/screen/palette.hpp"
#include "visualizer/screen/widgets.hpp"

namespace stillpoint::view {
namespace {

constexpr std::size_t kMostWithHeads = 300;

void draw_one(Box plot, const PlaceOf& place_of, const Arrow& arrow, ArrowLook look) {
  const auto from = place_of(arrow.from);
  const auto to = place_of(arrow.to);
  if (from && to) draw_arrow(plot, from->x, from->y, to->x, to->y, look);
}

// The more arrows there are, the fainter each is: together they still show where there is much and where little.
float faintness(std::size_t arrows, float most) {
  return std::clamp(9.0F / std::sqrt(static_cast<float>(arrows) + 1), 0.12F, most);
}

}  // namespace

void draw_arrows(Ui& ui, Box plot, const PlaceOf& place_of) {
  if (ui.all_messages) {
    const auto& messages = ui.lanes.all_messages(kMostMessages);
    const bool heads = messages.size() <= kMostWithHeads;
    const bool everything = ui.view.cone().lit.empty();
    const float faint = faintness(messages.size(), 0.6F);
    for (const Arrow& arrow : messages) {
      const float share = everything ? faint : arrow.lit ? 0.75F : faint * 0.6F;
      draw_one(plot, place_of, arrow, {palette::faded(palette::of(arrow.kind), share), px(1), heads});
    }
  }
  const EventIndex cursor = ui.view.cursor();
  const auto& arrows = ui.lanes.arrows_of_selection();
  const auto touches_cursor = [cursor](const Arrow& arrow) { return arrow.from == cursor || arrow.to == cursor; };
  const float faint = faintness(arrows.size(), 0.62F);
  for (const Arrow& arrow : arrows) {
    if (touches_cursor(arrow)) continue;
    const float share = arrow.lit ? faint : faint * 0.65F;
    draw_one(plot, place_of, arrow, {palette::faded(palette::of(arrow.kind), share), px(1.3F), true});
  }
  for (const Arrow& arrow : arrows) {
    if (touches_cursor(arrow)) draw_one(plot, place_of, arrow, {palette::of(arrow.kind), px(2), true});
  }
}

}  // namespace stillpoint::view
