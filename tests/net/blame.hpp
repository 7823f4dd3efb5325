#pragma once
// Which faults the events of a trace are blamed on: by their first cause, and by further edges.
#include <map>
#include <set>
#include <vector>

#include "tests/trace/memory_trace.hpp"

namespace stillpoint::test {

struct Blamed {
  EventId event = kNoEvent;
  Entry entry;
  std::set<EventId> faults;
};

// Events of one kind, in their order.
inline std::vector<Blamed> blamed(const MemoryTrace& trace, EventKind kind) {
  std::vector<Blamed> found;
  std::map<EventId, std::size_t> places;
  EventId events = 0;
  for (const Entry& entry : trace.records()) {
    const bool by_fault = entry.header.cause_kind == CauseKind::fault;
    if (entry.header.type == RecordType::event) {
      ++events;
      if (entry.kind() != kind) continue;
      places[events] = found.size();
      found.push_back({events, entry, {}});
      if (by_fault) found.back().faults.insert(entry.header.cause);
    } else if (entry.header.type == RecordType::edge && by_fault && places.contains(entry.header.subject)) {
      found[places[entry.header.subject]].faults.insert(entry.header.cause);
    }
  }
  return found;
}

// Of those events, the faults of each.
inline std::vector<std::set<EventId>> faults_of(const MemoryTrace& trace, EventKind kind, Segment segment) {
  std::vector<std::set<EventId>> faults;
  for (const Blamed& each : blamed(trace, kind)) {
    if (each.entry.segment() == segment) faults.push_back(each.faults);
  }
  return faults;
}

// The event of a fault that begins.
inline EventId begin_fault(MemoryTrace& trace, VirtualTime now, std::string_view name) {
  return trace.writer.event(EventKind::fault, now, {}, 0, 0, 0, {}, name);
}

}  // namespace stillpoint::test
