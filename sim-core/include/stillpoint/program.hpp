#pragma once
// Programs as shared objects, which scenarios name: HostOptions::program.
#include <string>

#include <stillpoint/settings.hpp>
#include <stillpoint/simulation.hpp>

namespace stillpoint {

// Throws Error if `path` cannot be run as a host's program: it cannot be read, is no shared object of this machine,
// exports no main, or needs a symbol or a library that is not there. For a scenario's configure(), so that the command
// line can say so before anything runs.
void check_program(const std::string& path);

// The host that a table of the scenario's file describes, such as [hosts.server]: `program`, which must be there and
// usable, `args`, `role`, `slice_cost` and `starts_after` (docs/scenarios.md). The table's last word is its name and,
// unless it says otherwise, its role. For a scenario's configure(); throws Error.
HostOptions program_host(const Settings& settings, const std::string& table);

}  // namespace stillpoint
