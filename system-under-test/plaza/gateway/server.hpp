// A node's gateway: listens on a TCP port, and serves clients by docs/plaza-protocol.md on what a replica decides.
//
// Single-threaded: everything, hooks included, runs on the given executor, of which one thread at a time may run. A
// Server owns its connections and its timers, and shares the replica. Operations that are still in the event loop when
// a Server is destroyed end harmlessly.
//
// It keeps nothing: what was answered, the machine remembers; whoever loses a connection connects to any node.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>

#include "system-under-test/plaza/gateway/config.hpp"
#include "system-under-test/plaza/gateway/hooks.hpp"
#include "system-under-test/plaza/gateway/inspection.hpp"
#include "system-under-test/plaza/gateway/metrics.hpp"
#include "system-under-test/plaza/replica/replica.hpp"

namespace plaza {

class Server {
 public:
  // Listens once constructed. Throws boost::system::system_error if the address cannot be used. Becomes the replica's
  // listener.
  Server(const boost::asio::any_io_executor& executor, GatewayConfig config, std::shared_ptr<Replica> replica,
         GatewayHooks hooks = {});

  // Abandons. Must not happen inside a hook.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Ends gracefully: opens no session any more and tells clients to go elsewhere; each is disconnected (1001) when what
  // it has asked for is answered, all of them after half of the time, and dropped at the deadline. /healthz says so
  // meanwhile. Nobody is accepted from its end on. Call once.
  boost::asio::awaitable<void> drain(SteadyClock::time_point deadline);

  // Drops all connections without a word, and accepts nobody any more. Hooks are called no more.
  void abandon();

  boost::asio::ip::tcp::endpoint local_endpoint() const;
  GatewayView view(std::size_t shown_most = kSessionsShown) const;
  const Metrics& metrics() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace plaza
