#pragma once
// The TOML library recurses into keys and brackets: text of thousands of levels would end the process.
#include <cstddef>
#include <string_view>

namespace stillpoint {

constexpr std::size_t kDeepestTomlKey = 64;

// Throws Error, with the line, if the text is nested deeper than that. `file` names it in the error.
void refuse_deep_toml(std::string_view text, std::string_view file);

}  // namespace stillpoint
