// The calls that change names and attributes: what they refuse, in the order in which Linux's fs/namei.c does.
#include <fcntl.h>
#include <limits.h>

#include "sim-core/kernel/storage.hpp"

namespace stillpoint::kernel {

using disk::Follow;
using disk::Inode;
using disk::Last;
using disk::Place;

Result<Inode*> Storage::find(Inode& base, std::string_view path, Follow follow) {
  const Result<Place> place = disk::walk(files, base, path, follow, user());
  if (!place) return Failure{place.error()};
  const Place& found = place.value();
  if (found.inode == nullptr) return Failure{ENOENT};
  if (found.slash && !found.inode->is(S_IFDIR)) return Failure{ENOTDIR};
  return found.inode;
}

// filename_create() and may_create().
Result<Place> Storage::find_new(Inode& base, std::string_view path, bool of_directory) {
  const Result<Place> walked = disk::walk(files, base, path, Follow::never, user());
  if (!walked) return walked;
  const Place& place = walked.value();
  if (place.inode != nullptr) return Failure{EEXIST};
  if (place.slash && !of_directory) return Failure{ENOENT};
  if (place.directory->links == 0) return Failure{ENOENT};
  if (!disk::may(*place.directory, disk::kMayWrite | disk::kMayExecute, user())) return Failure{EACCES};
  return walked;
}

Status Storage::make_directory(Inode& base, std::string_view path, mode_t mode) {
  const Result<Place> place = find_new(base, path, true);
  if (!place) return Failure{place.error()};
  const mode_t permissions = mode & 01777 & ~umask;
  const auto made = files.make(*place.value().directory, place.value().name, S_IFDIR | permissions, user());
  return made ? Status(Done{}) : Failure{made.error()};
}

Status Storage::make_symbolic_link(std::string_view target, Inode& base, std::string_view path) {
  if (target.empty()) return Failure{ENOENT};
  const Result<Place> place = find_new(base, path, false);
  if (!place) return Failure{place.error()};
  const auto made = files.make(*place.value().directory, place.value().name, S_IFLNK | 0777, user(), target);
  return made ? Status(Done{}) : Failure{made.error()};
}

Status Storage::link(Inode& inode, Inode& base, std::string_view path) {
  const Result<Place> place = find_new(base, path, false);
  if (!place) return Failure{place.error()};
  return files.link(inode, *place.value().directory, place.value().name, inode.nameless);
}

Status Storage::remove(Inode& base, std::string_view path) {
  const Result<Place> walked = disk::walk(files, base, path, Follow::never, user());
  if (!walked) return Failure{walked.error()};
  const Place& place = walked.value();
  if (place.last != Last::name) return Failure{EISDIR};
  if (place.inode == nullptr) return Failure{ENOENT};
  if (place.slash) return Failure{place.inode->is(S_IFDIR) ? EISDIR : ENOTDIR};
  if (const Status allowed = disk::may_remove(*place.directory, *place.inode, user()); !allowed) return allowed;
  return files.remove(*place.directory, place.name);
}

Status Storage::remove_directory(Inode& base, std::string_view path) {
  const Result<Place> walked = disk::walk(files, base, path, Follow::never, user());
  if (!walked) return Failure{walked.error()};
  const Place& place = walked.value();
  if (place.last == Last::dot_dot) return Failure{ENOTEMPTY};
  if (place.last == Last::dot) return Failure{EINVAL};
  if (place.last == Last::root) return Failure{EBUSY};
  if (place.inode == nullptr) return Failure{ENOENT};
  if (const Status allowed = disk::may_remove(*place.directory, *place.inode, user()); !allowed) return allowed;
  return files.remove_directory(*place.directory, place.name);
}

// do_renameat2() and vfs_rename().
Status Storage::rename(Inode& from_base, std::string_view from, Inode& to_base, std::string_view to,
                       disk::FileSystem::Rename how) {
  using Rename = disk::FileSystem::Rename;
  const Result<Place> old_place = disk::walk(files, from_base, from, Follow::never, user());
  if (!old_place) return Failure{old_place.error()};
  const Result<Place> new_place = disk::walk(files, to_base, to, Follow::never, user());
  if (!new_place) return Failure{new_place.error()};
  const Place& old_one = old_place.value();
  const Place& new_one = new_place.value();
  if (old_one.last != Last::name) return Failure{EBUSY};
  if (new_one.last != Last::name) return Failure{how == Rename::keep ? EEXIST : EBUSY};
  Inode* const inode = old_one.inode;
  Inode* const other = new_one.inode;
  if (inode == nullptr) return Failure{ENOENT};
  if (how == Rename::keep && other != nullptr) return Failure{EEXIST};
  if (how == Rename::exchange) {
    if (other == nullptr) return Failure{ENOENT};
    if (!other->is(S_IFDIR) && new_one.slash) return Failure{ENOTDIR};
  }
  if (!inode->is(S_IFDIR)) {
    if (old_one.slash || (how != Rename::exchange && new_one.slash)) return Failure{ENOTDIR};
  }
  if (inode == other) return Done{};
  if (const Status allowed = disk::may_remove(*old_one.directory, *inode, user()); !allowed) return allowed;
  if (other == nullptr) {
    if (!disk::may(*new_one.directory, disk::kMayWrite | disk::kMayExecute, user())) return Failure{EACCES};
  } else if (const Status allowed = disk::may_remove(*new_one.directory, *other, user()); !allowed) {
    return allowed;
  }
  // A directory that moves has its ".." rewritten.
  if (old_one.directory != new_one.directory) {
    if (inode->is(S_IFDIR) && !disk::may(*inode, disk::kMayWrite, user())) return Failure{EACCES};
    const bool moves_too = how == Rename::exchange && other->is(S_IFDIR);
    if (moves_too && !disk::may(*other, disk::kMayWrite, user())) return Failure{EACCES};
  }
  return files.rename(*old_one.directory, old_one.name, *new_one.directory, new_one.name, how);
}

Status Storage::set_mode(Inode& inode, mode_t mode) {
  if (inode.user != user().user) return Failure{EPERM};
  files.set_mode(inode, mode & 07777);
  return Done{};
}

Status Storage::set_owner(Inode& inode, uid_t wanted_user, gid_t wanted_group) {
  constexpr auto kAsItIs = static_cast<uid_t>(-1);
  const bool user_stays = wanted_user == kAsItIs || wanted_user == inode.user;
  const bool group_stays = wanted_group == kAsItIs || wanted_group == user().group;
  const bool nothing = wanted_user == kAsItIs && wanted_group == kAsItIs;
  if (!nothing && (inode.user != user().user || !user_stays || !group_stays)) return Failure{EPERM};
  files.set_times(inode, std::nullopt, std::nullopt);  // but for that of change
  drop_privileges(inode);
  return Done{};
}

void Storage::drop_privileges(Inode& inode) {
  if (!inode.is(S_IFREG)) return;
  mode_t taken = S_ISUID;
  if ((inode.mode & S_IXGRP) != 0) taken |= S_ISGID;
  if ((inode.mode & taken) != 0) files.set_mode(inode, inode.mode & ~taken);
}

Status Storage::resize(Inode& inode, off_t size) {
  if (size < 0) return Failure{EINVAL};
  if (inode.is(S_IFDIR)) return Failure{EISDIR};
  if (!inode.is(S_IFREG)) return Failure{EINVAL};
  const Status resized = files.resize(inode, static_cast<std::uint64_t>(size));
  if (resized) drop_privileges(inode);
  return resized;
}

}  // namespace stillpoint::kernel
