#pragma once
// What the cases about mappings of files share.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <string_view>

#include "tests/conformance/files/files.hpp"

namespace stillpoint::test::files {

constexpr std::size_t kPage = 4'096;

class Mapping {
 public:
  explicit Mapping(int fd, int protection = PROT_READ | PROT_WRITE, int flags = MAP_SHARED, std::size_t size = kPage,
                   off_t offset = 0)
      : size_(size), place_(mmap(nullptr, size, protection, flags, fd, offset)) {}
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    if (made()) munmap(place_, size_);
  }
  bool made() const { return place_ != MAP_FAILED; }
  char* at(std::size_t offset) const { return static_cast<char*>(place_) + offset; }
  std::string shown(std::size_t bytes, std::size_t from = 0) const {
    return made() ? files::shown({at(from), bytes}) : "not mapped";
  }
  void put(std::size_t offset, std::string_view bytes) const {
    if (made()) std::memcpy(at(offset), bytes.data(), bytes.size());
  }

 private:
  std::size_t size_;
  void* place_;
};

// "mapped", of a mapping that is taken away at once, or the name of the errno.
inline std::string map_result(int fd, std::size_t size, int protection, int flags, off_t offset = 0) {
  void* const place = mmap(nullptr, size, protection, flags, fd, offset);
  if (place == MAP_FAILED) return result(-1);
  munmap(place, size);
  return "mapped";
}

// Whether there is anything at an address, as a call sees it that is given it: the program itself would crash.
inline std::string readable(World& w, const char* address) {
  int ends[2] = {-1, -1};
  if (pipe(ends) != 0) return result(-1);
  w.keep(ends[0]);
  w.keep(ends[1]);
  return ::write(ends[1], address, 1) == 1 ? "readable" : result(-1);
}

}  // namespace stillpoint::test::files
