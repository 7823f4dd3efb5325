// What faults do to a host's disk, and what the trace is told of it.
#include <memory>
#include <utility>

#include "sim-core/kernel/host.hpp"
#include "sim-core/kernel/kernel.hpp"
#include "sim-core/kernel/storage.hpp"

namespace stillpoint::kernel {

using disk::Inode;
using disk::Troubles;
using Sync = disk::FileSystem::Sync;

void Storage::add_trouble(disk::Trouble trouble) {
  troubles_.add(std::move(trouble), files.used_pages());
  files.limit_pages(troubles_.room().most_pages);
}

void Storage::remove_trouble(EventId fault) {
  troubles_.remove(fault);
  files.limit_pages(troubles_.room().most_pages);
}

// ---- what the trace is told ----

// What goes on only now is the slice that runs. It may have begun before the fault did: then it has no edge to it, and
// what follows hangs on the operation.
void Storage::note_delayers(const std::vector<EventId>& faults) {
  for (const EventId fault : faults) {
    if (fault >= host_.slice() || delayed_slices_[fault] == host_.slice()) continue;
    delayed_slices_[fault] = host_.slice();
    host_.kernel().trace.edge(host_.slice(), {fault, CauseKind::fault});
  }
}

EventId Storage::note_error(const Inode& inode, const Troubles::Failed& failed, std::string_view call) {
  Kernel& kernel = host_.kernel();
  return kernel.trace.event(EventKind::error, kernel.queue.now(), host_.where(), inode.number,
                            static_cast<std::uint64_t>(failed.error), 0, {failed.fault, CauseKind::fault}, call);
}

void Storage::note_damage(const std::vector<disk::Damage>& damage, EventId fault) {
  Kernel& kernel = host_.kernel();
  for (const disk::Damage& each : damage)
    kernel.trace.event(EventKind::corrupt, kernel.queue.now(), host_.where(), each.inode, each.offset,
                       each.bytes.size(), {fault, CauseKind::fault}, each.bytes);
}

// ---- calls that fail ----

Status Storage::fail_by_trouble(Troubles::Call kind, const Inode& inode, std::string_view call) {
  const auto failed = troubles_.fail(kind, files, inode);
  if (!failed) return Done{};
  note_error(inode, *failed, call);
  return Failure{failed->error};
}

void Storage::met_end_of_room(const Inode& inode, int error, std::string_view call) {
  const Troubles::Room room = troubles_.room();
  const bool is_full = error == ENOSPC || (error == 0 && files.free_pages() == 0);
  if (!is_full || room.most_pages >= files.pages()) return;
  if (error != 0) {
    note_error(inode, {error, room.fault}, call);
  } else {
    host_.kernel().trace.edge(last_operation_, {room.fault, CauseKind::fault});
  }
}

std::uint64_t Storage::failed_syncs(const Inode& inode) const {
  if (failed_syncs_.empty()) return 0;
  const auto found = failed_syncs_.find(inode.number);
  return found != failed_syncs_.end() ? found->second.count : 0;
}

Status Storage::tell_failed_sync(const Inode& inode, std::string_view call) {
  const Troubles::Failed& failed = failed_syncs_.at(inode.number).last;
  note_error(inode, failed, call);
  return Failure{failed.error};
}

// ---- syncs ----

Status Storage::fail_sync(Inode& inode, const Troubles::Failed& failed, std::string_view call) {
  note_error(inode, failed, call);
  FailedSyncs& all = failed_syncs_[inode.number];
  ++all.count;
  all.last = failed;
  const std::uint64_t bytes = files.fail_sync(inode);
  wait_until(device.write(host_.now(), bytes));
  return Failure{failed.error};
}

Status Storage::sync_in_trouble(Inode& inode, Sync what, std::string_view call) {
  if (const auto failed = troubles_.fail(Troubles::Call::sync, files, inode)) return fail_sync(inode, *failed, call);
  std::uint64_t bytes = 0;
  std::vector<Strayed> strayed;
  if (const EventId liar = troubles_.liar(files, &inode); liar != kNoEvent) {
    host_.kernel().trace.edge(synced(&inode, 0, Synced::nothing), {liar, CauseKind::fault});
  } else {
    strayed = find_strays(inode);
    bytes = files.sync(inode, what);
  }
  const EventId event = last_operation_;
  for (const Strayed& each : strayed)
    note_damage(disk::land_elsewhere(files, inode, each.stray, *each.by.random, each.by.trouble->path), each.by.fault);
  const VirtualTime done = device.flush(host_.now(), bytes);
  for (const EventId fault : troubles_.delayers()) host_.kernel().trace.edge(event, {fault, CauseKind::fault});
  wait_until(done);
  return Done{};
}

// The machine writes a sector once, as it is: a write that a later one has changed in part is none of the device's.
std::vector<Storage::Strayed> Storage::find_strays(Inode& inode) {
  std::vector<Strayed> strayed;
  files.absorb_stores(inode);
  if (inode.unsynced == nullptr || inode.content.memory() != nullptr) return strayed;
  const std::uint64_t sector = files.options().sector;
  const std::span<const disk::Unsynced::Change> changes = inode.unsynced->changes();
  for (auto change = changes.begin(); change != changes.end(); ++change) {
    if (change->kind != disk::Unsynced::Kind::write || change->size == 0) continue;
    const auto by = troubles_.misdirect(files, inode);
    if (!by) continue;
    const std::uint64_t begin = change->offset / sector * sector;
    const std::uint64_t end = change->offset + change->size + sector - 1;
    const bool goes = std::none_of(change + 1, changes.end(), [&](const disk::Unsynced::Change& later) {
      if (later.kind == disk::Unsynced::Kind::resize) return later.offset < end;
      return later.offset < end && begin < later.offset + later.size;
    });
    bool whole = goes && end - sector < inode.size;
    for (std::uint64_t page = begin / disk::kPage; whole && page * disk::kPage < change->offset + change->size; ++page)
      whole = inode.content.page(page) != nullptr && inode.content.dirty(page);
    if (whole) strayed.push_back({*by, disk::stray_of(files, inode, *change)});
  }
  return strayed;
}

void Storage::sync_everything() {
  EventId liar = kNoEvent;
  if (troubles_.any()) liar = troubles_.liar(files, nullptr);
  std::uint64_t bytes = 0;
  if (liar != kNoEvent) {
    host_.kernel().trace.edge(synced(nullptr, 0, Synced::nothing), {liar, CauseKind::fault});
  } else {
    bytes = files.sync_everything();
  }
  const EventId event = last_operation_;
  const VirtualTime done = device.flush(host_.now(), bytes);
  for (const EventId fault : troubles_.delayers()) host_.kernel().trace.edge(event, {fault, CauseKind::fault});
  wait_until(done);
}

Status Storage::wait_for_range(Inode& inode) {
  if (troubles_.any()) {
    if (const auto failed = troubles_.fail(Troubles::Call::sync, files, inode))
      return fail_sync(inode, *failed, "sync_file_range");
  }
  wait_until(device.write(host_.now(), 0));
  return Done{};
}

// ---- damage ----

std::size_t Storage::rot(EventId fault, RandomStream& random, unsigned sectors, const std::string& path) {
  const std::vector<disk::Damage> damage = disk::rot(files, random, sectors, path);
  note_damage(damage, fault);
  return damage.size();
}

void Storage::wipe(EventId fault) {
  SP_ASSERT(host_.down() || host_.boots() == 0);
  Kernel& kernel = host_.kernel();
  kernel.trace.event(EventKind::corrupt, kernel.queue.now(), host_.where(), 0, 0, files.used_pages() * disk::kPage,
                     {fault, CauseKind::fault});
  tell(disk::Detail::wiped, 0, 0, 0);
  const disk::DiskOptions options = files.options();
  std::destroy_at(&files);
  std::construct_at(&files, static_cast<disk::Machine&>(*this), options, user());
  files.limit_pages(troubles_.room().most_pages);
  troubles_.forget_files();
  working_directory_ = nullptr;
  locks.forget_all();
  failed_syncs_.clear();
  device.reset();
  note_options();
  make_first_tree();
  add_files(std::exchange(first_files_, {}));
}

void Storage::next_crash(disk::CrashKeeps keeps) {
  next_crash_ = keeps;
  tell(disk::Detail::crash_keeps, 0, static_cast<std::uint64_t>(keeps), 0);
}

}  // namespace stillpoint::kernel
