// readdir(3) and its kin: every name once, in whatever order.
#include <dirent.h>
#include <ftw.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <map>
#include <set>

#include "tests/conformance/files/files.hpp"

namespace stillpoint::test::files {
namespace {

std::string kind(unsigned char type) {
  switch (type) {
    case DT_REG:
      return "file";
    case DT_DIR:
      return "directory";
    case DT_LNK:
      return "link";
    case DT_SOCK:
      return "socket";
    default:
      return "something else";
  }
}

// What is left to be read, sorted, with "." and "..".
std::string rest(DIR* directory) {
  std::set<std::string> all;
  std::size_t seen = 0;
  while (const dirent* entry = ::readdir(directory)) {
    all.insert(entry->d_name);
    ++seen;
  }
  std::string text;
  for (const std::string& name : all) text += (text.empty() ? "" : " ") + name;
  return seen == all.size() ? text : text + ", some of them twice";
}

void names_and_kinds(World& w) {
  put("file", "x");
  mkdir("directory", 0755);
  symlink("nowhere", "link");
  DIR* const directory = ::opendir(".");
  std::map<std::string, std::string> all;
  while (const dirent* entry = ::readdir(directory)) {
    struct stat status {};
    lstat(entry->d_name, &status);
    all[entry->d_name] = kind(entry->d_type) + (status.st_ino == entry->d_ino ? ", its number" : ", another number");
  }
  for (const auto& [name, what] : all) w.note(name, what);
  errno = 0;
  w.note("the end again", ::readdir(directory) == nullptr && errno == 0);
  w.note("close", result(::closedir(directory)));
}

void again_from_the_beginning(World& w) {
  for (const char* name : {"a", "b", "c"}) put(name, "x");
  DIR* const directory = ::opendir(".");
  w.note("all", rest(directory));
  w.note("at the end", rest(directory));
  ::rewinddir(directory);
  w.note("rewound", rest(directory));
  put("d", "x");
  unlink("a");
  ::rewinddir(directory);
  w.note("rewinddir sees what has changed", rest(directory));
  ::closedir(directory);
}

void from_a_place(World& w) {
  for (int i = 0; i < 20; ++i) put("file" + std::to_string(i), "x");
  DIR* const directory = ::opendir(".");
  const long begin = ::telldir(directory);
  for (int i = 0; i < 7; ++i) ::readdir(directory);
  const long middle = ::telldir(directory);
  const std::string first = rest(directory);
  ::seekdir(directory, middle);
  w.note("the rest is the same", rest(directory) == first);
  const long end = ::telldir(directory);
  ::seekdir(directory, begin);
  w.note("from the beginning", rest(directory));
  ::seekdir(directory, end);
  w.note("from the end", rest(directory));
  ::closedir(directory);
}

void while_names_change(World& w) {
  for (int i = 0; i < 5; ++i) put("file" + std::to_string(i), "x");
  DIR* const directory = ::opendir(".");
  // glibc has read them all by its first call: they are as they were then.
  const std::string first = ::readdir(directory)->d_name;
  put("new", "x");
  unlink("file3");
  std::set<std::string> seen{first};
  while (const dirent* entry = ::readdir(directory)) seen.insert(entry->d_name);
  w.note("those that stay are seen", seen.contains("file0") && seen.contains("file4") && seen.contains("."));
  ::closedir(directory);
}

void removing_while_reading(World& w) {
  for (int i = 0; i < 1'500; ++i) put("a-file-with-a-long-name-" + std::to_string(i), "");
  DIR* const directory = ::opendir(".");
  int removed = 0;
  while (const dirent* entry = ::readdir(directory)) removed += entry->d_name[0] != '.' && unlink(entry->d_name) == 0;
  ::closedir(directory);
  w.notes("all are removed", {std::to_string(removed), names()});
}

void many(World& w) {
  for (int i = 0; i < 3'000; ++i) put("file" + std::to_string(i), "");
  DIR* const directory = ::opendir(".");
  std::set<std::string> seen;
  int count = 0;
  long middle = 0;
  while (const dirent* entry = ::readdir(directory)) {
    seen.insert(entry->d_name);
    if (++count == 2'000) middle = ::telldir(directory);
  }
  w.notes("seen", {std::to_string(count), std::to_string(seen.size())});
  ::seekdir(directory, middle);
  count = 0;
  while (::readdir(directory) != nullptr) ++count;
  w.note("from within", std::to_string(count));
  ::closedir(directory);
}

void of_a_descriptor(World& w) {
  mkdir("d", 0755);
  put("d/a", "x");
  put("b", "x");
  const int fd = ::open("d", O_RDONLY);
  DIR* const directory = ::fdopendir(fd);
  w.note("names", rest(directory));
  w.note("dirfd", dirfd(directory) == fd);
  w.note("its flag of close on exec is kept", result(fcntl(fd, F_GETFD)));
  w.notes("closed with it", {result(::closedir(directory)), result(fcntl(fd, F_GETFD))});
  w.note("of a file", ::fdopendir(open(w, "b", O_RDONLY)) == nullptr ? result(-1) : "open");
  w.note("of nothing", ::fdopendir(-1) == nullptr ? result(-1) : "open");
  DIR* const other = ::opendir("d");
  w.note("opendir closes on exec", result(fcntl(dirfd(other), F_GETFD)));
  ::closedir(other);
}

void places_of_descriptors(World& w) {
  for (const char* name : {"a", "b", "c"}) put(name, "x");
  const int fd = open(w, ".", O_RDONLY);
  DIR* const one = ::fdopendir(dup(fd));
  w.note("all", rest(one));
  DIR* const two = ::fdopendir(dup(fd));
  w.note("the copy is at the end, too", rest(two));
  w.note("lseek to the beginning", seek(fd, 0));
  DIR* const three = ::fdopendir(dup(fd));
  w.note("all again", rest(three));
  for (DIR* directory : {one, two, three}) ::closedir(directory);
}

void refused(World& w) {
  put("a", "x");
  for (const char* path : {"a", "a/", "a/b", "none", "", "/dev/null"})
    w.note(path, ::opendir(path) == nullptr ? result(-1) : "open");
  mkdir("d", 0300);
  w.notes("no permission to read", {names("d"), put("d/a", "x"), contents("d/a")});
}

void removed_while_open(World& w) {
  mkdir("d", 0755);
  put("d/a", "x");
  DIR* const before = ::opendir("d");
  unlink("d/a");
  w.note("rmdir", result(rmdir("d")));
  w.note("nothing to read, not even dots", rest(before).empty());
  ::closedir(before);
}

void sorted(World& w) {
  for (const char* name : {"b10", "b9", "a", "c", ".hidden"}) put(name, "x");
  dirent** found = nullptr;
  const auto listed = [&](int count) {
    if (count < 0) return result(count);
    std::string text = std::to_string(count);
    for (int i = 0; i < count; ++i) {
      text += ' ' + std::string(found[i]->d_name);
      std::free(found[i]);
    }
    std::free(found);
    return text;
  };
  w.note("all", listed(::scandir(".", &found, nullptr, alphasort)));
  const auto begins_with_b = [](const dirent* entry) { return entry->d_name[0] == 'b' ? 1 : 0; };
  w.note("some", listed(::scandir(".", &found, begins_with_b, alphasort)));
  w.note("by version", listed(::scandir(".", &found, begins_with_b, versionsort)));
  w.note("of nothing", result(::scandir("none", &found, nullptr, alphasort)));
  w.note("of a file", result(::scandir("a", &found, nullptr, alphasort)));
}

std::set<std::string>& visited() {
  static std::set<std::string> all;
  return all;
}

void whole_trees(World& w) {
  mkdir("d", 0755);
  mkdir("d/e", 0755);
  put("d/a", "x");
  put("d/e/b", "x");
  symlink("..", "d/e/up");
  visited().clear();
  const auto visit = [](const char* path, const struct stat*, int type, FTW* where) {
    visited().insert(std::string(path) + ' ' + std::to_string(type) + ' ' + std::to_string(where->level));
    return 0;
  };
  w.note("nftw", result(nftw("d", visit, 10, FTW_PHYS | FTW_DEPTH)));
  for (const std::string& one : visited()) w.note("visited", one);
}

constexpr Case kCases[] = {
    {"names and kinds", names_and_kinds},
    {"again from the beginning", again_from_the_beginning},
    {"from a place", from_a_place},
    {"while names change", while_names_change},
    {"removing while reading", removing_while_reading},
    {"many", many},
    {"fdopendir", of_a_descriptor},
    {"places of descriptors", places_of_descriptors},
    {"refused", refused},
    {"removed while open", removed_while_open},
    {"scandir", sorted},
    {"nftw", whole_trees},
};
const Suite suite("files/readdir", kCases, Process::own);

}  // namespace
}  // namespace stillpoint::test::files
