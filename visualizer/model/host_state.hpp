#pragma once
// What is known of a host at an event, as far as it was recorded: worked out from the events of its present boot up to
// then. What is not in a trace is not known: that a timer was disarmed, that a listener was closed.
#include <cstdint>
#include <string>
#include <vector>

#include "visualizer/model/trace.hpp"

namespace stillpoint::view {

struct HostState {
  Boot boot = 0;
  std::uint64_t slices = 0;              // that it ran
  std::int64_t busy_ns = 0;              // virtual CPU time that they cost
  std::vector<std::string> listening;    // "10.0.0.1:80"
  std::vector<std::string> connections;  // open ones, in words: "17 to users-2 (10.0.0.3:40001), 142 bytes sent"
  std::size_t more_connections = 0;      // beyond those listed
  std::vector<std::string> timers;       // armed ones: "2, in 0.010000 s"
  std::size_t more_timers = 0;
  std::vector<EventIndex> applied;     // the last few changes of its state, newest first
  std::vector<std::uint32_t> pending;  // operations of its users that wait (places in operations()), oldest first
  std::size_t more_pending = 0;
};

// At the moment just after `event`, which may be another host's. The first call for a host walks through all its events
// once.
HostState state_of(const Trace& trace, HostIndex host, EventIndex event);

}  // namespace stillpoint::view
