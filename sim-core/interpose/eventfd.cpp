// eventfd(2).
#include <sys/eventfd.h>

#include <memory>

#include "sim-core/interpose/arguments.hpp"
#include "sim-core/interpose/transfers.hpp"
#include "sim-core/kernel/eventfd.hpp"

namespace {

using stillpoint::interpose::fail;
using stillpoint::interpose::finish;
using stillpoint::interpose::on_exec;
using stillpoint::interpose::read_parts;
using stillpoint::interpose::write_parts;
using stillpoint::kernel::EventFd;

}  // namespace

SP_CALL(int, eventfd, (unsigned initial, int flags), (initial, flags)) {
  if ((flags & ~(EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE)) != 0) return fail(host, call, EINVAL);
  auto file = std::make_unique<EventFd>(host, initial, (flags & EFD_SEMAPHORE) != 0);
  file->nonblocking = (flags & EFD_NONBLOCK) != 0;
  return finish<int>(host, call, host.descriptors.add(std::move(file), on_exec(flags)));
}

// Within libc these two call read and write past the symbols.
SP_CALL(int, eventfd_read, (int fd, eventfd_t* value), (fd, value)) {
  const iovec part{value, sizeof *value};
  return read_parts(host, call, fd, {&part, 1}) == sizeof *value ? 0 : -1;
}

SP_CALL(int, eventfd_write, (int fd, eventfd_t value), (fd, value)) {
  const iovec part{&value, sizeof value};
  return write_parts(host, call, fd, {&part, 1}) == sizeof value ? 0 : -1;
}
