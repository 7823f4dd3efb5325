#pragma once
// The file system of one host: a tree of inodes as programs see it, and what of it is durable.
//
// Owned by the host, and outlives its crashes: a host reboots from it alone. Pure: it reads no clock, and a crash asks
// a Choice. Every operation is one of Linux's on inodes and names (path.hpp leads from paths to them); permissions are
// the caller's business. Names are as long as the caller lets them be.
//
// Not modelled: quotas of users, extended attributes, hard limits on links, the space that names and inodes take.
#include <sys/uio.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <vector>

#include "sim-core/base/result.hpp"
#include "sim-core/disk/choice.hpp"
#include "sim-core/disk/inode.hpp"
#include "sim-core/disk/journal.hpp"
#include "sim-core/disk/options.hpp"

namespace stillpoint::disk {

// What names can undergo. The numbers are in traces.
enum class NameChange : std::uint8_t { make = 1, link, remove, remove_directory, rename, exchange };

// What is no event, and yet decides what a crash may leave. The numbers are in traces; sim-core/record/schema.sql tells
// what goes with each.
enum class Detail : std::uint8_t {
  options = 1,  // what the disk is like
  placed,       // a file was always there
  data_only,    // the next sync is of data only
  nameless,     // a file was made without a name
  reserved,     // blocks
  freed,        // a block within a file
  closed,       // a file that had been cut to nothing
  times,        // were set
  gone,         // a file that has no name is open no more
  sync_failed,  // a sync has failed, and nobody will write what it should have
  crash_keeps,  // how the next crash chooses
  wiped,        // the disk is a new one
};

// What a file system asks of the machine that it is in: the time, and to note what happens.
class Machine {
 public:
  virtual ~Machine() = default;
  virtual VirtualTime now() const = 0;
  virtual WallTime wall_time() const = 0;
  virtual EventId wrote(const Inode& inode, std::uint64_t offset, std::span<const std::byte> bytes) = 0;
  virtual EventId resized(const Inode& inode, std::uint64_t size) = 0;
  // `to` is the new place of a rename or an exchange.
  virtual EventId renamed(NameChange change, const Inode& inode, const Inode& directory, std::string_view name,
                          const Inode* to_directory, std::string_view to) = 0;
  virtual EventId changed_mode(const Inode& inode) = 0;
  enum class Synced : std::uint8_t { all, data_only, nothing };  // nothing: the device lied
  virtual EventId synced(const Inode* inode, std::uint64_t bytes, Synced what) = 0;
  // So many bytes went to the device because too much waited; nobody waits for it.
  virtual void wrote_back(std::uint64_t bytes);
  // A file is there that always was.
  virtual void placed(const Inode& inode, const Inode& directory, std::string_view name) = 0;
  // `detail` is one of nameless to gone, or sync_failed; of reserved and freed with the range.
  virtual void note_detail(Detail detail, const Inode& inode, std::uint64_t offset = 0, std::uint64_t size = 0) = 0;
  // A name that a directory of files from elsewhere (Inode::of_elsewhere) does not have yet: places it, if it is there.
  virtual Inode* find_elsewhere(Inode& directory, std::string_view name);
};

struct Owner {
  uid_t user;
  gid_t group;
};

class FileSystem {
 public:
  // Files end here: ext4's s_maxbytes with blocks of 4 KiB.
  static constexpr std::uint64_t kLongestFile = 0xFFF'FFFF'F000;

  FileSystem(Machine& machine, DiskOptions options, Owner owner);
  FileSystem(const FileSystem&) = delete;
  FileSystem& operator=(const FileSystem&) = delete;

  Inode& root() { return *root_; }
  const DiskOptions& options() const { return options_; }
  // By its number, or null.
  Inode* find(InodeNumber number) const;

  // ---- names. Directories are S_IFDIR, and names are none of ".", ".." and "". ----
  // `mode` is kind and permissions. EEXIST, ENOENT (the directory was removed), ENOSPC.
  Result<Inode*> make(Inode& directory, std::string_view name, mode_t mode, Owner owner, std::string_view target = {},
                      dev_t device = 0);
  // As if it had always been there: durable, and no event. `content` is a file's, or where a symbolic link leads.
  // Requires that the name is free.
  Inode& place(Inode& directory, std::string_view name, mode_t mode, Owner owner, std::string_view content = {},
               dev_t device = 0);
  // What `name` leads to in a directory, or null.
  Inode* look_up(Inode& directory, std::string_view name) {
    Inode* const found = directory.directory.find(name);
    return found == nullptr && directory.of_elsewhere ? machine_.find_elsewhere(directory, name) : found;
  }
  // O_TMPFILE: without a name. ENOSPC. The caller holds it.
  Result<Inode*> make_nameless(mode_t mode, Owner owner);
  // EEXIST, EPERM (a directory), ENOENT (it has no name any more, or the directory has none), EMLINK.
  Status link(Inode& inode, Inode& directory, std::string_view name, bool from_nameless = false);
  // ENOENT, EISDIR.
  Status remove(Inode& directory, std::string_view name);
  // ENOENT, ENOTDIR, ENOTEMPTY.
  Status remove_directory(Inode& directory, std::string_view name);
  enum class Rename : std::uint8_t { replace, keep, exchange };
  // ENOENT, EEXIST, EINVAL (below itself), EISDIR, ENOTDIR, ENOTEMPTY.
  Status rename(Inode& from_directory, std::string_view from, Inode& to_directory, std::string_view to, Rename how);

  // ---- who uses an inode without a name ----
  void hold(Inode& inode) { ++inode.opened; }
  void let_go(Inode& inode);

  // ---- data of a file ----
  // How many bytes there were.
  std::size_t read(Inode& inode, std::uint64_t offset, std::span<const iovec> parts);
  // Up to the byte that does not fit. ENOSPC, EFBIG.
  Result<std::size_t> write(Inode& inode, std::uint64_t offset, std::span<const iovec> parts);
  // Zeros follow what was there; what it had behind the new end is free. EFBIG.
  Status resize(Inode& inode, std::uint64_t size);
  // There is room for [offset, offset + size) (fallocate(2)); the size grows if `grows`. ENOSPC, EFBIG.
  Status allocate(Inode& inode, std::uint64_t offset, std::uint64_t size, bool grows);

  // Zeros, from here on so far, within the size: the whole pages among them become holes, or stay where they are.
  enum class Blocks : std::uint8_t { free, keep };
  void clear(Inode& inode, std::uint64_t offset, std::uint64_t size, Blocks blocks);
  // Makes a page a hole. Requires that it is one of zeros.
  void free_page(Inode& inode, std::uint64_t page);
  // Takes a range of whole pages out, or puts zeros in before what is there (fallocate(2), FALLOC_FL_COLLAPSE_RANGE and
  // FALLOC_FL_INSERT_RANGE). Unlike on Linux a crash may leave a half of it. EINVAL, ENOSPC, EFBIG.
  Status take_out(Inode& inode, std::uint64_t offset, std::uint64_t size);
  Status put_in(Inode& inode, std::uint64_t offset, std::uint64_t size);

  // ---- attributes ----
  void set_mode(Inode& inode, mode_t permissions);
  void touch_accessed(Inode& inode);
  void set_times(Inode& inode, std::optional<WallTime> access, std::optional<WallTime> modification);

  // ---- durability ----
  enum class Sync : std::uint8_t { all, data };
  // fsync(2), fdatasync(2). How many bytes went to the device.
  std::uint64_t sync(Inode& inode, Sync what = Sync::all);
  std::uint64_t sync_everything();
  // What the machine has written back by itself until now is durable from now on. A crash begins with it.
  void write_back_what_is_old();
  // The changes of names, permissions and sizes that are not durable; of data, each inode has them.
  const Journal& journal() const { return journal_; }
  // fsync(2) fails, and what it should have written is never written again (Unsynced::give_up()). Nothing else that it
  // would have made durable is. How many bytes went to the device.
  std::uint64_t fail_sync(Inode& inode);
  // From now on fsync says that it did, and has not (DiskOptions::fsync_lies).
  void let_fsync_lie(bool lies) { fsync_lies_ = lies; }

  // The power fails. Nobody holds anything any more; what is left is what `choice` makes of what the model allows.
  struct Lost {
    std::vector<LostWrite> writes;
    std::vector<EventId> names;
  };
  Lost crash(Choice& choice);

  // ---- mapped memory ----
  // From now on programs may change the pages of the file past write(): what they changed is found when it matters.
  void watch_stores(Inode& inode);
  // What they changed so far becomes writes.
  void absorb_stores(Inode& inode);

  // ---- statvfs(3) ----
  std::uint64_t pages() const { return options_.capacity / kPage; }
  std::uint64_t free_pages() const {
    const std::uint64_t most = std::min(pages(), most_pages_);
    return most - std::min(most, used_pages_);
  }
  // No more are used from now on, whatever the capacity.
  void limit_pages(std::uint64_t most) { most_pages_ = most; }
  std::uint64_t used_pages() const { return used_pages_; }
  std::uint64_t inodes() const { return used_inodes_; }

  // Grows whenever a path may lead to something else than before.
  std::uint64_t name_changes() const { return name_changes_; }

 private:
  Inode& add_inode(mode_t mode, Owner owner);
  Inode& add_below(Inode& directory, mode_t mode, Owner owner, std::string_view target, dev_t device);
  Unsynced& unsynced(Inode& inode);
  // Makes a change of names, in the tree and in the journal.
  void change_names(EventId event, Journal::Cell first, Journal::Cell second = {});
  void write_bytes(Inode& inode, std::uint64_t offset, std::span<const std::byte> bytes);
  std::uint64_t room_for(const Inode& inode, std::uint64_t offset, std::uint64_t size) const;
  void use_page(Inode& inode, std::uint64_t page);
  void free_room(Inode& inode, std::uint64_t begin, std::uint64_t end);
  // Whether there was anything to flush.
  bool flush_before_journal(Inode& inode);
  void drop_link(Inode& inode);
  void set_free(const Inode& inode);
  void changed(Inode& inode);
  void modified(Inode& inode);
  void note_shape(Inode& inode);
  std::uint64_t sync_data(Inode& inode);
  void commit(std::uint64_t sequence);
  void release(const std::vector<Inode*>& inodes);
  void release(Inode& inode);
  void write_back_if_much();
  void find_links();

  Machine& machine_;
  const DiskOptions options_;
  PagePool pool_;
  std::uint64_t pending_ = 0;  // the weight of what is not durable
  std::map<InodeNumber, std::unique_ptr<Inode>> inodes_;
  Inode* root_ = nullptr;
  InodeNumber last_number_ = 1;
  Journal journal_;
  std::uint64_t sequence_ = 0;
  std::set<InodeNumber> unsynced_;  // files with data that is not durable
  // The contents of files whose pages programs may change past write(), as they were last looked at.
  std::map<InodeNumber, std::vector<std::byte>> stores_;
  std::uint64_t used_pages_ = 0;
  std::uint64_t most_pages_ = UINT64_MAX;
  std::uint64_t used_inodes_ = 0;
  std::uint64_t name_changes_ = 0;
  bool fsync_lies_;
  std::vector<std::byte> gathered_;
};

}  // namespace stillpoint::disk
