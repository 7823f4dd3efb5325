#include "sim-core/net/address.hpp"

#include <fmt/format.h>

namespace stillpoint::net {

std::string to_string(Ip ip) {
  return fmt::format("{}.{}.{}.{}", ip.value >> 24, (ip.value >> 16) & 255, (ip.value >> 8) & 255, ip.value & 255);
}

std::optional<Ip> parse_ip(std::string_view text) {
  std::uint32_t value = 0;
  std::size_t position = 0;
  for (int part = 0; part < 4; ++part) {
    std::uint32_t number = 0;
    int digits = 0;
    while (position < text.size() && text[position] >= '0' && text[position] <= '9') {
      number = number * 10 + static_cast<std::uint32_t>(text[position++] - '0');
      if (++digits > 3) return std::nullopt;
    }
    if (digits == 0 || number > 255) return std::nullopt;
    value = value << 8 | number;
    if (part < 3 && (position == text.size() || text[position++] != '.')) return std::nullopt;
  }
  if (position != text.size()) return std::nullopt;
  return Ip{value};
}

}  // namespace stillpoint::net
