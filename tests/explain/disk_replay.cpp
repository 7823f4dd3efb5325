// Random programs on a simulated host, whose disk is then followed through the recorded trace: names, sizes, and what
// is pending must be what the host's own file system said, and a crash must take the same.
#include "sim-core/explain/disk_replay.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "tests/explain/recorded_disk.hpp"

using namespace stillpoint;
using namespace stillpoint::test;

namespace {

void add_tree(const disk::Inode& directory, const std::string& path, std::string& text) {
  for (const auto& [name, leads] : directory.directory.names()) {
    const disk::Inode& inode = *leads.inode;
    text += fmt::format("{}/{}: {} {:o} {} {} {}", path, name, inode.number, inode.mode, inode.size, inode.links,
                        inode.target);
    if (inode.unsynced != nullptr && !inode.unsynced->empty()) {
      text += fmt::format(" of {}:", inode.unsynced->durable_size());
      for (const auto& change : inode.unsynced->changes())
        text +=
            fmt::format(" {}{}", change.event, inode.unsynced->has_given_up(change.offset / disk::kPage) ? "!" : "");
    }
    text += '\n';
    if (inode.is(S_IFDIR)) add_tree(inode, path + "/" + name, text);
  }
}

// Everything that a person could be told of it.
std::string shape(disk::FileSystem& files) {
  std::string text;
  add_tree(files.root(), "", text);
  for (const auto& entry : files.journal().entries()) text += fmt::format("{} ", entry.event);
  return text;
}

struct Moment {
  EventId event;
  std::string shape;
};

class RandomProgram {
 public:
  RandomProgram(std::uint64_t seed, disk::Ordering ordering)
      : random_(seed, "program", "plaza-1"),
        disk_(seed, {.ordering = ordering, .sector = seed % 2 == 0 ? 512u : 4096u}) {}

  void run(int operations) {
    for (int i = 0; i < operations; ++i) {
      step();
      // What is old enough is written back at a crash, and only then.
      if (waited_) {
        forget();
      } else {
        look();
      }
    }
    crash();
  }

  void check() {
    const TraceFile trace = disk_.record();
    for (const Moment& moment : moments_) {
      if (moment.event != moments_.back().event && random_.below(6) != 0) continue;
      explain::DiskReplay replay(trace, disk_.host.host.id(), "plaza-1", moment.event);
      REQUIRE(replay.files() != nullptr);
      INFO("as of event " << moment.event);
      CHECK(shape(*replay.files()) == moment.shape);
      if (replay.last_crash()) CHECK(replay.last_crash()->as_recorded);
    }
  }
  std::size_t count(EventKind kind) const { return disk_.trace.events(kind).size(); }

 private:
  const char* some_path() {
    static constexpr const char* kPaths[] = {"/srv/a", "/srv/b", "/srv/c", "/srv/d/a", "/srv/d/b", "/tmp/a"};
    return kPaths[random_.below(std::size(kPaths))];
  }
  // What fails changes nothing.
  template <typename Call>
  void call(Call what) {
    disk_.host(what);
  }
  int some_file() { return files_.empty() ? -1 : files_[random_.below(files_.size())]; }

  void open(int flags) {
    const int fd = disk_.open(some_path(), flags);
    if (fd >= 0) files_.push_back(fd);
  }

  void step() {
    const int fd = some_file();
    const auto offset = static_cast<off_t>(random_.below(4) == 0 ? 0 : random_.below(20'000));
    const std::size_t size = 1 + random_.below(random_.below(2) == 0 ? 600 : 9'000);
    const std::string path = some_path();
    const std::string other = some_path();
    switch (random_.below(25)) {
      case 24:
        return trouble();
      case 0:
      case 1:
      case 2:
        return open(O_RDWR | O_CREAT | (random_.below(3) == 0 ? O_TRUNC : 0));
      case 3:
      case 4:
      case 5:
      case 6:
        return call([&] { return pwrite(fd, std::string(size, 'x').data(), size, offset); });
      case 7:
        return call([&] { return ftruncate(fd, random_.below(3) == 0 ? 0 : offset); });
      case 8:
        return call([&] { return fsync(fd); });
      case 9:
        return call([&] { return fdatasync(fd); });
      case 10:
        return call([&] {
          const int directory = ::open("/srv", O_RDONLY);
          fsync(directory);
          return close(directory);
        });
      case 11:
        return call([&] { return sync(), 0; });
      case 12:
      case 13:
        return call([&] { return rename(path.c_str(), other.c_str()); });
      case 14:
        return call([&] { return renameat2(AT_FDCWD, path.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE); });
      case 15:
        return call([&] { return link(path.c_str(), other.c_str()); });
      case 16:
        return call([&] { return unlink(path.c_str()); });
      case 17:
        return call([&] { return random_.below(3) == 0 ? rmdir("/srv/d") : mkdir("/srv/d", 0755); });
      case 18:
        return call([&] { return symlink(path.c_str(), other.c_str()); });
      case 19:
        return call([&] { return fchmod(fd, random_.below(2) == 0 ? 0644 : 0600); });
      case 20: {
        constexpr int kModes[] = {0, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE};
        const int mode = kModes[random_.below(std::size(kModes))];
        return call([&] { return fallocate(fd, mode, offset, static_cast<off_t>(size)); });
      }
      case 21:
        return close_some();
      case 22:
        return rare();
      default:
        return call([&] { return futimens(fd, nullptr); });
    }
  }

  void close_some() {
    if (files_.empty()) return;
    const std::size_t which = random_.below(files_.size());
    call([&] { return close(files_[which]); });
    files_.erase(files_.begin() + static_cast<std::ptrdiff_t>(which));
  }

  void rare() {
    switch (random_.below(5)) {
      case 0: {
        const int nameless = disk_.open("/srv", O_RDWR | O_TMPFILE);
        if (nameless >= 0) files_.push_back(nameless);
        return;
      }
      case 1: {
        const std::string of = fmt::format("/proc/self/fd/{}", some_file());
        const std::string to = some_path();
        return call([&] { return linkat(AT_FDCWD, of.c_str(), AT_FDCWD, to.c_str(), AT_SYMLINK_FOLLOW); });
      }
      case 2:
        lies_ = !lies_;
        return disk_.files().let_fsync_lie(lies_);
      case 3:
        waited_ = true;
        return disk_.wait(std::chrono::milliseconds(700) * (1 + static_cast<int>(random_.below(50))));
      default:
        return crash();
    }
  }

  // Faults come and go.
  void trouble() {
    kernel::Storage& storage = disk_.host.host.storage();
    const EventId fault = disk_.trace.writer.event(EventKind::fault, disk_.kernel.queue.now(), {}, 0);
    switch (random_.below(7)) {
      case 0:
        return storage.add_trouble({.fault = fault, .name = "bad", .sync_error = EIO, .times = 1 + random_.below(3)});
      case 1:
        return storage.add_trouble({.fault = fault, .name = "liar", .path = some_path(), .fsync_lies = true});
      case 2:
        return storage.add_trouble(
            {.fault = fault, .name = "full", .free_bytes = random_.below(100'000), .write_error = EIO, .times = 2});
      case 3:
        return storage.add_trouble({.fault = fault, .name = "stray", .misdirects = Ratio::percent(50)});
      case 4:
        return storage.next_crash(static_cast<disk::CrashKeeps>(random_.below(4)));
      case 5:
        storage.rot(fault, random_, 2, "");
        return;
      default:
        for (EventId other = 1; other <= fault; ++other) storage.remove_trouble(other);
        wipes_ = random_.below(2) == 0;
    }
  }

  void crash() {
    disk_.crash();
    if (std::exchange(wipes_, false))
      disk_.host.host.storage().wipe(disk_.trace.writer.event(EventKind::fault, disk_.kernel.queue.now(), {}, 0));
    files_.clear();
    waited_ = false;
    disk_.boot();
    look();
  }

  // As of an event is as of just before the next.
  void forget() {
    if (!moments_.empty() && moments_.back().event == disk_.now()) moments_.pop_back();
  }
  void look() {
    forget();
    moments_.push_back({disk_.now(), shape(disk_.files())});
  }

  RandomStream random_;
  RecordedDisk disk_;
  std::vector<int> files_;
  std::vector<Moment> moments_;
  bool waited_ = false;
  bool lies_ = false;
  bool wipes_ = false;  // the disk, when it is down
};

}  // namespace

TEST_CASE("a disk that is followed through a trace is the disk of the run") {
  std::size_t losses = 0;
  std::size_t errors = 0;
  std::size_t damages = 0;
  for (const disk::Ordering ordering :
       {disk::Ordering::ext4_ordered, disk::Ordering::xfs, disk::Ordering::strict_posix}) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
      INFO("ordering " << static_cast<int>(ordering) << ", seed " << seed);
      RandomProgram program(seed, ordering);
      program.run(120);
      program.check();
      losses += program.count(EventKind::unwritten);
      errors += program.count(EventKind::error);
      damages += program.count(EventKind::corrupt);
    }
  }
  CHECK(losses > 800);
  CHECK(errors > 200);
  CHECK(damages > 100);
}
