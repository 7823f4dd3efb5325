#include "sim-core/base/toml_depth.hpp"

#include <fmt/format.h>

#include <stillpoint/error.hpp>

namespace stillpoint {

void refuse_deep_toml(std::string_view text, std::string_view file) {
  std::size_t line = 1;
  std::size_t dots = 0;
  std::size_t brackets = 0;
  char quote = 0;  // in a text, or a quoted part of a key
  bool comment = false;
  bool escaped = false;
  for (const char c : text) {
    if (c == '\n') {
      ++line;
      dots = brackets = 0;
      quote = 0;
      comment = escaped = false;
    } else if (comment || escaped) {
      escaped = false;
    } else if (quote != 0) {
      escaped = quote == '"' && c == '\\';
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '#') {
      comment = true;
    } else if (c == '=' || c == ',') {
      dots = 0;
    } else if (c == '.') {
      ++dots;
    } else if (c == '[' || c == '{') {
      ++brackets;
    }
    if (dots > kDeepestTomlKey || brackets > kDeepestTomlKey) {
      throw Error(fmt::format("{}:{}: nested deeper than {} levels", file, line, kDeepestTomlKey));
    }
  }
}

}  // namespace stillpoint
