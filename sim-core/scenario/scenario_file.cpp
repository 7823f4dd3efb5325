#include "sim-core/scenario/scenario_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <stillpoint/error.hpp>

#include "sim-core/base/nearest.hpp"
#include "sim-core/scenario/fault_model.hpp"

namespace stillpoint::scenario {
namespace {

namespace fs = std::filesystem;

const std::string kSuffix = ".toml";

// `stillpoint run` and `stillpoint fuzz` have options of their own, which a scenario cannot take.
bool good_option_name(std::string_view name) {
  constexpr std::string_view kTaken[] = {
      "seed", "bug",   "duration", "set",    "trace",  "force", "check", "json",  "seeds",  "budget", "jobs",
      "out",  "junit", "summary",  "canary", "resume", "help",  "log",   "guard", "faults", "fail",   "sometimes"};
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789-";
  return !name.empty() && name.front() >= 'a' && name.front() <= 'z' &&
         name.find_first_not_of(kLetters) == std::string_view::npos &&
         std::find(std::begin(kTaken), std::end(kTaken), name) == std::end(kTaken);
}

std::string read_file(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) throw Error(fmt::format("{} is a folder, not a scenario file", path.string()));
  constexpr std::uintmax_t kLargest = 1'000'000;
  if (fs::exists(path, error) && fs::file_size(path, error) > kLargest) {
    throw Error(fmt::format("{} is larger than a scenario may be ({} bytes)", path.string(), kLargest));
  }
  std::ifstream in(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in) throw Error(fmt::format("cannot read {}: {}", path.string(), std::strerror(errno)));
  return text;
}

std::vector<fs::path> folders() {
  std::vector<fs::path> found;
  std::error_code error;
  const fs::path executable = fs::read_symlink("/proc/self/exe", error);
  for (const fs::path& folder : {fs::path("scenarios"), executable.parent_path().parent_path() / "scenarios"}) {
    if (!fs::is_directory(folder, error)) continue;
    const fs::path canonical = fs::canonical(folder, error);
    if (std::find(found.begin(), found.end(), canonical) == found.end()) found.push_back(canonical);
  }
  return found;
}

Limits read_limits(const Settings& settings) {
  using std::chrono::seconds;
  Limits limits;
  limits.work_per_instant =
      settings.count("limits.work_per_instant", {.least = 1'000, .most = 1'000'000'000'000}, limits.work_per_instant);
  limits.memory_mib = settings.count("limits.memory_mib", {.least = 64}, limits.memory_mib);
  limits.output_mib = settings.count("limits.output_mib", {.least = 1}, limits.output_mib);
  limits.cpu = settings.duration("limits.cpu", {.least = seconds(1), .most = std::chrono::hours(24)}, limits.cpu);
  if (limits.cpu % seconds(1) != Duration::zero()) settings.reject("limits.cpu", "is a whole number of seconds");
  return limits;
}

}  // namespace

LoadedScenario load(std::string_view text, const std::string& file, const std::vector<std::string>& overrides,
                    const std::string& bug) {
  const Settings settings(text, file, overrides);
  LoadedScenario loaded;
  loaded.name = settings.required_text("name");
  loaded.about = settings.text("about", "");
  loaded.duration = settings.duration("duration", {.least = std::chrono::microseconds(1)}, std::chrono::seconds(60));
  loaded.limits = read_limits(settings);
  loaded.annotations = settings.texts("annotations");
  loaded.faults = read_fault_model(settings, loaded.duration);
  for (const std::string& option : settings.keys_of("options")) settings.required_text("options." + option);

  const std::string name = settings.required_text("behaviour");
  loaded.behaviour = find_behaviour(name);
  if (loaded.behaviour == nullptr) {
    std::vector<std::string> names;
    for (const Behaviour* behaviour : behaviours()) names.push_back(behaviour->name);
    settings.reject("behaviour",
                    fmt::format("is '{}', which this executable does not have.{}", name, did_you_mean(name, names)));
  }
  if (!bug.empty()) {
    const std::vector<Bug>& bugs = loaded.behaviour->bugs;
    auto meant = std::find_if(bugs.begin(), bugs.end(), [&](const Bug& known) { return known.name == bug; });
    if (meant == bugs.end())
      meant = std::find_if(bugs.begin(), bugs.end(), [&](const Bug& known) { return known.id == bug; });
    if (meant == bugs.end()) {
      std::vector<std::string> names;
      for (const Bug& known : bugs) names.push_back(known.name);
      throw Error(fmt::format("no bug '{}' in {}.{}{}", bug, loaded.name, did_you_mean(bug, names),
                              names.empty() ? " It has none planted." : " (stillpoint list --bugs shows all)"));
    }
    loaded.bug = meant->name;
  }
  loaded.scenario = loaded.behaviour->make();
  loaded.scenario->configure(settings, loaded.bug);
  if (const auto users = settings.keys_of("users"); std::find(users.begin(), users.end(), "count") != users.end()) {
    loaded.users = settings.count("users.count", {}, 0);
  }
  settings.reject_unread();
  return loaded;
}

std::map<std::string, std::string> short_options(std::string_view text, const std::string& file) {
  const Settings settings(text, file, {});
  std::map<std::string, std::string> options;
  for (const std::string& name : settings.keys_of("options")) {
    if (!good_option_name(name)) {
      throw Error(
          fmt::format("{}: [options] cannot have '{}': a name is lower-case letters, digits and dashes, and none that "
                      "run or fuzz have themselves",
                      file, name));
    }
    options[name] = settings.required_text("options." + name);
  }
  return options;
}

ScenarioFile find_scenario(const std::string& name_or_path) {
  if (name_or_path.empty()) throw Error("no scenario '' (stillpoint list shows all)");
  const bool is_path = name_or_path.find('/') != std::string::npos || name_or_path.ends_with(kSuffix);
  if (is_path) {
    const fs::path path(name_or_path);
    return {path.stem().string(), name_or_path, read_file(path)};
  }
  for (const fs::path& folder : folders()) {
    const fs::path path = folder / (name_or_path + kSuffix);
    std::error_code error;
    if (fs::is_regular_file(path, error)) return {name_or_path, path.string(), read_file(path)};
  }
  std::vector<std::string> names;
  for (const ScenarioFile& scenario : all_scenarios()) names.push_back(scenario.name);
  throw Error(
      fmt::format("no scenario '{}'.{} (stillpoint list shows all)", name_or_path, did_you_mean(name_or_path, names)));
}

std::vector<ScenarioFile> all_scenarios() {
  std::map<std::string, ScenarioFile> found;
  for (const fs::path& folder : folders()) {
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
      if (entry.path().extension() != kSuffix) continue;
      const std::string name = entry.path().stem().string();
      if (!found.contains(name)) found[name] = {name, entry.path().string(), read_file(entry.path())};
    }
  }
  std::vector<ScenarioFile> scenarios;
  for (auto& [name, scenario] : found) scenarios.push_back(std::move(scenario));
  return scenarios;
}

}  // namespace stillpoint::scenario
