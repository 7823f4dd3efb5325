#pragma once
// The plan of a run's faults: made in the supervisor, before the run, so that the simulation gets it as plain data.
#include "sim-core/faults/plan.hpp"
#include "sim-core/supervise/request.hpp"

namespace stillpoint::supervise {

// `request` with its plan: that of the file which the setting faults.plan names, or one expanded from its seed by the
// setting faults.profile, both within the scenario's fault model. What has one already is left as it is. A pure
// function of the request, and of the file. Throws Error.
RunRequest with_plan(RunRequest request);

}  // namespace stillpoint::supervise
