// Pauses that double, up to a limit. Half of each is certain, half is drawn: clients that failed together do not come
// back together.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>

namespace plaza {

class Backoff {
 public:
  using Duration = std::chrono::steady_clock::duration;

  // `draw` is uniform over all 64 bits. None: pauses are whole.
  Backoff(Duration first, Duration most, std::function<std::uint64_t()> draw)
      : first_(std::min(first, most)), most_(most), pause_(first_), draw_(std::move(draw)) {}

  // In [half, whole] of the pause whose turn it is.
  Duration next() {
    const Duration whole = std::exchange(pause_, std::min(pause_ * 2, most_));
    if (!draw_) return whole;
    const Duration half = whole / 2;
    const auto span = static_cast<std::uint64_t>((whole - half).count()) + 1;
    return half + Duration(static_cast<Duration::rep>(draw_() % span));
  }

  // The next pause is a first one again.
  void reset() { pause_ = first_; }

 private:
  Duration first_;
  Duration most_;
  Duration pause_;
  std::function<std::uint64_t()> draw_;
};

}  // namespace plaza
