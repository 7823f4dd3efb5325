#include "sim-core/disk/troubles.hpp"

#include <algorithm>

#include "sim-core/base/assert.hpp"

namespace stillpoint::disk {

void Troubles::add(Trouble trouble, std::uint64_t used_pages) {
  SP_ASSERT(trouble.fault != kNoEvent);
  SP_ASSERT(trouble.slower_min <= trouble.slower_max);
  RandomStream random(seed_, "fault " + trouble.name, host_);
  Active& active = active_.emplace_back(Active{.trouble = std::move(trouble), .random = random});
  if (active.trouble.free_bytes) active.most_pages = used_pages + *active.trouble.free_bytes / kPage;
}

void Troubles::remove(EventId fault) {
  std::erase_if(active_, [&](const Active& active) { return active.trouble.fault == fault; });
}

void Troubles::forget_files() {
  for (Active& active : active_) active.as_of = std::nullopt;
}

Troubles::Delay Troubles::delay(VirtualTime now) {
  Delay delay{.not_before = now};
  for (Active& active : active_) {
    const Trouble& trouble = active.trouble;
    const bool stalls = trouble.stalled_until && *trouble.stalled_until > now;
    if (stalls) delay.not_before = std::max(delay.not_before, *trouble.stalled_until);
    const bool slows = trouble.slower_max > Duration::zero();
    if (slows) delay.longer += active.random.between(trouble.slower_min, trouble.slower_max);
    if ((stalls || slows) && std::ranges::find(delayers_, trouble.fault) == delayers_.end())
      delayers_.push_back(trouble.fault);
  }
  return delay;
}

bool Troubles::speaks_of(Active& active, FileSystem& files, const Inode& inode) {
  if (active.trouble.path.empty()) return true;
  if (active.as_of != files.name_changes()) {
    active.files = files_matching(files, active.trouble.path);
    active.as_of = files.name_changes();
  }
  return active.files.contains(inode.number);
}

std::optional<Troubles::Failed> Troubles::fail(Call call, FileSystem& files, const Inode& inode) {
  for (Active& active : active_) {
    const Trouble& trouble = active.trouble;
    const int error = call == Call::read    ? trouble.read_error
                      : call == Call::write ? trouble.write_error
                                            : trouble.sync_error;
    if (error == 0 || (trouble.times > 0 && active.failed == trouble.times)) continue;
    if (!speaks_of(active, files, inode)) continue;
    ++active.failed;
    return Failed{error, trouble.fault};
  }
  return std::nullopt;
}

EventId Troubles::liar(FileSystem& files, const Inode* inode) {
  for (Active& active : active_) {
    if (!active.trouble.fsync_lies) continue;
    if (inode != nullptr ? speaks_of(active, files, *inode) : active.trouble.path.empty()) return active.trouble.fault;
  }
  return kNoEvent;
}

std::optional<Troubles::Misdirection> Troubles::misdirect(FileSystem& files, const Inode& inode) {
  for (Active& active : active_) {
    if (active.trouble.misdirects.ppm == 0 || !speaks_of(active, files, inode)) continue;
    if (active.random.chance(active.trouble.misdirects))
      return Misdirection{active.trouble.fault, &active.trouble, &active.random};
  }
  return std::nullopt;
}

Troubles::Room Troubles::room() const {
  Room room;
  for (const Active& active : active_) {
    if (active.most_pages < room.most_pages) room = {active.most_pages, active.trouble.fault};
  }
  return room;
}

}  // namespace stillpoint::disk
