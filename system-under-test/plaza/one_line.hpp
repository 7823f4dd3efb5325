// What ends a line, a path or a message before its end, wherever text of others is shown or used as a name: the control
// characters of ASCII.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace plaza {

inline bool is_control_character(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; }

inline bool has_control_character(std::string_view text) { return std::ranges::any_of(text, is_control_character); }

// With a blank for each: one line, whatever bytes are in it.
inline std::string in_one_line(std::string text) {
  std::ranges::replace_if(text, is_control_character, ' ');
  return text;
}

}  // namespace plaza
