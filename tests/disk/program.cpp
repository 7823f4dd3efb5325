#include "tests/disk/program.hpp"

#include <cstdlib>
#include <stdexcept>

#include "tests/disk/tree.hpp"

namespace stillpoint::test {
namespace {

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(at), text.size());
    if (end > 0) parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::uint64_t number_of(const std::string& word) { return std::strtoull(word.c_str(), nullptr, 10); }

}  // namespace

std::string content_of_runs(const std::string& runs) {
  std::string content;
  for (const std::string& run : split(runs, '+'))
    content.append(run.size() > 2 ? number_of(run.substr(2)) : 1, run[0] == '0' ? '\0' : run[0]);
  return content;
}

Program program_of(std::string_view text) {
  Program program;
  for (const std::string& operation : split(text, ';')) program.push_back(split(operation, ' '));
  return program;
}

std::string text_of(std::span<const Operation> program) {
  std::string text;
  for (const Operation& operation : program) {
    if (!text.empty()) text += "; ";
    for (const std::string& word : operation) text += (&word == &operation[0] ? "" : " ") + word;
  }
  return text;
}

std::string_view name_of(disk::Ordering ordering) {
  switch (ordering) {
    case disk::Ordering::ext4_ordered:
      return "ext4_ordered";
    case disk::Ordering::xfs:
      return "xfs";
    default:
      return "strict_posix";
  }
}

std::optional<ProgramWorld::Place> ProgramWorld::place_of(std::string_view path) {
  disk::Inode* directory = &files.root();
  std::vector<std::string> names = split(path, '/');
  for (std::size_t i = 0; i + 1 < names.size(); ++i) {
    directory = directory->directory.find(names[i]);
    if (directory == nullptr || !directory->is(S_IFDIR)) return std::nullopt;
  }
  return Place{directory, names.empty() ? "" : names.back()};
}

disk::Inode* ProgramWorld::find(std::string_view path) {
  if (path.starts_with('@')) {
    const auto found = handles_.find(path);
    return found != handles_.end() ? found->second : nullptr;
  }
  const auto place = place_of(path);
  if (!place) return nullptr;
  return place->name.empty() ? place->directory : place->directory->directory.find(place->name);
}

std::vector<disk::Inode*> ProgramWorld::held() const {
  std::vector<disk::Inode*> held;
  for (const auto& [path, inode] : handles_) held.push_back(inode);
  return held;
}

bool ProgramWorld::write(disk::Inode* inode, std::uint64_t offset, std::string_view content) {
  const iovec part{const_cast<char*>(content.data()), content.size()};
  return static_cast<bool>(files.write(*inode, offset, {&part, 1}));
}

void ProgramWorld::run(std::span<const Operation> program) {
  for (const Operation& operation : program) run(operation);
}

bool ProgramWorld::run(const Operation& words) {
  using Rename = disk::FileSystem::Rename;
  const std::string& what = words.at(0);
  if (what == "sync") return files.sync_everything(), true;
  const std::string& path = words.at(1);
  if (what == "wait") return machine.time += std::chrono::seconds(number_of(path)), true;
  if (what == "tmpfile") {
    disk::Inode* made = files.make_nameless(S_IFREG | 0644, {0, 0}).value();
    files.hold(*made);
    handles_[path] = made;
    return true;
  }
  if (what == "close") {
    const auto handle = handles_.find(path);
    if (handle == handles_.end()) return false;
    files.let_go(*handle->second);
    handles_.erase(handle);
    return true;
  }
  disk::Inode* const inode = find(path);
  const std::optional<Place> place = place_of(path);
  if (what == "create" || what == "mkdir") {
    if (!place || inode != nullptr) return false;
    return static_cast<bool>(
        files.make(*place->directory, place->name, what == "mkdir" ? S_IFDIR | 0755 : S_IFREG | 0644, {0, 0}));
  }
  if (inode == nullptr) return false;
  if (what == "fsync") return files.sync(*inode), true;
  if (what == "fdatasync") return files.sync(*inode, disk::FileSystem::Sync::data), true;
  if (what == "unlink") return static_cast<bool>(files.remove(*place->directory, place->name));
  if (what == "rmdir") return static_cast<bool>(files.remove_directory(*place->directory, place->name));
  if (what == "link" || what == "rename" || what == "exchange") {
    const std::optional<Place> to = place_of(words.at(2));
    if (!to || to->name.empty()) return false;
    if (what == "link") return static_cast<bool>(files.link(*inode, *to->directory, to->name, path[0] == '@'));
    const Rename how = what == "rename" ? Rename::replace : Rename::exchange;
    return static_cast<bool>(files.rename(*place->directory, place->name, *to->directory, to->name, how));
  }
  if (!inode->is(S_IFREG)) return false;
  if (what == "open") {
    if (handles_.contains(path)) return false;
    files.hold(*inode);
    handles_[path] = inode;
    return true;
  }
  if (what == "write") return write(inode, number_of(words.at(2)), content_of_runs(words.at(3)));
  if (what == "append") return write(inode, inode->size, content_of_runs(words.at(2)));
  if (what == "truncate") return static_cast<bool>(files.resize(*inode, number_of(words.at(2))));
  throw std::invalid_argument(what);
}

std::optional<States> states_of(const Experiment& experiment, std::uint64_t most) {
  return states_of(experiment, most, [](ProgramWorld&) {});
}

std::string tree_after(const Experiment& experiment) {
  ProgramWorld world(experiment.options);
  world.run(experiment.setup);
  world.files.sync_everything();
  world.run(experiment.program);
  return tree_of(world.files);
}

}  // namespace stillpoint::test
