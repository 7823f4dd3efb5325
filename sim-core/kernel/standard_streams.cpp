#include "sim-core/kernel/standard_streams.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "sim-core/kernel/host.hpp"
#include "sim-core/kernel/kernel.hpp"
#include "sim-core/kernel/transfer.hpp"

namespace stillpoint::kernel {

std::uint32_t NullInput::poll() { return EPOLLIN | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM; }

// null_lseek() in Linux's drivers/char/mem.c: the position stays 0.
Result<off_t> NullInput::seek(off_t, int whence) {
  if (whence < SEEK_SET || whence > SEEK_HOLE) return Failure{EINVAL};
  return off_t{0};
}

std::uint32_t LogOutput::poll() { return EPOLLOUT | EPOLLWRNORM; }

Result<std::size_t> LogOutput::write(std::span<const iovec> parts) {
  Kernel& kernel = host().kernel();
  const std::size_t wanted = total_size(parts);
  const std::size_t given = is_readable(parts, wanted) ? wanted : whole_pages(readable(parts, wanted));
  if (given == 0 && wanted > 0) return Failure{EFAULT};
  std::size_t left = given;
  for (const iovec& part : parts) {
    const std::size_t chunk = std::min(part.iov_len, left);
    kernel.log_output(host(), stream_, {static_cast<const char*>(part.iov_base), chunk});
    left -= chunk;
  }
  return given;
}

void open_standard_streams(Host& host) {
  SP_ASSERT(host.descriptors.add(std::make_unique<NullInput>(host)));
  SP_ASSERT(host.descriptors.add(std::make_unique<LogOutput>(host, STDOUT_FILENO)));
  SP_ASSERT(host.descriptors.add(std::make_unique<LogOutput>(host, STDERR_FILENO)));
}

}  // namespace stillpoint::kernel
