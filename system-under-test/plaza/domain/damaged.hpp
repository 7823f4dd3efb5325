// How DamagedState is thrown: one line that names the cell, whatever bytes its key has.
#pragma once

#include <string>
#include <string_view>

#include "system-under-test/plaza/domain/domain.hpp"

namespace plaza {

inline std::string printable(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f && c != '\\') {
      text += c;
    } else {
      text += "\\x";
      text += kDigits[byte >> 4];
      text += kDigits[byte & 15];
    }
  }
  return text;
}

[[noreturn]] inline void throw_damaged(std::string_view cell, std::string_view why) {
  throw DamagedState("cell \"" + printable(cell) + "\": " + std::string(why));
}

}  // namespace plaza
