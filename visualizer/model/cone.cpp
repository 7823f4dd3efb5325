#include "visualizer/model/cone.hpp"

#include <algorithm>

namespace stillpoint::view {

// Causes come before their effects (Trace leaves others out): one walk from the last seed to the first event suffices.
Cone backward_cone(const Trace& trace, std::span<const EventIndex> seeds, const ConeOptions& options) {
  const std::span<const EventRow> events = trace.events();
  Cone cone;
  cone.lit.resize(events.size());
  EventIndex end = 0;
  for (const EventIndex seed : seeds) {
    if (seed >= events.size()) continue;
    cone.lit[seed] = true;
    end = std::max(end, seed + 1);
  }
  std::size_t members = 0;
  std::vector<bool> host_reached(trace.hosts().size());
  for (EventIndex i = end; i-- > 0;) {
    const EventRow& event = events[i];
    if (options.program_order && host_reached[event.host]) cone.lit[i] = true;
    if (!cone.lit[i]) continue;
    ++members;
    host_reached[event.host] = true;
    if (event.cause != kNone) cone.lit[event.cause] = true;
    for (const Edge& cause : trace.further_causes(i)) cone.lit[cause.event] = true;
  }
  cone.members.reserve(members);
  for (EventIndex i = 0; i < end; ++i) {
    if (cone.lit[i]) cone.members.push_back(i);
  }
  return cone;
}

}  // namespace stillpoint::view
