// Random sequences of calls about files, on Linux and on the virtual kernel: what both observe must be the same, and so
// must be the trees that are left.
//
//   test_conformance_random_files [--sequences N] [--seed S] [--show K] [--real-twice 1]
//
// runs N sequences, from seed S on.
#include "tests/conformance/random/compare.hpp"
#include "tests/conformance/random_files/worlds.hpp"

using namespace stillpoint::test;

int main(int argc, char** argv) {
  const auto options = read_compare_options(argc, argv);
  if (!options) return 2;
  LinuxFiles real;
  return Comparison<FileSequence>({
                                      .generate = [](std::uint64_t seed) { return FileGenerator(seed).sequence(); },
                                      .simulated = on_virtual_disk,
                                      .real = [&](const FileSequence& sequence, Pace) { return real.run(sequence); },
                                  })
      .run(*options);
}
