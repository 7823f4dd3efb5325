#pragma once
// Which hosts a scenario has, before anything runs: its build() is called on a simulation that only writes down.
#include <cstdint>

#include "sim-core/faults/target.hpp"
#include "sim-core/scenario/scenario_file.hpp"

namespace stillpoint::scenario {

// Uses up the scenario: it has been built, and cannot be built again.
faults::Topology survey(LoadedScenario loaded, std::uint64_t seed);

}  // namespace stillpoint::scenario
