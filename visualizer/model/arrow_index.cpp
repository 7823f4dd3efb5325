#include "visualizer/model/arrow_index.hpp"

#include <algorithm>

namespace stillpoint::view {
namespace {

constexpr std::size_t kBlock = 256;

}  // namespace

ArrowIndex::ArrowIndex(std::vector<Item> items) : items_(std::move(items)) {
  const auto by_begin = [](const Item& left, const Item& right) { return left.begin_ns < right.begin_ns; };
  if (!std::is_sorted(items_.begin(), items_.end(), by_begin)) {
    std::stable_sort(items_.begin(), items_.end(), by_begin);
  }
  for (std::size_t i = 0; i < items_.size(); ++i) {
    ends_.push_back(items_[i].end_ns);
    if (i % kBlock == 0) block_end_.push_back(items_[i].end_ns);
    block_end_.back() = std::max(block_end_.back(), items_[i].end_ns);
  }
  std::sort(ends_.begin(), ends_.end());
}

// All that begin by the end of the range, without those that end before it begins.
std::size_t ArrowIndex::count(TimeRange range) const {
  const auto begun = std::upper_bound(items_.begin(), items_.end(), range.end_ns,
                                      [](std::int64_t time, const Item& item) { return time < item.begin_ns; });
  const auto over = std::lower_bound(ends_.begin(), ends_.end(), range.begin_ns);
  return static_cast<std::size_t>(begun - items_.begin()) - static_cast<std::size_t>(over - ends_.begin());
}

bool ArrowIndex::block_ends_before(std::size_t place, std::int64_t time) const {
  return block_end_[place / kBlock] < time;
}

std::vector<ArrowIndex::Item> ArrowIndex::find(TimeRange range, std::size_t most) const {
  std::vector<Item> result;
  if (most == 0) return result;
  std::size_t stride = 1;
  while (count(range) / stride > most) stride *= 2;
  for (std::size_t i = 0; i < items_.size() && items_[i].begin_ns <= range.end_ns && result.size() < most;) {
    if (block_ends_before(i, range.begin_ns)) {
      const std::size_t next = (i / kBlock + 1) * kBlock;
      i = (next + stride - 1) / stride * stride;
      continue;
    }
    if (items_[i].end_ns >= range.begin_ns) result.push_back(items_[i]);
    i += stride;
  }
  return result;
}

ArrowIndex index_messages(const Trace& trace) {
  const std::span<const EventRow> events = trace.events();
  std::vector<ArrowIndex::Item> items;
  const auto add = [&](EventIndex from, EventIndex to) {
    const EventRow& cause = events[from];
    const EventRow& effect = events[to];
    if (cause.kind != EventKind::send && cause.host == effect.host) return;
    items.push_back({.begin_ns = std::min(cause.at_ns, effect.at_ns),
                     .end_ns = std::max(cause.at_ns, effect.at_ns),
                     .from = from,
                     .to = to,
                     .kind = CauseKind::message});
  };
  for (EventIndex i = 0; i < events.size(); ++i) {
    if (events[i].cause != kNone && events[i].cause_kind == CauseKind::message) add(events[i].cause, i);
    for (const Edge& cause : trace.further_causes(i)) {
      if (cause.kind == CauseKind::message) add(cause.event, i);
    }
  }
  return ArrowIndex(std::move(items));
}

}  // namespace stillpoint::view
