#include "cli/command.hpp"
#include "cli/say.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <span>

#include <stillpoint/error.hpp>

#include "cli/invocation.hpp"
#include "sim-core/base/nearest.hpp"
#include "sim-core/check/verdict.hpp"
#include "stillpoint_version.hpp"

namespace stillpoint::cli {
namespace {

struct Subcommand {
  const char* name;
  const char* about;
  int (*run)(const Arguments&);
};
constexpr Subcommand kSubcommands[] = {
    {"list", "the scenarios, their options and planted bugs", list},
    {"run", "run one seed of a scenario", run},
    {"fuzz", "run many seeds, and group what fails", fuzz},
    {"plan", "what will go wrong in a run, as data", plan},
    {"replay", "run again what a trace says, and compare", replay},
    {"solo", "run one ordinary program, alone, on virtual time", solo},
    {"view", "look at a trace, in a window or as a picture", view},
    {"disk", "what of a file was durable, and what was pending", disk},
    {"bench", "measure the virtual kernel, and the real one", bench},
};

void print_help() {
  fmt::print("stillpoint {}: runs a real-time service on a virtual clock, network and kernel\n\n", STILLPOINT_VERSION);
  for (const Subcommand& command : kSubcommands) fmt::print("  stillpoint {:<8} {}\n", command.name, command.about);
  fmt::print("\nstillpoint SUBCOMMAND --help tells more.\n");
}

// A standard stream that was closed would be the first file that is opened, and what is written there would go into it.
// In its place stands something that refuses to be written or read, as it did.
void occupy_standard_streams() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(fd, F_GETFD) < 0) static_cast<void>(open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY));
  }
}

// A long option that the command does not have, for a message: CLI11 only lists what was left over.
std::string unknown_option(const CLI::App& app, const std::string& given) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  const std::string name = given.substr(0, given.find('='));
  return fmt::format("no option '{}'.{}", name, did_you_mean(name, names));
}

// An option that was given more often than it may be, for a message; empty if there is none. Flags may be repeated.
std::string repeated_option(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    const std::size_t given = option->count();
    const bool last_counts = option->get_multi_option_policy() != CLI::MultiOptionPolicy::Throw;
    if (last_counts || given <= static_cast<std::size_t>(option->get_items_expected_max())) continue;
    return fmt::format("{} is given {}; give it once", option->get_name(),
                       given == 2 ? "twice" : fmt::format("{} times", given));
  }
  return "";
}

// What CLI11 has words of its own for, which are none of ours.
std::string words_for(const CLI::App& app, const CLI::ParseError& error) {
  const std::string repeated = repeated_option(app);
  if (!repeated.empty()) return repeated;
  std::string text = error.what();
  const std::string name = text.substr(0, text.find(':'));
  const bool is_mismatch = dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr;
  if (is_mismatch && app.get_option_no_throw(name) != nullptr) return name + " has no value";
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

}  // namespace

bool parse(CLI::App& app, const Arguments& arguments) {
  app.allow_extras();
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());  // as CLI11 wants them
    app.parse(reversed);
  } catch (const CLI::CallForHelp&) {
    fmt::print("{}", app.help());
    return false;
  } catch (const CLI::ParseError& error) {
    throw Error(words_for(app, error));
  }
  for (const std::string& extra : app.remaining()) {
    if (extra.starts_with("-") && extra.size() > 1) throw Error(unknown_option(app, extra));
    throw Error(fmt::format("'{}' is one argument too many", extra));
  }
  return true;
}

int main(int argc, char** argv) {
  occupy_standard_streams();
  signal(SIGXFSZ, SIG_IGN);  // a file size limit is an error of the write, not the end of us
  const std::span<char*> words(argv, static_cast<std::size_t>(argc));
  if (argc > 0) set_program(words[0]);
  const std::string name = argc > 1 ? words[1] : "--help";
  if (name == "--help" || name == "-h" || name == "help") {
    print_help();
    return argc > 1 ? 0 : kBadInput;
  }
  if (name == "--version") {
    fmt::print("stillpoint {} ({})\n", STILLPOINT_VERSION, STILLPOINT_REVISION);
    return 0;
  }
  try {
    std::vector<std::string> names;
    for (const Subcommand& command : kSubcommands) {
      names.emplace_back(command.name);
      if (name == command.name) {
        const int code = command.run(Arguments(words.begin() + 2, words.end()));
        if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
        say("stillpoint: cannot write to standard output\n");
        return code == 0 ? kBadInput : code;
      }
    }
    throw Error(fmt::format("no subcommand '{}'.{} (stillpoint --help shows all)", name, did_you_mean(name, names)));
  } catch (const Error& error) {
    std::string line = error.what();
    std::replace(line.begin(), line.end(), '\n', ' ');  // what a user typed is quoted in it
    say("stillpoint: {}\n", line);
    return kBadInput;
  } catch (const std::exception& error) {
    say("stillpoint: {}; this is a bug in Stillpoint\n", error.what());
    return exit_code(Verdict::harness_bug);
  }
}

}  // namespace stillpoint::cli
