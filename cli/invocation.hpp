#pragma once
// One run as a command line asked for it: what to run, and the line that runs it again.
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim-core/supervise/request.hpp"

namespace stillpoint::cli {

// What `stillpoint solo` runs.
struct SoloProgram {
  std::string path;
  std::vector<std::string> args;
  std::vector<std::string> files =
      {};  // "/etc/app.toml=app.toml", the real one absolute: what is on the host's disk at first
};

struct Invocation {
  std::string scenario;       // as it was given: a name, or a path
  std::string scenario_name;  // what the scenario calls itself
  std::string scenario_path;
  std::uint64_t users = 0;
  std::map<std::string, std::string> short_options;  // option to key, or to "key=value" for a flag
  std::optional<SoloProgram> solo;                   // of `stillpoint solo`, which has no scenario to name
  supervise::RunRequest request;

  // "stillpoint run last-ticket --bug oversell --seed 7", ready to paste into a shell.
  std::string replay_line() const;
};

// How this program was called ("build/stillpoint"), for lines that a user can paste.
void set_program(const std::string& called_as);
const std::string& program();

// A whole number that fits 64 bits. Throws Error.
std::uint64_t parse_seed(const std::string& text);
// One for whoever gives none: from the machine's entropy, small enough to be exact in any JSON reader.
std::uint64_t random_seed();

}  // namespace stillpoint::cli
