#include "system-under-test/plaza/gateway/http.hpp"

#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <optional>
#include <utility>
#include <variant>

#include "system-under-test/plaza/gateway/session.hpp"
#include "system-under-test/plaza/spawn.hpp"

namespace plaza {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::size_t kLingerBytes = 256 * 1024;

// How to answer what could not be read. None: there is nobody to answer, or nothing to be said.
std::optional<HttpResponse> response_to(error_code error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return http_error(http::status::request_header_fields_too_large, "header_too_large");
  }
  const bool is_malformed = error.category() == http::make_error_code(http::error::bad_method).category();
  if (!is_malformed || error == http::error::end_of_stream) return std::nullopt;
  return bad_request();
}

}  // namespace

HttpConnection::HttpConnection(tcp::socket socket, std::shared_ptr<Gateway> gateway)
    : socket_(std::move(socket)),
      gateway_(std::move(gateway)),
      id_(gateway_->next_id++),
      timer_(socket_.get_executor()) {
  gateway_->http_connections.emplace(id_, this);
}

HttpConnection::~HttpConnection() { gateway_->http_connections.erase(id_); }

void HttpConnection::start() { spawn(socket_.get_executor(), run(shared_from_this())); }

void HttpConnection::abort() {
  timer_.cancel();
  error_code ignored;
  socket_.close(ignored);
}

asio::awaitable<void> HttpConnection::run(std::shared_ptr<HttpConnection> self) {
  bool may_go_on = true;
  while (may_go_on) may_go_on = co_await serve_one(self);
  if (!self->is_handed_over_) self->abort();
  self->timer_.cancel();
}

asio::awaitable<bool> HttpConnection::serve_one(std::shared_ptr<HttpConnection> self) {
  http::request_parser<http::empty_body> parser;
  parser.header_limit(static_cast<std::uint32_t>(self->gateway_->config.header_bytes_most));
  self->limit_time();
  error_code error;
  co_await http::async_read_header(self->socket_, self->buffer_, parser,
                                   asio::redirect_error(asio::use_awaitable, error));
  if (error) {
    auto refusal = response_to(error);
    if (!refusal) co_return false;
    refusal->keep_alive(false);
    co_await write(self, std::move(*refusal));
    co_await linger(self);
    co_return false;
  }
  const HttpRequest& request = parser.get();
  auto routed = route(*self->gateway_, request);
  if (auto* identity = std::get_if<Session::Identity>(&routed)) {
    if (self->buffer_.size() == 0 && parser.is_done()) {
      self->is_handed_over_ = true;
      const auto session = std::make_shared<Session>(std::move(self->socket_), self->gateway_, std::move(*identity));
      session->start(parser.release());
      co_return false;
    }
    // A body, or frames before there is a WebSocket: nothing that a client may send.
    routed = bad_request();
  }
  HttpResponse& response = std::get<HttpResponse>(routed);
  // What follows a request whose body is not read cannot be understood.
  const bool may_go_on = parser.is_done() && request.keep_alive() && response.keep_alive();
  response.version(request.version());
  response.keep_alive(may_go_on);
  response.content_length(response.body().size());
  if (request.method() == http::verb::head) response.body().clear();
  co_await write(self, std::move(response));
  if (!may_go_on) co_await linger(self);
  co_return may_go_on;
}

asio::awaitable<void> HttpConnection::write(std::shared_ptr<HttpConnection> self, HttpResponse response) {
  if (!response.has_content_length()) response.content_length(response.body().size());
  self->gateway_->metrics.count_http(response.result_int());
  error_code error;
  co_await http::async_write(self->socket_, response, asio::redirect_error(asio::use_awaitable, error));
}

asio::awaitable<void> HttpConnection::linger(std::shared_ptr<HttpConnection> self) {
  error_code error;
  self->socket_.shutdown(tcp::socket::shutdown_send, error);
  std::array<char, 4096> scratch;
  std::size_t bytes = 0;
  while (!error && bytes < kLingerBytes) {
    bytes +=
        co_await self->socket_.async_read_some(asio::buffer(scratch), asio::redirect_error(asio::use_awaitable, error));
  }
}

void HttpConnection::limit_time() {
  timer_.expires_after(gateway_->config.http_timeout);
  timer_.async_wait([weak = weak_from_this()](error_code error) {
    const auto self = weak.lock();
    if (self && !error && !self->is_handed_over_) self->abort();
  });
}

}  // namespace plaza
