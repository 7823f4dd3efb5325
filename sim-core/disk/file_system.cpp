#include "sim-core/disk/file_system.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "sim-core/base/assert.hpp"

namespace stillpoint::disk {
namespace {

// EXT4_LINK_MAX
constexpr unsigned kMostLinks = 65'000;

}  // namespace

FileSystem::FileSystem(Machine& machine, DiskOptions options, Owner owner)
    : machine_(machine), options_(options), fsync_lies_(options.fsync_lies) {
  root_ = &add_inode(S_IFDIR | 0755, owner);
  root_->links = 2;
  root_->parent = root_;
}

Inode* FileSystem::find(InodeNumber number) const {
  const auto found = inodes_.find(number);
  return found != inodes_.end() ? found->second.get() : nullptr;
}

Inode& FileSystem::add_inode(mode_t mode, Owner owner) {
  const InodeNumber number = ++last_number_;
  Inode& inode = *inodes_.emplace_hint(inodes_.end(), number, std::make_unique<Inode>(pool_, number, mode))->second;
  inode.user = owner.user;
  inode.group = owner.group;
  const WallTime now = machine_.wall_time();
  inode.times = {now, now, now, now};
  ++used_inodes_;
  return inode;
}

void FileSystem::release(Inode& inode) {
  if (inode.links > 0 || inode.opened > 0 || inode.pinned > 0) return;
  unsynced_.erase(inode.number);
  stores_.erase(inode.number);
  inodes_.erase(inode.number);
}

void FileSystem::release(const std::vector<Inode*>& inodes) {
  // One may be in it twice, and is gone after the first.
  std::set<InodeNumber> numbers;
  for (const Inode* inode : inodes) numbers.insert(inode->number);
  for (const InodeNumber number : numbers) release(*inodes_.at(number));
}

void FileSystem::changed(Inode& inode) { inode.times.change = machine_.wall_time(); }

void FileSystem::modified(Inode& inode) { inode.times.modification = inode.times.change = machine_.wall_time(); }

void FileSystem::note_shape(Inode& inode) { inode.last_change = inode.last_shape = sequence_; }

// ---- names ----

void FileSystem::change_names(EventId event, Journal::Cell first, Journal::Cell second) {
  ++sequence_;
  ++name_changes_;
  for (const Journal::Cell* cell : {&first, &second}) {
    if (cell->directory == nullptr) continue;
    cell->directory->directory.set(cell->name, cell->after);
    modified(*cell->directory);
    note_shape(*cell->directory);
    for (Inode* inode : {cell->before, cell->after}) {
      if (inode == nullptr) continue;
      changed(*inode);
      inode->last_change = sequence_;
      // A new name is nothing that fdatasync() of an old file waits for with ext4, whose ext4_do_update_inode() asks
      // for need_datasync where the size changes; with XFS it is (xfs_fsync_seq()).
      const bool is_new = cell->before == nullptr && inode->last_shape == 0;
      if (is_new || options_.ordering != Ordering::ext4_ordered) inode->last_shape = sequence_;
    }
  }
  journal_.add({.sequence = sequence_,
                .when = machine_.now(),
                .event = event,
                .kind = Journal::Kind::names,
                .cells = {std::move(first), std::move(second)}});
  write_back_if_much();
}

Inode& FileSystem::add_below(Inode& directory, mode_t mode, Owner owner, std::string_view target, dev_t device) {
  Inode& inode = add_inode(mode, owner);
  if ((directory.mode & S_ISGID) != 0) {  // inode(7), "the set-group-ID bit"
    inode.group = directory.group;
    if (inode.is(S_IFDIR)) inode.mode |= S_ISGID;
  }
  inode.links = 1;
  inode.target = target;
  inode.size = target.size();
  inode.device = device;
  if (inode.is(S_IFDIR)) {
    inode.links = 2;
    inode.parent = &directory;
    ++directory.links;
  }
  return inode;
}

Inode& FileSystem::place(Inode& directory, std::string_view name, mode_t mode, Owner owner, std::string_view content,
                         dev_t device) {
  Inode& inode = add_below(directory, mode, owner, S_ISLNK(mode) ? content : std::string_view{}, device);
  directory.directory.set(name, &inode);
  ++name_changes_;
  if (S_ISREG(mode)) {
    inode.size = content.size();
    for (std::size_t at = 0; at < content.size(); at += kPage) {
      std::byte page[kPage] = {};
      const std::string_view some = content.substr(at, kPage);
      std::memcpy(page, some.data(), some.size());
      inode.content.set(at / kPage, page);
      ++used_pages_;
    }
    inode.content.forget_cache();
  }
  machine_.placed(inode, directory, name);
  return inode;
}

Inode* Machine::find_elsewhere(Inode&, std::string_view) { return nullptr; }
void Machine::wrote_back(std::uint64_t) {}

Result<Inode*> FileSystem::make(Inode& directory, std::string_view name, mode_t mode, Owner owner,
                                std::string_view target, dev_t device) {
  if (directory.directory.find(name) != nullptr) return Failure{EEXIST};
  if (directory.links == 0) return Failure{ENOENT};
  if (used_inodes_ >= options_.most_inodes) return Failure{ENOSPC};
  Inode& inode = add_below(directory, mode, owner, target, device);
  const EventId event = machine_.renamed(NameChange::make, inode, directory, name, nullptr, target);
  change_names(event, {&directory, std::string(name), nullptr, &inode});
  return &inode;
}

Result<Inode*> FileSystem::make_nameless(mode_t mode, Owner owner) {
  if (used_inodes_ >= options_.most_inodes) return Failure{ENOSPC};
  Inode& inode = add_inode(mode, owner);
  ++sequence_;
  note_shape(inode);
  machine_.note_detail(Detail::nameless, inode);
  return &inode;
}

Status FileSystem::link(Inode& inode, Inode& directory, std::string_view name, bool from_nameless) {
  if (directory.directory.find(name) != nullptr) return Failure{EEXIST};
  if (inode.is(S_IFDIR)) return Failure{EPERM};
  if (directory.links == 0 || (inode.links == 0 && !from_nameless)) return Failure{ENOENT};
  if (inode.links >= kMostLinks) return Failure{EMLINK};
  ++inode.links;
  const EventId event = machine_.renamed(NameChange::link, inode, directory, name, nullptr, {});
  change_names(event, {&directory, std::string(name), nullptr, &inode});
  return Done{};
}

// A name of the inode is gone. What it takes is free once nobody holds it.
void FileSystem::drop_link(Inode& inode) {
  inode.links -= inode.is(S_IFDIR) ? 2 : 1;
  if (inode.links == 0 && inode.opened == 0) set_free(inode);
}

// Programs have no way to it any more; only a crash may bring it back.
void FileSystem::set_free(const Inode& inode) {
  used_pages_ -= inode.pages();
  --used_inodes_;
  machine_.note_detail(Detail::gone, inode);
}

Status FileSystem::remove(Inode& directory, std::string_view name) {
  Inode* inode = directory.directory.find(name);
  if (inode == nullptr) return Failure{ENOENT};
  if (inode->is(S_IFDIR)) return Failure{EISDIR};
  const EventId event = machine_.renamed(NameChange::remove, *inode, directory, name, nullptr, {});
  drop_link(*inode);
  change_names(event, {&directory, std::string(name), inode, nullptr});
  return Done{};
}

Status FileSystem::remove_directory(Inode& directory, std::string_view name) {
  Inode* inode = directory.directory.find(name);
  if (inode == nullptr) return Failure{ENOENT};
  if (!inode->is(S_IFDIR)) return Failure{ENOTDIR};
  if (!inode->directory.empty()) return Failure{ENOTEMPTY};
  const EventId event = machine_.renamed(NameChange::remove_directory, *inode, directory, name, nullptr, {});
  drop_link(*inode);
  --directory.links;
  change_names(event, {&directory, std::string(name), inode, nullptr});
  return Done{};
}

Status FileSystem::rename(Inode& from_directory, std::string_view from, Inode& to_directory, std::string_view to,
                          Rename how) {
  Inode* inode = from_directory.directory.find(from);
  if (inode == nullptr) return Failure{ENOENT};
  Inode* other = to_directory.directory.find(to);
  if (how == Rename::keep && other != nullptr) return Failure{EEXIST};
  if (how == Rename::exchange && other == nullptr) return Failure{ENOENT};
  if (is_within(to_directory, *inode)) return Failure{EINVAL};
  const bool exchanges = how == Rename::exchange;
  if (other != nullptr && is_within(from_directory, *other)) return Failure{exchanges ? EINVAL : ENOTEMPTY};
  if (inode == other) return Done{};
  if (to_directory.links == 0) return Failure{ENOENT};
  if (!exchanges && other != nullptr) {
    if (inode->is(S_IFDIR) && !other->is(S_IFDIR)) return Failure{ENOTDIR};
    if (!inode->is(S_IFDIR) && other->is(S_IFDIR)) return Failure{EISDIR};
    if (!other->directory.empty()) return Failure{ENOTEMPTY};
    // ext4(5), auto_da_alloc: "replace via rename".
    flush_before_journal(*inode);
  }
  const EventId event = machine_.renamed(exchanges ? NameChange::exchange : NameChange::rename, *inode, from_directory,
                                         from, &to_directory, to);
  if (inode->is(S_IFDIR)) {
    --from_directory.links;
    ++to_directory.links;
    inode->parent = &to_directory;
  }
  if (other != nullptr && other->is(S_IFDIR)) {
    --to_directory.links;
    if (exchanges) {
      ++from_directory.links;
      other->parent = &from_directory;
    }
  }
  if (other != nullptr && !exchanges) drop_link(*other);
  change_names(event, {&from_directory, std::string(from), inode, exchanges ? other : nullptr},
               {&to_directory, std::string(to), other, inode});
  return Done{};
}

void FileSystem::let_go(Inode& inode) {
  SP_ASSERT(inode.opened > 0);
  if (inode.flush_at_close) {
    inode.flush_at_close = false;
    if (flush_before_journal(inode)) machine_.note_detail(Detail::closed, inode);
  }
  if (--inode.opened > 0 || inode.links > 0) return;
  set_free(inode);
  release(inode);
}

// ---- attributes ----

void FileSystem::set_mode(Inode& inode, mode_t permissions) {
  const mode_t before = inode.mode;
  inode.mode = (inode.mode & S_IFMT) | (permissions & 07777);
  changed(inode);
  ++sequence_;
  inode.last_change = sequence_;
  journal_.add({.sequence = sequence_,
                .when = machine_.now(),
                .event = machine_.changed_mode(inode),
                .kind = Journal::Kind::mode,
                .cells = {},
                .inode = &inode,
                .before = before,
                .after = inode.mode});
  write_back_if_much();
}

// mount(8), relatime: once after each change, and once a day.
void FileSystem::touch_accessed(Inode& inode) {
  constexpr WallTime kDay = WallTime{86'400} * 1'000'000'000;
  const WallTime now = machine_.wall_time();
  Times& times = inode.times;
  if (times.access <= times.modification || times.access <= times.change || now - times.access >= kDay)
    times.access = now;
}

void FileSystem::set_times(Inode& inode, std::optional<WallTime> access, std::optional<WallTime> modification) {
  if (access) inode.times.access = *access;
  if (modification) inode.times.modification = *modification;
  changed(inode);
  inode.last_change = ++sequence_;
  machine_.note_detail(Detail::times, inode);
}

}  // namespace stillpoint::disk
