#include "sim-core/interpose/trapped_files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#if defined(__x86_64__)

namespace stillpoint::interpose {
namespace {

// getcwd(2) gives a length, getcwd(3) the text.
long get_directory(char* result, std::size_t size) {
  if (getcwd(result, size) == nullptr) return -errno;
  return static_cast<long>(std::strlen(result) + 1);
}

std::optional<long> serve_names(const TrappedCall& trapped) {
  const auto& a = trapped.arguments;
  switch (trapped.number) {
    case SYS_open:
      return or_error(open(as<const char*>(a[0]), as<int>(a[1]), a[2]));
    case SYS_openat:
      return or_error(openat(as<int>(a[0]), as<const char*>(a[1]), as<int>(a[2]), a[3]));
    case SYS_creat:
      return or_error(creat(as<const char*>(a[0]), as<mode_t>(a[1])));
    case SYS_rename:
      return or_error(rename(as<const char*>(a[0]), as<const char*>(a[1])));
    case SYS_renameat:
      return or_error(renameat(as<int>(a[0]), as<const char*>(a[1]), as<int>(a[2]), as<const char*>(a[3])));
    case SYS_renameat2:
      return or_error(
          renameat2(as<int>(a[0]), as<const char*>(a[1]), as<int>(a[2]), as<const char*>(a[3]), as<unsigned>(a[4])));
    case SYS_mkdir:
      return or_error(mkdir(as<const char*>(a[0]), as<mode_t>(a[1])));
    case SYS_mkdirat:
      return or_error(mkdirat(as<int>(a[0]), as<const char*>(a[1]), as<mode_t>(a[2])));
    case SYS_rmdir:
      return or_error(rmdir(as<const char*>(a[0])));
    case SYS_unlink:
      return or_error(unlink(as<const char*>(a[0])));
    case SYS_unlinkat:
      return or_error(unlinkat(as<int>(a[0]), as<const char*>(a[1]), as<int>(a[2])));
    case SYS_link:
      return or_error(link(as<const char*>(a[0]), as<const char*>(a[1])));
    case SYS_linkat:
      return or_error(
          linkat(as<int>(a[0]), as<const char*>(a[1]), as<int>(a[2]), as<const char*>(a[3]), as<int>(a[4])));
    case SYS_symlink:
      return or_error(symlink(as<const char*>(a[0]), as<const char*>(a[1])));
    case SYS_symlinkat:
      return or_error(symlinkat(as<const char*>(a[0]), as<int>(a[1]), as<const char*>(a[2])));
    case SYS_readlink:
      return or_error(readlink(as<const char*>(a[0]), as<char*>(a[1]), as<size_t>(a[2])));
    case SYS_readlinkat:
      return or_error(readlinkat(as<int>(a[0]), as<const char*>(a[1]), as<char*>(a[2]), as<size_t>(a[3])));
    case SYS_chdir:
      return or_error(chdir(as<const char*>(a[0])));
    case SYS_fchdir:
      return or_error(fchdir(as<int>(a[0])));
    case SYS_getcwd:
      return get_directory(as<char*>(a[0]), as<size_t>(a[1]));
    case SYS_getdents64:
      return or_error(getdents64(as<int>(a[0]), as<void*>(a[1]), as<size_t>(a[2])));
    default:
      return std::nullopt;
  }
}

std::optional<long> serve_attributes(const TrappedCall& trapped) {
  const auto& a = trapped.arguments;
  switch (trapped.number) {
    case SYS_stat:
      return or_error(stat(as<const char*>(a[0]), as<struct stat*>(a[1])));
    case SYS_lstat:
      return or_error(lstat(as<const char*>(a[0]), as<struct stat*>(a[1])));
    case SYS_fstat:
      return or_error(fstat(as<int>(a[0]), as<struct stat*>(a[1])));
    case SYS_newfstatat:
      return or_error(fstatat(as<int>(a[0]), as<const char*>(a[1]), as<struct stat*>(a[2]), as<int>(a[3])));
    case SYS_statx:
      return or_error(
          statx(as<int>(a[0]), as<const char*>(a[1]), as<int>(a[2]), as<unsigned>(a[3]), as<struct statx*>(a[4])));
    case SYS_access:
      return or_error(access(as<const char*>(a[0]), as<int>(a[1])));
    case SYS_faccessat:  // which has no flags ("C library/kernel differences"); faccessat2 has
      return or_error(faccessat(as<int>(a[0]), as<const char*>(a[1]), as<int>(a[2]), 0));
    case SYS_faccessat2:
      return or_error(faccessat(as<int>(a[0]), as<const char*>(a[1]), as<int>(a[2]), as<int>(a[3])));
    case SYS_statfs:
      return or_error(statfs(as<const char*>(a[0]), as<struct statfs*>(a[1])));
    case SYS_fstatfs:
      return or_error(fstatfs(as<int>(a[0]), as<struct statfs*>(a[1])));
    case SYS_chmod:
      return or_error(chmod(as<const char*>(a[0]), as<mode_t>(a[1])));
    case SYS_fchmod:
      return or_error(fchmod(as<int>(a[0]), as<mode_t>(a[1])));
    case SYS_fchmodat:
      return or_error(fchmodat(as<int>(a[0]), as<const char*>(a[1]), as<mode_t>(a[2]), 0));
    case SYS_umask:
      return umask(as<mode_t>(a[0]));
    case SYS_utimensat:
      // Without a path the system call is futimens(3).
      if (a[1] == 0) return or_error(futimens(as<int>(a[0]), as<const timespec*>(a[2])));
      return or_error(utimensat(as<int>(a[0]), as<const char*>(a[1]), as<const timespec*>(a[2]), as<int>(a[3])));
    default:
      return std::nullopt;
  }
}

std::optional<long> serve_data(const TrappedCall& trapped) {
  const auto& a = trapped.arguments;
  switch (trapped.number) {
    case SYS_read:
      return or_error(read(as<int>(a[0]), as<void*>(a[1]), as<size_t>(a[2])));
    case SYS_readv:
      return or_error(readv(as<int>(a[0]), as<const iovec*>(a[1]), as<int>(a[2])));
    case SYS_write:
      return or_error(write(as<int>(a[0]), as<const void*>(a[1]), as<size_t>(a[2])));
    case SYS_writev:
      return or_error(writev(as<int>(a[0]), as<const iovec*>(a[1]), as<int>(a[2])));
    case SYS_pread64:
      return or_error(pread(as<int>(a[0]), as<void*>(a[1]), as<size_t>(a[2]), a[3]));
    case SYS_pwrite64:
      return or_error(pwrite(as<int>(a[0]), as<const void*>(a[1]), as<size_t>(a[2]), a[3]));
    case SYS_lseek:
      return or_error(lseek(as<int>(a[0]), a[1], as<int>(a[2])));
    case SYS_truncate:
      return or_error(truncate(as<const char*>(a[0]), a[1]));
    case SYS_ftruncate:
      return or_error(ftruncate(as<int>(a[0]), a[1]));
    case SYS_fsync:
      return or_error(fsync(as<int>(a[0])));
    case SYS_fdatasync:
      return or_error(fdatasync(as<int>(a[0])));
    case SYS_sync:
      sync();
      return 0;
    case SYS_syncfs:
      return or_error(syncfs(as<int>(a[0])));
    case SYS_fcntl:
      return or_error(fcntl(as<int>(a[0]), as<int>(a[1]), a[2]));
    case SYS_flock:
      return or_error(flock(as<int>(a[0]), as<int>(a[1])));
    case SYS_fadvise64:
      return -posix_fadvise(as<int>(a[0]), a[1], a[2], as<int>(a[3]));
    case SYS_fallocate:
      return or_error(fallocate(as<int>(a[0]), as<int>(a[1]), a[2], a[3]));
    case SYS_sendfile:
      return or_error(sendfile(as<int>(a[0]), as<int>(a[1]), as<off_t*>(a[2]), as<size_t>(a[3])));
    case SYS_copy_file_range:
      return or_error(copy_file_range(as<int>(a[0]), as<off64_t*>(a[1]), as<int>(a[2]), as<off64_t*>(a[3]),
                                      as<size_t>(a[4]), as<unsigned>(a[5])));
    case SYS_mmap:
      if ((a[3] & MAP_ANONYMOUS) != 0) return std::nullopt;
      return or_error(mmap(as<void*>(a[0]), as<size_t>(a[1]), as<int>(a[2]), as<int>(a[3]), as<int>(a[4]), a[5]));
    case SYS_close:
      return or_error(close(as<int>(a[0])));
    case SYS_dup:
      return or_error(dup(as<int>(a[0])));
    case SYS_dup2:
      return or_error(dup2(as<int>(a[0]), as<int>(a[1])));
    case SYS_dup3:
      return or_error(dup3(as<int>(a[0]), as<int>(a[1]), as<int>(a[2])));
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<long> serve_files(const TrappedCall& trapped) {
  if (const auto result = serve_data(trapped)) return result;
  if (const auto result = serve_attributes(trapped)) return result;
  return serve_names(trapped);
}

}  // namespace stillpoint::interpose

#endif
