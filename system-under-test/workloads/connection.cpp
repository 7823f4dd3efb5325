#include "system-under-test/workloads/connection.hpp"

#include <stdexcept>
#include <string>
#include <utility>

namespace workloads {

Connection::Connection(boost::asio::ip::tcp::socket socket, std::string_view owner, std::size_t message_bytes)
    : socket_(std::move(socket)), owner_(owner), message_bytes_(message_bytes) {
  if (message_bytes < 1 || message_bytes > kMessageBytesMax) {
    throw std::invalid_argument(std::string(owner) + ": message_bytes must be 1 to " +
                                std::to_string(kMessageBytesMax));
  }
}

void Connection::set_no_delay() {
  boost::system::error_code error;
  socket_.set_option(boost::asio::ip::tcp::no_delay(true), error);
  if (error) fail(owner_, "set TCP_NODELAY", error);
}

void Connection::close() {
  boost::system::error_code error;
  socket_.close(error);
  if (error) fail(owner_, "close", error);
}

}  // namespace workloads
