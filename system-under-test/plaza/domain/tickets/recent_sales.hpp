// The newest sales of every user, over all events: as many as a user is shown.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

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
    std::set<Sale>& sales = by_user_[user];
    // A request that has sold twice is one sale, with the later index.
    std::erase_if(sales, [&sale](const Sale& other) { return other.event == sale.event && other.id == sale.id; });
    sales.insert(std::move(sale));
    if (sales.size() > kMost) sales.erase(sales.begin());
  }
  // Oldest first.
  const std::set<Sale>& of(std::string_view user) const {
    static const std::set<Sale> none;
    const auto found = by_user_.find(user);
    return found == by_user_.end() ? none : found->second;
  }

 private:
  std::map<std::string, std::set<Sale>, std::less<>> by_user_;
};

}  // namespace plaza::tickets
