#include "sim-core/base/shell_word.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace stillpoint {

std::string shell_word(std::string_view text) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=:,%+@";
  if (!text.empty() && text.find_first_not_of(kPlain) == text.npos) return std::string(text);
  // On one line, and nothing in it that a terminal would obey.
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7F; };
  if (std::any_of(text.begin(), text.end(), is_control)) {
    std::string word = "$'";
    for (const char c : text) {
      if (is_control(static_cast<unsigned char>(c))) {
        word += c == '\n' ? "\\n" : fmt::format("\\{:03o}", static_cast<unsigned char>(c));
      } else {
        if (c == '\'' || c == '\\') word += '\\';
        word += c;
      }
    }
    return word + "'";
  }
  std::string word = "'";
  for (const char c : text) c == '\'' ? word += "'\\''" : word += c;
  return word + "'";
}

}  // namespace stillpoint
