#pragma once
// How the latencies of a link are spread between the smallest and the largest.
#include <cstdint>

namespace stillpoint {

// Each is bounded by both ends, and is integer arithmetic.
enum class LatencyShape : std::uint8_t {
  uniform,
  // Around the middle: the mean of four uniform draws.
  normal,
  // Mostly near the smallest, seldom near the largest: the median is at 1.5 % of the width, one of a hundred is beyond
  // 60 % of it.
  long_tail,
};

}  // namespace stillpoint
