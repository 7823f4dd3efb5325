// Holds, or sales, of one event by the request that made them. How many tickets are in them changes where they come and
// go, and nowhere else.
//
// A user is found by hash, and a request among those of its user: of a hundred thousand sales one is found by looking
// at a few. Nothing hangs on the order of the users, and whoever visits all of them has them in the order of their
// names.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "system-under-test/plaza/domain/domain.hpp"
#include "system-under-test/plaza/domain/name_hash.hpp"

namespace plaza::tickets {

template <typename Record>
class Ledger {
 public:
  std::uint32_t tickets() const { return tickets_; }
  const Record* find(const RequestKey& key) const { return find(key.user, key.id); }
  const Record* find(std::string_view user, std::string_view id) const {
    const auto records = by_user_.find(user);
    if (records == by_user_.end()) return nullptr;
    const auto found = records->second.find(id);
    return found == records->second.end() ? nullptr : &found->second;
  }
  // In place of what was there.
  void put(const RequestKey& key, Record record) {
    const auto [place, is_new] = by_user_[key.user].try_emplace(key.id);
    if (!is_new) tickets_ -= place->second.lot.count;
    tickets_ += record.lot.count;
    place->second = std::move(record);
  }
  // Out of it. Requires: it is there.
  Record take(const RequestKey& key) {
    const auto records = by_user_.find(key.user);
    const auto found = records->second.find(key.id);
    Record record = std::move(found->second);
    tickets_ -= record.lot.count;
    records->second.erase(found);
    if (records->second.empty()) by_user_.erase(records);
    return record;
  }
  // Those of one user, in the order of their ids: visit(id, record).
  template <typename Visit>
  void each_of(std::string_view user, Visit visit) const {
    const auto records = by_user_.find(user);
    if (records == by_user_.end()) return;
    for (const auto& [id, record] : records->second) visit(id, record);
  }
  // All, in the order of their keys: visit(key, record).
  template <typename Visit>
  void each(Visit visit) const {
    std::vector<std::string_view> users;
    users.reserve(by_user_.size());
    for (const auto& [user, records] : by_user_) users.push_back(user);
    std::ranges::sort(users);
    for (const std::string_view user : users) {
      each_of(user, [&](const std::string& id, const Record& record) { visit({std::string(user), id}, record); });
    }
  }

 private:
  using ById = std::map<std::string, Record, std::less<>>;
  std::unordered_map<std::string, ById, NameHash, std::equal_to<>> by_user_;
  std::uint32_t tickets_ = 0;
};

}  // namespace plaza::tickets
