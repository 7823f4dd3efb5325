#pragma once
// The functions of libc that a plan may make fail, by their names: those that tell of an error by what they return.
#include <string>
#include <string_view>
#include <vector>

namespace stillpoint::faults {

bool can_fail(std::string_view call);
std::vector<std::string> calls_that_can_fail();

}  // namespace stillpoint::faults
