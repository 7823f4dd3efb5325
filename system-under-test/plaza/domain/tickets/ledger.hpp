// Holds, or sales, of one event by the request that made them. How many tickets are in them changes where they come and
// go, and nowhere else.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "system-under-test/plaza/domain/domain.hpp"

namespace plaza::tickets {

template <typename Record>
class Ledger {
 public:
  using Map = std::map<RequestKey, Record>;

  const Map& all() const { return records_; }
  std::uint32_t tickets() const { return tickets_; }
  const Record* find(const RequestKey& key) const {
    const auto found = records_.find(key);
    return found == records_.end() ? nullptr : &found->second;
  }
  // In place of what was there.
  void put(const RequestKey& key, Record record) {
    const auto [place, is_new] = records_.try_emplace(key);
    if (!is_new) tickets_ -= place->second.lot.count;
    tickets_ += record.lot.count;
    place->second = std::move(record);
  }
  void erase(const RequestKey& key) {
    const auto found = records_.find(key);
    if (found == records_.end()) return;
    tickets_ -= found->second.lot.count;
    records_.erase(found);
  }
  // Those of one user, in the order of their ids.
  template <typename Visit>
  void each_of(std::string_view user, Visit visit) const {
    for (auto at = records_.lower_bound(RequestKey{std::string(user), ""}); at != records_.end(); ++at) {
      if (at->first.user != user) return;
      visit(at->first, at->second);
    }
  }

 private:
  Map records_;
  std::uint32_t tickets_ = 0;
};

}  // namespace plaza::tickets
