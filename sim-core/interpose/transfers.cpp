// read(2) and write(2) and their kin.
#include "sim-core/interpose/transfers.hpp"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "sim-core/kernel/identity.hpp"
#include "sim-core/kernel/transfer.hpp"

namespace stillpoint::interpose {

void raise_sigpipe(kernel::Host& host, const Call& call) {
  if (host.running_task() == nullptr) unsupported(host, call, "SIGPIPE would be delivered");
  siginfo_t info{};
  info.si_signo = SIGPIPE;
  info.si_code = SI_USER;
  info.si_pid = host.pid();
  info.si_uid = kernel::kUserId;
  host.signals.send(info, host.running_task(), {});
}

Status Row::import(const iovec* parts, std::size_t count) {
  if (count > IOV_MAX) return Failure{EINVAL};
  if (!is_readable(parts, count)) return Failure{EFAULT};
  parts_ = {parts, count};
  for (const iovec& part : parts_) {
    if (static_cast<ssize_t>(part.iov_len) < 0) return Failure{EINVAL};
  }
  for (const iovec& part : parts_) {
    const iovec taken = count == 1 ? buffer_of(part.iov_base, part.iov_len) : part;
    if (!may_be_memory(taken)) return Failure{EFAULT};
  }
  shorten(kMostBytes);
  return Done{};
}

void Row::shorten(std::size_t most) {
  if (kernel::total_size(parts_) <= most) [[likely]]  // at most 1024 of them, which lie in a space of 47 bits
    return;
  std::vector<iovec> fitting(parts_.begin(), parts_.end());
  for (iovec& part : fitting) most -= part.iov_len = std::min(part.iov_len, most);
  shortened_ = std::move(fitting);
  parts_ = shortened_;
}

// The order in which readv(2) and writev(2) look at things is that of vfs_readv() and vfs_writev() in Linux's
// fs/read_write.c. A row of no bytes never reaches the file, unlike a buffer of none.
Result<kernel::File*> find_to_read(kernel::Host& host, int fd) {
  kernel::File* file = host.descriptors.find(fd);
  if (file == nullptr || file->access_mode() == O_WRONLY) return Failure{EBADF};
  if (!file->can_read()) return Failure{file->as_disk_file() != nullptr ? EBADF : EINVAL};
  return file;
}

Result<kernel::File*> find_to_write(kernel::Host& host, int fd) {
  kernel::File* file = host.descriptors.find(fd);
  if (file == nullptr || file->access_mode() == O_RDONLY) return Failure{EBADF};
  if (!file->can_write()) return Failure{file->as_disk_file() != nullptr ? EBADF : EINVAL};
  return file;
}

ssize_t read_parts(kernel::Host& host, const Call& call, int fd, std::span<const iovec> parts) {
  kernel::File* file = host.descriptors.find(fd);
  if (file == nullptr) return fail<ssize_t>(host, call, EBADF);
  kernel::Socket* socket = file->as_socket();
  if (socket != nullptr && !file->nonblocking && socket->type() == SOCK_STREAM) {
    const std::size_t enough = socket->enough(0, kernel::total_size(parts));
    if (enough > 1) return finish<ssize_t>(host, call, receive_enough(host, call, *socket, {.parts = parts}, enough));
  }
  return finish<ssize_t>(host, call,
                         blocking(host, call, *file, !file->nonblocking, EPOLLIN, [&] { return file->read(parts); }));
}

ssize_t write_parts(kernel::Host& host, const Call& call, int fd, std::span<const iovec> parts) {
  kernel::File* file = host.descriptors.find(fd);
  if (file == nullptr) return fail<ssize_t>(host, call, EBADF);
  const bool sigpipe = file->raises_sigpipe();
  const bool waits = !file->nonblocking && (file->as_socket() == nullptr || file->as_socket()->sending_waits());
  auto written = file->write(parts);
  if (waits) {
    written = put_rest(host, call, *file, kernel::total_size(parts), written,
                       [&](std::size_t taken) { return file->write(kernel::rest_of(parts, taken)); });
  }
  if (!written && written.error() == EPIPE && sigpipe) raise_sigpipe(host, call);
  return finish<ssize_t>(host, call, written);
}

}  // namespace stillpoint::interpose

namespace {

using stillpoint::may_be_memory;
using stillpoint::Result;
using stillpoint::Status;
using stillpoint::interpose::buffer_of;
using stillpoint::interpose::Call;
using stillpoint::interpose::fail;
using stillpoint::interpose::find_to_read;
using stillpoint::interpose::find_to_write;
using stillpoint::interpose::read_parts;
using stillpoint::interpose::Row;
using stillpoint::interpose::unsupported;
using stillpoint::interpose::write_parts;
using stillpoint::kernel::File;
using stillpoint::kernel::Host;
using stillpoint::kernel::total_size;

// Why a call on a buffer that cannot be one fails: that the descriptor is not open for it comes first (vfs_read() and
// vfs_write() in Linux's fs/read_write.c).
int why_not_read(Host& host, int fd) {
  const File* file = host.descriptors.find(fd);
  if (file == nullptr || file->access_mode() == O_WRONLY) return EBADF;
  return file->can_read() ? EFAULT : EINVAL;
}
int why_not_written(Host& host, int fd) {
  const File* file = host.descriptors.find(fd);
  if (file == nullptr || file->access_mode() == O_RDONLY) return EBADF;
  return file->can_write() ? EFAULT : EINVAL;
}

ssize_t read_buffer(Host& host, const Call& call, int fd, void* data, size_t size) {
  if (!may_be_memory(data, size)) [[unlikely]]
    return fail<ssize_t>(host, call, why_not_read(host, fd));
  const iovec part = buffer_of(data, size);
  return read_parts(host, call, fd, {&part, 1});
}

}  // namespace

SP_CALL(ssize_t, read, (int fd, void* data, size_t size), (fd, data, size)) {
  return read_buffer(host, call, fd, data, size);
}

SP_CALL_AS(ssize_t, read_chk, "__read_chk", (int fd, void* data, size_t size, size_t room), (fd, data, size, room)) {
  if (size > room) unsupported(host, call, "buffer overflow detected");
  return read_buffer(host, call, fd, data, size);
}

SP_CALL(ssize_t, readv, (int fd, const iovec* parts, int count), (fd, parts, count)) {
  const Result<File*> file = find_to_read(host, fd);
  if (!file) return fail<ssize_t>(host, call, file.error());
  Row row;
  if (const Status imported = row.import(parts, static_cast<size_t>(count)); !imported)
    return fail<ssize_t>(host, call, imported.error());
  if (total_size(row.parts()) == 0) return 0;
  return read_parts(host, call, fd, row.parts());
}

SP_CALL(ssize_t, write, (int fd, const void* data, size_t size), (fd, data, size)) {
  if (!may_be_memory(data, size)) [[unlikely]]
    return fail<ssize_t>(host, call, why_not_written(host, fd));
  const iovec part = buffer_of(data, size);
  return write_parts(host, call, fd, {&part, 1});
}

SP_CALL(ssize_t, writev, (int fd, const iovec* parts, int count), (fd, parts, count)) {
  const Result<File*> file = find_to_write(host, fd);
  if (!file) return fail<ssize_t>(host, call, file.error());
  Row row;
  if (const Status imported = row.import(parts, static_cast<size_t>(count)); !imported)
    return fail<ssize_t>(host, call, imported.error());
  if (total_size(row.parts()) == 0) return 0;
  return write_parts(host, call, fd, row.parts());
}
