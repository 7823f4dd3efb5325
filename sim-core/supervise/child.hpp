#pragma once
// The process that is one simulation.
#include "sim-core/supervise/shared_run.hpp"

namespace stillpoint::supervise {

// Runs what the shared memory asks for, leaves the report there, and ends the process. From here to the end, the heap
// depends on the executable and the request alone.
[[noreturn]] void run_simulation(SharedRun& shared);

}  // namespace stillpoint::supervise
