#pragma once
// Files of the real machine, for the harness.
#include <optional>
#include <string>

namespace stillpoint {

// All of a file; none if it cannot be read. No host may be current.
std::optional<std::string> read_real_file(const std::string& path);

}  // namespace stillpoint
