#pragma once
// What a fault does to the disk of one host while it lasts. Plain data: when it begins and ends is the business of
// whoever injects faults, what it means is that of Troubles, Device and FileSystem.
//
// A trouble belongs to the machine: it outlasts crashes and reboots. Several add up: delays are summed, of calls that
// may fail the first trouble has its say, and the least room counts.
//
// Not modelled: pages that fail when they are read from mapped memory (SIGBUS), names that cannot be changed, a device
// that is gone.
#include <cstdint>
#include <optional>
#include <string>

#include <stillpoint/ids.hpp>
#include <stillpoint/random.hpp>
#include <stillpoint/time.hpp>

namespace stillpoint::disk {

struct Trouble {
  // Its event: the cause of all that it does, and what it is removed by.
  EventId fault = kNoEvent;
  // A stable name. What it draws comes from the stream (seed, "fault NAME", host): one fault more or less shifts no
  // draw of another, nor of the device.
  std::string name = {};

  // ---- the device: of all files, whatever `path` says ----
  // On top of each operation (read, write, flush), drawn uniformly in whole microseconds.
  Duration slower_min{};
  Duration slower_max{};
  // Operations that are asked for before then begin then.
  std::optional<VirtualTime> stalled_until = std::nullopt;
  // No more than this fits from now on, in whole pages (0: the disk is full), or what DiskOptions::capacity leaves, if
  // that is less. What is freed can be used again. ENOSPC.
  std::optional<std::uint64_t> free_bytes = std::nullopt;

  // ---- calls ----
  // The errno of the calls that read, whether or not memory has the bytes; of those that write or change a size (write,
  // truncate, fallocate and their kin), before they change anything; and of those that make a file durable (fsync,
  // fdatasync, sync_file_range, msync, and writes with O_SYNC). 0: they do not fail. sync(2) has no errors.
  int read_error = 0;
  int write_error = 0;
  int sync_error = 0;
  // So many calls fail, then no more; 0: for as long as the trouble lasts.
  std::uint64_t times = 0;
  // Only files of which a path matches this pattern (matching.hpp); empty: all. A file without a name matches none.
  std::string path = {};
  // The device acknowledges and forgets, as DiskOptions::fsync_lies. sync(2) is lied about where `path` is empty.
  bool fsync_lies = false;
  // So many of the writes that a sync brings to the device land elsewhere, in whole sectors: in the same file, or in
  // another one that `path` matches. Their own place keeps what it had.
  Ratio misdirects{};
};

// How the next crash chooses among what it may leave.
enum class CrashKeeps : std::uint8_t {
  some,        // by the seed
  nothing,     // all that may be lost is lost
  everything,  // all that may be kept is kept
  torn,        // everything, but of each file the newest write of several sectors, which is torn where it can be
};

}  // namespace stillpoint::disk
