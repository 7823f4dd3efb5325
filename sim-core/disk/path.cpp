#include "sim-core/disk/path.hpp"

#include <algorithm>

namespace stillpoint::disk {

bool may(const Inode& inode, unsigned what, Owner who) {
  const unsigned granted = inode.user == who.user     ? inode.mode >> 6
                           : inode.group == who.group ? inode.mode >> 3
                                                      : inode.mode;
  return (granted & what) == what;
}

Status may_remove(const Inode& directory, const Inode& inode, Owner who) {
  if (!may(directory, kMayWrite | kMayExecute, who)) return Failure{EACCES};
  const bool sticky = (directory.mode & S_ISVTX) != 0;
  if (sticky && inode.user != who.user && directory.user != who.user) return Failure{EPERM};
  return Done{};
}

Result<Place> walk(FileSystem& files, Inode& start, std::string_view path, Follow follow, Owner who) {
  if (path.empty()) return Failure{ENOENT};
  Place place;
  place.directory = path.front() == '/' ? &files.root() : &start;
  place.last = Last::root;
  place.inode = place.directory;
  std::string rest(path);  // what is still to be walked; links put their targets before it
  std::size_t at = 0;
  std::size_t followed = 0;
  for (;;) {
    while (at < rest.size() && rest[at] == '/') ++at;
    if (at == rest.size()) return place;
    const std::size_t end = std::min(rest.find('/', at), rest.size());
    const std::string_view component = std::string_view(rest).substr(at, end - at);
    const std::size_t next = std::min(rest.find_first_not_of('/', end), rest.size());
    const bool is_last = next == rest.size();
    // The directory that we are in now; what was reached so far must be one.
    Inode* const directory = place.inode;
    if (!directory->is(S_IFDIR)) return Failure{ENOTDIR};
    if (!may(*directory, kMayExecute, who)) return Failure{EACCES};
    if (component.size() > kLongestName) return Failure{ENAMETOOLONG};
    place.directory = directory;
    place.name.clear();
    place.slash = is_last && end < rest.size();
    if (component == ".") {
      place.last = Last::dot;
      place.inode = directory;
    } else if (component == "..") {
      place.last = Last::dot_dot;
      place.inode = directory->parent;
    } else {
      place.last = Last::name;
      place.inode = files.look_up(*directory, component);
      place.name = component;
    }
    const bool follows = !is_last || follow == Follow::yes || (place.slash && follow == Follow::no);
    if (place.inode != nullptr && place.inode->is(S_IFLNK) && follows) {
      if (++followed > kMostLinksFollowed) return Failure{ELOOP};
      files.touch_accessed(*place.inode);
      if (place.inode->target.empty()) return Failure{ENOENT};
      rest = place.inode->target + rest.substr(end);
      at = 0;
      place.inode = rest.front() == '/' ? &files.root() : directory;
      place.last = Last::root;
      continue;
    }
    if (is_last) return place;
    if (place.inode == nullptr) return Failure{ENOENT};
    at = next;
  }
}

std::optional<std::string> path_of(FileSystem& files, const Inode& directory) {
  std::string path;
  for (const Inode* each = &directory; each != &files.root(); each = each->parent) {
    if (each->links == 0) return std::nullopt;
    const auto& names = each->parent->directory.names();
    const auto name = std::ranges::find_if(names, [&](const auto& entry) { return entry.second.inode == each; });
    path.insert(0, "/" + name->first);
  }
  return path.empty() ? "/" : path;
}

}  // namespace stillpoint::disk
