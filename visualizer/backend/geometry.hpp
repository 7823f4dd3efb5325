#pragma once
// Sizes, points and rectangles on the screen, in pixels from its top left corner.

namespace stillpoint::view {

struct Size {
  int width = 0;
  int height = 0;
  bool operator==(const Size&) const = default;
};

struct Point {
  float x = 0;
  float y = 0;
  bool operator==(const Point&) const = default;
};

struct Rect {
  Point min;
  Point max;  // just beyond
  Point centre() const { return {(min.x + max.x) / 2, (min.y + max.y) / 2}; }
  bool empty() const { return max.x <= min.x || max.y <= min.y; }
  bool operator==(const Rect&) const = default;
};

}  // namespace stillpoint::view
