#include "visualizer/model/trace.hpp"

#include <fmt/format.h>

#include <algorithm>

#include <stillpoint/error.hpp>

#include "visualizer/model/payload.hpp"
#include "visualizer/model/trace_data.hpp"

namespace stillpoint::view {
namespace {

void make_readable(TraceMetadata& metadata) {
  RunMetadata& run = metadata.run;
  for (std::string* text : {&run.scenario, &run.scenario_path, &run.bug, &run.revision, &run.build_id}) {
    *text = readable(*text);
  }
  for (std::string& setting : run.overrides) setting = readable(setting);
  if (run.started) run.started = readable(*run.started);
  if (metadata.outcome) metadata.outcome->verdict = readable(metadata.outcome->verdict);
}

}  // namespace

TraceData::TraceData(const std::filesystem::path& file_path)
    : file(file_path), path(file_path.string()), metadata(file.metadata()) {
  // What the kinds of events mean, and their numbers, is the format's: those of another one would be shown as nonsense.
  if (metadata.run.trace_format != kTraceFormat) {
    throw Error(
        fmt::format("the trace {} has trace format {}, and this executable reads format {}; view it with the "
                    "executable that recorded it, or record the run again",
                    path, metadata.run.trace_format, kTraceFormat));
  }
  make_readable(metadata);
  // One transaction for as long as the trace is open: each lookup would take and release the file's lock otherwise,
  // which is most of what it costs.
  file.query("BEGIN").run();
}

EventIndex TraceData::find(std::int64_t id) const {
  if (events.empty()) return kNone;
  if (ids.empty()) {
    if (id < first_id) return kNone;
    const std::uint64_t place = static_cast<std::uint64_t>(id) - static_cast<std::uint64_t>(first_id);
    return place < events.size() ? static_cast<EventIndex>(place) : kNone;
  }
  const auto place = std::lower_bound(ids.begin(), ids.end(), id);
  return place != ids.end() && *place == id ? static_cast<EventIndex>(place - ids.begin()) : kNone;
}

Trace::Trace(const std::filesystem::path& path) : data_(std::make_unique<TraceData>(path)) {
  TraceData& data = *data_;
  Budget budget(path);
  HostNumbers numbers(data);
  UserNames users(data);
  load_hosts(data, budget, numbers);
  load_events(data, budget, numbers, users);
  load_edges(data, budget);
  load_operations(data, budget);
  load_violations(data, budget);
  load_log(data, budget, numbers);
  find_users(data, users);
  collect_marks(data);
  data.histories.resize(data.hosts.size());
}

Trace::Trace(Trace&&) noexcept = default;
Trace::~Trace() = default;

const std::string& Trace::path() const { return data_->path; }
const TraceMetadata& Trace::metadata() const { return data_->metadata; }
std::span<const EventRow> Trace::events() const { return data_->events; }
const std::vector<Host>& Trace::hosts() const { return data_->hosts; }
const std::vector<ViolationRow>& Trace::violations() const { return data_->violations; }
const std::vector<Operation>& Trace::operations() const { return data_->operations; }
const std::vector<LogLine>& Trace::log() const { return data_->log; }
const std::vector<EventIndex>& Trace::marked() const { return data_->marked; }
std::span<const EventIndex> Trace::by_time() const { return data_->by_time; }

EventId Trace::id(EventIndex event) const {
  if (event >= data_->events.size()) return kNoEvent;
  const std::int64_t id = data_->ids.empty() ? data_->first_id + event : data_->ids[event];
  return static_cast<EventId>(id);
}

EventIndex Trace::find(EventId id) const { return data_->find(static_cast<std::int64_t>(id)); }

EventIndex Trace::at_or_after(std::int64_t at_ns) const {
  const std::vector<EventRow>& events = data_->events;
  if (events.empty()) return kNone;
  if (data_->by_time.empty()) {
    const auto place = std::lower_bound(events.begin(), events.end(), at_ns,
                                        [](const EventRow& event, std::int64_t time) { return event.at_ns < time; });
    return static_cast<EventIndex>(place == events.end() ? events.size() - 1
                                                         : static_cast<std::size_t>(place - events.begin()));
  }
  const auto place =
      std::lower_bound(data_->by_time.begin(), data_->by_time.end(), at_ns,
                       [&events](EventIndex event, std::int64_t time) { return events[event].at_ns < time; });
  return place == data_->by_time.end() ? data_->by_time.back() : *place;
}

std::vector<Edge> Trace::causes(EventIndex event) const {
  std::vector<Edge> result;
  if (event >= data_->events.size()) return result;
  const EventRow& row = data_->events[event];
  const std::span<const Edge> further = further_causes(event);
  result.reserve(further.size() + 1);
  if (row.cause != kNone) result.push_back({.event = row.cause, .kind = row.cause_kind});
  result.insert(result.end(), further.begin(), further.end());
  return result;
}

std::vector<Edge> Trace::effects(EventIndex event) const {
  const std::span<const Edge> edges = effect_edges(event);
  return {edges.begin(), edges.end()};
}

std::span<const Edge> Trace::further_causes(EventIndex event) const {
  return event < data_->events.size() ? data_->further_causes.of(event) : std::span<const Edge>();
}

std::span<const Edge> Trace::effect_edges(EventIndex event) const {
  return event < data_->events.size() ? data_->effects.of(event) : std::span<const Edge>();
}

std::string_view Trace::user(EventIndex event) const {
  return event < data_->events.size() ? data_->user_names[data_->user_of[event]] : std::string_view();
}

std::span<const EventIndex> Trace::events_of_user(EventIndex event) const {
  if (event >= data_->events.size() || data_->user_of[event] == kNobody) return {};
  const UserNumber user = data_->user_of[event];
  const EventIndex* events = data_->user_events.data();
  return {events + data_->user_begin[user], events + data_->user_begin[user + 1]};
}

std::uint32_t Trace::operation_of(EventIndex event) const {
  if (event >= data_->events.size()) return kNone;
  const std::vector<Operation>& operations = data_->operations;
  const auto invoked =
      std::lower_bound(operations.begin(), operations.end(), event,
                       [](const Operation& operation, EventIndex wanted) { return operation.invoke < wanted; });
  if (invoked != operations.end() && invoked->invoke == event) {
    return static_cast<std::uint32_t>(invoked - operations.begin());
  }
  const auto completed =
      std::lower_bound(data_->completions.begin(), data_->completions.end(), std::pair(event, std::uint32_t{0}));
  return completed != data_->completions.end() && completed->first == event ? completed->second : kNone;
}

EventIndex Trace::connect_of(ConnectionId connection) const {
  const auto place =
      std::lower_bound(data_->connects.begin(), data_->connects.end(), std::pair(connection, EventIndex{0}));
  return place != data_->connects.end() && place->first == connection ? place->second : kNone;
}

const HostHistory& Trace::history(HostIndex host) const {
  std::unique_ptr<HostHistory>& history = data_->histories[host];
  if (history == nullptr) history = std::make_unique<HostHistory>(*this, host);
  return *history;
}

}  // namespace stillpoint::view
