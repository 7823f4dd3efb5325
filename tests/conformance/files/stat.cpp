// stat(2), lstat(2), fstat(2), fstatat(2), statx(2): what is the same on every file system.
#include <sys/sysmacros.h>

#include <cstring>

#include "tests/conformance/files/files.hpp"

namespace stillpoint::test::files {
namespace {

std::string described(const struct stat& status) {
  return type_of(status.st_mode) + ' ' + octal(status.st_mode) + ", " + std::to_string(status.st_size) + " bytes, " +
         std::to_string(status.st_nlink) + " links";
}
std::string followed(const char* path) {
  struct stat status {};
  return stat(path, &status) == 0 ? described(status) : result(-1);
}
std::string itself(const char* path) {
  struct stat status {};
  return lstat(path, &status) == 0 ? described(status) : result(-1);
}
std::string from(int directory, const char* path, int flags) {
  struct stat status {};
  return fstatat(directory, path, &status, flags) == 0 ? described(status) : result(-1);
}

void of_each_kind(World& w) {
  put("a", "text");
  mkdir("d", 0750);
  symlink("a", "l");
  symlink("missing", "dangling");
  w.note("file", followed("a"));
  struct stat status {};
  w.note("directory", stat("d", &status) == 0 ? type_of(status.st_mode) + ' ' + octal(status.st_mode) : result(-1));
  w.notes("link", {followed("l"), itself("l")});
  w.notes("link to nothing", {followed("dangling"), itself("dangling")});
  w.notes("nothing", {followed("missing"), itself("missing")});
  w.note("device", stat("/dev/null", &status) == 0 ? type_of(status.st_mode) : result(-1));
  w.note("its number", std::to_string(major(status.st_rdev)) + ':' + std::to_string(minor(status.st_rdev)));
}

void whose(World& w) {
  put("a", "text");
  mkdir("d", 0755);
  symlink("a", "l");
  for (const char* path : {"a", "d", "l", "."}) {
    struct stat status {};
    lstat(path, &status);
    w.notes(path, {std::to_string(status.st_uid), std::to_string(status.st_gid), std::to_string(status.st_rdev)});
  }
}

void which(World& w) {
  put("a", "text");
  put("b", "text");
  mkdir("d", 0755);
  link("a", "hard");
  symlink("a", "l");
  w.note("a link to it is it", same("a", "hard"));
  w.note("another file is not", same("a", "b"));
  w.note("nor is a symbolic link", same("a", "l"));
  w.note("paths of one file", same("a", "./d/../a"));
  struct stat file {};
  struct stat directory {};
  stat("a", &file);
  stat("d", &directory);
  w.note("one device", file.st_dev == directory.st_dev);
  w.note("a number", file.st_ino != 0 && directory.st_ino != 0 && file.st_ino != directory.st_ino);
  const int fd = open(w, "l", O_RDONLY);
  struct stat opened {};
  w.notes("opened", {result(fstat(fd, &opened)), opened.st_ino == file.st_ino ? "the same" : "another"});
  rename("a", "d/c");
  struct stat moved {};
  w.notes("renamed", {result(stat("d/c", &moved)), moved.st_ino == file.st_ino ? "the same" : "another"});
}

void links_counted(World& w) {
  put("a", "text");
  w.note("one", links("a"));
  link("a", "b");
  link("b", "c");
  w.notes("three", {links("a"), links("b"), links("c")});
  unlink("b");
  w.notes("two", {links("a"), links("c")});
  const int fd = open(w, "a", O_RDONLY);
  unlink("a");
  unlink("c");
  struct stat status {};
  w.notes("none", {result(fstat(fd, &status)), described(status)});
}

// Two and one for each directory in it, as on ext4, XFS and tmpfs.
void links_of_directories(World& w) {
  mkdir("d", 0755);
  w.note("a new one", links("d"));
  mkdir("d/e", 0755);
  mkdir("d/f", 0755);
  put("d/a", "x");
  w.notes("with two in it", {links("d"), links("d/e")});
  rename("d/f", "f");
  w.notes("with one in it", {links("d"), links(".")});
  rmdir("d/e");
  w.note("with none", links("d"));
  const int fd = open(w, "f", O_RDONLY);
  rmdir("f");
  struct stat status {};
  w.notes("removed", {result(fstat(fd, &status)), std::to_string(status.st_nlink)});
}

void sizes(World& w) {
  symlink("0123456789", "l");
  w.note("of a link: its target", itself("l"));
  put("a", "");
  w.note("of nothing", size("a"));
  put("a", std::string(70'000, 'x'));
  struct stat status {};
  stat("a", &status);
  w.notes("of a file", {std::to_string(status.st_size), std::to_string(status.st_blksize)});
  w.note("room for all of it", status.st_blocks * 512 >= status.st_size);
  put("a", "");
  stat("a", &status);
  w.note("no room for nothing", std::to_string(status.st_blocks));
}

void relative_to_a_directory(World& w) {
  mkdir("d", 0755);
  put("d/a", "text");
  symlink("a", "d/l");
  const int directory = open(w, "d", O_RDONLY);
  const int file = open(w, "d/a", O_RDONLY);
  w.notes("fstatat", {from(directory, "a", 0), from(AT_FDCWD, "d/a", 0), from(AT_FDCWD, "a", 0)});
  w.notes("a link", {from(directory, "l", 0), from(directory, "l", AT_SYMLINK_NOFOLLOW)});
  w.notes("of itself", {from(file, "", AT_EMPTY_PATH), from(file, "", 0)});
  w.note("of the working directory", from(AT_FDCWD, "", AT_EMPTY_PATH) == from(AT_FDCWD, ".", 0));
  w.notes("of a file", {from(file, "a", 0), from(file, "a", AT_EMPTY_PATH)});
  w.notes("of nothing", {from(-1, "a", 0), from(-1, "", AT_EMPTY_PATH)});
  w.note("an absolute path needs none", from(-1, (w.folder() + "/d/a").c_str(), 0));
  w.note("an unknown flag", from(directory, "a", 1 << 20));
}

std::string extended(int directory, const char* path, int flags, unsigned mask = STATX_BASIC_STATS) {
  struct statx status {};
  if (statx(directory, path, flags, mask, &status) != 0) return result(-1);
  return type_of(status.stx_mode) + ' ' + octal(status.stx_mode) + ", " + std::to_string(status.stx_size) + " bytes, " +
         std::to_string(status.stx_nlink) + " links, of " + std::to_string(status.stx_uid) +
         ((status.stx_mask & mask) == mask ? ", all" : ", not all");
}

void statx_too(World& w) {
  put("a", "text");
  symlink("a", "l");
  const int fd = open(w, "a", O_RDONLY);
  w.notes("a path", {extended(AT_FDCWD, "a", 0), extended(AT_FDCWD, "l", AT_SYMLINK_NOFOLLOW)});
  w.note("a descriptor", extended(fd, "", AT_EMPTY_PATH));
  w.note("some of it", extended(AT_FDCWD, "a", 0, STATX_SIZE));
  w.notes("how", {extended(AT_FDCWD, "a", AT_STATX_FORCE_SYNC), extended(AT_FDCWD, "a", AT_STATX_DONT_SYNC),
                  extended(AT_FDCWD, "a", AT_STATX_FORCE_SYNC | AT_STATX_DONT_SYNC)});
  w.notes("refused", {extended(AT_FDCWD, "", 0), extended(AT_FDCWD, "b", 0), extended(-1, "a", 0), extended(fd, "a", 0),
                      extended(AT_FDCWD, "a", 1 << 20), extended(AT_FDCWD, "a", 0, 0x80000000)});
  struct statx one {};
  struct stat other {};
  statx(AT_FDCWD, "a", 0, STATX_BASIC_STATS, &one);
  stat("a", &other);
  w.note("the same file", one.stx_ino == other.st_ino && makedev(one.stx_dev_major, one.stx_dev_minor) == other.st_dev);
  w.note("the same times", one.stx_mtime.tv_sec == other.st_mtim.tv_sec &&
                               static_cast<long>(one.stx_mtime.tv_nsec) == other.st_mtim.tv_nsec &&
                               one.stx_ctime.tv_sec == other.st_ctim.tv_sec);
}

void bad_paths(World& w) {
  put("a", "text");
  w.notes("empty", {followed(""), itself("")});
  w.notes("in a file", {followed("a/b"), itself("a/b"), followed("a/")});
  w.notes("in nothing", {followed("b/c"), itself("b/")});
  w.notes("a name of 255", {followed(long_name(255).c_str()), itself(long_name(255).c_str())});
  w.notes("a name of 256", {followed(long_name(256).c_str()), itself(long_name(256).c_str())});
  struct stat status {};
  w.notes("fstat of nothing", {result(fstat(-1, &status)), result(fstat(9'999, &status))});
}

void of_no_file(World& w) {
  struct stat status {};
  w.notes("socket", {result(fstat(w.socket(), &status)), type_of(status.st_mode)});
  int ends[2];
  pipe(ends);
  w.keep(ends[0]);
  w.notes("pipe", {result(fstat(w.keep(ends[1]), &status)), type_of(status.st_mode)});
  w.notes("device", {result(fstat(open(w, "/dev/zero", O_RDONLY), &status)), type_of(status.st_mode)});
  w.notes("devices", {std::to_string(major(status.st_rdev)), std::to_string(minor(status.st_rdev)),
                      std::to_string(status.st_size)});
}

constexpr Case kCases[] = {
    {"of each kind", of_each_kind},
    {"whose", whose},
    {"which", which},
    {"links counted", links_counted},
    {"links of directories", links_of_directories},
    {"sizes", sizes},
    {"fstatat", relative_to_a_directory},
    {"statx", statx_too},
    {"bad paths", bad_paths},
    {"of no file", of_no_file},
};
const Suite suite("files/stat", kCases, Process::own);

}  // namespace
}  // namespace stillpoint::test::files
