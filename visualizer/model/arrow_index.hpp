#pragma once
// Arrows by the stretch of time that they span: which of them touch a range, and how many.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "visualizer/model/lanes.hpp"
#include "visualizer/model/time_range.hpp"

namespace stillpoint::view {

class ArrowIndex {
 public:
  struct Item {
    std::int64_t begin_ns;
    std::int64_t end_ns;  // not before begin_ns
    EventIndex from;
    EventIndex to;
    CauseKind kind;
  };

  ArrowIndex() = default;
  explicit ArrowIndex(std::vector<Item> items);

  const std::vector<Item>& items() const { return items_; }  // by begin
  // How many touch the range, its ends included. Takes the time of two searches.
  std::size_t count(TimeRange range) const;
  // Those that do, or if they are more than `most`, one out of a power of two: always the same ones as the range moves.
  std::vector<Item> find(TimeRange range, std::size_t most) const;

 private:
  bool block_ends_before(std::size_t place, std::int64_t time) const;

  std::vector<Item> items_;
  std::vector<std::int64_t> ends_;       // sorted
  std::vector<std::int64_t> block_end_;  // the latest end of each block of items
};

// The messages of a trace: whatever leads from a send to what it caused as a message, and from host to host.
ArrowIndex index_messages(const Trace& trace);

}  // namespace stillpoint::view
