#include "cli/invocation.hpp"

#include <fmt/format.h>

#include <charconv>
#include <random>

#include <stillpoint/error.hpp>

#include "sim-core/base/shell_word.hpp"

namespace stillpoint::cli {
namespace {

std::string program_name = "stillpoint";

// What a setting that every scenario has is given by; empty: by --set.
std::string option_of(const std::string& key, const std::string& value) {
  if (key == "duration") return " --duration " + shell_word(value);
  if (key == "faults.profile" || key == "faults.plan") return " --faults " + shell_word(value);
  if (key != "faults.fail") return "";
  std::string options;
  for (std::size_t begin = 0; begin < value.size();) {
    const std::size_t end = std::min(value.find(',', begin), value.size());
    options += " --fail " + shell_word(value.substr(begin, end - begin));
    begin = end + 1;
  }
  return options;
}

}  // namespace

void set_program(const std::string& called_as) { program_name = called_as; }
const std::string& program() { return program_name; }

std::string Invocation::replay_line() const {
  std::string line = shell_word(program_name);
  line += solo ? " solo " + shell_word(solo->path) : " run " + shell_word(scenario);
  if (!request.bug.empty()) line += " --bug " + shell_word(request.bug);
  for (const std::string& override : request.overrides) {
    const std::size_t equals = override.find('=');
    const std::string key = override.substr(0, equals);
    const std::string value = override.substr(equals + 1);
    std::string option = option_of(key, value);
    for (const auto& [name, target] : short_options) {
      if (target == key) option = fmt::format(" --{} {}", name, shell_word(value));
    }
    for (const auto& [name, target] : short_options) {
      if (target == override) option = fmt::format(" --{}", name);  // a flag
    }
    line += option.empty() ? " --set " + shell_word(override) : option;
  }
  if (solo) {
    for (const std::string& file : solo->files) line += " --file " + shell_word(file);
  }
  line += fmt::format(" --seed {}", request.seed);
  if (solo && !solo->args.empty()) line += " --";
  if (solo) {
    for (const std::string& argument : solo->args) line += " " + shell_word(argument);
  }
  return line;
}

std::uint64_t parse_seed(const std::string& text) {
  std::uint64_t seed = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) {
    throw Error(fmt::format("--seed {}: a seed is a whole number, 0 to 18446744073709551615", text));
  }
  return seed;
}

std::uint64_t random_seed() {
  std::random_device device;
  constexpr std::uint64_t kMost = 10'000'000'000'000'000;  // sixteen digits
  const std::uint64_t high = device();
  const std::uint64_t low = device();
  return (high << 32 | low) % kMost;
}

}  // namespace stillpoint::cli
