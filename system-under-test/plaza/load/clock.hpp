// The wall clock, which a load generator may see: for the times of its ledger, the expiry of its tokens, and ids that
// no earlier run has used.
#pragma once

#include <chrono>
#include <cstdint>

namespace plaza::load {

inline std::int64_t unix_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace plaza::load
