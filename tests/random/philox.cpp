#include "sim-core/random/philox.hpp"

#include <catch2/catch.hpp>

using stillpoint::philox2x64;
using Block = std::array<std::uint64_t, 2>;

// Random123 1.14, tests/kat_vectors: the known answers of philox2x64 with ten rounds.
TEST_CASE("ten rounds give the published known answers") {
  CHECK(philox2x64<10>({0, 0}, 0) == Block{0xca00a0459843d731, 0x66c24222c9a845b5});
  CHECK(philox2x64<10>({~0ULL, ~0ULL}, ~0ULL) == Block{0x65b021d60cd8310f, 0x4d02f3222f86df20});
  CHECK(philox2x64<10>({0x243f6a8885a308d3, 0x13198a2e03707344}, 0xa4093822299f31d0) ==
        Block{0x0a5e742c2997341c, 0xb0f883d38000de5d});
}

TEST_CASE("it can be evaluated at compile time, and rounds matter") {
  constexpr Block kSix = philox2x64<6>({0, 0}, 0);
  static_assert(kSix == philox2x64<6>({0, 0}, 0));
  CHECK(kSix != philox2x64<10>({0, 0}, 0));
  CHECK(philox2x64<0>({3, 4}, 5) == Block{3, 4});
}
