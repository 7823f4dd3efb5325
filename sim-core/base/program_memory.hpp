#pragma once
// Whether the pointers that a program gives to its calls can be followed. The program's memory is this process's own,
// so a bad pointer would crash the simulation where Linux says EFAULT: what a call is given is touched before it is
// used.
//
// A touch is one instruction that reads, or writes back what is there. Where it faults, the handler of SIGSEGV and
// SIGBUS (interpose/memory_faults.hpp) asks touch_failed(), and goes on where the touch says that it failed. Memory is
// mapped in pages, so that one touch a page tells of all of it.
//
// Only x86-64 has touches. Elsewhere addresses are bad below 64 KiB and beyond the half of the address space that is
// the program's; any other bad one is a crash of the program.
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace stillpoint {

constexpr std::uintptr_t kPageSize = 4096;

// access_ok() in Linux: whether all of it lies in the program's half of the address space, mapped or not.
inline bool may_be_memory(const void* from, std::size_t size) {
  constexpr std::uintptr_t kEnd = 0x7FFF'FFFF'F000;  // TASK_SIZE_MAX
  const auto begin = reinterpret_cast<std::uintptr_t>(from);
  return begin <= kEnd && size <= kEnd - begin;
}

#if defined(__x86_64__)
extern "C" bool sp_touch_to_read(const void* place);
extern "C" bool sp_touch_to_write(void* place);
// Where a program that faulted at `instruction` is to go on; none if that was not a touch.
std::optional<std::uintptr_t> touch_failed(std::uintptr_t instruction);
#else
inline bool sp_touch_to_read(const void* place) {
  return reinterpret_cast<std::uintptr_t>(place) >= 0x10000 && may_be_memory(place, 1);
}
inline bool sp_touch_to_write(void* place) { return sp_touch_to_read(place); }
#endif

// How many of the bytes, from the first on, can be read or written.
std::size_t readable(const void* from, std::size_t size);
std::size_t writable(void* to, std::size_t size);

// Whether all of the bytes can be; of none, all can, whatever the address is.
inline bool is_readable_bytes(const void* from, std::size_t size) {
  const auto begin = reinterpret_cast<std::uintptr_t>(from);
  if (size == 0) return true;
  if ((begin ^ (begin + size - 1)) < kPageSize) return sp_touch_to_read(from);
  return readable(from, size) == size;
}
inline bool is_writable_bytes(void* to, std::size_t size) {
  const auto begin = reinterpret_cast<std::uintptr_t>(to);
  if (size == 0) return true;
  if ((begin ^ (begin + size - 1)) < kPageSize) return sp_touch_to_write(to);
  return writable(to, size) == size;
}

// Of objects. Not of null.
template <typename T>
bool is_readable(const T* from, std::size_t count = 1) {
  return is_readable_bytes(from, count * sizeof(T));
}
template <typename T>
bool is_writable(T* to, std::size_t count = 1) {
  return is_writable_bytes(to, count * sizeof(T));
}
// The text up to its zero, or as much of it as is not too long; none if it runs into what cannot be read.
std::optional<std::string_view> readable_text(const char* from, std::size_t most);

// ---- rows of buffers ----

// How many of a row's first `most` bytes, from the first on.
std::size_t readable(std::span<const iovec> parts, std::size_t most);
std::size_t writable(std::span<const iovec> parts, std::size_t most);
std::size_t readable(std::span<const std::span<const std::byte>> parts, std::size_t most);
std::size_t writable(std::span<const std::span<std::byte>> parts, std::size_t most);

// Whether a row's first `most` bytes all can be. Requires that it has so many.
inline bool is_readable(std::span<const iovec> parts, std::size_t most) {
  return parts.size() == 1 ? is_readable_bytes(parts[0].iov_base, most) : readable(parts, most) == most;
}
inline bool is_writable(std::span<const iovec> parts, std::size_t most) {
  return parts.size() == 1 ? is_writable_bytes(parts[0].iov_base, most) : writable(parts, most) == most;
}
inline bool is_readable(std::span<const std::span<const std::byte>> parts, std::size_t most) {
  return parts.size() == 1 ? is_readable_bytes(parts[0].data(), most) : readable(parts, most) == most;
}
inline bool is_writable(std::span<const std::span<std::byte>> parts, std::size_t most) {
  return parts.size() == 1 ? is_writable_bytes(parts[0].data(), most) : writable(parts, most) == most;
}

}  // namespace stillpoint
