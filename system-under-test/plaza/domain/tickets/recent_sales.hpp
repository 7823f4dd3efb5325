// The newest sales of every user, over all events: as many as a user is shown.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "system-under-test/plaza/domain/name_hash.hpp"

namespace plaza::tickets {

class RecentSales {
 public:
  static constexpr std::size_t kMost = 50;

  struct Sale {
    std::uint64_t index = 0;  // of the entry that sold it
    std::string event;
    std::string id;
    auto operator<=>(const Sale&) const = default;
  };

  // In any order: what remains is the same.
  void add(const std::string& user, Sale sale) {
    std::vector<Sale>& sales = by_user_[user];
    // A request that has sold twice is one sale, with the later index.
    std::erase_if(sales, [&sale](const Sale& other) { return other.id == sale.id && other.event == sale.event; });
    sales.insert(std::ranges::upper_bound(sales, sale), std::move(sale));
    if (sales.size() > kMost) sales.erase(sales.begin());
  }
  // Oldest first.
  const std::vector<Sale>& of(std::string_view user) const {
    static const std::vector<Sale> none;
    const auto found = by_user_.find(user);
    return found == by_user_.end() ? none : found->second;
  }

 private:
  std::unordered_map<std::string, std::vector<Sale>, NameHash, std::equal_to<>> by_user_;  // sorted
};

}  // namespace plaza::tickets
