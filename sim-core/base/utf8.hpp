#pragma once
// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing beyond U+10FFFF.
#include <cstddef>
#include <string_view>

namespace stillpoint {

// How many bytes the character takes that the text begins with; 0 if it does not begin with one.
std::size_t character_length(std::string_view text);

}  // namespace stillpoint
