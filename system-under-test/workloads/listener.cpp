#include "system-under-test/workloads/listener.hpp"

#include <utility>

#include "system-under-test/workloads/fail.hpp"

namespace workloads {

using boost::asio::ip::tcp;

void Listener::start(const Parameters& parameters, OnAccepted on_accepted) {
  const tcp::endpoint endpoint(parameters.server_address, parameters.port);
  boost::system::error_code error;
  if (acceptor_.open(endpoint.protocol(), error)) fail(owner_, "open", error);
  // A run may follow another within the minute for which the old connections stay in TIME_WAIT.
  if (acceptor_.set_option(tcp::acceptor::reuse_address(true), error)) fail(owner_, "set SO_REUSEADDR", error);
  if (acceptor_.bind(endpoint, error)) fail(owner_, "bind", error);
  // All clients connect at once: take the longest queue there is.
  if (acceptor_.listen(tcp::acceptor::max_listen_connections, error)) fail(owner_, "listen", error);
  on_accepted_ = std::move(on_accepted);
  connections_left_ = parameters.connections;
  accept_next();
}

void Listener::accept_next() {
  if (connections_left_ == 0) {
    boost::system::error_code error;
    if (acceptor_.close(error)) fail(owner_, "close", error);
    return;
  }
  acceptor_.async_accept([this](const boost::system::error_code& error, tcp::socket socket) {
    if (error) fail(owner_, "accept", error);
    --connections_left_;
    on_accepted_(std::move(socket));
    accept_next();
  });
}

}  // namespace workloads
