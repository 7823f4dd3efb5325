// The tickets of one event that are free. Where it is seated they are a set of numbers, as intervals, so that a million
// seats of which nobody has taken any are one node; otherwise they are counted.
//
// It believes what it is told to take and to give back: whether that is right is for the rules to see to.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "system-under-test/plaza/domain/tickets/messages.hpp"

namespace plaza::tickets {

// Tickets that are in one place together. Where they have no numbers, `seats` is empty.
struct Lot {
  std::uint32_t count = 0;
  std::vector<std::uint32_t> seats = {};
  bool operator==(const Lot&) const = default;
};

class FreeTickets {
 public:
  // All of them are free.
  explicit FreeTickets(const Open& event);

  std::uint32_t count() const { return count_; }
  // Just these seats, or the lowest that are free. None: not all of them are.
  std::optional<Lot> look(const Wanted& wanted) const;
  // Whether all of them were free; afterwards none is.
  bool take(const Lot& lot);
  void give_back(const Lot& lot);

 private:
  using Intervals = std::map<std::uint32_t, std::uint32_t>;  // first to last seat; between two there is a gap
  Intervals::const_iterator interval_of(std::uint32_t seat) const;
  bool take(std::uint32_t seat);
  void give_back(std::uint32_t seat);

  bool seated_;
  std::uint32_t count_;
  Intervals intervals_;
};

}  // namespace plaza::tickets
