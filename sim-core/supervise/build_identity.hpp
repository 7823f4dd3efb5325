#pragma once
// What a run depends on beside its request: the executable, and the programs (shared objects) that the scenario's file
// names. Two runs are only promised to be equal where it is equal.
//
// It is one line: the executable's build id, then, for each program, the XXH3 hash of its bytes and its path as the
// file has it: "1f2e3d… + 0123456789abcdef build/server.so". A program that C++ code names, and no file, is not in it.
#include <span>
#include <string>

#include "sim-core/supervise/request.hpp"

namespace stillpoint::supervise {

// Of all of these requests together; a program that cannot be read is "missing".
std::string build_identity(std::span<const RunRequest> requests);
inline std::string build_identity(const RunRequest& request) { return build_identity(std::span(&request, 1)); }

// What of it has changed, as the end of "it is of …": "another build (revision 1f2e3d)", "another build of the program
// build/server.so"; empty if nothing has. `revision` is the executable's of then, if it is known.
std::string changed_build(const std::string& then, const std::string& revision, const std::string& now);

}  // namespace stillpoint::supervise
