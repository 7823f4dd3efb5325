#pragma once
// eventfd(2): a 64-bit counter to wait for.
#include "sim-core/kernel/file.hpp"

namespace stillpoint::kernel {

class EventFd final : public File {
 public:
  EventFd(Host& host, std::uint64_t initial, bool semaphore) : File(host), count_(initial), semaphore_(semaphore) {}

  std::uint32_t poll() override;
  // EINVAL for fewer than eight bytes; EAGAIN at zero.
  Result<std::size_t> read(std::span<const iovec> parts) override;
  // EINVAL for other than eight bytes or the value 2^64-1; EAGAIN where the counter would overflow.
  Result<std::size_t> write(std::span<const iovec> parts) override;
  Result<off_t> seek(off_t offset, int whence) override { return seek_nowhere(offset, whence); }

 private:
  Status add(const iovec& part);

  static constexpr std::uint64_t kMost = UINT64_MAX - 1;
  std::uint64_t count_;
  bool semaphore_;
};

}  // namespace stillpoint::kernel
