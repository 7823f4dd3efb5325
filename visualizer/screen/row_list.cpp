#include "visualizer/screen/row_list.hpp"

#include <algorithm>
#include <cmath>

#include "visualizer/screen/palette.hpp"
#include "visualizer/screen/widgets.hpp"

namespace stillpoint::view {
namespace {

constexpr double kRowsPerNotch = 3;
constexpr double kMargin = 2;  // rows around one that is revealed

}  // namespace

void RowList::draw(Box box, std::size_t rows, float row_height,
                   const std::function<void(std::size_t row, Box box)>& draw_row) {
  if (box.empty() || row_height < 1) return;
  const auto count = static_cast<double>(rows);
  const double fitting = std::max(std::floor(static_cast<double>(box.h / row_height)), 1.0);
  const double last_first = std::max(count - fitting, 0.0);
  if (wheel_ == Wheel::scrolls && ImGui::IsWindowHovered() && ImGui::IsMouseHoveringRect(box.min(), box.max())) {
    first_ -= static_cast<double>(ImGui::GetIO().MouseWheel) * kRowsPerNotch;
  }
  if (reveal_) {
    const auto row = static_cast<double>(*reveal_);
    const double margin = std::floor(std::min(kMargin, (fitting - 1) / 4));
    const bool far = row < first_ - fitting || row > first_ + 2 * fitting;
    if (far) {
      first_ = std::floor(row - fitting / 2);
    } else {
      first_ = std::clamp(first_, row + 1 + margin - fitting, row - margin);
    }
    reveal_.reset();
  }
  first_ = std::clamp(first_, 0.0, last_first);

  const bool scrolls = last_first > 0;
  const float width = box.w - (scrolls ? px(12) : 0);
  const auto begin = static_cast<std::size_t>(first_);
  ImGui::PushClipRect(box.min(), box.max(), true);
  for (std::size_t row = begin; row < rows; ++row) {
    const float y = std::floor(box.y + static_cast<float>(row - begin) * row_height);
    if (y >= box.bottom()) break;
    draw_row(row, {box.x, y, width, row_height});
  }
  if (scrolls) draw_scrollbar({box.right() - px(11), box.y + px(2), px(9), box.h - px(4)}, count, fitting);
  ImGui::PopClipRect();
}

void RowList::draw_scrollbar(Box track, double rows, double fitting) {
  const auto height = static_cast<double>(track.h);
  const double handle = std::clamp(height * fitting / rows, std::min(24.0, height), height);
  const double last_first = std::max(rows - fitting, 1.0);
  const double rows_per_pixel = last_first / std::max(height - handle, 1.0);
  const Touch it = touch("scrollbar", track);
  if (it.held) {
    const double mouse = static_cast<double>(ImGui::GetIO().MousePos.y - track.y);
    const double top = first_ / rows_per_pixel;
    if (ImGui::IsMouseClicked(0)) grabbed_at_ = mouse >= top && mouse <= top + handle ? mouse - top : handle / 2;
    first_ = std::clamp((mouse - grabbed_at_) * rows_per_pixel, 0.0, last_first);
  }
  const auto y = static_cast<float>(first_ / rows_per_pixel);
  const Box grip{track.x, track.y + y, track.w, static_cast<float>(handle)};
  fill(grip, it.held ? palette::kMuted : it.hovered ? palette::kFaint : palette::kStrongLine, track.w / 2);
}

}  // namespace stillpoint::view
