#pragma once
// The causal cone: all that a set of events goes back to.
#include <span>
#include <vector>

#include "visualizer/model/trace.hpp"

namespace stillpoint::view {

// The lit part of the trace.
struct Cone {
  std::vector<bool> lit;            // by EventIndex; empty: everything is lit
  std::vector<EventIndex> members;  // in order
  bool contains(EventIndex event) const { return lit.empty() || lit[event]; }
};

struct ConeOptions {
  // Whether all that a host did before a member on it belongs to the cone, too.
  bool program_order = false;
};

// Of these events and all their causes, near and far. Takes a few milliseconds for a million events, however deep the
// causes go.
Cone backward_cone(const Trace& trace, std::span<const EventIndex> seeds, const ConeOptions& options = {});

}  // namespace stillpoint::view
