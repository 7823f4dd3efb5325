#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/timerfd.h>
#include <sys/uio.h>

#include "tests/kernel/machines.hpp"

using namespace stillpoint::test;

namespace {
int event_of(const Machine& machine) {
  return static_cast<int>(machine([] { return eventfd(0, EFD_NONBLOCK); }).value);
}
}  // namespace

// POSIX 2.6, "File Descriptor Allocation".
TEST_CASE("a new descriptor is the lowest that is free, of every kind and on each host alone") {
  Machines machines;
  const Machine& a = machines.a;
  CHECK(a.socket() == 3);
  CHECK(a.epoll() == 4);
  CHECK(event_of(a) == 5);
  CHECK(a([] { return timerfd_create(CLOCK_MONOTONIC, 0); }) == gives(6));
  CHECK(machines.b.socket() == 3);

  CHECK(a([] { return close(4); }) == gives(0));
  CHECK(a([] { return close(3); }) == gives(0));
  CHECK(a.socket() == 3);
  CHECK(a.socket() == 4);
  CHECK(a.socket() == 7);
}

TEST_CASE("an accepted connection takes the lowest number too") {
  Machines machines;
  const int listener = machines.b.listener(80);
  const int hole = machines.b.socket();
  CHECK(machines.b.socket() == hole + 1);
  CHECK(machines.b([&] { return close(hole); }) == gives(0));
  machines.a.connect(machines.a.socket(), Machines::kIpOfB, 80);
  machines.settle();
  CHECK(machines.b.accept(listener) == gives(hole));
}

TEST_CASE("duplicates share one file, which lives as long as any of them") {
  Machines machines;
  const Machine& a = machines.a;
  const int fd = event_of(a);
  CHECK(a([&] { return dup(fd); }) == gives(4));
  CHECK(a([&] { return fcntl(fd, F_DUPFD, 9); }) == gives(9));
  CHECK(a([&] { return fcntl(fd, F_DUPFD_CLOEXEC, 9); }) == gives(10));
  CHECK(event_of(a) == 5);

  CHECK(a([&] { return eventfd_write(fd, 7); }) == gives(0));
  CHECK(a([&] { return close(fd); }) == gives(0));
  eventfd_t value = 0;
  CHECK(a([&] { return eventfd_read(9, &value); }) == gives(0));
  CHECK(value == 7);
  CHECK(a([&] { return fcntl(4, F_DUPFD, -1); }) == fails(EINVAL));
  CHECK(a([&] { return fcntl(4, F_DUPFD, 1024); }) == fails(EINVAL));
  CHECK(a([] { return dup(77); }) == fails(EBADF));
}

TEST_CASE("at the limit of descriptors there are no more") {
  Machines machines(1, 6);
  const Machine& b = machines.b;
  const int listener = b.listener(80);
  CHECK(b.socket() == 4);
  CHECK(b.socket() == 5);
  CHECK(b([] { return socket(AF_INET, SOCK_STREAM, 0); }) == fails(EMFILE));
  CHECK(b([&] { return dup(listener); }) == fails(EMFILE));

  // accept(2): the connection stays in the queue.
  machines.a.connect(machines.a.socket(), Machines::kIpOfB, 80);
  machines.settle();
  CHECK(b.accept(listener) == fails(EMFILE));
  CHECK(b([] { return close(5); }) == gives(0));
  CHECK(b.accept(listener) == gives(5));
}

TEST_CASE("what is no descriptor is EBADF") {
  Machines machines;
  const Machine& a = machines.a;
  const int epoll = a.epoll();
  const int bad = GENERATE(-1, 4, 1'000'000);
  char byte = 0;
  int number = 0;
  socklen_t length = sizeof number;
  sockaddr_in address = address_of(0, 0);
  epoll_event event{};
  itimerspec time{};
  iovec part{&byte, 1};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  CHECK(a([&] { return close(bad); }) == fails(EBADF));
  CHECK(a([&] { return dup(bad); }) == fails(EBADF));
  CHECK(a([&] { return read(bad, &byte, 1); }) == fails(EBADF));
  CHECK(a([&] { return readv(bad, &part, 1); }) == fails(EBADF));
  CHECK(a([&] { return write(bad, &byte, 1); }) == fails(EBADF));
  CHECK(a([&] { return writev(bad, &part, 1); }) == fails(EBADF));
  CHECK(a([&] { return fcntl(bad, F_GETFL); }) == fails(EBADF));
  CHECK(a([&] { return ioctl(bad, FIONBIO, &number); }) == fails(EBADF));
  CHECK(a([&] { return bind(bad, generic(address), sizeof address); }) == fails(EBADF));
  CHECK(a([&] { return listen(bad, 1); }) == fails(EBADF));
  CHECK(a([&] { return connect(bad, generic(address), sizeof address); }) == fails(EBADF));
  CHECK(a([&] { return accept(bad, nullptr, nullptr); }) == fails(EBADF));
  CHECK(a([&] { return send(bad, &byte, 1, 0); }) == fails(EBADF));
  CHECK(a([&] { return sendto(bad, &byte, 1, 0, nullptr, 0); }) == fails(EBADF));
  CHECK(a([&] { return sendmsg(bad, &message, 0); }) == fails(EBADF));
  CHECK(a([&] { return recv(bad, &byte, 1, 0); }) == fails(EBADF));
  CHECK(a([&] { return recvfrom(bad, &byte, 1, 0, nullptr, nullptr); }) == fails(EBADF));
  CHECK(a([&] { return recvmsg(bad, &message, 0); }) == fails(EBADF));
  CHECK(a([&] { return shutdown(bad, SHUT_RDWR); }) == fails(EBADF));
  CHECK(a([&] { return getsockname(bad, generic(address), &length); }) == fails(EBADF));
  CHECK(a([&] { return getpeername(bad, generic(address), &length); }) == fails(EBADF));
  CHECK(a([&] { return getsockopt(bad, SOL_SOCKET, SO_ERROR, &number, &length); }) == fails(EBADF));
  CHECK(a([&] { return setsockopt(bad, SOL_SOCKET, SO_REUSEADDR, &number, length); }) == fails(EBADF));
  CHECK(a([&] { return epoll_ctl(epoll, EPOLL_CTL_ADD, bad, &event); }) == fails(EBADF));
  CHECK(a([&] { return epoll_ctl(bad, EPOLL_CTL_ADD, epoll, &event); }) == fails(EBADF));
  CHECK(a([&] { return epoll_wait(bad, &event, 1, 0); }) == fails(EBADF));
  CHECK(a([&] { return timerfd_settime(bad, 0, &time, nullptr); }) == fails(EBADF));
  CHECK(a([&] { return timerfd_gettime(bad, &time); }) == fails(EBADF));
}

TEST_CASE("what is no socket is ENOTSOCK") {
  Machines machines;
  const Machine& a = machines.a;
  const int fd = event_of(a);
  char byte = 0;
  int number = 0;
  socklen_t length = sizeof number;
  sockaddr_in address = address_of(0, 0);
  CHECK(a([&] { return bind(fd, generic(address), sizeof address); }) == fails(ENOTSOCK));
  CHECK(a([&] { return listen(fd, 1); }) == fails(ENOTSOCK));
  CHECK(a([&] { return connect(fd, generic(address), sizeof address); }) == fails(ENOTSOCK));
  CHECK(a([&] { return accept(fd, nullptr, nullptr); }) == fails(ENOTSOCK));
  CHECK(a([&] { return send(fd, &byte, 1, 0); }) == fails(ENOTSOCK));
  CHECK(a([&] { return recv(fd, &byte, 1, 0); }) == fails(ENOTSOCK));
  CHECK(a([&] { return shutdown(fd, SHUT_RDWR); }) == fails(ENOTSOCK));
  CHECK(a([&] { return getsockname(fd, generic(address), &length); }) == fails(ENOTSOCK));
  CHECK(a([&] { return getpeername(fd, generic(address), &length); }) == fails(ENOTSOCK));
  CHECK(a([&] { return getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &length); }) == fails(ENOTSOCK));
  CHECK(a([&] { return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &number, length); }) == fails(ENOTSOCK));
}

TEST_CASE("the wrong kind of descriptor, and arguments out of range, are EINVAL") {
  Machines machines;
  const Machine& a = machines.a;
  const int epoll = a.epoll();
  const int event = event_of(a);
  const int socket_fd = a.socket();
  char byte = 0;
  epoll_event found{};
  itimerspec time{};
  iovec part{&byte, 1};
  CHECK(a([&] { return read(epoll, &byte, 1); }) == fails(EINVAL));
  CHECK(a([&] { return write(epoll, &byte, 1); }) == fails(EINVAL));
  const volatile int negative = -1;  // out of the compiler's sight, which would warn
  CHECK(a([&] { return readv(event, &part, negative); }) == fails(EINVAL));
  CHECK(a([&] { return writev(event, &part, negative); }) == fails(EINVAL));
  CHECK(a([&] { return epoll_wait(event, &found, 1, 0); }) == fails(EINVAL));
  CHECK(a([&] { return epoll_wait(epoll, &found, 0, 0); }) == fails(EINVAL));
  CHECK(a([&] { return epoll_ctl(event, EPOLL_CTL_ADD, epoll, &found); }) == fails(EINVAL));
  CHECK(a([&] { return epoll_ctl(epoll, EPOLL_CTL_ADD, epoll, &found); }) == fails(EINVAL));
  CHECK(a([&] { return epoll_ctl(epoll, 9, event, &found); }) == fails(EINVAL));
  CHECK(a([&] { return timerfd_settime(event, 0, &time, nullptr); }) == fails(EINVAL));
  CHECK(a([&] { return timerfd_gettime(socket_fd, &time); }) == fails(EINVAL));
  CHECK(a([&] { return timerfd_create(CLOCK_MONOTONIC, 1); }) == fails(EINVAL));
  CHECK(a([&] { return timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0); }) == fails(EINVAL));
  CHECK(a([&] { return eventfd(0, 4); }) == fails(EINVAL));
  CHECK(a([&] { return epoll_create1(1); }) == fails(EINVAL));
  CHECK(a([&] { return epoll_create(0); }) == fails(EINVAL));
  CHECK(a([&] { return accept4(socket_fd, nullptr, nullptr, 1); }) == fails(EINVAL));
  CHECK(a([&] { return accept(socket_fd, nullptr, nullptr); }) == fails(EINVAL));
}

TEST_CASE("null pointers are EFAULT") {
  Machines machines;
  const Machine& a = machines.a;
  const int fd = a.socket();
  const int epoll = a.epoll();
  const int timer = static_cast<int>(a([] { return timerfd_create(CLOCK_MONOTONIC, 0); }).value);
  int number = 0;
  // Behind volatile, so that the compiler does not complain of what glibc declares non-null.
  void* volatile null = nullptr;
  CHECK(a([&] { return bind(fd, static_cast<sockaddr*>(null), 16); }) == fails(EFAULT));
  CHECK(a([&] { return connect(fd, static_cast<sockaddr*>(null), 16); }) == fails(EFAULT));
  CHECK(a([&] { return getsockname(fd, static_cast<sockaddr*>(null), static_cast<socklen_t*>(null)); }) ==
        fails(EFAULT));
  CHECK(a([&] { return getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, static_cast<socklen_t*>(null)); }) ==
        fails(EFAULT));
  CHECK(a([&] { return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, null, 4); }) == fails(EFAULT));
  CHECK(a([&] { return sendmsg(fd, static_cast<msghdr*>(null), 0); }) == fails(EFAULT));
  CHECK(a([&] { return recvmsg(fd, static_cast<msghdr*>(null), 0); }) == fails(EFAULT));
  CHECK(a([&] { return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, static_cast<epoll_event*>(null)); }) == fails(EFAULT));
  CHECK(a([&] { return timerfd_settime(timer, 0, static_cast<itimerspec*>(null), nullptr); }) == fails(EFAULT));
  CHECK(a([&] { return timerfd_gettime(timer, static_cast<itimerspec*>(null)); }) == fails(EFAULT));
  CHECK(a([&] { return ioctl(fd, FIONREAD, null); }) == fails(EFAULT));
}

TEST_CASE("descriptors say and change whether they block") {
  Machines machines;
  const Machine& a = machines.a;
  const int fd = static_cast<int>(a([] { return socket(AF_INET, SOCK_STREAM, 0); }).value);
  const auto nonblocking = [&] { return (a([&] { return fcntl(fd, F_GETFL); }).value & O_NONBLOCK) != 0; };
  CHECK_FALSE(nonblocking());
  CHECK(a([&] { return fcntl(fd, F_SETFL, O_NONBLOCK); }) == gives(0));
  CHECK(nonblocking());
  int off = 0, on = 1;
  CHECK(a([&] { return ioctl(fd, FIONBIO, &off); }) == gives(0));
  CHECK_FALSE(nonblocking());
  CHECK(a([&] { return ioctl(fd, FIONBIO, &on); }) == gives(0));
  CHECK(nonblocking());
  CHECK(a([&] { return fcntl(fd, F_SETFD, FD_CLOEXEC); }) == gives(0));
  CHECK(a([&] { return fcntl(fd, F_GETFD); }) == gives(FD_CLOEXEC));
}

TEST_CASE("F_OFD_GETLK of F_UNLCK tells of the description's own locks, as since Linux 6.5") {
  Machines machines;
  const Machine& a = machines.a;
  const auto open_file = [&] { return static_cast<int>(a([] { return open("f", O_RDWR | O_CREAT, 0600); }).value); };
  const int one = open_file(), other = open_file();
  struct flock range {
    .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 5, .l_len = 10, .l_pid = 0
  };
  CHECK(a([&] { return fcntl(one, F_OFD_SETLK, &range); }) == gives(0));
  struct flock all {
    .l_type = F_UNLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 0, .l_pid = 0
  };
  CHECK(a([&] { return fcntl(other, F_OFD_GETLK, &all); }) == gives(0));
  CHECK(all.l_type == F_UNLCK);
  CHECK(a([&] { return fcntl(one, F_OFD_GETLK, &all); }) == gives(0));
  CHECK(all.l_type == F_WRLCK);
  CHECK(all.l_start == 5);
}

TEST_CASE("FIONREAD counts what can be read from a socket, and from nothing else") {
  Machines machines;
  const auto [of_a, of_b, listener] = machines.connected();
  int number = -1;
  CHECK(machines.b([&, fd = of_b] { return ioctl(fd, FIONREAD, &number); }) == gives(0));
  CHECK(number == 0);
  machines.a.send(of_a, "hello");
  machines.settle();
  CHECK(machines.b([&, fd = of_b] { return ioctl(fd, FIONREAD, &number); }) == gives(0));
  CHECK(number == 5);
  const int event = event_of(machines.a);
  CHECK(machines.a([&] { return ioctl(event, FIONREAD, &number); }) == fails(ENOTTY));
}

TEST_CASE("what is written to standard output and error becomes lines of the log") {
  Machines machines;
  CHECK(machines.a([] { return write(STDOUT_FILENO, "hello", 5); }) == gives(5));
  CHECK(machines.b([] { return write(STDERR_FILENO, "oh no", 5); }) == gives(5));
  std::vector<std::string> lines;
  for (const Entry& entry : machines.trace.records()) {
    if (entry.header.type == stillpoint::RecordType::log) {
      lines.push_back(std::to_string(entry.header.host) + ' ' + std::to_string(entry.header.a) + ' ' + entry.payload);
    }
  }
  CHECK(lines == std::vector<std::string>{"1 1 hello", "2 2 oh no"});
}
