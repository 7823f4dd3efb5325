#pragma once
// The two kernels on which a sequence about files runs.
#include <cstdint>
#include <string>

#include "tests/conformance/random/compare.hpp"
#include "tests/conformance/random_files/generator.hpp"

namespace stillpoint::test {

// This process, as a user without privileges, in a folder on the machine's disk.
class LinuxFiles {
 public:
  LinuxFiles();
  LinuxFiles(const LinuxFiles&) = delete;
  LinuxFiles& operator=(const LinuxFiles&) = delete;
  ~LinuxFiles();
  Observations run(const FileSequence& sequence);

 private:
  std::string folder_of(int number) const;

  int first_ = 0;
  std::string folder_;
  int sequences_ = 0;  // so far: each has a folder in the folder
};

Observations on_virtual_disk(const FileSequence& sequence, std::uint64_t seed);

}  // namespace stillpoint::test
