#pragma once
// From virtual time to pixels and back, and the ticks of an axis.
#include <cstdint>
#include <string>
#include <vector>

#include "visualizer/model/view.hpp"
#include "visualizer/screen/layout.hpp"

namespace stillpoint::view {

// Where a stretch of time lies on the screen. Every x is within a few thousand pixels of it, however far the time is.
struct TimeScale {
  TimeRange range;
  float left = 0;
  float width = 1;

  float x_of(std::int64_t at_ns) const;
  // Where it really is, in doubles.
  double exact_x_of(std::int64_t at_ns) const;
  std::int64_t time_at(float x) const;
  int width_px() const { return width < 1 ? 1 : static_cast<int>(width); }
  float right() const { return left + width; }
};

// How far beyond a scale, in pixels, x_of() reaches.
constexpr double kBeyondScale = 4000;

struct Tick {
  std::int64_t at_ns;
  std::string label;
};

// The ticks of a range: at multiples of 1, 2 or 5 times a power of ten nanoseconds, no more than `most`.
std::vector<Tick> ticks(TimeRange range, int most);

struct Ui;
// The axis above the lanes, with the cursor's time on it.
void draw_time_axis(Ui& ui, Box area, const TimeScale& scale);
// Faint vertical lines at the ticks, through `area`.
void draw_time_grid(Box area, const TimeScale& scale);

}  // namespace stillpoint::view
