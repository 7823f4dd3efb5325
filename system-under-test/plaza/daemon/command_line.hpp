// The command line of plazad.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "system-under-test/plaza/daemon/config.hpp"

namespace plaza {

struct CommandLine {
  Config config;                     // checked
  std::optional<std::string> shown;  // the help or the version: that is all that was asked for
};

// Without the program's name. Throws ConfigError.
CommandLine read_command_line(std::span<const std::string> arguments);

}  // namespace plaza
