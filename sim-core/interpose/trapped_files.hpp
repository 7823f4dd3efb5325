#pragma once
// System calls on files and paths that did not come through libc's symbols.
#include <sys/mman.h>

#include <cerrno>
#include <optional>
#include <type_traits>

#include "sim-core/interpose/trapped_call.hpp"

namespace stillpoint::interpose {

// An argument as what it is.
template <typename T>
T as(long argument) {
  if constexpr (std::is_pointer_v<T>) {
    return reinterpret_cast<T>(argument);
  } else {
    return static_cast<T>(argument);
  }
}

// As the system call returns what a function of libc returned.
template <typename T>
long or_error(T result) {
  return result < 0 ? -static_cast<long>(errno) : static_cast<long>(result);
}

inline long or_error(void* mapped) {
  return mapped == MAP_FAILED ? -static_cast<long>(errno) : reinterpret_cast<long>(mapped);
}

// Nothing: it is none of these.
std::optional<long> serve_files(const TrappedCall& trapped);

}  // namespace stillpoint::interpose
