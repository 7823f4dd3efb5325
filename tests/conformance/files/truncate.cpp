// truncate(2), ftruncate(2): shorter, longer, and what is refused.
#include <limits.h>

#include "tests/conformance/files/files.hpp"

namespace stillpoint::test::files {
namespace {

void shorter_and_longer(World& w) {
  const int fd = open(w, "a");
  w.note("write", write(fd, "0123456789"));
  w.notes("shorter", {result(ftruncate(fd, 4)), contents(fd), place(fd)});
  w.notes("longer", {result(ftruncate(fd, 8)), contents(fd)});
  w.notes("write at the place", {write(fd, "x"), contents(fd)});
  w.notes("the same", {result(ftruncate(fd, 11)), contents(fd)});
  w.notes("to nothing", {result(ftruncate(fd, 0)), contents(fd), size(fd)});
}

void what_was_cut_is_gone(World& w) {
  const int fd = open(w, "a");
  w.note("write", write(fd, std::string(10'000, 'x')));
  w.notes("cut within a page", {result(ftruncate(fd, 5'000)), result(ftruncate(fd, 10'000))});
  w.note("zeros", contents(fd));
  w.notes("cut, and written behind", {result(ftruncate(fd, 10)), pwrite(fd, "end", 20), contents(fd)});
}

void by_path(World& w) {
  put("a", "0123456789");
  symlink("a", "l");
  w.notes("truncate", {result(truncate("a", 6)), contents("a")});
  w.notes("through a link", {result(truncate("l", 3)), contents("a"), type("l")});
  w.notes("longer", {result(truncate("a", 5)), contents("a")});
  w.note("of nothing", result(truncate("b", 0)));
  w.notes("it makes nothing", {names(), result(truncate("", 0))});
  mkdir("d", 0755);
  w.note("of a directory", result(truncate("d", 0)));
  w.notes("with a slash", {result(truncate("a/", 0)), result(truncate("a/b", 0)), contents("a")});
}

void what_may_not_be_written(World& w) {
  put("a", "0123456789");
  const int fd = open(w, "a", O_RDWR);
  chmod("a", 0444);
  w.note("by path", result(truncate("a", 2)));
  w.notes("by a descriptor from before", {result(ftruncate(fd, 5)), contents("a")});
  w.note("by one for reading", result(ftruncate(open(w, "a", O_RDONLY), 1)));
}

void of_no_file(World& w) {
  w.note("of a directory", result(ftruncate(open(w, ".", O_RDONLY), 0)));
  int ends[2];
  w.note("pipe", result(pipe(ends)));
  w.notes("of a pipe", {result(ftruncate(w.keep(ends[0]), 0)), result(ftruncate(w.keep(ends[1]), 0))});
  w.note("of a socket", result(ftruncate(w.socket(), 0)));
  w.note("of an eventfd", result(ftruncate(w.eventfd(), 0)));
  const int closed = open(w, "a");
  w.close(closed);
  w.note("of nothing", result(ftruncate(closed, 0)));
  w.note("of a device", result(ftruncate(open(w, "/dev/null", O_RDWR), 0)));
}

void sizes(World& w) {
  put("a", "text");
  const int fd = open(w, "a", O_RDWR);
  w.notes("negative", {result(ftruncate(fd, -1)), result(truncate("a", -1)), result(ftruncate(fd, LONG_MIN))});
  w.notes("negative of nothing", {result(ftruncate(-1, -1)), result(truncate("b", -1))});
  w.notes("the most", {result(ftruncate(fd, LONG_MAX)), result(truncate("a", LONG_MAX))});
  constexpr off_t kLargest = 0xFFFFFFFF000;  // of ext4
  w.notes("the largest file", {result(ftruncate(fd, kLargest)), size(fd), pread(fd, 10, kLargest - 10)});
  w.notes("over it", {result(ftruncate(fd, kLargest + 1)), size(fd)});
  w.notes("and back", {result(ftruncate(fd, 2)), contents(fd)});
}

void while_it_is_open(World& w) {
  const int one = open(w, "a");
  const int two = open(w, "a", O_RDONLY);
  write(one, "0123456789");
  w.notes("read", {read(two, 8)});
  w.notes("cut", {result(ftruncate(one, 5)), read(two), place(two), size(two)});
  w.notes("longer", {result(ftruncate(one, 12)), read(two)});
  unlink("a");
  w.notes("without a name", {result(ftruncate(one, 2)), contents(two), result(truncate("a", 2))});
}

constexpr Case kCases[] = {
    {"shorter and longer", shorter_and_longer},
    {"what was cut is gone", what_was_cut_is_gone},
    {"by path", by_path},
    {"what may not be written", what_may_not_be_written},
    {"of no file", of_no_file},
    {"sizes", sizes},
    {"while it is open", while_it_is_open},
};
const Suite suite("files/truncate", kCases, Process::own);

}  // namespace
}  // namespace stillpoint::test::files
