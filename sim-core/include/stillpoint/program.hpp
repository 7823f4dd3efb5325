#pragma once
// Programs as shared objects, which scenarios name: HostOptions::program.
#include <string>

namespace stillpoint {

// Throws Error if `path` cannot be run as a host's program: it cannot be read, is no shared object of this machine, or
// exports no main. For a scenario's configure(), so that the command line can say so before anything runs.
void check_program(const std::string& path);

}  // namespace stillpoint
