#pragma once
// A connection to an echo server, on which one question at a time is asked.
#include <boost/asio.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <chrono>
#include <optional>
#include <string>

namespace echo {

class Client {
 public:
  explicit Client(boost::asio::any_io_executor executor) : socket_(executor), timer_(executor) {}

  boost::asio::awaitable<void> connect(std::string host, std::string port) {
    boost::asio::ip::tcp::resolver resolver(socket_.get_executor());
    const auto found = co_await resolver.async_resolve(host, port, boost::asio::use_awaitable);
    co_await boost::asio::async_connect(socket_, found, boost::asio::use_awaitable);
  }

  // The answer to `question`, a line; none if it takes longer than 15 ms.
  boost::asio::awaitable<std::optional<std::string>> ask(std::string question) {
    using namespace boost::asio::experimental::awaitable_operators;
    question += '\n';
    co_await boost::asio::async_write(socket_, boost::asio::buffer(question), boost::asio::use_awaitable);
    timer_.expires_after(std::chrono::milliseconds(15));
    const auto first = co_await (read_line() || timer_.async_wait(boost::asio::use_awaitable));
    if (first.index() == 1) co_return std::nullopt;
    co_return std::get<0>(first);
  }

 private:
  boost::asio::awaitable<std::string> read_line() {
    const std::size_t size = co_await boost::asio::async_read_until(socket_, boost::asio::dynamic_buffer(received_), '\n',
                                                                    boost::asio::use_awaitable);
    const std::string line = received_.substr(0, size - 1);
    received_.erase(0, size);
    co_return line;
  }

  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  std::string received_;
};

}  // namespace echo
