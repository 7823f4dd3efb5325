#pragma once
// Reading and writing descriptors of any kind, as read(2) and write(2) and what stands on them do.
#include <limits.h>
#include <sys/epoll.h>
#include <sys/uio.h>

#include <span>
#include <vector>

#include "sim-core/base/program_memory.hpp"
#include "sim-core/interpose/waiting.hpp"

namespace stillpoint::interpose {

// One call moves no more bytes (MAX_RW_COUNT in Linux).
constexpr std::size_t kMostBytes = static_cast<std::size_t>(INT_MAX) & ~std::size_t{4095};

// A buffer as a call takes it (import_ubuf() in Linux's lib/iov_iter.c). Whether it lies where memory can be, shows at
// once; whether there is some, where its bytes are copied.
inline iovec buffer_of(const void* data, std::size_t size) {
  return {const_cast<void*>(data), std::min(size, kMostBytes)};
}
inline bool may_be_memory(const iovec& buffer) { return stillpoint::may_be_memory(buffer.iov_base, buffer.iov_len); }

// A row of buffers as a call is given it: __import_iovec() in Linux's lib/iov_iter.c.
class Row {
 public:
  // EFAULT; EINVAL (too many, or a length that is negative).
  Status import(const iovec* parts, std::size_t count);
  // Only so many bytes are moved.
  void shorten(std::size_t most);
  std::span<const iovec> parts() const { return parts_; }

 private:
  std::span<const iovec> parts_;
  std::vector<iovec> shortened_;
};

// The file of a readv(2) or a writev(2). EBADF, EINVAL.
Result<kernel::File*> find_to_read(kernel::Host& host, int fd);
Result<kernel::File*> find_to_write(kernel::Host& host, int fd);

ssize_t read_parts(kernel::Host& host, const Call& call, int fd, std::span<const iovec> parts);
// A blocking descriptor takes all of it.
ssize_t write_parts(kernel::Host& host, const Call& call, int fd, std::span<const iovec> parts);

// A peer that reads no more: EPIPE, and SIGPIPE for the task that wrote (write(2), send(2)).
void raise_sigpipe(kernel::Host& host, const Call& call);

// A blocking call on a stream takes all of what it was given (write(2), send(2)): `first` is what a first try has done,
// `put(taken)` tries what follows the first `taken` bytes. What was taken counts more than an error or a signal that
// ends the wait. `wanted` is zero where the first success is all, as with datagrams.
template <typename Put>
Result<std::size_t> put_rest(kernel::Host& host, const Call& call, kernel::File& file, std::size_t wanted,
                             Result<std::size_t> first, Put put) {
  std::size_t taken = first ? first.value() : 0;
  if (first ? taken >= wanted : first.error() != EAGAIN) return first;
  const auto whole = blocking(
      host, call, file, true, EPOLLOUT,
      [&]() -> Result<std::size_t> {
        const auto more = put(taken);
        if (!more) return taken > 0 && more.error() != EAGAIN ? Result<std::size_t>(taken) : more;
        taken += more.value();
        if (taken < wanted) return Failure{EAGAIN};
        return taken;
      },
      &taken);
  if (!whole && (whole.error() == EINTR || whole.error() == EAGAIN) && taken > 0) return taken;
  return whole;
}

}  // namespace stillpoint::interpose
