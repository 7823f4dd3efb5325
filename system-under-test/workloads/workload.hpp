// The benchmark workloads: small, plain Boost.Asio programs whose cost per round trip, message or timer expiry is
// measured. A workload is a pair of sides, a server and a client, or a client alone. Each side runs in an io_context
// that the caller owns: both may share one, or each has its own, on its own host.
//
// Invariants: the same Parameters give the same traffic; a side allocates nothing per message beyond what Asio does;
// the client closes its connections when its work is done and the server follows, so that run() then returns.
// Not covered: retries, reconnects and more than one thread per io_context. Any unexpected error ends the run as a
// std::system_error out of io_context::run(), naming the workload, the side and the operation.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace workloads {

/// What a workload is run with. `Workload::defaults` fills in the published size of each workload; a caller changes
/// what it needs to. Both sides must be given the same. A field that a workload does not name below is ignored by it.
struct Parameters {
  std::uint32_t connections = 1;   ///< W1, W2: clients; W4: subscribers.
  std::uint32_t timers = 1;        ///< W3: timers pending at once; W3r: timers re-armed in turn.
  std::uint64_t rounds = 1;        ///< W1: trips per connection; W3r: expiries per timer; W4: rounds; sqlite: commits.
  std::size_t message_bytes = 64;  ///< W1, W2, W4: size of each message, 1 to `Connection::kMessageBytesMax`.
  std::chrono::nanoseconds think_time{0};  ///< W2: from a response to the next request.
  std::chrono::nanoseconds duration{0};    ///< W2: from the start to the last request; W3: over which expiries spread.
  boost::asio::ip::address server_address = boost::asio::ip::address_v4::loopback();  ///< Bound and connected to.
  std::uint16_t port = 7100;
  std::string database = {};  ///< sqlite: where, as a URI. It is made, and must not be there.
};

/// One side of a workload. Create and start it where its io_context runs, the server before the client. Destroy it
/// before its io_context, and run the io_context no more after that: pending handlers refer to the side.
class Side {
 public:
  Side() = default;
  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;
  virtual ~Side() = default;

  /// Begins the work; the io_context does the rest. Call it once.
  virtual void start() = 0;
  /// Whether all work is done and every connection is closed.
  virtual bool done() const = 0;
  /// Round trips, messages or expiries so far, in the workload's `unit`.
  virtual std::uint64_t count() const = 0;
};

/// One entry of the registry.
struct Workload {
  using MakeSide = std::unique_ptr<Side> (*)(boost::asio::io_context&, const Parameters&);

  std::string_view name;   ///< As published: "W1".
  std::string_view about;  ///< One line for a list of workloads.
  std::string_view unit;   ///< What `Side::count` counts, in the plural.
  Parameters (*defaults)();
  MakeSide make_server;  ///< Null for a workload without a server.
  MakeSide make_client;

  bool has_server() const { return make_server != nullptr; }
};

/// Every workload, in the order in which they are published.
std::span<const Workload> all();

/// The workload of that exact name, or null.
const Workload* find(std::string_view name);

}  // namespace workloads
