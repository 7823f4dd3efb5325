// The bytes of files: reading and writing, sizes and holes, and what programs change in mapped memory.
#include <algorithm>
#include <array>
#include <cstring>

#include "sim-core/disk/file_system.hpp"

namespace stillpoint::disk {

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

// How many of the bytes fit: those for which the file has pages or room, or there are free ones.
std::uint64_t FileSystem::room_for(const Inode& inode, std::uint64_t offset, std::uint64_t size) const {
  std::uint64_t free = free_pages();
  if (free > size / kPage + 1) return size;
  for (std::uint64_t page = offset / kPage; page * kPage < offset + size; ++page) {
    if (inode.content.page(page) != nullptr || inode.room.contains(page)) continue;
    if (free == 0) return std::max(page * kPage, offset) - offset;
    --free;
  }
  return size;
}

// A hole becomes a page.
void FileSystem::use_page(Inode& inode, std::uint64_t page) {
  if (inode.room.remove(page, page + 1) == 0) ++used_pages_;
}

void FileSystem::free_room(Inode& inode, std::uint64_t begin, std::uint64_t end) {
  used_pages_ -= inode.room.remove(begin, end);
  inode.durable_room.remove(begin, end);
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
    pending.keep_page(inode.content, page, at % kPage, at % kPage + some);
    if (inode.content.page(page) == nullptr) use_page(inode, page);
    std::memcpy(inode.content.writable_page(page) + at % kPage, bytes.data() + (at - offset), some);
    at += some;
  }
  inode.size = std::max(inode.size, end);
  const auto stores = stores_.find(inode.number);
  if (stores != stores_.end()) {
    stores->second.resize(inode.size);
    std::memcpy(stores->second.data() + offset, bytes.data(), bytes.size());
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
  if (size <= inode.size) free_room(inode, (size + kPage - 1) / kPage, UINT64_MAX);
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
  if (stores != stores_.end()) stores->second.resize(size);
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
  const std::uint64_t last = (end + kPage - 1) / kPage;
  used_pages_ -= inode.room.pages();
  for (std::uint64_t page = inode.content.next_hole(offset / kPage); page < last;) {
    const std::uint64_t next = std::min(inode.content.next_page(page), last);
    inode.room.add(page, next);
    page = inode.content.next_hole(next);
  }
  used_pages_ += inode.room.pages();
  unsynced(inode);  // until when the room is not durable either
  machine_.note_detail(Detail::reserved, inode, offset, size);
  ++sequence_;
  note_shape(inode);
  modified(inode);
  return grows && end > inode.size ? resize(inode, end) : Done{};
}

void FileSystem::clear(Inode& inode, std::uint64_t offset, std::uint64_t size, Blocks blocks) {
  static constexpr std::array<std::byte, kPage> kZeros{};
  absorb_stores(inode);
  const std::uint64_t end = std::min(offset + size, inode.size);
  if (blocks == Blocks::free) {
    const std::uint64_t last = end == inode.size ? (end + kPage - 1) / kPage : end / kPage;
    free_room(inode, (offset + kPage - 1) / kPage, last);
  }
  for (std::uint64_t at = offset; at < end;) {
    const std::uint64_t page = at / kPage;
    const std::size_t some = std::min(end, (page + 1) * kPage) - at;
    if (inode.content.page(page) != nullptr) {
      write_bytes(inode, at, std::span(kZeros).first(some));
      // The rest of the last page is zero, and no part of the file.
      const bool whole = at % kPage == 0 && (some == kPage || at + some == inode.size);
      if (whole && blocks == Blocks::free) free_page(inode, page);
    }
    at += some;
  }
}

void FileSystem::free_page(Inode& inode, std::uint64_t page) {
  unsynced(inode).take_page(inode.content, page);
  --used_pages_;
  machine_.note_detail(Detail::freed, inode, page * kPage, kPage);
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

// ---- mapped memory ----

void FileSystem::watch_stores(Inode& inode) {
  std::vector<std::byte>& seen = stores_[inode.number];
  if (!seen.empty() || inode.size == 0) return;
  seen.resize(inode.size);
  inode.content.read(0, seen);
}

void FileSystem::absorb_stores(Inode& inode) {
  if (stores_.empty()) return;
  const auto stores = stores_.find(inode.number);
  if (stores == stores_.end() || inode.content.memory() == nullptr) return;
  std::vector<std::byte>& seen = stores->second;
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
      if (hole) use_page(inode, page);
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
