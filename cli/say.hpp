#pragma once
// What goes to standard error: seed, progress, warnings and errors. A failed write there changes nothing: there is
// nowhere left to tell of it.
#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <utility>

namespace stillpoint::cli {

template <typename... Arguments>
void say(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  const std::string text = fmt::format(format, std::forward<Arguments>(arguments)...);
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

}  // namespace stillpoint::cli
