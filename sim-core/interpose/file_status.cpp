// stat(2), statx(2), access(2), statvfs(3) and their kin: what is known of a file, and of the disk it is on.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sim-core/interpose/arguments.hpp"
#include "sim-core/interpose/paths.hpp"
#include "sim-core/kernel/identity.hpp"

namespace {

using stillpoint::Failure;
using stillpoint::is_writable;
using stillpoint::Result;
using stillpoint::disk::Follow;
using stillpoint::disk::Inode;
using stillpoint::interpose::Call;
using stillpoint::interpose::fail;
using stillpoint::interpose::find_inode;
using stillpoint::interpose::give;
using stillpoint::interpose::read_path;
using stillpoint::interpose::unsupported;
using stillpoint::kernel::DiskFile;
using stillpoint::kernel::File;
using stillpoint::kernel::Host;

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr unsigned kBlockSize = 4096;

timespec time_of(stillpoint::disk::WallTime time) {
  const std::int64_t part = (time % kSecond + kSecond) % kSecond;  // also before 1970
  return {(time - part) / kSecond, part};
}

// Directories have one block, as ext4 gives a small one.
std::uint64_t size_of(const Inode& inode) { return inode.is(S_IFDIR) ? kBlockSize : inode.size; }
std::uint64_t blocks_of(const Inode& inode) {
  return inode.is(S_IFDIR) ? kBlockSize / 512 : inode.pages() * (kBlockSize / 512);
}

// `Status` is stat or stat64, which are alike.
template <typename Status>
void fill(Host& host, const Inode& inode, Status& status) {
  status = {};
  status.st_dev = host.storage().device_number();
  status.st_ino = inode.number;
  status.st_mode = inode.mode;
  status.st_nlink = inode.links;
  status.st_uid = inode.user;
  status.st_gid = inode.group;
  status.st_rdev = inode.device;
  status.st_size = static_cast<off_t>(size_of(inode));
  status.st_blksize = kBlockSize;
  status.st_blocks = static_cast<blkcnt_t>(blocks_of(inode));
  status.st_atim = time_of(inode.times.access);
  status.st_mtim = time_of(inode.times.modification);
  status.st_ctim = time_of(inode.times.change);
}

template <typename Status>
int tell(Host& host, const Call& call, const Result<Inode*>& inode, Status* status) {
  if (!inode) return fail(host, call, inode.error());
  if (!is_writable(status)) return fail(host, call, EFAULT);
  fill(host, *inode.value(), *status);
  return 0;
}

// What sockets, pipes and character devices show of themselves, too.
template <typename Status>
int describe(Host& host, const Call& call, int fd, Status* status) {
  File* file = host.descriptors.find(fd);
  if (file == nullptr) return fail(host, call, EBADF);
  if (const DiskFile* on_disk = file->as_disk_file()) return tell(host, call, &on_disk->node(), status);
  const Result<mode_t> mode = file->mode();
  if (!mode) unsupported(host, call, "of this kind of file");
  if (!is_writable(status)) return fail(host, call, EFAULT);
  *status = {};
  status->st_mode = mode.value();
  status->st_ino = file->inode();
  status->st_rdev = file->device();
  status->st_nlink = 1;
  status->st_uid = stillpoint::kernel::kUserId;
  status->st_gid = stillpoint::kernel::kGroupId;
  status->st_blksize = kBlockSize;
  return 0;
}

bool is_empty(const char* path) { return stillpoint::is_readable(path) && *path == '\0'; }

template <typename Status>
int describe_at(Host& host, const Call& call, int directory, const char* path, Status* status, int flags) {
  if ((flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_SYNC_TYPE)) != 0)
    return fail(host, call, EINVAL);
  if ((flags & AT_EMPTY_PATH) != 0 && is_empty(path)) {
    if (directory == AT_FDCWD) return tell(host, call, &host.storage().working_directory(), status);
    return describe(host, call, directory, status);
  }
  const Follow follow = (flags & AT_SYMLINK_NOFOLLOW) != 0 ? Follow::no : Follow::yes;
  return tell(host, call, find_inode(host, directory, path, follow), status);
}

int describe_more(Host& host, const Call& call, int directory, const char* path, int flags, unsigned mask,
                  struct statx* status) {
  if ((mask & STATX__RESERVED) != 0 || (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE)
    return fail(host, call, EINVAL);
  struct stat64 basic {};
  if (const int result = describe_at(host, call, directory, path, &basic, flags); result != 0) return result;
  if (!is_writable(status)) return fail(host, call, EFAULT);
  const auto stamp = [](const timespec& time) {
    statx_timestamp result{};
    result.tv_sec = time.tv_sec;
    result.tv_nsec = static_cast<std::uint32_t>(time.tv_nsec);
    return result;
  };
  *status = {};
  status->stx_mask = STATX_BASIC_STATS;
  status->stx_blksize = static_cast<std::uint32_t>(basic.st_blksize);
  status->stx_nlink = static_cast<std::uint32_t>(basic.st_nlink);
  status->stx_uid = basic.st_uid;
  status->stx_gid = basic.st_gid;
  status->stx_mode = static_cast<std::uint16_t>(basic.st_mode);
  status->stx_ino = basic.st_ino;
  status->stx_size = static_cast<std::uint64_t>(basic.st_size);
  status->stx_blocks = static_cast<std::uint64_t>(basic.st_blocks);
  status->stx_atime = stamp(basic.st_atim);
  status->stx_mtime = stamp(basic.st_mtim);
  status->stx_ctime = stamp(basic.st_ctim);
  status->stx_rdev_major = major(basic.st_rdev);
  status->stx_rdev_minor = minor(basic.st_rdev);
  status->stx_dev_major = major(basic.st_dev);
  status->stx_dev_minor = minor(basic.st_dev);
  if (const Inode* inode = host.storage().files.find(basic.st_ino); inode != nullptr && basic.st_dev != 0) {
    status->stx_mask |= STATX_BTIME;
    status->stx_btime = stamp(time_of(inode->times.birth));
  }
  return 0;
}

// do_faccessat() in Linux's fs/open.c. The real and the effective user are one.
int may_access(Host& host, const Call& call, int directory, const char* path, int mode, int flags) {
  if ((mode & ~(R_OK | W_OK | X_OK)) != 0) return fail(host, call, EINVAL);
  if ((flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0) return fail(host, call, EINVAL);
  Result<Inode*> inode = nullptr;
  if ((flags & AT_EMPTY_PATH) != 0 && is_empty(path)) {
    if (directory == AT_FDCWD) {
      inode = &host.storage().working_directory();
    } else {
      const auto file = stillpoint::interpose::find_disk_file(host, directory, stillpoint::kernel::kNotServed);
      inode = file ? Result<Inode*>(&file.value()->node()) : Failure{file.error()};
    }
  } else {
    inode = find_inode(host, directory, path, (flags & AT_SYMLINK_NOFOLLOW) != 0 ? Follow::no : Follow::yes);
  }
  if (!inode) return fail(host, call, inode.error());
  const bool may = stillpoint::disk::may(*inode.value(), static_cast<unsigned>(mode), host.storage().user());
  return may ? 0 : fail(host, call, EACCES);
}

// The file system as statfs(2) tells of it: as ext4 does.
template <typename Status>
int tell_of_disk(Host& host, const Call& call, Status* status) {
  if (!is_writable(status)) return fail(host, call, EFAULT);
  const auto& files = host.storage().files;
  *status = {};
  status->f_bsize = kBlockSize;
  status->f_frsize = kBlockSize;
  status->f_blocks = files.pages();
  status->f_bfree = files.pages() - std::min(files.used_pages(), files.pages());
  status->f_bavail = status->f_bfree;
  status->f_files = files.options().most_inodes;
  status->f_ffree = files.options().most_inodes - files.inodes();
  if constexpr (requires { status->f_namelen; }) {
    constexpr auto kExt4Magic = 0xEF53;
    status->f_type = kExt4Magic;
    status->f_namelen = stillpoint::disk::kLongestName;
    status->f_flags = ST_RELATIME | 0x20;  // ST_VALID
  } else {
    status->f_favail = status->f_ffree;
    status->f_namemax = stillpoint::disk::kLongestName;
    status->f_flag = ST_RELATIME;
  }
  return 0;
}

template <typename Status>
int disk_of_path(Host& host, const Call& call, const char* path, Status* status) {
  const Result<Inode*> inode = find_inode(host, AT_FDCWD, path, Follow::yes);
  return inode ? tell_of_disk(host, call, status) : fail(host, call, inode.error());
}

template <typename Status>
int disk_of_descriptor(Host& host, const Call& call, int fd, Status* status) {
  const auto file = stillpoint::interpose::find_disk_file(host, fd, stillpoint::kernel::kNotServed);
  return file ? tell_of_disk(host, call, status) : fail(host, call, file.error());
}

}  // namespace

SP_CALL(int, stat, (const char* path, struct stat* status), (path, status)) {
  return describe_at(host, call, AT_FDCWD, path, status, 0);
}
SP_CALL(int, stat64, (const char* path, struct stat64* status), (path, status)) {
  return describe_at(host, call, AT_FDCWD, path, status, 0);
}
SP_CALL(int, lstat, (const char* path, struct stat* status), (path, status)) {
  return describe_at(host, call, AT_FDCWD, path, status, AT_SYMLINK_NOFOLLOW);
}
SP_CALL(int, lstat64, (const char* path, struct stat64* status), (path, status)) {
  return describe_at(host, call, AT_FDCWD, path, status, AT_SYMLINK_NOFOLLOW);
}
SP_CALL(int, fstat, (int fd, struct stat* status), (fd, status)) { return describe(host, call, fd, status); }
SP_CALL(int, fstat64, (int fd, struct stat64* status), (fd, status)) { return describe(host, call, fd, status); }
SP_CALL(int, fstatat, (int directory, const char* path, struct stat* status, int flags),
        (directory, path, status, flags)) {
  return describe_at(host, call, directory, path, status, flags);
}
SP_CALL(int, fstatat64, (int directory, const char* path, struct stat64* status, int flags),
        (directory, path, status, flags)) {
  return describe_at(host, call, directory, path, status, flags);
}
SP_CALL(int, statx, (int directory, const char* path, int flags, unsigned mask, struct statx* status),
        (directory, path, flags, mask, status)) {
  return describe_more(host, call, directory, path, flags, mask, status);
}

SP_CALL(int, access, (const char* path, int mode), (path, mode)) {
  return may_access(host, call, AT_FDCWD, path, mode, 0);
}
SP_CALL(int, euidaccess, (const char* path, int mode), (path, mode)) {
  return may_access(host, call, AT_FDCWD, path, mode, 0);
}
SP_CALL(int, eaccess, (const char* path, int mode), (path, mode)) {
  return may_access(host, call, AT_FDCWD, path, mode, 0);
}
SP_CALL(int, faccessat, (int directory, const char* path, int mode, int flags), (directory, path, mode, flags)) {
  return may_access(host, call, directory, path, mode, flags);
}

SP_CALL(int, statfs, (const char* path, struct statfs* status), (path, status)) {
  return disk_of_path(host, call, path, status);
}
SP_CALL(int, statfs64, (const char* path, struct statfs64* status), (path, status)) {
  return disk_of_path(host, call, path, status);
}
SP_CALL(int, fstatfs, (int fd, struct statfs* status), (fd, status)) {
  return disk_of_descriptor(host, call, fd, status);
}
SP_CALL(int, fstatfs64, (int fd, struct statfs64* status), (fd, status)) {
  return disk_of_descriptor(host, call, fd, status);
}
SP_CALL(int, statvfs, (const char* path, struct statvfs* status), (path, status)) {
  return disk_of_path(host, call, path, status);
}
SP_CALL(int, statvfs64, (const char* path, struct statvfs64* status), (path, status)) {
  return disk_of_path(host, call, path, status);
}
SP_CALL(int, fstatvfs, (int fd, struct statvfs* status), (fd, status)) {
  return disk_of_descriptor(host, call, fd, status);
}
SP_CALL(int, fstatvfs64, (int fd, struct statvfs64* status), (fd, status)) {
  return disk_of_descriptor(host, call, fd, status);
}
