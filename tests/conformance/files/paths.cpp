// path_resolution(7): dots, slashes, lengths.
#include <limits.h>

#include "tests/conformance/files/files.hpp"

namespace stillpoint::test::files {
namespace {

void dots_and_slashes(World& w) {
  mkdir("d", 0755);
  mkdir("d/e", 0755);
  put("d/a", "text");
  w.notes("dots", {contents("./d/./a"), contents("d/e/../a"), contents("d/../d/e/../../d/a")});
  w.notes("slashes", {contents("d//a"), contents("d///e//..//a"), contents(".//d/a")});
  w.notes("to the directory", {type("d/"), type("d/."), type("d/.."), type("d//"), type("./")});
  w.note("absolute, with more slashes", contents("//" + w.folder() + "//d/a"));
  w.notes("up from the root", {type("/.."), type("/../../.."), contents("/../.." + w.folder() + "/d/a")});
}

void through_what_is_no_directory(World& w) {
  put("a", "text");
  w.notes("open",
          {opening("a/b", O_RDONLY), opening("a/..", O_RDONLY), opening("a/.", O_RDONLY), opening("a/", O_RDONLY)});
  w.notes("made", {result(mkdir("a/d", 0755)), result(symlink("x", "a/l")), result(link("a", "a/b"))});
  w.notes("removed", {result(unlink("a/b")), result(rmdir("a/b")), result(rmdir("a/.")), result(rmdir("a/.."))});
  w.notes("asked for",
          {type("a/b"), result(access("a/b", F_OK)), result(chdir("a/b")), result(chmod("a/b", 0600)), target("a/b")});
  w.notes("a device", {type("/dev/null/x"), opening("/dev/null/", O_RDONLY)});
}

void through_nothing(World& w) {
  mkdir("d", 0755);
  w.notes("up from it", {type("no/.."), type("no/."), type("no/../d"), type("d/no/..")});
  w.notes("made in it", {result(mkdir("no/d", 0755)), opening("no/a", O_RDWR | O_CREAT), result(symlink("x", "no/l"))});
  w.notes("empty", {type(""), result(mkdir("", 0755)), result(rmdir("")), result(chdir("")), result(access("", F_OK)),
                    result(chmod("", 0600)), result(symlink("x", ""))});
}

void long_names(World& w) {
  const std::string longest = long_name(NAME_MAX);
  const std::string longer = long_name(NAME_MAX + 1);
  w.notes("the longest", {put(longest, "text"), contents(longest), names() == longest ? "listed" : "not listed"});
  w.notes("a longer one", {put(longer, "text"), type(longer), result(mkdir(longer.c_str(), 0755)),
                           result(symlink("x", longer.c_str())), result(unlink(longer.c_str()))});
  w.notes("in the middle", {type(longer + "/x"), type("no/" + longer), result(rmdir((longer + "/x").c_str()))});
  w.note("before one that is no directory", (put("a", "x"), type("a/" + longer)));
}

// A path of so many bytes that leads to `name`.
std::string padded(const std::string& name, std::size_t length) {
  std::string path = "./";
  while (path.size() + name.size() + 2 <= length) path += "./";
  if (path.size() + name.size() < length) path += "/";
  return path + name;
}

void long_paths(World& w) {
  put("a", "text");
  const std::string longest = padded("a", PATH_MAX - 1);
  const std::string longer = padded("a", PATH_MAX);
  w.notes("lengths", {std::to_string(longest.size()), std::to_string(longer.size())});
  w.notes("the longest", {contents(longest), type(longest), result(access(longest.c_str(), R_OK))});
  w.notes("a longer one",
          {contents(longer), type(longer), result(access(longer.c_str(), R_OK)), result(chdir(longer.c_str())),
           result(unlink(longer.c_str())), result(mkdir(padded("d", PATH_MAX).c_str(), 0755))});
  w.notes("in what is not there", {type("no/" + padded("a", PATH_MAX - 4)), type("no/" + padded("a", PATH_MAX - 3))});
}

void deeper_than_a_path(World& w) {
  const std::string name = long_name(200);
  int made = 0;
  while (made < 30 && mkdir(name.c_str(), 0755) == 0 && chdir(name.c_str()) == 0) ++made;
  w.note("made", std::to_string(made));
  w.notes("a file there", {put("a", "deep"), contents("a")});
  char path[PATH_MAX];
  w.note("getcwd", getcwd(path, sizeof path) == nullptr ? result(-1) : "a path");
  char longer[3 * PATH_MAX];
  w.note("getcwd with more room", getcwd(longer, sizeof longer) == nullptr ? result(-1) : "a path");
  std::string up;
  for (int i = 0; i < made; ++i) up += "../";
  w.notes("up", {names(up) == name ? "the first" : "another", result(chdir(up.c_str())),
                 names() == name ? "the first" : "another"});
}

void any_bytes(World& w) {
  for (const char* name :
       {" ", "a b", "-", "*", "\\", "\"", "\x01", "\xff\xfe", "\xc3\xa9", "..a", "...", "a.", "~", "%s"})
    w.notes("a name", {put(name, "x"), contents(name), result(unlink(name))});
  w.notes("case matters", {put("A", "upper"), put("a", "lower"), contents("A"), names()});
  w.notes("as do forms of a letter", {put("\xc3\xa9", "one"), put("e\xcc\x81", "two"), contents("\xc3\xa9")});
}

void names_of_devices(World& w) {
  w.notes("of type",
          {type("/dev/null"), type("/dev/zero"), type("/dev/urandom"), type("/dev"), type("/"), type("/tmp")});
  w.notes("relative", {type("/tmp/../dev/./null")});
  symlink("/dev/null", "l");
  w.notes("through a link", {put("l", "text"), contents("l"), size("l")});
  w.notes("O_CREAT, O_TRUNC, O_EXCL",
          {opening("/dev/null", O_RDWR | O_CREAT | O_TRUNC), opening("/dev/null", O_RDWR | O_CREAT | O_EXCL)});
}

constexpr Case kCases[] = {
    {"dots and slashes", dots_and_slashes},
    {"through what is no directory", through_what_is_no_directory},
    {"through nothing", through_nothing},
    {"long names", long_names},
    {"long paths", long_paths},
    {"deeper than a path", deeper_than_a_path},
    {"any bytes", any_bytes},
    {"names of devices", names_of_devices},
};
const Suite suite("files/paths", kCases, Process::own);

}  // namespace
}  // namespace stillpoint::test::files
