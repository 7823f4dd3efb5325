#include "tests/disk/random/reference.hpp"

#include <fmt/format.h>

#include "tests/disk/tree.hpp"

namespace stillpoint::test {

using disk::kPage;

Reference::Reference(Number root, std::uint64_t pages, std::uint64_t most_inodes)
    : root_(root), most_pages_(pages), most_inodes_(most_inodes) {
  add_root();
}

void Reference::add_root() {
  Node& root = nodes_[root_];
  root.is_directory = true;
  root.parent = root_;
  root.names_of_it = 1;
}

Reference::Number Reference::find(Number directory, const std::string& name) const {
  const Node& node = nodes_.at(directory);
  const auto found = node.names.find(name);
  return found != node.names.end() ? found->second : 0;
}

bool Reference::is_within(Number directory, Number of) const {
  while (directory != of && directory != root_) directory = nodes_.at(directory).parent;
  return directory == of;
}

void Reference::set(Number directory, const std::string& name, Number inode) {
  const Number before = find(directory, name);
  if (before != 0) --nodes_[before].names_of_it;
  nodes_[directory].names.erase(name);
  if (inode == 0) return;
  nodes_[directory].names[name] = inode;
  ++nodes_[inode].names_of_it;
  if (nodes_[inode].is_directory) nodes_[inode].parent = directory;
}

void Reference::release(Number inode) {
  const Node& node = nodes_.at(inode);
  if (node.names_of_it == 0 && node.held == 0) nodes_.erase(inode);
}

int Reference::make(Number directory, const std::string& name, Number made, bool is_directory) {
  if (find(directory, name) != 0) return EEXIST;
  if (nodes_.size() >= most_inodes_) return ENOSPC;
  nodes_[made].is_directory = is_directory;
  set(directory, name, made);
  return 0;
}

int Reference::make_nameless(Number made) {
  if (nodes_.size() >= most_inodes_) return ENOSPC;
  nodes_[made] = {};
  return 0;
}

int Reference::link(Number inode, Number directory, const std::string& name) {
  if (find(directory, name) != 0) return EEXIST;
  if (nodes_.at(inode).is_directory) return EPERM;
  if (nodes_.at(inode).names_of_it == 0) return ENOENT;
  set(directory, name, inode);
  return 0;
}

int Reference::remove(Number directory, const std::string& name, bool is_directory) {
  const Number inode = find(directory, name);
  if (inode == 0) return ENOENT;
  if (nodes_.at(inode).is_directory && !is_directory) return EISDIR;
  if (!nodes_.at(inode).is_directory && is_directory) return ENOTDIR;
  if (!nodes_.at(inode).names.empty()) return ENOTEMPTY;
  set(directory, name, 0);
  release(inode);
  return 0;
}

int Reference::rename(Number from, const std::string& name, Number to, const std::string& new_name,
                      disk::FileSystem::Rename how) {
  using Rename = disk::FileSystem::Rename;
  const Number inode = find(from, name), other = find(to, new_name);
  if (inode == 0) return ENOENT;
  if (how == Rename::keep && other != 0) return EEXIST;
  if (how == Rename::exchange && other == 0) return ENOENT;
  if (nodes_.at(inode).is_directory && is_within(to, inode)) return EINVAL;
  if (other != 0 && nodes_.at(other).is_directory && is_within(from, other))
    return how == Rename::exchange ? EINVAL : ENOTEMPTY;
  if (inode == other) return 0;
  if (how == Rename::exchange) {
    nodes_[from].names[name] = other;
    nodes_[to].names[new_name] = inode;
    if (nodes_[other].is_directory) nodes_[other].parent = from;
    if (nodes_[inode].is_directory) nodes_[inode].parent = to;
    return 0;
  }
  if (other != 0) {
    if (nodes_.at(inode).is_directory && !nodes_.at(other).is_directory) return ENOTDIR;
    if (!nodes_.at(inode).is_directory && nodes_.at(other).is_directory) return EISDIR;
    if (!nodes_.at(other).names.empty()) return ENOTEMPTY;
  }
  set(to, new_name, inode);
  set(from, name, 0);
  if (nodes_[inode].is_directory) nodes_[inode].parent = to;
  if (other != 0) release(other);
  return 0;
}

void Reference::hold(Number inode, int more) {
  nodes_.at(inode).held += more;
  release(inode);
}

std::uint64_t Reference::used_pages() const {
  std::uint64_t used = 0;
  for (const auto& [number, node] : nodes_) used += node.pages.size();
  return used;
}

std::uint64_t Reference::free_pages() const { return most_pages_ - std::min(used_pages(), most_pages_); }

std::uint64_t Reference::room_for(const Node& node, std::uint64_t offset, std::uint64_t size) const {
  std::uint64_t free = free_pages();
  for (std::uint64_t at = offset; at < offset + size; at = (at / kPage + 1) * kPage) {
    if (node.pages.contains(at / kPage)) continue;
    if (free-- == 0) return at - offset;
  }
  return size;
}

Result<std::size_t> Reference::write(Number inode, std::uint64_t offset, std::string_view bytes) {
  Node& node = nodes_.at(inode);
  bytes = bytes.substr(0, room_for(node, offset, bytes.size()));
  if (bytes.empty()) return Failure{ENOSPC};
  if (node.content.size() < offset + bytes.size()) node.content.resize(offset + bytes.size());
  node.content.replace(offset, bytes.size(), bytes);
  for (std::uint64_t page = offset / kPage; page * kPage < offset + bytes.size(); ++page) node.pages.insert(page);
  return bytes.size();
}

void Reference::store(Number inode, std::uint64_t offset, std::string_view bytes) {
  Node& node = nodes_.at(inode);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (node.content[offset + i] != bytes[i]) node.pages.insert((offset + i) / kPage);
    node.content[offset + i] = bytes[i];
  }
}

void Reference::resize(Number inode, std::uint64_t size) {
  Node& node = nodes_.at(inode);
  const bool longer = size > node.content.size();
  node.content.resize(size);
  if (!longer) node.pages.erase(node.pages.lower_bound((size + kPage - 1) / kPage), node.pages.end());
}

int Reference::allocate(Number inode, std::uint64_t offset, std::uint64_t size) {
  Node& node = nodes_.at(inode);
  if (room_for(node, offset, size) < size) return ENOSPC;
  for (std::uint64_t page = offset / kPage; page * kPage < offset + size; ++page) node.pages.insert(page);
  return 0;
}

std::vector<std::string> Reference::differences_from(disk::FileSystem& files) const {
  std::vector<std::string> differences;
  for (const auto& [number, node] : nodes_) {
    disk::Inode* inode = files.find(number);
    if (inode == nullptr) {
      differences.push_back(fmt::format("{} is not there", number));
    } else if (node.is_directory) {
      std::map<std::string, Number> names;
      for (const auto& [name, leads] : inode->directory.names()) names[name] = leads.inode->number;
      if (names != node.names) differences.push_back(fmt::format("other names in {}", number));
    } else if (const std::string content = content_of(files, *inode); content != node.content) {
      differences.push_back(fmt::format("{} holds {}, not {}", number, runs(content), runs(node.content)));
    }
  }
  return differences;
}

void Reference::begin_again(disk::FileSystem& files) {
  nodes_.clear();
  add_root();
  std::vector<disk::Inode*> left{&files.root()};
  while (!left.empty()) {
    disk::Inode& directory = *left.back();
    left.pop_back();
    for (const auto& [name, leads] : directory.directory.names()) {
      disk::Inode& inode = *leads.inode;
      Node& node = nodes_[inode.number];
      node.is_directory = inode.is(S_IFDIR);
      set(directory.number, name, inode.number);
      if (node.is_directory) {
        left.push_back(&inode);
        continue;
      }
      node.content = content_of(files, inode);
      constexpr std::uint64_t kMostPages = 1'000;  // behind which no file of the workload has any
      for (std::uint64_t page = 0; page < kMostPages; ++page) {
        if (inode.content.page(page) != nullptr || inode.room.contains(page)) node.pages.insert(page);
      }
    }
  }
}

}  // namespace stillpoint::test
