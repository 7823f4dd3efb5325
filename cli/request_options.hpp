#pragma once
// The part of a command line that says what to run: scenarios, the bug, the settings. `run` and `fuzz` share it.
//
// A scenario's file declares short options of its own, so the command line is looked through twice: for the scenarios,
// and, once these are read, for everything.
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.hpp"
#include "cli/invocation.hpp"
#include "sim-core/scenario/scenario_file.hpp"

namespace stillpoint::cli {

class RequestOptions {
 public:
  // `flags` are the command's options that take no value. Reads the scenarios that the arguments name, `most` of them.
  // Flags of a scenario's own must come after it. Throws Error.
  RequestOptions(const Arguments& arguments, std::set<std::string_view> flags, std::size_t most);

  // How many scenarios were named.
  std::size_t size() const { return scenarios_.size(); }
  // Adds --bug, --faults, --fail, --duration, --set and the scenarios' own options. `this` outlives the parsing.
  void add_to(CLI::App& app);
  // Once the command line is parsed: whether an option was given, as nothing or as something.
  bool given(const CLI::App& app, const std::string& name) const;
  // Whether any of the options that add_to() added was given.
  bool any_given(const CLI::App& app) const;
  // What to run of the n-th scenario, but for the seed. Throws Error, for whatever the scenario does not accept.
  Invocation invocation(const CLI::App& app, std::size_t n) const;

 private:
  struct Named {
    std::string given;
    scenario::ScenarioFile file;
    std::map<std::string, std::string> short_options;
  };
  bool is_own_flag(const std::string& word) const;

  std::vector<Named> scenarios_;
  std::string bug_;
  std::string faults_;
  std::vector<std::string> failing_calls_;
  bool guard_ = false;
  std::string duration_;
  std::vector<std::string> set_;
  std::map<std::string, std::string> short_values_;
};

// One setting of the command line: "duration=5m", and the option that gave it: "--duration 5m".
struct Override {
  std::string setting;
  std::string option;
};
// The setting that `--faults VALUE` sets: the name of a profile, or that of a plan's file.
std::string faults_key(const std::string& value);
Override override_by(const std::string& option, const std::string& key, const std::string& value);
// Those of --set.
std::vector<Override> overrides_by_set(const std::vector<std::string>& settings);

// As below. An error in a setting names the option that gave it.
Invocation make_invocation(const std::string& given, const scenario::ScenarioFile& file,
                           const std::map<std::string, std::string>& short_options,
                           const std::vector<Override>& overrides, const std::string& bug);
// `file` under `overrides` and `bug`, a name or an id, checked, ready but for the seed.
Invocation make_invocation(const std::string& given, const scenario::ScenarioFile& file,
                           const std::map<std::string, std::string>& short_options,
                           const std::vector<std::string>& overrides, const std::string& bug);

}  // namespace stillpoint::cli
