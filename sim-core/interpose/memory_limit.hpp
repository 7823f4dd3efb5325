#pragma once
// A host's limit of memory (Host::limit_memory), held against the system calls that map more.
//
// All hosts are one process with one heap, so what is counted is what the running host asks Linux for, while its own
// code runs: mmap(2) and mremap(2) by their symbols or by instruction, and what libc's malloc asks for from within
// (brk, mmap, mremap), which comes here through the trap, of driven hosts and of programs alike. Where it is refused,
// malloc(3) returns null and `operator new` throws std::bad_alloc.
//
// Not counted, and not refused:
// - what malloc has free already, whichever host gave it back or asked for it: a small request may succeed long after
//   large ones have failed, and a limit of zero bytes only ends growth;
// - what the kernel and the harness allocate while they serve a call of the host, or between its turns, which must not
//   fail: it is known by the stack, on which the call stands. A signal's handler that runs when a call returns counts
//   as a part of it;
// - stacks of threads, and the objects that the dynamic linker loads;
// - anything under a sanitizer, whose allocator is its own, and where there is no trap (Valgrind, other processors):
//   there only mmap and mremap by their symbols are.
// What a scenario's code does on the host (a behaviour of simulated users) is the host's own.
#include <cstdint>

#include "sim-core/interpose/trapped_call.hpp"
#include "sim-core/kernel/host.hpp"

namespace stillpoint::interpose {

// Whole pages.
constexpr std::uint64_t pages_of(std::uint64_t bytes) { return (bytes + 4095) / 4096 * 4096; }

// Makes a call that libc made for itself, or refuses it; as Linux returns it. Requires that memory is limited. May run
// inside malloc.
long make_limited_call(kernel::Host& host, const TrappedCall& trapped);

// Whether a host may map so many bytes instead of others; true where nothing is limited.
inline bool may_map_instead(kernel::Host& host, std::uint64_t bytes, std::uint64_t others = 0) {
  return !host.memory_is_limited() || bytes <= others || host.may_map(bytes - others);
}
// It has done so.
inline void note_mapped(kernel::Host& host, std::uint64_t bytes, std::uint64_t others = 0) {
  if (host.memory_is_limited()) host.mapped(static_cast<std::int64_t>(bytes) - static_cast<std::int64_t>(others));
}

}  // namespace stillpoint::interpose
