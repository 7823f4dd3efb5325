// The calls on descriptors of any kind: read and write, close, fcntl, ioctl, and waiting for readiness.
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include <memory>

#include "sim-core/interpose/arguments.hpp"
#include "sim-core/kernel/epoll.hpp"
#include "sim-core/kernel/eventfd.hpp"
#include "sim-core/kernel/timerfd.hpp"
#include "sim-core/kernel/transfer.hpp"

namespace {

using stillpoint::Failure;
using stillpoint::Result;
using stillpoint::VirtualTime;
using stillpoint::interpose::blocking;
using stillpoint::interpose::Call;
using stillpoint::interpose::fail;
using stillpoint::interpose::finish;
using stillpoint::interpose::receive_enough;
using stillpoint::interpose::require_sleep;
using stillpoint::interpose::unsupported;
using stillpoint::interpose::wait_for;
using stillpoint::kernel::Epoll;
using stillpoint::kernel::EventFd;
using stillpoint::kernel::File;
using stillpoint::kernel::Host;
using stillpoint::kernel::TimerFd;
using stillpoint::kernel::WaitSet;
using stillpoint::kernel::Woken;

// What a host writes to its standard output and error becomes lines of its log.
bool is_standard_output(int fd) { return fd == STDOUT_FILENO || fd == STDERR_FILENO; }

ssize_t write_log(Host& host, int fd, std::span<const iovec> parts) {
  for (const iovec& part : parts) {
    host.kernel().trace.log(host.kernel().queue.now(), host.where(), static_cast<unsigned>(fd),
                            {static_cast<const char*>(part.iov_base), part.iov_len});
  }
  return static_cast<ssize_t>(stillpoint::kernel::total_size(parts));
}

ssize_t read_parts(Host& host, const Call& call, int fd, std::span<const iovec> parts) {
  File* file = host.descriptors.find(fd);
  if (file == nullptr) return fail<ssize_t>(host, call, EBADF);
  stillpoint::kernel::Socket* socket = file->as_socket();
  if (socket != nullptr && !file->nonblocking && socket->type() == SOCK_STREAM) {
    const std::size_t enough = socket->enough(0, stillpoint::kernel::total_size(parts));
    if (enough > 1) return finish<ssize_t>(host, call, receive_enough(host, call, *socket, {.parts = parts}, enough));
  }
  return finish<ssize_t>(host, call,
                         blocking(host, call, *file, !file->nonblocking, EPOLLIN, [&] { return file->read(parts); }));
}

ssize_t write_parts(Host& host, const Call& call, int fd, std::span<const iovec> parts) {
  File* file = host.descriptors.find(fd);
  if (file == nullptr) return is_standard_output(fd) ? write_log(host, fd, parts) : fail<ssize_t>(host, call, EBADF);
  // A blocking descriptor takes all of it (write(2)).
  const std::size_t wanted = stillpoint::kernel::total_size(parts);
  std::size_t taken = 0;
  auto written = file->write(parts);
  if (!file->nonblocking && (written ? written.value() < wanted : written.error() == EAGAIN)) {
    taken = written ? written.value() : 0;
    written = blocking(host, call, *file, true, EPOLLOUT, [&]() -> Result<std::size_t> {
      const auto more = file->write(stillpoint::kernel::rest_of(parts, taken));
      if (!more) return taken > 0 && more.error() != EAGAIN ? Result<std::size_t>(taken) : more;
      taken += more.value();
      if (taken < wanted) return Failure{EAGAIN};
      return taken;
    });
    if (!written && (written.error() == EINTR || written.error() == EAGAIN) && taken > 0) written = taken;
  }
  if (!written && written.error() == EPIPE) unsupported(host, call, "SIGPIPE would be delivered");
  return finish<ssize_t>(host, call, written);
}

// When a time-out of milliseconds is over; never, if it is negative.
std::optional<VirtualTime> deadline_of(const Host& host, int timeout_ms) {
  if (timeout_ms < 0) return std::nullopt;
  return host.now() + std::chrono::milliseconds(timeout_ms);
}

int wait_epoll(Host& host, const Call& call, int fd, epoll_event* events, int capacity, int timeout_ms) {
  File* file = host.descriptors.find(fd);
  if (file == nullptr) return fail(host, call, EBADF);
  Epoll* epoll = file->as_epoll();
  if (epoll == nullptr || capacity <= 0) return fail(host, call, EINVAL);
  int count = epoll->collect(events, capacity);
  if (count > 0 || timeout_ms == 0) return count;
  require_sleep(host, call);
  const auto deadline = deadline_of(host, timeout_ms);
  while (count == 0) {
    const Woken woken = wait_for(host, *epoll, EPOLLIN, deadline);
    if (woken == Woken::by_signal) return fail(host, call, EINTR);
    count = epoll->collect(events, capacity);
    if (woken == Woken::by_timeout) break;
  }
  return count;
}

short poll_one(Host& host, const pollfd& entry) {
  if (entry.fd < 0) return 0;
  File* file = host.descriptors.find(entry.fd);
  if (file == nullptr) return POLLNVAL;
  // The low POLL* and EPOLL* bits are the same.
  return static_cast<short>(static_cast<int>(file->poll()) & (entry.events | POLLERR | POLLHUP));
}

int look_at_all(Host& host, pollfd* entries, nfds_t count) {
  int ready = 0;
  for (nfds_t i = 0; i < count; ++i) {
    entries[i].revents = poll_one(host, entries[i]);
    ready += entries[i].revents != 0;
  }
  return ready;
}

int poll_all(Host& host, const Call& call, pollfd* entries, nfds_t count, int timeout_ms) {
  int ready = look_at_all(host, entries, count);
  if (ready > 0 || timeout_ms == 0) return ready;
  require_sleep(host, call);
  const auto deadline = deadline_of(host, timeout_ms);
  WaitSet waits(*host.running_task());
  for (nfds_t i = 0; i < count; ++i) {
    File* file = entries[i].fd < 0 ? nullptr : host.descriptors.find(entries[i].fd);
    if (file != nullptr) waits.add(*file, static_cast<std::uint32_t>(static_cast<unsigned short>(entries[i].events)));
  }
  while (ready == 0) {
    const Woken woken = host.sleep(deadline);
    if (woken == Woken::by_signal) return fail(host, call, EINTR);
    ready = look_at_all(host, entries, count);
    if (woken == Woken::by_timeout) break;
  }
  return ready;
}

}  // namespace

SP_CALL(ssize_t, read, (int fd, void* data, size_t size), (fd, data, size)) {
  const iovec part{data, size};
  return read_parts(host, call, fd, {&part, 1});
}

SP_CALL_AS(ssize_t, read_chk, "__read_chk", (int fd, void* data, size_t size, size_t room), (fd, data, size, room)) {
  if (size > room) unsupported(host, call, "buffer overflow detected");
  const iovec part{data, size};
  return read_parts(host, call, fd, {&part, 1});
}

SP_CALL(ssize_t, readv, (int fd, const iovec* parts, int count), (fd, parts, count)) {
  if (count < 0) return fail<ssize_t>(host, call, EINVAL);
  return read_parts(host, call, fd, {parts, static_cast<size_t>(count)});
}

SP_CALL(ssize_t, write, (int fd, const void* data, size_t size), (fd, data, size)) {
  const iovec part{const_cast<void*>(data), size};
  return write_parts(host, call, fd, {&part, 1});
}

SP_CALL(ssize_t, writev, (int fd, const iovec* parts, int count), (fd, parts, count)) {
  if (count < 0) return fail<ssize_t>(host, call, EINVAL);
  return write_parts(host, call, fd, {parts, static_cast<size_t>(count)});
}

namespace {
// close(2) with SO_LINGER: the last descriptor waits until the peer has everything, or for so long.
void wait_for_end(Host& host, const Call& call, File& file) {
  const auto longest = file.begin_close();
  if (!longest || file.close_finished()) return;
  require_sleep(host, call);
  const VirtualTime deadline = host.now() + *longest;
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

SP_CALL(int, dup, (int fd), (fd)) { return finish<int>(host, call, host.descriptors.duplicate(fd, 0)); }

namespace {
int control(Host& host, const Call& call, int fd, int command, long argument) {
  File* file = host.descriptors.find(fd);
  if (file == nullptr) return fail(host, call, EBADF);
  switch (command) {
    case F_GETFL:
      return O_RDWR | (file->nonblocking ? O_NONBLOCK : 0);
    case F_SETFL:
      file->nonblocking = (argument & O_NONBLOCK) != 0;
      return 0;
    case F_GETFD:
      return FD_CLOEXEC;  // there is no exec to tell the difference
    case F_SETFD:
      return 0;
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
      return finish<int>(host, call, host.descriptors.duplicate(fd, static_cast<int>(argument)));
    default:
      unsupported(host, call, "this command is not served");
  }
}
}  // namespace

SP_CALL(int, fcntl, (int fd, int command, long argument), (fd, command, argument)) {
  return control(host, call, fd, command, argument);
}

SP_CALL(int, fcntl64, (int fd, int command, long argument), (fd, command, argument)) {
  return control(host, call, fd, command, argument);
}

SP_CALL(int, ioctl, (int fd, unsigned long request, void* argument), (fd, request, argument)) {
  File* file = host.descriptors.find(fd);
  if (file == nullptr) return fail(host, call, EBADF);
  if (argument == nullptr) return fail(host, call, EFAULT);
  if (request == FIONBIO) {
    file->nonblocking = *static_cast<int*>(argument) != 0;
    return 0;
  }
  if (request == FIONREAD) {
    if (file->as_socket() == nullptr) return fail(host, call, ENOTTY);
    const Result<int> unread = file->as_socket()->unread();
    if (!unread) return fail(host, call, unread.error());
    *static_cast<int*>(argument) = unread.value();
    return 0;
  }
  unsupported(host, call, "this request is not served");
}

SP_CALL(int, epoll_create1, (int flags), (flags)) {
  if ((flags & ~EPOLL_CLOEXEC) != 0) return fail(host, call, EINVAL);
  return finish<int>(host, call, host.descriptors.add(std::make_unique<Epoll>(host)));
}

SP_CALL(int, epoll_create, (int size), (size)) {
  if (size <= 0) return fail(host, call, EINVAL);
  return finish<int>(host, call, host.descriptors.add(std::make_unique<Epoll>(host)));
}

SP_CALL(int, epoll_ctl, (int epfd, int operation, int fd, epoll_event* event), (epfd, operation, fd, event)) {
  File* watcher = host.descriptors.find(epfd);
  File* file = host.descriptors.find(fd);
  if (watcher == nullptr || file == nullptr) return fail(host, call, EBADF);
  Epoll* epoll = watcher->as_epoll();
  if (epoll == nullptr || file == watcher) return fail(host, call, EINVAL);
  if (operation != EPOLL_CTL_DEL && event == nullptr) return fail(host, call, EFAULT);
  if (event != nullptr && (event->events & EPOLLEXCLUSIVE) != 0) unsupported(host, call, "EPOLLEXCLUSIVE");
  return finish(host, call, epoll->control(operation, fd, *file, event));
}

SP_CALL(int, epoll_wait, (int epfd, epoll_event* events, int capacity, int timeout),
        (epfd, events, capacity, timeout)) {
  return wait_epoll(host, call, epfd, events, capacity, timeout);
}

SP_CALL(int, epoll_pwait, (int epfd, epoll_event* events, int capacity, int timeout, const void* mask),
        (epfd, events, capacity, timeout, mask)) {
  if (mask != nullptr) unsupported(host, call, "with a signal mask");
  return wait_epoll(host, call, epfd, events, capacity, timeout);
}

SP_CALL(int, poll, (pollfd * entries, nfds_t count, int timeout), (entries, count, timeout)) {
  return poll_all(host, call, entries, count, timeout);
}

SP_CALL_AS(int, poll_chk, "__poll_chk", (pollfd * entries, nfds_t count, int timeout, size_t room),
           (entries, count, timeout, room)) {
  if (count * sizeof(pollfd) > room) unsupported(host, call, "buffer overflow detected");
  return poll_all(host, call, entries, count, timeout);
}

SP_CALL(int, eventfd, (unsigned initial, int flags), (initial, flags)) {
  if ((flags & ~(EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE)) != 0) return fail(host, call, EINVAL);
  auto file = std::make_unique<EventFd>(host, initial, (flags & EFD_SEMAPHORE) != 0);
  file->nonblocking = (flags & EFD_NONBLOCK) != 0;
  return finish<int>(host, call, host.descriptors.add(std::move(file)));
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

SP_CALL(int, timerfd_create, (int clock, int flags), (clock, flags)) {
  if ((flags & ~(TFD_CLOEXEC | TFD_NONBLOCK)) != 0) return fail(host, call, EINVAL);
  if (clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME && clock != CLOCK_BOOTTIME) return fail(host, call, EINVAL);
  auto file = std::make_unique<TimerFd>(host, clock);
  file->nonblocking = (flags & TFD_NONBLOCK) != 0;
  return finish<int>(host, call, host.descriptors.add(std::move(file)));
}

namespace {
Result<TimerFd*> find_timer(Host& host, int fd) {
  File* file = host.descriptors.find(fd);
  if (file == nullptr) return stillpoint::Failure{EBADF};
  if (file->as_timerfd() == nullptr) return stillpoint::Failure{EINVAL};
  return file->as_timerfd();
}
}  // namespace

SP_CALL(int, timerfd_settime, (int fd, int flags, const itimerspec* value, itimerspec* old), (fd, flags, value, old)) {
  const auto timer = find_timer(host, fd);
  if (!timer) return fail(host, call, timer.error());
  if (value == nullptr) return fail(host, call, EFAULT);
  if ((flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)) != 0) return fail(host, call, EINVAL);
  if (old != nullptr) *old = timer.value()->get();
  return finish(host, call, timer.value()->set(*value, (flags & TFD_TIMER_ABSTIME) != 0));
}

SP_CALL(int, timerfd_gettime, (int fd, itimerspec* value), (fd, value)) {
  const auto timer = find_timer(host, fd);
  if (!timer) return fail(host, call, timer.error());
  if (value == nullptr) return fail(host, call, EFAULT);
  *value = timer.value()->get();
  return 0;
}
