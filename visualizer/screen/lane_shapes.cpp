#include "visualizer/screen/lane_shapes.hpp"

#include <algorithm>
#include <cmath>

#include "visualizer/screen/palette.hpp"
#include "visualizer/screen/time_axis.hpp"
#include "visualizer/screen/widgets.hpp"

namespace stillpoint::view {
namespace {

ImVec2 whole(ImVec2 at) { return {std::floor(at.x) + 0.5F, std::floor(at.y) + 0.5F}; }

void draw_head(ImVec2 tip, ImVec2 direction, ImU32 colour, float size) {
  const float length = std::hypot(direction.x, direction.y);
  if (length < 0.01F) return;
  const ImVec2 along{direction.x / length, direction.y / length};
  const ImVec2 base{tip.x - along.x * size * 1.5F, tip.y - along.y * size * 1.5F};
  const ImVec2 across{-along.y * size * 0.7F, along.x * size * 0.7F};
  ImGui::GetWindowDrawList()->AddTriangleFilled(tip, {base.x + across.x, base.y + across.y},
                                                {base.x - across.x, base.y - across.y}, colour);
}

}  // namespace

float height_share(KindGroup group) {
  switch (group) {
    case KindGroup::slice:
      return 0.89F;
    case KindGroup::timer:
      return 0.71F;
    case KindGroup::network:
      return 0.5F;
    case KindGroup::user:
    case KindGroup::service:
    case KindGroup::violation:
    case KindGroup::other:
      return 0.27F;
  }
  return 0.5F;
}

void draw_glyph(KindGroup group, ImVec2 where, ImU32 colour) {
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const ImVec2 at = whole(where);
  const float u = px(1);
  switch (group) {
    case KindGroup::slice:
      return draw.AddRectFilled({at.x - u, at.y - 3 * u}, {at.x + u, at.y + 3 * u}, colour);
    case KindGroup::network:
      return draw.AddRectFilled({at.x - u, at.y - 5 * u}, {at.x + u, at.y + 5 * u}, colour);
    case KindGroup::timer:
      return draw.AddNgonFilled(at, 2.2F * u, colour, 8);
    case KindGroup::user:
      return draw.AddNgonFilled(at, 3.8F * u, colour, 12);
    case KindGroup::service:
      return draw.AddNgonFilled(at, 4.8F * u, colour, 4);
    case KindGroup::violation:
      return draw_violation_glyph(where);
    case KindGroup::other:
      return draw.AddRectFilled({at.x - 3 * u, at.y - 3 * u}, {at.x + 3 * u, at.y + 3 * u}, colour);
  }
}

void draw_violation_glyph(ImVec2 where) {
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const ImVec2 at = whole(where);
  draw.AddNgonFilled(at, px(12), palette::kGround, 4);
  draw.AddNgonFilled(at, px(10), palette::kBroken, 4);
  put_text_in({at.x - px(8), at.y - px(9), px(16), px(17)}, palette::kGround, "!", Align::centre, bold_font());
}

void draw_witness_glyph(ImVec2 where, std::string_view number) {
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const ImVec2 at = whole(where);
  draw.AddCircleFilled(at, px(10), palette::kGround, 24);
  draw.AddCircleFilled(at, px(8.5F), palette::kBroken, 24);
  put_text_in({at.x - px(8), at.y - px(8.5F), px(16), px(17)}, palette::kGround, number, Align::centre, small_font());
}

void draw_marked_glyph(ImVec2 where) {
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const ImVec2 at = whole(where);
  const float u = px(6);
  draw.AddTriangleFilled({at.x, at.y - u - px(2)}, {at.x + u + px(2), at.y + u}, {at.x - u - px(2), at.y + u},
                         palette::kGround);
  draw.AddTriangleFilled({at.x, at.y - u}, {at.x + u, at.y + u * 0.8F}, {at.x - u, at.y + u * 0.8F}, palette::kMarked);
}

void draw_cursor_ring(ImVec2 where) {
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const ImVec2 at = whole(where);
  draw.AddCircle(at, px(12), palette::faded(palette::kGround, 0.8F), 28, px(4));
  draw.AddCircle(at, px(12), palette::kCursor, 28, px(1.8F));
}

void draw_arrow(Box area, double from_x, float from_y, double to_x, float to_y, ArrowLook look) {
  const double least = static_cast<double>(area.x) - kBeyondScale;
  const double most = static_cast<double>(area.right()) + kBeyondScale;
  if (std::max(from_x, to_x) < least || std::min(from_x, to_x) > most) return;
  // The part of it that floats can express.
  const double run = to_x - from_x;
  const double rise = static_cast<double>(to_y) - static_cast<double>(from_y);
  const auto at = [&](double x) {
    const double clamped = std::clamp(x, least, most);
    const double share = run == 0 ? (x == from_x ? 0 : 1) : (clamped - from_x) / run;
    return ImVec2(static_cast<float>(clamped), from_y + static_cast<float>(share * rise));
  };
  ImVec2 from = at(from_x);
  ImVec2 to = run == 0 ? ImVec2(from.x, to_y) : at(to_x);
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const float size = px(2.6F) + look.thickness;
  if (from_y == to_y) {
    const float lift = std::clamp((to.x - from.x) * 0.25F, px(4), px(16));
    const ImVec2 first{from.x + (to.x - from.x) * 0.2F, from.y - lift};
    const ImVec2 second{to.x - (to.x - from.x) * 0.2F, to.y - lift};
    draw.AddBezierCubic(from, first, second, to, look.colour, look.thickness);
    if (look.head && to.x - from.x > px(8)) draw_head(to, {to.x - second.x, to.y - second.y}, look.colour, size);
    return;
  }
  draw.AddLine(from, to, look.colour, look.thickness);
  if (look.head) draw_head(to, {to.x - from.x, to.y - from.y}, look.colour, size);
}

}  // namespace stillpoint::view
