// What can be configured about a node's gateway. docs/plaza-protocol.md says what a client sees of each limit.
#pragma once

#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "system-under-test/plaza/bugs.hpp"
#include "system-under-test/plaza/payments/authoriser.hpp"
#include "system-under-test/plaza/protocol/messages.hpp"
#include "system-under-test/plaza/protocol/token.hpp"

namespace plaza {

// So many in a second, and at most `burst` at once. 0 a second: without limit.
struct RateLimit {
  std::uint32_t per_second = 0;
  std::uint32_t burst = 1;
};

struct GatewayConfig {
  using Duration = std::chrono::steady_clock::duration;

  boost::asio::ip::tcp::endpoint listen_on{boost::asio::ip::address_v4::loopback(), 0};  // port 0: any free port
  std::optional<PublicKey> token_key;  // none: no tokens, the user is believed (?user=NAME); for trying out
  PaymentConfig payments;

  Duration request_deadline = std::chrono::seconds(5);     // to decide a request, its payment included
  Duration push_interval = std::chrono::milliseconds(50);  // at most one push of a topic to a session in this time
  std::size_t push_portion = 64;                           // sessions that are served in one turn of the event loop

  std::size_t sessions_most = 20'000;
  std::size_t frame_bytes_most = kFrameBytesMost;
  std::size_t requests_in_progress_most = 64;           // of a session
  RateLimit requests{.per_second = 200, .burst = 400};  // of a session
  RateLimit refusals{.per_second = 20, .burst = 400};   // by the limit above, after which a session ends
  std::size_t watches_most = 16;                        // of a session
  std::size_t outbound_messages_most = 256;             // that wait to be sent to a session; pushes do not count
  std::size_t outbound_bytes_most = 1024 * 1024;        // of them

  std::size_t header_bytes_most = 8 * 1024;              // of an HTTP request
  Duration http_timeout = std::chrono::seconds(5);       // for an HTTP request, and for what is left of a connection
  Duration handshake_timeout = std::chrono::seconds(5);  // of the WebSocket
  Duration idle_timeout = std::chrono::seconds(30);      // silence that ends a session; after half of it, a ping
  Duration close_grace = std::chrono::seconds(5);        // for the closing handshake, then the connection is dropped
  int send_buffer_bytes = 0;                             // SO_SNDBUF of every connection; 0: the system's default
  Bugs bugs;
};

}  // namespace plaza
