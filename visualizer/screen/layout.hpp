#pragma once
// Where the parts of the screen are, for a display of any size. A part that has no room has an empty box.
#include <imgui.h>

namespace stillpoint::view {

struct Box {
  float x = 0;
  float y = 0;
  float w = 0;
  float h = 0;
  float right() const { return x + w; }
  float bottom() const { return y + h; }
  ImVec2 min() const { return {x, y}; }
  ImVec2 max() const { return {x + w, y + h}; }
  ImVec2 size() const { return {w, h}; }
  bool empty() const { return w < 4 || h < 4; }
  Box inset(float by_x, float by_y) const { return {x + by_x, y + by_y, w - 2 * by_x, h - 2 * by_y}; }
};

// What the user can move, as shares of the room that there is.
struct Proportions {
  float panel = 0.25F;   // width of the panel on the right
  float bottom = 0.36F;  // height of the tabs
};

struct Layout {
  Box header;
  Box banner;
  Box minimap;
  Box axis;
  Box lanes;
  Box legend;
  Box bottom;
  Box panel;
  float gutter = 0;  // at the left of minimap, axis, lanes and operations, for names
};

// `scale` multiplies all lengths that do not depend on the display's.
Layout lay_out(ImVec2 display, float banner_height, Proportions proportions, float scale);

}  // namespace stillpoint::view
