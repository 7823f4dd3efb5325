// pipe(2) and pipe(7).
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <thread>

#include "tests/conformance/world.hpp"

namespace stillpoint::test {
namespace {

// Both ends are closed by the world.
struct Ends {
  explicit Ends(World& w, int flags = O_NONBLOCK) {
    int ends[2] = {-1, -1};
    if (pipe2(ends, flags) != 0) w.note("pipe", "cannot be made");
    in = w.keep(ends[0]);
    out = w.keep(ends[1]);
  }
  int in, out;
};

std::string write(int fd, std::string_view bytes) { return result(::write(fd, bytes.data(), bytes.size())); }
std::string write(int fd, std::size_t size) { return write(fd, std::string(size, 'x')); }

std::string read(int fd, std::size_t most = 100'000) {
  std::string bytes(most, '\0');
  const ssize_t got = ::read(fd, bytes.data(), most);
  if (got < 0) return result(got);
  bytes.resize(static_cast<std::size_t>(got));
  if (bytes.size() > 40) return std::to_string(bytes.size()) + " bytes";
  return '"' + bytes + '"';
}

void there_and_back(World& w) {
  const Ends p(w);
  w.note("ends", w.ready(p.in) + ", " + w.ready(p.out));
  w.note("read of nothing", read(p.in));
  w.note("write", write(p.out, "hello "));
  w.note("write", write(p.out, "world"));
  w.note("unread", w.unread(p.in) + ", " + w.unread(p.out));
  w.note("ends", w.ready(p.in) + ", " + w.ready(p.out));
  w.note("read a little", read(p.in, 3));
  w.note("read the rest", read(p.in));
  w.note("and no more", read(p.in));
}

void wrong_ends(World& w) {
  const Ends p(w);
  w.note("write to the reading end", write(p.in, "x"));
  w.note("read the writing end", read(p.out));
  w.note("no bytes to the reading end", write(p.in, ""));
  w.note("no bytes of the writing end", read(p.out, 0));
}

void nothing_at_all(World& w) {
  const Ends p(w);
  w.note("read no bytes", read(p.in, 0));
  w.note("write no bytes", write(p.out, ""));
  w.note("ends", w.ready(p.in) + ", " + w.ready(p.out));
  w.close(p.out);
  w.note("read no bytes at the end", read(p.in, 0));
}

void end_of_file(World& w) {
  const Ends p(w);
  write(p.out, "last words");
  w.close(p.out);
  w.note("with data", w.ready(p.in));
  w.note("read", read(p.in));
  w.note("without", w.ready(p.in));
  w.note("the end", read(p.in));
  w.note("again", read(p.in));
}

void end_of_file_with_a_copy(World& w) {
  const Ends p(w);
  const int copy = w.keep(dup(p.out));
  w.close(p.out);
  w.note("a copy may write", read(p.in));
  w.note("ready", w.ready(p.in));
  write(copy, "x");
  w.close(copy);
  w.note("read", read(p.in));
  w.note("the end", read(p.in));
}

void broken(World& w) {
  const Ends p(w);
  write(p.out, "never read");
  w.close(p.in);
  w.note("writing end", w.ready(p.out));
  w.note("unread", w.unread(p.out));
}

void descriptions(World& w) {
  const Ends p(w, O_CLOEXEC);
  w.note("read end", result(fcntl(p.in, F_GETFL)));
  w.note("write end", result(fcntl(p.out, F_GETFL)));
  w.note("flags", result(fcntl(p.in, F_GETFD)) + ", " + result(fcntl(p.out, F_GETFD)));
  const Ends n(w, O_NONBLOCK);
  w.note("do not block", result(fcntl(n.in, F_GETFL)) + ", " + result(fcntl(n.out, F_GETFL)));
  w.note("flags", result(fcntl(n.in, F_GETFD)) + ", " + result(fcntl(n.out, F_GETFD)));
  w.note("the reading end is the lower", n.in < n.out);
  struct stat in {
  }, out{}, other{};
  fstat(n.in, &in);
  fstat(n.out, &out);
  fstat(p.in, &other);
  w.note("a pipe", S_ISFIFO(in.st_mode) && S_ISFIFO(out.st_mode));
  w.note("permissions", std::to_string(in.st_mode & 0777));
  w.note("one pipe", in.st_ino == out.st_ino);
  w.note("another", other.st_ino != in.st_ino);
  w.note("position", result(lseek(n.in, 0, SEEK_CUR)));
  w.note("no terminal", result(isatty(n.out)));
  int ends[2];
  w.note("unknown flag", result(pipe2(ends, O_APPEND)));
}

void full(World& w) {
  const Ends p(w);
  w.note("capacity", result(fcntl(p.in, F_GETPIPE_SZ)));
  w.note("more than fits", write(p.out, 100'000));
  w.note("no more", write(p.out, 1));
  w.note("ready", w.ready(p.out));
  w.note("a byte read", read(p.in, 1));
  w.note("makes no room", w.ready(p.out) + ", " + write(p.out, 1));
  w.note("but a page does", read(p.in, 4095));
  w.note("ready", w.ready(p.out));
  w.note("a page fits", write(p.out, 5'000));
  w.note("all of it", w.unread(p.in));
}

void small_writes(World& w) {
  const Ends p(w);
  fcntl(p.out, F_SETPIPE_SZ, 8192);
  // Each begins a page, since its bytes do not fit into the last one.
  w.note("a page and a half", write(p.out, 3'000) + ", " + write(p.out, 3'000));
  w.note("full by pages", w.ready(p.out));
  w.note("but there is room in the last", write(p.out, 1'000));
  w.note("too much for it", write(p.out, 1'000));
  w.note("what fits exactly", write(p.out, 96));
  w.note("held", w.unread(p.in));
}

void atomic_writes(World& w) {
  const Ends p(w);
  write(p.out, 65'536 - 4096);
  w.note("up to a page", write(p.out, PIPE_BUF));
  w.note("not in part", write(p.out, PIPE_BUF));
  read(p.in, 4096);
  w.note("more is in part", write(p.out, PIPE_BUF + 1));
  w.note("held", w.unread(p.in));
}

void odd_bytes_first(World& w) {
  const Ends p(w);
  write(p.out, "ab");
  w.note("two pages and some", write(p.out, std::string(8192, 'y') + "cd"));
  w.note("read", read(p.in, 6));
  w.note("the rest", read(p.in));
}

void capacity(World& w) {
  const Ends p(w);
  w.note("a byte", result(fcntl(p.out, F_SETPIPE_SZ, 1)));
  w.note("three pages", result(fcntl(p.in, F_SETPIPE_SZ, 3 * 4096)));
  w.note("as seen from the other end", result(fcntl(p.out, F_GETPIPE_SZ)));
  w.note("fill", write(p.out, 20'000));
  w.note("no room", w.ready(p.out));
  w.note("smaller than what it holds", result(fcntl(p.out, F_SETPIPE_SZ, 8192)));
  w.note("larger", result(fcntl(p.out, F_SETPIPE_SZ, 32'768)));
  w.note("room", w.ready(p.out) + ", " + write(p.out, 20'000));
  w.note("of an eventfd", result(fcntl(w.eventfd(), F_GETPIPE_SZ)));
  w.note("negative", result(fcntl(p.out, F_SETPIPE_SZ, -1)));
}

void rows(World& w) {
  const Ends p(w);
  char a[] = "one ", b[] = "two ", c[] = "three";
  const iovec out[] = {{a, 4}, {nullptr, 0}, {b, 4}, {c, 5}};
  w.note("writev", result(writev(p.out, out, 4)));
  char first[6], second[20];
  const iovec in[] = {{first, sizeof first}, {second, sizeof second}};
  const ssize_t got = readv(p.in, in, 2);
  w.note("readv", result(got));
  w.note("first", std::string_view(first, 6));
  w.note("second", std::string_view(second, 7));
}

void blocking_ends(World& w) {
  const Ends p(w, 0);
  std::string seen;
  std::thread reader([&] {
    for (;;) {
      char bytes[16];
      const ssize_t got = ::read(p.in, bytes, sizeof bytes);
      if (got <= 0) break;
      seen.append(bytes, static_cast<std::size_t>(got));
      seen += '|';
    }
  });
  w.pass(20ms);
  write(p.out, "first");
  w.pass(20ms);
  write(p.out, "second");
  w.pass(20ms);
  w.close(p.out);
  reader.join();
  w.note("seen", seen);
}

void blocking_write(World& w) {
  const Ends p(w, 0);
  std::string wrote;
  std::thread writer([&] {
    wrote = write(p.out, 200'000);
    w.close(p.out);
  });
  w.pass(20ms);
  w.note("as much as fits", w.unread(p.in));
  std::size_t total = 0;
  std::string bytes(50'000, '\0');
  for (ssize_t got = 1; got > 0; total += static_cast<std::size_t>(got)) got = ::read(p.in, bytes.data(), bytes.size());
  writer.join();
  w.note("wrote", wrote);
  w.note("read", std::to_string(total));
}

void level(World& w) {
  const Ends p(w);
  const int epoll = w.epoll();
  w.add(epoll, p.in, EPOLLIN, 1);
  w.add(epoll, p.out, EPOLLOUT, 2);
  w.note("empty", w.events(epoll));
  write(p.out, "hello");
  w.note("data", w.events(epoll));
  read(p.in, 2);
  w.note("some of it", w.events(epoll));
  read(p.in);
  w.note("none", w.events(epoll));
  write(p.out, 100'000);
  w.note("full", w.events(epoll));
}

void edges_of_the_reader(World& w) {
  const Ends p(w);
  const int epoll = w.epoll();
  w.add(epoll, p.in, EPOLLIN | EPOLLET, 1);
  w.note("empty", w.events(epoll));
  write(p.out, "hello");
  w.note("data", w.events(epoll));
  w.note("once", w.events(epoll));
  write(p.out, "more");
  w.note("more data", w.events(epoll));
  read(p.in, 3);
  w.note("read in part", w.events(epoll));
  write(p.out, 100'000);
  w.note("filled", w.events(epoll));
  write(p.out, 1);
  w.note("a write that finds no room", w.events(epoll));
  w.close(p.out);
  w.note("closed", w.events(epoll));
  w.note("once", w.events(epoll));
}

void edges_of_the_writer(World& w) {
  const Ends p(w);
  const int epoll = w.epoll();
  w.add(epoll, p.out, EPOLLOUT | EPOLLET, 1);
  w.note("empty", w.events(epoll));
  write(p.out, 1'000);
  read(p.in);
  w.note("a read that made no difference", w.events(epoll));
  write(p.out, 100'000);
  w.note("full", w.events(epoll));
  read(p.in, 1'000);
  w.note("not a page yet", w.events(epoll));
  read(p.in, 4'000);
  w.note("a page", w.events(epoll));
  read(p.in, 4'096);
  w.note("another", w.events(epoll));
  w.close(p.in);
  w.note("closed", w.events(epoll));
  w.note("once", w.events(epoll));
}

void larger_by_edges(World& w) {
  const Ends p(w);
  const int epoll = w.epoll();
  write(p.out, 100'000);
  w.add(epoll, p.out, EPOLLOUT | EPOLLET, 1);
  w.note("full", w.events(epoll));
  fcntl(p.out, F_SETPIPE_SZ, 131'072);
  w.note("larger", w.events(epoll));
}

void unasked_ends(World& w) {
  const Ends p(w);
  const int epoll = w.epoll();
  w.add(epoll, p.in, 0, 1);
  write(p.out, "x");
  w.note("data", w.events(epoll));
  w.close(p.out);
  w.note("closed", w.events(epoll));
  w.note("again", w.events(epoll));
}

void hang_up_wakes(World& w) {
  const Ends p(w, 0);
  std::string woken;
  std::thread waiter([&] { woken = w.wait_for(p.in, POLLIN | POLLHUP) ? w.ready(p.in) : "not"; });
  w.pass(20ms);
  w.close(p.out);
  waiter.join();
  w.note("woken", woken);
}

constexpr Case kCases[] = {{"there and back", there_and_back},
                           {"wrong ends", wrong_ends},
                           {"nothing at all", nothing_at_all},
                           {"end of file", end_of_file},
                           {"end of file with a copy", end_of_file_with_a_copy},
                           {"broken", broken},
                           {"descriptions", descriptions},
                           {"full", full},
                           {"small writes", small_writes},
                           {"atomic writes", atomic_writes},
                           {"odd bytes first", odd_bytes_first},
                           {"capacity", capacity},
                           {"rows", rows},
                           {"blocking ends", blocking_ends},
                           {"blocking write", blocking_write},
                           {"level", level},
                           {"edges of the reader", edges_of_the_reader},
                           {"edges of the writer", edges_of_the_writer},
                           {"larger, by edges", larger_by_edges},
                           {"unasked", unasked_ends},
                           {"a hang-up wakes", hang_up_wakes}};

const Suite kSuite("pipe", kCases);

}  // namespace

}  // namespace stillpoint::test
