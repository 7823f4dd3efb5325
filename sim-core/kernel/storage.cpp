#include "sim-core/kernel/storage.hpp"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "sim-core/kernel/character_device.hpp"
#include "sim-core/kernel/current.hpp"
#include "sim-core/kernel/disk_file.hpp"
#include "sim-core/kernel/host.hpp"
#include "sim-core/kernel/identity.hpp"
#include "sim-core/kernel/kernel.hpp"

namespace stillpoint::kernel {

Storage::Storage(Host& host, const StorageOptions& options)
    : host_(host),
      files(*this, options.disk, user()),
      device(host.kernel().seed, host.name(), options.device),
      crashes_(host.kernel().seed, "crash", host.name()) {
  note_options();
  make_first_tree();
}

disk::Owner Storage::user() const { return {kUserId, kGroupId}; }

dev_t Storage::device_number() const { return makedev(0x100 + host_.where().boot, host_.id()); }

// Unlike on most machines /run is on the disk, and outlives a crash.
void Storage::make_first_tree() {
  constexpr disk::Owner kRoot{0, 0};
  disk::Inode& root = files.root();
  disk::Inode& devices = files.place(root, "dev", S_IFDIR | 0755, kRoot);
  for (const char* name : {"etc", "home", "run", "srv"}) files.place(root, name, S_IFDIR | 0755, user());
  files.place(root, "tmp", S_IFDIR | 01777, user());
  disk::Inode& var = files.place(root, "var", S_IFDIR | 0755, user());
  for (const char* name : {"lib", "log"}) files.place(var, name, S_IFDIR | 0755, user());
  files.place(var, "tmp", S_IFDIR | 01777, user());
  constexpr std::pair<const char*, unsigned> kDevices[] = {{"null", 3}, {"zero", 5}, {"random", 8}, {"urandom", 9}};
  for (const auto& [name, minor] : kDevices) files.place(devices, name, S_IFCHR | 0666, kRoot, {}, makedev(1, minor));
  set_working_directory(*root.directory.find("srv"));
}

void Storage::set_working_directory(disk::Inode& directory) {
  files.hold(directory);
  if (working_directory_ != nullptr) files.let_go(*working_directory_);
  working_directory_ = &directory;
}

void Storage::wait_until(VirtualTime when) { host_.wait_for_device(when); }

// do_open() and may_open() in Linux's fs/namei.c.
Result<std::unique_ptr<File>> Storage::open(disk::Inode& base, std::string_view path, int flags, mode_t mode) {
  const bool path_only = (flags & O_PATH) != 0;
  if (path_only) flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  const int access = flags & O_ACCMODE;
  const bool nameless = (flags & O_TMPFILE) == O_TMPFILE;
  const bool creates = (flags & O_CREAT) != 0 && !nameless;
  if (nameless && access == O_RDONLY) return Failure{EINVAL};
  if ((flags & O_TMPFILE & ~O_DIRECTORY) != 0 && !nameless) return Failure{EINVAL};
  if (creates && (flags & O_DIRECTORY) != 0) return Failure{EINVAL};
  const bool exclusive = creates && (flags & O_EXCL) != 0;
  const bool follows = (flags & O_NOFOLLOW) == 0 && !exclusive;
  const Result<disk::Place> walked =
      disk::walk(files, base, path, follows ? disk::Follow::yes : disk::Follow::no, user());
  if (!walked) return Failure{walked.error()};
  const disk::Place place = walked.value();
  disk::Inode* inode = place.inode;
  const mode_t permissions = mode & 07777 & ~umask;

  if (nameless) {
    if (inode == nullptr) return Failure{ENOENT};
    if (!inode->is(S_IFDIR)) return Failure{ENOTDIR};
    if (!disk::may(*inode, disk::kMayWrite | disk::kMayExecute, user())) return Failure{EACCES};
    if (inode->links == 0) return Failure{EPERM};
    const auto made = files.make_nameless(S_IFREG | permissions, user());
    if (!made) return Failure{made.error()};
    made.value()->nameless = (flags & O_EXCL) == 0;
    return std::unique_ptr<File>(new DiskFile(host_, *this, *made.value(), flags));
  }
  if (creates && place.slash) return Failure{EISDIR};
  bool made_now = false;
  if (inode == nullptr) {
    if (!creates) return Failure{ENOENT};
    if (!disk::may(*place.directory, disk::kMayWrite | disk::kMayExecute, user())) return Failure{EACCES};
    const auto made = files.make(*place.directory, place.name, S_IFREG | permissions, user());
    if (!made) return Failure{made.error()};
    inode = made.value();
    made_now = true;
  } else if (exclusive) {
    return Failure{EEXIST};
  }
  if (place.slash && !inode->is(S_IFDIR)) return Failure{ENOTDIR};
  if ((flags & O_DIRECTORY) != 0 && !inode->is(S_IFDIR)) return Failure{ENOTDIR};
  if (path_only) return std::unique_ptr<File>(new DiskFile(host_, *this, *inode, flags));
  if (inode->is(S_IFLNK)) return Failure{ELOOP};
  if (inode->is(S_IFDIR) && (access != O_RDONLY || creates || (flags & O_TRUNC) != 0)) return Failure{EISDIR};
  if (inode->is(S_IFSOCK)) return Failure{ENXIO};
  if (!made_now) {
    const bool truncates = (flags & O_TRUNC) != 0;
    // ACC_MODE(): the mode 3 asks for both.
    unsigned wanted = access != O_WRONLY ? unsigned{disk::kMayRead} : 0u;
    if (access != O_RDONLY || truncates) wanted |= disk::kMayWrite;
    if (!disk::may(*inode, wanted, user())) return Failure{EACCES};
    if ((flags & O_NOATIME) != 0 && inode->user != user().user) return Failure{EPERM};
    if (truncates && inode->is(S_IFREG)) {
      if (const Status cut = files.resize(*inode, 0); !cut) return Failure{cut.error()};
    }
  }
  return open_inode(*inode, flags);
}

Result<std::unique_ptr<File>> Storage::open_inode(disk::Inode& inode, int flags) {
  if (inode.is(S_IFCHR)) return std::unique_ptr<File>(CharacterDevice::open(host_, inode.device, flags));
  return std::unique_ptr<File>(new DiskFile(host_, *this, inode, flags));
}

// ---- what the file system asks of its machine ----

VirtualTime Storage::now() const { return host_.now(); }

disk::WallTime Storage::wall_time() const { return host_.clocks().read(CLOCK_REALTIME_COARSE, host_.now()).count(); }

EventId Storage::wrote(const disk::Inode& inode, std::uint64_t offset, std::span<const std::byte> bytes) {
  Kernel& kernel = host_.kernel();
  return kernel.trace.event(EventKind::write, kernel.queue.now(), host_.where(), inode.number, offset, bytes.size(), {},
                            bytes);
}

EventId Storage::resized(const disk::Inode& inode, std::uint64_t size) {
  Kernel& kernel = host_.kernel();
  return kernel.trace.event(EventKind::resize, kernel.queue.now(), host_.where(), inode.number, size);
}

EventId Storage::renamed(disk::NameChange change, const disk::Inode& inode, const disk::Inode& directory,
                         std::string_view name, const disk::Inode* to_directory, std::string_view to) {
  Kernel& kernel = host_.kernel();
  std::string payload(name);
  if (!to.empty()) {
    payload += '\0';
    if (to_directory != nullptr) payload += std::to_string(to_directory->number);
    payload += '\0';
    payload += to;
  }
  const auto kind_and_change = static_cast<std::uint64_t>(change) << 32 | inode.mode;
  return kernel.trace.event(EventKind::name, kernel.queue.now(), host_.where(), inode.number, directory.number,
                            kind_and_change, {}, payload);
}

EventId Storage::changed_mode(const disk::Inode& inode) {
  Kernel& kernel = host_.kernel();
  return kernel.trace.event(EventKind::mode, kernel.queue.now(), host_.where(), inode.number, inode.mode);
}

EventId Storage::synced(const disk::Inode* inode, std::uint64_t bytes, Synced what) {
  if (what == Synced::data_only) note_detail(disk::Detail::data_only, *inode, 0, 0);
  Kernel& kernel = host_.kernel();
  return kernel.trace.event(EventKind::sync, kernel.queue.now(), host_.where(), inode != nullptr ? inode->number : 0,
                            bytes, what == Synced::nothing ? 1 : 0);
}

void Storage::note_options() {
  const disk::DiskOptions& options = files.options();
  tell(disk::Detail::options, static_cast<std::uint64_t>(options.ordering), options.sector, options.most_pending,
       std::to_string(options.write_back_after.count()) + '\0' + std::to_string(options.commit_after.count()));
}

void Storage::placed(const disk::Inode& inode, const disk::Inode& directory, std::string_view name) {
  tell(disk::Detail::placed, inode.number, directory.number, inode.mode,
       std::string(name) + '\0' + std::to_string(inode.size) + '\0' + inode.target);
}

void Storage::note_detail(disk::Detail detail, const disk::Inode& inode, std::uint64_t offset, std::uint64_t size) {
  tell(detail, inode.number, offset, detail == disk::Detail::nameless ? inode.mode : size);
}

void Storage::tell(disk::Detail detail, std::uint64_t subject, std::uint64_t a, std::uint64_t b,
                   std::string_view text) {
  Kernel& kernel = host_.kernel();
  kernel.trace.disk(kernel.queue.now(), host_.where(), static_cast<std::uint8_t>(detail), subject, a, b, text);
}

void Storage::crash(EventId cause) {
  disk::SeededChoice choice(crashes_);
  working_directory_ = nullptr;
  locks.forget_all();
  device.reset();
  umask = 022;
  const disk::FileSystem::Lost lost = files.crash(choice);
  Kernel& kernel = host_.kernel();
  for (const disk::LostWrite& write : lost.writes)
    kernel.trace.event(EventKind::unwritten, kernel.queue.now(), host_.where(), write.event, write.lost, write.sectors,
                       {cause, CauseKind::fault});
  for (const EventId event : lost.names)
    kernel.trace.event(EventKind::unwritten, kernel.queue.now(), host_.where(), event, 0, 0, {cause, CauseKind::fault});
  // The first tree was durable before anything else was, but a program may have removed what is in it.
  disk::Inode* srv = files.root().directory.find("srv");
  set_working_directory(srv != nullptr && srv->is(S_IFDIR) ? *srv : files.root());
}

}  // namespace stillpoint::kernel
