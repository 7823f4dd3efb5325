// mkdir(2), rmdir(2), unlinkat(2), chdir(2), getcwd(3).
#include <limits.h>

#include <cstdlib>

#include "tests/conformance/files/files.hpp"

namespace stillpoint::test::files {
namespace {

// The working directory, from the case's folder on.
std::string here(World& w) {
  char path[PATH_MAX];
  if (getcwd(path, sizeof path) == nullptr) return result(-1);
  const std::string text = path;
  return text.starts_with(w.folder()) ? "folder" + text.substr(w.folder().size()) : text;
}

void made(World& w) {
  w.notes("mkdir", {result(mkdir("d", 0700)), type("d"), mode("d"), names("d")});
  w.notes("there is one", {result(mkdir("d", 0755)), mode("d")});
  put("a", "x");
  w.notes("there is a file", {result(mkdir("a", 0755)), result(mkdir("a/", 0755))});
  w.notes("slashes", {result(mkdir("e/", 0755)), result(mkdir("f//", 0755)), names()});
  w.notes("dots", {result(mkdir(".", 0755)), result(mkdir("..", 0755)), result(mkdir("d/.", 0755)),
                   result(mkdir("g/.", 0755)), result(mkdir("/", 0755))});
  w.notes("two at once", {result(mkdir("g/h", 0755))});
  w.notes("modes", {result(mkdir("m", 0777)), mode("m"), result(mkdir("n", 01777)), mode("n"),
                    result(mkdir("o", 06755)), mode("o")});
}

void removed(World& w) {
  mkdir("d", 0755);
  mkdir("d/e", 0755);
  put("a", "x");
  w.notes("not empty", {result(rmdir("d"))});
  w.notes("rmdir", {result(rmdir("d/e")), result(rmdir("d")), names()});
  w.notes("of a file", {result(rmdir("a")), result(rmdir("a/"))});
  w.notes("of nothing", {result(rmdir("d")), result(rmdir("d/e"))});
  mkdir("f", 0755);
  w.notes("dots",
          {result(rmdir(".")), result(rmdir("..")), result(rmdir("f/.")), result(rmdir("f/..")), result(rmdir("/"))});
  w.notes("a slash", {result(rmdir("f/")), names()});
}

void removed_while_open(World& w) {
  mkdir("d", 0755);
  const int fd = open(w, "d", O_RDONLY);
  w.note("rmdir", result(rmdir("d")));
  struct stat status {};
  w.notes("fstat", {result(fstat(fd, &status)), type_of(status.st_mode), std::to_string(status.st_nlink)});
  w.notes("in it", {result(openat(fd, "a", O_RDWR | O_CREAT, 0644)), result(mkdirat(fd, "e", 0755)),
                    result(faccessat(fd, "a", F_OK, 0)), result(unlinkat(fd, "a", 0))});
  w.notes("another of that name",
          {result(mkdir("d", 0755)), result(openat(fd, "a", O_RDWR | O_CREAT, 0644)), names("d")});
  w.note("fchmod", result(fchmod(fd, 0700)));
}

void unlinkat_does_both(World& w) {
  mkdir("d", 0755);
  mkdir("d/e", 0755);
  put("d/a", "x");
  const int d = open(w, "d", O_RDONLY);
  w.notes("a file", {result(unlinkat(d, "a", AT_REMOVEDIR)), result(unlinkat(d, "a", 0))});
  w.notes("a directory", {result(unlinkat(d, "e", 0)), result(unlinkat(d, "e", AT_REMOVEDIR)), names("d")});
  w.notes("nothing", {result(unlinkat(d, "a", 0)), result(unlinkat(d, "a", AT_REMOVEDIR)), result(unlinkat(d, "", 0))});
  w.note("an unknown flag", result(unlinkat(d, "a", AT_SYMLINK_NOFOLLOW)));
  w.notes("mkdirat",
          {result(mkdirat(d, "f", 0711)), mode("d/f"), result(mkdirat(d, "f", 0711)), result(mkdirat(-1, "f", 0711))});
  put("a", "x");
  w.notes("of a file",
          {result(mkdirat(open(w, "a", O_RDONLY), "f", 0711)), result(unlinkat(open(w, "a", O_RDONLY), "f", 0))});
}

void where_one_is(World& w) {
  mkdir("d", 0755);
  mkdir("d/e", 0755);
  put("d/a", "text");
  put("b", "x");
  w.note("at first", here(w));
  w.notes("chdir", {result(chdir("d/e")), here(w), contents("../a")});
  w.notes("up", {result(chdir("..")), here(w), names()});
  w.notes("refused", {result(chdir("a")), result(chdir("none")), result(chdir("a/x")), here(w)});
  w.notes("absolute", {result(chdir(w.folder().c_str())), here(w)});
  symlink("d/e", "l");
  w.notes("through a link", {result(chdir("l")), here(w), result(chdir("..")), here(w)});
  w.notes("the root", {result(chdir("/")), here(w), result(chdir("..")), here(w)});
}

void by_descriptor(World& w) {
  mkdir("d", 0755);
  put("a", "text");
  const int home = open(w, ".", O_RDONLY);
  const int d = open(w, "d", O_RDONLY | O_DIRECTORY);
  w.notes("fchdir", {result(fchdir(d)), here(w), result(fchdir(home)), here(w)});
  w.notes("refused", {result(fchdir(open(w, "a", O_RDONLY))), result(fchdir(-1)), result(fchdir(w.socket()))});
  w.notes("moved", {result(rename("d", "e")), result(fchdir(d)), here(w)});
}

void moved_and_removed_beneath(World& w) {
  mkdir("d", 0755);
  mkdir("d/e", 0755);
  mkdir("f", 0755);
  const int home = open(w, ".", O_RDONLY);
  w.notes("moved", {result(chdir("d/e")), result(renameat(home, "d", home, "f/g")), here(w)});
  w.notes("made there", {put("a", "x"), names(), result(chdir("..")), here(w)});
  w.notes("removed", {result(unlink("e/a")), result(chdir("e")), result(rmdir("../e")), here(w)});
  w.notes("nothing can be made", {put("a", "x"), result(mkdir("x", 0755)), type("."), names()});
  w.notes("up", {result(chdir("..")), here(w)});
}

void room_for_getcwd(World& w) {
  const std::size_t length = w.folder().size();
  std::string room(length + 10, '?');
  w.note("one too small", getcwd(room.data(), length) == nullptr ? result(-1) : "a path");
  w.note("exactly", getcwd(room.data(), length + 1) == room.data() ? "a path" : result(-1));
  w.note("it is the folder", w.folder() == room.c_str());
  w.note("none", getcwd(room.data(), 0) == nullptr ? result(-1) : "a path");
  char* const allocated = getcwd(nullptr, 0);
  w.note("allocated", allocated != nullptr && w.folder() == allocated);
  std::free(allocated);
}

void many(World& w) {
  std::string path = ".";
  for (int i = 0; i < 60; ++i) {
    path += "/d";
    if (mkdir(path.c_str(), 0755) != 0) w.note("mkdir", result(-1));
  }
  w.notes("a deep file", {put(path + "/a", "deep"), contents(path + "/a")});
  w.note("not empty", result(rmdir("d")));
  unlink((path + "/a").c_str());
  while (path != ".") {
    if (rmdir(path.c_str()) != 0) w.note("rmdir", result(-1));
    path.resize(path.size() - 2);
  }
  w.note("names", names());
}

constexpr Case kCases[] = {
    {"made", made},
    {"removed", removed},
    {"removed while open", removed_while_open},
    {"unlinkat, mkdirat", unlinkat_does_both},
    {"where one is", where_one_is},
    {"fchdir", by_descriptor},
    {"moved and removed beneath", moved_and_removed_beneath},
    {"room for getcwd", room_for_getcwd},
    {"many", many},
};
const Suite suite("files/directories", kCases, Process::own);

}  // namespace
}  // namespace stillpoint::test::files
