#pragma once
// Latencies out of random values: one value gives one latency, so that whoever draws it decides what it hangs on.
#include <cstdint>

#include <stillpoint/latency.hpp>
#include <stillpoint/time.hpp>

namespace stillpoint::net {

// Uniform in [min, max], in whole microseconds, from the random value's high bits.
inline Duration uniform_latency(Duration min, Duration max, std::uint64_t random) {
  const auto width_us = static_cast<std::uint64_t>((max - min).count()) / 1'000 + 1;
  const auto offset_us = static_cast<std::uint64_t>((static_cast<unsigned __int128>(random) * width_us) >> 64);
  return min + std::chrono::microseconds(static_cast<std::int64_t>(offset_us));
}

// A random value that is distributed as the shape says, made of a uniform one. That of `uniform` is the value itself.
std::uint64_t shaped(LatencyShape shape, std::uint64_t random);

inline Duration latency_between(Duration min, Duration max, LatencyShape shape, std::uint64_t random) {
  return uniform_latency(min, max, shape == LatencyShape::uniform ? random : shaped(shape, random));
}

}  // namespace stillpoint::net
