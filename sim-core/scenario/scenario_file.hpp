#pragma once
// A scenario ready to run: its file's text, the overrides on top, and the configured behaviour. It depends on these
// alone, so it can be made again, from a trace's metadata, in another process.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <stillpoint/scenario.hpp>

#include "sim-core/faults/model.hpp"
#include "sim-core/scenario/behaviours.hpp"

namespace stillpoint::scenario {

// How much a run may use before it is taken for a runaway: the table [limits] of a scenario's file.
struct Limits {
  std::uint64_t work_per_instant = 2'000'000;  // events and turns at one virtual instant, and calls in one turn
  std::uint64_t memory_mib = 1024;             // of heap and stack
  std::uint64_t output_mib = 16;               // that it writes to standard output and standard error
  Duration cpu = std::chrono::minutes(1);      // of real CPU time: the backstop against a loop that never waits
};

struct LoadedScenario {
  std::string name;
  std::string about;
  Duration duration;  // of virtual time, at most
  Limits limits;
  faults::Model faults;
  // Of which files the annotations are those of its services: parts of their paths; empty: of all.
  std::vector<std::string> annotations;
  std::uint64_t users = 0;  // for reports: the setting users.count, if there is one
  const Behaviour* behaviour = nullptr;
  std::string bug;  // its name, also if it was asked for by its id; empty: none
  std::unique_ptr<Scenario> scenario;
};

// Parses, applies the overrides, configures the behaviour, and checks that nothing is unknown. `file` names the text in
// errors. `bug` is the name of one, or its id; where one's id is another's name, the name is meant. Throws Error.
LoadedScenario load(std::string_view text, const std::string& file, const std::vector<std::string>& overrides,
                    const std::string& bug);

// The short options that a scenario declares: option name to dotted key ("users" to "users.count"), or, of a flag, to
// what it sets ("crash" to "crashes.count=3"). Throws Error.
std::map<std::string, std::string> short_options(std::string_view text, const std::string& file);

struct ScenarioFile {
  std::string name;
  std::string path;
  std::string text;
};

// Finds a scenario by name in the known folders (./scenarios, then the one beside the executable's build folder), or by
// path. Throws Error.
ScenarioFile find_scenario(const std::string& name_or_path);
// All scenarios of the known folders.
std::vector<ScenarioFile> all_scenarios();

}  // namespace stillpoint::scenario
