#pragma once
// What a host keeps on its disk, and how its process uses it: the file system, the device below it, the working
// directory, the umask and locks. It outlives the process; a crash takes what was not durable.
//
// Made at its first use, so that a host that opens no file costs nothing. The whole tree belongs to the user that
// programs run as, but for /dev. It begins with /dev/{null,zero,random,urandom}, /etc, /home, /srv, /tmp and /var/{lib,
// log,tmp}; programs start in /srv.
#include <memory>
#include <string>

#include "sim-core/disk/device.hpp"
#include "sim-core/disk/file_system.hpp"
#include "sim-core/disk/path.hpp"
#include "sim-core/kernel/file_locks.hpp"
#include "sim-core/trace/record.hpp"

namespace stillpoint::kernel {

class File;
class Host;

struct StorageOptions {
  disk::DiskOptions disk;
  disk::DeviceOptions device;
};

class Storage final : private disk::Machine {
  Host& host_;  // which members below ask

 public:
  Storage(Host& host, const StorageOptions& options);

  disk::FileSystem files;
  disk::Device device;
  FileLocks locks;
  mode_t umask = 022;
  // Whom the process acts as: an ordinary user.
  disk::Owner user() const;
  // st_dev: another one for each host and boot, so that nobody takes a file of one for that of another.
  dev_t device_number() const;

  disk::Inode& working_directory() { return *working_directory_; }
  void set_working_directory(disk::Inode& directory);

  // open(2). `base` is where relative paths start.
  Result<std::unique_ptr<File>> open(disk::Inode& base, std::string_view path, int flags, mode_t mode);
  // ---- what changes names. `base` is where relative paths start; the errors are those of the calls ----
  // mkdir(2)
  Status make_directory(disk::Inode& base, std::string_view path, mode_t mode);
  // unlink(2)
  Status remove(disk::Inode& base, std::string_view path);
  // rmdir(2)
  Status remove_directory(disk::Inode& base, std::string_view path);
  // symlink(2)
  Status make_symbolic_link(std::string_view target, disk::Inode& base, std::string_view path);
  // link(2)
  Status link(disk::Inode& inode, disk::Inode& base, std::string_view path);
  // renameat2(2)
  Status rename(disk::Inode& from_base, std::string_view from, disk::Inode& to_base, std::string_view to,
                disk::FileSystem::Rename how);

  // ---- attributes ----
  // chmod(2): EPERM.
  Status set_mode(disk::Inode& inode, mode_t mode);
  // chown(2): EPERM, but for the owner that it has. -1 is as it is.
  Status set_owner(disk::Inode& inode, uid_t user, gid_t group);
  // What a path leads to. ENOENT if that is nothing; ENOTDIR ("file/").
  Result<disk::Inode*> find(disk::Inode& base, std::string_view path, disk::Follow follow);
  // What a write, a cut and a change of owner take from a file (should_remove_suid() in Linux's fs/inode.c).
  void drop_privileges(disk::Inode& inode);
  // truncate(2), ftruncate(2): EISDIR, EINVAL, EFBIG.
  Status resize(disk::Inode& inode, off_t size);

  // The wait for the device is over: the process sleeps, or its slice takes longer.
  void wait_until(VirtualTime when);

  // The power fails: what was not durable is lost, or not, as the seed and the model say. `cause` is the crash.
  void crash(EventId cause);

 private:
  VirtualTime now() const override;
  disk::WallTime wall_time() const override;
  EventId wrote(const disk::Inode& inode, std::uint64_t offset, std::span<const std::byte> bytes) override;
  EventId resized(const disk::Inode& inode, std::uint64_t size) override;
  EventId renamed(disk::NameChange change, const disk::Inode& inode, const disk::Inode& directory,
                  std::string_view name, const disk::Inode* to_directory, std::string_view to) override;
  EventId changed_mode(const disk::Inode& inode) override;
  EventId synced(const disk::Inode* inode, std::uint64_t bytes, Synced what) override;
  void placed(const disk::Inode& inode, const disk::Inode& directory, std::string_view name) override;
  void note_detail(disk::Detail detail, const disk::Inode& inode, std::uint64_t offset, std::uint64_t size) override;

  // Where a new name may be made. EEXIST, ENOENT, EACCES.
  Result<disk::Place> find_new(disk::Inode& base, std::string_view path, bool of_directory);
  void note_options();
  void tell(disk::Detail detail, std::uint64_t subject, std::uint64_t a, std::uint64_t b, std::string_view text = {});
  void make_first_tree();
  Result<std::unique_ptr<File>> open_inode(disk::Inode& inode, int flags);

  RandomStream crashes_;
  disk::Inode* working_directory_ = nullptr;
};

}  // namespace stillpoint::kernel
