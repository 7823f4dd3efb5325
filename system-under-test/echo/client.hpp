#pragma once
// A connection to an echo server, on which one question is asked at a time.
#include <boost/asio.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <chrono>
#include <optional>
#include <string>

namespace echo {

namespace asio = boost::asio;

class Client {
 public:
  explicit Client(asio::any_io_executor executor) : socket_(executor), timer_(executor) {}

  asio::awaitable<void> connect(std::string host, std::string port) {
    asio::ip::tcp::resolver resolver(socket_.get_executor());
    const auto found = co_await resolver.async_resolve(host, port, asio::use_awaitable);
    co_await asio::async_connect(socket_, found, asio::use_awaitable);
  }

  // The answer to a question of one line; none if it takes longer than 15 ms.
  asio::awaitable<std::optional<std::string>> ask(std::string question) {
    using namespace asio::experimental::awaitable_operators;
    question += '\n';
    co_await asio::async_write(socket_, asio::buffer(question), asio::use_awaitable);
    timer_.expires_after(std::chrono::milliseconds(15));
    const auto first = co_await (read_line() || timer_.async_wait(asio::use_awaitable));
    if (first.index() == 1) co_return std::nullopt;
    co_return std::get<0>(first);
  }

 private:
  asio::awaitable<std::string> read_line() {
    const auto buffer = asio::dynamic_buffer(received_);
    const std::size_t size = co_await asio::async_read_until(socket_, buffer, '\n', asio::use_awaitable);
    const std::string line = received_.substr(0, size - 1);
    received_.erase(0, size);
    co_return line;
  }

  asio::ip::tcp::socket socket_;
  asio::steady_timer timer_;
  std::string received_;
};

}  // namespace echo
