#include "sim-core/disk/path.hpp"

#include <algorithm>
#include <utility>

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

Result<Inode*> look_up(FileSystem& files, const Place& place) {
  switch (place.last) {
    case Last::root:
    case Last::dot:
      return place.directory;
    case Last::dot_dot:
      return place.directory->parent;
    case Last::name:
      break;
  }
  if (place.directory->links == 0) return Failure{ENOENT};
  if (place.name.size() > kLongestName) return Failure{ENAMETOOLONG};
  return files.look_up(*place.directory, place.name);
}

Walk::Walk(FileSystem& files, Inode& start, std::string_view path, Owner who)
    : files_(files), who_(who), here_(path.starts_with('/') ? &files.root() : &start), rest_(path) {}

// link_path_walk()
Result<Place> Walk::to_last() {
  for (;;) {
    at_ = std::min(rest_.find_first_not_of('/', at_), rest_.size());
    if (at_ == rest_.size()) return Place{.directory = here_};
    if (!here_->is(S_IFDIR)) return Failure{ENOTDIR};
    if (!may(*here_, kMayExecute, who_)) return Failure{EACCES};
    const std::size_t end = std::min(rest_.find('/', at_), rest_.size());
    Place place{.directory = here_, .name = rest_.substr(at_, end - at_), .last = Last::name};
    if (place.name == ".") place.last = Last::dot;
    if (place.name == "..") place.last = Last::dot_dot;
    at_ = std::min(rest_.find_first_not_of('/', end), rest_.size());
    if (at_ == rest_.size()) {
      place.slash = end < rest_.size();
      return place;
    }
    const Result<Inode*> inode = look_up(files_, place);
    if (!inode) return Failure{inode.error()};
    if (inode.value() == nullptr) return Failure{ENOENT};
    if (inode.value()->is(S_IFLNK)) {
      at_ = end;
      if (const Status followed = follow(place, *inode.value()); !followed) return Failure{followed.error()};
    } else {
      here_ = inode.value();
    }
  }
}

Status Walk::follow(const Place& place, Inode& link) {
  if (++followed_ > kMostLinksFollowed) return Failure{ELOOP};
  files_.touch_accessed(link);
  rest_.replace(0, at_, link.target);
  at_ = 0;
  here_ = rest_.starts_with('/') ? &files_.root() : place.directory;
  return Done{};
}

// path_lookupat()
Result<Inode*> find(FileSystem& files, Inode& start, std::string_view path, Follow follow, Owner who) {
  Walk walk(files, start, path, who);
  bool is_directory = false;
  for (;;) {
    Result<Place> reached = walk.to_last();
    if (!reached) return Failure{reached.error()};
    const Place place = std::move(reached).value();
    is_directory |= place.slash;
    const Result<Inode*> inode = look_up(files, place);
    if (!inode) return inode;
    if (inode.value() == nullptr) return Failure{ENOENT};
    if (inode.value()->is(S_IFLNK) && (follow == Follow::yes || is_directory)) {
      if (const Status followed = walk.follow(place, *inode.value()); !followed) return Failure{followed.error()};
      continue;
    }
    if (is_directory && !inode.value()->is(S_IFDIR)) return Failure{ENOTDIR};
    return inode;
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
