#include "visualizer/screen/layout.hpp"

#include <algorithm>

namespace stillpoint::view {
namespace {

constexpr float kHeaderHeight = 48;
constexpr float kMinimapHeight = 40;
constexpr float kAxisHeight = 26;
constexpr float kLegendHeight = 28;
constexpr float kNarrowestMain = 420;  // beside the panel

}  // namespace

Layout lay_out(ImVec2 display, float banner_height, Proportions proportions, float scale) {
  const auto px = [scale](float length) { return length * scale; };
  Layout result;
  const float width = std::max(display.x, 1.0F);
  const float height = std::max(display.y, 1.0F);
  result.header = {0, 0, width, std::min(px(kHeaderHeight), height)};
  result.banner = {0, result.header.bottom(), width, std::clamp(banner_height, 0.0F, height - result.header.h)};

  const float top = result.banner.bottom();
  float rest = height - top;
  float panel_width = std::clamp(width * proportions.panel, px(280), px(560));
  if (width - panel_width < px(kNarrowestMain)) panel_width = 0;
  const float main_width = width - panel_width;
  if (panel_width > 0) result.panel = {main_width, top, panel_width, rest};
  result.gutter = px(main_width < px(600) ? 84 : 132);

  float y = top;
  const auto take = [&](float part_height) {
    const Box box{0, y, main_width, part_height};
    y += box.h;
    rest -= box.h;
    return box;
  };
  if (rest > px(220)) result.minimap = take(px(kMinimapHeight));
  if (rest > px(90)) result.axis = take(px(kAxisHeight));
  const float bottom = rest < px(180) ? 0 : std::clamp(rest * proportions.bottom, px(90), rest - px(80));
  const float legend = bottom > 0 && rest - bottom > px(120) ? px(kLegendHeight) : 0;
  result.lanes = take(rest - bottom - legend);
  result.legend = take(legend);
  result.bottom = take(bottom);
  return result;
}

}  // namespace stillpoint::view
