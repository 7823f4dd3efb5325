#include "visualizer/model/host_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sim-core/record/describe.hpp"
#include "visualizer/model/host_history.hpp"

namespace stillpoint::view {
namespace {

// How many of a sort are listed; the others are counted.
constexpr std::size_t kMostListed = 32;
constexpr std::size_t kMostApplied = 8;

std::string seconds_text(std::int64_t ns) {
  const std::int64_t part = ns % 1'000'000'000;
  return part % 1000 == 0 ? fmt::format("{}.{:06} s", ns / 1'000'000'000, part / 1000)
                          : fmt::format("{}.{:09} s", ns / 1'000'000'000, part);
}

std::string peer_text(const Trace& trace, HostIndex host, ConnectionId id) {
  const EventIndex connect = trace.connect_of(id);
  if (connect == kNone) return "nobody known";
  const EventRow& event = trace.events()[connect];
  const std::string endpoint = endpoint_text(event.host == host ? event.a : event.b);
  const std::string_view address = std::string_view(endpoint).substr(0, endpoint.find(':'));
  for (const Host& peer : trace.hosts()) {
    if (peer.address == address) return fmt::format("{} ({})", peer.name, endpoint);
  }
  return endpoint;
}

std::string bytes_text(std::uint64_t bytes) { return bytes == 1 ? "1 byte sent" : fmt::format("{} bytes sent", bytes); }

class StateFinder {
 public:
  StateFinder(const Trace& trace, HostIndex host, EventIndex event)
      : trace_(trace), host_(host), event_(event), own_(trace.hosts()[host].events), history_(trace.history(host)) {}

  HostState find() {
    const auto after = std::upper_bound(own_.begin(), own_.end(), event_);
    find_pending();
    if (after == own_.begin()) return std::move(state_);
    now_ = static_cast<Place>(after - own_.begin() - 1);
    const std::span<const Place> boots = history_.boots();
    booted_ = *std::prev(std::upper_bound(boots.begin(), boots.end(), now_));
    state_.boot = row(now_).boot;
    find_slices();
    find_listening();
    find_connections();
    find_timers();
    find_applied();
    return std::move(state_);
  }

 private:
  const EventRow& row(Place place) const { return trace_.events()[own_[place]]; }

  void find_slices() {
    const auto by_place = [](Place wanted, const HostHistory::Slice& slice) { return wanted < slice.place; };
    const std::span<const HostHistory::Slice> slices = history_.slices();
    const auto end = std::upper_bound(slices.begin(), slices.end(), now_, by_place);
    const auto begin = booted_ == 0 ? slices.begin() : std::upper_bound(slices.begin(), end, booted_ - 1, by_place);
    if (begin == end) return;
    state_.slices = static_cast<std::uint64_t>(end - begin);
    state_.busy_ns = std::prev(end)->busy_ns - (begin == slices.begin() ? 0 : std::prev(begin)->busy_ns);
  }

  void find_listening() {
    for (const Place place : history_.listens()) {
      if (place > now_ || state_.listening.size() == kMostListed) return;
      if (place >= booted_) state_.listening.push_back(endpoint_text(row(place).a));
    }
  }

  void find_connections() {
    for (const HostHistory::Connection& connection : history_.connections()) {
      if (connection.opened > now_) return;
      if (connection.opened < booted_ || connection.closed <= now_) continue;
      if (state_.connections.size() == kMostListed) {
        ++state_.more_connections;
        continue;
      }
      state_.connections.push_back(fmt::format("{} to {}, {}", connection.id, peer_text(trace_, host_, connection.id),
                                               bytes_text(history_.sent_until(connection, now_))));
    }
  }

  void find_timers() {
    const std::span<const HostHistory::TimerChange> changes = history_.timers();
    const std::span<const std::uint32_t> begins = history_.timer_begins();
    const std::int64_t now_ns = trace_.events()[event_].at_ns;
    for (std::size_t i = 0; i + 1 < begins.size(); ++i) {
      const auto begin = changes.begin() + begins[i];
      const auto after =
          std::upper_bound(begin, changes.begin() + begins[i + 1], now_,
                           [](Place wanted, const HostHistory::TimerChange& change) { return wanted < change.place; });
      if (after == begin || !std::prev(after)->armed || std::prev(after)->place < booted_) continue;
      if (state_.timers.size() == kMostListed) {
        ++state_.more_timers;
        continue;
      }
      const std::int64_t left = std::prev(after)->deadline_ns - now_ns;
      state_.timers.push_back(left > 0 ? fmt::format("{}, in {}", begin->timer, seconds_text(left))
                                       : fmt::format("{}, due", begin->timer));
    }
  }

  void find_applied() {
    const std::span<const Place> applies = history_.applies();
    auto after = std::upper_bound(applies.begin(), applies.end(), now_);
    while (after != applies.begin() && state_.applied.size() < kMostApplied && *--after >= booted_) {
      state_.applied.push_back(own_[*after]);
    }
  }

  // Users go on waiting when their host starts again.
  void find_pending() {
    for (const std::uint32_t number : history_.operations()) {
      const Operation& operation = trace_.operations()[number];
      if (operation.invoke > event_) return;
      if (operation.completion <= event_) continue;
      if (state_.pending.size() == kMostListed) {
        ++state_.more_pending;
      } else {
        state_.pending.push_back(number);
      }
    }
  }

  const Trace& trace_;
  HostIndex host_;
  EventIndex event_;
  const std::vector<EventIndex>& own_;
  const HostHistory& history_;
  Place now_ = 0;     // the last of the host's events until then
  Place booted_ = 0;  // and the first of its present boot
  HostState state_;
};

}  // namespace

HostState state_of(const Trace& trace, HostIndex host, EventIndex event) {
  if (host >= trace.hosts().size() || event >= trace.events().size()) return {};
  return StateFinder(trace, host, event).find();
}

}  // namespace stillpoint::view
