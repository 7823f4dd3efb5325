// The calls on descriptors as such, of any kind of file: close, dup, fcntl, ioctl, lseek.
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "sim-core/interpose/arguments.hpp"
#include "sim-core/interpose/file_locks.hpp"
#include "sim-core/interpose/waiting.hpp"
#include "sim-core/kernel/disk_file.hpp"
#include "sim-core/kernel/identity.hpp"
#include "sim-core/kernel/pipe.hpp"
#include "sim-core/kernel/socket.hpp"

namespace {

using stillpoint::Failure;
using stillpoint::is_readable;
using stillpoint::Result;
using stillpoint::VirtualTime;
using stillpoint::interpose::Call;
using stillpoint::interpose::fail;
using stillpoint::interpose::finish;
using stillpoint::interpose::give;
using stillpoint::interpose::on_exec;
using stillpoint::interpose::require_sleep;
using stillpoint::interpose::unsupported;
using stillpoint::interpose::wait_for;
using stillpoint::kernel::File;
using stillpoint::kernel::Host;
using stillpoint::kernel::OnExec;
using stillpoint::kernel::Socket;
using stillpoint::kernel::Woken;

[[noreturn]] void not_served(Host& host, const Call& call, const char* what, unsigned long number) {
  char which[48];
  std::snprintf(which, sizeof which, "%s 0x%lx", what, number);
  unsupported(host, call, which);
}

int duplicate_to(Host& host, const Call& call, int from, int to, OnExec flag) {
  return finish<int>(host, call, host.descriptors.duplicate_to(from, to, flag));
}

// setfl() in Linux's fs/fcntl.c: access mode and creation flags are ignored.
int set_status_flags(Host& host, const Call& call, File& file, long flags) {
  constexpr long kOfFiles = O_DIRECT | O_NOATIME;
  stillpoint::kernel::DiskFile* on_disk = file.as_disk_file();
  if (on_disk != nullptr && on_disk->path_only()) return fail(host, call, EBADF);
  if ((flags & O_ASYNC) != 0) unsupported(host, call, "O_ASYNC");
  if ((flags & kOfFiles) != 0 && on_disk == nullptr) unsupported(host, call, "O_DIRECT or O_NOATIME");
  if (on_disk != nullptr) {
    if ((flags & O_NOATIME) != 0 && on_disk->node().user != stillpoint::kernel::kUserId) return fail(host, call, EPERM);
    on_disk->set_status_flags(static_cast<int>((on_disk->status_flags() & ~kOfFiles) | (flags & kOfFiles)));
  }
  file.nonblocking = (flags & O_NONBLOCK) != 0;
  file.appends = (flags & O_APPEND) != 0;
  return 0;
}

int status_flags_of(File& file) {
  constexpr int kLargeFile = 0100000;  // which libc does not know on machines of 64 bits, and Linux sets
  const stillpoint::kernel::DiskFile* on_disk = file.as_disk_file();
  if (on_disk != nullptr && on_disk->path_only()) return on_disk->status_flags();
  const int fixed = on_disk != nullptr ? on_disk->status_flags() | kLargeFile : file.access_mode();
  return fixed | (file.nonblocking ? O_NONBLOCK : 0) | (file.appends ? O_APPEND : 0);
}

int control(Host& host, const Call& call, int fd, int command, long argument) {
  File* file = host.descriptors.find(fd);
  if (file == nullptr) return fail(host, call, EBADF);
  if (stillpoint::interpose::is_lock_command(command))
    return stillpoint::interpose::control_lock(host, call, *file, command, reinterpret_cast<void*>(argument));
  switch (command) {
    case F_GETFL:
      return status_flags_of(*file);
    case F_SETFL:
      return set_status_flags(host, call, *file, argument);
    case F_GETFD:
      return host.descriptors.on_exec(fd) == OnExec::close ? FD_CLOEXEC : 0;
    case F_SETFD:
      host.descriptors.set_on_exec(fd, (argument & FD_CLOEXEC) != 0 ? OnExec::close : OnExec::keep);
      return 0;
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
      return finish<int>(host, call,
                         host.descriptors.duplicate(fd, static_cast<int>(argument),
                                                    command == F_DUPFD ? OnExec::keep : OnExec::close));
    case F_GETPIPE_SZ:
      if (file->as_pipe() == nullptr) return fail(host, call, EBADF);
      return static_cast<int>(file->as_pipe()->capacity());
    case F_SETPIPE_SZ:
      if (file->as_pipe() == nullptr) return fail(host, call, EBADF);
      return finish<int>(host, call, file->as_pipe()->set_capacity(argument));
    default:
      not_served(host, call, "command", static_cast<unsigned>(command));
  }
}

// A request that asks a file for a number.
int ask(Host& host, const Call& call, const Result<int>& number, void* argument) {
  if (!number) return fail(host, call, number.error());
  return finish(host, call, give(static_cast<int*>(argument), number.value()));
}

int request_of(Host& host, const Call& call, int fd, unsigned long request, void* argument) {
  File* file = host.descriptors.find(fd);
  if (file == nullptr) return fail(host, call, EBADF);
  if (file->as_disk_file() != nullptr && file->as_disk_file()->path_only()) return fail(host, call, EBADF);
  Socket* socket = file->as_socket();
  switch (request) {
    case FIOCLEX:
    case FIONCLEX:
      host.descriptors.set_on_exec(fd, request == FIOCLEX ? OnExec::close : OnExec::keep);
      return 0;
    case FIONBIO:
      if (!is_readable(static_cast<int*>(argument))) return fail(host, call, EFAULT);
      file->nonblocking = *static_cast<int*>(argument) != 0;
      return 0;
    case FIONREAD:
      return ask(host, call, file->unread(), argument);
    case SIOCOUTQ:
      return ask(host, call, socket != nullptr ? socket->unsent() : Failure{file->unknown_request()}, argument);
    case SIOCATMARK:
      return ask(host, call, socket != nullptr ? socket->at_mark() : Failure{file->unknown_request()}, argument);
    case TCGETS:
    case TIOCGWINSZ:
      return fail(host, call, file->unknown_request());  // nothing is a terminal
    default:
      // Files know requests of their file system ('f'); the others are for terminals and their like.
      if (file->as_disk_file() != nullptr && _IOC_TYPE(request) != 'f' && _IOC_TYPE(request) != 'X' &&
          _IOC_TYPE(request) != 0x94)
        return fail(host, call, ENOTTY);
      not_served(host, call, "request", request);
  }
}

off_t seek(Host& host, const Call& call, int fd, off_t offset, int whence) {
  File* file = host.descriptors.find(fd);
  if (file == nullptr) return fail<off_t>(host, call, EBADF);
  return finish<off_t>(host, call, file->seek(offset, whence));
}

int close_many(Host& host, unsigned first, unsigned last, int flags) {
  const unsigned end = std::min(last, static_cast<unsigned>(std::max(host.descriptors.end() - 1, 0)));
  for (unsigned each = first; each <= end; ++each) {
    const int fd = static_cast<int>(each);
    if (host.descriptors.find(fd) == nullptr) continue;
    if ((flags & static_cast<int>(CLOSE_RANGE_CLOEXEC)) != 0) {
      host.descriptors.set_on_exec(fd, OnExec::close);
    } else {
      static_cast<void>(host.descriptors.close(fd));
    }
  }
  return 0;
}

}  // namespace

namespace {
// close(2) with SO_LINGER: the last descriptor waits until the peer has everything, or for so long.
void wait_for_end(Host& host, const Call& call, File& file) {
  const auto longest = file.begin_close();
  if (!longest || file.close_finished()) return;
  require_sleep(host, call);
  const stillpoint::kernel::Deadline deadline = host.clocks().after(host.now(), *longest);
  while (wait_for(host, file, EPOLLOUT, deadline) == Woken::by_event && !file.close_finished()) continue;
}
}  // namespace

SP_CALL(int, close, (int fd), (fd)) {
  File* file = host.descriptors.find(fd);
  if (file == nullptr) return fail(host, call, EBADF);
  file->add_reference();
  const stillpoint::Status closed = host.descriptors.close(fd);
  if (file->last_reference()) wait_for_end(host, call, *file);
  file->drop_reference();
  return finish(host, call, closed);
}

SP_CALL(int, close_range, (unsigned first, unsigned last, int flags), (first, last, flags)) {
  if ((flags & ~static_cast<int>(CLOSE_RANGE_CLOEXEC | CLOSE_RANGE_UNSHARE)) != 0 || first > last)
    return fail(host, call, EINVAL);
  if ((flags & static_cast<int>(CLOSE_RANGE_UNSHARE)) != 0) unsupported(host, call, "CLOSE_RANGE_UNSHARE");
  return close_many(host, first, last, flags);
}

SP_CALL(void, closefrom, (int lowest), (lowest)) {
  close_many(host, static_cast<unsigned>(std::max(lowest, 0)), ~0u, 0);
}

SP_CALL(int, dup, (int fd), (fd)) { return finish<int>(host, call, host.descriptors.duplicate(fd, 0)); }

SP_CALL(int, dup2, (int from, int to), (from, to)) {
  // The one case in which nothing is closed (dup(2)).
  if (from == to) return host.descriptors.find(from) != nullptr ? to : fail(host, call, EBADF);
  return duplicate_to(host, call, from, to, OnExec::keep);
}

SP_CALL(int, dup3, (int from, int to, int flags), (from, to, flags)) {
  if ((flags & ~O_CLOEXEC) != 0 || from == to) return fail(host, call, EINVAL);
  return duplicate_to(host, call, from, to, on_exec(flags));
}

SP_CALL(int, fcntl, (int fd, int command, long argument), (fd, command, argument)) {
  return control(host, call, fd, command, argument);
}

SP_CALL(int, fcntl64, (int fd, int command, long argument), (fd, command, argument)) {
  return control(host, call, fd, command, argument);
}

SP_CALL(int, ioctl, (int fd, unsigned long request, void* argument), (fd, request, argument)) {
  return request_of(host, call, fd, request, argument);
}

// Within libc these two make the system call past the symbol ioctl.
SP_CALL(int, isatty, (int fd), (fd)) { return request_of(host, call, fd, TCGETS, nullptr) == 0 ? 1 : 0; }

SP_CALL(int, tcgetattr, (int fd, termios* settings), (fd, settings)) {
  return request_of(host, call, fd, TCGETS, settings);
}

SP_CALL(off_t, lseek, (int fd, off_t offset, int whence), (fd, offset, whence)) {
  return seek(host, call, fd, offset, whence);
}

SP_CALL(off64_t, lseek64, (int fd, off64_t offset, int whence), (fd, offset, whence)) {
  return seek(host, call, fd, offset, whence);
}
