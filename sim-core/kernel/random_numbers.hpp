#pragma once
// The states of libc's pseudo-random numbers (random(3), drand48(3)), which every process has for itself.
//
// The numbers are glibc's own: its reentrant functions work on these states, as its others do on the one of the
// process. So a seed gives the sequence that it gives everywhere.
#include <stdlib.h>

#include <cstdint>

namespace stillpoint::kernel {

class RandomNumbers {
 public:
  // As after srandom(1), and as drand48 begins without a seed.
  RandomNumbers() { initstate_r(1, reinterpret_cast<char*>(table_), sizeof table_, &random_); }
  RandomNumbers(const RandomNumbers&) = delete;
  RandomNumbers& operator=(const RandomNumbers&) = delete;

  random_data& random() { return random_; }
  drand48_data& drand48() { return drand48_; }

 private:
  // The kind of generator that glibc begins with: x**31 + x**3 + 1, and a word for the kind itself.
  std::int32_t table_[32] = {};
  random_data random_ = {};
  drand48_data drand48_ = {};
};

}  // namespace stillpoint::kernel
