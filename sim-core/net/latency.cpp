#include "sim-core/net/latency.hpp"

#include "sim-core/random/philox.hpp"

namespace stillpoint::net {
namespace {

// More uniform values out of one: it is the counter of a generator of its own, whose key is nothing but another one
// than that of any stream.
std::uint64_t mean_of_four(std::uint64_t random) {
  constexpr std::uint64_t kKey = 0x6C6174656E6379;  // "latency"
  unsigned __int128 sum = 0;
  for (const std::uint64_t half : {std::uint64_t{0}, std::uint64_t{1}}) {
    for (const std::uint64_t value : philox2x64<6>({random, half}, kKey)) sum += value;
  }
  return static_cast<std::uint64_t>(sum / 4);
}

// The share x of the width with P(share > x) = s / (x + s) - x * s, nearly: a Pareto distribution of index 1 that ends
// at the largest latency. s is 1/64.
std::uint64_t long_tailed(std::uint64_t random) {
  constexpr unsigned __int128 kOne = static_cast<unsigned __int128>(1) << 64;
  return static_cast<std::uint64_t>((static_cast<unsigned __int128>(random) << 64) /
                                    (65 * kOne - static_cast<unsigned __int128>(random) * 64));
}

}  // namespace

std::uint64_t shaped(LatencyShape shape, std::uint64_t random) {
  switch (shape) {
    case LatencyShape::uniform:
      return random;
    case LatencyShape::normal:
      return mean_of_four(random);
    case LatencyShape::long_tail:
      return long_tailed(random);
  }
  return random;
}

}  // namespace stillpoint::net
