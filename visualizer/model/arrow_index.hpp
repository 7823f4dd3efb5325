#pragma once
// Arrows by the stretch of time that they span: which of them touch a range, and how many.
#include <cstddef>
#include <cstdint>
#include <memory>
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

  // Those that join two of these events, in time proportional to all: the order is known, and the items are shared.
  ArrowIndex among(const std::vector<bool>& events) const;
  // How many touch the range, its ends included. Takes the time of two searches.
  std::size_t count(TimeRange range) const;
  // Those that do, or if they are more than `most`, one out of a power of two: always the same ones as the range moves.
  std::vector<Item> find(TimeRange range, std::size_t most) const;

 private:
  using Place = std::uint32_t;  // in *items_

  const Item& item(Place place) const { return (*items_)[place]; }
  void index_blocks();
  bool block_ends_before(std::size_t nth, std::int64_t time) const;

  std::shared_ptr<const std::vector<Item>> items_;  // also of those that are not in this index
  std::vector<Place> by_begin_;
  std::vector<Place> by_end_;
  std::vector<std::int64_t> block_end_;  // the latest end of each block of by_begin_
};

// The messages of a trace: whatever leads from a send to what it caused as a message, and from host to host.
ArrowIndex index_messages(const Trace& trace);

}  // namespace stillpoint::view
