#pragma once
// What a trace tells about one path on a host's disk: as programs saw it, what of it was durable, and what was not and
// why; as of an event.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim-core/explain/disk_replay.hpp"

namespace stillpoint::explain {

// A file, directory or link, where a path leads to it.
struct FileSeen {
  disk::InodeNumber inode = 0;
  mode_t mode = 0;
  std::uint64_t size = 0;
  std::string target{};  // of a symbolic link
  friend bool operator==(const FileSeen&, const FileSeen&) = default;
};

// A change that a loss of power may take, or one that is of interest.
struct DiskEvent {
  DiskChange change{};
  // Of a write: the sectors of the file that it touches, each of which is kept or not.
  std::uint64_t first_sector = 0;
  std::uint64_t sectors = 0;
  bool given_up = false;  // a sync failed that should have written it: nobody will, but for what is written again
};

struct DirectoryEntry {
  std::string name{};
  std::optional<FileSeen> now{};
  std::optional<FileSeen> durable{};
  std::vector<DiskChange> pending{};  // that are about this name
};

struct DiskState {
  std::string host{};
  std::string path{};  // absolute, without `.` and `..`
  EventId event = kNoEvent;
  VirtualTime at{};
  bool is_down = false;
  disk::DiskOptions options{};

  std::optional<FileSeen> now{};      // as programs see it
  std::optional<FileSeen> durable{};  // as it was last durable; a crash keeps any of what is pending on top
  // That gave the name what it now leads to, or took it; none: it was always there, or a directory above it moved.
  std::optional<DiskChange> named_by{};
  // Not durable, in their order: changes of this name and those above it, of the file's other names and its mode; and
  // of its data and size.
  std::vector<DiskChange> pending_names{};
  std::vector<DiskEvent> pending_data{};
  std::optional<DiskSync> last_sync{};
  std::vector<DiskDamage> damage{};
  EventId wiped_by = kNoEvent;  // since when the host has this disk, if it had another before
  // The last one, with what it took of this file and this name.
  std::optional<DiskCrash> crash{};
  std::vector<DiskEvent> lost{};          // one for each of crash->losses
  std::vector<DirectoryEntry> entries{};  // of a directory, by name
};

// Throws Error, with the nearest valid name: no such host; a path that is relative, or that nothing ever had by then;
// an event beyond the trace; a trace that does not tell. `event` kNoEvent is the trace's last.
DiskState disk_state(const TraceFile& trace, std::string_view host, std::string_view path, EventId event = kNoEvent);

}  // namespace stillpoint::explain
