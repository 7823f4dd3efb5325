#pragma once
// A host's disk, followed through a recorded trace: the file system of the simulation again, fed with the trace's
// events about files and with its table `disk`. So what is durable and what is pending is what it was in the run, and a
// crash takes what it took there.
//
// Contents are zeros: sizes, names and durability do not hang on them. Whatever the trace says that cannot be is an
// Error, since traces come from anywhere.
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <stillpoint/random.hpp>

#include "sim-core/disk/file_system.hpp"
#include "sim-core/record/trace_file.hpp"
#include "sim-core/trace/record.hpp"

namespace stillpoint::explain {

// What an event of a disk changed.
struct DiskChange {
  EventId event = kNoEvent;
  VirtualTime at{};
  EventKind kind{};  // write, resize, name or mode
  disk::InodeNumber inode = 0;
  std::uint64_t offset = 0;  // of a write; or the new size
  std::uint64_t size = 0;
  std::string words{};  // of names and permissions: "renames /srv/a to /srv/b"
  // What made it durable: a sync, or a crash that left it. kNoEvent while nothing has, or where time has done it.
  EventId durable_by = kNoEvent;
  EventId lost_by = kNoEvent;  // the crash that took it, or a part of it
};

struct DiskSync {
  EventId event = kNoEvent;
  VirtualTime at{};
  disk::InodeNumber inode = 0;  // 0: everything
  std::uint64_t bytes = 0;
  bool data_only = false;  // fdatasync(2)
  bool lied = false;
  bool failed = false;  // nothing is durable by it, and nothing that was to be ever will be (Unsynced::give_up())
};

// What the device has changed of a file by itself.
struct DiskDamage {
  EventId event = kNoEvent;
  VirtualTime at{};
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  EventId fault = kNoEvent;
  EventId overwritten_by = kNoEvent;  // the first write since then that covers all of it
};

struct DiskCrash {
  struct Loss {
    EventId event = kNoEvent;   // that says so (unwritten)
    EventId change = kNoEvent;  // what was lost
    std::uint64_t lost = 0;     // of so many sectors; 0 of 0: not a write
    std::uint64_t sectors = 0;
    friend bool operator==(const Loss&, const Loss&) = default;
  };
  EventId event = kNoEvent;
  VirtualTime at{};
  std::vector<Loss> losses{};
  // The file system lost here what the trace says. Otherwise the run was another version's, whose rules were others:
  // what follows is a guess.
  bool as_recorded = true;
};

class DiskReplay final : private disk::Machine {
 public:
  // Up to this event, including it; of a crash with what it took. Throws Error if the trace does not tell of disks, or
  // is damaged.
  DiskReplay(const TraceFile& trace, HostId host, const std::string& name, EventId last);

  // Null: the host had not used its disk by then.
  disk::FileSystem* files() { return files_.get(); }

  // Changes of names, permissions and sizes, and writes since the last crash, by their event; null if it is none.
  const DiskChange* change(EventId event) const;
  // The events about a name in a directory, in their order.
  std::vector<EventId> changes_of(disk::InodeNumber directory, std::string_view name) const;
  // The last sync of this very file, or of everything.
  std::optional<DiskSync> last_sync(disk::InodeNumber inode) const;
  const std::optional<DiskCrash>& last_crash() const { return crash_; }
  // Of a file, in their order.
  std::vector<DiskDamage> damage(disk::InodeNumber inode) const;
  // When the host got the disk that it has, if it is not its first; kNoEvent.
  EventId wiped_by() const { return wiped_by_; }
  // Whether the host lost its power and has not got it back.
  bool is_down() const { return down_; }
  // Every path that a name event made, with the last event about it.
  const std::map<std::string, EventId, std::less<>>& known_paths() const { return paths_; }

 private:
  struct Row;
  void read_events(EventId last);
  void apply_detail(Statement& row);
  void apply(const Row& row);
  void make_disk(Statement& row);
  void place(Statement& row);
  void write(const Row& row);
  void change_names(const Row& row);
  void sync(const Row& row);
  void corrupt(const Row& row);
  void wipe();
  void finish_crash();
  // The events of the journal's changes, in ascending order.
  std::vector<EventId> pending() const;
  // Does something that may make names durable, and notes which.
  template <typename Do>
  void commit_by(EventId event, Do what);
  disk::Inode& inode(std::uint64_t number);
  disk::Inode& directory(std::uint64_t number);
  std::string path_in(const disk::Inode& directory, std::string_view name);
  [[noreturn]] void damaged(std::string_view what) const;

  VirtualTime now() const override { return now_; }
  disk::WallTime wall_time() const override { return 0; }
  EventId wrote(const disk::Inode&, std::uint64_t, std::span<const std::byte>) override { return event_; }
  EventId resized(const disk::Inode&, std::uint64_t) override { return event_; }
  EventId renamed(disk::NameChange, const disk::Inode&, const disk::Inode&, std::string_view, const disk::Inode*,
                  std::string_view) override {
    return event_;
  }
  EventId changed_mode(const disk::Inode&) override { return event_; }
  EventId synced(const disk::Inode*, std::uint64_t, Synced) override { return event_; }
  void placed(const disk::Inode&, const disk::Inode&, std::string_view) override {}
  void note_detail(disk::Detail, const disk::Inode&, std::uint64_t, std::uint64_t) override {}

  const TraceFile& trace_;
  const HostId host_;
  RandomStream crashes_;
  RandomStream torn_crashes_;
  disk::CrashKeeps next_crash_ = disk::CrashKeeps::some;
  std::unique_ptr<disk::FileSystem> files_;
  EventId event_ = kNoEvent;  // that is being applied
  VirtualTime now_{};
  bool data_only_ = false;  // the next sync
  bool down_ = false;
  bool crashing_ = false;  // what the crash took is being read

  std::map<EventId, DiskChange> changes_;
  std::vector<DiskChange> writes_;  // since the last crash
  std::map<std::pair<disk::InodeNumber, std::string>, std::vector<EventId>> names_;
  std::map<std::string, EventId, std::less<>> paths_;
  std::map<disk::InodeNumber, DiskSync> syncs_;
  std::optional<DiskCrash> crash_;
  std::map<disk::InodeNumber, std::vector<DiskDamage>> damage_;
  EventId wiped_by_ = kNoEvent;
  std::vector<std::byte> zeros_;
};

}  // namespace stillpoint::explain
