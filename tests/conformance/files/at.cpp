// Paths relative to an open directory: openat(2) and its kin.
#include <cstdio>

#include "tests/conformance/files/files.hpp"

namespace stillpoint::test::files {
namespace {

std::string opening_at(World& w, int directory, const char* path, int flags = O_RDONLY) {
  const int fd = w.keep(openat(directory, path, flags, 0644));
  return fd < 0 ? result(fd) : "opened";
}

void relative(World& w) {
  mkdir("d", 0755);
  mkdir("d/e", 0755);
  put("d/a", "inner");
  put("a", "outer");
  const int d = open(w, "d", O_RDONLY);
  w.notes("in it", {contents(w.keep(openat(d, "a", O_RDONLY))), contents(w.keep(openat(d, "../a", O_RDONLY))),
                    contents(w.keep(openat(d, "e/../a", O_RDONLY)))});
  w.notes("in the working directory", {contents(w.keep(openat(AT_FDCWD, "a", O_RDONLY)))});
  w.notes("made", {opening_at(w, d, "b", O_RDWR | O_CREAT), opening_at(w, d, "e/c", O_RDWR | O_CREAT), names("d"),
                   names("d/e")});
  w.notes("nothing", {opening_at(w, d, "none"), opening_at(w, d, ""), opening_at(w, d, "none/x", O_RDWR | O_CREAT)});
  w.notes("itself", {opening_at(w, d, "."), opening_at(w, d, ".", O_RDWR)});
}

void to_what_is_no_directory(World& w) {
  put("a", "x");
  const int file = open(w, "a", O_RDONLY);
  const int closed = open(w, "b");
  w.close(closed);
  w.notes("a file", {opening_at(w, file, "a"), opening_at(w, file, "."), opening_at(w, file, "..")});
  w.notes("closed",
          {opening_at(w, closed, "a"), opening_at(w, -1, "a"), opening_at(w, -99, "a"), opening_at(w, 9'999, "a")});
  w.notes("a socket, an epoll", {opening_at(w, w.socket(), "a"), opening_at(w, w.epoll(), "a")});
  const std::string absolute = w.folder() + "/a";
  w.notes("an absolute path asks for none",
          {opening_at(w, file, absolute.c_str()), opening_at(w, closed, absolute.c_str()),
           opening_at(w, -99, absolute.c_str())});
  w.notes("an empty path", {opening_at(w, -1, ""), opening_at(w, file, "")});
}

void where_it_has_gone(World& w) {
  mkdir("d", 0755);
  mkdir("e", 0755);
  put("d/a", "text");
  const int d = open(w, "d", O_RDONLY);
  rename("d", "e/f");
  w.notes("renamed",
          {contents(w.keep(openat(d, "a", O_RDONLY))), opening_at(w, d, "b", O_RDWR | O_CREAT), names("e/f")});
  w.notes("up", {opening_at(w, d, "../g", O_RDWR | O_CREAT), names("e")});
  mkdir("d", 0755);
  w.notes("another of its name", {opening_at(w, d, "c", O_RDWR | O_CREAT), names("d"), names("e/f")});
}

void without_permission(World& w) {
  mkdir("d", 0755);
  put("d/a", "text");
  const int d = open(w, "d", O_RDONLY);
  chmod("d", 0400);
  w.notes("not to be searched any more",
          {opening_at(w, d, "a"), opening_at(w, d, "."), opening_at(w, d, ""), result(faccessat(d, "a", F_OK, 0))});
  chmod("d", 0500);
  w.notes("nor written", {opening_at(w, d, "a"), opening_at(w, d, "b", O_RDWR | O_CREAT), result(mkdirat(d, "e", 0755)),
                          result(unlinkat(d, "a", 0))});
}

void all_of_them(World& w) {
  mkdir("d", 0755);
  const int d = open(w, "d", O_RDONLY);
  struct stat status {};
  char text[10] = {};
  w.notes("made", {result(mkdirat(d, "e", 0755)), opening_at(w, d, "a", O_RDWR | O_CREAT),
                   result(symlinkat("a", d, "l")), result(linkat(d, "a", d, "b", 0))});
  w.notes("asked", {result(fstatat(d, "a", &status, 0)), std::to_string(status.st_nlink),
                    result(readlinkat(d, "l", text, sizeof text)), text, result(faccessat(d, "l", R_OK, 0))});
  w.notes("changed", {result(fchmodat(d, "a", 0600, 0)), mode("d/b"), result(fchownat(d, "a", getuid(), getgid(), 0)),
                      result(utimensat(d, "a", nullptr, 0))});
  w.notes("moved", {result(renameat(d, "b", AT_FDCWD, "c")), result(renameat2(d, "a", d, "l", RENAME_EXCHANGE)),
                    type("d/a"), type("d/l"), names()});
  w.notes("removed", {result(unlinkat(d, "a", 0)), result(unlinkat(d, "e", AT_REMOVEDIR)), result(unlinkat(d, "l", 0)),
                      names("d")});
}

constexpr Case kCases[] = {
    {"relative", relative},
    {"to what is no directory", to_what_is_no_directory},
    {"where it has gone", where_it_has_gone},
    {"without permission", without_permission},
    {"all of them", all_of_them},
};
const Suite suite("files/at", kCases, Process::own);

}  // namespace
}  // namespace stillpoint::test::files
