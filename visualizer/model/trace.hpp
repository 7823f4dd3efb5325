#pragma once
// A whole trace in memory, as the viewer works on it: events in columns of fixed size, edges both ways, operations,
// violations, and where the trace contradicts itself. Texts and payloads stay in the file and are read on demand.
//
// Nothing in a trace is trusted: a cause that does not exist, a time that goes back, a host without a name or text that
// is not UTF-8 is kept, marked (Mark), and shown as such. What cannot be a trace at all is an Error.
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <stillpoint/ids.hpp>

#include "sim-core/record/metadata.hpp"
#include "sim-core/trace/record.hpp"

namespace stillpoint::view {

// The place of an event in events(): 0 is the first. Not its id, which is what the trace calls it.
using EventIndex = std::uint32_t;
constexpr EventIndex kNone = UINT32_MAX;
// The place of a host in hosts(): 0 is the harness.
using HostIndex = std::uint16_t;

// No event is shown further from the beginning than this, about 73 years: the difference of two times never overflows.
constexpr std::int64_t kFarthestNs = std::int64_t{1} << 61;

// What is wrong with an event's row; bits.
enum Mark : std::uint8_t {
  kDanglingCause = 1,  // it names a cause that is not in the trace, or one that is not earlier than itself
  kTimeGoesBack = 2,   // it is earlier than the event before it, or before the run's beginning
  kUnknownKind = 4,    // its kind, or that of one of its causes
  kUnknownHost = 8,    // a host that the trace does not name
  kAbsurdTime = 16,    // no number, or further away than kFarthestNs
};

struct EventRow {
  std::int64_t at_ns;  // as recorded, but never beyond kFarthestNs
  std::uint64_t subject;
  std::uint64_t a;
  std::uint64_t b;
  EventIndex cause;  // kNone: none, or a dangling one
  HostIndex host;
  Boot boot;
  EventKind kind;  // below kEventKinds; 0 for an unknown one
  CauseKind cause_kind;
  std::uint8_t marks;
};

struct Host {
  std::string name;  // "host 7" if the trace does not name it
  std::string role;
  std::string address;
  std::vector<EventIndex> events;  // on this host, in their order
};

struct Edge {
  EventIndex event;  // the other end
  CauseKind kind;
};

struct Operation {
  std::string user;
  std::string function;
  std::string arguments;
  std::string outcome;  // "ok", "fail", "info"; empty while it is pending
  std::string answer;
  EventIndex invoke = kNone;
  EventIndex completion = kNone;  // kNone while it is pending
};

struct ViolationWitness {
  EventIndex event = kNone;
  std::string role;
};

struct ViolationRow {
  EventIndex event = kNone;
  bool liveness = false;
  std::string invariant;
  std::string promised;
  std::string found;
  std::string because;
  std::vector<ViolationWitness> witnesses;
};

struct LogLine {
  EventIndex event = kNone;
  HostIndex host = 0;
  std::int64_t at_ns = 0;
  std::int64_t severity = 0;
  std::string text;
};

struct TraceData;   // trace_data.hpp
class HostHistory;  // host_history.hpp

class Trace {
 public:
  // Reads the file. Throws Error (one line: what, where, what to do) if there is none, or it is no trace, or of another
  // schema, or damaged beyond reading.
  explicit Trace(const std::filesystem::path& path);
  Trace(Trace&&) noexcept;
  ~Trace();

  const std::string& path() const;
  const TraceMetadata& metadata() const;
  std::span<const EventRow> events() const;
  const std::vector<Host>& hosts() const;
  const std::vector<ViolationRow>& violations() const;  // by event
  const std::vector<Operation>& operations() const;     // by invoke event
  const std::vector<LogLine>& log() const;
  // Events with a mark, in their order.
  const std::vector<EventIndex>& marked() const;

  EventId id(EventIndex event) const;
  // kNone: there is no such event.
  EventIndex find(EventId id) const;
  // The first event at or after a virtual time; the last one if there is none. kNone only for an empty trace.
  EventIndex at_or_after(std::int64_t at_ns) const;

  // Its causes: the one in its row first, then further ones. Dangling ones are left out.
  std::vector<Edge> causes(EventIndex event) const;
  // What it caused, in order.
  std::vector<Edge> effects(EventIndex event) const;
  // Without a copy: the causes after the one in its row, and the effects.
  std::span<const Edge> further_causes(EventIndex event) const;
  std::span<const Edge> effect_edges(EventIndex event) const;

  // The user whose step, invoke or completion it is, or for whose operation it is the request's or the answer's
  // message, its receipt or what it changed; empty for none.
  std::string_view user(EventIndex event) const;
  // What a user did and what it came to: its steps, invokes and completions, the sends that an invoke caused, and the
  // changes that its operations made; in order. Of the user of this event; empty for none.
  std::span<const EventIndex> events_of_user(EventIndex event) const;
  // The operation that an invoke or its completion belongs to; kNone (of operations()) for none.
  std::uint32_t operation_of(EventIndex event) const;

  // The event that asked for a connection; kNone for none.
  EventIndex connect_of(ConnectionId connection) const;
  // The events in the order of their times. Empty if that is the order of events(), as it is in a trace without marks.
  std::span<const EventIndex> by_time() const;
  // What state_of() works with, made when it is first asked for.
  const HostHistory& history(HostIndex host) const;

  // In words, as the trace's view `events` has it: "142 bytes of data on connection 17 from its client". Valid UTF-8.
  // Says so if the file cannot be read any more.
  std::string detail(EventIndex event) const;
  std::string_view kind_name(EventIndex event) const;
  // The bytes, the first 256 KiB at most; empty if there are none, or they cannot be read. Of a delivery or a drop:
  // those of its send.
  std::string payload(EventIndex event) const;

 private:
  std::unique_ptr<TraceData> data_;
};

}  // namespace stillpoint::view
