#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "visualizer/model/payload.hpp"
#include "visualizer/model/view.hpp"

namespace stillpoint::view {
namespace {

struct Unit {
  std::string_view name;
  long double ns;
};
// The longer names first: "s" ends them all.
constexpr Unit kUnits[] = {{"ns", 1}, {"us", 1e3L}, {"µs", 1e3L}, {"ms", 1e6L}, {"s", 1e9L}};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::string without_commas(std::string_view text) {
  std::string result(text);
  std::erase(result, ',');
  return result;
}

// "7,024"
std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t place = digits.size(); place > 3;) digits.insert(place -= 3, ",");
  return digits;
}

std::string seconds_text(std::int64_t ns) { return fmt::format("{:.6f} s", static_cast<double>(ns) / 1e9); }

std::optional<EventId> event_number(std::string_view text) {
  const std::string digits = without_commas(text);
  EventId id = 0;
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), id);
  if (digits.empty() || error != std::errc() || stop != digits.data() + digits.size()) return std::nullopt;
  return id;
}

// Seconds without a unit. Nothing for what is no time, or further away than any.
std::optional<std::int64_t> time_of(std::string_view text) {
  long double unit = 1e9L;
  for (const Unit& known : kUnits) {
    if (!text.ends_with(known.name)) continue;
    unit = known.ns;
    text = trimmed(text.substr(0, text.size() - known.name.size()));
    break;
  }
  const std::string digits = without_commas(text);
  long double value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value, std::chars_format::fixed);
  if (digits.empty() || error != std::errc() || stop != end) return std::nullopt;
  if (!(std::fabs(value * unit) <= static_cast<long double>(kFarthestNs))) return std::nullopt;
  return static_cast<std::int64_t>(std::llround(value * unit));
}

}  // namespace

std::optional<std::string> View::go_to_text(std::string_view text) {
  const std::string_view wanted = trimmed(text);
  if (trace_.events().empty()) return "the trace has no events";
  const bool number = !wanted.empty() && wanted.find_first_not_of("0123456789,") == wanted.npos;
  if (number || wanted.starts_with('#')) {
    const std::string_view digits = number ? wanted : trimmed(wanted.substr(1));
    const std::optional<EventId> id = event_number(digits);
    if (!id) return fmt::format("{} is not an event's number", readable(digits));
    if (go_to_id(*id)) return std::nullopt;
    const auto last = static_cast<EventIndex>(trace_.events().size() - 1);
    return fmt::format("there is no event {}: they are {} to {}", grouped(*id), grouped(trace_.id(0)),
                       grouped(trace_.id(last)));
  }
  const std::optional<std::int64_t> at = time_of(wanted.starts_with('@') ? trimmed(wanted.substr(1)) : wanted);
  if (!at) return "type an event's number, such as 7,024, or a time, such as 3.2s or 90ms";
  const EventIndex event = trace_.at_or_after(*at);
  const std::int64_t last_ns = trace_.events()[event].at_ns;
  if (last_ns < *at) return fmt::format("the last event is at {}", seconds_text(last_ns));
  go_to(event);
  return std::nullopt;
}

}  // namespace stillpoint::view
