// chmod(2), chown(2), umask(2), utimensat(2) and their kin.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>
#include <utime.h>

#include <optional>

#include "sim-core/interpose/paths.hpp"

namespace {

using stillpoint::Failure;
using stillpoint::Result;
using stillpoint::Status;
using stillpoint::disk::Follow;
using stillpoint::disk::Inode;
using stillpoint::interpose::Call;
using stillpoint::interpose::fail;
using stillpoint::interpose::find_disk_file;
using stillpoint::interpose::find_inode;
using stillpoint::interpose::finish;
using stillpoint::kernel::Host;

constexpr std::int64_t kSecond = 1'000'000'000;

// Pipes and sockets have a mode, an owner and times, too, which nobody asks for.
bool is_elsewhere(Host& host, int fd) {
  stillpoint::kernel::File* file = host.descriptors.find(fd);
  if (file == nullptr || file->as_disk_file() != nullptr) return false;
  const Result<mode_t> mode = file->mode();
  return mode && !S_ISCHR(mode.value());
}

// The inode behind a descriptor. EBADF: none, or one of O_PATH; a descriptor of no file of the disk stops the run.
Result<Inode*> inode_of(Host& host, int fd) {
  const auto file = find_disk_file(host, fd, stillpoint::kernel::kNotServed);
  if (!file) return Failure{file.error()};
  if (file.value()->path_only()) return Failure{EBADF};
  return &file.value()->node();
}

int set_mode(Host& host, const Call& call, const Result<Inode*>& inode, mode_t mode) {
  if (!inode) return fail(host, call, inode.error());
  return finish(host, call, host.storage().set_mode(*inode.value(), mode));
}

int set_owner(Host& host, const Call& call, const Result<Inode*>& inode, uid_t user, gid_t group) {
  if (!inode) return fail(host, call, inode.error());
  return finish(host, call, host.storage().set_owner(*inode.value(), user, group));
}

// The two times of a call; none stays as it is.
struct NewTimes {
  std::optional<stillpoint::disk::WallTime> access;
  std::optional<stillpoint::disk::WallTime> modification;
  bool both_now = false;
};

NewTimes now_for_both(Host& host) {
  const auto now = host.clocks().read(CLOCK_REALTIME_COARSE, host.now()).count();
  return {now, now, true};
}

// utimensat(2): EINVAL, EFAULT.
Result<NewTimes> read_times(Host& host, const timespec* times) {
  if (times == nullptr) return now_for_both(host);
  if (!stillpoint::is_readable(times, 2)) return Failure{EFAULT};
  NewTimes result = now_for_both(host);
  result.both_now = times[0].tv_nsec == UTIME_NOW && times[1].tv_nsec == UTIME_NOW;
  const auto read = [](const timespec& time, std::optional<stillpoint::disk::WallTime>& value) {
    if (time.tv_nsec == UTIME_NOW) return true;
    if (time.tv_nsec == UTIME_OMIT) {
      value.reset();
      return true;
    }
    if (time.tv_nsec < 0 || time.tv_nsec >= kSecond) return false;
    value = time.tv_sec * kSecond + time.tv_nsec;
    return true;
  };
  if (!read(times[0], result.access) || !read(times[1], result.modification)) return Failure{EINVAL};
  return result;
}

Result<NewTimes> read_times(Host& host, const timeval* times) {
  if (times == nullptr) return now_for_both(host);
  if (!stillpoint::is_readable(times, 2)) return Failure{EFAULT};
  NewTimes result;
  for (int i = 0; i < 2; ++i) {
    if (times[i].tv_usec < 0 || times[i].tv_usec >= 1'000'000) return Failure{EINVAL};
    (i == 0 ? result.access : result.modification) = times[i].tv_sec * kSecond + times[i].tv_usec * 1000;
  }
  return result;
}

// do_utimes() and setattr_prepare(): who may write may set both to now; any other time is for the owner.
int set_times(Host& host, const Call& call, const Result<NewTimes>& times, const Result<Inode*>& inode) {
  if (!times) return fail(host, call, times.error());
  if (!inode) return fail(host, call, inode.error());
  const NewTimes& wanted = times.value();
  auto& storage = host.storage();
  if (inode.value()->user != storage.user().user) {
    const bool may_write = stillpoint::disk::may(*inode.value(), stillpoint::disk::kMayWrite, storage.user());
    if (!wanted.both_now || !may_write) return fail(host, call, wanted.both_now ? EACCES : EPERM);
  }
  storage.files.set_times(*inode.value(), wanted.access, wanted.modification);
  return 0;
}

int set_times_at(Host& host, const Call& call, int directory, const char* path, const timespec* times, int flags) {
  if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0) return fail(host, call, EINVAL);
  const Result<NewTimes> wanted = read_times(host, times);
  if (wanted && !wanted.value().access && !wanted.value().modification) return 0;  // and the path is not looked at
  if (path == nullptr && directory != AT_FDCWD) return set_times(host, call, wanted, inode_of(host, directory));
  const Follow follow = (flags & AT_SYMLINK_NOFOLLOW) != 0 ? Follow::no : Follow::yes;
  return set_times(host, call, wanted, find_inode(host, directory, path, follow));
}

}  // namespace

SP_CALL(int, chmod, (const char* path, mode_t mode), (path, mode)) {
  return set_mode(host, call, find_inode(host, AT_FDCWD, path, Follow::yes), mode);
}
SP_CALL(int, fchmod, (int fd, mode_t mode), (fd, mode)) {
  if (is_elsewhere(host, fd)) return 0;
  return set_mode(host, call, inode_of(host, fd), mode);
}
SP_CALL(int, fchmodat, (int directory, const char* path, mode_t mode, int flags), (directory, path, mode, flags)) {
  if ((flags & ~AT_SYMLINK_NOFOLLOW) != 0) return fail(host, call, EINVAL);
  const Follow follow = flags != 0 ? Follow::no : Follow::yes;
  const Result<Inode*> inode = find_inode(host, directory, path, follow);
  if (inode && inode.value()->is(S_IFLNK)) return fail(host, call, EOPNOTSUPP);
  return set_mode(host, call, inode, mode);
}
SP_CALL(int, chown, (const char* path, uid_t user, gid_t group), (path, user, group)) {
  return set_owner(host, call, find_inode(host, AT_FDCWD, path, Follow::yes), user, group);
}
SP_CALL(int, lchown, (const char* path, uid_t user, gid_t group), (path, user, group)) {
  return set_owner(host, call, find_inode(host, AT_FDCWD, path, Follow::no), user, group);
}
SP_CALL(int, fchown, (int fd, uid_t user, gid_t group), (fd, user, group)) {
  return set_owner(host, call, inode_of(host, fd), user, group);
}
SP_CALL(int, fchownat, (int directory, const char* path, uid_t user, gid_t group, int flags),
        (directory, path, user, group, flags)) {
  if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0) return fail(host, call, EINVAL);
  const Follow follow = (flags & AT_SYMLINK_NOFOLLOW) != 0 ? Follow::no : Follow::yes;
  return set_owner(host, call, find_inode(host, directory, path, follow), user, group);
}
SP_CALL(mode_t, umask, (mode_t mask), (mask)) {
  const mode_t before = host.storage().umask;
  host.storage().umask = mask & 0777;
  return before;
}

SP_CALL(int, utimensat, (int directory, const char* path, const timespec* times, int flags),
        (directory, path, times, flags)) {
  if (path == nullptr && directory != AT_FDCWD) return fail(host, call, EINVAL);  // utimensat(2), NOTES
  return set_times_at(host, call, directory, path, times, flags);
}
SP_CALL(int, futimens, (int fd, const timespec* times), (fd, times)) {
  if (fd < 0) return fail(host, call, EBADF);
  if (is_elsewhere(host, fd)) return 0;
  return set_times_at(host, call, fd, nullptr, times, 0);
}
SP_CALL(int, utimes, (const char* path, const timeval* times), (path, times)) {
  return set_times(host, call, read_times(host, times), find_inode(host, AT_FDCWD, path, Follow::yes));
}
SP_CALL(int, lutimes, (const char* path, const timeval* times), (path, times)) {
  return set_times(host, call, read_times(host, times), find_inode(host, AT_FDCWD, path, Follow::no));
}
SP_CALL(int, futimes, (int fd, const timeval* times), (fd, times)) {
  return set_times(host, call, read_times(host, times), inode_of(host, fd));
}
SP_CALL(int, futimesat, (int directory, const char* path, const timeval* times), (directory, path, times)) {
  return set_times(host, call, read_times(host, times), find_inode(host, directory, path, Follow::yes));
}
SP_CALL(int, utime, (const char* path, const utimbuf* times), (path, times)) {
  const Result<Inode*> inode = find_inode(host, AT_FDCWD, path, Follow::yes);
  if (times == nullptr) return set_times(host, call, now_for_both(host), inode);
  if (!stillpoint::is_readable(times)) return fail(host, call, EFAULT);
  return set_times(host, call, NewTimes{times->actime * kSecond, times->modtime * kSecond}, inode);
}
