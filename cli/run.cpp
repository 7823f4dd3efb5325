// stillpoint run: one seed of a scenario.
#include <fmt/format.h>

#include <algorithm>

#include <stillpoint/error.hpp>

#include "cli/command.hpp"
#include "cli/perform.hpp"
#include "sim-core/scenario/scenario_file.hpp"

namespace stillpoint::cli {
namespace {

struct RunCommand {
  std::string scenario;
  std::string seed;
  std::string bug;
  std::string duration;
  std::vector<std::string> set;
  std::map<std::string, std::string> short_values;
  std::string trace;
  bool force = false;
  bool check = false;
  bool json = false;
};

constexpr std::string_view kFlags[] = {"--force", "--check", "--json", "--help", "-h"};

// Which argument names the scenario. Its options are known only once it is read, so the command line is looked through
// twice: here, an option that is no known flag takes the next argument as its value.
std::string find_scenario_argument(const Arguments& arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (!word.starts_with("-")) return word;
    const bool flag = std::find(std::begin(kFlags), std::end(kFlags), word) != std::end(kFlags);
    if (!flag && word.find('=') == std::string::npos) ++i;
  }
  return {};
}

void add_options(CLI::App& app, RunCommand& command, const std::map<std::string, std::string>& short_options) {
  app.add_option("SCENARIO", command.scenario, "A scenario's name, or the path of its file")->required();
  app.add_option("--seed", command.seed, "The seed; without it a random one is drawn and printed first");
  app.add_option("--bug", command.bug, "Switch on a planted bug of the service");
  app.add_option("--duration", command.duration, "Virtual time at most, as in 30s or 5m");
  app.add_option("--set", command.set, "key=value: override any setting of the scenario's file")
      ->allow_extra_args(false);
  app.add_option("--trace", command.trace, "Record the run into this SQLite file");
  app.add_flag("--force", command.force, "Overwrite an existing trace");
  app.add_flag("--check", command.check, "Run the seed twice and compare every event");
  app.add_flag("--json", command.json, "Print one JSON object instead of text");
  for (const auto& [name, key] : short_options) {
    app.add_option("--" + name, command.short_values[name], "Sets " + key);
  }
}

}  // namespace

int run(const Arguments& arguments) {
  RunCommand command;
  CLI::App app("Run one seed of a scenario.", "stillpoint run");
  const std::string scenario = find_scenario_argument(arguments);
  Invocation invocation;
  scenario::ScenarioFile file;
  if (!scenario.empty()) {
    file = scenario::find_scenario(scenario);
    invocation.short_options = scenario::short_options(file.text, file.path);
  }
  add_options(app, command, invocation.short_options);
  if (!parse(app, arguments)) return 0;
  // An option that was given as nothing is not one that was not given: `--seed ""` is no wish for a random seed.
  const auto given = [&](const std::string& name) { return app.get_option("--" + name)->count() > 0; };
  if (command.force && !given("trace")) throw Error("--force goes with --trace FILE");
  if (given("trace") && command.trace.empty()) throw Error("--trace '': a trace needs a file's name");

  if (given("bug") && command.bug.empty()) throw Error("--bug '': a bug has a name  (stillpoint list shows all)");

  supervise::RunRequest& request = invocation.request;
  request.scenario_text = file.text;
  request.bug = command.bug;
  request.overrides = command.set;
  if (given("duration")) request.overrides.push_back("duration=" + command.duration);
  for (const auto& [name, value] : command.short_values) {
    if (given(name)) request.overrides.push_back(invocation.short_options.at(name) + "=" + value);
  }
  const scenario::LoadedScenario loaded = scenario::load(file.text, file.path, request.overrides, request.bug);
  request.seed = given("seed") ? parse_seed(command.seed) : random_seed();
  invocation.scenario = scenario;
  invocation.scenario_name = loaded.name;
  invocation.scenario_path = file.path;
  invocation.users = loaded.users;

  const Performed performed =
      perform(invocation, {.trace_path = command.trace, .overwrite = command.force, .twice = command.check});
  const Presentation shown{invocation,           performed.result, command.trace,
                           performed.difference, command.check,    std::nullopt};
  command.json ? print_json(shown) : print_verdict(shown);
  return exit_code(verdict_of(shown));
}

}  // namespace stillpoint::cli
