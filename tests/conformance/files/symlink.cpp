// symlink(2), readlink(2): links, followed and not.
#include <cerrno>
#include <cstdlib>

#include "tests/conformance/files/files.hpp"

namespace stillpoint::test::files {
namespace {

void made_and_read(World& w) {
  w.notes("symlink", {result(symlink("some/where", "l")), type("l"), target("l")});
  w.notes("there is one", {result(symlink("x", "l")), target("l")});
  put("a", "x");
  w.notes("readlink of others", {target("a"), target("."), target("nothing"), target("a/b"), target("")});
  char text[8] = "0000000";
  w.notes("a small buffer", {result(readlink("l", text, 4)), std::string(text, 7)});
  w.notes("none", {result(readlink("l", text, 0)), result(readlink("a", text, 0))});
  w.note("its mode", [] {
    struct stat status {};
    return lstat("l", &status) == 0 ? octal(status.st_mode) : result(-1);
  }());
}

void targets(World& w) {
  w.note("empty", result(symlink("", "l")));
  w.note("empty name", result(symlink("a", "")));
  const std::string longest(4'095, 't');
  w.notes("of 4095", {result(symlink(longest.c_str(), "long")), target("long") == longest ? "read back" : "other"});
  w.note("followed", opening("long", O_RDONLY));
  w.note("of 4096", result(symlink(std::string(4'096, 't').c_str(), "longer")));
  w.notes("strange ones", {result(symlink("a b\n//./..", "strange")), target("strange")});
  w.notes("in nothing", {result(symlink("a", "no/where")), result(symlink("a", "strange/x"))});
  w.note("with a slash", result(symlink("a", "new/")));
}

void relative_to_itself(World& w) {
  mkdir("d", 0755);
  mkdir("d/e", 0755);
  put("a", "outer");
  put("d/a", "inner");
  symlink("a", "d/here");
  symlink("../a", "d/up");
  symlink("../../a", "d/e/top");
  symlink((w.folder() + "/a").c_str(), "d/absolute");
  w.notes("contents", {contents("d/here"), contents("d/up"), contents("d/e/top"), contents("d/absolute")});
  w.notes("moved", {result(::rename("d/here", "here")), contents("here")});
}

void to_directories(World& w) {
  mkdir("d", 0755);
  mkdir("d/e", 0755);
  put("d/a", "inside");
  symlink("d/e", "l");
  w.notes("in it", {opening("l/x", O_RDWR | O_CREAT), names("d/e"), names("l")});
  w.notes("up from it is up from the target", {contents("l/../a"), names("l/..")});
  struct stat status {};
  w.notes("lstat with a slash", {result(lstat("l/", &status)), type_of(status.st_mode)});
  w.notes("lstat without", {result(lstat("l", &status)), type_of(status.st_mode)});
  w.notes("rmdir", {result(rmdir("l")), result(rmdir("l/"))});
  w.notes("mkdir over a link", {result(mkdir("l", 0755)), result(symlink("nowhere", "m")), result(mkdir("m", 0755)),
                                result(mkdir("m/", 0755))});
}

void in_a_circle(World& w) {
  symlink("b", "a");
  symlink("a", "b");
  symlink("self", "self");
  struct stat status {};
  w.notes("open", {opening("a", O_RDONLY), opening("self", O_RDONLY), opening("self/x", O_RDONLY)});
  w.notes("O_CREAT", {opening("a", O_RDWR | O_CREAT), opening("a", O_RDWR | O_CREAT | O_EXCL)});
  w.notes("stat, lstat", {result(stat("a", &status)), result(lstat("a", &status)), result(lstat("a/", &status))});
  w.notes("others", {result(chdir("a")), result(truncate("a", 0)), result(access("a", F_OK)), result(chmod("a", 0600)),
                     result(mkdir("a/x", 0755)), result(unlink("a/x"))});
  w.notes("the link itself can go", {result(unlink("a")), opening("b", O_RDONLY), names()});
}

void a_long_row(World& w) {
  put("l0", "end");
  for (int i = 1; i <= 41; ++i) symlink(("l" + std::to_string(i - 1)).c_str(), ("l" + std::to_string(i)).c_str());
  w.notes("of 39, 40, 41", {contents("l39"), contents("l40"), contents("l41")});
  mkdir("d", 0755);
  symlink("d", "to_d");
  symlink(".", "d/dot");
  const auto through = [](int times) {
    std::string path = "d";
    for (int i = 0; i < times; ++i) path += "/dot";
    struct stat status {};
    return result(stat(path.c_str(), &status));
  };
  w.notes("in one path", {through(39), through(40), through(41)});
  w.note("not followed, it does not count", [&] {
    std::string path = "d";
    for (int i = 0; i < 40; ++i) path += "/dot";
    return type(path + "/dot");
  }());
}

void relative_to_directories(World& w) {
  mkdir("d", 0755);
  put("d/a", "text");
  const int d = open(w, "d", O_RDONLY);
  const int file = open(w, "d/a", O_RDONLY);
  char text[10] = {};
  w.notes("symlinkat", {result(symlinkat("a", d, "l")), contents("d/l"), names("d")});
  w.notes("readlinkat", {result(readlinkat(d, "l", text, sizeof text)), text});
  w.notes("of a file", {result(symlinkat("a", file, "l")), result(readlinkat(file, "l", text, sizeof text))});
  w.notes("of nothing", {result(symlinkat("a", -1, "l")), result(readlinkat(-1, "l", text, sizeof text))});
  w.notes("an empty path", {result(readlinkat(d, "", text, sizeof text)), result(symlinkat("a", d, ""))});
}

void resolved(World& w) {
  mkdir("d", 0755);
  put("d/a", "text");
  symlink("d", "l");
  symlink("l/a", "m");
  const auto real = [&w](const char* path) {
    char* const found = realpath(path, nullptr);
    if (found == nullptr) return result(-1);
    std::string text = found;
    std::free(found);
    if (text.starts_with(w.folder())) text = "folder" + text.substr(w.folder().size());
    return text;
  };
  w.notes("realpath", {real("d/a"), real("l/a"), real("m"), real("."), real("./l/../m"), real("d//.///a")});
  w.notes("of the root", {real("/"), real("/.."), real("//")});
  w.notes("refused", {real("nothing"), real(""), real("d/a/b"), real("d/a/"), real("d/a/.."), real("nothing/..")});
  symlink("circle", "circle");
  w.note("a circle", real("circle"));
  errno = 0;
  w.note("none", realpath(nullptr, nullptr) == nullptr ? result(-1) : "a path");
}

constexpr Case kCases[] = {
    {"made and read", made_and_read},
    {"targets", targets},
    {"relative to itself", relative_to_itself},
    {"to directories", to_directories},
    {"in a circle", in_a_circle},
    {"a long row", a_long_row},
    {"symlinkat, readlinkat", relative_to_directories},
    {"realpath", resolved},
};
const Suite suite("files/symlink", kCases, Process::own);

}  // namespace
}  // namespace stillpoint::test::files
