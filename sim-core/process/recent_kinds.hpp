#pragma once
// The kinds of the latest events that a scenario made, so that a violation can say of what kind its witnesses are. Of
// older ones it knows nothing: memory does not grow with the run.
#include <algorithm>
#include <string_view>
#include <vector>

#include "sim-core/trace/record.hpp"

namespace stillpoint::process {

class RecentKinds {
 public:
  static constexpr std::size_t kMost = std::size_t{1} << 18;

  // Ids grow from call to call.
  void add(EventId event, EventKind kind) {
    if (entries_.size() == kMost) {
      entries_[oldest_] = {event, kind};
      oldest_ = (oldest_ + 1) % kMost;
    } else {
      entries_.push_back({event, kind});
    }
  }

  // Empty if it is not known any more.
  std::string_view name(EventId event) const {
    // Two sorted stretches: the newer one begins at 0, the older one at oldest_.
    const auto split = entries_.begin() + static_cast<std::ptrdiff_t>(oldest_);
    for (const auto& [begin, end] : {std::pair{entries_.begin(), split}, std::pair{split, entries_.end()}}) {
      const auto found = std::lower_bound(begin, end, event, [](const Entry& e, EventId id) { return e.event < id; });
      if (found != end && found->event == event) return name_of(found->kind);
    }
    return {};
  }

 private:
  struct Entry {
    EventId event;
    EventKind kind;
  };
  std::vector<Entry> entries_;
  std::size_t oldest_ = 0;
};

}  // namespace stillpoint::process
