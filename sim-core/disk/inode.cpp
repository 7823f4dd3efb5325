#include "sim-core/disk/inode.hpp"

namespace stillpoint::disk {

Inode* Directory::find(std::string_view name) const {
  const auto found = names_.find(name);
  return found != names_.end() ? found->second.inode : nullptr;
}

void Directory::set(std::string_view name, Inode* inode) {
  const auto found = names_.find(name);
  if (found != names_.end()) {
    if (inode != nullptr) {
      found->second.inode = inode;
    } else {
      order_.erase(found->second.cookie);
      names_.erase(found);
    }
  } else if (inode != nullptr) {
    const auto placed = names_.emplace(name, Entry{inode, next_}).first;
    order_.emplace(next_++, placed->first);
  }
}

Directory::Found Directory::at(Cookie cookie) const {
  const auto found = order_.lower_bound(cookie);
  if (found == order_.end()) return {};
  return {found->second, find(found->second), found->first};
}

}  // namespace stillpoint::disk
