#include "sim-core/kernel/eventfd.hpp"

#include <sys/epoll.h>

#include <cstring>

#include "sim-core/kernel/transfer.hpp"

namespace stillpoint::kernel {

std::uint32_t EventFd::poll() { return (count_ > 0 ? EPOLLIN : 0u) | (count_ < kMost ? EPOLLOUT : 0u); }

Result<std::size_t> EventFd::read(std::span<const iovec> parts) {
  if (total_size(parts) < sizeof count_) return Failure{EINVAL};
  if (count_ == 0) return Failure{EAGAIN};
  const std::uint64_t value = semaphore_ ? 1 : count_;
  count_ -= value;
  notify(EPOLLOUT, kNoEvent);
  return scatter_value(parts, value);
}

// eventfd_write() in Linux's fs/eventfd.c takes eight bytes, no more and no fewer (since 6.9), and each of several
// buffers is written by itself (do_loop_readv_writev() in fs/read_write.c).
Result<std::size_t> EventFd::write(std::span<const iovec> parts) {
  std::size_t done = 0;
  for (const iovec& part : parts) {
    if (part.iov_len == 0 && parts.size() > 1) continue;
    const Status added = add(part);
    if (!added) return done > 0 ? Result<std::size_t>(done) : Failure{added.error()};
    done += part.iov_len;
  }
  return done;
}

Status EventFd::add(const iovec& part) {
  std::uint64_t value = 0;
  if (part.iov_len != sizeof value) return Failure{EINVAL};
  if (!is_readable_bytes(part.iov_base, sizeof value)) return Failure{EFAULT};
  std::memcpy(&value, part.iov_base, sizeof value);
  if (value == UINT64_MAX) return Failure{EINVAL};
  if (kMost - count_ < value) return Failure{EAGAIN};
  count_ += value;
  notify(EPOLLIN, kNoEvent);
  return Done{};
}

}  // namespace stillpoint::kernel
