#include "sim-core/kernel/file_locks.hpp"

#include <sys/file.h>

#include <algorithm>

namespace stillpoint::kernel {

// posix_test_locks_conflict() in Linux's fs/locks.c.
std::optional<RecordLock> FileLocks::conflict(std::uint64_t file, const RecordLock& wanted) const {
  const auto found = files_.find(file);
  if (found == files_.end()) return std::nullopt;
  for (const RecordLock& lock : found->second.records) {
    if (lock.begin >= wanted.end || wanted.begin >= lock.end) continue;
    const bool own = lock.owner == wanted.owner;
    const bool writes = lock.type == F_WRLCK || wanted.type == F_WRLCK;
    if (wanted.type == F_UNLCK ? own : !own && writes) return lock;
  }
  return std::nullopt;
}

// posix_lock_inode() in Linux's fs/locks.c: an owner's locks stand together, where its first one came.
void FileLocks::set(std::uint64_t file, const RecordLock& wanted) {
  std::vector<RecordLock>& records = files_[file].records;
  std::vector<RecordLock> owned;
  RecordLock joined = wanted;
  for (const RecordLock& lock : records) {
    if (lock.owner != wanted.owner) continue;
    if (lock.end < wanted.begin || wanted.end < lock.begin) {
      owned.push_back(lock);
    } else if (lock.type == wanted.type) {  // adjacent ones become one
      joined.begin = std::min(joined.begin, lock.begin);
      joined.end = std::max(joined.end, lock.end);
    } else {
      if (lock.begin < wanted.begin) owned.push_back({lock.owner, lock.type, lock.begin, wanted.begin});
      if (wanted.end < lock.end) owned.push_back({lock.owner, lock.type, wanted.end, lock.end});
    }
  }
  if (wanted.type != F_UNLCK) owned.push_back(joined);
  std::ranges::sort(owned, {}, &RecordLock::begin);
  const auto is_owned = [&](const RecordLock& lock) { return lock.owner == wanted.owner; };
  const auto place = std::ranges::find_if(records, is_owned) - records.begin();
  std::erase_if(records, is_owned);
  records.insert(records.begin() + place, owned.begin(), owned.end());
}

bool FileLocks::lock_whole(std::uint64_t file, LockOwner owner, int operation) {
  std::vector<Whole>& wholes = files_[file].wholes;
  const bool taken = std::ranges::any_of(wholes, [&](const Whole& whole) {
    return whole.owner != owner && (operation == LOCK_EX || whole.operation == LOCK_EX);
  });
  if (!taken) wholes.push_back({owner, operation});
  return !taken;
}

bool FileLocks::unlock_whole(std::uint64_t file, LockOwner owner) {
  return std::erase_if(files_[file].wholes, [&](const Whole& whole) { return whole.owner == owner; }) > 0;
}

bool FileLocks::forget(std::uint64_t file, LockOwner owner) {
  const auto found = files_.find(file);
  if (found == files_.end()) return false;
  const auto records = std::erase_if(found->second.records, [&](const auto& lock) { return lock.owner == owner; });
  const auto wholes = std::erase_if(found->second.wholes, [&](const auto& lock) { return lock.owner == owner; });
  return records + wholes > 0;
}

}  // namespace stillpoint::kernel
