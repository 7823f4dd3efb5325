#pragma once
// The troubles that a host's disk has: which of its operations they delay, and which calls they let fail.
//
// Owned by the host's storage, which asks before it does something, and tells the trace. It draws only from the streams
// of the troubles. With none of them every question is one branch.
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim-core/disk/matching.hpp"
#include "sim-core/disk/trouble.hpp"

namespace stillpoint::disk {

class Troubles {
 public:
  Troubles(std::uint64_t seed, std::string_view host) : seed_(seed), host_(host) {}

  bool any() const { return !active_.empty(); }
  // `used_pages`: of the disk, so far. Requires that it has a fault.
  void add(Trouble trouble, std::uint64_t used_pages);
  void remove(EventId fault);
  // The disk is another one.
  void forget_files();

  // ---- what the device asks ----
  struct Delay {
    VirtualTime not_before{};
    Duration longer{};
  };
  Delay delay(VirtualTime now);
  // The faults that have delayed something since this was asked last, each once.
  const std::vector<EventId>& delayers() const { return delayers_; }
  std::vector<EventId> take_delayers() { return std::exchange(delayers_, {}); }

  // ---- what calls ask ----
  enum class Call : std::uint8_t { read, write, sync };
  struct Failed {
    int error = 0;
    EventId fault = kNoEvent;
  };
  // What lets this call on a file fail; that is one time less.
  std::optional<Failed> fail(Call call, FileSystem& files, const Inode& inode);
  // The fault for which the device lies about a sync of this file, or, for null, of everything; kNoEvent if it does
  // not.
  EventId liar(FileSystem& files, const Inode* inode);
  // Who lets a write of this file land elsewhere, if somebody does. Draws.
  struct Misdirection {
    EventId fault = kNoEvent;
    const Trouble* trouble = nullptr;
    RandomStream* random = nullptr;
  };
  std::optional<Misdirection> misdirect(FileSystem& files, const Inode& inode);

  // The least of the rooms that they leave, counted from when each of them began.
  struct Room {
    std::uint64_t most_pages = UINT64_MAX;
    EventId fault = kNoEvent;
  };
  Room room() const;

 private:
  struct Active {
    Trouble trouble;
    RandomStream random;
    std::uint64_t failed = 0;
    std::uint64_t most_pages = UINT64_MAX;
    // The files that `path` matches, as of so many changes of names.
    std::set<InodeNumber> files = {};
    std::optional<std::uint64_t> as_of = std::nullopt;
  };
  static bool speaks_of(Active& active, FileSystem& files, const Inode& inode);

  std::uint64_t seed_;
  std::string host_;
  std::vector<Active> active_;  // in the order in which they came
  std::vector<EventId> delayers_;
};

}  // namespace stillpoint::disk
