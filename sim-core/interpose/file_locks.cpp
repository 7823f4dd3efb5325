#include "sim-core/interpose/file_locks.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim-core/interpose/arguments.hpp"
#include "sim-core/interpose/paths.hpp"
#include "sim-core/interpose/waiting.hpp"

namespace stillpoint::interpose {
namespace {

using kernel::File;
using kernel::Host;
using kernel::RecordLock;

// flock_to_posix_lock() in Linux's fs/locks.c.
Result<RecordLock> record_of(File& file, const struct flock& asked) {
  RecordLock lock;
  off_t start = 0;
  switch (asked.l_whence) {
    case SEEK_SET:
      break;
    case SEEK_CUR:
      if (const Result<off_t> position = file.seek(0, SEEK_CUR)) start = position.value();
      break;
    case SEEK_END:
      if (file.as_disk_file() != nullptr) start = static_cast<off_t>(file.as_disk_file()->node().size);
      break;
    default:
      return Failure{EINVAL};
  }
  if (__builtin_add_overflow(start, asked.l_start, &start)) return Failure{EOVERFLOW};
  if (start < 0) return Failure{EINVAL};
  off_t end = INT64_MAX;
  if (asked.l_len > 0) {
    if (__builtin_add_overflow(start, asked.l_len - 1, &end)) return Failure{EOVERFLOW};
  } else if (asked.l_len < 0) {
    end = start - 1;
    start += asked.l_len;
    if (start < 0) return Failure{EINVAL};
  }
  if (asked.l_type != F_RDLCK && asked.l_type != F_WRLCK && asked.l_type != F_UNLCK) return Failure{EINVAL};
  lock.type = asked.l_type;
  lock.begin = static_cast<std::uint64_t>(start);
  lock.end = end == INT64_MAX ? UINT64_MAX : static_cast<std::uint64_t>(end) + 1;
  return lock;
}

void tell(const RecordLock& found, Host& host, struct flock& asked) {
  asked.l_type = found.type;
  asked.l_whence = SEEK_SET;
  asked.l_start = static_cast<off_t>(found.begin);
  asked.l_len = found.end == UINT64_MAX ? 0 : static_cast<off_t>(found.end - found.begin);
  asked.l_pid = found.owner == kernel::kProcess ? host.pid() : -1;
}

// Sleeps until a lock of this file may be free. False: a signal came first.
bool wait_for_lock(Host& host, const Call& call, File& file) {
  require_sleep(host, call);
  file.add_reference();
  const kernel::Woken woken = host.sleep_at(host.storage().locks.place(file.lock_key()), std::nullopt);
  const bool again = woken != kernel::Woken::by_signal || restarts(host);
  file.drop_reference();
  return again;
}

void wake_waiting(Host& host, const File& file) {
  host.wake_at(host.storage().locks.place(file.lock_key()), INT32_MAX);
}

}  // namespace

bool is_lock_command(int command) {
  switch (command) {
    case F_GETLK:
    case F_SETLK:
    case F_SETLKW:
    case F_OFD_GETLK:
    case F_OFD_SETLK:
    case F_OFD_SETLKW:
      return true;
    default:
      return false;
  }
}

// fcntl_getlk() and fcntl_setlk().
int control_lock(Host& host, const Call& call, kernel::File& file, int command, void* argument) {
  if (file.as_disk_file() != nullptr && file.as_disk_file()->path_only()) return fail(host, call, EBADF);
  auto* asked = static_cast<struct flock*>(argument);
  if (!is_readable(asked)) return fail(host, call, EFAULT);
  const bool of_description = command == F_OFD_GETLK || command == F_OFD_SETLK || command == F_OFD_SETLKW;
  // Since Linux 6.5 F_OFD_GETLK tells of the description's own locks where it is asked about F_UNLCK.
  if (command == F_GETLK && asked->l_type == F_UNLCK) return fail(host, call, EINVAL);
  const Result<RecordLock> read = record_of(file, *asked);
  if (!read) return fail(host, call, read.error());
  RecordLock lock = read.value();
  lock.owner = of_description ? file.number() : kernel::kProcess;
  kernel::FileLocks& locks = host.storage().locks;
  if (command == F_GETLK || command == F_OFD_GETLK) {
    if (of_description && asked->l_pid != 0) return fail(host, call, EINVAL);
    if (!is_writable(asked)) return fail(host, call, EFAULT);
    if (const auto other = locks.conflict(file.lock_key(), lock)) {
      tell(*other, host, *asked);
    } else {
      asked->l_type = F_UNLCK;
    }
    return 0;
  }
  if (lock.type == F_RDLCK && !file.can_read()) return fail(host, call, EBADF);
  if (lock.type == F_WRLCK && !file.can_write()) return fail(host, call, EBADF);
  if (of_description && asked->l_pid != 0) return fail(host, call, EINVAL);
  while (lock.type != F_UNLCK && locks.conflict(file.lock_key(), lock)) {
    if (command == F_SETLK || command == F_OFD_SETLK) return fail(host, call, EAGAIN);
    if (!wait_for_lock(host, call, file)) return fail(host, call, EINTR);
  }
  locks.set(file.lock_key(), lock);
  if (lock.type != F_WRLCK) wake_waiting(host, file);
  return 0;
}

}  // namespace stillpoint::interpose

SP_CALL(int, flock, (int fd, int operation), (fd, operation)) {
  using namespace stillpoint;
  const int kind = operation & ~LOCK_NB;
  if (kind != LOCK_SH && kind != LOCK_EX && kind != LOCK_UN) return interpose::fail(host, call, EINVAL);
  kernel::File* found = host.descriptors.find(fd);
  if (found == nullptr) return interpose::fail(host, call, EBADF);
  kernel::File& file = *found;
  const kernel::DiskFile* on_disk = file.as_disk_file();
  if (on_disk != nullptr && on_disk->path_only()) return interpose::fail(host, call, EBADF);
  // A conversion is a release and a new lock (flock(2)): others may have it in between, and the old one is gone even
  // where the new one is not had.
  kernel::FileLocks& locks = host.storage().locks;
  if (locks.unlock_whole(file.lock_key(), file.number())) interpose::wake_waiting(host, file);
  if (kind == LOCK_UN) return 0;
  if (on_disk != nullptr && !file.can_read() && !file.can_write()) return interpose::fail(host, call, EBADF);
  while (!locks.lock_whole(file.lock_key(), file.number(), kind)) {
    if ((operation & LOCK_NB) != 0) return interpose::fail(host, call, EAGAIN);
    if (!interpose::wait_for_lock(host, call, file)) return interpose::fail(host, call, EINTR);
  }
  return 0;
}
