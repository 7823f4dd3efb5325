#include "visualizer/model/arrow_index.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

namespace stillpoint::view {
namespace {

constexpr std::size_t kBlock = 256;

}  // namespace

ArrowIndex::ArrowIndex(std::vector<Item> items) {
  std::stable_sort(items.begin(), items.end(),
                   [](const Item& left, const Item& right) { return left.begin_ns < right.begin_ns; });
  by_begin_.resize(items.size());
  std::iota(by_begin_.begin(), by_begin_.end(), Place{0});
  by_end_ = by_begin_;
  std::sort(by_end_.begin(), by_end_.end(),
            [&](Place left, Place right) { return items[left].end_ns < items[right].end_ns; });
  items_ = std::make_shared<const std::vector<Item>>(std::move(items));
  index_blocks();
}

void ArrowIndex::index_blocks() {
  for (std::size_t i = 0; i < by_begin_.size(); ++i) {
    const std::int64_t end = item(by_begin_[i]).end_ns;
    if (i % kBlock == 0) block_end_.push_back(end);
    block_end_.back() = std::max(block_end_.back(), end);
  }
}

ArrowIndex ArrowIndex::among(const std::vector<bool>& events) const {
  const auto is_among = [&](Place place) { return events[item(place).from] && events[item(place).to]; };
  ArrowIndex result;
  result.items_ = items_;
  std::copy_if(by_begin_.begin(), by_begin_.end(), std::back_inserter(result.by_begin_), is_among);
  result.by_end_.reserve(result.by_begin_.size());
  std::copy_if(by_end_.begin(), by_end_.end(), std::back_inserter(result.by_end_), is_among);
  result.index_blocks();
  return result;
}

// All that begin by the end of the range, without those that end before it begins.
std::size_t ArrowIndex::count(TimeRange range) const {
  const auto begun = std::upper_bound(by_begin_.begin(), by_begin_.end(), range.end_ns,
                                      [&](std::int64_t time, Place place) { return time < item(place).begin_ns; });
  const auto over = std::lower_bound(by_end_.begin(), by_end_.end(), range.begin_ns,
                                     [&](Place place, std::int64_t time) { return item(place).end_ns < time; });
  return static_cast<std::size_t>(begun - by_begin_.begin()) - static_cast<std::size_t>(over - by_end_.begin());
}

bool ArrowIndex::block_ends_before(std::size_t nth, std::int64_t time) const { return block_end_[nth / kBlock] < time; }

std::vector<ArrowIndex::Item> ArrowIndex::find(TimeRange range, std::size_t most) const {
  std::vector<Item> result;
  if (most == 0) return result;
  std::size_t stride = 1;
  while (count(range) / stride > most) stride *= 2;
  for (std::size_t i = 0; i < by_begin_.size() && result.size() < most;) {
    const Item& next_item = item(by_begin_[i]);
    if (next_item.begin_ns > range.end_ns) break;
    if (block_ends_before(i, range.begin_ns)) {
      const std::size_t next = (i / kBlock + 1) * kBlock;
      i = (next + stride - 1) / stride * stride;
      continue;
    }
    if (next_item.end_ns >= range.begin_ns) result.push_back(next_item);
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
