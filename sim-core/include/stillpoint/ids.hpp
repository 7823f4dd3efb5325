#pragma once
// Integer names for what a run is made of. Pointers are never keys, order, hash input or trace values.
#include <cstdint>

namespace stillpoint {

// A host, in the order of the scenario; 0 is the harness itself.
using HostId = std::uint16_t;
constexpr HostId kHarness = 0;

// The generation of a host: 1 from its first boot.
using Boot = std::uint16_t;

// An event, numbered from 1 in the order in which events happened; 0 is none.
using EventId = std::uint64_t;
constexpr EventId kNoEvent = 0;

// A transport connection, numbered from 1 in the order of connect calls.
using ConnectionId = std::uint64_t;

}  // namespace stillpoint
