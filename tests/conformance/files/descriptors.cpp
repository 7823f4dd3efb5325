// What descriptors of files are asked that is not about their bytes: advice, ioctl(2), socket calls; and closed ones.
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "tests/conformance/files/files.hpp"
#include "tests/conformance/unix.hpp"
#include "tests/support/passed_descriptor.hpp"

namespace stillpoint::test::files {
namespace {

// posix_fadvise gives the error itself.
std::string advise(int fd, off_t offset, off_t length, int advice) {
  const int error = posix_fadvise(fd, offset, length, advice);
  return error == 0 ? "0" : strerrorname_np(error);
}

void advised(World& w) {
  const int fd = open(w, "a");
  write(fd, "0123456789");
  for (const int advice : {POSIX_FADV_NORMAL, POSIX_FADV_SEQUENTIAL, POSIX_FADV_RANDOM, POSIX_FADV_NOREUSE,
                           POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED})
    w.notes(std::to_string(advice), {advise(fd, 0, 0, advice), advise(fd, 5, 1 << 20, advice)});
  w.notes("refused", {advise(fd, 0, 0, 99), advise(fd, 0, -1, POSIX_FADV_NORMAL), advise(-1, 0, 0, POSIX_FADV_NORMAL)});
  int ends[2];
  pipe(ends);
  w.keep(ends[0]);
  w.notes("others",
          {advise(w.keep(ends[1]), 0, 0, POSIX_FADV_NORMAL), advise(open(w, ".", O_RDONLY), 0, 0, POSIX_FADV_NORMAL),
           advise(open(w, "/dev/null", O_RDWR), 0, 0, POSIX_FADV_NORMAL)});
  w.note("contents", contents(fd));
}

void read_ahead(World& w) {
  put("a", "0123456789");
  w.notes("readahead",
          {result(readahead(open(w, "a", O_RDONLY), 0, 100)), result(readahead(open(w, "a", O_RDONLY), 1'000, 100))});
  w.notes("refused", {result(readahead(open(w, "a", O_WRONLY), 0, 100)), result(readahead(-1, 0, 100)),
                      result(readahead(w.socket(), 0, 100)), result(readahead(open(w, ".", O_RDONLY), 0, 100))});
}

void asked_by_ioctl(World& w) {
  const int fd = open(w, "a");
  write(fd, "0123456789");
  int left = 0;
  seek(fd, 3);
  w.notes("FIONREAD", {result(ioctl(fd, FIONREAD, &left)), std::to_string(left)});
  seek(fd, 20);
  w.notes("behind the end", {result(ioctl(fd, FIONREAD, &left)), std::to_string(left)});
  int on = 1;
  w.notes("FIONBIO", {result(ioctl(fd, FIONBIO, &on)), (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0 ? "set" : "not set"});
  w.notes("FIOCLEX", {result(ioctl(fd, FIOCLEX)), result(fcntl(fd, F_GETFD))});
  w.notes("no terminal", {result(isatty(fd)), result(-1)});
  w.notes("others", {result(ioctl(fd, TIOCGWINSZ, &left)), result(ioctl(fd, 0x1234, &left))});
  w.note("of a directory", result(ioctl(open(w, ".", O_RDONLY), FIONREAD, &left)));
}

void no_socket(World& w) {
  const int fd = open(w, "a");
  char byte = 'x';
  w.notes("socket calls", {result(::send(fd, &byte, 1, 0)), result(::recv(fd, &byte, 1, 0)), result(::listen(fd, 1)),
                           result(::shutdown(fd, SHUT_RD))});
  w.notes("options", {w.set(fd, SOL_SOCKET, SO_REUSEADDR, 1), result(::accept(fd, nullptr, nullptr))});
  w.note("F_GETPIPE_SZ", result(fcntl(fd, F_GETPIPE_SZ)));
}

void closed(World& w) {
  const int fd = open(w, "a");
  w.note("close", w.close(fd));
  struct stat status {};
  w.notes("read, write", {read(fd), write(fd, "x"), pread(fd, 1, 0), pwrite(fd, "x", 0), seek(fd, 0)});
  w.notes("changed", {result(ftruncate(fd, 0)), result(fallocate(fd, 0, 0, 1)), result(fchmod(fd, 0600)),
                      result(fchown(fd, 1'000, 1'000)), result(futimens(fd, nullptr))});
  w.notes("asked", {result(fstat(fd, &status)), result(fsync(fd)), result(fchdir(fd)), result(dup(fd)),
                    result(fcntl(fd, F_GETFL))});
  w.notes("as a directory",
          {result(openat(fd, "a", O_RDONLY)), result(unlinkat(fd, "a", 0)), result(mkdirat(fd, "d", 0755))});
}

void passed_to_another(World& w) {
  const unix_domain::Ends pair(w);
  const int fd = open(w, "a");
  write(fd, "0123456789");
  seek(fd, 4);
  ::test::PassedDescriptor sent(fd);
  w.note("send", result(sendmsg(pair.a, &sent.message, 0)));
  w.notes("closed and unlinked", {w.close(fd), result(unlink("a"))});
  ::test::PassedDescriptor received;
  w.note("receive", result(recvmsg(pair.b, &received.message, 0)));
  const int passed = w.keep(received.fd());
  w.notes("the same place", {place(passed), read(passed), contents(passed)});
}

constexpr Case kCases[] = {
    {"posix_fadvise", advised}, {"readahead", read_ahead},       {"asked by ioctl", asked_by_ioctl},
    {"no socket", no_socket},   {"a closed descriptor", closed}, {"passed to another", passed_to_another},
};
const Suite suite("files/descriptors", kCases, Process::own);

}  // namespace
}  // namespace stillpoint::test::files
