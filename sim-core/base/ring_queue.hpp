#pragma once
// A first-in first-out queue in one power-of-two array: no allocation in steady state, and none at all while it is
// empty from birth.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "sim-core/base/assert.hpp"

namespace stillpoint {

template <typename T>
class RingQueue {
 public:
  bool empty() const { return count_ == 0; }
  std::size_t size() const { return count_; }
  T& front() { return at(0); }
  const T& front() const { return const_cast<RingQueue*>(this)->at(0); }
  T& back() { return at(count_ - 1); }

  void push(T value) {
    if (count_ == capacity_) grow();
    ++count_;
    back() = std::move(value);
  }
  T pop() {
    T value = std::move(front());
    head_ = (head_ + 1) & (capacity_ - 1);
    --count_;
    return value;
  }

 private:
  T& at(std::size_t index) {
    SP_ASSERT(index < count_);
    return items_[(head_ + index) & (capacity_ - 1)];
  }
  void grow() {
    const std::size_t larger = capacity_ == 0 ? 4 : std::size_t{capacity_} * 2;
    auto items = std::make_unique<T[]>(larger);
    for (std::size_t i = 0; i < count_; ++i) items[i] = std::move(at(i));
    items_ = std::move(items);
    capacity_ = static_cast<std::uint32_t>(larger);
    head_ = 0;
  }

  std::unique_ptr<T[]> items_;
  std::uint32_t capacity_ = 0;
  std::uint32_t head_ = 0;
  std::uint32_t count_ = 0;
};

}  // namespace stillpoint
