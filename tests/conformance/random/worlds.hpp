#pragma once
// The two kernels on which a sequence runs.
#include <cstdint>
#include <string>
#include <vector>

#include "tests/conformance/random/generator.hpp"

namespace stillpoint::test {

using Observations = std::vector<std::string>;

// Whether Linux is given time after each call. Loopback delivers within the sender's call, unless the machine is busy.
enum class Pace { at_once, with_time };

// Makes this process fit for on_linux(): the descriptors from some number on are free.
class LinuxProcess {
 public:
  LinuxProcess();
  Observations run(const Sequence& sequence, Pace pace) const;

 private:
  int first_ = 0;
};

// What the virtual kernel is doing, or has done last.
extern const Step* step_under_way;

Observations on_virtual_kernel(const Sequence& sequence, std::uint64_t seed);

}  // namespace stillpoint::test
