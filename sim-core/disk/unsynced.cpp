#include "sim-core/disk/unsynced.hpp"

#include <algorithm>
#include <cstring>

#include "sim-core/base/assert.hpp"

namespace stillpoint::disk {
namespace {
// What stands in a block that a file got and never wrote to, where the model does not clear it.
constexpr int kStale = 0xA5;

// How many sectors a range that is not empty touches.
std::uint64_t sectors_of(std::uint64_t begin, std::uint64_t end, std::uint32_t sector) {
  return (end - 1) / sector - begin / sector + 1;
}
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

struct Unsynced::Fates {
  Sized sized;
  // Changes of the size before this one are kept, from it on lost.
  std::size_t end;
  // Of those that are lost, what made the file shorter, and to which size.
  std::vector<std::pair<std::size_t, std::uint64_t>> lost_cuts;
  // Of each change: whether it made the file longer; where a later truncation that is kept cuts it off; and how many
  // of its sectors are kept.
  std::vector<bool> grows;
  std::vector<std::uint64_t> cut;
  std::vector<std::uint64_t> kept;
  // The newest write of several sectors, and how many these are.
  std::size_t newest = SIZE_MAX;
  std::uint64_t newest_sectors = 0;
};

Unsynced::~Unsynced() {
  forget_pages();
  total_ -= weight_;
}

void Unsynced::weigh() {
  const std::uint64_t weight = bytes_.size() + changes_.size() * sizeof(Change) + copies_ * kPage;
  total_ += weight - weight_;
  weight_ = weight;
}

void Unsynced::keep(std::uint64_t index, std::byte* bytes) {
  pages_.push_back({index, bytes});
  if (bytes == nullptr) {
    changes_shape_ = true;
  } else {
    ++copies_;
    weigh();
  }
}

void Unsynced::keep_page(Content& content, std::uint64_t index, const std::byte* before) {
  if (content.dirty(index) || take_up(content, index)) return;
  keep(index, before != nullptr ? pool_.copy(before) : nullptr);
  content.set_dirty(index, true);
}

void Unsynced::keep_page(Content& content, std::uint64_t index, std::size_t begin, std::size_t end) {
  if (content.memory() != nullptr || content.page(index) == nullptr) return keep_page(content, index);
  if (content.dirty(index) || take_up(content, index)) return;
  keep(index, content.replace(index, begin, end));
  content.set_dirty(index, true);
}

void Unsynced::take_page(Content& content, std::uint64_t index) {
  if (content.dirty(index) || take_up(content, index)) return content.drop(index);
  keep(index, content.take(index));
  content.set_dirty(index, true);
}

void Unsynced::wrote(std::uint64_t sequence, VirtualTime when, EventId event, std::uint64_t offset,
                     std::span<const std::byte> bytes) {
  changes_.push_back({sequence, when, event, Kind::write, offset, bytes.size(), bytes_.size()});
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  if (offset + bytes.size() > size_) changes_shape_ = true;
  weigh();
}

void Unsynced::resized(std::uint64_t sequence, VirtualTime when, EventId event, std::uint64_t size) {
  changes_.push_back({sequence, when, event, Kind::resize, size, 0, bytes_.size()});
  changes_shape_ = true;
  weigh();
}

void Unsynced::forget_pages() {
  for (const OldPage& page : pages_) {
    if (page.bytes != nullptr) pool_.give_back(page.bytes);
  }
  pages_.clear();
  copies_ = given_up_ = 0;
}

void Unsynced::forget_all(std::uint64_t size) {
  forget_pages();
  changes_.clear();
  bytes_.clear();
  given_up_bytes_ = 0;
  size_ = size;
  flushed_ = 0;
  changes_shape_ = false;
  weigh();
}

void Unsynced::synced(Content& content, std::uint64_t size) {
  for (const OldPage& page : pages_) content.set_dirty(page.index, false);
  if (given_up_ == 0) return forget_all(size);
  leave_given_up(changes_.size());
  std::erase_if(pages_, [&](const OldPage& page) {
    if (!page.given_up && page.bytes != nullptr) {
      pool_.give_back(page.bytes);
      --copies_;
    }
    return !page.given_up;
  });
  size_ = size;
  flushed_ = 0;
  changes_shape_ = false;
  weigh();
}

// ---- a sync that has failed ----

void Unsynced::give_up(Content& content) {
  for (OldPage& page : pages_) {
    if (page.given_up || content.page(page.index) == nullptr) continue;  // of a hole nothing is to be written
    page.given_up = true;
    ++given_up_;
    content.set_dirty(page.index, false);
  }
  given_up_bytes_ = bytes_.size();
}

bool Unsynced::take_up(Content& content, std::uint64_t index) {
  if (given_up_ == 0) return false;
  const auto found =
      std::ranges::find_if(pages_, [index](const OldPage& page) { return page.index == index && page.given_up; });
  if (found == pages_.end()) return false;
  found->given_up = false;
  --given_up_;
  content.set_dirty(index, true);
  return true;
}

bool Unsynced::has_given_up(std::uint64_t index) const {
  if (given_up_ == 0) return false;
  return std::ranges::any_of(pages_, [index](const OldPage& page) { return page.index == index && page.given_up; });
}

// Where the file was cut or stretched meanwhile, writes before that are of interest no more: a part of what a crash may
// leave is not tried then.
void Unsynced::leave_given_up(std::size_t count) {
  std::size_t first = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (changes_[i].kind == Kind::resize) first = i + 1;
  }
  std::vector<std::uint64_t> given_up;
  for (OldPage& page : pages_) {
    if (!page.given_up) continue;
    given_up.push_back(page.index);
    for (std::size_t i = 0; i < first; ++i) {
      if (changes_[i].kind == Kind::resize) make_durable(changes_[i], page);
    }
  }
  std::ranges::sort(given_up);
  std::vector<Change> changes;
  std::vector<std::byte> bytes;
  const auto add = [&](const Change& change, std::uint64_t begin, std::uint64_t end) {
    const auto from = bytes_.begin() + static_cast<std::ptrdiff_t>(change.place + (begin - change.offset));
    changes.push_back(change);
    changes.back().offset = begin;
    changes.back().size = end - begin;
    changes.back().place = bytes.size();
    bytes.insert(bytes.end(), from, from + static_cast<std::ptrdiff_t>(end - begin));
  };
  for (std::size_t i = first; i < count; ++i) {
    const Change& change = changes_[i];
    const std::uint64_t end = change.offset + change.size;
    auto page = std::ranges::lower_bound(given_up, change.offset / kPage);
    for (; page != given_up.end() && *page * kPage < end; ++page)
      add(change, std::max(change.offset, *page * kPage), std::min(end, (*page + 1) * kPage));
  }
  given_up_bytes_ = bytes.size();
  for (std::size_t i = count; i < changes_.size(); ++i) {
    const Change& change = changes_[i];
    if (change.kind == Kind::write) {
      add(change, change.offset, change.offset + change.size);
    } else {
      changes.push_back(change);
      changes.back().place = bytes.size();
    }
  }
  changes_ = std::move(changes);
  bytes_ = std::move(bytes);
}

void Unsynced::read_durable(const Content& content, std::uint64_t offset, std::span<std::byte> to) const {
  while (!to.empty()) {
    const std::size_t within = offset % kPage;
    const std::size_t some = std::min(to.size(), kPage - within);
    const auto old = std::ranges::find(pages_, offset / kPage, &OldPage::index);
    const std::byte* const page = old != pages_.end() ? old->bytes : content.page(offset / kPage);
    if (page != nullptr) {
      std::memcpy(to.data(), page + within, some);
    } else {
      std::memset(to.data(), 0, some);
    }
    offset += some;
    to = to.subspan(some);
  }
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

void Unsynced::make_durable(const Change& change, OldPage& page) {
  const std::uint64_t begin = page.index * kPage;
  if (!touches(change, begin, begin + kPage)) return;
  if (change.kind == Kind::resize && change.offset <= begin) {
    if (page.bytes != nullptr) pool_.give_back(page.bytes);
    copies_ -= page.bytes != nullptr ? 1 : 0;
    page.bytes = nullptr;
    return;
  }
  if (page.bytes == nullptr) {
    if (change.kind == Kind::resize) return;
    page.bytes = pool_.take_zeroed();
    ++copies_;
  }
  apply(change, begin, {page.bytes, kPage});
}

void Unsynced::write_back(Content& content, std::uint64_t size, VirtualTime until) {
  std::size_t count = 0;
  while (count < changes_.size() && changes_[count].when <= until) ++count;
  if (count == 0) return;
  if (count == changes_.size()) return synced(content, size);
  std::ranges::sort(pages_, {}, &OldPage::index);
  ByPage by_page(changes_, count);
  for (OldPage& page : pages_) {
    if (page.given_up) continue;
    for (const std::size_t i : by_page.of(page.index)) make_durable(changes_[i], page);
  }
  for (std::size_t i = 0; i < count; ++i) {
    const Change& change = changes_[i];
    size_ = change.kind == Kind::resize ? change.offset : std::max(size_, change.offset + change.size);
  }
  if (given_up_ > 0) {
    leave_given_up(count);
    return weigh();
  }
  const std::uint64_t done = changes_[count].place;
  changes_.erase(changes_.begin(), changes_.begin() + static_cast<std::ptrdiff_t>(count));
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(done));
  for (Change& change : changes_) change.place -= done;
  weigh();
}

// ---- a crash ----

std::vector<Unsynced::Sized> Unsynced::sizes(const Rules& rules) const {
  const bool strict = rules.ordering == Ordering::strict_posix;
  const std::uint64_t block = strict ? rules.sector : kPage;
  std::vector<Sized> sizes{{0, size_}};
  std::uint64_t size = size_;
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    const Change& change = changes_[i];
    const bool resize = change.kind == Kind::resize;
    const std::uint64_t next = resize ? change.offset : std::max(size, change.offset + change.size);
    if (change.sequence >= rules.lost_from && (resize || next > size)) break;
    if (change.sequence <= flushed_ || (resize && !strict)) {
      sizes.assign(1, {i + 1, next});
    } else if (resize) {
      sizes.push_back({i + 1, next});
    } else if (next > size) {
      // What is appended comes to the device in pieces, and the size may follow after each.
      const std::uint64_t begin = std::max(size, change.offset);
      for (std::uint64_t end = (begin / block + 1) * block; end < next; end += block) sizes.push_back({i + 1, end});
      sizes.push_back({i + 1, next});
    }
    size = next;
  }
  return sizes;
}

Unsynced::Fates Unsynced::fates(Sized sized, const Rules& rules) const {
  const bool strict = rules.ordering == Ordering::strict_posix;
  Fates fates{sized, sized.changes, {}, {}, {}, std::vector<std::uint64_t>(changes_.size(), 0)};
  while (fates.end < changes_.size() &&
         !(changes_[fates.end].kind == Kind::resize && (strict || changes_[fates.end].sequence >= rules.lost_from)))
    ++fates.end;
  std::uint64_t size = size_;
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    const Change& change = changes_[i];
    const bool resize = change.kind == Kind::resize;
    const std::uint64_t next = resize ? change.offset : std::max(size, change.offset + change.size);
    fates.grows.push_back(i < sized.changes && !resize && next > size);
    const bool empty = resize || change.size == 0;
    const std::uint64_t sectors = empty ? 0 : sectors_of(change.offset, change.offset + change.size, rules.sector);
    if (sectors > 1) {
      fates.newest = i;
      fates.newest_sectors = sectors;
    }
    if (i >= fates.end && next < size) fates.lost_cuts.emplace_back(i, next);
    size = next;
  }
  // A truncation puts its size into the journal, whatever of the data before it has been written (i_disksize in
  // ext4_setattr()).
  for (std::size_t i = sized.changes; i > 0; --i) {
    if (changes_[i - 1].kind != Kind::resize) continue;
    std::fill_n(fates.grows.begin(), i, false);
    break;
  }
  fates.cut.resize(changes_.size(), UINT64_MAX);
  std::uint64_t cut = UINT64_MAX;
  for (std::size_t i = fates.end; i > 0; --i) {
    fates.cut[i - 1] = cut;
    if (changes_[i - 1].kind == Kind::resize) cut = std::min(cut, changes_[i - 1].offset);
  }
  return fates;
}

void Unsynced::crash_page(const OldPage& old, std::span<const std::size_t> of_page, const Rules& rules, Fates& fates,
                          Choice& choice, Content& content) const {
  const std::uint64_t page_begin = old.index * kPage;
  const std::uint64_t size = fates.sized.size;
  if (page_begin >= size) return content.drop(old.index);
  std::byte bytes[kPage] = {};
  if (old.bytes != nullptr) std::memcpy(bytes, old.bytes, kPage);

  // From which change on the page's block is a new one, if ever; and the write for which the file gets it, which the
  // journal holds.
  constexpr std::size_t kNever = SIZE_MAX;
  std::size_t fresh = old.bytes == nullptr ? 0 : kNever;
  for (const std::size_t i : of_page) {
    if (i < fates.end && changes_[i].kind == Kind::resize && changes_[i].offset <= page_begin) fresh = i + 1;
  }
  // What follows a truncation that is lost goes with it, where it cut blocks: they belong to the longer file still.
  std::size_t end = kNever;
  for (const auto& [i, cut] : fates.lost_cuts) {
    if (cut < page_begin + kPage) end = std::min(end, i);
  }
  for (const std::size_t i : of_page) {
    if (i < fresh || changes_[i].kind != Kind::write) continue;
    if (changes_[i].sequence >= rules.lost_from) end = std::min(end, i);
    break;
  }

  bool hole = fresh != kNever;
  std::vector<std::size_t> writes;
  for (std::uint64_t begin = page_begin; begin < page_begin + kPage && begin < size; begin += rules.sector) {
    const std::span<std::byte> sector(bytes + (begin - page_begin), rules.sector);
    writes.clear();
    std::size_t least = 0;
    for (const std::size_t i : of_page) {
      if (i >= end || changes_[i].kind != Kind::write || !touches(changes_[i], begin, begin + rules.sector)) continue;
      writes.push_back(i);
      // data=ordered: what the size covers has been written before it, where it needed a block.
      const bool before_size = rules.ordering == Ordering::ext4_ordered && fates.grows[i];
      const bool is_written = before_size || changes_[i].sequence <= flushed_;
      if (i >= fresh && is_written && !old.given_up) least = writes.size();
    }
    Choice::Sector of_newest;
    if (!writes.empty() && writes.back() == fates.newest)
      of_newest = {(begin - changes_[fates.newest].offset / rules.sector * rules.sector) / rules.sector,
                   fates.newest_sectors};
    const std::size_t version =
        least + (writes.empty() ? 0 : choice.choose_sector(writes.size() - least + 1, of_newest));
    const std::size_t lost = version < writes.size() ? writes[version] : kNever;
    const bool stale = lost != kNever && lost >= fresh && (version == 0 || writes[version - 1] < fresh) &&
                       rules.ordering == Ordering::strict_posix && choice.choose(2) == 0;
    std::size_t written = 0;
    for (const std::size_t i : of_page) {
      const Change& change = changes_[i];
      if (change.kind == Kind::resize) {
        if (i < fates.end) apply(change, begin, sector);
        continue;
      }
      if (stale && i == lost) {
        std::memset(sector.data(), kStale, sector.size());
        hole = false;
      }
      if (written == version || i != writes[written]) continue;
      ++written;
      apply(change, begin, sector);
      if (i >= fresh) hole = false;
      if (begin < fates.cut[i]) ++fates.kept[i];
    }
  }
  if (page_begin + kPage > size) std::memset(bytes + (size - page_begin), 0, page_begin + kPage - size);
  content.set(old.index, hole ? nullptr : bytes);
}

std::uint64_t Unsynced::crash(Content& content, const Rules& rules, Choice& choice, std::vector<LostWrite>& lost) {
  const std::vector<Sized> candidates = sizes(rules);
  const auto pieces =
      static_cast<std::uint64_t>(std::ranges::count(candidates, candidates.back().changes, &Sized::changes));
  Fates fates = this->fates(candidates[choice.choose_size(candidates.size(), pieces)], rules);
  std::ranges::sort(pages_, {}, &OldPage::index);
  ByPage by_page(changes_, changes_.size());
  for (const OldPage& old : pages_) {
    content.set_dirty(old.index, false);
    crash_page(old, by_page.of(old.index), rules, fates, choice, content);
  }
  const std::size_t before = lost.size();
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    const Change& change = changes_[i];
    if (change.kind == Kind::resize) {
      // Of the others the journal has told.
      if (i >= fates.end && rules.ordering == Ordering::strict_posix) lost.push_back({change.event, 0, 0});
      continue;
    }
    const std::uint64_t end = std::min(change.offset + change.size, fates.cut[i]);
    if (end <= change.offset) continue;
    const std::uint64_t sectors = sectors_of(change.offset, end, rules.sector);
    SP_ASSERT(fates.kept[i] <= sectors);
    if (i > 0 && changes_[i - 1].sequence == change.sequence) {  // a further piece of a write that was given up
      lost.back().lost += sectors - fates.kept[i];
      lost.back().sectors += sectors;
    } else {
      lost.push_back({change.event, sectors - fates.kept[i], sectors});
    }
  }
  const auto first = lost.begin() + static_cast<std::ptrdiff_t>(before);
  lost.erase(
      std::remove_if(first, lost.end(), [](const LostWrite& write) { return write.lost == 0 && write.sectors > 0; }),
      lost.end());
  forget_all(fates.sized.size);
  return size_;
}

}  // namespace stillpoint::disk
