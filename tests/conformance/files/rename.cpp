// rename(2), renameat(2), renameat2(2).
#include <cstdio>

#include "tests/conformance/files/files.hpp"

namespace stillpoint::test::files {
namespace {

std::string move(const char* from, const char* to) { return result(::rename(from, to)); }
std::string move(const char* from, const char* to, unsigned flags) {
  return result(renameat2(AT_FDCWD, from, AT_FDCWD, to, flags));
}

void a_file(World& w) {
  put("a", "text");
  const int fd = open(w, "a", O_RDWR);
  w.notes("rename", {move("a", "b"), names(), contents("b")});
  w.notes("who had it open writes on", {write(fd, "TEXT!"), contents("b")});
  w.note("of nothing", move("a", "c"));
  w.note("onto itself", move("b", "b"));
  w.notes("empty names", {move("", "c"), move("b", "")});
  mkdir("d", 0755);
  w.notes("into a directory", {move("b", "d/b"), names(), names("d")});
  w.notes("into nothing", {move("d/b", "e/b"), move("d/b", "d/b/c")});
  w.note("contents", contents("d/b"));
}

void over_a_file(World& w) {
  put("a", "new");
  put("b", "old");
  const int old = open(w, "b", O_RDWR);
  const int fresh = open(w, "a", O_RDONLY);
  w.notes("rename", {move("a", "b"), names(), contents("b")});
  w.note("it is the new one", same(fresh, open(w, "b", O_RDONLY)));
  struct stat status {};
  w.notes("the old one lives on without a name",
          {contents(old), result(fstat(old, &status)), std::to_string(status.st_nlink)});
  w.notes("to write to it changes nothing there", {pwrite(old, "xxx", 0), contents("b")});
}

void over_a_link_to_itself(World& w) {
  put("a", "text");
  link("a", "b");
  w.notes("rename does nothing", {move("a", "b"), names(), links("a")});
  w.notes("neither does it within directories",
          {result(mkdir("d", 0755)), result(link("a", "d/a")), move("a", "d/a"), names(), names("d")});
}

void over_directories(World& w) {
  mkdir("d", 0755);
  mkdir("empty", 0755);
  mkdir("full", 0755);
  put("full/a", "x");
  put("d/in", "inside");
  put("a", "file");
  w.note("a directory over one that is not empty", move("d", "full"));
  w.note("a directory over a file", move("d", "a"));
  w.note("a file over a directory", move("a", "empty"));
  w.notes("a directory over an empty one", {move("d", "empty"), names(), names("empty")});
  const int fd = open(w, "full", O_RDONLY);
  unlink("full/a");
  w.notes("a file over an empty one", {move("a", "full"), type("full")});
  w.notes("over one that is open", {move("empty", "full"), names("full"), result(faccessat(fd, "in", F_OK, 0))});
}

void into_itself(World& w) {
  mkdir("d", 0755);
  mkdir("d/e", 0755);
  w.notes("its own", {move("d", "d/x"), move("d", "d/e/x"), move("d", "d/e")});
  w.notes("over its parent", {move("d/e", "d"), move("d/e", ".")});
  w.note("onto itself", move("d", "d"));
  w.notes("a path to itself", {move("d", "d/e/.."), move("d", "./d")});
  w.notes("names", {names(), names("d")});
}

void dots(World& w) {
  mkdir("d", 0755);
  mkdir("d/e", 0755);
  put("a", "x");
  w.notes("from dot", {move(".", "x"), move("..", "x"), move("d/.", "x"), move("d/..", "x")});
  w.notes("to dot", {move("d/e", "."), move("d/e", ".."), move("d/e", "d/."), move("a", "."), move("a", "d/..")});
  w.notes("names", {names(), names("d")});
}

void slashes(World& w) {
  put("a", "x");
  put("b", "y");
  mkdir("d", 0755);
  w.notes("a file", {move("a/", "c"), move("a", "c/"), move("a", "b/"), move("a/", "c/")});
  w.notes("nothing", {move("c/", "e"), move("c", "e/")});
  w.notes("a directory", {move("d/", "e"), move("e", "f/"), move("f/", "g/"), move("g///", ".//h//")});
  w.note("names", names());
  symlink("h", "l");
  w.notes("a link to a directory", {move("l/", "m"), move("l", "m/"), move("h", "l/"), names()});
}

void links_themselves(World& w) {
  put("a", "text");
  symlink("a", "l");
  symlink("nothing", "dangling");
  mkdir("d", 0755);
  symlink("d", "to_d");
  w.notes("the link, not its target", {move("l", "m"), target("m"), type("a")});
  w.notes("over a link", {move("m", "dangling"), target("dangling"), names()});
  w.notes("a file over a link", {move("a", "to_d"), type("to_d"), type("d")});
  w.notes("a directory over a link", {move("d", "dangling"), type("dangling")});
  w.notes("a link over a directory", {move("dangling", "d"), type("d")});
}

void without_replacing(World& w) {
  put("a", "one");
  put("b", "two");
  w.notes("there", {move("a", "b", RENAME_NOREPLACE), contents("b")});
  w.notes("not there", {move("a", "c", RENAME_NOREPLACE), names()});
  w.note("itself", move("c", "c", RENAME_NOREPLACE));
  symlink("nothing", "l");
  w.note("a link to nothing", move("c", "l", RENAME_NOREPLACE));
  mkdir("d", 0755);
  mkdir("e", 0755);
  w.notes("an empty directory", {move("d", "e", RENAME_NOREPLACE), move("d", "f", RENAME_NOREPLACE), names()});
  w.note("of nothing", move("x", "y", RENAME_NOREPLACE));
  w.notes("dots", {move("e", ".", RENAME_NOREPLACE), move("..", "y", RENAME_NOREPLACE)});
}

void exchanging(World& w) {
  put("a", "one");
  put("b", "two");
  const int fd = open(w, "a", O_RDONLY);
  w.notes("files", {move("a", "b", RENAME_EXCHANGE), contents("a"), contents("b"), contents(fd)});
  mkdir("d", 0755);
  put("d/in", "x");
  mkdir("e", 0755);
  w.notes("directories", {move("d", "e", RENAME_EXCHANGE), names("d"), names("e")});
  w.notes("a file and a directory", {move("a", "e", RENAME_EXCHANGE), type("a"), type("e"), names("a")});
  symlink("nothing", "l");
  w.notes("a file and a link", {move("b", "l", RENAME_EXCHANGE), type("b"), type("l"), target("b")});
  w.notes("not there", {move("x", "l", RENAME_EXCHANGE), move("l", "x", RENAME_EXCHANGE)});
  w.note("itself", move("l", "l", RENAME_EXCHANGE));
  mkdir("a/sub", 0755);
  w.notes("into itself", {move("a", "a/sub", RENAME_EXCHANGE), move("a/sub", "a", RENAME_EXCHANGE)});
  w.notes("across directories", {move("a/in", "d", RENAME_EXCHANGE), type("a/in"), type("d"), links("a"), links(".")});
}

void flags(World& w) {
  put("a", "x");
  put("b", "x");
  w.note("both", move("a", "b", RENAME_NOREPLACE | RENAME_EXCHANGE));
  w.note("unknown", move("a", "b", 1 << 20));
  w.note("none", move("a", "b", 0));
  w.note("names", names());
}

void moved_directories(World& w) {
  mkdir("d", 0755);
  mkdir("d/e", 0755);
  mkdir("f", 0755);
  put("d/e/a", "text");
  const int inside = open(w, "d/e", O_RDONLY);
  w.notes("move", {move("d/e", "f/g"), names("d"), names("f")});
  w.notes("what it holds", {contents("f/g/a"), contents(w.keep(openat(inside, "a", O_RDONLY)))});
  struct stat up {};
  struct stat f {};
  fstatat(inside, "..", &up, 0);
  stat("f", &f);
  w.note("its parent is the new one", up.st_ino == f.st_ino);
  w.notes("links", {links("d"), links("f")});
  w.notes("the old parent can go", {result(rmdir("d")), names()});
}

void relative_to_directories(World& w) {
  mkdir("d", 0755);
  mkdir("e", 0755);
  put("d/a", "text");
  const int d = open(w, "d", O_RDONLY);
  const int e = open(w, "e", O_RDONLY | O_PATH);
  const int file = open(w, "d/a", O_RDONLY);
  w.notes("renameat", {result(renameat(d, "a", e, "b")), names("d"), names("e")});
  w.notes("up", {result(renameat(e, "b", e, "../c")), names()});
  w.notes("of a file", {result(renameat(file, "c", d, "x")), result(renameat(AT_FDCWD, "c", file, "x"))});
  w.notes("of nothing", {result(renameat(-1, "c", d, "x")), result(renameat(AT_FDCWD, "c", -1, "x"))});
  const std::string absolute = w.folder() + "/c";
  w.notes("an absolute path", {result(renameat(-1, absolute.c_str(), d, "x")), names("d")});
}

void long_names(World& w) {
  put("a", "x");
  const std::string longest = long_name(255);
  w.notes("of 255", {move("a", longest.c_str()), move(longest.c_str(), "a")});
  w.notes("of 256", {move("a", long_name(256).c_str()), move(long_name(256).c_str(), "a")});
  const std::string too_long = long_name(256);
  w.notes("the old one is looked up first", {move("b", too_long.c_str()), move(too_long.c_str(), too_long.c_str()),
                                             move("b", too_long.c_str(), RENAME_EXCHANGE)});
  w.notes("but both directories before", {move(too_long.c_str(), "b/x"), move((too_long + "/x").c_str(), "b/x")});
  w.notes("and dots before either",
          {move(too_long.c_str(), "."), move(".", too_long.c_str()), move(too_long.c_str(), "..", RENAME_NOREPLACE)});
  w.note("names", names());
}

// Where a call is wrong in more ways than one.
void several_errors(World& w) {
  put("a", "x");
  symlink("l", "l");
  w.notes("the path of the old one, before the new one is read", {move("a/b", ""), move("l/b", ""), move("b", "")});
  mkdir("d", 0755);
  mkdir("d/e", 0755);
  chmod("d/e", 0555);
  w.notes("into itself, before it may not be written", {move("d/e", "d/e/x"), move("d", "d/e", RENAME_EXCHANGE)});
  w.note("over its parent", move("d/e", "d"));
  w.note("over a file elsewhere", move("d/e", "a"));
  w.note("into another directory", move("d/e", "f"));
  w.notes("within its own", {move("d/e", "d/f"), names("d")});
  chmod("d", 0555);
  w.notes("a file over a directory that may not be changed", {move("a", "d/f"), move("d/f", "a"), move("d/f", "d/g")});
  chmod("d", 0666);
  w.notes("where nothing may be looked for", {move("d/f", ""), move("d/f", "d/"), move("a", "d/b")});
  chmod("d", 0755);
}

void in_a_removed_directory(World& w) {
  put("a", "x");
  mkdir("d", 0755);
  const int directory = open(w, "d", O_RDONLY);
  w.note("rmdir", result(rmdir("d")));
  const std::string too_long = long_name(256);
  w.notes("into it", {result(renameat(AT_FDCWD, "a", directory, "b")),
                      result(renameat(AT_FDCWD, "a", directory, too_long.c_str()))});
  w.notes("from it", {result(renameat(directory, "b", AT_FDCWD, "c")),
                      result(renameat(directory, too_long.c_str(), AT_FDCWD, "c"))});
}

constexpr Case kCases[] = {
    {"a file", a_file},
    {"over a file", over_a_file},
    {"over a link to itself", over_a_link_to_itself},
    {"over directories", over_directories},
    {"into itself", into_itself},
    {"dots", dots},
    {"slashes", slashes},
    {"links themselves", links_themselves},
    {"RENAME_NOREPLACE", without_replacing},
    {"RENAME_EXCHANGE", exchanging},
    {"flags", flags},
    {"moved directories", moved_directories},
    {"renameat", relative_to_directories},
    {"long names", long_names},
    {"several errors", several_errors},
    {"in a removed directory", in_a_removed_directory},
};
const Suite suite("files/rename", kCases, Process::own);

}  // namespace
}  // namespace stillpoint::test::files
