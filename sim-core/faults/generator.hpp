#pragma once
// Expands a seed into a plan, within a scenario's fault model.
//
// A pure function: of each kind, the seed's own stream (named after the kind) says whether it is in the plan, how
// often, on whom, when and how much; so a kind more or less in the model changes no fault of another kind, but where
// the model's limits leave no room for one. Each seed switches most kinds off and is strong or weak in others (swarm
// testing: Groce, Zhang, Eide, Chen, Regehr, ISSTA 2012), since faults that always come together hide what one of them
// alone would show.
#include "sim-core/faults/model.hpp"

namespace stillpoint::faults {

// A fault for each of the model's failing calls, on the hosts that it names.
std::vector<Fault> failing_calls(const Model& model, const Topology& topology);

// `profile` is one of the model's.
Plan generate(const Model& model, const Topology& topology, const std::string& profile, std::uint64_t seed);

}  // namespace stillpoint::faults
