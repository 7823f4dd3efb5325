#include "tests/plaza/peer/allocations.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>
#include <utility>

namespace {

// Threads that Asio looks up names with allocate as well.
std::atomic<std::size_t> largest{0};

}  // namespace

namespace plaza::peer::test {

std::size_t take_largest_allocation() { return largest.exchange(0); }

}  // namespace plaza::peer::test

// Both, as sanitizers take each for a function of its own.
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  if (bytes > largest.load()) largest.store(bytes);
  return std::malloc(std::max<std::size_t>(bytes, 1));
}
void* operator new(std::size_t bytes) {
  if (void* const memory = operator new(bytes, std::nothrow)) return memory;
  throw std::bad_alloc();
}

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
