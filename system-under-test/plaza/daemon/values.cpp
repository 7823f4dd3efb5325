#include "system-under-test/plaza/daemon/values.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <optional>
#include <vector>

#include "system-under-test/plaza/one_line.hpp"

namespace plaza {

using boost::asio::ip::tcp;
using std::chrono::microseconds;

namespace {

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

// Decimal digits and nothing else, without zeros before them.
std::optional<std::uint64_t> digits(std::string_view text) {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, value);
  if (failure != std::errc{} || rest != end || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  return value;
}

struct Unit {
  std::string_view name;
  std::int64_t micros;
};
// From the longest on.
constexpr std::array kUnits{Unit{"h", 3'600'000'000}, Unit{"m", 60'000'000}, Unit{"s", 1'000'000}, Unit{"ms", 1000},
                            Unit{"us", 1}};

// Beyond what fits it is the most that does, which no range allows.
std::optional<microseconds> duration_of(std::string_view text) {
  const std::string_view number = text.substr(0, text.find_first_not_of("0123456789."));
  const auto unit = std::ranges::find(kUnits, text.substr(number.size()), &Unit::name);
  const std::size_t point = number.find('.');
  const auto whole = digits(number.substr(0, point));
  if (unit == kUnits.end() || !whole) return std::nullopt;
  std::int64_t micros = 0;
  if (point != std::string_view::npos) {
    const std::string_view fraction = number.substr(point + 1);
    if (fraction.empty() || fraction.size() > 6 || fraction.find('.') != std::string_view::npos) return std::nullopt;
    std::int64_t worth = unit->micros;
    for (const char digit : fraction) {
      if (worth % 10 != 0) return std::nullopt;  // less than a microsecond
      worth /= 10;
      micros += (digit - '0') * worth;
    }
  }
  if (*whole >= static_cast<std::uint64_t>(microseconds::max().count() / unit->micros)) return microseconds::max();
  return microseconds(static_cast<std::int64_t>(*whole) * unit->micros + micros);
}

struct HostAndPort {
  std::string_view host;
  std::uint16_t port = 0;
};

// An IPv6 address is written in brackets: its colons are none of a port.
std::optional<HostAndPort> host_and_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const auto port = digits(text.substr(colon + 1));
  if (!port || *port > 65'535) return std::nullopt;
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;
  }
  return HostAndPort{.host = host, .port = static_cast<std::uint16_t>(*port)};
}

// How many letters must be put in, taken out, exchanged, or swapped with the one before.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> least(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        least[i][j] = i + j;
        continue;
      }
      least[i][j] = std::min({least[i - 1][j] + 1, least[i][j - 1] + 1,
                              least[i - 1][j - 1] + static_cast<std::size_t>(a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        least[i][j] = std::min(least[i][j], least[i - 2][j - 2] + 1);
      }
    }
  }
  return least[a.size()][b.size()];
}

}  // namespace

std::uint64_t parse_number(std::string_view text, NumberRange range) {
  const auto number = digits(text);
  if (!number || *number < range.least || *number > range.most) {
    throw BadValue(quoted(text) + " is no number from " + std::to_string(range.least) + " to " +
                   std::to_string(range.most));
  }
  return *number;
}

microseconds parse_duration(std::string_view text, DurationRange range) {
  const auto duration = duration_of(text);
  if (!duration) throw BadValue(quoted(text) + " is no duration; one is written 30s, 1.5s, 250ms, 10m or 2h");
  if (*duration < range.least || *duration > range.most) {
    throw BadValue(quoted(text) + " is not from " + duration_text(range.least) + " to " + duration_text(range.most));
  }
  return *duration;
}

std::string duration_text(microseconds duration) {
  const auto unit = std::ranges::find_if(
      kUnits, [&](const Unit& each) { return duration.count() != 0 && duration.count() % each.micros == 0; });
  if (unit == kUnits.end()) return "0s";
  return std::to_string(duration.count() / unit->micros) + std::string(unit->name);
}

bool parse_bool(std::string_view text) {
  if (text != "true" && text != "false") throw BadValue(quoted(text) + " is neither true nor false");
  return text == "true";
}

raft::NodeId parse_node(std::string_view text) {
  const auto number = digits(text);
  if (!number || *number == 0 || *number > UINT32_MAX)
    throw BadValue(quoted(text) + " is no node's number (1 or more)");
  return static_cast<raft::NodeId>(*number);
}

void refuse_control_characters(std::string_view text) {
  if (has_control_character(text)) throw BadValue("has a control character");
}

std::string parse_name(std::string_view text) {
  if (text.empty() || text.size() > kNameBytesMost || has_control_character(text)) {
    throw BadValue(quoted(text) + " is no name: it has 1 to " + std::to_string(kNameBytesMost) +
                   " bytes, and no control characters");
  }
  return std::string(text);
}

tcp::endpoint parse_listen(std::string_view text) {
  const auto place = host_and_port(text);
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(place ? std::string(place->host) : std::string(), error);
  if (!place || error) {
    throw BadValue(quoted(text) + " is no address to listen on; one is written 127.0.0.1:7117 or [::1]:7117");
  }
  return {address, place->port};
}

peer::MeshConfig::Address parse_address(std::string_view text) {
  const auto place = host_and_port(text);
  if (!place || place->host.empty() || place->port == 0 || place->host.find_first_of(" /@") != std::string_view::npos) {
    throw BadValue(quoted(text) + " is no node's address; one is written node-2.example:7118 or 10.0.0.2:7118");
  }
  return {.host = std::string(place->host), .port = place->port};
}

std::pair<raft::NodeId, peer::MeshConfig::Address> parse_peer(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) throw BadValue(quoted(text) + " is no peer; one is written 2=10.0.0.2:7118");
  return {parse_node(text.substr(0, equals)), parse_address(text.substr(equals + 1))};
}

tickets::Open parse_event(std::string_view text) {
  const std::size_t equals = text.rfind('=');
  if (equals == std::string_view::npos) throw BadValue(quoted(text) + " is no event; one is written concert=100000");
  tickets::Open event;
  event.event = parse_name(text.substr(0, equals));
  event.capacity =
      static_cast<std::uint32_t>(parse_number(text.substr(equals + 1), {.least = 1, .most = tickets::kCapacityMost}));
  return event;
}

std::string did_you_mean(std::string_view wrong, std::span<const std::string_view> names) {
  if (wrong.size() > 64) return {};
  std::string_view nearest;
  std::size_t least = wrong.size() / 3 + 1;  // what is further away is no slip
  for (const std::string_view name : names) {
    const std::size_t away = distance(wrong, name);
    if (away >= name.size() || away > least || (away == least && !nearest.empty())) continue;
    least = away;
    nearest = name;
  }
  return nearest.empty() ? std::string() : " Did you mean '" + std::string(nearest) + "'?";
}

}  // namespace plaza
