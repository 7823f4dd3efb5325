// The calls that change names and attributes: what they refuse, in the order in which Linux's fs/namei.c does.
#include <fcntl.h>
#include <limits.h>

#include <utility>

#include "sim-core/kernel/storage.hpp"

namespace stillpoint::kernel {

using disk::Follow;
using disk::Inode;
using disk::Last;
using disk::Place;
using Rename = disk::FileSystem::Rename;

namespace {

Result<Inode*> look_up_existing(disk::FileSystem& files, const Place& place) {
  const Result<Inode*> inode = disk::look_up(files, place);
  return inode && inode.value() == nullptr ? Failure{ENOENT} : inode;
}

}  // namespace

Result<Inode*> Storage::find(Inode& base, std::string_view path, Follow follow) {
  return disk::find(files, base, path, follow, user());
}

Result<Place> Storage::find_last(Inode& base, std::string_view path) {
  return disk::Walk(files, base, path, user()).to_last();
}

// filename_create() and may_create().
Result<Place> Storage::find_new(Inode& base, std::string_view path, mode_t kind) {
  Result<Place> place = find_last(base, path);
  if (!place) return place;
  Place found = std::move(place).value();
  const Result<Inode*> there = disk::look_up(files, found);
  if (!there) return Failure{there.error()};
  if (there.value() != nullptr) return Failure{EEXIST};
  if (found.slash && kind != S_IFDIR) return Failure{ENOENT};
  if (!disk::may(*found.directory, disk::kMayWrite | disk::kMayExecute, user())) return Failure{EACCES};
  return found;
}

Status Storage::make_directory(Inode& base, std::string_view path, mode_t mode) {
  const Result<Place> place = find_new(base, path, S_IFDIR);
  if (!place) return Failure{place.error()};
  const mode_t permissions = mode & 01777 & ~umask;
  const auto made = files.make(*place.value().directory, place.value().name, S_IFDIR | permissions, user());
  return made ? Status(Done{}) : Failure{made.error()};
}

Status Storage::make_symbolic_link(std::string_view target, Inode& base, std::string_view path) {
  if (target.empty()) return Failure{ENOENT};
  const Result<Place> place = find_new(base, path, S_IFLNK);
  if (!place) return Failure{place.error()};
  const auto made = files.make(*place.value().directory, place.value().name, S_IFLNK | 0777, user(), target);
  return made ? Status(Done{}) : Failure{made.error()};
}

Status Storage::link(Inode& inode, Inode& base, std::string_view path) {
  const Result<Place> place = find_new(base, path, S_IFREG);
  if (!place) return Failure{place.error()};
  return files.link(inode, *place.value().directory, place.value().name, inode.nameless);
}

Status Storage::remove(Inode& base, std::string_view path) {
  Result<Place> walked = find_last(base, path);
  if (!walked) return Failure{walked.error()};
  const Place place = std::move(walked).value();
  if (place.last != Last::name) return Failure{EISDIR};
  const Result<Inode*> inode = look_up_existing(files, place);
  if (!inode) return Failure{inode.error()};
  if (place.slash) return Failure{inode.value()->is(S_IFDIR) ? EISDIR : ENOTDIR};
  if (const Status allowed = disk::may_remove(*place.directory, *inode.value(), user()); !allowed) return allowed;
  return files.remove(*place.directory, place.name);
}

Status Storage::remove_directory(Inode& base, std::string_view path) {
  Result<Place> walked = find_last(base, path);
  if (!walked) return Failure{walked.error()};
  const Place place = std::move(walked).value();
  if (place.last == Last::dot_dot) return Failure{ENOTEMPTY};
  if (place.last == Last::dot) return Failure{EINVAL};
  if (place.last == Last::root) return Failure{EBUSY};
  const Result<Inode*> inode = look_up_existing(files, place);
  if (!inode) return Failure{inode.error()};
  if (const Status allowed = disk::may_remove(*place.directory, *inode.value(), user()); !allowed) return allowed;
  return files.remove_directory(*place.directory, place.name);
}

// do_renameat2(), from where both directories are found.
Status Storage::rename(const Place& from, const Place& to, Rename how) {
  const bool exchanges = how == Rename::exchange;
  if (from.last != Last::name) return Failure{EBUSY};
  if (to.last != Last::name) return Failure{how == Rename::keep ? EEXIST : EBUSY};
  const Result<Inode*> moved = look_up_existing(files, from);
  if (!moved) return Failure{moved.error()};
  const Result<Inode*> met = exchanges ? look_up_existing(files, to) : disk::look_up(files, to);
  if (!met) return Failure{met.error()};
  Inode& inode = *moved.value();
  Inode* const other = met.value();
  if (how == Rename::keep && other != nullptr) return Failure{EEXIST};
  if (exchanges && to.slash && !other->is(S_IFDIR)) return Failure{ENOTDIR};
  if (!inode.is(S_IFDIR) && (from.slash || (to.slash && !exchanges))) return Failure{ENOTDIR};
  if (disk::is_within(*to.directory, inode)) return Failure{EINVAL};
  if (other != nullptr && disk::is_within(*from.directory, *other)) return Failure{exchanges ? EINVAL : ENOTEMPTY};
  if (&inode == other) return Done{};
  if (const Status allowed = may_rename(from, inode, to, other, how); !allowed) return allowed;
  return files.rename(*from.directory, from.name, *to.directory, to.name, how);
}

// vfs_rename(), with may_delete() and may_create().
Status Storage::may_rename(const Place& from, const Inode& inode, const Place& to, const Inode* other,
                           Rename how) const {
  if (const Status allowed = disk::may_remove(*from.directory, inode, user()); !allowed) return allowed;
  if (other == nullptr) {
    if (!disk::may(*to.directory, disk::kMayWrite | disk::kMayExecute, user())) return Failure{EACCES};
  } else {
    if (const Status allowed = disk::may_remove(*to.directory, *other, user()); !allowed) return allowed;
    if (how != Rename::exchange && inode.is(S_IFDIR) != other->is(S_IFDIR))
      return Failure{inode.is(S_IFDIR) ? ENOTDIR : EISDIR};
  }
  if (from.directory == to.directory) return Done{};
  // A directory that moves has its ".." rewritten.
  if (inode.is(S_IFDIR) && !disk::may(inode, disk::kMayWrite, user())) return Failure{EACCES};
  const bool moves_too = how == Rename::exchange && other->is(S_IFDIR);
  return !moves_too || disk::may(*other, disk::kMayWrite, user()) ? Status(Done{}) : Failure{EACCES};
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
  if (const Status goes = troubled(disk::Troubles::Call::write, inode, "truncate"); !goes) return goes;
  const Status resized = files.resize(inode, static_cast<std::uint64_t>(size));
  if (resized) drop_privileges(inode);
  return resized;
}

}  // namespace stillpoint::kernel
