#pragma once
// The users of a run in the order in which the operations tab shows them, each with its operations.
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "visualizer/model/view.hpp"

namespace stillpoint::view {

struct UserRow {
  std::string_view user;
  std::vector<std::uint32_t> operations;      // places in trace.operations(), by invoke event
  std::vector<EventIndex> latest_completion;  // of the operations up to each; kNone once one is pending
};

class OperationRows {
 public:
  explicit OperationRows(const Trace& trace);

  // Puts the cursor's user first, then those of the witnesses. Call once a frame.
  void update(const View& view);
  std::size_t size() const { return order_.size(); }
  const UserRow& row(std::size_t n) const { return users_[order_[n]]; }
  // How many rows at the top are there because of the cursor or of a witness.
  std::size_t chosen() const { return chosen_; }
  // Its operations that may touch the events from `first` to `last`.
  std::span<const std::uint32_t> between(const UserRow& row, EventIndex first, EventIndex last) const;

 private:
  const Trace& trace_;
  std::vector<UserRow> users_;        // by first operation
  std::vector<std::uint32_t> order_;  // places in users_
  std::size_t chosen_ = 0;
  EventIndex cursor_ = kNone;
  const ViolationRow* violation_ = nullptr;
  bool fresh_ = true;
};

}  // namespace stillpoint::view
