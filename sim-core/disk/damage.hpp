#pragma once
// What a device does to bytes that it keeps: bits that rot, and writes that land in the wrong place.
//
// Only cold sectors come to harm: such as are durable, that no write is on its way to, and of files that no program has
// mapped. The page that holds one is taken out of the machine's memory, so that the next to read it reads what the
// device has.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "sim-core/disk/file_system.hpp"

namespace stillpoint::disk {

// What stands in a place now, where it should not.
struct Damage {
  InodeNumber inode = 0;
  std::uint64_t offset = 0;
  std::vector<std::byte> bytes = {};
};

// Flips one to three bits in each of so many sectors, of files of which a path matches; in all that there are, if these
// are fewer.
std::vector<Damage> rot(FileSystem& files, RandomStream& random, std::uint64_t sectors, std::string_view pattern);

// A write on its way to the device, in whole sectors, and what the device has in their place.
struct Stray {
  std::uint64_t offset = 0;
  std::vector<std::byte> before = {};
};
// Of a change of a file's data that is not durable yet.
Stray stray_of(const FileSystem& files, const Inode& inode, const Unsynced::Change& change);
// It has missed its place, once all is said to be durable: its bytes are elsewhere, in a file of which a path matches,
// and its place is as before. Nothing happens if there is no other place.
std::vector<Damage> land_elsewhere(FileSystem& files, Inode& inode, const Stray& stray, RandomStream& random,
                                   std::string_view pattern);

}  // namespace stillpoint::disk
