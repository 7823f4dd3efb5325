#pragma once
// Blocks of 4 KiB, of which files are made. Freed ones are kept for the next, so that a file system in steady state
// allocates nothing.
#include <cstddef>
#include <memory>
#include <vector>

namespace stillpoint::disk {

constexpr std::size_t kPage = 4096;

class PagePool {
 public:
  // A page with anything in it.
  std::byte* take();
  std::byte* take_zeroed();
  std::byte* copy(const std::byte* page);
  void give_back(std::byte* page) { free_.push_back(page); }

 private:
  static constexpr std::size_t kPagesOfSlab = 64;
  std::vector<std::unique_ptr<std::byte[]>> slabs_;
  std::vector<std::byte*> free_;
};

}  // namespace stillpoint::disk
