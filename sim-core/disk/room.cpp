#include "sim-core/disk/room.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace stillpoint::disk {

void Room::add(std::uint64_t begin, std::uint64_t end) {
  if (begin >= end) return;
  const auto first = std::ranges::lower_bound(runs_, begin, {}, &Run::end);  // it may end where the new one begins
  const auto last = std::ranges::upper_bound(runs_, end, {}, &Run::begin);
  if (first != last) {
    begin = std::min(begin, first->begin);
    end = std::max(end, std::prev(last)->end);
  }
  runs_.insert(runs_.erase(first, last), {begin, end});
}

std::uint64_t Room::remove(std::uint64_t begin, std::uint64_t end) {
  std::uint64_t removed = 0;
  if (runs_.empty() || begin >= end) return removed;  // nearly always
  std::vector<Run> left;
  for (const Run& run : runs_) {
    const Run before{run.begin, std::min(run.end, begin)};
    const Run behind{std::max(run.begin, end), run.end};
    removed += run.end - run.begin;
    for (const Run& piece : {before, behind}) {
      if (piece.begin >= piece.end) continue;
      left.push_back(piece);
      removed -= piece.end - piece.begin;
    }
  }
  if (removed > 0) runs_ = std::move(left);
  return removed;
}

bool Room::contains(std::uint64_t page) const {
  const auto run = std::ranges::upper_bound(runs_, page, {}, &Run::end);
  return run != runs_.end() && run->begin <= page;
}

std::uint64_t Room::pages() const {
  std::uint64_t pages = 0;
  for (const Run& run : runs_) pages += run.end - run.begin;
  return pages;
}

}  // namespace stillpoint::disk
