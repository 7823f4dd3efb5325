#include "sim-core/disk/file_system.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "sim-core/base/assert.hpp"

namespace stillpoint::disk {
namespace {

// What a file system keeps of changes that no fsync asks for, before it writes them back by itself.
constexpr std::size_t kMostNames = 65'536;
// EXT4_LINK_MAX
constexpr unsigned kMostLinks = 65'000;

// "A directory cannot be moved into itself" (rename(2)).
bool is_within(const Inode& directory, const Inode& of) {
  for (const Inode* each = &directory;; each = each->parent) {
    if (each == &of) return true;
    if (each->parent == each || each->parent == nullptr) return false;
  }
}

}  // namespace

FileSystem::FileSystem(Machine& machine, DiskOptions options, Owner owner) : machine_(machine), options_(options) {
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

Result<Inode*> FileSystem::make(Inode& directory, std::string_view name, mode_t mode, Owner owner,
                                std::string_view target, dev_t device) {
  if (directory.directory.find(name) != nullptr) return Failure{EEXIST};
  if (directory.links == 0) return Failure{ENOENT};
  if (used_inodes_ >= options_.most_inodes) return Failure{ENOSPC};
  Inode& inode = add_inode(mode, owner);
  inode.links = 1;
  inode.target = target;
  inode.size = target.size();
  inode.device = device;
  if (inode.is(S_IFDIR)) {
    inode.links = 2;
    inode.parent = &directory;
    ++directory.links;
  }
  const EventId event = machine_.renamed(NameChange::make, inode, directory, name, nullptr, target);
  change_names(event, {&directory, std::string(name), nullptr, &inode});
  return &inode;
}

Result<Inode*> FileSystem::make_nameless(mode_t mode, Owner owner) {
  if (used_inodes_ >= options_.most_inodes) return Failure{ENOSPC};
  Inode& inode = add_inode(mode, owner);
  ++sequence_;
  note_shape(inode);
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
  used_pages_ -= inode.content.pages();
  --used_inodes_;
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
  if (inode->is(S_IFDIR) && is_within(to_directory, *inode)) return Failure{EINVAL};
  const bool exchanges = how == Rename::exchange;
  if (other != nullptr && other->is(S_IFDIR) && is_within(from_directory, *other))
    return Failure{exchanges ? EINVAL : ENOTEMPTY};
  if (inode == other) return Done{};
  if (to_directory.links == 0) return Failure{ENOENT};
  if (!exchanges && other != nullptr) {
    if (inode->is(S_IFDIR) && !other->is(S_IFDIR)) return Failure{ENOTDIR};
    if (!inode->is(S_IFDIR) && other->is(S_IFDIR)) return Failure{EISDIR};
    if (!other->directory.empty()) return Failure{ENOTEMPTY};
    // ext4(5), auto_da_alloc: "replace via rename".
    if (options_.ordering == Ordering::ext4_ordered) flush_before_journal(*inode);
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
    flush_before_journal(inode);
  }
  if (--inode.opened > 0 || inode.links > 0) return;
  set_free(inode);
  release(inode);
}

// ---- data ----

Unsynced& FileSystem::unsynced(Inode& inode) {
  if (inode.unsynced == nullptr) inode.unsynced = std::make_unique<Unsynced>(pool_, inode.size, pending_);
  if (inode.unsynced->empty()) unsynced_.insert(inode.number);
  return *inode.unsynced;
}

std::size_t FileSystem::read(Inode& inode, std::uint64_t offset, std::span<const iovec> parts) {
  std::size_t done = 0;
  for (const iovec& part : parts) {
    if (offset >= inode.size) break;
    const std::size_t some = std::min<std::uint64_t>(part.iov_len, inode.size - offset);
    inode.content.read(offset, {static_cast<std::byte*>(part.iov_base), some});
    offset += some;
    done += some;
  }
  return done;
}

// How many of the bytes fit: those for which there are pages, or free ones.
std::uint64_t FileSystem::room_for(const Inode& inode, std::uint64_t offset, std::uint64_t size) const {
  std::uint64_t free = pages() - std::min(used_pages_, pages());
  if (free > size / kPage + 1) return size;
  for (std::uint64_t page = offset / kPage; page * kPage < offset + size; ++page) {
    if (inode.content.page(page) != nullptr) continue;
    if (free == 0) return std::max(page * kPage, offset) - offset;
    --free;
  }
  return size;
}

Result<std::size_t> FileSystem::write(Inode& inode, std::uint64_t offset, std::span<const iovec> parts) {
  std::uint64_t size = 0;
  for (const iovec& part : parts) size += part.iov_len;
  if (size == 0) return std::size_t{0};
  if (offset >= kLongestFile) return Failure{EFBIG};
  absorb_stores(inode);
  size = room_for(inode, offset, std::min(size, kLongestFile - offset));
  if (size == 0) return Failure{ENOSPC};
  if (parts[0].iov_len >= size) {
    write_bytes(inode, offset, {static_cast<const std::byte*>(parts[0].iov_base), size});
    return size;
  }
  gathered_.clear();
  for (const iovec& part : parts) {
    const auto* from = static_cast<const std::byte*>(part.iov_base);
    gathered_.insert(gathered_.end(), from, from + std::min<std::uint64_t>(part.iov_len, size - gathered_.size()));
  }
  write_bytes(inode, offset, gathered_);
  return size;
}

void FileSystem::write_bytes(Inode& inode, std::uint64_t offset, std::span<const std::byte> bytes) {
  Unsynced& pending = unsynced(inode);
  const std::uint64_t end = offset + bytes.size();
  if (inode.content.memory() != nullptr && end > inode.size) inode.content.resize_memory(end);
  for (std::uint64_t at = offset; at < end;) {
    const std::uint64_t page = at / kPage;
    const std::size_t some = std::min(end, (page + 1) * kPage) - at;
    pending.keep_page(inode.content, page);
    if (inode.content.page(page) == nullptr) ++used_pages_;
    std::memcpy(inode.content.writable_page(page) + at % kPage, bytes.data() + (at - offset), some);
    at += some;
  }
  inode.size = std::max(inode.size, end);
  const auto stores = stores_.find(inode.number);
  if (stores != stores_.end()) {
    stores->second.seen.resize(inode.size);
    std::memcpy(stores->second.seen.data() + offset, bytes.data(), bytes.size());
  }
  const EventId event = machine_.wrote(inode, offset, bytes);
  pending.wrote(++sequence_, machine_.now(), event, offset, bytes);
  inode.last_change = sequence_;
  if (pending.changes_shape()) inode.last_shape = sequence_;
  modified(inode);
  write_back_if_much();
}

Status FileSystem::resize(Inode& inode, std::uint64_t size) {
  if (size > kLongestFile) return Failure{EFBIG};
  absorb_stores(inode);
  Unsynced& pending = unsynced(inode);
  if (size < inode.size) {
    if (size % kPage != 0 && inode.content.page(size / kPage) != nullptr) {
      pending.keep_page(inode.content, size / kPage);
      std::memset(inode.content.writable_page(size / kPage) + size % kPage, 0, kPage - size % kPage);
    }
    inode.content.for_each_page((size + kPage - 1) / kPage, [&](std::uint64_t page) {
      pending.take_page(inode.content, page);
      --used_pages_;
    });
    if (size == 0) inode.flush_at_close = true;
  }
  if (inode.content.memory() != nullptr) inode.content.resize_memory(size);
  const auto stores = stores_.find(inode.number);
  if (stores != stores_.end()) stores->second.seen.resize(size);
  inode.size = size;
  const EventId event = machine_.resized(inode, size);
  pending.resized(++sequence_, machine_.now(), event, size);
  note_shape(inode);
  if (options_.ordering != Ordering::strict_posix) {
    journal_.add({.sequence = sequence_,
                  .when = machine_.now(),
                  .event = event,
                  .kind = Journal::Kind::resize,
                  .cells = {},
                  .inode = &inode});
  }
  modified(inode);
  write_back_if_much();
  return Done{};
}

Status FileSystem::allocate(Inode& inode, std::uint64_t offset, std::uint64_t size, bool grows) {
  const std::uint64_t end = offset + size;
  if (end > kLongestFile) return Failure{EFBIG};
  absorb_stores(inode);
  if (room_for(inode, offset, size) < size) return Failure{ENOSPC};
  if (grows && end > inode.size) {
    if (const Status resized = resize(inode, end); !resized) return resized;
  }
  Unsynced& pending = unsynced(inode);
  for (std::uint64_t page = offset / kPage; page * kPage < std::min(end, inode.size); ++page) {
    if (inode.content.page(page) != nullptr) continue;
    pending.keep_page(inode.content, page);
    inode.content.writable_page(page);
    ++used_pages_;
  }
  return Done{};
}

void FileSystem::clear(Inode& inode, std::uint64_t offset, std::uint64_t size, Blocks blocks) {
  static constexpr std::array<std::byte, kPage> kZeros{};
  absorb_stores(inode);
  const std::uint64_t end = std::min(offset + size, inode.size);
  for (std::uint64_t at = offset; at < end;) {
    const std::uint64_t page = at / kPage;
    const std::size_t some = std::min(end, (page + 1) * kPage) - at;
    if (inode.content.page(page) != nullptr) {
      write_bytes(inode, at, std::span(kZeros).first(some));
      // The rest of the last page is zero, and no part of the file.
      const bool whole = at % kPage == 0 && (some == kPage || at + some == inode.size);
      if (whole && blocks == Blocks::free) {
        unsynced(inode).take_page(inode.content, page);
        --used_pages_;
      }
    }
    at += some;
  }
}

Status FileSystem::take_out(Inode& inode, std::uint64_t offset, std::uint64_t size) {
  if (offset % kPage != 0 || size % kPage != 0 || offset + size >= inode.size) return Failure{EINVAL};
  std::vector<std::byte> rest(inode.size - offset - size);
  absorb_stores(inode);
  inode.content.read(offset + size, rest);
  write_bytes(inode, offset, rest);
  return resize(inode, inode.size - size);
}

Status FileSystem::put_in(Inode& inode, std::uint64_t offset, std::uint64_t size) {
  if (offset % kPage != 0 || size % kPage != 0 || offset >= inode.size) return Failure{EINVAL};
  if (size > kLongestFile - inode.size) return Failure{EFBIG};
  std::vector<std::byte> rest(inode.size - offset);
  absorb_stores(inode);
  inode.content.read(offset, rest);
  if (room_for(inode, offset + size, rest.size()) < rest.size()) return Failure{ENOSPC};
  write_bytes(inode, offset + size, rest);
  clear(inode, offset, size, Blocks::free);
  return Done{};
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
}

// ---- durability ----

void FileSystem::flush_before_journal(Inode& inode) {
  absorb_stores(inode);
  if (options_.ordering != Ordering::ext4_ordered || inode.unsynced == nullptr || inode.unsynced->empty()) return;
  journal_.add(
      {.sequence = ++sequence_, .when = machine_.now(), .kind = Journal::Kind::flush, .cells = {}, .inode = &inode});
}

std::uint64_t FileSystem::sync_data(Inode& inode) {
  absorb_stores(inode);
  if (inode.unsynced == nullptr) return 0;
  const std::uint64_t bytes = inode.unsynced->bytes();
  inode.unsynced->synced(inode.content, inode.size);
  unsynced_.erase(inode.number);
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
    machine_.synced(&inode, 0);
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
  machine_.synced(&inode, bytes);
  return bytes;
}

std::uint64_t FileSystem::sync_everything() {
  std::uint64_t bytes = 0;
  if (!fsync_lies_) {
    const std::set<InodeNumber> numbers = unsynced_;
    for (const InodeNumber number : numbers) bytes += sync_data(*inodes_.at(number));
    commit(sequence_);
  }
  machine_.synced(nullptr, bytes);
  return bytes;
}

// So that what waits stays bounded, even where no time passes and nobody syncs.
void FileSystem::write_back_if_much() {
  if (pending_ <= options_.most_pending && journal_.size() <= kMostNames) return;
  commit(sequence_);
  const std::set<InodeNumber> numbers = unsynced_;
  for (const InodeNumber number : numbers) sync_data(*inodes_.at(number));
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
    inode.content.forget_cache();
    inode.flush_at_close = false;
    used_pages_ += inode.content.pages();
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

// ---- mapped memory ----

void FileSystem::watch_stores(Inode& inode) {
  std::vector<std::byte>& seen = stores_[inode.number].seen;
  if (!seen.empty() || inode.size == 0) return;
  seen.resize(inode.size);
  inode.content.read(0, seen);
}

void FileSystem::absorb_stores(Inode& inode) {
  if (stores_.empty()) return;
  const auto stores = stores_.find(inode.number);
  if (stores == stores_.end() || inode.content.memory() == nullptr) return;
  std::vector<std::byte>& seen = stores->second.seen;
  const std::byte* const now = inode.content.memory()->begin();
  const std::size_t size = std::min<std::size_t>(seen.size(), inode.size);
  constexpr std::size_t kGrain = 512;
  for (std::size_t begin = 0; begin < size;) {
    std::size_t end = begin;
    while (end < size && std::memcmp(now + end, seen.data() + end, std::min(kGrain, size - end)) != 0)
      end = std::min(size, end + kGrain);
    if (end == begin) {
      begin += kGrain;
      continue;
    }
    Unsynced& pending = unsynced(inode);
    for (std::uint64_t page = begin / kPage; page * kPage < end; ++page) {
      std::byte before[kPage] = {};
      const std::size_t some = std::min<std::size_t>(kPage, seen.size() - page * kPage);
      std::memcpy(before, seen.data() + page * kPage, some);
      const bool hole = inode.content.page(page) == nullptr;
      pending.keep_page(inode.content, page, hole ? nullptr : before);
      if (hole) ++used_pages_;
      inode.content.writable_page(page);
    }
    std::memcpy(seen.data() + begin, now + begin, end - begin);
    const std::span<const std::byte> bytes(now + begin, end - begin);
    const EventId event = machine_.wrote(inode, begin, bytes);
    pending.wrote(++sequence_, machine_.now(), event, begin, bytes);
    note_shape(inode);
    modified(inode);
    begin = end;
  }
}

}  // namespace stillpoint::disk
