#pragma once
// What the cases about locks of files share.
#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "tests/conformance/files/files.hpp"

namespace stillpoint::test::files {

constexpr off_t kNoEnd = 0x7FFFFFFFFFFFFFFF;

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

// Adds what is locked from `begin` up to `end`, in order. Of several locks in a range Linux tells whichever it finds
// first, so what lies before that is asked for again.
inline void add_held(int fd, off_t begin, off_t end, std::string& all) {
  if (begin >= end) return;
  struct flock met = range(F_WRLCK, begin, end == kNoEnd ? 0 : end - begin);
  if (fcntl(fd, F_OFD_GETLK, &met) != 0 || met.l_type == F_UNLCK) return;
  add_held(fd, begin, met.l_start, all);
  all += (all.empty() ? "" : "; ") + shown(met);
  if (met.l_len != 0) add_held(fd, met.l_start + met.l_len, end, all);
}

// Every lock on a file, as a description that has none meets them. The world closes it at the end: any close would
// release what the process has.
inline std::string held(World& w, const std::string& path) {
  std::string all;
  add_held(open(w, path, O_RDWR), 0, kNoEnd, all);
  return all.empty() ? "free" : all;
}

}  // namespace stillpoint::test::files
