#pragma once
// The command line of the random tests: [--seeds N] [--seed S] [--verbose 1].
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace stillpoint::test {

struct RandomOptions {
  std::uint64_t seeds;
  std::uint64_t seed = 1;
  std::uint64_t verbose = 0;
};

inline RandomOptions read_random_options(int argc, char** argv, std::uint64_t seeds) {
  RandomOptions options{seeds};
  for (int i = 1; i < argc; i += 2) {
    const std::string_view name = argv[i];
    std::uint64_t* const value = name == "--seeds"     ? &options.seeds
                                 : name == "--seed"    ? &options.seed
                                 : name == "--verbose" ? &options.verbose
                                                       : nullptr;
    if (value == nullptr || i + 1 == argc) {
      std::fprintf(stderr, "usage: %s [--seeds N] [--seed S] [--verbose 1]\n", argv[0]);
      std::exit(2);
    }
    *value = std::strtoull(argv[i + 1], nullptr, 10);
  }
  return options;
}

}  // namespace stillpoint::test
