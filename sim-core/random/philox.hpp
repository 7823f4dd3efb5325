#pragma once
// Philox-2x64, a counter-based generator: a keyed bijection of a 128-bit counter (Salmon et al., SC 2011, section 4.3).
// The multiplier and the Weyl constant are the paper's; with ten rounds it gives the known answers of its test vectors.
#include <array>
#include <cstdint>

namespace stillpoint {

template <int kRounds>
constexpr std::array<std::uint64_t, 2> philox2x64(std::array<std::uint64_t, 2> counter, std::uint64_t key) {
  constexpr std::uint64_t kMultiplier = 0xD2B74407B1CE6E93;
  constexpr std::uint64_t kWeyl = 0x9E3779B97F4A7C15;
#pragma GCC unroll 10
  for (int round = 0; round < kRounds; ++round) {
    const auto product = static_cast<unsigned __int128>(kMultiplier) * counter[0];
    counter = {static_cast<std::uint64_t>(product >> 64) ^ key ^ counter[1], static_cast<std::uint64_t>(product)};
    key += kWeyl;
  }
  return counter;
}

}  // namespace stillpoint
