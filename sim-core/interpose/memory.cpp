// mmap(2) and its kin. Memory is the real process's; a mapped file of the host's disk lies in memory of its own, which
// is mapped as often as programs ask for it, and where read(2) and write(2) find its bytes as well.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>

#include "sim-core/interpose/paths.hpp"
#include "sim-core/kernel/mappings.hpp"

namespace {

using stillpoint::Result;
using stillpoint::disk::FileSystem;
using stillpoint::disk::Inode;
using stillpoint::disk::kPage;
using stillpoint::interpose::Call;
using stillpoint::interpose::fail;
using stillpoint::interpose::real_function;
using stillpoint::interpose::unsupported;
using stillpoint::kernel::CurrentHost;
using stillpoint::kernel::DiskFile;
using stillpoint::kernel::File;
using stillpoint::kernel::Host;
using stillpoint::kernel::Mappings;

bool is_zero_device(dev_t device) { return device == makedev(1, 5); }

std::uint64_t whole_pages(std::uint64_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

// A file in memory (memfd_create(2)), which ends where the file of the disk does, so that what lies beyond is SIGBUS
// there, too.
class MappableMemory final : public stillpoint::disk::Memory {
 public:
  // Null where the machine refuses.
  static std::shared_ptr<MappableMemory> make() {
    const CurrentHost nobody(nullptr);
    const int fd = memfd_create("stillpoint-file", MFD_CLOEXEC);
    if (fd < 0) return nullptr;
    // Out of the way of whatever else the process opens.
    constexpr int kFirst = 512;
    const int moved = fcntl(fd, F_DUPFD_CLOEXEC, kFirst);
    if (moved >= 0) close(fd);
    return std::shared_ptr<MappableMemory>(new MappableMemory(moved >= 0 ? moved : fd));
  }
  ~MappableMemory() override {
    const CurrentHost nobody(nullptr);
    if (begin_ != nullptr) munmap(begin_, room_);
    close(fd_);
  }

  void resize(std::uint64_t bytes) override {
    const CurrentHost nobody(nullptr);
    SP_ASSERT(ftruncate(fd_, static_cast<off_t>(bytes)) == 0);
    if (bytes <= room_) return;
    const std::uint64_t room = std::max(whole_pages(bytes), 2 * room_);
    void* const place = begin_ == nullptr ? mmap(nullptr, room, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0)
                                          : mremap(begin_, room_, room, MREMAP_MAYMOVE);
    SP_ASSERT(place != MAP_FAILED);
    begin_ = static_cast<std::byte*>(place);
    room_ = room;
  }
  std::byte* begin() override { return begin_; }

  // Maps a part of it for the program. One who may not write cannot make it writable later (mprotect(2)).
  void* map(void* place, size_t size, int protection, int flags, off64_t offset, bool may_write) const {
    const CurrentHost nobody(nullptr);
    if (may_write || (flags & MAP_TYPE) == MAP_PRIVATE) return mmap(place, size, protection, flags, fd_, offset);
    char path[32];
    std::snprintf(path, sizeof path, "/proc/self/fd/%d", fd_);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    void* const mapped = mmap(place, size, protection, flags, fd >= 0 ? fd : fd_, offset);
    const int error = errno;
    if (fd >= 0) close(fd);
    errno = error;
    return mapped;
  }

 private:
  explicit MappableMemory(int fd) : fd_(fd) {}

  int fd_;
  std::byte* begin_ = nullptr;
  std::uint64_t room_ = 0;
};

void* failed(Host& host, const Call& call, int error) {
  fail(host, call, error);
  return MAP_FAILED;
}

void* map_anonymous(void* place, size_t size, int protection, int flags) {
  using Map = void* (*)(void*, size_t, int, int, int, off64_t);
  static const Map real = real_function<Map>(nullptr, "mmap");
  return real(place, size, protection, flags | MAP_ANONYMOUS, -1, 0);
}

// The file's memory; it has one from the first mapping on.
MappableMemory* memory_of(Inode& inode) {
  if (inode.content.memory() == nullptr) {
    auto memory = MappableMemory::make();
    if (memory == nullptr) return nullptr;
    inode.content.move_to(std::move(memory), inode.size);
  }
  return static_cast<MappableMemory*>(inode.content.memory());
}

// do_mmap() in Linux's mm/mmap.c.
void* map_file(Host& host, const Call& call, void* place, size_t size, int protection, int flags, int fd,
               off64_t offset) {
  if (offset % static_cast<off64_t>(kPage) != 0) return failed(host, call, EINVAL);
  File* file = host.descriptors.find(fd);
  if (file == nullptr) return failed(host, call, EBADF);
  if (size == 0) return failed(host, call, EINVAL);
  if (size > SIZE_MAX - kPage || offset < 0) return failed(host, call, offset < 0 ? EOVERFLOW : ENOMEM);
  const int type = flags & MAP_TYPE;
  const bool shared = type == MAP_SHARED || type == MAP_SHARED_VALIDATE;
  if (!shared && type != MAP_PRIVATE) return failed(host, call, EINVAL);
  DiskFile* on_disk = file->as_disk_file();
  if (on_disk != nullptr && on_disk->path_only()) return failed(host, call, EBADF);
  if (!file->can_read()) return failed(host, call, EACCES);
  if (shared && (protection & PROT_WRITE) != 0 && !file->can_write()) return failed(host, call, EACCES);
  if (on_disk == nullptr) {
    if (is_zero_device(file->device()))
      return map_anonymous(place, size, protection, flags);  // zero(4): shared or not, it is memory
    return failed(host, call, ENODEV);
  }
  Inode& inode = on_disk->node();
  if (!inode.is(S_IFREG)) return failed(host, call, ENODEV);
  auto& files = host.storage().files;
  MappableMemory* memory = memory_of(inode);
  if (memory == nullptr) return failed(host, call, ENOMEM);
  void* const mapped = memory->map(place, size, protection, flags, offset, file->can_write());
  if (mapped == MAP_FAILED) return mapped;
  const auto begin = reinterpret_cast<std::uintptr_t>(mapped);
  host.mappings.remove(files, begin, begin + whole_pages(size));  // MAP_FIXED
  host.mappings.add(files, begin, {begin + whole_pages(size), &inode, static_cast<std::uint64_t>(offset), shared});
  if (shared && file->can_write()) files.watch_stores(inode);
  files.touch_accessed(inode);
  return mapped;
}

void* map(Host& host, const Call& call, void* place, size_t size, int protection, int flags, int fd, off64_t offset) {
  if ((flags & MAP_ANONYMOUS) == 0) return map_file(host, call, place, size, protection, flags, fd, offset);
  void* const mapped = map_anonymous(place, size, protection, flags);
  if (mapped != MAP_FAILED && !host.mappings.empty()) {
    const auto begin = reinterpret_cast<std::uintptr_t>(mapped);
    host.mappings.remove(host.storage().files, begin, begin + whole_pages(size));
  }
  return mapped;
}

}  // namespace

SP_CALL(void*, mmap, (void* place, size_t size, int protection, int flags, int fd, off_t offset),
        (place, size, protection, flags, fd, offset)) {
  return map(host, call, place, size, protection, flags, fd, offset);
}
SP_CALL(void*, mmap64, (void* place, size_t size, int protection, int flags, int fd, off64_t offset),
        (place, size, protection, flags, fd, offset)) {
  return map(host, call, place, size, protection, flags, fd, offset);
}

SP_CALL(int, munmap, (void* place, size_t size), (place, size)) {
  const auto begin = reinterpret_cast<std::uintptr_t>(place);
  if (!host.mappings.empty()) {
    auto& files = host.storage().files;
    // What was stored there and nowhere else is lost with the memory, but not with this mapping of it.
    host.mappings.remove(files, begin, begin + whole_pages(size));
  }
  using Unmap = int (*)(void*, size_t);
  static const Unmap real = real_function<Unmap>(nullptr, "munmap");
  return real(place, size);
}

// Of a file only the whole of a mapping grows, shrinks or moves.
SP_CALL(void*, mremap, (void* place, size_t size, size_t new_size, int flags, void* new_place),
        (place, size, new_size, flags, new_place)) {
  const auto begin = reinterpret_cast<std::uintptr_t>(place);
  const std::uintptr_t end = begin + whole_pages(size);
  using Remap = void* (*)(void*, size_t, size_t, int, void*);
  static const Remap real = real_function<Remap>(nullptr, "mremap");
  bool of_file = false;
  host.mappings.for_each(begin, end, [&](const Mappings::Mapping&) { of_file = true; });
  if (!of_file) return real(place, size, new_size, flags, new_place);
  const Mappings::Mapping* whole = host.mappings.exactly(begin, end);
  if (whole == nullptr) unsupported(host, call, "of a part of a mapped file");
  Mappings::Mapping mapping = *whole;
  void* const moved = real(place, size, new_size, flags, new_place);
  if (moved == MAP_FAILED) return moved;
  auto& files = host.storage().files;
  const auto now = reinterpret_cast<std::uintptr_t>(moved);
  mapping.end = now + whole_pages(new_size);
  files.hold(*mapping.inode);
  host.mappings.remove(files, begin, end);
  host.mappings.remove(files, now, mapping.end);
  host.mappings.add(files, now, mapping);
  files.let_go(*mapping.inode);
  return moved;
}

SP_CALL(int, msync, (void* place, size_t size, int flags), (place, size, flags)) {
  using Sync = int (*)(void*, size_t, int);
  static const Sync real = real_function<Sync>(nullptr, "msync");
  int result = 0;
  {
    const CurrentHost nobody(nullptr);
    result = real(place, size, flags);  // says what is wrong with the arguments
  }
  if (result != 0 || (flags & MS_SYNC) == 0) return result;
  const auto begin = reinterpret_cast<std::uintptr_t>(place);
  stillpoint::Status synced = stillpoint::Done{};
  host.mappings.for_each(begin, begin + whole_pages(size), [&](const Mappings::Mapping& mapping) {
    if (!mapping.shared || !synced) return;
    synced = host.storage().sync(*mapping.inode, FileSystem::Sync::all, "msync");
  });
  return synced ? result : fail(host, call, synced.error());
}
