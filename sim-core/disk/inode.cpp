#include "sim-core/disk/inode.hpp"

namespace stillpoint::disk {

Inode* Directory::find(std::string_view name) const {
  const auto found = names().find(name);
  return found != names().end() ? found->second.inode : nullptr;
}

const Directory::Names& Directory::names() const {
  // Never destroyed: a destructor would be one of the program that runs.
  static const Names& none = *new Names;
  return tables_ != nullptr ? tables_->names : none;
}

void Directory::set(std::string_view name, Inode* inode) {
  if (tables_ == nullptr) {
    if (inode == nullptr) return;
    tables_ = std::make_unique<Tables>();
  }
  const auto found = tables_->names.find(name);
  if (found != tables_->names.end()) {
    if (inode != nullptr) {
      found->second.inode = inode;
    } else {
      tables_->order.erase(found->second.cookie);
      tables_->names.erase(found);
    }
  } else if (inode != nullptr) {
    const auto placed = tables_->names.emplace(name, Entry{inode, tables_->next}).first;
    tables_->order.emplace(tables_->next++, placed->first);
  }
}

Directory::Found Directory::at(Cookie cookie) const {
  if (tables_ == nullptr) return {};
  const auto found = tables_->order.lower_bound(cookie);
  if (found == tables_->order.end()) return {};
  return {found->second, find(found->second), found->first};
}

bool is_within(const Inode& directory, const Inode& of) {
  for (const Inode* each = &directory;; each = each->parent) {
    if (each == &of) return true;
    if (each->parent == each || each->parent == nullptr) return false;
  }
}

}  // namespace stillpoint::disk
