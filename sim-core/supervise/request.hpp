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
  std::uint32_t cpu_seconds_most = 3600;  // of real CPU time: the backstop against a loop that makes no calls

  std::string to_json() const;
  // Requires what to_json() wrote.
  static RunRequest from_json(std::string_view json);
};

}  // namespace stillpoint::supervise
