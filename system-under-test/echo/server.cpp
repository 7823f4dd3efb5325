// echo-server PORT: answers each line with the same line.
#include <boost/asio.hpp>
#include <iostream>
#include <string>

namespace asio = boost::asio;
using asio::ip::tcp;

asio::awaitable<void> serve(tcp::socket socket) {
  std::string received;
  const auto buffer = asio::dynamic_buffer(received);
  try {
    for (;;) {
      const std::size_t size = co_await asio::async_read_until(socket, buffer, '\n', asio::use_awaitable);
      co_await asio::async_write(socket, asio::buffer(received, size), asio::use_awaitable);
      received.erase(0, size);
    }
  } catch (const boost::system::system_error&) {
    // The client has gone.
  }
}

asio::awaitable<void> listen(std::uint16_t port) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  tcp::acceptor acceptor(executor, {tcp::v4(), port});
  std::cout << "listening on port " << port << std::endl;
  for (;;) {
    tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
    asio::co_spawn(executor, serve(std::move(socket)), asio::detached);
  }
}

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: echo-server PORT\n";
    return 2;
  }
  asio::io_context context;
  asio::co_spawn(context, listen(static_cast<std::uint16_t>(std::stoi(argv[1]))), [](std::exception_ptr failed) {
    if (failed) std::rethrow_exception(failed);
  });
  context.run();
}
