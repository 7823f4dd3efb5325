// A gateway on a FakeReplica, and WebSocket clients that say exactly what they are told to, in one event loop.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "system-under-test/plaza/gateway/server.hpp"
#include "tests/plaza/gateway/fake_replica.hpp"
#include "tests/plaza/run_loop.hpp"

namespace plaza::test {

namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using asio::ip::tcp;
using boost::system::error_code;

inline const TokenKey& test_key() {
  static const TokenKey key = TokenKey::make(7);
  return key;
}

inline std::int64_t unix_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

inline std::string token_of(const std::string& user, std::int64_t seconds = 1000) {
  return test_key().sign({.user = user, .expires_unix = unix_now() + seconds});
}

// With the events "concert" (10 seats) and "fair" (1000 tickets without numbers), unless there are others.
struct Plaza {
  explicit Plaza(GatewayConfig its_config = {}, GatewayHooks hooks = {})
      : replica(std::make_shared<FakeReplica>(io.get_executor(), its_config.bugs)) {
    its_config.token_key = test_key().public_key();
    if (its_config.push_interval == GatewayConfig{}.push_interval) {
      its_config.push_interval = std::chrono::milliseconds(5);
    }
    replica->open("concert", 10);
    replica->open("fair", 1000, false);
    server.emplace(io.get_executor(), its_config, replica, std::move(hooks));
  }

  asio::io_context io;
  std::shared_ptr<FakeReplica> replica;
  std::optional<Server> server;
};

inline asio::awaitable<void> pause(asio::io_context& io, std::chrono::steady_clock::duration time) {
  asio::steady_timer timer(io, time);
  co_await timer.async_wait(asio::use_awaitable);
}

class TestClient {
 public:
  explicit TestClient(asio::io_context& io) : stream_(io) {}

  websocket::stream<tcp::socket>& stream() { return stream_; }

  // As this user; or with whatever is asked for.
  asio::awaitable<void> open(const Plaza& plaza, std::string user = "ann") {
    co_await open_with_token(plaza, token_of(user));
  }
  asio::awaitable<void> open_with_token(const Plaza& plaza, std::string token) {
    if (!stream_.next_layer().is_open()) stream_.next_layer().open(tcp::v4());
    co_await stream_.next_layer().async_connect(plaza.server->local_endpoint(), asio::use_awaitable);
    stream_.set_option(websocket::stream_base::decorator([token](websocket::request_type& request) {
      request.set(beast::http::field::authorization, "Bearer " + token);
    }));
    co_await stream_.async_handshake("test", "/v1", asio::use_awaitable);
  }

  asio::awaitable<void> say(std::string text) { co_await stream_.async_write(asio::buffer(text), asio::use_awaitable); }

  // The next message; empty if the connection ends, and then end() says how.
  asio::awaitable<std::string> hear() {
    beast::flat_buffer buffer;
    co_await stream_.async_read(buffer, asio::redirect_error(asio::use_awaitable, end_));
    if (end_) co_return std::string();
    co_return beast::buffers_to_string(buffer.data());
  }
  asio::awaitable<std::string> exchange(std::string text) {
    co_await say(std::move(text));
    co_return co_await hear();
  }
  // All that comes until the end.
  asio::awaitable<std::vector<std::string>> hear_all() {
    std::vector<std::string> all;
    for (;;) {
      std::string text = co_await hear();
      if (end_) co_return all;
      all.push_back(std::move(text));
    }
  }

  error_code end() const { return end_; }
  unsigned close_code() const { return stream_.reason().code; }
  std::string close_reason() const {
    return std::string(stream_.reason().reason.data(), stream_.reason().reason.size());
  }
  // A client whose connection holds little that it does not read.
  void read_little() {
    stream_.next_layer().open(tcp::v4());
    stream_.next_layer().set_option(asio::socket_base::receive_buffer_size(2048));
  }

 private:
  websocket::stream<tcp::socket> stream_;
  error_code end_;
};

}  // namespace plaza::test
