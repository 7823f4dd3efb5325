#pragma once
// What a simulation is asked to do: all that its outcome depends on, beside the executable.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stillpoint::supervise {

struct RunRequest {
  std::string scenario_text;           // the scenario file, whole
  std::vector<std::string> overrides;  // "key=value"
  std::string bug;                     // or empty
  std::uint64_t seed = 0;
  std::string plan = {};               // of its faults, as faults::plan_text() gives it; empty: not made yet
  bool guard = false;                  // a system call past libc's symbols stops the run
  std::string folder = "/";            // what paths in the scenario are relative to

  std::string to_json() const;
  // Requires what to_json() wrote.
  static RunRequest from_json(std::string_view json);
};

}  // namespace stillpoint::supervise
