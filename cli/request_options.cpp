#include "cli/request_options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include <stillpoint/error.hpp>

#include "sim-core/base/shell_word.hpp"

namespace stillpoint::cli {
namespace {

// A short option that sets a key to a value by itself ("crashes.count=3"), instead of to one that it is given.
bool is_flag(const std::string& target) { return target.find('=') != std::string::npos; }

}  // namespace

RequestOptions::RequestOptions(const Arguments& arguments, std::set<std::string_view> flags, std::size_t most) {
  flags.insert({"--help", "-h"});
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word.starts_with("-")) {
      // An option that is no flag takes the next argument as its value.
      const bool takes_none = flags.contains(word) || is_own_flag(word) || word.find('=') != std::string::npos;
      if (!takes_none) ++i;
      continue;
    }
    if (scenarios_.size() == most) break;  // parse() will complain
    Named named{.given = word, .file = scenario::find_scenario(word), .short_options = {}};
    named.short_options = scenario::short_options(named.file.text, named.file.path);
    scenarios_.push_back(std::move(named));
  }
}

// Of a scenario that was named before.
bool RequestOptions::is_own_flag(const std::string& word) const {
  return std::any_of(scenarios_.begin(), scenarios_.end(), [&](const Named& named) {
    const auto option = named.short_options.find(word.substr(word.find_first_not_of('-')));
    return option != named.short_options.end() && is_flag(option->second);
  });
}

void RequestOptions::add_to(CLI::App& app) {
  app.add_option("--bug", bug_, "Switch on a planted bug of the service, by its name or id");
  app.add_option("--faults", faults_,
                 "none, light, default, heavy, a profile of the scenario's, or a plan's file (.toml)");
  app.add_option("--fail", failing_calls_, "CALL:N[:ERRNO]: the Nth call of a function fails, as in write:3:EIO")
      ->allow_extra_args(false);
  app.add_option("--duration", duration_, "Virtual time at most, as in 30s or 5m");
  app.add_option("--set", set_, "key=value: override any setting of the scenario's file")->allow_extra_args(false);
  app.add_flag("--guard", guard_, "Stop a run at any system call that bypasses the virtual kernel");
  std::map<std::string, std::string> all;
  for (const Named& named : scenarios_) all.insert(named.short_options.begin(), named.short_options.end());
  for (const auto& [name, target] : all) {
    std::string& value = short_values_[name];
    if (is_flag(target)) {
      app.add_flag("--" + name)->description("Sets " + target);
    } else {
      app.add_option("--" + name, value, "Sets " + target);
    }
  }
}

bool RequestOptions::given(const CLI::App& app, const std::string& name) const {
  return app.get_option("--" + name)->count() > 0;
}

bool RequestOptions::any_given(const CLI::App& app) const {
  for (const char* name : {"bug", "faults", "fail", "duration", "set"}) {
    if (given(app, name)) return true;
  }
  return std::any_of(short_values_.begin(), short_values_.end(),
                     [&](const auto& option) { return given(app, option.first); });
}

Invocation RequestOptions::invocation(const CLI::App& app, std::size_t n) const {
  // An option that was given as nothing is not one that was not given.
  if (given(app, "bug") && bug_.empty()) throw Error("--bug '': a bug has a name (stillpoint list --bugs shows all)");
  const Named& named = scenarios_.at(n);
  std::vector<Override> overrides = overrides_by_set(set_);
  if (given(app, "faults") && faults_.empty())
    throw Error("--faults '': it is none, light, default, heavy, a profile of the scenario's, or a plan's file");
  for (const std::string& call : failing_calls_) {
    if (call.empty()) throw Error("--fail '': which call shall fail? CALL:N[:ERRNO], as in write:3:EIO");
  }
  for (const std::string& setting : set_) {
    if (given(app, "faults") && (setting.starts_with("faults.plan=") || setting.starts_with("faults.profile=")))
      throw Error(fmt::format("--faults and --set {} both say which plan it is; give one", setting));
  }
  if (given(app, "faults")) overrides.push_back(override_by("faults", faults_key(faults_), faults_));
  if (given(app, "fail")) {
    const std::string calls = fmt::format("{}", fmt::join(failing_calls_, ","));
    overrides.push_back({"faults.fail=" + calls, "--fail " + calls});
  }
  if (given(app, "duration")) overrides.push_back(override_by("duration", "duration", duration_));
  for (const auto& [name, value] : short_values_) {
    if (!given(app, name)) continue;
    const auto option = named.short_options.find(name);
    if (option == named.short_options.end()) throw Error(fmt::format("{} has no option --{}", named.given, name));
    const std::string& target = option->second;
    overrides.push_back(is_flag(target) ? Override{target, "--" + name} : override_by(name, target, value));
  }
  Invocation made = make_invocation(named.given, named.file, named.short_options, overrides, bug_);
  made.request.guard = guard_;
  return made;
}

std::string faults_key(const std::string& value) { return value.ends_with(".toml") ? "faults.plan" : "faults.profile"; }

Override override_by(const std::string& option, const std::string& key, const std::string& value) {
  return {key + "=" + value, fmt::format("--{} {}", option, shell_word(value))};
}

std::vector<Override> overrides_by_set(const std::vector<std::string>& settings) {
  std::vector<Override> overrides;
  for (const std::string& setting : settings) overrides.push_back({setting, "--set " + setting});
  return overrides;
}

Invocation make_invocation(const std::string& given, const scenario::ScenarioFile& file,
                           const std::map<std::string, std::string>& short_options,
                           const std::vector<Override>& overrides, const std::string& bug) {
  std::vector<std::string> settings;
  for (const Override& each : overrides) settings.push_back(each.setting);
  try {
    return make_invocation(given, file, short_options, settings, bug);
  } catch (const Error& error) {
    // Of several for one key the last holds, and is the one to blame.
    const std::string_view line = error.what();
    for (auto each = overrides.rbegin(); each != overrides.rend(); ++each) {
      const std::string place = "--set " + each->setting + ": ";
      if (line.starts_with(place)) throw Error(fmt::format("{}: {}", each->option, line.substr(place.size())));
    }
    throw;
  }
}

Invocation make_invocation(const std::string& given, const scenario::ScenarioFile& file,
                           const std::map<std::string, std::string>& short_options,
                           const std::vector<std::string>& overrides, const std::string& bug) {
  const scenario::LoadedScenario loaded = scenario::load(file.text, file.path, overrides, bug);
  Invocation invocation;
  invocation.scenario = given;
  invocation.scenario_name = loaded.name;
  invocation.scenario_path = file.path;
  invocation.users = loaded.users;
  invocation.short_options = short_options;
  invocation.request.scenario_text = file.text;
  invocation.request.overrides = overrides;
  invocation.request.bug = loaded.bug;
  invocation.request.folder = std::filesystem::current_path().string();
  return invocation;
}

}  // namespace stillpoint::cli
