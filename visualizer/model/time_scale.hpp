#pragma once
// Where times are in a picture of some width. Exact, so that an event is always in the column that its time belongs to.
#include <algorithm>
#include <cstdint>

#include "visualizer/model/time_range.hpp"

namespace stillpoint::view {

class TimeScale {
 public:
  TimeScale(TimeRange range, int width_px)
      : begin_(range.begin_ns),
        length_(static_cast<std::uint64_t>(range.length())),
        width_(static_cast<std::uint64_t>(width_px)) {}

  // The column of a time in the range; its very end belongs to the last one.
  std::uint64_t column(std::int64_t at_ns) const {
    const auto since = static_cast<std::uint64_t>(at_ns - begin_);
    const std::uint64_t column =
        is_small() ? since * width_ / length_ : static_cast<std::uint64_t>(Wide{since} * width_ / length_);
    return std::min(column, width_ - 1);
  }
  // The first time that is not before a column.
  std::int64_t begin_of(std::uint64_t column) const {
    const std::uint64_t since = is_small() ? (column * length_ + width_ - 1) / width_
                                           : static_cast<std::uint64_t>((Wide{column} * length_ + width_ - 1) / width_);
    return begin_ + static_cast<std::int64_t>(since);
  }
  double x(std::int64_t at_ns) const {
    return static_cast<double>(at_ns - begin_) * static_cast<double>(width_) / static_cast<double>(length_);
  }

 private:
  using Wide = unsigned __int128;
  // The product of a length, less than 20 hours, and a width fits into 64 bits.
  bool is_small() const { return length_ < std::uint64_t{1} << 46; }

  std::int64_t begin_;
  std::uint64_t length_;
  std::uint64_t width_;
};

}  // namespace stillpoint::view
