#include "system-under-test/plaza/gateway/limits.hpp"

#include <algorithm>

namespace plaza {

RateLimiter::RateLimiter(const RateLimit& limit) {
  if (limit.per_second == 0) return;
  step_ = std::chrono::nanoseconds(std::chrono::seconds(1)) / limit.per_second;
  ahead_most_ = step_ * limit.burst;
}

bool RateLimiter::take(TimePoint now) {
  const TimePoint next = std::max(next_, now) + step_;
  if (next - now > ahead_most_) return false;
  next_ = next;
  return true;
}

}  // namespace plaza
