#include <fmt/format.h>
#include <stillpoint/error.hpp>

#include <algorithm>

#include "sim-core/record/describe.hpp"
#include "visualizer/model/payload.hpp"
#include "visualizer/model/trace_data.hpp"

namespace stillpoint::view {
namespace {

constexpr std::int64_t kMostBytes = 256 * 1024;  // what a recorder keeps of a payload

// Whether the columns that are in memory say all.
bool needs_file(EventKind kind) {
  switch (kind) {
    case EventKind::boot:
    case EventKind::slice:
    case EventKind::listen:
    case EventKind::send:
    case EventKind::deliver:
    case EventKind::drop:
    case EventKind::connect:
    case EventKind::arm:
    case EventKind::expire:
      return false;
    default:
      return true;
  }
}

RecordHeader header_of(const EventRow& event) {
  RecordHeader header{};
  header.type = RecordType::event;
  header.kind = static_cast<std::uint8_t>(event.kind);
  header.host = event.host;
  header.boot = event.boot;
  header.time_ns = event.at_ns;
  header.subject = event.subject;
  header.a = event.a;
  header.b = event.b;
  return header;
}

std::string violation_text(const ViolationRow& violation) {
  return fmt::format("{} ({}): promised: {}; found: {}; because: {}", violation.invariant,
                     violation.liveness ? "liveness" : "safety", violation.promised, violation.found,
                     violation.because);
}

const ViolationRow* violation_of(const TraceData& data, EventIndex event) {
  const auto place =
      std::lower_bound(data.violations.begin(), data.violations.end(), event,
                       [](const ViolationRow& violation, EventIndex wanted) { return violation.event < wanted; });
  return place != data.violations.end() && place->event == event ? &*place : nullptr;
}

std::string words_from_file(TraceData& data, EventIndex event, std::int64_t id) {
  if (!data.words) {
    data.words.emplace(data.file.query("SELECT kind, substr(payload, 1, 8192) FROM event WHERE id = ? LIMIT 1"));
  }
  data.words->bind(id);
  const EventRow& row = data.events[event];
  std::int64_t kind = 0;
  std::string payload;
  while (data.words->step()) {  // at most once, and to the end: the statement is used again
    kind = data.words->integer(0);
    payload = data.words->text(1);
  }
  if (row.kind == EventKind{}) {
    return fmt::format("kind {}, subject {}, a {}, b {}", kind, row.subject, row.a, row.b);
  }
  return describe_event(header_of(row), std::as_bytes(std::span(payload)));
}

std::string bytes_from_file(TraceData& data, std::int64_t id) {
  if (!data.bytes) data.bytes.emplace(data.file.query("SELECT substr(payload, 1, ?) FROM event WHERE id = ? LIMIT 1"));
  data.bytes->bind(kMostBytes, id);
  std::string bytes;
  while (data.bytes->step()) bytes = data.bytes->text(0);
  if (bytes.size() > static_cast<std::size_t>(kMostBytes)) bytes.resize(static_cast<std::size_t>(kMostBytes));
  return bytes;
}

}  // namespace

std::string Trace::detail(EventIndex event) const {
  if (event >= data_->events.size()) return {};
  const EventRow& row = data_->events[event];
  if (!needs_file(row.kind)) return describe_event(header_of(row), {});
  if (row.kind == EventKind::violation) {
    if (const ViolationRow* violation = violation_of(*data_, event)) return violation_text(*violation);
  }
  try {
    return readable(words_from_file(*data_, event, static_cast<std::int64_t>(id(event))));
  } catch (const Error& error) {
    return fmt::format("cannot be read: {}", readable(error.what()));
  }
}

std::string_view Trace::kind_name(EventIndex event) const {
  if (event >= data_->events.size() || data_->events[event].kind == EventKind{}) return "unknown";
  return name_of(data_->events[event].kind);
}

std::string Trace::payload(EventIndex event) const {
  if (event >= data_->events.size()) return {};
  const EventRow& row = data_->events[event];
  if (row.kind == EventKind::deliver || row.kind == EventKind::drop) {
    const bool sent = row.cause != kNone && data_->events[row.cause].kind == EventKind::send;
    return sent ? payload(row.cause) : std::string();
  }
  try {
    return bytes_from_file(*data_, static_cast<std::int64_t>(id(event)));
  } catch (const Error&) {
    return {};
  }
}

}  // namespace stillpoint::view
