#include "visualizer/model/host_history.hpp"

#include <algorithm>
#include <limits>
#include <unordered_map>

namespace stillpoint::view {
namespace {

// What never overflows, whatever a damaged trace adds up.
std::uint64_t add(std::uint64_t left, std::uint64_t right) {
  return left > std::numeric_limits<std::uint64_t>::max() - right ? std::numeric_limits<std::uint64_t>::max()
                                                                  : left + right;
}
std::int64_t bounded(std::int64_t ns) { return std::clamp(ns, -kFarthestNs, kFarthestNs); }
std::int64_t bounded_cost(std::uint64_t ns) {
  return static_cast<std::int64_t>(std::min(ns, static_cast<std::uint64_t>(kFarthestNs)));
}

constexpr std::uint64_t kFin = static_cast<std::uint64_t>(Segment::fin);
constexpr std::uint64_t kRst = static_cast<std::uint64_t>(Segment::rst);

}  // namespace

// Follows the connections while the events of a host are walked through. Segments that are dropped on arrival change
// nothing.
class HostHistory::ConnectionFinder {
 public:
  void add_event(const EventRow& event, Place place) {
    const bool sent = event.kind == EventKind::send;
    if (!sent && event.kind != EventKind::deliver && event.kind != EventKind::connect) return;
    const std::uint32_t number = number_of(event.kind == EventKind::connect ? event.subject : event.subject / 2, place);
    if (event.kind == EventKind::connect) return;
    Connection& connection = connections_[number];
    if (sent && event.b > 0) {
      sendings_.push_back({.connection = number, .place = place, .bytes = event.b});
      ++connection.sent_count;
    }
    if (event.a != kFin && event.a != kRst) return;
    Ending& ending = endings_[number];
    if (event.a == kFin) (sent ? ending.sent_fin : ending.got_fin) = true;
    const bool over = event.a == kRst || (ending.sent_fin && ending.got_fin);
    if (over && connection.closed == kNoPlace) connection.closed = place;
  }

  void finish(HostHistory& history) {
    std::vector<std::uint32_t> next;
    std::uint32_t first = 0;
    for (Connection& connection : connections_) {
      connection.first_sent = first;
      next.push_back(first);
      first += connection.sent_count;
    }
    history.sent_.resize(first);
    for (const Sending& sending : sendings_) {
      std::uint32_t& at = next[sending.connection];
      const bool is_first = at == connections_[sending.connection].first_sent;
      const std::uint64_t before = is_first ? 0 : history.sent_[at - 1].bytes;
      history.sent_[at++] = {.place = sending.place, .bytes = add(before, sending.bytes)};
    }
    history.connections_ = std::move(connections_);
  }

 private:
  struct Sending {
    std::uint32_t connection;
    Place place;
    std::uint64_t bytes;
  };
  struct Ending {
    bool sent_fin = false;
    bool got_fin = false;
  };

  std::uint32_t number_of(ConnectionId id, Place place) {
    const auto [entry, fresh] = numbers_.emplace(id, static_cast<std::uint32_t>(connections_.size()));
    if (fresh) {
      connections_.push_back({.id = id, .opened = place, .closed = kNoPlace, .first_sent = 0, .sent_count = 0});
      endings_.emplace_back();
    }
    return entry->second;
  }

  std::unordered_map<ConnectionId, std::uint32_t> numbers_;
  std::vector<Connection> connections_;
  std::vector<Ending> endings_;
  std::vector<Sending> sendings_;
};

HostHistory::HostHistory(const Trace& trace, HostIndex host) {
  const std::span<const EventRow> events = trace.events();
  const std::vector<EventIndex>& own = trace.hosts()[host].events;
  ConnectionFinder connections;
  for (Place place = 0; place < own.size(); ++place) {
    const EventRow& event = events[own[place]];
    if (place == 0 || event.boot != events[own[place - 1]].boot) boots_.push_back(place);
    add_event(event, place);
    connections.add_event(event, place);
  }
  connections.finish(*this);
  find_timers();
  const std::vector<Operation>& operations = trace.operations();
  for (std::uint32_t i = 0; i < operations.size(); ++i) {
    const EventIndex invoke = operations[i].invoke;
    if (invoke != kNone && events[invoke].host == host) operations_.push_back(i);
  }
}

void HostHistory::add_event(const EventRow& event, Place place) {
  switch (event.kind) {
    case EventKind::slice: {
      const std::int64_t before = slices_.empty() ? 0 : slices_.back().busy_ns;
      slices_.push_back({.place = place, .busy_ns = bounded(before + bounded_cost(event.a))});
      break;
    }
    case EventKind::listen:
      listens_.push_back(place);
      break;
    case EventKind::apply:
      applies_.push_back(place);
      break;
    case EventKind::arm:
    case EventKind::expire:
      timers_.push_back({.timer = event.subject,
                         .place = place,
                         .armed = event.kind == EventKind::arm,
                         .deadline_ns = bounded(static_cast<std::int64_t>(event.a))});
      break;
    default:
      break;
  }
}

void HostHistory::find_timers() {
  std::stable_sort(timers_.begin(), timers_.end(),
                   [](const TimerChange& left, const TimerChange& right) { return left.timer < right.timer; });
  for (std::uint32_t i = 0; i < timers_.size(); ++i) {
    if (i == 0 || timers_[i].timer != timers_[i - 1].timer) timer_begins_.push_back(i);
  }
  timer_begins_.push_back(static_cast<std::uint32_t>(timers_.size()));
}

std::uint64_t HostHistory::sent_until(const Connection& connection, Place place) const {
  const auto begin = sent_.begin() + connection.first_sent;
  const auto after = std::upper_bound(begin, begin + connection.sent_count, place,
                                      [](Place wanted, const Sent& sent) { return wanted < sent.place; });
  return after == begin ? 0 : std::prev(after)->bytes;
}

}  // namespace stillpoint::view
