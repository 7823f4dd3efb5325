// How often something may happen, as a virtual schedule (the "generic cell rate algorithm" of ITU-T I.371): each event
// moves a moment forward by 1/rate, and is refused where that would run further ahead of now than the burst allows. It
// is a bucket of tokens without a bucket: no timer, no fractions.
#pragma once

#include <chrono>

#include "system-under-test/plaza/gateway/config.hpp"

namespace plaza {

class RateLimiter {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit RateLimiter(const RateLimit& limit);

  // Whether it may happen now; if so, it counts. `now` must not go back.
  bool take(TimePoint now);

 private:
  std::chrono::steady_clock::duration step_{};  // 0: without limit
  std::chrono::steady_clock::duration ahead_most_{};
  TimePoint next_{};
};

}  // namespace plaza
