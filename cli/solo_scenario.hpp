#pragma once
// `stillpoint solo` is a scenario of one host, whose text is made of the command line and read back from a trace.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/invocation.hpp"
#include "sim-core/supervise/run_once.hpp"

namespace stillpoint::cli {

// What names the text in the place of a file's path. No scenario of a file has it: one that is found by a name has the
// path of its file, and the path of a file has a '/' or ends in ".toml".
inline constexpr std::string_view kSoloPath = "solo";

// The text that runs it. Throws Error: TOML has texts in UTF-8 only.
std::string solo_text(const SoloProgram& program);
// The program of such a text.
SoloProgram solo_program(const std::string& text);

// The program's own status, as a shell gives it; none if it did not end.
std::optional<int> solo_status(const Report& report);
// What `stillpoint solo` exits with: the program's status, or what became of the run.
int solo_exit_code(const Report& report, Verdict verdict);

}  // namespace stillpoint::cli
