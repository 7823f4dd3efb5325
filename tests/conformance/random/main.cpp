// Random sequences of system calls, on Linux and on the virtual kernel: what both observe must be the same.
//
//   test_conformance_random [--sequences N] [--seed S] [--show K]
//
// runs N sequences, from seed S on.
#include "tests/conformance/random/compare.hpp"
#include "tests/conformance/random/worlds.hpp"

using namespace stillpoint::test;

int main(int argc, char** argv) {
  const auto options = read_compare_options(argc, argv);
  if (!options) return 2;
  const LinuxProcess process;
  return Comparison<Sequence>(
             {
                 .generate = [](std::uint64_t seed) { return Generator(seed, {}).sequence(); },
                 .simulated = on_virtual_kernel,
                 .real = [&](const Sequence& sequence, Pace pace) { return process.run(sequence, pace); },
             })
      .run(*options);
}
