#pragma once
// The table [faults] of a scenario's file.
#include <stillpoint/settings.hpp>

#include "sim-core/faults/model.hpp"

namespace stillpoint::scenario {

// `duration` is that of the scenario. Throws Error.
faults::Model read_fault_model(const Settings& settings, Duration duration);

}  // namespace stillpoint::scenario
