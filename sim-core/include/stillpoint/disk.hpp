#pragma once
// What the disk of a simulated host is like: what of it a crash may take, what fits on it, how long it takes.
#include <cstdint>

#include <stillpoint/settings.hpp>
#include <stillpoint/time.hpp>

namespace stillpoint {

// Which of the changes that no fsync has made durable may survive a crash, and in which order. sim-core/disk/README.md
// tells what each promises, and where that is written.
enum class DiskOrdering : std::uint8_t {
  // ext4 with data=ordered and delayed allocation: names and truncations in their order, appended data before the size
  // that covers it where it needs a new block, overwritten data in any order. fsync of anything that changed makes all
  // names durable.
  ext4_ordered,
  // As XFS: names and truncations in their order; a size may cover data that was never written, which then reads as
  // zeros. fsync makes durable what was done up to the last change of that very file or directory.
  xfs,
  // Only what POSIX says: each name, and each sector, for itself, in any order. fsync of a file is no promise about its
  // name; appended sectors that were not written hold anything.
  strict_posix,
};

// The defaults are those of an SSD that keeps what it promises.
struct DiskOptions {
  DiskOrdering ordering = DiskOrdering::ext4_ordered;
  // What the device writes whole or not at all: 512 or 4,096 bytes.
  std::uint32_t sector = 512;
  // What fits: data, in pages of 4 KiB. ENOSPC beyond.
  std::uint64_t capacity = std::uint64_t{16} << 30;
  std::uint64_t most_inodes = std::uint64_t{1} << 24;
  // The device acknowledges and forgets: fsync returns, and nothing is durable but by time.
  bool fsync_lies = false;
  // The machine writes back by itself what has not been durable for so long (dirty_expire_centisecs; the commit
  // interval of ext4); not with strict_posix.
  Duration write_back_after = std::chrono::seconds(30);
  Duration commit_after = std::chrono::seconds(5);
  // And no later than when what waits takes so much memory, in bytes.
  std::uint64_t most_pending = std::uint64_t{64} << 20;

  // ---- how long it takes: drawn uniformly, in whole microseconds ----
  Duration read_min = std::chrono::microseconds(60);
  Duration read_max = std::chrono::microseconds(120);
  Duration write_min = std::chrono::microseconds(15);
  Duration write_max = std::chrono::microseconds(40);
  // Until what was written is on stable storage.
  Duration flush_min = std::chrono::microseconds(200);
  Duration flush_max = std::chrono::microseconds(600);
  // Bytes per second; 0: unlimited.
  std::uint64_t bandwidth = std::uint64_t{1} << 30;
};

// The disk that a table of the scenario's file describes, such as [disk] (docs/scenarios.md has its keys); what it does
// not say is as `otherwise` has it. For a scenario's configure(); throws Error.
DiskOptions disk_options(const Settings& settings, std::string_view table, DiskOptions otherwise = {});

}  // namespace stillpoint
