// A plaza server: listens on a TCP port and sells tickets over WebSocket.
//
// Single-threaded: everything, hooks included, runs on the given executor, of which one thread at a time may run.
// A Server owns its inventory, its connections and its timers. Operations that are still in the event loop when a
// Server is destroyed end harmlessly.
//
// It does not authenticate anybody: the name in a request is believed. Without a data folder it keeps nothing beyond
// its lifetime. With one it goes on where the last server of that folder was, and tells nobody anything, neither in an
// answer nor in a push, that a power loss could take back.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>

#include "system-under-test/plaza/domain/inventory.hpp"
#include "system-under-test/plaza/gateway/config.hpp"
#include "system-under-test/plaza/gateway/hooks.hpp"

namespace plaza {

class Server {
 public:
  // Listens once constructed. Throws boost::system::system_error if the address cannot be used, and
  // StoreError if the database of the data folder cannot.
  explicit Server(const boost::asio::any_io_executor& executor, ServerConfig config = {}, Hooks hooks = {});

  // Drops all connections without a word, and what has not been committed. Must not happen inside a hook.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Stops gracefully: accepts nobody any more and says goodbye to the clients ("going away"). Once they are gone and
  // pending payments have been decided, the server has no work left on the executor. A second call drops those who
  // linger.
  void stop();

  boost::asio::ip::tcp::endpoint local_endpoint() const;

  const Inventory& inventory() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace plaza
