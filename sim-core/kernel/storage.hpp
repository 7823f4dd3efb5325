#pragma once
// What a host keeps on its disk, and how its process uses it: the file system, the device below it, the working
// directory, the umask and locks. It outlives the process; a crash takes what was not durable.
//
// Made at its first use, so that a host that opens no file costs nothing. storage_tree.cpp has what is on it then.
#include <map>
#include <memory>
#include <string>

#include "sim-core/disk/damage.hpp"
#include "sim-core/disk/device.hpp"
#include "sim-core/disk/file_system.hpp"
#include "sim-core/disk/path.hpp"
#include "sim-core/disk/troubles.hpp"
#include "sim-core/kernel/file_locks.hpp"
#include "sim-core/trace/record.hpp"

namespace stillpoint::kernel {

class File;
class Host;

// Throws Error if these files cannot be on a host's disk: a path that is not absolute or whose names Linux does not
// take, one that is there already or leads through a file, more than fits.
void check_files(const std::map<std::string, std::string>& content_by_path, const DiskOptions& options);

class Storage final : private disk::Machine {
  Host& host_;  // which members below ask
  disk::Troubles troubles_;

 public:
  Storage(Host& host, const DiskOptions& options);

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

  // open(2), of flags that go together. `base` is where relative paths start.
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
  // renameat2(2), between what find_last() gave.
  Status rename(const disk::Place& from, const disk::Place& to, disk::FileSystem::Rename how);
  // Where the last component of a path stands.
  Result<disk::Place> find_last(disk::Inode& base, std::string_view path);
  // Where a new name may be made, which has a slash behind it only if it is a directory's. EEXIST, ENOENT, EACCES.
  Result<disk::Place> find_new(disk::Inode& base, std::string_view path, mode_t kind);

  // ---- attributes ----
  // chmod(2): EPERM.
  Status set_mode(disk::Inode& inode, mode_t mode);
  // chown(2): EPERM, but for the owner that it has. -1 is as it is.
  Status set_owner(disk::Inode& inode, uid_t user, gid_t group);
  // What a path leads to. ENOENT if that is nothing; ENOTDIR ("file/").
  Result<disk::Inode*> find(disk::Inode& base, std::string_view path, disk::Follow follow);
  // What a write, a cut and a change of owner take from a file (should_remove_suid() in Linux's fs/inode.c).
  void drop_privileges(disk::Inode& inode);
  // truncate(2), ftruncate(2): EISDIR, EINVAL, EFBIG. Like all below, the errno of a fault.
  Status resize(disk::Inode& inode, off_t size);

  // fsync(2) and fdatasync(2), for the call of this name: returns when the device says that it has everything.
  Status sync(disk::Inode& inode, disk::FileSystem::Sync what, std::string_view call);
  // sync(2)
  void sync_everything();
  // sync_file_range(2), of any range. It promises nothing about metadata, and so nothing at all of what a crash leaves:
  // the device has its pages, and may lose them.
  Status wait_for_range(disk::Inode& inode);

  // ---- what faults do, and nothing else: storage_troubles.cpp. Each names the event of its fault ----
  // From now on, until it is removed, also over crashes.
  void add_trouble(disk::Trouble trouble);
  void remove_trouble(EventId fault);
  // Bits rot in so many cold sectors of files of which a path matches (matching.hpp; empty: all). In how many: there
  // may be fewer. Of what is in memory, too: it is read from the device again.
  std::size_t rot(EventId fault, RandomStream& random, unsigned sectors, const std::string& path);
  // The machine is given a new disk, with what was on it before the host's first boot. Requires that the host is down,
  // or was never up.
  void wipe(EventId fault);
  // How the next crash, and only that, chooses among what it may leave.
  void next_crash(disk::CrashKeeps keeps);

  // A fault lets this call on a file fail: its errno, of which the trace knows then.
  Status troubled(disk::Troubles::Call kind, const disk::Inode& inode, std::string_view call) {
    return troubles_.any() ? fail_by_trouble(kind, inode, call) : Status(Done{});
  }
  // Fewer bytes fitted than there were, or none (`error`). If that is because of a fault, the trace says so.
  void met_end_of_room(const disk::Inode& inode, int error, std::string_view call);
  // Those who had a file open when a sync of it failed are told of it, each by its next sync (errseq_t in Linux's
  // lib/errseq.c). How many such failures there were.
  std::uint64_t failed_syncs(const disk::Inode& inode) const;
  Status tell_failed_sync(const disk::Inode& inode, std::string_view call);

  // How many operations have changed the disk so far: writes, changes of size, names and permissions, and syncs.
  std::uint64_t operations() const { return operations_; }
  // The host loses its power, because of `cause`, at its next call after so many further ones.
  void crash_after(std::uint64_t operations, Cause cause = {});
  // Not any more, if that was what it was to crash for.
  void do_not_crash(EventId cause);

  // The wait for the device is over: the process sleeps, or its slice takes longer.
  void wait_until(VirtualTime when);

  // Puts files there that were always there, by absolute path; the directories above them, too. Throws Error if a path
  // is none, or leads through a file, or they do not fit.
  void add_files(const std::map<std::string, std::string>& content_by_path);

  // Another process begins on a machine that goes on, with a working directory and a umask as ever.
  void start_process();
  // The power has failed in the midst of a turn that goes on: what the process still does reaches the disk no more, but
  // where it is so much that the machine would write everything back by itself.
  void lose_power();
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
  void wrote_back(std::uint64_t bytes) override;
  void placed(const disk::Inode& inode, const disk::Inode& directory, std::string_view name) override;
  void note_detail(disk::Detail detail, const disk::Inode& inode, std::uint64_t offset, std::uint64_t size) override;
  disk::Inode* find_elsewhere(disk::Inode& directory, std::string_view name) override;
  // All names that it has, for whoever lists it.
  void find_all_elsewhere(disk::Inode& directory);

  EventId note(EventKind kind, std::uint64_t a, std::uint64_t b, std::uint64_t c = 0, std::string_view payload = {});
  void note_options();
  void tell(disk::Detail detail, std::uint64_t subject, std::uint64_t a, std::uint64_t b, std::string_view text = {});
  void make_first_tree();
  Status may_rename(const disk::Place& from, const disk::Inode& inode, const disk::Place& to, const disk::Inode* other,
                    disk::FileSystem::Rename how) const;
  Result<std::unique_ptr<File>> open_path_only(disk::Inode& base, std::string_view path, int flags);
  Result<std::unique_ptr<File>> open_nameless(disk::Inode& base, std::string_view path, int flags, mode_t mode);
  Result<std::unique_ptr<File>> create(const disk::Place& place, int flags, mode_t permissions);
  Result<std::unique_ptr<File>> open_existing(disk::Inode& inode, int flags);
  Result<std::unique_ptr<File>> open_inode(disk::Inode& inode, int flags);

  Status sync_in_trouble(disk::Inode& inode, disk::FileSystem::Sync what, std::string_view call);
  Status fail_by_trouble(disk::Troubles::Call kind, const disk::Inode& inode, std::string_view call);
  Status fail_sync(disk::Inode& inode, const disk::Troubles::Failed& failed, std::string_view call);
  EventId note_error(const disk::Inode& inode, const disk::Troubles::Failed& failed, std::string_view call);
  void note_damage(const std::vector<disk::Damage>& damage, EventId fault);
  void note_delayers(const std::vector<EventId>& faults);
  // A write that will land elsewhere, and who is to blame.
  struct Strayed {
    disk::Troubles::Misdirection by;
    disk::Stray stray;
  };
  std::vector<Strayed> find_strays(disk::Inode& inode);

  // The last sync of a file that failed, and how many did.
  struct FailedSyncs {
    std::uint64_t count = 0;
    disk::Troubles::Failed last{};
  };
  std::map<disk::InodeNumber, FailedSyncs> failed_syncs_;
  std::map<EventId, EventId> delayed_slices_;       // by fault: the last one that is known to hang on it
  std::map<std::string, std::string> first_files_;  // by path
  disk::CrashKeeps next_crash_ = disk::CrashKeeps::some;
  RandomStream crashes_;
  RandomStream torn_crashes_;
  EventId last_operation_ = kNoEvent;
  disk::Inode* working_directory_ = nullptr;
  std::uint64_t operations_ = 0;
  std::uint64_t crash_at_ = 0;  // so many operations; 0: never
  Cause crash_at_cause_;
};

}  // namespace stillpoint::kernel
