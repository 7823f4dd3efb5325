#include "sim-core/disk/unsynced.hpp"

#include <algorithm>
#include <cstring>

#include "sim-core/base/assert.hpp"

namespace stillpoint::disk {
namespace {
// What stands in a block that a file got and never wrote to, where the model does not clear it.
constexpr int kStale = 0xA5;
}  // namespace

class Unsynced::ByPage {
 public:
  ByPage(std::span<const Change> changes, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const Change& change = changes[i];
      if (change.kind == Kind::resize) {
        resizes_.push_back(i);
      } else if (change.size > 0) {
        for (std::uint64_t page = change.offset / kPage; page <= (change.offset + change.size - 1) / kPage; ++page)
          writes_.push_back({page, i});
      }
    }
    std::ranges::sort(writes_);
  }

  // Requires that pages are asked for in ascending order.
  std::span<const std::size_t> of(std::uint64_t page) {
    while (next_ < writes_.size() && writes_[next_].first < page) ++next_;
    found_.assign(resizes_.begin(), resizes_.end());
    for (; next_ < writes_.size() && writes_[next_].first == page; ++next_) found_.push_back(writes_[next_].second);
    if (!resizes_.empty()) std::ranges::sort(found_);
    return found_;
  }

 private:
  std::vector<std::size_t> resizes_;
  std::vector<std::pair<std::uint64_t, std::size_t>> writes_;
  std::size_t next_ = 0;
  std::vector<std::size_t> found_;
};

void Unsynced::keep_page(Content& content, std::uint64_t index, const std::byte* before) {
  if (content.dirty(index)) return;
  pages_.push_back({index, before != nullptr ? pool_.copy(before) : nullptr});
  if (before == nullptr) changes_shape_ = true;
  content.set_dirty(index, true);
}

void Unsynced::wrote(std::uint64_t sequence, VirtualTime when, EventId event, std::uint64_t offset,
                     std::span<const std::byte> bytes) {
  changes_.push_back({sequence, when, event, Kind::write, offset, bytes.size(), bytes_.size()});
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  if (offset + bytes.size() > size_) changes_shape_ = true;
}

void Unsynced::resized(std::uint64_t sequence, VirtualTime when, EventId event, std::uint64_t size) {
  changes_.push_back({sequence, when, event, Kind::resize, size, 0, bytes_.size()});
  changes_shape_ = true;
}

void Unsynced::forget_pages() {
  for (const OldPage& page : pages_) {
    if (page.bytes != nullptr) pool_.give_back(page.bytes);
  }
  pages_.clear();
}

void Unsynced::synced(Content& content, std::uint64_t size) {
  for (const OldPage& page : pages_) content.set_dirty(page.index, false);
  forget_pages();
  changes_.clear();
  bytes_.clear();
  size_ = size;
  changes_shape_ = false;
}

bool Unsynced::touches(const Change& change, std::uint64_t begin, std::uint64_t end) const {
  if (change.kind == Kind::resize) return change.offset < end;
  return change.offset < end && begin < change.offset + change.size;
}

// `bytes` begin where the page's do, or later.
void Unsynced::apply(const Change& change, std::uint64_t begin, std::span<std::byte> bytes) const {
  const std::uint64_t end = begin + bytes.size();
  if (!touches(change, begin, end)) return;
  const std::uint64_t from = std::max(begin, change.offset);
  if (change.kind == Kind::resize) {
    std::memset(bytes.data() + (from - begin), 0, end - from);
    return;
  }
  const std::uint64_t to = std::min(end, change.offset + change.size);
  std::memcpy(bytes.data() + (from - begin), bytes_.data() + change.place + (from - change.offset), to - from);
}

std::uint64_t Unsynced::size_after(std::size_t count) const {
  std::uint64_t size = size_;
  for (std::size_t i = 0; i < count; ++i) {
    const Change& change = changes_[i];
    size = change.kind == Kind::resize ? change.offset : std::max(size, change.offset + change.size);
  }
  return size;
}

void Unsynced::write_back(VirtualTime until) {
  std::size_t count = 0;
  while (count < changes_.size() && changes_[count].when <= until) ++count;
  if (count == 0) return;
  std::ranges::sort(pages_, {}, &OldPage::index);
  ByPage by_page(changes_, count);
  for (OldPage& page : pages_) {
    for (const std::size_t i : by_page.of(page.index)) {
      const Change& change = changes_[i];
      if (!touches(change, page.index * kPage, (page.index + 1) * kPage)) continue;
      if (page.bytes == nullptr) {
        if (change.kind == Kind::resize) continue;
        page.bytes = pool_.take_zeroed();
      }
      apply(change, page.index * kPage, {page.bytes, kPage});
    }
  }
  size_ = size_after(count);
  const std::uint64_t done = count < changes_.size() ? changes_[count].place : bytes_.size();
  changes_.erase(changes_.begin(), changes_.begin() + static_cast<std::ptrdiff_t>(count));
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(done));
  for (Change& change : changes_) change.place -= done;
}

std::size_t Unsynced::choose_size(const Rules& rules, Choice& choice) const {
  std::size_t least = 0;
  std::size_t most = changes_.size();
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    const Change& change = changes_[i];
    if (change.sequence <= rules.flushed) least = i + 1;
    if (change.kind != Kind::resize || rules.ordering == Ordering::strict_posix) continue;
    if (change.sequence > rules.journal) {
      most = i;
      break;
    }
    least = i + 1;
  }
  least = std::min(least, most);
  // Of those that make no difference to the size, the first.
  std::vector<std::size_t> candidates{least};
  std::uint64_t size = size_after(least);
  for (std::size_t count = least + 1; count <= most; ++count) {
    const std::uint64_t next = size_after(count);
    if (next != size || changes_[count - 1].kind == Kind::resize) candidates.push_back(count);
    size = next;
  }
  return candidates[choice.choose(candidates.size())];
}

std::uint64_t Unsynced::crash(Content& content, const Rules& rules, Choice& choice, std::vector<LostWrite>& lost) {
  const std::size_t sized = choose_size(rules, choice);
  const std::uint64_t size = size_after(sized);
  // What follows a truncation that is lost goes with it: its blocks belong to the longer file still.
  std::size_t end = sized;
  while (end < changes_.size() && !(changes_[end].kind == Kind::resize && (rules.ordering == Ordering::strict_posix ||
                                                                           changes_[end].sequence > rules.journal)))
    ++end;

  std::vector<std::uint64_t> kept(changes_.size(), 0);
  std::ranges::sort(pages_, {}, &OldPage::index);
  ByPage by_page(changes_, end);
  std::vector<std::size_t> touching;
  for (const OldPage& old : pages_) {
    const std::span<const std::size_t> of_page = by_page.of(old.index);
    const std::uint64_t page_begin = old.index * kPage;
    content.set_dirty(old.index, false);
    if (page_begin >= size) {
      content.drop(old.index);
      continue;
    }
    std::byte bytes[kPage] = {};
    if (old.bytes != nullptr) std::memcpy(bytes, old.bytes, kPage);
    bool hole = old.bytes == nullptr;
    for (std::uint64_t begin = page_begin; begin < page_begin + kPage && begin < size; begin += rules.sector) {
      const std::span<std::byte> sector(bytes + (begin - page_begin), rules.sector);
      touching.clear();
      std::size_t least = 0;
      for (const std::size_t i : of_page) {
        if (!touches(changes_[i], begin, begin + rules.sector)) continue;
        touching.push_back(i);
        const bool before_size = rules.ordering == Ordering::ext4_ordered && i < sized;
        if (old.bytes == nullptr && (before_size || changes_[i].sequence <= rules.flushed)) least = touching.size();
      }
      if (touching.empty()) continue;
      const std::size_t version = least + choice.choose(touching.size() - least + 1);
      const bool written =
          std::ranges::any_of(touching, [&](std::size_t i) { return changes_[i].kind == Kind::write; });
      if (version == 0 && written && old.bytes == nullptr && rules.ordering == Ordering::strict_posix &&
          choice.choose(2) == 0) {
        std::memset(sector.data(), kStale, sector.size());
        hole = false;
      }
      for (std::size_t v = 0; v < touching.size(); ++v) {
        const Change& change = changes_[touching[v]];
        if (v >= version && change.kind == Kind::write) continue;
        apply(change, begin, sector);
        if (change.kind == Kind::write) {
          hole = false;
          ++kept[touching[v]];
        }
      }
    }
    if (page_begin + kPage > size) std::memset(bytes + (size - page_begin), 0, page_begin + kPage - size);
    content.set(old.index, hole ? nullptr : bytes);
  }
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    const Change& change = changes_[i];
    if (change.kind == Kind::resize) {
      if (i >= end && rules.ordering == Ordering::strict_posix) lost.push_back({change.event, 0, 0});
      continue;  // else the journal has told
    }
    if (change.size == 0) continue;
    const std::uint64_t sectors = (change.offset + change.size - 1) / rules.sector - change.offset / rules.sector + 1;
    SP_ASSERT(kept[i] <= sectors);
    if (kept[i] < sectors) lost.push_back({change.event, sectors - kept[i], sectors});
  }
  forget_pages();
  changes_.clear();
  bytes_.clear();
  size_ = size;
  changes_shape_ = false;
  return size;
}

}  // namespace stillpoint::disk
