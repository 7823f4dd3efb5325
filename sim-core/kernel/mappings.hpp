#pragma once
// Which addresses of a host's process are files of its disk: what mmap(2) made and munmap(2) has not taken away.
//
// The memory itself is the real process's (interpose/memory.cpp). Addresses are only looked up here, never compared
// between runs.
#include <cstdint>
#include <map>

#include "sim-core/disk/file_system.hpp"

namespace stillpoint::kernel {

class Mappings {
 public:
  struct Mapping {
    std::uintptr_t end = 0;
    disk::Inode* inode = nullptr;  // held
    std::uint64_t offset = 0;      // in the file, of where it begins
    bool shared = false;
  };

  bool empty() const { return mappings_.empty(); }
  void add(disk::FileSystem& files, std::uintptr_t begin, const Mapping& mapping) {
    files.hold(*mapping.inode);
    mappings_[begin] = mapping;
  }
  // What lies in [begin, end) is no file any more; a mapping may lose its middle.
  void remove(disk::FileSystem& files, std::uintptr_t begin, std::uintptr_t end) {
    auto place = mappings_.upper_bound(begin);
    if (place != mappings_.begin()) --place;
    while (place != mappings_.end() && place->first < end) {
      const std::uintptr_t from = place->first;
      const Mapping mapping = place->second;
      if (mapping.end <= begin) {
        ++place;
        continue;
      }
      place = mappings_.erase(place);
      if (from < begin) {
        Mapping first = mapping;
        first.end = begin;
        add(files, from, first);
      }
      if (end < mapping.end) {
        Mapping rest = mapping;
        rest.offset += end - from;
        add(files, end, rest);
      }
      files.let_go(*mapping.inode);
    }
  }
  // Every mapping that meets [begin, end): what(mapping).
  template <typename Do>
  void for_each(std::uintptr_t begin, std::uintptr_t end, Do what) const {
    for (const auto& [from, mapping] : mappings_) {
      if (from < end && begin < mapping.end) what(mapping);
    }
  }
  // The mapping that begins here and ends there, or null.
  const Mapping* exactly(std::uintptr_t begin, std::uintptr_t end) const {
    const auto found = mappings_.find(begin);
    return found != mappings_.end() && found->second.end == end ? &found->second : nullptr;
  }
  // The process has ended.
  void remove_all(disk::FileSystem& files) { remove(files, 0, UINTPTR_MAX); }
  // The power has failed: nobody holds anything.
  void forget() { mappings_.clear(); }

 private:
  std::map<std::uintptr_t, Mapping> mappings_;
};

}  // namespace stillpoint::kernel
