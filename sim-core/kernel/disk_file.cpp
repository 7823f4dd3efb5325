#include "sim-core/kernel/disk_file.hpp"

#include <dirent.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "sim-core/kernel/host.hpp"
#include "sim-core/kernel/storage.hpp"
#include "sim-core/kernel/transfer.hpp"

namespace stillpoint::kernel {
namespace {
// So much is read at once from where a program begins to read (/sys/block/*/queue/read_ahead_kb).
constexpr std::uint64_t kReadAhead = 128 * 1024;
// What O_DIRECT wants positions, sizes and addresses to be multiples of.
constexpr std::uint64_t kBlock = 512;
// F_GETFL does not show these (do_dentry_open() in Linux's fs/open.c), nor what is the descriptor's.
constexpr int kOnlyAtOpening = O_CREAT | O_EXCL | O_TRUNC | O_NOCTTY | O_CLOEXEC;

// rw_verify_area() in Linux's fs/read_write.c.
bool ends_nowhere(std::uint64_t offset, std::size_t size) { return offset > INT64_MAX || size > INT64_MAX - offset; }
}  // namespace

DiskFile::DiskFile(Host& host, Storage& storage, disk::Inode& inode, int flags)
    : File(host),
      storage_(storage),
      inode_(inode),
      flags_(flags & ~(O_NONBLOCK | O_APPEND | kOnlyAtOpening)),
      failed_syncs_seen_(storage.failed_syncs(inode)) {
  storage_.files.hold(inode_);
  nonblocking = (flags & O_NONBLOCK) != 0;
  appends = (flags & O_APPEND) != 0;
}

// DEFAULT_POLLMASK in Linux's include/linux/poll.h.
std::uint32_t DiskFile::poll() { return EPOLLIN | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM; }

Result<int> DiskFile::unread() {
  if (!inode_.is(S_IFREG)) return Failure{ENOTTY};
  return static_cast<int>(inode_.size - position_);  // which is negative behind the end
}

bool DiskFile::aligned(std::uint64_t offset, std::span<const iovec> parts) const {
  return offset % kBlock == 0 && std::ranges::all_of(parts, [](const iovec& part) {
           return part.iov_len % kBlock == 0 && reinterpret_cast<std::uintptr_t>(part.iov_base) % kBlock == 0;
         });
}

VirtualTime DiskFile::fetch(std::uint64_t offset, std::uint64_t size) {
  std::uint64_t missing = 0;
  std::uint64_t end = std::min(offset + size, inode_.size);
  for (std::uint64_t page = offset / disk::kPage; page * disk::kPage < end; ++page) {
    if (inode_.content.page(page) == nullptr || inode_.content.cached(page)) continue;
    if (missing == 0) end = std::min(std::max(end, page * disk::kPage + kReadAhead), inode_.size);
    inode_.content.set_cached(page);
    missing += disk::kPage;
  }
  return missing > 0 ? storage_.device.read(host().now(), missing) : host().now();
}

// filemap_get_pages() in Linux's mm/filemap.c, with IOCB_NOWAIT.
Result<std::size_t> DiskFile::in_memory(std::uint64_t offset, std::size_t size) {
  if ((flags_ & O_DIRECT) != 0 || offset >= inode_.size) return size;
  const std::uint64_t end = std::min(offset + size, inode_.size);
  std::uint64_t at = offset;
  for (std::uint64_t page = offset / disk::kPage; at < end; at = ++page * disk::kPage) {
    if (inode_.content.page(page) != nullptr && !inode_.content.cached(page)) break;
  }
  if (at > offset) return std::min<std::size_t>(at - offset, size);
  fetch(offset, size);
  return Failure{EAGAIN};
}

Result<std::size_t> DiskFile::read_at(std::uint64_t offset, std::span<const iovec> parts) {
  if (!can_read()) return Failure{EBADF};
  if (inode_.is(S_IFDIR)) return Failure{EISDIR};
  const std::size_t wanted = total_size(parts);
  if (wanted == 0) return std::size_t{0};
  if (ends_nowhere(offset, wanted)) return Failure{EINVAL};
  const bool direct = (flags_ & O_DIRECT) != 0;
  if (direct && !aligned(offset, parts)) return Failure{EINVAL};
  if (offset >= inode_.size) return std::size_t{0};
  const std::size_t there = std::min<std::uint64_t>(wanted, inode_.size - offset);
  if (!is_writable(parts, there)) {
    const std::size_t some = writable(parts, there);
    if (some == 0) return Failure{EFAULT};
    std::vector<iovec> fitting(parts.begin(), parts.end());
    std::size_t left = some;
    for (iovec& part : fitting) left -= part.iov_len = std::min(part.iov_len, left);
    return read_at(offset, fitting);
  }
  if (const Status goes = storage_.troubled(disk::Troubles::Call::read, inode_, "read"); !goes)
    return Failure{goes.error()};
  if (direct) {
    storage_.wait_until(storage_.device.read(host().now(), there));
  } else {
    storage_.wait_until(fetch(offset, there));
  }
  storage_.files.absorb_stores(inode_);
  const std::size_t done = storage_.files.read(inode_, offset, parts);
  if ((flags_ & O_NOATIME) == 0) storage_.files.touch_accessed(inode_);
  return done;
}

Result<std::size_t> DiskFile::write_at(std::uint64_t offset, std::span<const iovec> parts) {
  if (!can_write()) return Failure{EBADF};
  std::size_t size = total_size(parts);
  if (size == 0) return std::size_t{0};
  if (ends_nowhere(offset, size)) return Failure{EINVAL};
  if (appends) offset = inode_.size;  // also of pwrite(2), whose BUGS say so
  if ((flags_ & O_DIRECT) != 0 && !aligned(offset, parts)) return Failure{EINVAL};
  std::vector<iovec> fitting;
  if (!is_readable(parts, size)) {
    std::size_t left = readable(parts, size);
    if (left == 0) return Failure{EFAULT};
    fitting.assign(parts.begin(), parts.end());
    for (iovec& part : fitting) left -= part.iov_len = std::min(part.iov_len, left);
    parts = fitting;
    size = total_size(parts);
  }
  if (const Status goes = storage_.troubled(disk::Troubles::Call::write, inode_, "write"); !goes)
    return Failure{goes.error()};
  const Result<std::size_t> written = storage_.files.write(inode_, offset, parts);
  if (!written || written.value() < size) [[unlikely]]
    storage_.met_end_of_room(inode_, written.error(), "write");
  if (!written) return written;
  storage_.drop_privileges(inode_);
  if ((flags_ & O_DSYNC) != 0) {
    const bool all = (flags_ & O_SYNC) == O_SYNC;
    if (const Status synced = sync(all ? disk::FileSystem::Sync::all : disk::FileSystem::Sync::data, "write"); !synced)
      return Failure{synced.error()};
  } else if ((flags_ & O_DIRECT) != 0) {
    storage_.wait_until(storage_.device.write(host().now(), written.value()));
  }
  return written;
}

Result<std::size_t> DiskFile::read(std::span<const iovec> parts) {
  const Result<std::size_t> done = read_at(position_, parts);
  if (done) position_ += done.value();
  return done;
}

Result<std::size_t> DiskFile::write(std::span<const iovec> parts) {
  const std::uint64_t offset = appends ? inode_.size : position_;
  const Result<std::size_t> done = write_at(offset, parts);
  if (done && done.value() > 0) position_ = offset + done.value();
  return done;
}

// generic_file_llseek() in Linux's fs/read_write.c; ext4's directories take any position that is not negative.
Result<off_t> DiskFile::seek(off_t offset, int whence) {
  if (path_only()) return Failure{EBADF};
  const auto size = static_cast<off_t>(inode_.size);
  constexpr auto kMost = static_cast<off_t>(disk::FileSystem::kLongestFile);
  off_t base = 0;
  switch (whence) {
    case SEEK_SET:
      break;
    case SEEK_CUR:
      base = static_cast<off_t>(position_);
      break;
    case SEEK_END:
      base = inode_.is(S_IFDIR) ? INT64_MAX : size;
      if (inode_.is(S_IFDIR) && offset > 0) return Failure{EINVAL};
      break;
    case SEEK_DATA:
    case SEEK_HOLE: {
      if (!inode_.is(S_IFREG)) return Failure{EINVAL};
      if (offset < 0 || offset >= size) return Failure{ENXIO};
      const auto from = static_cast<std::uint64_t>(offset);
      const std::uint64_t page = from / disk::kPage;
      const std::uint64_t found = whence == SEEK_DATA ? inode_.content.next_page(page) : inode_.content.next_hole(page);
      if (whence == SEEK_DATA && (found == UINT64_MAX || found * disk::kPage >= inode_.size)) return Failure{ENXIO};
      position_ = std::min(std::max(found * disk::kPage, from), inode_.size);
      return static_cast<off_t>(position_);
    }
    default:
      return Failure{EINVAL};
  }
  off_t place = 0;
  if (__builtin_add_overflow(base, offset, &place)) return Failure{EINVAL};
  if (place < 0 || (place > kMost && !inode_.is(S_IFDIR))) return Failure{EINVAL};
  position_ = static_cast<std::uint64_t>(place);
  return place;
}

Result<std::size_t> DiskFile::read_entries(std::span<std::byte> to) {
  if (path_only()) return Failure{EBADF};
  if (!inode_.is(S_IFDIR)) return Failure{ENOTDIR};
  if (inode_.links == 0) return Failure{ENOENT};
  constexpr std::size_t kNameAt = offsetof(dirent64, d_name);
  std::size_t done = 0;
  const auto put = [&](std::string_view name, const disk::Inode& inode, std::uint64_t next) {
    const std::size_t size = (kNameAt + name.size() + 1 + 7) & ~std::size_t{7};
    if (size > to.size() - done) return false;
    dirent64 entry{};
    entry.d_ino = inode.number;
    entry.d_off = static_cast<off64_t>(next);
    entry.d_reclen = static_cast<unsigned short>(size);
    entry.d_type = static_cast<unsigned char>(IFTODT(inode.mode));
    std::memset(to.data() + done, 0, size);
    std::memcpy(to.data() + done, &entry, kNameAt);
    std::memcpy(to.data() + done + kNameAt, name.data(), name.size());
    done += size;
    position_ = next;
    return true;
  };
  bool fits = true;
  if (position_ == 0) fits = put(".", inode_, 1);
  if (fits && position_ == 1) fits = put("..", *inode_.parent, 2);
  while (fits && position_ >= 2) {
    const disk::Directory::Found found = inode_.directory.at(position_);
    if (found.inode == nullptr) break;
    fits = put(found.name, *found.inode, found.cookie + 1);
  }
  if (done == 0 && !fits) return Failure{EINVAL};
  storage_.files.touch_accessed(inode_);
  return done;
}

Status DiskFile::sync(disk::FileSystem::Sync what, std::string_view call) {
  if (path_only()) return Failure{EBADF};
  return with_earlier_errors(storage_.sync(inode_, what, call), call);
}

Status DiskFile::wait_for_range() { return with_earlier_errors(storage_.wait_for_range(inode_), "sync_file_range"); }

// file_check_and_advance_wb_err() in Linux's mm/filemap.c.
Status DiskFile::with_earlier_errors(Status synced, std::string_view call) {
  const std::uint64_t failed = storage_.failed_syncs(inode_);
  if (failed == failed_syncs_seen_) return synced;
  failed_syncs_seen_ = failed;
  return synced ? storage_.tell_failed_sync(inode_, call) : synced;
}

void DiskFile::on_close() { storage_.files.let_go(inode_); }

}  // namespace stillpoint::kernel
