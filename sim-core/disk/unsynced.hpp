#pragma once
// What has become of a file's data since it was last durable: the changes in their order, and the pages as they were
// before. Owned by an inode, made at its first change, gone with the next fsync.
//
// A sector survives a crash as it was durable, or as it was after any of the changes that touched it: the machine may
// have written it back at any moment, and the device writes it whole or not at all. So a write of several sectors may
// be torn. What else must hold is the model's (Ordering); crash() asks a Choice about the rest.
#include <cstdint>
#include <span>
#include <vector>

#include "sim-core/disk/choice.hpp"
#include "sim-core/disk/content.hpp"
#include "sim-core/disk/options.hpp"

#include <stillpoint/ids.hpp>
#include <stillpoint/time.hpp>

namespace stillpoint::disk {

// What a crash did to a write: how many of its sectors it took.
struct LostWrite {
  EventId event = kNoEvent;
  std::uint64_t lost = 0;
  std::uint64_t sectors = 0;
};

class Unsynced {
 public:
  // `total` is the sum of the weights of all.
  Unsynced(PagePool& pool, std::uint64_t durable_size, std::uint64_t& total)
      : pool_(pool), total_(total), size_(durable_size) {}
  Unsynced(const Unsynced&) = delete;
  Unsynced& operator=(const Unsynced&) = delete;
  ~Unsynced();

  // Before a page of `content` is changed.
  void keep_page(Content& content, std::uint64_t index) { keep_page(content, index, content.page(index)); }
  // The same, where it has changed already: it was `before`, null for a hole.
  void keep_page(Content& content, std::uint64_t index, const std::byte* before);
  // The same, where nothing but the bytes from `begin` to `end` of it will be changed, and all of them.
  void keep_page(Content& content, std::uint64_t index, std::size_t begin, std::size_t end);
  // Takes a page out of `content`.
  void take_page(Content& content, std::uint64_t index);
  // The changes, numbered by the file system's own sequence.
  void wrote(std::uint64_t sequence, VirtualTime when, EventId event, std::uint64_t offset,
             std::span<const std::byte> bytes);
  void resized(std::uint64_t sequence, VirtualTime when, EventId event, std::uint64_t size);
  // The journal holds what must not be durable before the data up to this sequence.
  void flush(std::uint64_t sequence) { flushed_ = sequence; }
  bool empty() const { return changes_.empty(); }
  // That a sync would write.
  std::uint64_t bytes() const { return bytes_.size() - given_up_bytes_; }
  // There is a change of size, or data where the durable file has no page.
  bool changes_shape() const { return changes_shape_; }
  std::uint64_t durable_size() const { return size_; }
  // How much memory it takes to remember all this: what DiskOptions::most_pending bounds.
  std::uint64_t weight() const { return weight_; }

  // All of it is durable now: what `content` holds.
  void synced(Content& content, std::uint64_t size);
  // The machine has written back by itself what was changed until then. `size` is the file's.
  void write_back(Content& content, std::uint64_t size, VirtualTime until);

  // The machine has tried to write all of it and has failed. As Linux does since 4.13, it takes the pages for written:
  // they are in its memory, and no sync writes them, until something changes them again. What the device has of them,
  // nobody knows; a crash will tell.
  void give_up(Content& content);
  bool has_given_up(std::uint64_t page) const;
  // What is durable of a range.
  void read_durable(const Content& content, std::uint64_t offset, std::span<std::byte> to) const;

  struct Rules {
    Ordering ordering;
    std::uint32_t sector;
    // The journal is lost from this sequence on, and with it what stands in it: truncations, and what came later and
    // needs a greater size or a new block. UINT64_MAX: none of it is; so always with strict_posix, where each
    // truncation is a choice.
    std::uint64_t lost_from;
  };
  // Turns `content` into what the crash leaves, and gives its size. What was lost is added to `lost`.
  std::uint64_t crash(Content& content, const Rules& rules, Choice& choice, std::vector<LostWrite>& lost);

  // ---- for whoever explains ----
  enum class Kind : std::uint8_t { write, resize };
  struct Change {
    std::uint64_t sequence;
    VirtualTime when;
    EventId event;
    Kind kind;
    std::uint64_t offset;  // or the new size
    std::uint64_t size;
    std::uint64_t place;  // of its bytes in bytes_
  };
  std::span<const Change> changes() const { return changes_; }

 private:
  struct OldPage {
    std::uint64_t index;
    std::byte* bytes;  // null: a hole
    bool given_up = false;
  };
  // A size that the crash may leave, and how many changes have had their effect on it, the last maybe in part.
  struct Sized {
    std::size_t changes;
    std::uint64_t size;
  };
  // What a crash knows of all changes, before it looks at pages.
  struct Fates;
  // What a change makes of a page.
  void apply(const Change& change, std::uint64_t page, std::span<std::byte> bytes) const;
  bool touches(const Change& change, std::uint64_t begin, std::uint64_t end) const;
  // Which of the first `count` changes may touch a page, in their order, for all pages at once.
  class ByPage;
  void keep(std::uint64_t index, std::byte* bytes);
  // A page that was given up is changed: it will be written. False if it was not.
  bool take_up(Content& content, std::uint64_t index);
  // Of the first `count` changes, which are durable, leaves what was given up.
  void leave_given_up(std::size_t count);
  // Makes a change durable in a page.
  void make_durable(const Change& change, OldPage& page);
  void forget_pages();
  void forget_all(std::uint64_t size);
  void weigh();
  std::vector<Sized> sizes(const Rules& rules) const;
  Fates fates(Sized sized, const Rules& rules) const;
  // What is left of the page is put into `content`. `of_page`: the changes that touch it.
  void crash_page(const OldPage& old, std::span<const std::size_t> of_page, const Rules& rules, Fates& fates,
                  Choice& choice, Content& content) const;

  PagePool& pool_;
  std::uint64_t& total_;
  std::uint64_t weight_ = 0;
  std::uint64_t size_;  // as it is durable
  std::uint64_t flushed_ = 0;
  std::vector<OldPage> pages_;
  std::uint64_t copies_ = 0;          // of pages_, those that are none of holes
  std::uint64_t given_up_ = 0;        // of pages_
  std::uint64_t given_up_bytes_ = 0;  // of bytes_, at its front
  std::vector<Change> changes_;
  std::vector<std::byte> bytes_;
  bool changes_shape_ = false;
};

}  // namespace stillpoint::disk
