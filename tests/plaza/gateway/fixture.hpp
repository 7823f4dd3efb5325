// A gateway on a FakeReplica, and WebSocket clients that say exactly what they are told to, in one event loop.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/websocket/error.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "system-under-test/plaza/gateway/server.hpp"
#include "tests/plaza/gateway/fake_replica.hpp"
#include "tests/plaza/run_loop.hpp"

namespace plaza::test {

namespace websocket = boost::beast::websocket;
using asio::ip::tcp;
using boost::system::error_code;

const TokenKey& test_key();

std::int64_t unix_now();

std::string token_of(const std::string& user, std::int64_t seconds = 1000);

// With the events "concert" (10 seats) and "fair" (1000 tickets without numbers), unless there are others.
struct Plaza {
  explicit Plaza(GatewayConfig its_config = {}, GatewayHooks hooks = {});

  asio::io_context io;
  std::shared_ptr<FakeReplica> replica;
  std::optional<Server> server;
};

asio::awaitable<void> pause(asio::io_context& io, std::chrono::steady_clock::duration time);

// Its WebSocket is fixture.cpp's own: that takes long to compile.
class TestClient {
 public:
  explicit TestClient(asio::io_context& io);
  explicit TestClient(tcp::socket connected);
  ~TestClient();

  // What is below the WebSocket.
  tcp::socket& socket();

  // As this user; or with whatever is asked for; or on a socket that is connected, by this target alone.
  asio::awaitable<void> open(const Plaza& plaza, std::string user = "ann");
  asio::awaitable<void> open_with_token(const Plaza& plaza, std::string token);
  asio::awaitable<void> open_target(std::string target);

  asio::awaitable<void> say(std::string text);
  // The error, if it could not be said.
  asio::awaitable<error_code> try_to_say(std::string text);
  asio::awaitable<void> say_binary(std::string bytes);
  // With a close frame.
  asio::awaitable<void> close();

  // The next message; empty if the connection ends, and then end() says how.
  asio::awaitable<std::string> hear();
  asio::awaitable<std::string> exchange(std::string text);
  // All that comes until the end.
  asio::awaitable<std::vector<std::string>> hear_all();

  error_code end() const { return end_; }
  unsigned close_code() const;
  std::string close_reason() const;
  // A client whose connection holds little that it does not read.
  void read_little();

 private:
  struct WebSocket;
  std::unique_ptr<WebSocket> websocket_;
  error_code end_;
};

}  // namespace plaza::test
