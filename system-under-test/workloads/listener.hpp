// Accepts a known number of TCP connections, hands each on, then stops listening. It belongs to a server's side,
// which must outlive its pending handler.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <functional>
#include <string_view>

#include "system-under-test/workloads/workload.hpp"

namespace workloads {

class Listener {
 public:
  using OnAccepted = std::function<void(boost::asio::ip::tcp::socket)>;

  /// `owner` ("W1 server") begins the text of every error and must be a literal.
  Listener(boost::asio::io_context& io, std::string_view owner) : acceptor_(io), owner_(owner) {}

  /// Listens on the parameters' address and port, and calls `on_accepted` once for each of `connections`.
  void start(const Parameters& parameters, OnAccepted on_accepted);

 private:
  void accept_next();

  boost::asio::ip::tcp::acceptor acceptor_;
  std::string_view owner_;
  OnAccepted on_accepted_;
  std::uint32_t connections_left_ = 0;
};

}  // namespace workloads
