#pragma once
// Does with a trace whatever a user could do in the viewer, and holds the results to what must be true of any trace.
// For traces that may be damaged.
#include <filesystem>

#include "tests/visualizer/model/sketch.hpp"

namespace stillpoint::test {

// Opens the file, and moves about. Throws Error if it cannot be opened, std::logic_error if something is not as it must
// be.
void exercise(const std::filesystem::path& path, Random& random);

}  // namespace stillpoint::test
