#pragma once
// What a system call is answered that did not come through libc's symbols: served by the functions that the symbols
// lead to, passed on to the real kernel, or the end of the run.
#include <array>

#include "sim-core/interpose/trap.hpp"
#include "sim-core/kernel/host.hpp"

namespace stillpoint::interpose {

struct TrappedCall {
  long number;
  std::array<long, 6> arguments;
  const void* site;
  bool of_32_bits;  // by `int $0x80`: the number and the arguments are those of another machine
};

// As the system call returns it: the negative of an errno for a failure. Does not return if the run ends.
long answer(kernel::Host& host, const TrappedCall& trapped, Guard guard);
// Makes the call for real.
long make_call(const TrappedCall& trapped);

}  // namespace stillpoint::interpose
