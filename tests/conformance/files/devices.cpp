// Calls about files on what is none: /dev/null, /dev/zero, pipes.
#include <sys/mman.h>

#include "tests/conformance/files/files.hpp"
#include "tests/conformance/files/locks.hpp"
#include "tests/conformance/files/mapping.hpp"

namespace stillpoint::test::files {
namespace {

void nothing(World& w) {
  const int fd = open(w, "/dev/null", O_RDWR);
  w.notes("read and write", {read(fd), write(fd, "text"), pread(fd, 4, 10), pwrite(fd, "text", 1'000)});
  w.notes("seek", {seek(fd, 100), seek(fd, -5, SEEK_CUR), seek(fd, 0, SEEK_END), place(fd)});
  w.notes("size", {size(fd), size("/dev/null"), result(truncate("/dev/null", 0))});
  w.notes("locks", {lock(fd, F_SETLK, F_WRLCK, 0, 10), lock(fd, F_OFD_GETLK, F_WRLCK, 0, 0)});
  w.notes("appending", {write(open(w, "/dev/null", O_WRONLY | O_APPEND), "x"), put("/dev/null", "text")});
  w.note("ready", w.ready(fd));
}

void zeros(World& w) {
  const int fd = open(w, "/dev/zero", O_RDWR);
  w.notes("read and write", {read(fd, 10), write(fd, "text"), pread(fd, 4, 1'000'000), pwrite(fd, "text", 5)});
  w.notes("seek", {seek(fd, 100), seek(fd, 0, SEEK_END)});
  w.note("mapped", map_result(fd, kPage, PROT_READ, MAP_PRIVATE));
}

void of_pipes(World& w) {
  int ends[2];
  w.note("pipe", result(pipe2(ends, O_NONBLOCK)));
  w.keep(ends[0]);
  w.keep(ends[1]);
  w.notes("places", {pread(ends[0], 1, 0), pwrite(ends[1], "x", 0), seek(ends[0], 0), pread(ends[1], 1, 0)});
  w.notes("mode", {result(fchmod(ends[0], 0600)), result(futimens(ends[0], nullptr))});
  w.notes("as a directory", {result(fchdir(ends[0])), result(openat(ends[0], "a", O_RDONLY)),
                             result(openat(ends[0], "/dev/null", O_RDONLY) >= 0 ? 0 : -1)});
}

void of_directories(World& w) {
  const int fd = open(w, ".", O_RDONLY);
  w.notes("read and write", {read(fd), write(fd, "x"), pread(fd, 1, 0), pwrite(fd, "x", 0)});
  w.notes("of no size", {read(fd, 0), pread(fd, 0, 0)});
  w.notes("cut", {result(ftruncate(fd, 0)), result(truncate(".", 0)), result(fallocate(fd, 0, 0, 10))});
  w.notes("mapped", {map_result(fd, kPage, PROT_READ, MAP_PRIVATE)});
}

constexpr Case kCases[] = {
    {"/dev/null", nothing},
    {"/dev/zero", zeros},
    {"pipes", of_pipes},
    {"directories", of_directories},
};
const Suite suite("files/devices", kCases, Process::own);

}  // namespace
}  // namespace stillpoint::test::files
