// What of a file system is durable: syncing, writing back by itself, and the loss of power.
#include <algorithm>
#include <utility>

#include "sim-core/disk/file_system.hpp"

namespace stillpoint::disk {
namespace {
// So many changes of names are kept that no fsync asks for, before they are written back.
constexpr std::size_t kMostNames = 65'536;
}  // namespace

bool FileSystem::flush_before_journal(Inode& inode) {
  if (options_.ordering != Ordering::ext4_ordered) return false;
  absorb_stores(inode);
  if (inode.unsynced == nullptr || inode.unsynced->empty()) return false;
  journal_.add(
      {.sequence = ++sequence_, .when = machine_.now(), .kind = Journal::Kind::flush, .cells = {}, .inode = &inode});
  return true;
}

std::uint64_t FileSystem::sync_data(Inode& inode) {
  absorb_stores(inode);
  inode.durable_room = inode.room;
  if (inode.unsynced == nullptr) return 0;
  const std::uint64_t bytes = inode.unsynced->bytes();
  inode.unsynced->synced(inode.content, inode.size);
  if (inode.unsynced->empty()) unsynced_.erase(inode.number);
  return bytes;
}

// ext4_sync_file() and xfs_file_fsync() return where file_write_and_wait_range() does not succeed, before they come to
// the journal.
std::uint64_t FileSystem::fail_sync(Inode& inode) {
  absorb_stores(inode);
  const std::uint64_t bytes = inode.unsynced != nullptr ? inode.unsynced->bytes() : 0;
  if (inode.unsynced != nullptr) inode.unsynced->give_up(inode.content);
  machine_.note_detail(Detail::sync_failed, inode);
  return bytes;
}

// What is in the journal up to here is durable, and so is what must be before it.
void FileSystem::commit(std::uint64_t sequence) {
  for (const Journal::Entry& entry : journal_.entries()) {
    if (entry.sequence > sequence) break;
    if (entry.kind == Journal::Kind::flush && entry.inode->unsynced != nullptr)
      entry.inode->unsynced->flush(entry.sequence);
  }
  std::vector<Inode*> released;
  journal_.commit(sequence, released);
  release(released);
}

std::uint64_t FileSystem::sync(Inode& inode, Sync what) {
  if (fsync_lies_) {
    machine_.synced(&inode, 0, Machine::Synced::nothing);
    return 0;
  }
  const bool shape = inode.unsynced != nullptr && inode.unsynced->changes_shape();
  std::uint64_t bytes = sync_data(inode);
  const std::uint64_t upto = what == Sync::all ? inode.last_change : inode.last_shape;
  switch (options_.ordering) {
    case Ordering::ext4_ordered:
      // The transaction that holds its last change is committed, with all that is in it (ext4_sync_file()).
      if (upto > journal_.committed() || shape) commit(sequence_);
      break;
    case Ordering::xfs:
      // The log is forced up to the inode's last change (xfs_file_fsync()).
      commit(upto);
      break;
    case Ordering::strict_posix: {
      std::vector<Inode*> released;
      journal_.commit_inode(inode, released);
      release(released);
      break;
    }
  }
  machine_.synced(&inode, bytes, what == Sync::all ? Machine::Synced::all : Machine::Synced::data_only);
  return bytes;
}

std::uint64_t FileSystem::sync_everything() {
  std::uint64_t bytes = 0;
  if (!fsync_lies_) {
    const std::set<InodeNumber> numbers = unsynced_;
    for (const InodeNumber number : numbers) bytes += sync_data(*inodes_.at(number));
    commit(sequence_);
  }
  machine_.synced(nullptr, bytes, fsync_lies_ ? Machine::Synced::nothing : Machine::Synced::all);
  return bytes;
}

// So that what waits stays bounded, even where no time passes and nobody syncs.
void FileSystem::write_back_if_much() {
  if (pending_ <= options_.most_pending && journal_.size() <= kMostNames) return;
  commit(sequence_);
  const std::set<InodeNumber> numbers = unsynced_;
  std::uint64_t bytes = 0;
  for (const InodeNumber number : numbers) bytes += sync_data(*inodes_.at(number));
  machine_.wrote_back(bytes);
}

void FileSystem::write_back_what_is_old() {
  if (options_.ordering == Ordering::strict_posix) return;
  const VirtualTime now = machine_.now();
  const VirtualTime written = now - options_.write_back_after;
  const VirtualTime committed = std::max(now - options_.commit_after, written);
  std::uint64_t upto = 0;
  for (const Journal::Entry& entry : journal_.entries()) {
    if (entry.when > committed) break;
    upto = entry.sequence;
  }
  commit(upto);
  for (const InodeNumber number : unsynced_) {
    Inode& inode = *inodes_.at(number);
    inode.unsynced->write_back(inode.content, inode.size, written);
  }
}

FileSystem::Lost FileSystem::crash(Choice& choice) {
  for (auto& [number, inode] : inodes_) {
    absorb_stores(*inode);
    inode->content.leave_memory();
    inode->opened = 0;
  }
  stores_.clear();
  write_back_what_is_old();
  std::vector<Inode*> released;
  Journal::Kept kept = journal_.crash(options_.ordering, choice, *root_, released);
  find_links();
  ++name_changes_;
  Lost lost{{}, std::move(kept.lost)};
  for (const auto& [inode, sequence] : kept.flushed) {
    if (inode->unsynced != nullptr) inode->unsynced->flush(sequence);
  }
  used_pages_ = 0;
  for (auto place = inodes_.begin(); place != inodes_.end();) {
    Inode& inode = *place->second;
    if (inode.links == 0) {  // unlinked, or never linked: there is no way to it any more
      place = inodes_.erase(place);
      continue;
    }
    if (inode.unsynced != nullptr) {
      const Unsynced::Rules rules{options_.ordering, options_.sector, kept.lost_from};
      inode.size = inode.unsynced->crash(inode.content, rules, choice, lost.writes);
      inode.unsynced.reset();
    }
    inode.room = inode.durable_room;
    if (inode.room.pages() > 0)
      inode.content.for_each_page(0, [&](std::uint64_t page) { inode.room.remove(page, page + 1); });
    inode.content.forget_cache();
    inode.flush_at_close = false;
    used_pages_ += inode.pages();
    ++place;
  }
  used_inodes_ = inodes_.size();
  unsynced_.clear();
  journal_.commit(sequence_, released);
  return lost;
}

// Counts the names of every inode, as the tree is.
void FileSystem::find_links() {
  for (auto& [number, inode] : inodes_) inode->links = 0;
  root_->links = 2;
  std::vector<Inode*> left{root_};
  while (!left.empty()) {
    Inode& directory = *left.back();
    left.pop_back();
    for (const auto& [name, leads] : directory.directory.names()) {
      Inode& inode = *leads.inode;
      if (!inode.is(S_IFDIR)) {
        ++inode.links;
        continue;
      }
      inode.links = 2;
      inode.parent = &directory;
      ++directory.links;
      left.push_back(&inode);
    }
  }
}

}  // namespace stillpoint::disk
