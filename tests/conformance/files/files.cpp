#include "tests/conformance/files/files.hpp"

#include <dirent.h>

#include <algorithm>
#include <cstdio>
#include <vector>

namespace stillpoint::test::files {
namespace {

// What was read into `bytes`, or the error.
std::string taken(ssize_t got, std::string bytes) {
  if (got < 0) return result(got);
  bytes.resize(static_cast<std::size_t>(got));
  return shown(bytes);
}

struct stat status_of(const std::string& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) status.st_nlink = 0;
  return status;
}

}  // namespace

std::string shown(std::string_view bytes) {
  if (bytes.empty()) return "nothing";
  std::string text;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t end = std::min(bytes.find_first_not_of(bytes[at], at), bytes.size());
    const std::string one = bytes[at] == '\0' ? "\\0" : bytes[at] == '\n' ? "\\n" : std::string(1, bytes[at]);
    if (end - at > 3) {
      text += one + '*' + std::to_string(end - at);
    } else {
      for (std::size_t i = at; i < end; ++i) text += one;
    }
    at = end;
  }
  return '"' + text + '"';
}

int open(World& w, const std::string& path, int flags, mode_t mode) {
  return w.keep(::open(path.c_str(), flags, mode));
}

std::string opening(const std::string& path, int flags, mode_t mode) {
  const int fd = ::open(path.c_str(), flags, mode);
  if (fd < 0) return result(fd);
  ::close(fd);
  return "opened";
}

std::string read(int fd, std::size_t most) {
  std::string bytes(most, '?');
  const ssize_t got = ::read(fd, bytes.data(), most);
  return taken(got, std::move(bytes));
}
std::string write(int fd, std::string_view bytes) { return result(::write(fd, bytes.data(), bytes.size())); }

std::string pread(int fd, std::size_t most, off_t offset) {
  std::string bytes(most, '?');
  const ssize_t got = ::pread(fd, bytes.data(), most, offset);
  return taken(got, std::move(bytes));
}
std::string pwrite(int fd, std::string_view bytes, off_t offset) {
  return result(::pwrite(fd, bytes.data(), bytes.size(), offset));
}

std::string seek(int fd, off_t offset, int whence) { return result(::lseek(fd, offset, whence)); }
std::string place(int fd) { return seek(fd, 0, SEEK_CUR); }

std::string contents(int fd) {
  std::string all;
  std::string piece(65'536, '?');
  for (;;) {
    const ssize_t got = ::pread(fd, piece.data(), piece.size(), static_cast<off_t>(all.size()));
    if (got < 0) return result(got);
    if (got == 0) return shown(all);
    all.append(piece, 0, static_cast<std::size_t>(got));
  }
}

std::string size(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 ? std::to_string(status.st_size) : result(-1);
}

std::string put(const std::string& path, std::string_view bytes) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (fd < 0) return result(fd);
  const std::string written = write(fd, bytes);
  ::close(fd);
  return written;
}

std::string contents(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY);
  if (fd < 0) return result(fd);
  const std::string all = contents(fd);
  ::close(fd);
  return all;
}

std::string size(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? std::to_string(status.st_size) : result(-1);
}

std::string type_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return "file";
    case S_IFDIR:
      return "directory";
    case S_IFLNK:
      return "link";
    case S_IFSOCK:
      return "socket";
    case S_IFIFO:
      return "pipe";
    case S_IFCHR:
      return "character device";
    default:
      return "something else";
  }
}

std::string octal(mode_t permissions) {
  char text[16];
  std::snprintf(text, sizeof text, "%04o", permissions & 07777);
  return text;
}

std::string type(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 ? type_of(status.st_mode) : result(-1);
}
std::string mode(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? octal(status.st_mode) : result(-1);
}
std::string links(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 ? std::to_string(status.st_nlink) : result(-1);
}

std::string target(const std::string& link) {
  char text[5'000];
  const ssize_t length = ::readlink(link.c_str(), text, sizeof text);
  return length < 0 ? result(length) : std::string(text, static_cast<std::size_t>(length));
}

bool same(const std::string& one, const std::string& other) {
  const struct stat a = status_of(one);
  const struct stat b = status_of(other);
  return a.st_nlink != 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}
bool same(int one, int other) {
  struct stat a {};
  struct stat b {};
  return ::fstat(one, &a) == 0 && ::fstat(other, &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

std::string names(const std::string& path) {
  DIR* const directory = ::opendir(path.c_str());
  if (directory == nullptr) return result(-1);
  std::vector<std::string> all;
  while (const dirent* const entry = ::readdir(directory)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") all.push_back(name);
  }
  ::closedir(directory);
  std::ranges::sort(all);
  std::string text;
  for (const std::string& name : all) text += (text.empty() ? "" : " ") + name;
  return text.empty() ? "none" : text;
}

}  // namespace stillpoint::test::files
