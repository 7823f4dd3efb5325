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

struct Place {
  Inode* directory = nullptr;  // where the last component stands
  std::string name;            // of Last::name
  Last last = Last::name;
  bool slash = false;      // something follows that only a directory can have: "name/"
  Inode* inode = nullptr;  // what is there, or null
};

enum class Follow : std::uint8_t {
  never,  // what changes names: the last component is the name itself
  no,     // the last component may be a symbolic link itself, but for "link/"
  yes,    // it is followed, too
};

// Walks from `start` (or the root, for an absolute path). That there is nothing at the end is not an error. ENOENT (the
// empty path, or a component on the way), ENOTDIR, EACCES, ELOOP, ENAMETOOLONG.
Result<Place> walk(FileSystem& files, Inode& start, std::string_view path, Follow follow, Owner who);

// The absolute path of a directory; none if it was removed.
std::optional<std::string> path_of(FileSystem& files, const Inode& directory);

}  // namespace stillpoint::disk
