#include "visualizer/model/stepping.hpp"

#include <algorithm>
#include <span>
#include <vector>

namespace stillpoint::view {
namespace {

// How far to look for the answer that a slice sent, in events of its host.
constexpr std::size_t kFarthestAnswer = 10'000;

// The place in an ascending list before or after the cursor's.
EventIndex neighbour_in(std::span<const EventIndex> list, EventIndex cursor, Direction direction) {
  if (direction == Direction::forward) {
    const auto next = std::upper_bound(list.begin(), list.end(), cursor);
    return next == list.end() ? kNone : *next;
  }
  const auto here = std::lower_bound(list.begin(), list.end(), cursor);
  return here == list.begin() ? kNone : *std::prev(here);
}

// The lower, the sooner a message's way is followed along such an edge; kNoWay for never.
constexpr int kNoWay = 9;
int rank(CauseKind kind) {
  switch (kind) {
    case CauseKind::message:
      return 0;
    case CauseKind::user:
      return 1;
    case CauseKind::arming:
      return 2;
    case CauseKind::fault:
      return 3;
    case CauseKind::wakeup:
      return 4;
    default:
      return kNoWay;
  }
}

// The first of the edges with the lowest rank below `limit`.
EventIndex best_of(std::span<const Edge> edges, int limit) {
  EventIndex best = kNone;
  for (const Edge& edge : edges) {
    if (rank(edge.kind) >= limit) continue;
    best = edge.event;
    limit = rank(edge.kind);
    if (limit == 0) break;
  }
  return best;
}

// What a host sends in its slice is the answer to what came before it there.
bool may_answer(EventKind kind) {
  return kind == EventKind::slice || kind == EventKind::deliver || kind == EventKind::receive ||
         kind == EventKind::apply;
}

EventIndex answer_to(const Trace& trace, EventIndex event) {
  const std::span<const EventRow> events = trace.events();
  if (!may_answer(events[event].kind)) return kNone;
  const std::vector<EventIndex>& own = trace.hosts()[events[event].host].events;
  auto place = std::upper_bound(own.begin(), own.end(), event);
  for (std::size_t steps = 0; place != own.end() && steps < kFarthestAnswer; ++place, ++steps) {
    const EventKind kind = events[*place].kind;
    if (kind == EventKind::send) return *place;
    if (kind == EventKind::slice || kind == EventKind::deliver) break;
  }
  return kNone;
}

EventIndex answered_by(const Trace& trace, EventIndex event) {
  const std::span<const EventRow> events = trace.events();
  if (events[event].kind != EventKind::send) return kNone;
  const std::vector<EventIndex>& own = trace.hosts()[events[event].host].events;
  auto place = std::lower_bound(own.begin(), own.end(), event);
  for (std::size_t steps = 0; place != own.begin() && steps < kFarthestAnswer; ++steps) {
    --place;
    if (may_answer(events[*place].kind)) return *place;
  }
  return kNone;
}

EventIndex along_message(const Trace& trace, EventIndex cursor, Direction direction) {
  const bool forward = direction == Direction::forward;
  const std::vector<Edge> causes = forward ? std::vector<Edge>() : trace.causes(cursor);
  const std::span<const Edge> edges = forward ? trace.effect_edges(cursor) : std::span<const Edge>(causes);
  // That a slice made the next one run is no news, as long as there is anything else.
  const bool slice = forward && trace.events()[cursor].kind == EventKind::slice;
  const EventIndex best = best_of(edges, slice ? rank(CauseKind::wakeup) : kNoWay);
  if (best != kNone) return best;
  const EventIndex answer = forward ? answer_to(trace, cursor) : answered_by(trace, cursor);
  return answer != kNone ? answer : best_of(edges, kNoWay);
}

EventIndex along_violations(const Trace& trace, EventIndex cursor, Direction direction) {
  std::vector<EventIndex> list;
  for (const ViolationRow& violation : trace.violations()) {
    if (violation.event != kNone) list.push_back(violation.event);
  }
  return neighbour_in(list, cursor, direction);
}

EventIndex distance(EventIndex left, EventIndex right) { return left < right ? right - left : left - right; }

bool proves(const ViolationRow& violation, EventIndex event) {
  return violation.event == event ||
         std::any_of(violation.witnesses.begin(), violation.witnesses.end(),
                     [event](const ViolationWitness& witness) { return witness.event == event; });
}

EventIndex along_witnesses(const Trace& trace, EventIndex cursor, Direction direction) {
  const ViolationRow* nearest = nullptr;
  bool nearest_proved = false;
  for (const ViolationRow& violation : trace.violations()) {
    const bool proved = proves(violation, cursor);
    const bool nearer = nearest == nullptr || distance(violation.event, cursor) < distance(nearest->event, cursor);
    if (proved == nearest_proved ? nearer : proved) {
      nearest = &violation;
      nearest_proved = proved;
    }
  }
  if (nearest == nullptr) return kNone;
  std::vector<EventIndex> list;
  if (nearest->event != kNone) list.push_back(nearest->event);
  for (const ViolationWitness& witness : nearest->witnesses) {
    if (witness.event != kNone) list.push_back(witness.event);
  }
  std::sort(list.begin(), list.end());
  return neighbour_in(list, cursor, direction);
}

}  // namespace

EventIndex neighbour(const Trace& trace, EventIndex cursor, Along along, Direction direction) {
  const std::span<const EventRow> events = trace.events();
  if (cursor >= events.size()) return kNone;
  switch (along) {
    case Along::everything:
      if (direction == Direction::backward) return cursor == 0 ? kNone : cursor - 1;
      return cursor + 1 < events.size() ? cursor + 1 : kNone;
    case Along::host:
      return neighbour_in(trace.hosts()[events[cursor].host].events, cursor, direction);
    case Along::message:
      return along_message(trace, cursor, direction);
    case Along::user:
      return neighbour_in(trace.events_of_user(cursor), cursor, direction);
    case Along::violation:
      return along_violations(trace, cursor, direction);
    case Along::witness:
      return along_witnesses(trace, cursor, direction);
  }
  return kNone;
}

}  // namespace stillpoint::view
