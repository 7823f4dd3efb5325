#pragma once
// Programs as shared objects, which scenarios name: HostOptions::program.
#include <string>
#include <vector>

#include <stillpoint/settings.hpp>
#include <stillpoint/simulation.hpp>

namespace stillpoint {

// Throws Error if `path` cannot be run as a host's program: it cannot be read, is no shared object of this machine,
// exports no main, or needs a symbol or a library that is not there. For a scenario's configure(), so that the command
// line can say so before anything runs.
void check_program(const std::string& path);

// RFC 1035, section 2.3.4: of a label, in characters.
inline constexpr std::size_t kLongestHostName = 63;

// The names of the tables under `table`, in their order: of [hosts.server] and [hosts.client] under "hosts", server and
// client. Each must be fit to be a host's, which is one label of RFC 1123, section 2.1: 1 to 63 letters, digits and
// dashes, no dash at either end, and nothing that is an address or localhost; no two may differ in case only. Throws
// Error.
std::vector<std::string> host_names(const Settings& settings, const std::string& table);

// The host that a table of the scenario's file describes, such as [hosts.server]: `program`, which must be there and
// usable, `args`, `files`, `role`, `slice_cost`, `starts_after` and the keys of `disk` (docs/scenarios.md). The table's
// last word is its name and, unless it says otherwise, its role. Its disk is `disk` where it says nothing. For a
// scenario's configure(); throws Error.
HostOptions program_host(const Settings& settings, const std::string& table, const DiskOptions& disk = {});

}  // namespace stillpoint
