#include <algorithm>
#include <tuple>

#include "visualizer/model/trace_data.hpp"

namespace stillpoint::view {
namespace {

struct FurtherCause {
  EventIndex event;
  Edge cause;
  auto key() const { return std::tuple(event, cause.event, cause.kind); }
};

// Those that lead from an event to an earlier one; an event whose cause is no such thing is marked.
std::vector<FurtherCause> read_edges(TraceData& data, Budget& budget) {
  std::vector<FurtherCause> result;
  Statement row = data.file.query("SELECT event, cause, kind FROM edge");
  while (row.step()) {
    budget.row();
    const EventIndex event = data.find(row.integer(0));
    if (event == kNone) continue;
    EventRow& effect = data.events[event];
    const EventIndex cause = data.find(row.integer(1));
    if (cause >= event) {
      effect.marks |= kDanglingCause;
      continue;
    }
    const std::int64_t kind = row.integer(2);
    const bool known = kind >= 0 && kind <= static_cast<std::int64_t>(CauseKind::state);
    if (!known) effect.marks |= kUnknownKind;
    const Edge edge{.event = cause, .kind = known ? static_cast<CauseKind>(kind) : CauseKind::none};
    if (edge.event != effect.cause || edge.kind != effect.cause_kind) result.push_back({.event = event, .cause = edge});
  }
  std::sort(result.begin(), result.end(), [](const auto& left, const auto& right) { return left.key() < right.key(); });
  const auto end = std::unique(result.begin(), result.end(),
                               [](const auto& left, const auto& right) { return left.key() == right.key(); });
  result.erase(end, result.end());
  return result;
}

// begin[i + 1] holds the number of edges of i; makes it the place where they end.
void add_up(std::vector<std::uint32_t>& begin) {
  for (std::size_t i = 1; i < begin.size(); ++i) begin[i] += begin[i - 1];
}

}  // namespace

void load_edges(TraceData& data, Budget& budget) {
  const std::size_t count = data.events.size();
  const std::vector<FurtherCause> further = read_edges(data, budget);
  if (further.size() + count > UINT32_MAX) budget.damaged("it has more causes than can be shown");

  EdgeLists& causes = data.further_causes;
  causes.begin.resize(count + 1);
  for (const FurtherCause& edge : further) {
    ++causes.begin[edge.event + 1];
    causes.edges.push_back(edge.cause);
  }
  add_up(causes.begin);

  // The same edges the other way round. Walking through the events in their order leaves every list in order.
  EdgeLists& effects = data.effects;
  effects.begin.resize(count + 1);
  for (EventIndex i = 0; i < count; ++i) {
    if (data.events[i].cause != kNone) ++effects.begin[data.events[i].cause + 1];
    for (const Edge& edge : causes.of(i)) ++effects.begin[edge.event + 1];
  }
  add_up(effects.begin);
  effects.edges.resize(effects.begin.back());
  std::vector<std::uint32_t> next(effects.begin.begin(), effects.begin.end() - 1);
  for (EventIndex i = 0; i < count; ++i) {
    const EventRow& event = data.events[i];
    if (event.cause != kNone) effects.edges[next[event.cause]++] = {.event = i, .kind = event.cause_kind};
    for (const Edge& edge : causes.of(i)) effects.edges[next[edge.event]++] = {.event = i, .kind = edge.kind};
  }
}

}  // namespace stillpoint::view
