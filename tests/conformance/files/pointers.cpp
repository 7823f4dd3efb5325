// Bad pointers, given to calls about files: EFAULT, and when.
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <time.h>

#include <cstdio>

#include "tests/conformance/bad_pointers.hpp"
#include "tests/conformance/files/files.hpp"

namespace stillpoint::test::files {
namespace {

using bad_pointers::bad;
using bad_pointers::Memory;

void paths(World& w) {
  put("a", "x");
  const char* const wrong = bad<char>();
  w.notes("open", {result(::open(wrong, O_RDONLY)), result(::open(wrong, O_RDWR | O_CREAT, 0644)),
                   result(::open(wrong, O_PATH))});
  w.notes("made", {result(mkdir(wrong, 0755)), result(symlink("x", wrong)), result(symlink(wrong, "x")),
                   result(link("a", wrong)), result(link(wrong, "x"))});
  w.notes("removed", {result(unlink(wrong)), result(rmdir(wrong)), result(unlinkat(AT_FDCWD, wrong, AT_REMOVEDIR))});
  w.notes("renamed", {result(rename("a", wrong)), result(rename(wrong, "b")), result(rename("none", wrong))});
  w.notes("changed", {result(chmod(wrong, 0600)), result(chown(wrong, getuid(), getgid())), result(truncate(wrong, 0)),
                      result(chdir(wrong))});
  w.notes("asked", {result(access(wrong, F_OK)), result(faccessat(AT_FDCWD, wrong, F_OK, 0))});
  w.notes("a wrong directory does not come first",
          {result(openat(-1, wrong, O_RDONLY)), result(mkdirat(-1, wrong, 0755))});
  w.note("names", names());
}

void paths_without_an_end(World& w) {
  const Memory memory;
  char* const end = memory.last(3);
  w.notes("up to the end of memory", {result(::open(end, O_RDONLY)), result(mkdir(end, 0755)), result(unlink(end))});
  end[2] = '\0';
  w.notes("ending there", {result(mkdir(end, 0755)), names()});
}

void results(World& w) {
  put("a", "text");
  symlink("a", "l");
  const int fd = open(w, "a", O_RDONLY);
  w.notes("stat", {result(stat("a", bad<struct stat>())), result(lstat("a", bad<struct stat>())),
                   result(fstat(fd, bad<struct stat>())), result(fstatat(AT_FDCWD, "a", bad<struct stat>(), 0))});
  w.notes("of nothing", {result(stat("none", bad<struct stat>())), result(fstat(-1, bad<struct stat>()))});
  w.notes("readlink", {result(readlink("l", bad<char>(), 10)), result(readlink("a", bad<char>(), 10)),
                       result(readlink("none", bad<char>(), 10))});
  w.notes("statx", {result(statx(AT_FDCWD, "a", 0, STATX_BASIC_STATS, bad<struct statx>()))});
}

void bytes(World& w) {
  const int fd = open(w, "a");
  write(fd, "0123456789");
  w.notes("read",
          {result(::pread(fd, bad(), 4, 0)), result(::pread(fd, bad(), 4, 10)), result(::pread(fd, bad(), 0, 0))});
  w.notes("write", {result(::pwrite(fd, bad(), 4, 2)), result(::pwrite(fd, bad(), 0, 2)), contents(fd)});
  w.notes("the place stays", {seek(fd, 3), result(::read(fd, bad(), 4)), result(::write(fd, bad(), 4)), place(fd)});
  w.notes("of wrong descriptors",
          {result(::read(open(w, "a", O_WRONLY), bad(), 4)), result(::write(open(w, "a", O_RDONLY), bad(), 4)),
           result(::read(-1, bad(), 4)), result(::read(open(w, ".", O_RDONLY), bad(), 4))});
  w.notes("a negative offset", {result(::pread(fd, bad(), 4, -1)), result(::pwrite(fd, bad(), 4, -1))});
}

void where_memory_ends(World& w) {
  const int fd = open(w, "a");
  write(fd, "0123456789");
  const Memory memory;
  w.notes("read", {result(::pread(fd, memory.last(4), 8, 0)), shown({memory.last(4), 4})});
  w.notes("and the place", {seek(fd, 0), result(::read(fd, memory.last(4), 8)), place(fd)});
  w.notes("written", {seek(fd, 0), result(::write(fd, memory.last(3), 8)), place(fd), contents(fd)});
  w.notes("in two pieces", {[&] {
            const iovec vectors[2] = {{memory.last(2), 2}, {bad(), 3}};
            return result(preadv(fd, vectors, 2, 0)) + ' ' + result(pwritev(fd, vectors, 2, 5));
          }()});
  w.note("contents", contents(fd));
}

void vectors(World& w) {
  const int fd = open(w, "a");
  write(fd, "0123456789");
  w.notes("the vector itself", {result(readv(fd, bad<iovec>(), 1)), result(writev(fd, bad<iovec>(), 1)),
                                result(preadv(fd, bad<iovec>(), 1, 0)), result(readv(fd, bad<iovec>(), 0))});
  char room[8] = {};
  const iovec first_bad[2] = {{bad(), 3}, {room, 4}};
  w.notes("the first", {result(preadv(fd, first_bad, 2, 0)), result(pwritev(fd, first_bad, 2, 0)), contents(fd)});
  const iovec none_bad[2] = {{bad(), 0}, {room, 4}};
  w.notes("of no size", {result(preadv(fd, none_bad, 2, 0)), shown({room, 4})});
}

void others(World& w) {
  put("a", "x");
  const int fd = open(w, "a", O_RDWR);
  w.notes("times", {result(utimensat(AT_FDCWD, "a", bad<timespec>(), 0)), result(futimens(fd, bad<timespec>())),
                    result(utimensat(AT_FDCWD, "none", bad<timespec>(), 0))});
  w.notes("locks",
          {result(fcntl(fd, F_SETLK, bad())), result(fcntl(fd, F_GETLK, bad())), result(fcntl(-1, F_SETLK, bad()))});
  w.notes("offsets", {result(copy_file_range(fd, bad<off_t>(), fd, nullptr, 1, 0))});
}

void absurd_sizes(World& w) {
  if (!bad_pointers::kBadLengths) return w.note("sizes", "are the sanitizer's");
  const int fd = open(w, "a");
  write(fd, "0123456789");
  char room[16] = {};
  const auto negative = static_cast<std::size_t>(bad_pointers::the_negative);
  w.notes("a negative size", {result(::pread(fd, room, negative, 0)), result(::pwrite(fd, room, negative, 0))});
  w.notes("more than there is memory", {result(::pread(fd, bad_pointers::of_the_kernel(), 4, 0)),
                                        result(::pwrite(fd, bad_pointers::of_the_kernel(), 4, 0))});
  w.note("contents", contents(fd));
}

constexpr Case kCases[] = {
    {"paths", paths},
    {"paths without an end", paths_without_an_end},
    {"results", results},
    {"bytes", bytes},
    {"where memory ends", where_memory_ends},
    {"vectors", vectors},
    {"others", others},
    {"absurd sizes", absurd_sizes},
};
const Suite suite("files/pointers", kCases, Process::own);

}  // namespace
}  // namespace stillpoint::test::files
