#include "tests/plaza/gateway/fixture.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <utility>

namespace plaza::test {

namespace beast = boost::beast;

const TokenKey& test_key() {
  static const TokenKey key = TokenKey::make(7);
  return key;
}

std::int64_t unix_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string token_of(const std::string& user, std::int64_t seconds) {
  return test_key().sign({.user = user, .expires_unix = unix_now() + seconds});
}

Plaza::Plaza(GatewayConfig its_config, GatewayHooks hooks)
    : replica(std::make_shared<FakeReplica>(io.get_executor(), its_config.bugs)) {
  its_config.token_key = test_key().public_key();
  if (its_config.push_interval == GatewayConfig{}.push_interval) {
    its_config.push_interval = std::chrono::milliseconds(5);
  }
  replica->open("concert", 10);
  replica->open("fair", 1000, false);
  server.emplace(io.get_executor(), its_config, replica, std::move(hooks));
}

asio::awaitable<void> pause(asio::io_context& io, std::chrono::steady_clock::duration time) {
  asio::steady_timer timer(io, time);
  co_await timer.async_wait(asio::use_awaitable);
}

struct TestClient::WebSocket {
  websocket::stream<tcp::socket> stream;
};

TestClient::TestClient(asio::io_context& io) : TestClient(tcp::socket(io)) {}
TestClient::TestClient(tcp::socket connected)
    : websocket_(new WebSocket{websocket::stream<tcp::socket>(std::move(connected))}) {}
TestClient::~TestClient() = default;

tcp::socket& TestClient::socket() { return websocket_->stream.next_layer(); }

asio::awaitable<void> TestClient::open(const Plaza& plaza, std::string user) {
  co_await open_with_token(plaza, token_of(user));
}

asio::awaitable<void> TestClient::open_with_token(const Plaza& plaza, std::string token) {
  if (!socket().is_open()) socket().open(tcp::v4());
  co_await socket().async_connect(plaza.server->local_endpoint(), asio::use_awaitable);
  websocket_->stream.set_option(websocket::stream_base::decorator([token](websocket::request_type& request) {
    request.set(beast::http::field::authorization, "Bearer " + token);
  }));
  co_await open_target("/v1");
}

asio::awaitable<void> TestClient::open_target(std::string target) {
  co_await websocket_->stream.async_handshake("test", target, asio::use_awaitable);
}

asio::awaitable<void> TestClient::say(std::string text) {
  const error_code error = co_await try_to_say(std::move(text));
  if (error) throw boost::system::system_error(error);
}

asio::awaitable<error_code> TestClient::try_to_say(std::string text) {
  error_code error;
  co_await websocket_->stream.async_write(asio::buffer(text), asio::redirect_error(asio::use_awaitable, error));
  co_return error;
}

asio::awaitable<void> TestClient::say_binary(std::string bytes) {
  websocket_->stream.binary(true);
  co_await say(std::move(bytes));
}

asio::awaitable<void> TestClient::close() {
  co_await websocket_->stream.async_close(websocket::close_code::normal, asio::use_awaitable);
}

asio::awaitable<std::string> TestClient::hear() {
  beast::flat_buffer buffer;
  co_await websocket_->stream.async_read(buffer, asio::redirect_error(asio::use_awaitable, end_));
  if (end_) co_return std::string();
  co_return beast::buffers_to_string(buffer.data());
}

asio::awaitable<std::string> TestClient::exchange(std::string text) {
  co_await say(std::move(text));
  co_return co_await hear();
}

asio::awaitable<std::vector<std::string>> TestClient::hear_all() {
  std::vector<std::string> all;
  for (;;) {
    std::string text = co_await hear();
    if (end_) co_return all;
    all.push_back(std::move(text));
  }
}

unsigned TestClient::close_code() const { return websocket_->stream.reason().code; }

std::string TestClient::close_reason() const {
  const auto& reason = websocket_->stream.reason().reason;
  return std::string(reason.data(), reason.size());
}

void TestClient::read_little() {
  socket().open(tcp::v4());
  socket().set_option(asio::socket_base::receive_buffer_size(2048));
}

}  // namespace plaza::test
