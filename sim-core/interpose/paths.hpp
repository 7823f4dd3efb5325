#pragma once
// The paths that programs give to calls, and what is there on their host's disk.
#include <fcntl.h>
#include <limits.h>

#include <optional>
#include <string_view>

#include "sim-core/base/program_memory.hpp"
#include "sim-core/interpose/call.hpp"
#include "sim-core/kernel/disk_file.hpp"
#include "sim-core/kernel/storage.hpp"

namespace stillpoint::interpose {

// A path and where it starts.
struct Path {
  disk::Inode* base = nullptr;
  std::string_view text;
};

// EFAULT, ENAMETOOLONG, ENOENT (it is empty).
Result<std::string_view> read_text(const char* path);

// `directory` is a descriptor, or AT_FDCWD. EBADF, ENOTDIR.
Result<Path> start_path(kernel::Host& host, int directory, std::string_view text);

// Both. EFAULT, ENAMETOOLONG, ENOENT, EBADF, ENOTDIR.
Result<Path> read_path(kernel::Host& host, int directory, const char* path);

// The inode behind a path. As read_path(), and ENOENT, ENOTDIR, EACCES, ELOOP.
Result<disk::Inode*> find_inode(kernel::Host& host, int directory, const char* path, disk::Follow follow);

// The file behind a descriptor. EBADF; `otherwise` for a file that the disk does not have.
Result<kernel::DiskFile*> find_disk_file(kernel::Host& host, int fd, int otherwise);

}  // namespace stillpoint::interpose
