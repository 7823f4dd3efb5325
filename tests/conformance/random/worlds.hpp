#pragma once
// The two kernels on which a sequence runs.
#include <cstdint>

#include "tests/conformance/random/compare.hpp"
#include "tests/conformance/random/generator.hpp"

namespace stillpoint::test {

// Makes this process fit for on_linux(): the descriptors from some number on are free.
class LinuxProcess {
 public:
  LinuxProcess();
  Observations run(const Sequence& sequence, Pace pace) const;

 private:
  int first_ = 0;
};

Observations on_virtual_kernel(const Sequence& sequence, std::uint64_t seed);

}  // namespace stillpoint::test
