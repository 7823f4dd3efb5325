#include "sim-core/base/program_memory.hpp"

#include <algorithm>
#include <cstring>

#if defined(__x86_64__)

// They answer true, or, where the touch faults, false: the handler goes on at the end.
asm(R"(
  .pushsection .text.sp_touch, "ax", @progbits
  .globl sp_touch_to_read
  .type sp_touch_to_read, @function
sp_touch_to_read:
  .cfi_startproc
sp_touch_reads:
  testb $0, (%rdi)
  movl $1, %eax
  ret
  .cfi_endproc
  .size sp_touch_to_read, . - sp_touch_to_read
  .globl sp_touch_to_write
  .type sp_touch_to_write, @function
sp_touch_to_write:
  .cfi_startproc
sp_touch_writes:
  orb $0, (%rdi)
  movl $1, %eax
  ret
sp_touch_failed:
  xorl %eax, %eax
  ret
  .cfi_endproc
  .size sp_touch_to_write, . - sp_touch_to_write
  .globl sp_touch_reads
  .hidden sp_touch_reads
  .globl sp_touch_writes
  .hidden sp_touch_writes
  .globl sp_touch_failed
  .hidden sp_touch_failed
  .hidden sp_touch_to_read
  .hidden sp_touch_to_write
  .popsection
)");

extern "C" {
extern const char sp_touch_reads[];
extern const char sp_touch_writes[];
extern const char sp_touch_failed[];
}

namespace stillpoint {

std::optional<std::uintptr_t> touch_failed(std::uintptr_t instruction) {
  if (instruction != reinterpret_cast<std::uintptr_t>(sp_touch_reads) &&
      instruction != reinterpret_cast<std::uintptr_t>(sp_touch_writes))
    return std::nullopt;
  return reinterpret_cast<std::uintptr_t>(sp_touch_failed);
}

}  // namespace stillpoint

#endif

namespace stillpoint {
namespace {

bool touch_to_read(std::uintptr_t place) { return sp_touch_to_read(reinterpret_cast<const void*>(place)); }
bool touch_to_write(std::uintptr_t place) { return sp_touch_to_write(reinterpret_cast<void*>(place)); }

template <typename Touch>
std::size_t touchable(const void* from, std::size_t size, Touch touch) {
  const auto begin = reinterpret_cast<std::uintptr_t>(from);
  std::size_t done = 0;
  while (done < size) {
    const std::uintptr_t place = begin + done;
    if (!may_be_memory(reinterpret_cast<const void*>(place), 1) || !touch(place)) break;
    done += kPageSize - place % kPageSize;
  }
  return std::min(done, size);
}

void* begin_of(const iovec& part) { return part.iov_base; }
std::size_t size_of(const iovec& part) { return part.iov_len; }
template <typename Byte>
Byte* begin_of(std::span<Byte> part) {
  return part.data();
}
template <typename Byte>
std::size_t size_of(std::span<Byte> part) {
  return part.size();
}

template <typename Part, typename Touch>
std::size_t touchable(std::span<Part> parts, std::size_t most, Touch touch) {
  std::size_t done = 0;
  for (const auto& part : parts) {
    const std::size_t wanted = std::min(size_of(part), most - done);
    const std::size_t got = touchable(begin_of(part), wanted, touch);
    done += got;
    if (got < wanted) break;
  }
  return done;
}

}  // namespace

std::size_t readable(const void* from, std::size_t size) { return touchable(from, size, touch_to_read); }
std::size_t writable(void* to, std::size_t size) { return touchable(to, size, touch_to_write); }
std::size_t readable(std::span<const iovec> parts, std::size_t most) { return touchable(parts, most, touch_to_read); }
std::size_t writable(std::span<const iovec> parts, std::size_t most) { return touchable(parts, most, touch_to_write); }
std::size_t readable(std::span<const std::span<const std::byte>> parts, std::size_t most) {
  return touchable(parts, most, touch_to_read);
}
std::size_t writable(std::span<const std::span<std::byte>> parts, std::size_t most) {
  return touchable(parts, most, touch_to_write);
}

std::optional<std::string_view> readable_text(const char* from, std::size_t most) {
  std::size_t size = 0;
  while (size < most) {
    const auto place = reinterpret_cast<std::uintptr_t>(from + size);
    if (!touch_to_read(place)) return std::nullopt;
    const std::size_t chunk = std::min<std::size_t>(kPageSize - place % kPageSize, most - size);
    if (const void* end = std::memchr(from + size, 0, chunk); end != nullptr)
      return std::string_view(from, static_cast<const char*>(end));
    size += chunk;
  }
  return std::string_view(from, size);
}

}  // namespace stillpoint
