#include "sim-core/base/units.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>

namespace stillpoint {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t ns;
};
constexpr std::array<Unit, 6> kUnits = {Unit{"h", 3'600'000'000'000},
                                        {"m", 60'000'000'000},
                                        {"s", 1'000'000'000},
                                        {"ms", 1'000'000},
                                        {"us", 1'000},
                                        {"ns", 1}};

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  std::size_t position = 0;
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) position = 1;

  __int128 number = 0;
  __int128 scale = 1;
  int digits = 0;
  bool point_seen = false;
  for (; position < text.size(); ++position) {
    const char c = text[position];
    if (c == '.' && !point_seen) {
      point_seen = true;
    } else if (c >= '0' && c <= '9') {
      if (++digits > 18 || (point_seen && scale >= 1'000'000'000)) return std::nullopt;
      number = number * 10 + (c - '0');
      if (point_seen) scale *= 10;
    } else {
      break;
    }
  }
  if (digits == 0) return std::nullopt;

  const std::string_view name = text.substr(position);
  for (const Unit& unit : kUnits) {
    if (unit.name != name) continue;
    const __int128 ns = number * unit.ns / scale;
    if (ns > std::numeric_limits<std::int64_t>::max()) return std::nullopt;
    const auto count = static_cast<std::int64_t>(ns);
    return Duration(negative ? -count : count);
  }
  return std::nullopt;
}

std::string exact_duration(Duration duration) {
  const std::int64_t ns = duration.count();
  if (ns == 0) return "0s";
  for (const Unit& unit : kUnits) {
    if (ns % unit.ns == 0) return fmt::format("{}{}", ns / unit.ns, unit.name);
  }
  return fmt::format("{}ns", ns);
}

std::string readable_duration(Duration duration) {
  const double seconds = static_cast<double>(duration.count()) / 1e9;
  const double size = std::abs(seconds);
  if (size >= 3600) {
    const auto minutes = static_cast<std::int64_t>(seconds / 60);
    return fmt::format("{} h {} m", minutes / 60, minutes % 60);
  }
  if (size >= 120) {
    const auto whole = static_cast<std::int64_t>(seconds);
    return fmt::format("{} m {} s", whole / 60, whole % 60);
  }
  if (size >= 1) return fmt::format("{:.1f} s", seconds);
  if (size >= 1e-3) return fmt::format("{:.3g} ms", seconds * 1e3);
  if (size >= 1e-6) return fmt::format("{:.3g} us", seconds * 1e6);
  return fmt::format("{} ns", duration.count());
}

std::string grouped(std::uint64_t number) {
  std::string digits = fmt::format("{}", number);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string rounded(double number) {
  if (number >= 1e9) return fmt::format("{:.1f} G", number / 1e9);
  if (number >= 1e6) return fmt::format("{:.1f} M", number / 1e6);
  if (number >= 1e4) return fmt::format("{:.1f} k", number / 1e3);
  return fmt::format("{:.0f}", number);
}

}  // namespace stillpoint
