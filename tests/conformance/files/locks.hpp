#pragma once
// What the cases about locks of files share.
#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "tests/conformance/files/files.hpp"

namespace stillpoint::test::files {

inline struct flock range(int kind, off_t start, off_t length, int whence = SEEK_SET) {
  struct flock lock {};
  lock.l_type = static_cast<short>(kind);
  lock.l_whence = static_cast<short>(whence);
  lock.l_start = start;
  lock.l_len = length;
  return lock;
}

// "reads 0+10 of this process", or "none": what F_GETLK has found.
inline std::string shown(const struct flock& lock) {
  if (lock.l_type == F_UNLCK) return "none";
  return std::string(lock.l_type == F_RDLCK ? "reads " : "writes ") + std::to_string(lock.l_start) + '+' +
         std::to_string(lock.l_len) +
         (lock.l_pid == -1         ? " of a description"
          : lock.l_pid == getpid() ? ""
                                   : " of another");
}

// A call of fcntl(2) on locks: its result; for F_GETLK and F_OFD_GETLK what is in the way.
inline std::string lock(int fd, int command, int kind, off_t start, off_t length, int whence = SEEK_SET) {
  struct flock asked = range(kind, start, length, whence);
  const int returned = fcntl(fd, command, &asked);
  if (returned == 0 && (command == F_GETLK || command == F_OFD_GETLK)) return shown(asked);
  return result(returned);
}

// Every lock on a file, as a description that has none meets them. It is opened for this once and for all: a close
// would release what the process has.
inline std::string held(World& w, const std::string& path) {
  const int fd = open(w, path, O_RDWR);
  std::string all;
  for (off_t from = 0;;) {
    struct flock asked = range(F_WRLCK, from, 0);
    if (fcntl(fd, F_OFD_GETLK, &asked) != 0) return result(-1);
    if (asked.l_type == F_UNLCK) break;
    all += (all.empty() ? "" : "; ") + shown(asked);
    if (asked.l_len == 0) break;
    from = asked.l_start + asked.l_len;
  }
  return all.empty() ? "free" : all;
}

}  // namespace stillpoint::test::files
