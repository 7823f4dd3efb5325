#pragma once
// The command line of the disk's random tests: [--seeds N] [--seed S] [--verbose 1].
#include "tests/support/number_options.hpp"

namespace stillpoint::test {

struct RandomOptions {
  std::uint64_t seeds;
  std::uint64_t seed = 1;
  std::uint64_t verbose = 0;
};

inline RandomOptions read_random_options(int argc, char** argv, std::uint64_t seeds) {
  RandomOptions options{seeds};
  if (!::test::read_numbers(argc, argv,
                            {{"--seeds", &options.seeds}, {"--seed", &options.seed}, {"--verbose", &options.verbose}}))
    std::exit(2);
  return options;
}

}  // namespace stillpoint::test
