#pragma once
// An open file or directory of a host's disk: where it reads and writes, and how it was opened.
#include <memory>

#include "sim-core/disk/file_system.hpp"
#include "sim-core/kernel/file.hpp"

namespace stillpoint::kernel {

class Storage;

class DiskFile final : public File {
 public:
  // `flags` are open(2)'s. Permissions were looked at.
  DiskFile(Host& host, Storage& storage, disk::Inode& inode, int flags);

  std::uint32_t poll() override;
  bool can_be_watched() const override { return false; }
  int access_mode() const override { return flags_ & O_ACCMODE; }
  // An access mode of 3 takes both permissions and allows neither (open(2), "File access mode").
  bool can_read() const override { return !path_only() && (access_mode() == O_RDONLY || access_mode() == O_RDWR); }
  bool can_write() const override { return !path_only() && (access_mode() == O_WRONLY || access_mode() == O_RDWR); }
  Result<mode_t> mode() const override { return inode_.mode; }
  std::uint64_t inode() const override { return inode_.number; }
  std::uint64_t lock_key() const override { return inode_.number; }
  Result<int> unread() override;

  // At the position, which moves.
  Result<std::size_t> read(std::span<const iovec> parts) override;
  Result<std::size_t> write(std::span<const iovec> parts) override;
  // pread(2), pwrite(2). EISDIR, EBADF, EINVAL, EFAULT, ENOSPC, EFBIG.
  Result<std::size_t> read_at(std::uint64_t offset, std::span<const iovec> parts);
  Result<std::size_t> write_at(std::uint64_t offset, std::span<const iovec> parts);
  // How many of these bytes are read without a wait for the device. EAGAIN if there is none: it begins to read them,
  // and the next try has them.
  Result<std::size_t> in_memory(std::uint64_t offset, std::size_t size);
  Result<off_t> seek(off_t offset, int whence) override;
  // getdents64(2): entries as Linux lays them out. EINVAL (no room for one), ENOTDIR, ENOENT (it was removed).
  Result<std::size_t> read_entries(std::span<std::byte> to);

  // fsync(2), fdatasync(2), for the call of this name: returns when the device says that it has everything. EBADF,
  // EINVAL; the errno of a fault.
  Status sync(disk::FileSystem::Sync what, std::string_view call);
  // sync_file_range(2), of any range. The errno of a fault.
  Status wait_for_range();

  void on_close() override;
  DiskFile* as_disk_file() override { return this; }

  Storage& storage() const { return storage_; }
  disk::Inode& node() const { return inode_; }
  bool path_only() const { return (flags_ & O_PATH) != 0; }
  // As it was opened, but for what every file has (nonblocking, appends) and what only mattered then.
  int status_flags() const { return flags_; }
  void set_status_flags(int flags) { flags_ = flags; }

 private:
  // After a sync that went so: this file's errors are told once.
  Status with_earlier_errors(Status synced, std::string_view call);
  // Has the device read what memory does not have; until when it does that.
  VirtualTime fetch(std::uint64_t offset, std::uint64_t size);
  bool aligned(std::uint64_t offset, std::span<const iovec> parts) const;

  Storage& storage_;
  disk::Inode& inode_;
  int flags_;
  std::uint64_t position_ = 0;
  std::uint64_t failed_syncs_seen_;
};

}  // namespace stillpoint::kernel
