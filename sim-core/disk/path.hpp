#pragma once
// From a path to an inode, as path_resolution(7) tells: symbolic links are followed, directories must be searchable.
#include <string>
#include <string_view>

#include "sim-core/disk/file_system.hpp"

namespace stillpoint::disk {

constexpr std::size_t kLongestName = 255;
constexpr std::size_t kMostLinksFollowed = 40;

enum : unsigned { kMayExecute = 1, kMayWrite = 2, kMayRead = 4 };
// Whether somebody without privileges may (inode(7), "the file mode").
bool may(const Inode& inode, unsigned what, Owner who);
// Whether he may remove or rename `inode` in `directory`, which may be sticky. EACCES, EPERM.
Status may_remove(const Inode& directory, const Inode& inode, Owner who);

// What the last component of a path is.
enum class Last : std::uint8_t { name, dot, dot_dot, root };

// Where the last component of a path stands. What it leads to is looked up later: what a call has to say about its kind
// comes first.
struct Place {
  Inode* directory = nullptr;  // where the last component stands
  std::string name = {};       // of Last::name
  Last last = Last::root;
  bool slash = false;  // something follows that only a directory can have: "name/"
};

// What the last component leads to; null for nothing. ENAMETOOLONG, ENOENT (a removed directory: nothing comes to be
// there either).
Result<Inode*> look_up(FileSystem& files, const Place& place);

// A walk along a path, as Linux's fs/namei.c makes it (struct nameidata): up to its last component; and further, where
// that is a symbolic link and the caller follows it.
class Walk {
 public:
  // From `start`, or the root for an absolute path. A path is not empty.
  Walk(FileSystem& files, Inode& start, std::string_view path, Owner who);
  // ENOENT, ENOTDIR, EACCES, ELOOP, ENAMETOOLONG: of what is on the way. The links there are followed.
  Result<Place> to_last();
  // Goes on to where a link says that was met last. ELOOP.
  Status follow(const Place& place, Inode& link);

 private:
  FileSystem& files_;
  const Owner who_;
  Inode* here_;
  std::string rest_;  // what is still to be walked; links put their targets before it
  std::size_t at_ = 0;
  std::size_t followed_ = 0;
};

// Whether the last component is followed, where it is a link. "link/" always is.
enum class Follow : std::uint8_t { no, yes };

// The inode behind a path. As Walk, and ENOENT; ENOTDIR ("file/").
Result<Inode*> find(FileSystem& files, Inode& start, std::string_view path, Follow follow, Owner who);

// The absolute path of a directory; none if it was removed.
std::optional<std::string> path_of(FileSystem& files, const Inode& directory);

}  // namespace stillpoint::disk
