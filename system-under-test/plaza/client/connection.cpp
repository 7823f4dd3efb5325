#include "system-under-test/plaza/client/connection.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/system/errc.hpp>
#include <utility>
#include <variant>

#include "system-under-test/plaza/spawn.hpp"

namespace plaza {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

// Requests are short; what does not fit goes out in pieces of this size.
constexpr std::size_t kWriteBufferBytes = 512;

// More than anything that a user can hold or own.
constexpr std::size_t kMessageBytesMost = 1 << 20;

std::string host_of(const tcp::endpoint& server) {
  const std::string address = server.address().to_string();
  const std::string host = server.address().is_v6() ? "[" + address + "]" : address;
  return host + ":" + std::to_string(server.port());
}

// Without a token the node believes the name that it is told. RFC 3986, section 2.3, has what needs no escape.
std::string path_for(const ClientConfig& config) {
  std::string path(kProtocolPath);
  if (!config.token.empty()) return path;
  constexpr std::string_view kHex = "0123456789ABCDEF";
  constexpr std::string_view kUnreserved = "-._~";
  path += "?user=";
  for (const char letter : config.user) {
    const auto byte = static_cast<unsigned char>(letter);
    const bool plain = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                       (letter >= '0' && letter <= '9') || kUnreserved.find(letter) != std::string_view::npos;
    if (plain) {
      path += letter;
    } else {
      path += '%';
      path += kHex[byte >> 4];
      path += kHex[byte & 0xf];
    }
  }
  return path;
}

}  // namespace

Connection::Connection(const asio::any_io_executor& executor, const ClientConfig& config, Callbacks callbacks)
    : stream_(executor), config_(config), callbacks_(std::move(callbacks)) {
  auto timeouts = websocket::stream_base::timeout::suggested(beast::role_type::client);
  timeouts.handshake_timeout = config_.handshake_timeout;
  timeouts.idle_timeout = websocket::stream_base::none();
  if (config_.idle_timeout > ClientConfig::Duration::zero()) {
    timeouts.idle_timeout = config_.idle_timeout;
    timeouts.keep_alive_pings = true;
  }
  stream_.set_option(timeouts);
  if (!config_.token.empty()) {
    stream_.set_option(
        websocket::stream_base::decorator([bearer = "Bearer " + config_.token](websocket::request_type& upgrade) {
          upgrade.set(http::field::authorization, bearer);
        }));
  }
  stream_.auto_fragment(false);
  stream_.write_buffer_bytes(kWriteBufferBytes);
  stream_.read_message_max(kMessageBytesMost);
  stream_.text(true);
}

asio::awaitable<error_code> Connection::open(std::shared_ptr<Connection> self, tcp::endpoint server) {
  error_code error;
  beast::tcp_stream& transport = self->stream_.next_layer();
  transport.expires_after(self->config_.handshake_timeout);
  co_await transport.async_connect(server, asio::redirect_error(asio::use_awaitable, error));
  if (!error && self->aborted_) error = asio::error::connection_aborted;
  if (error) co_return error;
  transport.expires_never();  // from here on the WebSocket has its own timeouts
  transport.socket().set_option(tcp::no_delay(true), error);
  if (error) co_return error;

  websocket::response_type response;
  const std::string host = host_of(server);
  const std::string path = path_for(self->config_);
  co_await self->stream_.async_handshake(response, host, path, asio::redirect_error(asio::use_awaitable, error));
  if (!error && self->aborted_) error = asio::error::connection_aborted;
  if (error == websocket::error::upgrade_declined) {
    const http::status status = response.result();
    if (status == http::status::unauthorized || status == http::status::forbidden) {
      error = make_error_code(boost::system::errc::permission_denied);
    }
  }
  if (error) co_return error;
  self->open_ = true;
  spawn(self->stream_.get_executor(), read_all(self));
  co_return error;
}

asio::awaitable<CallResult> Connection::call(std::shared_ptr<Connection> self, Request request,
                                             std::chrono::steady_clock::time_point deadline) {
  CallResult result;
  if (!self->open_) {
    result.error = asio::error::not_connected;
    co_return result;
  }
  const auto waiting = std::make_shared<Waiting>(self->stream_.get_executor());
  if (!self->calls_.emplace(request.id, waiting).second) {
    result.error = asio::error::already_started;
    co_return result;
  }
  waiting->wake.expires_at(deadline);
  self->send(encode(request));

  error_code woken;
  co_await waiting->wake.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  const auto mine = self->calls_.find(request.id);
  if (mine != self->calls_.end() && mine->second == waiting) {
    self->calls_.erase(mine);
    self->close_if_left();
  }

  // An answer that came in the very moment of the deadline still counts.
  if (waiting->response) {
    result.response = *waiting->response;
  } else if (waiting->error) {
    result.error = waiting->error;
  } else {
    result.error = woken ? woken : error_code(asio::error::timed_out);
  }
  co_return result;
}

asio::awaitable<error_code> Connection::close(std::shared_ptr<Connection> self) {
  error_code error;
  if (!self->open_) co_return error;
  self->end(asio::error::connection_aborted);

  // The closing handshake has a time limit of its own, but begins only when a message that is being written is through.
  asio::steady_timer limit(self->stream_.get_executor(), self->config_.handshake_timeout);
  limit.async_wait([weak = self->weak_from_this()](error_code expired) {
    const auto connection = weak.lock();
    if (connection && !expired) connection->abort(asio::error::timed_out);
  });
  const websocket::close_reason why(websocket::close_code::normal);
  co_await self->stream_.async_close(why, asio::redirect_error(asio::use_awaitable, error));
  co_return error;
}

void Connection::leave() {
  left_ = true;
  close_if_left();
}

void Connection::close_if_left() {
  if (!left_ || !open_ || !calls_.empty()) return;
  const auto say_goodbye = [](std::shared_ptr<Connection> self) -> asio::awaitable<void> { co_await close(self); };
  spawn(stream_.get_executor(), say_goodbye(shared_from_this()));
}

void Connection::abort(error_code why) {
  aborted_ = true;
  stream_.next_layer().close();
  end(why);
}

asio::awaitable<void> Connection::read_all(std::shared_ptr<Connection> self) {
  error_code error;
  while (self->open_) {
    co_await self->stream_.async_read(self->inbound_, asio::redirect_error(asio::use_awaitable, error));
    if (error) break;
    const asio::const_buffer frame = self->inbound_.cdata();
    const bool understood = self->dispatch({static_cast<const char*>(frame.data()), frame.size()});
    self->inbound_.consume(self->inbound_.size());
    if (!understood) {
      error = websocket::error::bad_data_frame;
      break;
    }
  }
  if (self->open_) self->abort(error);
}

// False if the text is nothing that a server says.
bool Connection::dispatch(std::string_view text) {
  const auto message = decode_server_message(text);
  if (const auto* response = std::get_if<Response>(&message)) {
    answer(*response);
  } else if (const auto* event = std::get_if<EventPush>(&message)) {
    if (open_) callbacks_.on_push(*event);
  } else if (const auto* user = std::get_if<UserPush>(&message)) {
    if (open_) callbacks_.on_push(*user);
  } else if (const auto* said = std::get_if<ServerPush>(&message)) {
    if (open_ && said->reconnect) callbacks_.on_leave(*this);
  } else {
    return false;
  }
  return true;
}

void Connection::answer(const Response& response) {
  const auto call = calls_.find(response.id);
  if (call == calls_.end()) return;  // it has given up
  const std::shared_ptr<Waiting> waiting = call->second;
  calls_.erase(call);
  waiting->response = response;
  waiting->wake.cancel();
  callbacks_.on_response(*this, response);
  close_if_left();
}

void Connection::end(error_code why) {
  const bool was_open = std::exchange(open_, false);
  outbound_.resize(outbound_.empty() ? 0 : 1);
  const auto calls = std::exchange(calls_, {});
  for (const auto& [id, waiting] : calls) {
    waiting->error = why;
    waiting->wake.cancel();
  }
  if (was_open) callbacks_.on_end(*this, why);
}

void Connection::send(std::string text) {
  outbound_.push_back(std::move(text));
  if (outbound_.size() == 1) write_next();
}

void Connection::write_next() {
  stream_.async_write(asio::buffer(outbound_.front()), [self = shared_from_this()](error_code error, std::size_t) {
    self->outbound_.pop_front();
    if (!self->open_) return;
    if (error) return self->abort(error);
    if (!self->outbound_.empty()) self->write_next();
  });
}

}  // namespace plaza
