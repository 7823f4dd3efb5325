#pragma once
// The behaviours that are linked into this executable.
#include <string_view>
#include <vector>

#include <stillpoint/scenario.hpp>

namespace stillpoint::scenario {

// All of them, by name.
std::vector<const Behaviour*> behaviours();
// Null if there is none of that name.
const Behaviour* find_behaviour(std::string_view name);

}  // namespace stillpoint::scenario
