// stillpoint list: what can be run.
#include <fmt/format.h>

#include <set>
#include <string>

#include "cli/command.hpp"
#include "sim-core/scenario/behaviours.hpp"
#include "sim-core/scenario/scenario_file.hpp"

#include <stillpoint/error.hpp>

namespace stillpoint::cli {

namespace {

// Each once, whatever scenarios have it.
void list_bugs() {
  std::set<std::string> told;
  for (const scenario::ScenarioFile& file : scenario::all_scenarios()) {
    try {
      const scenario::LoadedScenario loaded = scenario::load(file.text, file.path, {}, "");
      for (const Bug& bug : loaded.behaviour->bugs) {
        if (told.insert(bug.name).second) fmt::print("{:<4} {:<36} {}\n", bug.id, bug.name, bug.about);
      }
    } catch (const Error&) {  // said by the list without --bugs
    }
  }
}

}  // namespace

int list(const Arguments& arguments) {
  CLI::App app("The scenarios, their options and planted bugs.", "stillpoint list");
  bool bugs = false;
  app.add_flag("--bugs", bugs, "Only the planted bugs: id, name, mechanism");
  if (!parse(app, arguments)) return 0;
  if (bugs) {
    list_bugs();
    return 0;
  }
  for (const scenario::ScenarioFile& file : scenario::all_scenarios()) {
    try {
      const scenario::LoadedScenario loaded = scenario::load(file.text, file.path, {}, "");
      fmt::print("{:<16} {}\n", file.name, loaded.about);
      for (const auto& [option, key] : scenario::short_options(file.text, file.path)) {
        fmt::print("{:<16}   --{:<12} sets {}\n", "", option, key);
      }
      for (const Bug& bug : loaded.behaviour->bugs) fmt::print("{:<16}   --bug {}\n", "", bug.name);
    } catch (const Error& error) {
      fmt::print("{:<16} cannot be run: {}\n", file.name, error.what());
    }
  }
  return 0;
}

}  // namespace stillpoint::cli
