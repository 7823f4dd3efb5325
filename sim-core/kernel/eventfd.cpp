#include "sim-core/kernel/eventfd.hpp"

#include <sys/epoll.h>

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

Result<std::size_t> EventFd::write(std::span<const iovec> parts) {
  std::uint64_t value = 0;
  if (!gather_value(parts, value) || value == UINT64_MAX) return Failure{EINVAL};
  if (kMost - count_ < value) return Failure{EAGAIN};
  count_ += value;
  notify(EPOLLIN, kNoEvent);
  return sizeof value;
}

}  // namespace stillpoint::kernel
