#pragma once
// Small helpers on rows of buffers (struct iovec), as read, write and their kin use them.
#include <sys/uio.h>

#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "sim-core/base/program_memory.hpp"
#include "sim-core/base/result.hpp"

namespace stillpoint::kernel {

inline std::size_t total_size(std::span<const iovec> parts) {
  std::size_t total = 0;
  for (const iovec& part : parts) total += part.iov_len;
  return total;
}

// What a pipe takes of bytes that are followed by one that cannot be read: it copies page by page (anon_pipe_write() in
// Linux's fs/pipe.c).
constexpr std::size_t whole_pages(std::size_t bytes) { return bytes - bytes % 4096; }

// What is left of a row after its first `done` bytes.
inline std::vector<iovec> rest_of(std::span<const iovec> parts, std::size_t done) {
  std::vector<iovec> rest;
  for (const iovec& part : parts) {
    const std::size_t skip = part.iov_len < done ? part.iov_len : done;
    done -= skip;
    if (skip < part.iov_len) rest.push_back({static_cast<char*>(part.iov_base) + skip, part.iov_len - skip});
  }
  return rest;
}

// Writes bytes into the row, as many as fit; how many did.
inline std::size_t scatter(std::span<const iovec> parts, std::span<const std::byte> bytes) {
  std::size_t done = 0;
  for (const iovec& part : parts) {
    const std::size_t left = bytes.size() - done;
    const std::size_t chunk = part.iov_len < left ? part.iov_len : left;
    if (chunk > 0) std::memcpy(part.iov_base, bytes.data() + done, chunk);
    done += chunk;
  }
  return done;
}

// Writes the eight bytes of a counter into the row. Requires that they fit. EFAULT: Linux has taken the value by then
// (eventfd_read(), timerfd_read_iter()), and it is lost.
inline Result<std::size_t> scatter_value(std::span<const iovec> parts, std::uint64_t value) {
  if (!is_writable(parts, sizeof value)) return Failure{EFAULT};
  const auto* from = reinterpret_cast<const char*>(&value);
  std::size_t left = sizeof value;
  for (const iovec& part : parts) {
    const std::size_t chunk = part.iov_len < left ? part.iov_len : left;
    std::memcpy(part.iov_base, from, chunk);
    from += chunk;
    left -= chunk;
  }
  return sizeof value;
}

// Reads the eight bytes of a counter from the row; false if it is shorter.
inline bool gather_value(std::span<const iovec> parts, std::uint64_t& value) {
  auto* to = reinterpret_cast<char*>(&value);
  std::size_t left = sizeof value;
  for (const iovec& part : parts) {
    const std::size_t chunk = part.iov_len < left ? part.iov_len : left;
    std::memcpy(to, part.iov_base, chunk);
    to += chunk;
    left -= chunk;
  }
  return left == 0;
}

}  // namespace stillpoint::kernel
