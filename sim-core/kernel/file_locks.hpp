#pragma once
// Locks on files: fcntl(2)'s records, of the process or of an open file description, and flock(2)'s.
//
// Advisory, as on Linux: nobody else asks. One process runs on a host, so its record locks never meet another
// process's; they do meet those of open file descriptions.
#include <fcntl.h>

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "sim-core/base/result.hpp"

namespace stillpoint::kernel {

// Whose a lock is: the process's, or an open file description's, by the number of its File.
using LockOwner = std::uint64_t;
constexpr LockOwner kProcess = 0;

struct RecordLock {
  LockOwner owner = kProcess;
  short type = F_UNLCK;  // F_RDLCK, F_WRLCK, F_UNLCK
  std::uint64_t begin = 0;
  std::uint64_t end = UINT64_MAX;  // the first byte after it; the largest number for 'to the end, wherever it is'
};

// Files are told apart by File::lock_key().
class FileLocks {
 public:
  bool empty() const { return files_.empty(); }
  // The first lock that stands in the way of this one; of F_UNLCK, the first that its own owner has there.
  std::optional<RecordLock> conflict(std::uint64_t file, const RecordLock& wanted) const;
  // Sets or removes it, where nothing stands in the way: splits and joins what the owner has there already.
  void set(std::uint64_t file, const RecordLock& wanted);
  // LOCK_SH or LOCK_EX of an open file description that has none. False if another has it.
  bool lock_whole(std::uint64_t file, LockOwner owner, int operation);
  // LOCK_UN. True if it had one.
  bool unlock_whole(std::uint64_t file, LockOwner owner);
  // An owner lets everything go: true if that was anything.
  bool forget(std::uint64_t file, LockOwner owner);
  void forget_all() { files_.clear(); }
  // What those sleep at who wait for a lock of this file.
  const void* place(std::uint64_t file) { return &files_[file]; }

 private:
  struct Whole {
    LockOwner owner;
    int operation;
  };
  struct Locks {
    std::vector<RecordLock> records;  // of each owner together, by begin
    std::vector<Whole> wholes;
  };
  std::map<std::uint64_t, Locks> files_;
};

}  // namespace stillpoint::kernel
