#pragma once
// Durations and counts, as people write and read them.
#include <optional>
#include <string>
#include <string_view>

#include <stillpoint/time.hpp>

namespace stillpoint {

// Reads "250us", "5ms", "1.5s", "10m", "2h" or "100ns" (a number with a unit, at most 9 decimal places). nullopt: not
// of that form, or beyond 290 years.
std::optional<Duration> parse_duration(std::string_view text);

// The shortest text that parse_duration reads back as the same duration: "1500ms", "30s", "250us".
std::string exact_duration(Duration duration);

// For a person: "412 ms", "3.2 s", "1 h 47 m".
std::string readable_duration(Duration duration);

// "1,234,567"
std::string grouped(std::uint64_t number);

// "3.1 M", "12.4 k", "940"
std::string rounded(double number);

}  // namespace stillpoint
