#include <algorithm>
#include <map>

#include "sim-core/record/record_cursor.hpp"
#include "visualizer/model/trace_data.hpp"

namespace stillpoint::view {
namespace {

// Violations of which only the event is there, as in a trace that was cut short or damaged: no more than this many.
constexpr std::size_t kMostWithoutRow = 1000;

std::vector<EventIndex> without_row(const TraceData& data) {
  std::vector<EventIndex> told;
  for (const ViolationRow& violation : data.violations) told.push_back(violation.event);
  std::sort(told.begin(), told.end());
  std::vector<EventIndex> result;
  for (EventIndex i = 0; i < data.events.size() && result.size() < kMostWithoutRow; ++i) {
    if (data.events[i].kind != EventKind::violation) continue;
    if (!std::binary_search(told.begin(), told.end(), i)) result.push_back(i);
  }
  return result;
}

// What the event itself says.
ViolationRow from_event(const TraceData& data, Budget& budget, EventIndex event) {
  const std::int64_t id = data.ids.empty() ? data.first_id + event : data.ids[event];
  Statement row = data.file.query("SELECT payload FROM event WHERE id = ?");
  row.bind(id);
  const std::string payload = row.step() ? row.text(0) : "";
  const auto [check, promised, found, because] = fields<4>(payload);
  return {.event = event,
          .liveness = data.events[event].a == 1,
          .invariant = budget.text(std::string(check)),
          .promised = budget.text(std::string(promised)),
          .found = budget.text(std::string(found)),
          .because = budget.text(std::string(because)),
          .witnesses = {}};
}

void load_witnesses(TraceData& data, Budget& budget, const std::multimap<std::int64_t, std::size_t>& places) {
  Statement row = data.file.query("SELECT violation, event, role FROM witness");
  while (row.step()) {
    budget.row();
    const ViolationWitness witness{.event = data.find(row.integer(1)), .role = budget.text(row.text(2))};
    const auto place = places.find(row.integer(0));
    if (place != places.end()) data.violations[place->second].witnesses.push_back(witness);
  }
}

}  // namespace

void load_operations(TraceData& data, Budget& budget) {
  Statement row =
      data.file.query("SELECT invoke, user, function, arguments, completion, outcome, answer FROM operation");
  while (row.step()) {
    budget.row();
    data.operations.push_back({.user = budget.text(row.text(1)),
                               .function = budget.text(row.text(2)),
                               .arguments = budget.text(row.text(3)),
                               .outcome = budget.text(row.text(5)),
                               .answer = budget.text(row.text(6)),
                               .invoke = data.find(row.integer(0)),
                               .completion = row.is_null(4) ? kNone : data.find(row.integer(4))});
  }
  std::stable_sort(data.operations.begin(), data.operations.end(),
                   [](const Operation& left, const Operation& right) { return left.invoke < right.invoke; });
  for (std::uint32_t i = 0; i < data.operations.size(); ++i) {
    const EventIndex completion = data.operations[i].completion;
    if (completion != kNone) data.completions.emplace_back(completion, i);
  }
  std::sort(data.completions.begin(), data.completions.end());
}

void load_violations(TraceData& data, Budget& budget) {
  Statement row = data.file.query("SELECT event, class, invariant, promised, found, because FROM violation");
  std::multimap<std::int64_t, std::size_t> places;
  while (row.step()) {
    budget.row();
    places.emplace(row.integer(0), data.violations.size());
    data.violations.push_back({.event = data.find(row.integer(0)),
                               .liveness = budget.text(row.text(1)) == "liveness",
                               .invariant = budget.text(row.text(2)),
                               .promised = budget.text(row.text(3)),
                               .found = budget.text(row.text(4)),
                               .because = budget.text(row.text(5)),
                               .witnesses = {}});
  }
  load_witnesses(data, budget, places);
  for (const EventIndex event : without_row(data)) data.violations.push_back(from_event(data, budget, event));
  std::stable_sort(data.violations.begin(), data.violations.end(),
                   [](const ViolationRow& left, const ViolationRow& right) { return left.event < right.event; });
}

void load_log(TraceData& data, Budget& budget, HostNumbers& numbers) {
  Statement row = data.file.query("SELECT event, at_ns, host, severity, text FROM log ORDER BY id");
  while (row.step()) {
    budget.row();
    data.log.push_back({.event = data.find(row.integer(0)),
                        .host = numbers.find(row.integer(2)).host,
                        .at_ns = near_time(row.integer(1)),
                        .severity = row.integer(3),
                        .text = budget.text(row.text(4))});
  }
}

}  // namespace stillpoint::view
