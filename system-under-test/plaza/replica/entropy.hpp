// The random numbers of a node: time-outs and pauses, nothing that anybody could gain by guessing.
//
// Seeded by the operating system, once. Not std::random_device, which asks the processor.
#pragma once

#include <sys/random.h>

#include <cerrno>
#include <cstdint>
#include <random>
#include <system_error>

namespace plaza {

class Entropy {
 public:
  // Throws std::system_error if the system has none to give.
  Entropy() {
    std::uint64_t seed = 0;
    if (::getrandom(&seed, sizeof seed, 0) != static_cast<ssize_t>(sizeof seed))
      throw std::system_error(errno, std::generic_category(), "cannot draw a random seed");
    engine_.seed(seed);
  }

  // Uniform in [0, below), which is not 0; off by less than one in 2^32.
  std::uint32_t below(std::uint32_t below) {
    return static_cast<std::uint32_t>((std::uint64_t{static_cast<std::uint32_t>(engine_())} * below) >> 32);
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace plaza
