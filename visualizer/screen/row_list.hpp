#pragma once
// A list of any number of rows, of which only those in sight are drawn. ImGui's own scrolling counts pixels in floats,
// which are too coarse for ten million rows; this one counts rows.
#include <cstddef>
#include <functional>
#include <optional>
#include <string_view>

#include "visualizer/screen/layout.hpp"

namespace stillpoint::view {

class RowList {
 public:
  enum class Wheel { scrolls, ignored };
  explicit RowList(Wheel wheel = Wheel::scrolls) : wheel_(wheel) {}

  // Draws rows of `row_height` into the current part, each by a call with its number and box, and a scrollbar if there
  // are more than fit.
  void draw(Box box, std::size_t rows, float row_height, const std::function<void(std::size_t row, Box box)>& draw_row);
  // Moves by no more than it takes to have the row well in sight, at the next draw().
  void reveal(std::size_t row) { reveal_ = row; }
  void scroll_by(double rows) { first_ += rows; }
  // How many rows are above the box: the first one in sight is all in sight.
  std::size_t above() const { return static_cast<std::size_t>(first_); }

 private:
  void draw_scrollbar(Box track, double rows, double fitting);

  Wheel wheel_;
  double first_ = 0;  // between two rows while it is being scrolled by less than one
  std::optional<std::size_t> reveal_;
  double grabbed_at_ = 0;  // where in the scrollbar's handle it was taken, as rows
};

}  // namespace stillpoint::view
