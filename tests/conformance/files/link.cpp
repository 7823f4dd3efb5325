// link(2), linkat(2), and what unlink(2) leaves.
#include <cstdio>

#include "tests/conformance/files/files.hpp"

namespace stillpoint::test::files {
namespace {

void two_names(World& w) {
  put("a", "text");
  w.notes("link", {result(link("a", "b")), links("a"), links("b")});
  w.note("one file", same("a", "b"));
  w.notes("what is written to one", {put("a", "other"), contents("b")});
  w.notes("its mode", {result(chmod("b", 0600)), mode("a")});
  w.notes("one goes", {result(unlink("a")), contents("b"), links("b"), names()});
}

void refused(World& w) {
  put("a", "text");
  put("b", "text");
  mkdir("d", 0755);
  symlink("nothing", "dangling");
  w.notes("there is one",
          {result(link("a", "b")), result(link("a", "a")), result(link("a", "d")), result(link("a", "dangling"))});
  w.notes("a directory", {result(link("d", "e")), result(link(".", "e")), result(link("d", "b"))});
  w.notes("nothing",
          {result(link("x", "y")), result(link("x", "b")), result(link("a", "x/y")), result(link("a/x", "y"))});
  w.notes("slashes", {result(link("a/", "y")), result(link("a", "y/")), result(link("a", "b/"))});
  w.notes("empty", {result(link("", "y")), result(link("a", ""))});
  w.notes("long", {result(link("a", long_name(255).c_str())), result(link("a", long_name(256).c_str()))});
  w.note("links", links("a"));
}

void of_links(World& w) {
  put("a", "text");
  symlink("a", "l");
  symlink("nothing", "dangling");
  w.notes("the link itself", {result(link("l", "m")), type("m"), target("m"), links("l"), links("a")});
  w.note("they are one", same("l", "m"));
  w.notes("followed", {result(linkat(AT_FDCWD, "l", AT_FDCWD, "n", AT_SYMLINK_FOLLOW)), type("n"), links("a")});
  w.notes("to nothing", {result(link("dangling", "o")), type("o"),
                         result(linkat(AT_FDCWD, "dangling", AT_FDCWD, "p", AT_SYMLINK_FOLLOW))});
  w.notes("unlinked, the target stays", {result(unlink("l")), type("l"), target("m"), links("m"), type("a")});
}

void relative_to_directories(World& w) {
  mkdir("d", 0755);
  put("d/a", "text");
  const int d = open(w, "d", O_RDONLY);
  const int file = open(w, "d/a", O_RDONLY);
  w.notes("linkat", {result(linkat(d, "a", AT_FDCWD, "b", 0)), result(linkat(AT_FDCWD, "b", d, "c", 0)), names("d")});
  w.notes("of a file", {result(linkat(file, "a", AT_FDCWD, "x", 0)), result(linkat(d, "a", file, "x", 0))});
  w.notes("of nothing", {result(linkat(-1, "a", AT_FDCWD, "x", 0)), result(linkat(d, "a", -1, "x", 0))});
  w.note("an unknown flag", result(linkat(d, "a", d, "x", 1 << 20)));
  w.note("links", links("d/a"));
}

void of_what_has_no_name(World& w) {
  put("a", "text");
  const int fd = open(w, "a", O_RDWR);
  unlink("a");
  w.notes("written and read", {pwrite(fd, "TEXT and more", 0), contents(fd), size(fd)});
  w.notes("cut", {result(ftruncate(fd, 4)), contents(fd)});
  w.notes("its mode", {result(fchmod(fd, 0400))});
  w.notes("a new one of that name", {put("a", "new"), contents(fd), contents("a")});
  w.note("is another", same(fd, open(w, "a", O_RDONLY)));
  const int copy = w.keep(dup(fd));
  w.close(fd);
  w.note("by the copy", contents(copy));
}

void unlinking(World& w) {
  put("a", "x");
  mkdir("d", 0755);
  symlink("d", "to_d");
  w.notes("a file", {result(unlink("a")), result(unlink("a"))});
  w.notes("a directory", {result(unlink("d")), result(unlink("d/")), result(unlink("."))});
  put("a", "x");
  w.notes("slashes", {result(unlink("a/")), result(unlink("to_d/")), result(unlink("nothing/"))});
  w.notes("in a file", {result(unlink("a/b")), result(unlink("")), result(unlink("no/where"))});
  w.notes("a link to a directory", {result(unlink("to_d")), names()});
  w.notes("long", {result(unlink(long_name(255).c_str())), result(unlink(long_name(256).c_str()))});
}

void removing(World& w) {
  put("a", "x");
  mkdir("d", 0755);
  mkdir("e", 0755);
  put("e/a", "x");
  symlink("e", "l");
  w.notes("remove", {result(::remove("a")), result(::remove("d")), result(::remove("e")), result(::remove("l"))});
  w.notes("again", {result(::remove("a")), result(::remove("d")), names()});
}

void many_names(World& w) {
  put("a", "text");
  for (int i = 0; i < 100; ++i) {
    if (link("a", ("link" + std::to_string(i)).c_str()) != 0) w.note("link", result(-1));
  }
  w.notes("links", {links("a"), links("link50")});
  for (int i = 0; i < 100; i += 2) unlink(("link" + std::to_string(i)).c_str());
  w.notes("half of them", {links("a"), type("link50"), contents("link51")});
}

constexpr Case kCases[] = {
    {"two names", two_names},
    {"refused", refused},
    {"of links", of_links},
    {"linkat", relative_to_directories},
    {"of what has no name", of_what_has_no_name},
    {"unlinking", unlinking},
    {"remove", removing},
    {"many names", many_names},
};
const Suite suite("files/link", kCases, Process::own);

}  // namespace
}  // namespace stillpoint::test::files
