#include "sim-core/disk/content.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace stillpoint::disk {

Content::~Content() {
  if (memory_ != nullptr) return;
  for (auto& [number, leaf] : leaves_) {
    for (std::byte* page : leaf.pages) {
      if (page != nullptr) pool_.give_back(page);
    }
  }
}

Content::Leaf* Content::find(std::uint64_t index) const {
  const std::uint64_t number = index / kPagesOfLeaf;
  if (number == last_number_) return last_;
  const auto found = leaves_.find(number);
  if (found == leaves_.end()) return nullptr;
  last_number_ = number;
  last_ = const_cast<Leaf*>(&found->second);
  return last_;
}

Content::Leaf& Content::leaf(std::uint64_t index) {
  if (Leaf* found = find(index)) return *found;
  last_number_ = index / kPagesOfLeaf;
  last_ = &leaves_[last_number_];
  return *last_;
}

const std::byte* Content::page(std::uint64_t index) const {
  const Leaf* found = find(index);
  return found != nullptr ? found->pages[index % kPagesOfLeaf] : nullptr;
}

std::byte* Content::writable_page(std::uint64_t index) {
  Leaf& place = leaf(index);
  std::byte*& page = place.pages[index % kPagesOfLeaf];
  if (page == nullptr) {
    page = memory_ != nullptr ? memory_->begin() + index * kPage : pool_.take_zeroed();
    ++pages_;
  }
  place.cached |= bit(index);
  return page;
}

void Content::read(std::uint64_t offset, std::span<std::byte> to) const {
  if (memory_ != nullptr) {
    // Programs may have stored where no page is known yet.
    if (!to.empty()) std::memcpy(to.data(), memory_->begin() + offset, to.size());
    return;
  }
  while (!to.empty()) {
    const std::size_t within = offset % kPage;
    const std::size_t some = std::min(to.size(), kPage - within);
    if (const std::byte* from = page(offset / kPage)) {
      std::memcpy(to.data(), from + within, some);
    } else {
      std::memset(to.data(), 0, some);
    }
    offset += some;
    to = to.subspan(some);
  }
}

void Content::drop(std::uint64_t index) {
  if (std::byte* page = take(index)) pool_.give_back(page);
}

std::byte* Content::take(std::uint64_t index) {
  Leaf* found = find(index);
  if (found == nullptr) return nullptr;
  std::byte* page = std::exchange(found->pages[index % kPagesOfLeaf], nullptr);
  if (page == nullptr) return nullptr;
  --pages_;
  if (memory_ == nullptr) return page;
  std::byte* const copy = pool_.copy(page);
  std::memset(page, 0, kPage);
  return copy;
}

std::byte* Content::replace(std::uint64_t index, std::size_t begin, std::size_t end) {
  std::byte* const page = pool_.take();
  std::byte* const old = std::exchange(find(index)->pages[index % kPagesOfLeaf], page);
  std::memcpy(page, old, begin);
  std::memcpy(page + end, old + end, kPage - end);
  return old;
}

void Content::set(std::uint64_t index, const std::byte* bytes) {
  if (bytes == nullptr) return drop(index);
  std::memcpy(writable_page(index), bytes, kPage);
}

bool Content::dirty(std::uint64_t index) const {
  const Leaf* found = find(index);
  return found != nullptr && (found->dirty & bit(index)) != 0;
}

void Content::set_dirty(std::uint64_t index, bool dirty) {
  Leaf& place = leaf(index);
  if (dirty) {
    place.dirty |= bit(index);
  } else {
    place.dirty &= ~bit(index);
  }
}

bool Content::cached(std::uint64_t index) const {
  const Leaf* found = find(index);
  return found != nullptr && (found->cached & bit(index)) != 0;
}

void Content::set_cached(std::uint64_t index) { leaf(index).cached |= bit(index); }

void Content::forget_cached(std::uint64_t index) { leaf(index).cached &= ~bit(index); }

void Content::forget_cache() {
  for (auto& [number, leaf] : leaves_) leaf.cached = 0;
}

std::uint64_t Content::next_page(std::uint64_t index) const {
  for (auto place = leaves_.lower_bound(index / kPagesOfLeaf); place != leaves_.end(); ++place) {
    const std::uint64_t begin = place->first * kPagesOfLeaf;
    for (std::uint64_t each = std::max(begin, index); each < begin + kPagesOfLeaf; ++each) {
      if (place->second.pages[each % kPagesOfLeaf] != nullptr) return each;
    }
  }
  return UINT64_MAX;
}

std::uint64_t Content::next_hole(std::uint64_t index) const {
  while (page(index) != nullptr) ++index;
  return index;
}

// ---- memory that programs map ----

void Content::move_to(std::shared_ptr<Memory> memory, std::uint64_t size) {
  memory->resize(size);
  for (auto& [number, leaf] : leaves_) {
    for (std::uint64_t i = 0; i < kPagesOfLeaf; ++i) {
      std::byte*& page = leaf.pages[i];
      if (page == nullptr) continue;
      std::byte* const place = memory->begin() + (number * kPagesOfLeaf + i) * kPage;
      std::memcpy(place, page, kPage);
      pool_.give_back(page);
      page = place;
    }
  }
  memory_ = std::move(memory);
}

void Content::resize_memory(std::uint64_t size) {
  const std::byte* const before = memory_->begin();
  memory_->resize(size);
  std::byte* const now = memory_->begin();
  if (now == before) return;
  for (auto& [number, leaf] : leaves_) {
    for (std::uint64_t i = 0; i < kPagesOfLeaf; ++i) {
      if (leaf.pages[i] != nullptr) leaf.pages[i] = now + (number * kPagesOfLeaf + i) * kPage;
    }
  }
}

void Content::leave_memory() {
  if (memory_ == nullptr) return;
  for (auto& [number, leaf] : leaves_) {
    for (std::byte*& page : leaf.pages) {
      if (page != nullptr) page = pool_.copy(page);
    }
  }
  memory_.reset();
}

}  // namespace stillpoint::disk
