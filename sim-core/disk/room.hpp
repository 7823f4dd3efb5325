#pragma once
// Pages that a file was given and that nobody has written to (fallocate(2)): extents that ext4 calls unwritten. They
// are holes to whoever reads, within the file or behind its end, but what is written there cannot meet a full disk.
//
// Owned by an inode. A file has few runs of them, and each is as long as it likes.
#include <cstdint>
#include <vector>

namespace stillpoint::disk {

class Room {
 public:
  // The pages from `begin` up to `end`, of which it may have some already.
  void add(std::uint64_t begin, std::uint64_t end);
  // How many of them it had.
  std::uint64_t remove(std::uint64_t begin, std::uint64_t end);
  bool contains(std::uint64_t page) const;
  std::uint64_t pages() const;

 private:
  struct Run {
    std::uint64_t begin;
    std::uint64_t end;
  };
  std::vector<Run> runs_;  // in ascending order, apart from each other
};

}  // namespace stillpoint::disk
