#pragma once
// The bytes of a file as programs see them: pages, and holes between them that read as zeros.
//
// Owned by an inode, which knows the size; a page beyond it does not exist, and what follows the size within its last
// page is zero. For each page is kept whether it has changed since it was last durable (dirty), and whether the machine
// has it in memory, or would read it from the device first (cached).
//
// The pages may lie in a row in memory that programs map (Memory): then programs see them there, and change them
// without a call.
#include <cstdint>
#include <map>
#include <memory>
#include <span>

#include "sim-core/disk/pages.hpp"

namespace stillpoint::disk {

// Memory that can be mapped by the programs of a host: one row of bytes, which grows. interpose/ has the real one.
class Memory {
 public:
  virtual ~Memory() = default;
  // Makes it so long; what is new is zero, what is cut off is gone for those who have it mapped, too. Its last page is
  // there whole, with zeros after the end.
  virtual void resize(std::uint64_t bytes) = 0;
  // Where it is, for whoever is not a program. resize() may move it.
  virtual std::byte* begin() = 0;
};

class Content {
 public:
  explicit Content(PagePool& pool) : pool_(pool) {}
  Content(const Content&) = delete;
  Content& operator=(const Content&) = delete;
  ~Content();

  // Null: a hole.
  const std::byte* page(std::uint64_t index) const;
  // The page, to be written to; a hole becomes a page of zeros.
  std::byte* writable_page(std::uint64_t index);
  void read(std::uint64_t offset, std::span<std::byte> to) const;
  // Makes it a hole.
  void drop(std::uint64_t index);
  // The same, and gives the page, or a copy where programs map it, to the caller, who gives it back to the pool. Null:
  // it was a hole.
  std::byte* take(std::uint64_t index);
  // Puts another page in the place of one that is there: with the same bytes, but for those from `begin` to `end`,
  // which are anything. Gives the old one to the caller, who gives it back to the pool. Requires that there is no
  // memory.
  std::byte* replace(std::uint64_t index, std::size_t begin, std::size_t end);
  // Puts a copy of `bytes` there, or a hole for null.
  void set(std::uint64_t index, const std::byte* bytes);

  bool dirty(std::uint64_t index) const;
  void set_dirty(std::uint64_t index, bool dirty);
  bool cached(std::uint64_t index) const;
  void set_cached(std::uint64_t index);
  void forget_cached(std::uint64_t index);
  void forget_cache();

  // How many pages there are.
  std::uint64_t pages() const { return pages_; }
  // The first page at or after `index`, or UINT64_MAX.
  std::uint64_t next_page(std::uint64_t index) const;
  // The first hole at or after `index`.
  std::uint64_t next_hole(std::uint64_t index) const;
  // Every page from `first` on, in order: what(index).
  template <typename Do>
  void for_each_page(std::uint64_t first, Do what) const {
    for (std::uint64_t index = next_page(first); index != UINT64_MAX; index = next_page(index + 1)) what(index);
  }

  // From now on the pages lie in `memory`, which has room for `size` bytes.
  void move_to(std::shared_ptr<Memory> memory, std::uint64_t size);
  Memory* memory() const { return memory_.get(); }
  const std::shared_ptr<Memory>& shared_memory() const { return memory_; }
  // The size has changed: so has that of the memory.
  void resize_memory(std::uint64_t size);
  // Leaves the memory to those who have it mapped, and goes on with pages of its own.
  void leave_memory();

 private:
  static constexpr std::uint64_t kPagesOfLeaf = 64;
  struct Leaf {
    std::byte* pages[kPagesOfLeaf] = {};
    std::uint64_t dirty = 0;
    std::uint64_t cached = 0;
  };
  Leaf* find(std::uint64_t index) const;
  Leaf& leaf(std::uint64_t index);
  static constexpr std::uint64_t bit(std::uint64_t index) { return std::uint64_t{1} << (index % kPagesOfLeaf); }

  PagePool& pool_;
  std::map<std::uint64_t, Leaf> leaves_;
  mutable std::uint64_t last_number_ = UINT64_MAX;  // of the leaf that was found last
  mutable Leaf* last_ = nullptr;
  std::uint64_t pages_ = 0;
  std::shared_ptr<Memory> memory_;
};

}  // namespace stillpoint::disk
