#include "visualizer/screen/operation_rows.hpp"

#include <algorithm>
#include <map>
#include <numeric>

namespace stillpoint::view {

OperationRows::OperationRows(const Trace& trace) : trace_(trace) {
  std::map<std::string_view, std::size_t> places;
  const auto& operations = trace.operations();
  for (std::uint32_t i = 0; i < operations.size(); ++i) {
    const auto [place, fresh] = places.try_emplace(operations[i].user, users_.size());
    if (fresh) users_.push_back({.user = operations[i].user, .operations = {}, .latest_completion = {}});
    UserRow& user = users_[place->second];
    const EventIndex before = user.latest_completion.empty() ? 0 : user.latest_completion.back();
    user.operations.push_back(i);
    user.latest_completion.push_back(std::max(before, operations[i].completion));  // kNone is the greatest
  }
  order_.resize(users_.size());
  std::iota(order_.begin(), order_.end(), 0U);
}

void OperationRows::update(const View& view) {
  if (!fresh_ && cursor_ == view.cursor() && violation_ == view.violation()) return;
  fresh_ = false;
  cursor_ = view.cursor();
  violation_ = view.violation();
  std::vector<std::string_view> wanted;
  if (cursor_ != kNone) wanted.push_back(trace_.user(cursor_));
  if (violation_ != nullptr) {
    for (const ViolationWitness& witness : violation_->witnesses) {
      if (witness.event != kNone) wanted.push_back(trace_.user(witness.event));
    }
  }
  std::iota(order_.begin(), order_.end(), 0U);
  chosen_ = 0;
  for (const std::string_view user : wanted) {
    if (user.empty()) continue;
    const auto begin = order_.begin() + static_cast<std::ptrdiff_t>(chosen_);
    const auto found =
        std::find_if(begin, order_.end(), [&](std::uint32_t place) { return users_[place].user == user; });
    if (found == order_.end()) continue;  // none of its operations was recorded, or it is at the top already
    std::rotate(begin, found, found + 1);
    ++chosen_;
  }
}

std::span<const std::uint32_t> OperationRows::between(const UserRow& row, EventIndex first, EventIndex last) const {
  const auto& operations = trace_.operations();
  const auto begin = std::lower_bound(row.latest_completion.begin(), row.latest_completion.end(), first) -
                     row.latest_completion.begin();
  const auto end =
      std::upper_bound(row.operations.begin(), row.operations.end(), last,
                       [&](EventIndex event, std::uint32_t place) { return event < operations[place].invoke; }) -
      row.operations.begin();
  if (begin >= end) return {};
  return std::span(row.operations).subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
}

}  // namespace stillpoint::view
