// fcntl(2), ioctl(2), lseek(2), fstat(2): what descriptors say of their files.
#include <fcntl.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "tests/conformance/world.hpp"

namespace stillpoint::test {
namespace {

std::string status_of(int fd) {
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0) return result(flags);
  constexpr const char* kModes[] = {"reads", "writes", "both"};
  std::string text = kModes[flags & O_ACCMODE];
  if ((flags & O_NONBLOCK) != 0) text += " NONBLOCK";
  if ((flags & O_APPEND) != 0) text += " APPEND";
  return text;
}

std::string number(int fd, unsigned long request) {
  int value = -7;
  const int done = ioctl(fd, request, &value);
  return done < 0 ? result(done) : std::to_string(value);
}

struct Kinds {
  explicit Kinds(World& w) : connection(w.connected()), event(w.eventfd()), timer(w.timerfd()), epoll(w.epoll()) {}
  template <typename Look>
  void each(World& w, Look look) const {
    w.note("socket", look(connection.user));
    w.note("eventfd", look(event));
    w.note("timerfd", look(timer));
    w.note("epoll", look(epoll));
  }
  World::Pair connection;
  int event, timer, epoll;
};

void status(World& w) {
  const Kinds kinds(w);
  kinds.each(w, status_of);
  for (const int flags : {O_APPEND, O_APPEND | O_NONBLOCK, O_WRONLY | O_CREAT | O_EXCL, 0}) {
    fcntl(kinds.event, F_SETFL, flags);
    w.note("set", status_of(kinds.event));
  }
}

void positions(World& w) {
  const Kinds kinds(w);
  kinds.each(w, [](int fd) { return result(lseek(fd, 5, SEEK_SET)); });
  kinds.each(w, [](int fd) { return result(lseek(fd, 0, SEEK_CUR)); });
  kinds.each(w, [](int fd) { return result(lseek(fd, 0, 77)); });
  kinds.each(w, [](int fd) { return result(lseek64(fd, -5, SEEK_END)); });
  w.note("of nothing", result(lseek(9'999, 0, SEEK_SET)));
}

void terminals(World& w) {
  const Kinds kinds(w);
  kinds.each(w, [](int fd) { return std::to_string(isatty(fd)) + ' ' + strerrorname_np(errno); });
  kinds.each(w, [](int fd) {
    termios settings;
    return result(tcgetattr(fd, &settings));
  });
  kinds.each(w, [](int fd) {
    winsize size;
    return result(ioctl(fd, TIOCGWINSZ, &size));
  });
  w.note("nothing", isatty(9'999) == 0 && errno == EBADF);
}

void counts(World& w) {
  const Kinds kinds(w);
  w.send(kinds.connection.server, "hello");
  w.settle();
  kinds.each(w, [](int fd) { return number(fd, FIONREAD); });
  const auto not_of_a_socket = [](int fd) { return number(fd, SIOCOUTQ) + ", " + number(fd, SIOCATMARK); };
  w.note("eventfd", not_of_a_socket(kinds.event));
  w.note("timerfd", not_of_a_socket(kinds.timer));
  w.note("epoll", not_of_a_socket(kinds.epoll));
  w.note("of nothing", number(9'999, FIONREAD));
}

void kind_of_file(World& w) {
  const int fd = w.socket();
  struct stat stat_of_it {};
  w.note("fstat", result(fstat(fd, &stat_of_it)));
  w.note("a socket", S_ISSOCK(stat_of_it.st_mode));
  w.note("permissions", std::to_string(stat_of_it.st_mode & 0777));
  w.note("links", std::to_string(stat_of_it.st_nlink));
  w.note("size", std::to_string(stat_of_it.st_size));
  w.note("its owner is the process's", stat_of_it.st_uid == getuid() && stat_of_it.st_gid == getgid());
  struct stat other {};
  fstat(w.socket(), &other);
  w.note("another is another", other.st_ino != stat_of_it.st_ino);
  fstat(w.keep(dup(fd)), &other);
  w.note("a copy is the same", other.st_ino == stat_of_it.st_ino);
  w.note("of nothing", result(fstat(9'999, &other)));
}

constexpr Case kCases[] = {{"status", status},
                           {"positions", positions},
                           {"terminals", terminals},
                           {"counts", counts},
                           {"kind of file", kind_of_file}};

const Suite kSuite("fcntl", kCases);

}  // namespace

}  // namespace stillpoint::test
