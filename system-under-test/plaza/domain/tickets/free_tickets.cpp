#include "system-under-test/plaza/domain/tickets/free_tickets.hpp"

#include <algorithm>
#include <iterator>

namespace plaza::tickets {

FreeTickets::FreeTickets(const Open& event) : seated_(event.seated), count_(event.capacity) {
  if (seated_) intervals_.emplace(1, event.capacity);
}

std::optional<Lot> FreeTickets::look(const Wanted& wanted) const {
  if (!wanted.seats.empty()) {
    const bool all = std::all_of(wanted.seats.begin(), wanted.seats.end(),
                                 [this](std::uint32_t seat) { return interval_of(seat) != intervals_.end(); });
    if (!all) return std::nullopt;
    return Lot{.count = static_cast<std::uint32_t>(wanted.seats.size()), .seats = wanted.seats};
  }
  if (wanted.count > count_) return std::nullopt;
  Lot lot{.count = wanted.count};
  if (!seated_) return lot;
  lot.seats.reserve(wanted.count);
  for (const auto& [first, last] : intervals_) {
    for (std::uint32_t seat = first; seat <= last && lot.seats.size() < wanted.count; ++seat) lot.seats.push_back(seat);
    if (lot.seats.size() == wanted.count) break;
  }
  return lot;
}

bool FreeTickets::take(const Lot& lot) {
  if (!seated_) {
    const std::uint32_t taken = std::min(count_, lot.count);
    count_ -= taken;
    return taken == lot.count;
  }
  bool all = true;
  for (const std::uint32_t seat : lot.seats) all = take(seat) && all;
  return all;
}

void FreeTickets::give_back(const Lot& lot) {
  if (!seated_) count_ += lot.count;
  for (const std::uint32_t seat : lot.seats) give_back(seat);
}

FreeTickets::Intervals::const_iterator FreeTickets::interval_of(std::uint32_t seat) const {
  const auto after = intervals_.upper_bound(seat);
  if (after == intervals_.begin()) return intervals_.end();
  const auto before = std::prev(after);
  return seat <= before->second ? before : intervals_.end();
}

bool FreeTickets::take(std::uint32_t seat) {
  const auto found = interval_of(seat);
  if (found == intervals_.end()) return false;
  const auto [first, last] = *found;
  intervals_.erase(found);
  if (first < seat) intervals_.emplace(first, seat - 1);
  if (seat < last) intervals_.emplace(seat + 1, last);
  --count_;
  return true;
}

void FreeTickets::give_back(std::uint32_t seat) {
  if (interval_of(seat) != intervals_.end()) return;
  std::uint32_t first = seat;
  std::uint32_t last = seat;
  const auto after = intervals_.upper_bound(seat);
  if (after != intervals_.begin() && std::prev(after)->second + 1 == seat) first = std::prev(after)->first;
  if (after != intervals_.end() && after->first == seat + 1) {
    last = after->second;
    intervals_.erase(after);
  }
  intervals_[first] = last;
  ++count_;
}

}  // namespace plaza::tickets
