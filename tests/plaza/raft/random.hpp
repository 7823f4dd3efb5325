// What tests of consensus draw: small numbers, and chances.
#pragma once

#include <cstdint>

#include "tests/plaza/split_mix.hpp"

namespace plaza::raft::test {

class Random : public plaza::test::SplitMix {
 public:
  using SplitMix::SplitMix;
  std::uint32_t below(std::size_t bound) { return static_cast<std::uint32_t>(SplitMix::below(bound)); }
  bool chance(unsigned percent) { return below(100) < percent; }
};

}  // namespace plaza::raft::test
