// Data of files: reading and writing at an offset, sizes, and making it durable.
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "sim-core/interpose/paths.hpp"
#include "sim-core/interpose/transfers.hpp"

namespace {

using stillpoint::Failure;
using stillpoint::Result;
using stillpoint::Status;
using stillpoint::disk::FileSystem;
using stillpoint::disk::Follow;
using stillpoint::disk::Inode;
using stillpoint::disk::Troubles;
using stillpoint::interpose::Call;
using stillpoint::interpose::fail;
using stillpoint::interpose::find_disk_file;
using stillpoint::interpose::find_to_read;
using stillpoint::interpose::find_to_write;
using stillpoint::interpose::finish;
using stillpoint::interpose::read_parts;
using stillpoint::interpose::Row;
using stillpoint::interpose::unsupported;
using stillpoint::interpose::write_parts;
using stillpoint::kernel::DiskFile;
using stillpoint::kernel::File;
using stillpoint::kernel::Host;
using stillpoint::kernel::total_size;
using Sync = FileSystem::Sync;

// Devices take any offset.
ssize_t read_at(Host& host, const Call& call, File& file, std::span<const iovec> parts, off_t offset) {
  DiskFile* on_disk = file.as_disk_file();
  return finish<ssize_t>(
      host, call, on_disk != nullptr ? on_disk->read_at(static_cast<std::uint64_t>(offset), parts) : file.read(parts));
}

ssize_t write_at(Host& host, const Call& call, File& file, std::span<const iovec> parts, off_t offset) {
  DiskFile* on_disk = file.as_disk_file();
  return finish<ssize_t>(
      host, call,
      on_disk != nullptr ? on_disk->write_at(static_cast<std::uint64_t>(offset), parts) : file.write(parts));
}

template <bool kReads>
ssize_t move_at(Host& host, const Call& call, File& file, std::span<const iovec> parts, off_t offset) {
  return kReads ? read_at(host, call, file, parts, offset) : write_at(host, call, file, parts, offset);
}

// vfs_read() and vfs_write() in Linux's fs/read_write.c look at the descriptor first, then at the buffer. Who has no
// position has no offsets either (ESPIPE).
template <bool kReads>
Result<File*> find_to_move(Host& host, int fd, off_t offset) {
  if (offset < 0) return Failure{EINVAL};
  File* file = host.descriptors.find(fd);
  if (file == nullptr) return Failure{EBADF};
  if (file->as_disk_file() == nullptr && !file->seek(0, SEEK_CUR)) return Failure{ESPIPE};
  if (!(kReads ? file->can_read() : file->can_write())) return Failure{EBADF};
  return file;
}

template <bool kReads>
ssize_t move_buffer(Host& host, const Call& call, int fd, const void* data, size_t size, off_t offset) {
  const Result<File*> file = find_to_move<kReads>(host, fd, offset);
  if (!file) return fail<ssize_t>(host, call, file.error());
  if (!stillpoint::may_be_memory(data, size)) return fail<ssize_t>(host, call, EFAULT);
  const iovec part = stillpoint::interpose::buffer_of(data, size);
  return move_at<kReads>(host, call, *file.value(), {&part, 1}, offset);
}

// kiocb_set_rw_flags(). What waits for nothing is reading of files here, as with ext4, and what may block of others.
template <bool kReads>
Status look_at_flags(File& file, int flags) {
  constexpr int kKnown = RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_NOWAIT | RWF_APPEND;
  if ((flags & ~kKnown) != 0) return Failure{EOPNOTSUPP};
  const DiskFile* on_disk = file.as_disk_file();
  const bool waits = on_disk != nullptr && !(kReads && on_disk->node().is(S_IFREG));
  if ((flags & RWF_NOWAIT) != 0 && waits) return Failure{EOPNOTSUPP};
  return stillpoint::Done{};
}

// RWF_NOWAIT: the row ends where memory ends. EAGAIN.
Status shorten_to_memory(DiskFile& file, off_t offset, Row& row) {
  const off_t place = offset >= 0 ? offset : file.seek(0, SEEK_CUR).value();
  const Result<std::size_t> some = file.in_memory(static_cast<std::uint64_t>(place), total_size(row.parts()));
  if (!some) return Failure{some.error()};
  row.shorten(some.value());
  return stillpoint::Done{};
}

// preadv2(2), pwritev2(2): an offset of -1 is the position.
template <bool kReads>
ssize_t move_row_flags(Host& host, const Call& call, int fd, const iovec* parts, int count, off_t offset, int flags) {
  const bool at_place = offset == -1;
  const Result<File*> found = !at_place ? find_to_move<kReads>(host, fd, offset)
                              : kReads  ? find_to_read(host, fd)
                                        : find_to_write(host, fd);
  if (!found) return fail<ssize_t>(host, call, found.error());
  Row row;
  if (const Status imported = row.import(parts, static_cast<size_t>(count)); !imported)
    return fail<ssize_t>(host, call, imported.error());
  if (total_size(row.parts()) == 0) return 0;
  File& file = *found.value();
  const auto move = [&] {
    if (!at_place) return move_at<kReads>(host, call, file, row.parts(), offset);
    return kReads ? read_parts(host, call, fd, row.parts()) : write_parts(host, call, fd, row.parts());
  };
  if (flags == 0) return move();
  if (const Status taken = look_at_flags<kReads>(file, flags); !taken) return fail<ssize_t>(host, call, taken.error());
  DiskFile* on_disk = file.as_disk_file();
  const bool at_once = (flags & RWF_NOWAIT) != 0;
  if (at_once && on_disk != nullptr) {
    if (const Status some = shorten_to_memory(*on_disk, offset, row); !some)
      return fail<ssize_t>(host, call, some.error());
  }
  file.add_reference();  // another thread may close it while this one waits
  const bool nonblocking = std::exchange(file.nonblocking, file.nonblocking || at_once);
  const bool appends = std::exchange(file.appends, file.appends || (!kReads && (flags & RWF_APPEND) != 0));
  const ssize_t done = move();
  file.nonblocking = nonblocking;
  file.appends = appends;
  Status synced = stillpoint::Done{};
  if (!kReads && done > 0 && on_disk != nullptr && (flags & (RWF_DSYNC | RWF_SYNC)) != 0)
    synced = on_disk->sync((flags & RWF_SYNC) != 0 ? Sync::all : Sync::data, "write");
  file.drop_reference();
  return synced ? done : fail<ssize_t>(host, call, synced.error());
}

template <bool kReads>
ssize_t move_row(Host& host, const Call& call, int fd, const iovec* parts, int count, off_t offset) {
  if (offset < 0) return fail<ssize_t>(host, call, EINVAL);
  return move_row_flags<kReads>(host, call, fd, parts, count, offset, 0);
}

int truncate_path(Host& host, const Call& call, const char* path, off_t size) {
  if (size < 0) return fail(host, call, EINVAL);
  const Result<Inode*> inode = stillpoint::interpose::find_inode(host, AT_FDCWD, path, Follow::yes);
  if (!inode) return fail(host, call, inode.error());
  const bool may = stillpoint::disk::may(*inode.value(), stillpoint::disk::kMayWrite, host.storage().user());
  if (inode.value()->is(S_IFREG) && !may) return fail(host, call, EACCES);
  return finish(host, call, host.storage().resize(*inode.value(), size));
}

int truncate_descriptor(Host& host, const Call& call, int fd, off_t size) {
  if (size < 0) return fail(host, call, EINVAL);
  const Result<DiskFile*> file = find_disk_file(host, fd, EINVAL);
  if (!file) return fail(host, call, file.error());
  if (file.value()->path_only()) return fail(host, call, EBADF);
  if (!file.value()->node().is(S_IFREG) || !file.value()->can_write()) return fail(host, call, EINVAL);
  return finish(host, call, host.storage().resize(file.value()->node(), size));
}

// What has nothing to make durable: EINVAL, as fsync(2) says of pipes and sockets.
int sync_descriptor(Host& host, const Call& call, int fd, Sync what) {
  const Result<DiskFile*> file = find_disk_file(host, fd, EINVAL);
  if (!file) return fail(host, call, file.error());
  return finish(host, call, file.value()->sync(what, what == Sync::all ? "fsync" : "fdatasync"));
}

int sync_disk(Host& host) {
  host.storage().sync_everything();
  return 0;
}

bool is_path_only(File& file) { return file.as_disk_file() != nullptr && file.as_disk_file()->path_only(); }

bool is_pipe(Host& host, int fd) {
  const File* file = host.descriptors.find(fd);
  const Result<mode_t> mode = file != nullptr ? file->mode() : Failure{EBADF};
  return mode && S_ISFIFO(mode.value());
}

// Which of the modes of fallocate(2) go together.
bool known_mode(int mode) {
  switch (mode & ~FALLOC_FL_KEEP_SIZE) {
    case 0:
    case FALLOC_FL_ZERO_RANGE:
      return true;
    case FALLOC_FL_PUNCH_HOLE:
      return (mode & FALLOC_FL_KEEP_SIZE) != 0;
    case FALLOC_FL_COLLAPSE_RANGE:
    case FALLOC_FL_INSERT_RANGE:
      return (mode & FALLOC_FL_KEEP_SIZE) == 0;
    default:
      return false;
  }
}

Status allocate_in(Host& host, Inode& inode, int mode, std::uint64_t offset, std::uint64_t size) {
  FileSystem& files = host.storage().files;
  const bool grows = (mode & FALLOC_FL_KEEP_SIZE) == 0;
  using Blocks = FileSystem::Blocks;
  switch (mode & ~FALLOC_FL_KEEP_SIZE) {
    case FALLOC_FL_PUNCH_HOLE:
      files.clear(inode, offset, size, Blocks::free);
      return stillpoint::Done{};
    case FALLOC_FL_ZERO_RANGE:
      files.clear(inode, offset, size, Blocks::keep);
      return files.allocate(inode, offset, size, grows);
    case FALLOC_FL_COLLAPSE_RANGE:
      return files.take_out(inode, offset, size);
    case FALLOC_FL_INSERT_RANGE:
      return files.put_in(inode, offset, size);
    default:
      return files.allocate(inode, offset, size, grows);
  }
}

// vfs_fallocate() in Linux's fs/open.c.
int allocate(Host& host, const Call& call, int fd, int mode, off_t offset, off_t size) {
  File* any = host.descriptors.find(fd);
  if (any == nullptr || is_path_only(*any)) return fail(host, call, EBADF);
  if (offset < 0 || size <= 0) return fail(host, call, EINVAL);
  if (!known_mode(mode)) return fail(host, call, EOPNOTSUPP);
  if (!any->can_write()) return fail(host, call, EBADF);
  const Result<DiskFile*> file = find_disk_file(host, fd, is_pipe(host, fd) ? ESPIPE : ENODEV);
  if (!file) return fail(host, call, file.error());
  Inode& inode = file.value()->node();
  if (!inode.is(S_IFREG)) return fail(host, call, inode.is(S_IFDIR) ? EISDIR : ENODEV);
  off_t end = 0;
  if (__builtin_add_overflow(offset, size, &end)) return fail(host, call, EFBIG);
  auto& storage = host.storage();
  if (const Status goes = storage.troubled(Troubles::Call::write, inode, "fallocate"); !goes)
    return fail(host, call, goes.error());
  const Status done =
      allocate_in(host, inode, mode, static_cast<std::uint64_t>(offset), static_cast<std::uint64_t>(size));
  if (done) storage.drop_privileges(inode);
  if (!done) storage.met_end_of_room(inode, done.error(), "fallocate");
  return finish(host, call, done);
}

// posix_fallocate(3) gives its error instead of setting errno.
int allocate_posix(Host& host, const Call& call, int fd, off_t offset, off_t size) {
  const int before = errno;
  const int result = allocate(host, call, fd, 0, offset, size) == 0 ? 0 : errno;
  errno = before;
  return result;
}

// Advice changes nothing that a program sees: only whether it could be taken.
int advise(Host& host, int fd, off_t size, int advice) {
  File* file = host.descriptors.find(fd);
  if (file == nullptr || (file->as_disk_file() != nullptr && file->as_disk_file()->path_only())) return EBADF;
  if (is_pipe(host, fd)) return ESPIPE;
  if (size < 0) return EINVAL;
  return advice >= POSIX_FADV_NORMAL && advice <= POSIX_FADV_NOREUSE ? 0 : EINVAL;
}

// From a file to any descriptor (sendfile(2)), or to a file (copy_file_range(2)): through a buffer, a piece at a time.
ssize_t copy(Host& host, const Call& call, DiskFile& from, off64_t* from_offset, int to, off64_t* to_offset,
             size_t size) {
  constexpr size_t kPiece = 65'536;
  std::vector<char> buffer(std::min(size, kPiece));
  size_t done = 0;
  off64_t at = from_offset != nullptr ? *from_offset : from.seek(0, SEEK_CUR).value();
  while (done < size) {
    const iovec whole{buffer.data(), std::min(buffer.size(), size - done)};
    const Result<std::size_t> read = from.read_at(static_cast<std::uint64_t>(at), {&whole, 1});
    if (!read && done == 0) return fail<ssize_t>(host, call, read.error());
    if (!read || read.value() == 0) break;
    const iovec part{buffer.data(), read.value()};
    const ssize_t written = to_offset != nullptr
                                ? write_at(host, call, *host.descriptors.find(to), {&part, 1}, *to_offset)
                                : write_parts(host, call, to, {&part, 1});
    if (written < 0 && done == 0) return -1;
    if (written <= 0) break;
    done += static_cast<size_t>(written);
    at += written;
    if (to_offset != nullptr) *to_offset += written;
    if (static_cast<size_t>(written) < part.iov_len) break;
  }
  if (from_offset != nullptr) {
    *from_offset = at;
  } else {
    static_cast<void>(from.seek(at, SEEK_SET));
  }
  return static_cast<ssize_t>(done);
}

// do_sendfile() in Linux's fs/read_write.c, and splice_direct_to_actor().
ssize_t send_file(Host& host, const Call& call, int to, int from, off64_t* offset, size_t size) {
  if (offset != nullptr && !stillpoint::is_writable(offset)) return fail<ssize_t>(host, call, EFAULT);
  const Result<DiskFile*> source = find_disk_file(host, from, EINVAL);
  if (!source) return fail<ssize_t>(host, call, source.error());
  if (!source.value()->can_read()) return fail<ssize_t>(host, call, EBADF);
  if ((offset != nullptr && *offset < 0) || size > SSIZE_MAX) return fail<ssize_t>(host, call, EINVAL);
  File* target = host.descriptors.find(to);
  if (target == nullptr || !target->can_write()) return fail<ssize_t>(host, call, EBADF);
  constexpr auto kEnd = static_cast<off64_t>(FileSystem::kLongestFile);
  if (offset != nullptr && *offset >= kEnd && (*offset > kEnd || size > 0)) return fail<ssize_t>(host, call, EOVERFLOW);
  if (target->appends) return fail<ssize_t>(host, call, EINVAL);
  if (size == 0) return 0;
  if (!source.value()->node().is(S_IFREG)) return fail<ssize_t>(host, call, EINVAL);
  return copy(host, call, *source.value(), offset, to, nullptr, std::min(size, stillpoint::interpose::kMostBytes));
}

// vfs_copy_file_range() in Linux's fs/read_write.c, with generic_copy_file_checks(). Places and sizes are added as they
// are there, without a sign.
ssize_t copy_range(Host& host, const Call& call, int from, off64_t* from_offset, int to, off64_t* to_offset,
                   size_t size, unsigned flags) {
  for (const int fd : {from, to}) {
    File* file = host.descriptors.find(fd);
    if (file == nullptr || is_path_only(*file)) return fail<ssize_t>(host, call, EBADF);
  }
  for (off64_t* offset : {from_offset, to_offset}) {
    if (offset != nullptr && !stillpoint::is_writable(offset)) return fail<ssize_t>(host, call, EFAULT);
  }
  if (flags != 0) return fail<ssize_t>(host, call, EINVAL);
  const Result<DiskFile*> source = find_disk_file(host, from, EINVAL);
  const Result<DiskFile*> target = find_disk_file(host, to, EINVAL);
  if (!source || !target) return fail<ssize_t>(host, call, EINVAL);
  const Inode& one = source.value()->node();
  const Inode& other = target.value()->node();
  if (one.is(S_IFDIR) || other.is(S_IFDIR)) return fail<ssize_t>(host, call, EISDIR);
  if (!one.is(S_IFREG) || !other.is(S_IFREG)) return fail<ssize_t>(host, call, EINVAL);
  if (!source.value()->can_read() || !target.value()->can_write() || target.value()->appends)
    return fail<ssize_t>(host, call, EBADF);
  const off64_t in = from_offset != nullptr ? *from_offset : source.value()->seek(0, SEEK_CUR).value();
  const off64_t out = to_offset != nullptr ? *to_offset : target.value()->seek(0, SEEK_CUR).value();
  const auto begin = static_cast<std::uint64_t>(in);
  const auto place = static_cast<std::uint64_t>(out);
  if (begin + size < begin || place + size < place) return fail<ssize_t>(host, call, EOVERFLOW);
  std::uint64_t length = in < static_cast<off64_t>(one.size) ? std::min<std::uint64_t>(size, one.size - begin) : 0;
  if (out >= static_cast<off64_t>(FileSystem::kLongestFile)) return fail<ssize_t>(host, call, EFBIG);
  length = std::min(length, FileSystem::kLongestFile - place);
  if (&one == &other && begin < place + length && place < begin + length) return fail<ssize_t>(host, call, EINVAL);
  if (in < 0 || out < 0) return fail<ssize_t>(host, call, EINVAL);
  length = std::min<std::uint64_t>(length, stillpoint::interpose::kMostBytes);
  return copy(host, call, *source.value(), from_offset, to, to_offset, length);
}

}  // namespace

SP_CALL(ssize_t, pread, (int fd, void* data, size_t size, off_t offset), (fd, data, size, offset)) {
  return move_buffer<true>(host, call, fd, data, size, offset);
}
SP_CALL(ssize_t, pread64, (int fd, void* data, size_t size, off64_t offset), (fd, data, size, offset)) {
  return move_buffer<true>(host, call, fd, data, size, offset);
}
SP_CALL(ssize_t, __pread_chk, (int fd, void* data, size_t size, off_t offset, size_t room),
        (fd, data, size, offset, room)) {
  if (size > room) unsupported(host, call, "buffer overflow detected");
  return move_buffer<true>(host, call, fd, data, size, offset);
}
SP_CALL(ssize_t, __pread64_chk, (int fd, void* data, size_t size, off64_t offset, size_t room),
        (fd, data, size, offset, room)) {
  if (size > room) unsupported(host, call, "buffer overflow detected");
  return move_buffer<true>(host, call, fd, data, size, offset);
}
SP_CALL(ssize_t, pwrite, (int fd, const void* data, size_t size, off_t offset), (fd, data, size, offset)) {
  return move_buffer<false>(host, call, fd, data, size, offset);
}
SP_CALL(ssize_t, pwrite64, (int fd, const void* data, size_t size, off64_t offset), (fd, data, size, offset)) {
  return move_buffer<false>(host, call, fd, data, size, offset);
}
SP_CALL(ssize_t, preadv, (int fd, const iovec* parts, int count, off_t offset), (fd, parts, count, offset)) {
  return move_row<true>(host, call, fd, parts, count, offset);
}
SP_CALL(ssize_t, preadv64, (int fd, const iovec* parts, int count, off64_t offset), (fd, parts, count, offset)) {
  return move_row<true>(host, call, fd, parts, count, offset);
}
SP_CALL(ssize_t, pwritev, (int fd, const iovec* parts, int count, off_t offset), (fd, parts, count, offset)) {
  return move_row<false>(host, call, fd, parts, count, offset);
}
SP_CALL(ssize_t, pwritev64, (int fd, const iovec* parts, int count, off64_t offset), (fd, parts, count, offset)) {
  return move_row<false>(host, call, fd, parts, count, offset);
}
SP_CALL(ssize_t, preadv2, (int fd, const iovec* parts, int count, off_t offset, int flags),
        (fd, parts, count, offset, flags)) {
  return move_row_flags<true>(host, call, fd, parts, count, offset, flags);
}
SP_CALL(ssize_t, preadv64v2, (int fd, const iovec* parts, int count, off64_t offset, int flags),
        (fd, parts, count, offset, flags)) {
  return move_row_flags<true>(host, call, fd, parts, count, offset, flags);
}
SP_CALL(ssize_t, pwritev2, (int fd, const iovec* parts, int count, off_t offset, int flags),
        (fd, parts, count, offset, flags)) {
  return move_row_flags<false>(host, call, fd, parts, count, offset, flags);
}
SP_CALL(ssize_t, pwritev64v2, (int fd, const iovec* parts, int count, off64_t offset, int flags),
        (fd, parts, count, offset, flags)) {
  return move_row_flags<false>(host, call, fd, parts, count, offset, flags);
}

SP_CALL(int, truncate, (const char* path, off_t size), (path, size)) { return truncate_path(host, call, path, size); }
SP_CALL(int, truncate64, (const char* path, off64_t size), (path, size)) {
  return truncate_path(host, call, path, size);
}
SP_CALL(int, ftruncate, (int fd, off_t size), (fd, size)) { return truncate_descriptor(host, call, fd, size); }
SP_CALL(int, ftruncate64, (int fd, off64_t size), (fd, size)) { return truncate_descriptor(host, call, fd, size); }

SP_CALL(int, fsync, (int fd), (fd)) { return sync_descriptor(host, call, fd, Sync::all); }
SP_CALL(int, fdatasync, (int fd), (fd)) { return sync_descriptor(host, call, fd, Sync::data); }
SP_CALL(void, sync, (), ()) { sync_disk(host); }
SP_CALL(int, syncfs, (int fd), (fd)) {
  if (host.descriptors.find(fd) == nullptr) return fail(host, call, EBADF);
  return sync_disk(host);
}
// ksys_sync_file_range() in Linux's fs/sync.c.
SP_CALL(int, sync_file_range, (int fd, off64_t offset, off64_t size, unsigned flags), (fd, offset, size, flags)) {
  constexpr unsigned kKnown = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
  const Result<DiskFile*> file = find_disk_file(host, fd, ESPIPE);
  if (!file) return fail(host, call, file.error());
  off64_t end = 0;
  if ((flags & ~kKnown) != 0 || offset < 0 || __builtin_add_overflow(offset, size, &end) || end < offset)
    return fail(host, call, EINVAL);
  if (!file.value()->node().is(S_IFREG) && !file.value()->node().is(S_IFDIR)) return fail(host, call, ESPIPE);
  if ((flags & (SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WAIT_AFTER)) == 0) return 0;
  return finish(host, call, file.value()->wait_for_range());
}

SP_CALL(int, fallocate, (int fd, int mode, off_t offset, off_t size), (fd, mode, offset, size)) {
  return allocate(host, call, fd, mode, offset, size);
}
SP_CALL(int, fallocate64, (int fd, int mode, off64_t offset, off64_t size), (fd, mode, offset, size)) {
  return allocate(host, call, fd, mode, offset, size);
}
SP_CALL(int, posix_fallocate, (int fd, off_t offset, off_t size), (fd, offset, size)) {
  return allocate_posix(host, call, fd, offset, size);
}
SP_CALL(int, posix_fallocate64, (int fd, off64_t offset, off64_t size), (fd, offset, size)) {
  return allocate_posix(host, call, fd, offset, size);
}
SP_CALL(int, posix_fadvise, (int fd, off_t offset, off_t size, int advice), (fd, offset, size, advice)) {
  return advise(host, fd, size, advice);
}
SP_CALL(int, posix_fadvise64, (int fd, off64_t offset, off64_t size, int advice), (fd, offset, size, advice)) {
  return advise(host, fd, size, advice);
}
SP_CALL(ssize_t, readahead, (int fd, off64_t offset, size_t size), (fd, offset, size)) {
  const Result<DiskFile*> file = find_disk_file(host, fd, EINVAL);
  if (!file) return fail<ssize_t>(host, call, file.error());
  if (!file.value()->can_read()) return fail<ssize_t>(host, call, EBADF);
  return file.value()->node().is(S_IFREG) ? 0 : fail<ssize_t>(host, call, EINVAL);
}

SP_CALL(ssize_t, sendfile, (int to, int from, off_t* offset, size_t size), (to, from, offset, size)) {
  return send_file(host, call, to, from, offset, size);
}
SP_CALL(ssize_t, sendfile64, (int to, int from, off64_t* offset, size_t size), (to, from, offset, size)) {
  return send_file(host, call, to, from, offset, size);
}
SP_CALL(ssize_t, copy_file_range,
        (int from, off64_t* from_offset, int to, off64_t* to_offset, size_t size, unsigned flags),
        (from, from_offset, to, to_offset, size, flags)) {
  return copy_range(host, call, from, from_offset, to, to_offset, size, flags);
}
