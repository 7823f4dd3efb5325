#include "tests/disk/promises.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tests/disk/tree.hpp"

namespace stillpoint::test {
namespace {

constexpr char kStale = static_cast<char>(0xA5);

std::vector<disk::Inode*> directories_of(disk::FileSystem& files) {
  std::vector<disk::Inode*> directories{&files.root()};
  for (std::size_t i = 0; i < directories.size(); ++i) {
    for (const auto& [name, leads] : directories[i]->directory.names()) {
      if (leads.inode->is(S_IFDIR)) directories.push_back(leads.inode);
    }
  }
  return directories;
}

}  // namespace

void Promises::set_name(Node& directory, const std::string& name, Number inode) {
  const auto now = directory.names.find(name);
  const Number before = now != directory.names.end() ? now->second : 0;
  directory.since[name].insert({before, inode});
  directory.changed = true;
  for (const Number each : {before, inode}) {
    if (each != 0) nodes_[each].changed = true;
  }
  if (inode != 0) {
    directory.names[name] = inode;
  } else {
    directory.names.erase(now);
  }
}

void Promises::observe(disk::FileSystem& files, disk::Inode* changed_file) {
  if (changed_file != nullptr) {
    Node& node = nodes_[changed_file->number];
    if (node.contents.empty()) node.contents.emplace_back();
    node.contents.push_back(content_of(files, *changed_file));
    node.changed = true;
  }
  for (disk::Inode* directory : directories_of(files)) {
    Node& node = nodes_[directory->number];
    const disk::Directory::Names& names = directory->directory.names();
    std::set<std::string> gone;
    for (const auto& [name, inode] : node.names) {
      if (!names.contains(name)) gone.insert(name);
    }
    for (const std::string& name : gone) set_name(node, name, 0);
    for (const auto& [name, leads] : names) {
      const auto known = node.names.find(name);
      if (known == node.names.end() || known->second != leads.inode->number) set_name(node, name, leads.inode->number);
      Node& inode = nodes_[leads.inode->number];
      if (leads.inode->is(S_IFREG) && inode.contents.empty()) inode.contents.emplace_back();
    }
  }
  for (auto& [number, node] : nodes_) {
    const disk::Inode* inode = files.find(number);
    if (inode == nullptr || inode->links == 0) node.settled = false;
  }
}

void Promises::observe_all(disk::FileSystem& files) {
  observe(files);
  for (disk::Inode* directory : directories_of(files)) {
    for (const auto& [name, leads] : directory->directory.names()) {
      if (leads.inode->is(S_IFREG)) observe(files, leads.inode);
    }
  }
}

void Promises::synced(const disk::Inode& inode, disk::FileSystem::Sync what) {
  Node& node = nodes_[inode.number];
  const bool commits_all = what == disk::FileSystem::Sync::all && node.changed && !commits_by_itself_;
  if (inode.is(S_IFDIR)) {
    node.since.clear();
  } else if (!node.contents.empty()) {
    node.contents.erase(node.contents.begin(), node.contents.end() - 1);
  }
  if (ordering_ == disk::Ordering::strict_posix) return;
  for (auto& [number, each] : nodes_) {
    if (ordering_ == disk::Ordering::ext4_ordered) each.changed = false;
    if (ordering_ == disk::Ordering::ext4_ordered && commits_all) each.since.clear();
    if (what == disk::FileSystem::Sync::data) continue;
    // fsync of a file makes its names durable with both.
    std::erase_if(each.since, [&, &names = each.names](const auto& cell) {
      const auto now = names.find(cell.first);
      return now != names.end() && now->second == inode.number;
    });
  }
}

void Promises::settled_names() {
  for (auto& [number, node] : nodes_) node.since.clear();
}

void Promises::synced_everything() {
  settled_everything();
  for (auto& [number, node] : nodes_) node.changed = false;
}

void Promises::settled_everything() {
  settled_names();
  for (auto& [number, node] : nodes_) {
    if (!node.contents.empty()) node.contents.erase(node.contents.begin(), node.contents.end() - 1);
    for (const auto& [name, inode] : node.names) nodes_[inode].settled = true;
  }
}

void Promises::check_content(const Node& node, const std::string& path, disk::FileSystem& crashed, disk::Inode& inode,
                             std::vector<std::string>& broken) const {
  const bool strict = ordering_ == disk::Ordering::strict_posix;
  const std::string content = content_of(crashed, inode);
  const std::uint64_t block = strict ? crashed.options().sector : disk::kPage;
  const auto [least, most] = std::ranges::minmax_element(node.contents, {}, &std::string::size);
  const bool part = content.size() % block == 0 && content.size() >= least->size() && content.size() <= most->size();
  if (!part && std::ranges::find(node.contents, content.size(), &std::string::size) == node.contents.end())
    broken.push_back(fmt::format("{} has {} bytes", path, content.size()));
  for (std::size_t i = 0; i < content.size(); ++i) {
    const bool ok = std::ranges::any_of(node.contents, [&](const std::string& was) {
      if (i < was.size() && was[i] == content[i]) return true;
      // Here the file ended, or had a hole.
      return (i >= was.size() || (was[i] == '\0' && strict)) &&
             (content[i] == '\0' || (strict && content[i] == kStale));
    });
    if (ok) continue;
    broken.push_back(fmt::format("{} has {} at {}: {}", path, runs(content.substr(i, 1)), i, runs(content)));
    break;
  }
}

std::vector<std::string> Promises::broken_by(disk::FileSystem& crashed) const {
  std::vector<std::string> broken;
  std::set<Number> there;
  for (disk::Inode* directory : directories_of(crashed)) {
    there.insert(directory->number);
    const auto known = nodes_.find(directory->number);
    if (known == nodes_.end()) {
      broken.push_back(fmt::format("directory {} has never been", directory->number));
      continue;
    }
    const Node& node = known->second;
    std::map<std::string, Number> names;  // with those that are not there
    for (const auto& [name, inode] : node.names) names[name] = 0;
    for (const auto& [name, inodes] : node.since) names[name] = 0;
    for (const auto& [name, leads] : directory->directory.names()) names[name] = leads.inode->number;
    for (const auto& [name, inode] : names) {
      const auto now = node.names.find(name);
      const auto since = node.since.find(name);
      const bool is = inode == (now != node.names.end() ? now->second : 0);
      if (!is && (since == node.since.end() || !since->second.contains(inode)))
        broken.push_back(fmt::format("{} of directory {} leads to {}", name, directory->number, inode));
      if (inode == 0) continue;
      there.insert(inode);
      disk::Inode& file = *directory->directory.find(name);
      const auto content = nodes_.find(inode);
      if (file.is(S_IFREG) && content != nodes_.end()) check_content(content->second, name, crashed, file, broken);
    }
  }
  for (const auto& [number, node] : nodes_) {
    // With strict_posix a file's only durable name may go before the new one is durable.
    const bool may_go = ordering_ == disk::Ordering::strict_posix && !node.contents.empty();
    if (node.settled && !may_go && !there.contains(number)) broken.push_back(fmt::format("{} is lost", number));
  }
  return broken;
}

}  // namespace stillpoint::test
