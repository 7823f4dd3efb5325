// The line of those who wait for one event: first come, first served. Nobody is in it twice.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "system-under-test/plaza/domain/tickets/records.hpp"

namespace plaza::tickets {

class Line {
 public:
  using Numbered = std::map<std::uint64_t, Waiting>;

  bool empty() const { return by_number_.empty(); }
  std::size_t size() const { return by_number_.size(); }
  std::uint32_t tickets() const { return tickets_; }
  const Numbered& all() const { return by_number_; }

  // The number of whoever comes next.
  std::uint64_t next_number() const { return by_number_.empty() ? 1 : by_number_.rbegin()->first + 1; }
  // False: the user is in it already.
  bool add(std::uint64_t number, const Waiting& waiting) {
    if (!by_user_.emplace(waiting.key.user, number).second) return false;
    tickets_ += waiting.count;
    by_number_.emplace(number, waiting);
    return true;
  }
  // None: the user does not wait.
  std::optional<std::uint64_t> number_of(std::string_view user) const {
    const auto found = by_user_.find(user);
    return found == by_user_.end() ? std::nullopt : std::optional(found->second);
  }
  // Requires: somebody has this number.
  Waiting remove(std::uint64_t number) {
    const auto found = by_number_.find(number);
    Waiting waiting = std::move(found->second);
    by_number_.erase(found);
    by_user_.erase(waiting.key.user);
    tickets_ -= waiting.count;
    return waiting;
  }

 private:
  Numbered by_number_;
  std::map<std::string, std::uint64_t, std::less<>> by_user_;
  std::uint32_t tickets_ = 0;
};

}  // namespace plaza::tickets
