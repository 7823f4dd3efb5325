#include "system-under-test/plaza/daemon/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <vector>

#include "system-under-test/plaza/daemon/settings.hpp"
#include "system-under-test/plaza/daemon/values.hpp"

namespace plaza {

namespace {

// What the flags said, before anything is done about it: the file comes first.
struct Flags {
  std::string config_file;
  std::vector<std::optional<std::string>> settings;  // as in config_settings()
  std::vector<std::string> peers;
  std::vector<std::string> events;
  std::optional<std::string> hold_ttl;
  std::vector<std::string> bugs;
};

void describe(CLI::App& app, Flags& flags) {
  app.set_version_flag("--version", "plazad " PLAZA_VERSION);
  app.allow_extras();  // they are looked at below
  app.add_option("--config", flags.config_file, "TOML file; flags have the last word")->type_name("FILE");
  const auto settings = config_settings();
  flags.settings.resize(settings.size());
  for (std::size_t i = 0; i < settings.size(); ++i) {
    if (settings[i].flag.empty()) continue;
    app.add_option(std::string(settings[i].flag), flags.settings[i], std::string(settings[i].about))
        ->type_name(std::string(settings[i].type));
  }
  const auto several = [&](const char* name, std::vector<std::string>& values, const char* type, const char* about) {
    app.add_option(name, values, about)->type_name(type)->allow_extra_args(false);
  };
  several("--peer", flags.peers, "ID=HOST:PORT", "Another node; repeatable");
  several("--event", flags.events, "NAME=CAPACITY", "What there is to be had; repeatable");
  app.add_option("--hold-ttl", flags.hold_ttl, "How long a hold lasts, of every event")->type_name("DURATION");
  several("--bug", flags.bugs, "NAME", "Puts a known bug back in; repeatable");
}

template <class Apply>
void at_flag(std::string_view flag, const std::string& text, Apply apply) {
  try {
    refuse_control_characters(text);
    apply();
  } catch (const BadValue& bad) {
    throw ConfigError(std::string(flag) + ": " + bad.what());
  }
}

void plant(Bugs& bugs, const std::string& name) {
  if (switch_on(bugs, name)) return;
  std::vector<std::string_view> names;
  for (const BugSwitch& bug : kBugSwitches) names.push_back(bug.name);
  throw BadValue("there is no bug '" + name + "'." + did_you_mean(name, names));
}

void apply_flags(Config& config, const Flags& flags) {
  const auto settings = config_settings();
  for (std::size_t i = 0; i < settings.size(); ++i) {
    if (!flags.settings[i]) continue;
    at_flag(settings[i].flag, *flags.settings[i], [&] { settings[i].set(config, *flags.settings[i]); });
  }
  for (const std::string& text : flags.peers) {
    at_flag("--peer", text, [&] {
      auto [node, address] = parse_peer(text);
      set_peer(config, node, std::move(address), "--peer");
    });
  }
  for (const std::string& text : flags.events) {
    at_flag("--event", text, [&] { set_event(config, parse_event(text)); });
  }
  if (flags.hold_ttl) {
    at_flag("--hold-ttl", *flags.hold_ttl, [&] {
      const LogTime ttl = parse_duration(*flags.hold_ttl, {.least = LogTime(1), .most = tickets::kTtlMost});
      for (tickets::Open& event : config.node.events) event.hold_ttl = ttl;
    });
  }
  Bugs bugs;
  for (const std::string& name : flags.bugs) at_flag("--bug", name, [&] { plant(bugs, name); });
  config.node.replica.bugs = bugs;
  config.node.gateway.bugs = bugs;
}

// CLI11 has words of its own for these two, which are none of ours.
std::string words_for(const CLI::ArgumentMismatch& error, const CLI::App& app, std::span<const std::string> arguments) {
  const std::string text = error.what();
  const std::string flag = text.substr(0, text.find(':'));
  const CLI::Option* const option = app.get_option_no_throw(flag);
  if (option == nullptr) return text;
  const auto times = std::ranges::count_if(
      arguments, [&flag](const std::string& argument) { return argument == flag || argument.starts_with(flag + "="); });
  if (times > 1) return flag + ": is there " + std::to_string(times) + " times, and can be there once";
  return flag + ": has no value; one is written " + flag + " " + option->get_type_name();
}

void refuse_rest(const CLI::App& app) {
  const std::vector<std::string> rest = app.remaining();
  if (rest.empty()) return;
  const std::string& first = rest.front();
  if (!first.starts_with("-")) {
    throw ConfigError("'" + first + "' is no flag, and there is nothing else. plazad --help shows all flags");
  }
  const std::string flag = first.substr(0, first.find('='));
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) names.push_back(option->get_name());
  const std::vector<std::string_view> views(names.begin(), names.end());
  throw ConfigError("there is no '" + flag + "'." + did_you_mean(flag, views) + " plazad --help shows all flags");
}

}  // namespace

CommandLine read_command_line(std::span<const std::string> arguments) {
  CLI::App app("plazad: a node of plaza, the ticket office.", "plazad");
  Flags flags;
  describe(app, flags);
  CommandLine read;
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());  // as CLI11 wants them
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    read.shown = app.help();
    return read;
  } catch (const CLI::CallForVersion& asked) {
    read.shown = std::string(asked.what()) + "\n";
    return read;
  } catch (const CLI::ArgumentMismatch& error) {
    throw ConfigError(words_for(error, app, arguments));
  } catch (const CLI::ParseError& error) {
    throw ConfigError(error.what());
  }
  refuse_rest(app);
  at_flag("--config", flags.config_file, [] {});
  if (!flags.config_file.empty()) read_config_file(read.config, flags.config_file);
  apply_flags(read.config, flags);
  check_config(read.config);
  return read;
}

}  // namespace plaza
