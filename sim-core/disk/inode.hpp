#pragma once
// A file, directory, symbolic link, socket or device of a file system: what its names lead to.
//
// Owned by the FileSystem. It lives while a name, an open file, or a change of names that is not durable yet refers to
// it.
#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "sim-core/disk/content.hpp"
#include "sim-core/disk/room.hpp"
#include "sim-core/disk/unsynced.hpp"

namespace stillpoint::disk {

using InodeNumber = std::uint64_t;

// Nanoseconds of the host's wall clock.
using WallTime = std::int64_t;

struct Times {
  WallTime access = 0;
  WallTime modification = 0;
  WallTime change = 0;
  WallTime birth = 0;
};

struct Inode;

// The names in a directory. Programs read them in the order in which they came; a name that comes while somebody reads
// is met at the end, and one that goes is met no more.
class Directory {
 public:
  // Where a reader goes on; greater for later names. 0 and 1 are `.` and `..`.
  using Cookie = std::uint64_t;
  struct Entry {
    Inode* inode;
    Cookie cookie;
  };
  Inode* find(std::string_view name) const;
  // Puts a name, replaces what it leads to (it keeps its place), or takes it away (null).
  void set(std::string_view name, Inode* inode);
  bool empty() const { return tables_ == nullptr || tables_->names.empty(); }
  std::size_t size() const { return tables_ != nullptr ? tables_->names.size() : 0; }
  using Names = std::map<std::string, Entry, std::less<>>;
  const Names& names() const;
  // The first name at or after the cookie.
  struct Found {
    std::string_view name;
    Inode* inode = nullptr;
    Cookie cookie = 0;
  };
  Found at(Cookie cookie) const;

 private:
  struct Tables {
    Names names;
    std::map<Cookie, std::string_view> order;
    Cookie next = 2;
  };
  // Null until the first name comes: every inode has a Directory, and few are one.
  std::unique_ptr<Tables> tables_;
};

struct Inode {
  Inode(PagePool& pool, InodeNumber its_number, mode_t its_mode) : number(its_number), mode(its_mode), content(pool) {}

  bool is(mode_t kind) const { return (mode & S_IFMT) == kind; }
  // How many of the disk it takes.
  std::uint64_t pages() const { return content.pages() + room.pages(); }

  const InodeNumber number;
  mode_t mode;  // kind and permissions
  uid_t user = 0;
  gid_t group = 0;
  unsigned links = 0;
  dev_t device = 0;  // of a character device
  std::uint64_t size = 0;
  Times times;
  Content content;      // of a file
  Room room;            // pages that `content` does not have yet
  Room durable_room;    // what a crash leaves of them
  Directory directory;  // of a directory
  Inode* parent = nullptr;
  std::string target;   // of a symbolic link
  unsigned opened = 0;  // by open files, working directories and mappings
  unsigned pinned = 0;  // by changes that are not durable
  // The data's changes that are not durable; null where there never was one.
  std::unique_ptr<Unsynced> unsynced;
  // The last change of it or of its names; and of what fdatasync(2) must not leave behind.
  std::uint64_t last_change = 0;
  std::uint64_t last_shape = 0;
  // It was made without a name (O_TMPFILE), and may get one.
  bool nameless = false;
  // A directory whose names the machine has, and gives when they are asked for.
  bool of_elsewhere = false;
  // ext4 writes a file that was cut to nothing back when it is closed (auto_da_alloc).
  bool flush_at_close = false;
};

// Whether a directory is `of`, or somewhere below it.
bool is_within(const Inode& directory, const Inode& of);

}  // namespace stillpoint::disk
