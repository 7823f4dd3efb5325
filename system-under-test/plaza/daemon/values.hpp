// The values that a node's configuration has, as people write them. Each parser throws BadValue, whose text names what
// was written and says what should have been; where it was written, the caller knows.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "system-under-test/plaza/domain/tickets/messages.hpp"
#include "system-under-test/plaza/peer/mesh.hpp"

namespace plaza {

class BadValue : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct NumberRange {
  std::uint64_t least = 0;
  std::uint64_t most = 0;
};
std::uint64_t parse_number(std::string_view text, NumberRange range);

struct DurationRange {
  std::chrono::microseconds least;
  std::chrono::microseconds most;
};
// A number with its unit: "250us", "5ms", "1.5s", "10m", "2h".
std::chrono::microseconds parse_duration(std::string_view text, DurationRange range);
// The shortest that parse_duration() reads back.
std::string duration_text(std::chrono::microseconds duration);

bool parse_bool(std::string_view text);

// Throws BadValue if it has one. Files and messages end at a NUL, whatever comes after it, and a log has a line for
// each.
void refuse_control_characters(std::string_view text);

raft::NodeId parse_node(std::string_view text);
// 1 to 64 bytes without control characters: of a cluster, of an event.
std::string parse_name(std::string_view text);
// A numeric address with its port, which may be 0: "127.0.0.1:7117", "[::1]:7117".
boost::asio::ip::tcp::endpoint parse_listen(std::string_view text);
// Where another node is: "node-2.example:7118", "10.0.0.2:7118", "[::1]:7118".
peer::MeshConfig::Address parse_address(std::string_view text);
// "2=node-2.example:7118"
std::pair<raft::NodeId, peer::MeshConfig::Address> parse_peer(std::string_view text);
// "concert=100000": a name and a capacity.
tickets::Open parse_event(std::string_view text);

// " Did you mean 'x'?", if one of the names is near enough to be what was meant; or nothing.
std::string did_you_mean(std::string_view wrong, std::span<const std::string_view> names);

}  // namespace plaza
