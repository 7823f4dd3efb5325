// A gateway as whoever looks at it from outside sees it: plain data, consistent between two handlers, and its JSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "system-under-test/plaza/replica/replica.hpp"

namespace plaza {

inline constexpr std::size_t kSessionsShown = 100;

struct SessionView {
  std::uint64_t id = 0;
  std::string user;
  bool is_open = false;  // between the opening handshake and the beginning of the end
  std::size_t requests_in_progress = 0;
  std::size_t outbound_messages = 0;
  std::size_t outbound_bytes = 0;
  std::uint64_t version = 0;  // the greatest that it was told
  std::vector<std::string> watches;
};

struct GatewayView {
  bool is_draining = false;
  std::size_t sessions = 0;
  std::size_t http_connections = 0;
  std::size_t watches = 0;
  std::size_t topics = 0;
  std::size_t requests_in_progress = 0;
  std::size_t outbound_messages = 0;
  std::size_t outbound_bytes = 0;
  std::size_t outbound_longest = 0;
  std::vector<SessionView> shown;  // the first of the sessions, by id
};

// What /debug/state has.
std::string debug_state(const GatewayView& gateway, const ReplicaView& replica);

}  // namespace plaza
