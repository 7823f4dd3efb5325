#include "system-under-test/workloads/echo_server.hpp"

#include <utility>

namespace workloads {

using boost::asio::ip::tcp;

EchoServer::EchoServer(boost::asio::io_context& io, const Parameters& parameters, std::string_view owner)
    : parameters_(parameters), owner_(owner), listener_(io, owner), open_(parameters.connections) {}

void EchoServer::start() {
  listener_.start(parameters_, [this](tcp::socket socket) {
    Connection& connection = connections_.emplace_back(std::move(socket), owner_, parameters_.message_bytes);
    connection.set_no_delay();
    answer_next(connection);
  });
}

void EchoServer::answer_next(Connection& connection) {
  const auto answer = [this, &connection] {
    connection.send(connection.message(), [this, &connection] {
      ++answered_;
      answer_next(connection);
    });
  };
  const auto finish = [this, &connection] {
    connection.close();
    --open_;
  };
  connection.receive(answer, finish);
}

}  // namespace workloads
