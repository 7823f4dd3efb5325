#pragma once
// How events and arrows look in the lanes.
#include <imgui.h>

#include <string_view>

#include "visualizer/model/lanes.hpp"
#include "visualizer/screen/layout.hpp"

namespace stillpoint::view {

// Where a group's events stand in a lane, as a share of its height: what users and services do above what carried it,
// and what the machine did below.
float height_share(KindGroup group);

// An event of a group: a tick, a dot, a diamond, a square.
void draw_glyph(KindGroup group, ImVec2 at, ImU32 colour);
// A violation, with an exclamation mark.
void draw_violation_glyph(ImVec2 at);
// A witness, with its number.
void draw_witness_glyph(ImVec2 at, std::string_view number);
// An event whose row contradicts the trace.
void draw_marked_glyph(ImVec2 at);
// Around the cursor's event.
void draw_cursor_ring(ImVec2 at);

struct ArrowLook {
  ImU32 colour;
  float thickness;
  bool head;
};
// From one event to another, straight between lanes and bent within one. Ends may be far outside of `area`.
void draw_arrow(Box area, double from_x, float from_y, double to_x, float to_y, ArrowLook look);

}  // namespace stillpoint::view
