// Random numbers that the same seed gives again, on every machine: SplitMix64 (Steele, Lea, Flood, "Fast splittable
// pseudorandom number generators", OOPSLA 2014). Every use has a stream of its own, so that one more draw here shifts
// nothing elsewhere.
#pragma once

#include <chrono>
#include <cmath>
#include <cstdint>
#include <string_view>

namespace plaza::load {

class Draws {
 public:
  // The stream of this name, of this user.
  Draws(std::uint64_t seed, std::string_view stream, std::uint64_t user) : state_(seed) {
    for (const char letter : stream) state_ = next() ^ static_cast<unsigned char>(letter);
    state_ = next() ^ user;
    state_ = next();
  }

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
    return mixed ^ (mixed >> 31);
  }

  // Uniform below `bound`, which is small against 2^64: the bias is beyond notice. Requires 1 at least.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }

  // Exponential with this mean, as the pauses of a Poisson process are; at most ten times the mean.
  std::chrono::microseconds pause(std::chrono::microseconds mean) {
    const double uniform = (static_cast<double>(next() >> 11) + 1) * 0x1p-53;  // in (0, 1]
    const double scale = std::fmin(-std::log(uniform), 10);
    return std::chrono::microseconds(static_cast<std::int64_t>(static_cast<double>(mean.count()) * scale));
  }

 private:
  std::uint64_t state_;
};

}  // namespace plaza::load
