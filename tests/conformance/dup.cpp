// dup(2), dup2(2), dup3(2), close_range(2), and the flags of single descriptors.
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "tests/conformance/world.hpp"

namespace stillpoint::test {
namespace {

std::string take(int fd) {
  eventfd_t value = 0;
  return eventfd_read(fd, &value) == 0 ? std::to_string(value) : result(-1);
}

std::string flags_of(int fd) { return result(fcntl(fd, F_GETFD)); }
std::string blocks(int fd) { return (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0 ? "no" : "yes"; }

void over_an_open_one(World& w) {
  const int first = w.eventfd(3);
  const int second = w.eventfd(7);
  w.note("dup2 gives the target", dup2(first, second) == second);
  w.note("the target reads the first", take(second));
  w.note("which is empty now", take(first));
  eventfd_write(first, 5);
  w.note("close the first", w.close(first));
  w.note("the other keeps the file", take(second));
}

void onto_itself(World& w) {
  const int fd = w.eventfd(1);
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  w.note("dup2 onto itself", dup2(fd, fd) == fd);
  w.note("leaves its flag", flags_of(fd));
  w.note("dup3 onto itself", result(dup3(fd, fd, 0)));
  w.note("still open", take(fd));
}

void of_nothing(World& w) {
  const int fd = w.eventfd();
  const int closed = w.eventfd();
  w.close(closed);
  w.note("dup", result(dup(closed)));
  w.note("dup2 from", result(dup2(closed, fd)));
  w.note("dup2 onto itself", result(dup2(closed, closed)));
  w.note("dup3 from", result(dup3(closed, fd, O_CLOEXEC)));
  w.note("a failed dup2 leaves the target", take(fd));
  w.note("dup2 to a negative number", result(dup2(fd, -1)));
  w.note("dup3 with an unknown flag", result(dup3(fd, closed, O_NONBLOCK)));
  w.note("unknown flag onto itself", result(dup3(fd, fd, O_NONBLOCK)));
}

void to_a_high_number(World& w) {
  const int fd = w.eventfd(2);
  const int high = 300;
  w.note("dup2", result(dup2(fd, high)));
  w.keep(high);
  w.note("reads", take(high));
  const int next = w.keep(dup(fd));
  w.note("the next is low all the same", next < high);
  w.note("at least", fcntl(fd, F_DUPFD, high) == high + 1);
  w.keep(high + 1);
  w.note("and with the flag", fcntl(fd, F_DUPFD_CLOEXEC, high) == high + 2);
  w.keep(high + 2);
  w.note("flag of F_DUPFD", flags_of(high + 1));
  w.note("flag of F_DUPFD_CLOEXEC", flags_of(high + 2));
}

void the_lowest_that_is_free(World& w) {
  const int a = w.eventfd();
  const int b = w.eventfd();
  const int c = w.eventfd();
  w.close(b);
  w.close(a);
  const int lowest = a < b ? a : b;
  w.note("dup takes it", w.keep(dup(c)) == lowest);
  w.note("dup3 takes what it is told", dup3(c, b, 0) == b);
}

void close_on_exec(World& w) {
  const int fd = w.keep(eventfd(0, 0));
  w.note("of a new descriptor", flags_of(fd));
  w.note("set", result(fcntl(fd, F_SETFD, FD_CLOEXEC)));
  w.note("get", flags_of(fd));
  const int copy = w.keep(dup(fd));
  w.note("a copy has not", flags_of(copy));
  const int other = w.eventfd();
  dup3(fd, other, O_CLOEXEC);
  w.note("but by dup3", flags_of(other));
  dup2(fd, other);
  w.note("and dup2 takes it away", flags_of(other));
  w.note("FIOCLEX", result(ioctl(copy, FIOCLEX)));
  w.note("the copy", flags_of(copy));
  w.note("FIONCLEX", result(ioctl(copy, FIONCLEX)));
  w.note("the copy after", flags_of(copy));
  w.note("the first all along", flags_of(fd));
  fcntl(fd, F_SETFD, 0);
  w.note("cleared", flags_of(fd));
}

void close_on_exec_from_the_start(World& w) {
  w.note("socket", flags_of(w.keep(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))));
  w.note("socket without", flags_of(w.keep(::socket(AF_INET, SOCK_STREAM, 0))));
  w.note("epoll", flags_of(w.keep(epoll_create1(EPOLL_CLOEXEC))));
  w.note("epoll without", flags_of(w.keep(epoll_create1(0))));
  w.note("old epoll", flags_of(w.keep(epoll_create(1))));
  w.note("eventfd", flags_of(w.keep(eventfd(0, EFD_CLOEXEC))));
  w.note("timerfd", flags_of(w.keep(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC))));
  const int listener = w.listener();
  for (const int flag : {0, static_cast<int>(SOCK_CLOEXEC)}) {
    w.connect(w.socket(), listener);
    w.settle();
    w.note("accepted", flags_of(w.keep(accept4(listener, nullptr, nullptr, flag))));
  }
}

void status_is_shared(World& w) {
  const int fd = w.keep(eventfd(0, 0));
  const int copy = w.keep(dup(fd));
  w.note("blocks", blocks(copy));
  fcntl(fd, F_SETFL, O_NONBLOCK);
  w.note("the copy too", blocks(copy));
  w.note("read of the copy", take(copy));
  int off = 0;
  ioctl(copy, FIONBIO, &off);
  w.note("and back", blocks(fd));
}

void ranges(World& w) {
  // High numbers, so that nothing of the test's own is among them.
  const int fd = w.eventfd(1);
  for (int number = 400; number < 406; ++number) dup2(fd, number);
  w.note("close from the middle", result(close_range(402, 404, 0)));
  for (int number = 400; number < 406; ++number) w.note("open", fcntl(number, F_GETFD) != -1);
  w.note("set a flag", result(close_range(400, 401, CLOSE_RANGE_CLOEXEC)));
  w.note("it is set", flags_of(401));
  w.note("and only there", flags_of(405));
  w.note("wrong order", result(close_range(401, 400, 0)));
  w.note("unknown flag", result(close_range(400, 401, 64)));
  w.note("nothing there", result(close_range(402, 404, 0)));
  w.note("beyond", result(close_range(400, ~0u, 0)));
  w.note("all gone", fcntl(405, F_GETFD) == -1);
  w.note("the first is not", take(fd));
}

void closed_in_epoll(World& w) {
  const int epoll = w.epoll();
  const int fd = w.eventfd(1);
  const int other = w.eventfd(1);
  const int high = 420;
  dup2(fd, high);
  w.keep(high);
  w.note("add the copy", w.add(epoll, high, EPOLLIN, 1));
  w.note("add the first too", w.add(epoll, fd, EPOLLIN, 2));
  w.note("both", w.events(epoll));
  // The copy's number becomes another file; its item stays, as the first descriptor keeps the file open.
  dup2(other, high);
  w.note("still both", w.events(epoll));
  w.note("the number can be added again", w.add(epoll, high, EPOLLIN, 3));
  w.note("three", w.events(epoll));
  w.note("its first item cannot be reached any more", w.remove(epoll, high) + ", " + w.remove(epoll, high));
  w.close(fd);
  w.note("gone with the file", w.events(epoll));
}

// What is written to descriptor 1 goes where it leads.
void standard_output_elsewhere(World& w) {
  const int saved = dup(STDOUT_FILENO);
  const int fd = w.eventfd();
  const std::uint64_t value = 9;
  const bool moved = dup2(fd, STDOUT_FILENO) == STDOUT_FILENO;
  const std::string wrote = result(::write(STDOUT_FILENO, &value, sizeof value));
  const bool back = dup2(saved, STDOUT_FILENO) == STDOUT_FILENO;
  ::close(saved);
  w.note("moved", moved);
  w.note("wrote", wrote);
  w.note("back", back);
  w.note("arrived", take(fd));
}

void standard_input_closed(World& w) {
  const int saved = dup(STDIN_FILENO);
  const std::string closed = result(::close(STDIN_FILENO));
  const std::string again = result(::close(STDIN_FILENO));
  const int lowest = ::eventfd(4, EFD_NONBLOCK);
  const std::string value = take(lowest);
  dup2(saved, STDIN_FILENO);
  ::close(saved);
  w.note("close", closed);
  w.note("close again", again);
  w.note("its number is the lowest", result(lowest));
  w.note("read", value);
  w.note("standing again", fcntl(STDIN_FILENO, F_GETFD) != -1);
}

constexpr Case kCases[] = {{"over an open one", over_an_open_one},
                           {"onto itself", onto_itself},
                           {"of nothing", of_nothing},
                           {"to a high number", to_a_high_number},
                           {"the lowest that is free", the_lowest_that_is_free},
                           {"close-on-exec", close_on_exec},
                           {"close-on-exec from the start", close_on_exec_from_the_start},
                           {"status is shared", status_is_shared},
                           {"ranges", ranges},
                           {"closed in epoll", closed_in_epoll},
                           {"standard output elsewhere", standard_output_elsewhere},
                           {"standard input closed", standard_input_closed}};

const Suite kSuite("dup", kCases);

}  // namespace

}  // namespace stillpoint::test
