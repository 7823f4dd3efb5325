#include "sim-core/kernel/storage.hpp"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <time.h>

#include <utility>

#include "sim-core/kernel/character_device.hpp"
#include "sim-core/kernel/current.hpp"
#include "sim-core/kernel/disk_file.hpp"
#include "sim-core/kernel/host.hpp"
#include "sim-core/kernel/identity.hpp"
#include "sim-core/kernel/kernel.hpp"

namespace stillpoint::kernel {

Storage::Storage(Host& host, const DiskOptions& options)
    : host_(host),
      troubles_(host.kernel().seed, host.name()),
      files(*this, options, user()),
      device(host.kernel().seed, host.name(), options, troubles_),
      crashes_(host.kernel().seed, "crash", host.name()),
      torn_crashes_(host.kernel().seed, "torn crash", host.name()) {
  note_options();
  make_first_tree();
}

disk::Owner Storage::user() const { return {kUserId, kGroupId}; }

dev_t Storage::device_number() const { return makedev(0x100 + host_.where().boot, host_.id()); }

void Storage::set_working_directory(disk::Inode& directory) {
  files.hold(directory);
  if (working_directory_ != nullptr) files.let_go(*working_directory_);
  working_directory_ = &directory;
}

void Storage::wait_until(VirtualTime when) {
  if (!troubles_.any()) return host_.wait_for_device(when);
  const std::vector<EventId> delayers = troubles_.take_delayers();
  host_.wait_for_device(when);
  note_delayers(delayers);
}

Status Storage::sync(disk::Inode& inode, disk::FileSystem::Sync what, std::string_view call) {
  if (troubles_.any() && !host_.crashing()) [[unlikely]]
    return sync_in_trouble(inode, what, call);
  const std::uint64_t bytes = files.sync(inode, what);
  wait_until(device.flush(host_.now(), bytes));
  return Done{};
}

// path_openat(), open_last_lookups() and lookup_open() in Linux's fs/namei.c.
Result<std::unique_ptr<File>> Storage::open(disk::Inode& base, std::string_view path, int flags, mode_t mode) {
  if ((flags & O_PATH) != 0) return open_path_only(base, path, flags & (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  mode &= 07777 & ~umask;
  if ((flags & O_TMPFILE) == O_TMPFILE) return open_nameless(base, path, flags, mode);
  const bool creates = (flags & O_CREAT) != 0;
  const bool exclusive = creates && (flags & O_EXCL) != 0;
  disk::Walk walk(files, base, path, user());
  bool is_directory = (flags & O_DIRECTORY) != 0;
  bool follows = (flags & O_NOFOLLOW) == 0 && !exclusive;
  for (;;) {
    Result<disk::Place> reached = walk.to_last();
    if (!reached) return Failure{reached.error()};
    const disk::Place place = std::move(reached).value();
    if (creates && place.slash) return Failure{EISDIR};
    is_directory |= place.slash;
    follows |= place.slash;
    const Result<disk::Inode*> found = disk::look_up(files, place);
    if (!found) return Failure{found.error()};
    disk::Inode* const inode = found.value();
    if (inode == nullptr) return creates ? create(place, flags, mode) : Failure{ENOENT};
    if (inode->is(S_IFLNK) && follows) {
      if (const Status followed = walk.follow(place, *inode); !followed) return Failure{followed.error()};
      continue;
    }
    if (exclusive) return Failure{EEXIST};
    if (creates && inode->is(S_IFDIR)) return Failure{EISDIR};
    if (is_directory && !inode->is(S_IFDIR)) return Failure{ENOTDIR};
    return open_existing(*inode, flags);
  }
}

Result<std::unique_ptr<File>> Storage::create(const disk::Place& place, int flags, mode_t permissions) {
  if (!disk::may(*place.directory, disk::kMayWrite | disk::kMayExecute, user())) return Failure{EACCES};
  const auto made = files.make(*place.directory, place.name, S_IFREG | permissions, user());
  if (!made) return Failure{made.error()};
  return open_inode(*made.value(), flags);
}

// may_open() and handle_truncate().
Result<std::unique_ptr<File>> Storage::open_existing(disk::Inode& inode, int flags) {
  const int access = flags & O_ACCMODE;
  const bool truncates = (flags & O_TRUNC) != 0;
  if (inode.is(S_IFLNK)) return Failure{ELOOP};
  if (inode.is(S_IFDIR) && (access != O_RDONLY || truncates)) return Failure{EISDIR};
  // ACC_MODE(): the mode 3 asks for both.
  unsigned wanted = access != O_WRONLY ? unsigned{disk::kMayRead} : 0u;
  if (access != O_RDONLY || truncates) wanted |= disk::kMayWrite;
  if (!disk::may(inode, wanted, user())) return Failure{EACCES};
  if ((flags & O_NOATIME) != 0 && inode.user != user().user) return Failure{EPERM};
  if (inode.is(S_IFSOCK)) return Failure{ENXIO};
  if (truncates && inode.is(S_IFREG)) {
    if (const Status cut = resize(inode, 0); !cut) return Failure{cut.error()};
  }
  return open_inode(inode, flags);
}

// do_o_path()
Result<std::unique_ptr<File>> Storage::open_path_only(disk::Inode& base, std::string_view path, int flags) {
  const Result<disk::Inode*> inode = find(base, path, (flags & O_NOFOLLOW) != 0 ? disk::Follow::no : disk::Follow::yes);
  if (!inode) return Failure{inode.error()};
  if ((flags & O_DIRECTORY) != 0 && !inode.value()->is(S_IFDIR)) return Failure{ENOTDIR};
  return std::unique_ptr<File>(new DiskFile(host_, *this, *inode.value(), flags));
}

// do_tmpfile()
Result<std::unique_ptr<File>> Storage::open_nameless(disk::Inode& base, std::string_view path, int flags,
                                                     mode_t permissions) {
  const Result<disk::Inode*> directory =
      find(base, path, (flags & O_NOFOLLOW) != 0 ? disk::Follow::no : disk::Follow::yes);
  if (!directory) return Failure{directory.error()};
  if (!directory.value()->is(S_IFDIR)) return Failure{ENOTDIR};
  if (!disk::may(*directory.value(), disk::kMayWrite | disk::kMayExecute, user())) return Failure{EACCES};
  if (directory.value()->links == 0) return Failure{EPERM};
  const auto made = files.make_nameless(S_IFREG | permissions, user());
  if (!made) return Failure{made.error()};
  made.value()->nameless = (flags & O_EXCL) == 0;
  return open_inode(*made.value(), flags);
}

Result<std::unique_ptr<File>> Storage::open_inode(disk::Inode& inode, int flags) {
  if (inode.of_elsewhere && (flags & O_PATH) == 0) find_all_elsewhere(inode);
  if (inode.is(S_IFCHR)) return std::unique_ptr<File>(CharacterDevice::open(host_, inode.device, flags));
  return std::unique_ptr<File>(new DiskFile(host_, *this, inode, flags));
}

// ---- what the file system asks of its machine ----

VirtualTime Storage::now() const { return host_.now(); }

disk::WallTime Storage::wall_time() const { return host_.clocks().read(CLOCK_REALTIME_COARSE, host_.now()).count(); }

// An operation has changed the disk.
EventId Storage::note(EventKind kind, std::uint64_t a, std::uint64_t b, std::uint64_t c, std::string_view payload) {
  if (++operations_ == crash_at_) host_.crash_at_next_call(crash_at_cause_);
  Kernel& kernel = host_.kernel();
  last_operation_ = kernel.trace.event(kind, kernel.queue.now(), host_.where(), a, b, c, {}, payload);
  return last_operation_;
}

void Storage::crash_after(std::uint64_t operations, Cause cause) {
  crash_at_ = operations_ + operations;
  crash_at_cause_ = cause;
  if (operations == 0) host_.crash_at_next_call(cause);
}

void Storage::do_not_crash(EventId cause) {
  if (crash_at_cause_.event != cause) return;
  crash_at_ = 0;
  host_.do_not_crash_at_next_call();
}

EventId Storage::wrote(const disk::Inode& inode, std::uint64_t offset, std::span<const std::byte> bytes) {
  return note(EventKind::write, inode.number, offset, bytes.size(),
              {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

EventId Storage::resized(const disk::Inode& inode, std::uint64_t size) {
  return note(EventKind::resize, inode.number, size);
}

EventId Storage::renamed(disk::NameChange change, const disk::Inode& inode, const disk::Inode& directory,
                         std::string_view name, const disk::Inode* to_directory, std::string_view to) {
  std::string payload(name);
  if (!to.empty()) {
    payload += '\0';
    if (to_directory != nullptr) payload += std::to_string(to_directory->number);
    payload += '\0';
    payload += to;
  }
  const auto kind_and_change = static_cast<std::uint64_t>(change) << 32 | inode.mode;
  return note(EventKind::name, inode.number, directory.number, kind_and_change, payload);
}

EventId Storage::changed_mode(const disk::Inode& inode) { return note(EventKind::mode, inode.number, inode.mode); }

EventId Storage::synced(const disk::Inode* inode, std::uint64_t bytes, Synced what) {
  if (what == Synced::data_only) note_detail(disk::Detail::data_only, *inode, 0, 0);
  return note(EventKind::sync, inode != nullptr ? inode->number : 0, bytes, what == Synced::nothing ? 1 : 0);
}

// The device is busy with it, and whoever needs it next waits for that.
void Storage::wrote_back(std::uint64_t bytes) { device.write(host_.now(), bytes); }

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

// What was waiting to be written when it failed is lost with what comes later: of the two together no order would hold.
void Storage::lose_power() {
  files.let_fsync_lie(true);
  next_crash(disk::CrashKeeps::nothing);
}

void Storage::crash(EventId cause) {
  files.let_fsync_lie(files.options().fsync_lies);
  const auto choice = disk::make_choice(std::exchange(next_crash_, disk::CrashKeeps::some), crashes_, torn_crashes_);
  working_directory_ = nullptr;
  locks.forget_all();
  device.reset();
  troubles_.take_delayers();
  failed_syncs_.clear();
  const disk::FileSystem::Lost lost = files.crash(*choice);
  Kernel& kernel = host_.kernel();
  for (const disk::LostWrite& write : lost.writes)
    kernel.trace.event(EventKind::unwritten, kernel.queue.now(), host_.where(), write.event, write.lost, write.sectors,
                       {cause, CauseKind::fault});
  for (const EventId event : lost.names)
    kernel.trace.event(EventKind::unwritten, kernel.queue.now(), host_.where(), event, 0, 0, {cause, CauseKind::fault});
  start_process();
}

void Storage::start_process() {
  umask = 022;
  // The first tree was durable before anything else was, but a program may have removed what is in it.
  disk::Inode* srv = files.root().directory.find("srv");
  set_working_directory(srv != nullptr && srv->is(S_IFDIR) ? *srv : files.root());
}

}  // namespace stillpoint::kernel
