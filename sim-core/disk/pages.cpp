#include "sim-core/disk/pages.hpp"

#include <cstring>

namespace stillpoint::disk {

std::byte* PagePool::take() {
  if (free_.empty()) {
    // Uninitialised: whoever takes a page fills it.
    slabs_.push_back(std::make_unique_for_overwrite<std::byte[]>(kPagesOfSlab * kPage));
    for (std::size_t i = kPagesOfSlab; i > 0; --i) free_.push_back(slabs_.back().get() + (i - 1) * kPage);
  }
  std::byte* page = free_.back();
  free_.pop_back();
  return page;
}

std::byte* PagePool::take_zeroed() {
  std::byte* page = take();
  std::memset(page, 0, kPage);
  return page;
}

std::byte* PagePool::copy(const std::byte* from) {
  std::byte* page = take();
  std::memcpy(page, from, kPage);
  return page;
}

}  // namespace stillpoint::disk
