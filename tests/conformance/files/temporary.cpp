// tmpfile(3), mkstemp(3), mkdtemp(3) and their kin.
#include <cstdio>
#include <cstdlib>
#include <set>

#include "tests/conformance/files/files.hpp"

namespace stillpoint::test::files {
namespace {

// Whether the X of a template have become something else, and nothing has besides.
std::string filled(const std::string& path, const std::string& before, const std::string& after = "") {
  const std::string middle = path.substr(before.size(), 6);
  const bool fits =
      path.starts_with(before) && path.ends_with(after) && path.size() == before.size() + 6 + after.size();
  return fits && middle != "XXXXXX" && middle.find_first_of("./ ") == std::string::npos ? "filled" : path;
}

void a_file(World& w) {
  std::string path = "tmp-XXXXXX";
  const int fd = w.keep(mkstemp(path.data()));
  w.notes("mkstemp", {filled(path, "tmp-"), type(path), mode(path), size(fd)});
  w.notes("write and read", {write(fd, "text"), contents(path)});
  w.notes("flags", {result(fcntl(fd, F_GETFL) & O_ACCMODE), result(fcntl(fd, F_GETFD))});
  w.note("one file in all", names() == path);
}

void of_several_kinds(World& w) {
  std::string path = "XXXXXX";
  const int fd = w.keep(mkostemp(path.data(), O_CLOEXEC | O_APPEND));
  w.notes("mkostemp",
          {filled(path, ""), result(fcntl(fd, F_GETFD)), result((fcntl(fd, F_GETFL) & O_APPEND) != 0 ? 1 : 0)});
  std::string suffixed = "a-XXXXXX.txt";
  w.keep(mkstemps(suffixed.data(), 4));
  w.notes("mkstemps", {filled(suffixed, "a-", ".txt"), type(suffixed)});
  std::string absolute = w.folder() + "/b-XXXXXX";
  w.keep(mkstemp(absolute.data()));
  w.notes("absolute", {filled(absolute, w.folder() + "/b-"), type(absolute)});
}

void refused(World& w) {
  std::string short_one = "tmp-XXXXX";
  std::string in_the_middle = "XXXXXX-tmp";
  std::string in_nothing = "no/XXXXXX";
  w.notes("mkstemp", {result(mkstemp(short_one.data())), result(mkstemp(in_the_middle.data())),
                      result(mkstemp(in_nothing.data()))});
  w.notes("templates stay", {short_one, in_the_middle});
  std::string directory = "no/XXXXXX";
  w.note("mkdtemp", mkdtemp(directory.data()) == nullptr ? result(-1) : "made");
  w.note("names", names());
}

void a_directory(World& w) {
  std::string path = "dir-XXXXXX";
  w.note("mkdtemp", mkdtemp(path.data()) == path.data() ? filled(path, "dir-") : result(-1));
  w.notes("it is", {type(path), mode(path), names(path)});
  w.notes("a file in it", {put(path + "/a", "x"), contents(path + "/a")});
}

void many(World& w) {
  std::set<std::string> all;
  for (int i = 0; i < 300; ++i) {
    std::string path = "XXXXXX";
    const int fd = mkstemp(path.data());
    if (fd >= 0) ::close(fd);
    all.insert(path);
  }
  w.note("no two of one name", std::to_string(all.size()));
}

void without_a_name(World& w) {
  FILE* const file = std::tmpfile();
  if (file == nullptr) return w.note("tmpfile", result(-1));
  struct stat status {};
  w.notes("it is", {result(fstat(fileno(file), &status)), type_of(status.st_mode), octal(status.st_mode),
                    std::to_string(status.st_nlink)});
  w.notes("write", {result(std::fputs("text", file) < 0 ? -1 : 0), result(std::fflush(file)), contents(fileno(file))});
  std::rewind(file);
  char text[10] = {};
  w.notes("read", {std::to_string(std::fread(text, 1, sizeof text, file)), text});
  w.notes("close", {result(std::fclose(file)), names()});
}

constexpr Case kCases[] = {
    {"mkstemp", a_file},  {"of several kinds", of_several_kinds},
    {"refused", refused}, {"mkdtemp", a_directory},
    {"many", many},       {"tmpfile", without_a_name},
};
const Suite suite("files/temporary", kCases, Process::own);

}  // namespace
}  // namespace stillpoint::test::files
