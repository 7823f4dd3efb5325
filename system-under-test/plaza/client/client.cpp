#include "system-under-test/plaza/client/client.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <utility>

#include "system-under-test/plaza/client/connection.hpp"

namespace plaza {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

namespace {

// Half of the pause is certain, half is drawn: clients that failed together do not come back together.
Clock::duration with_jitter(Clock::duration pause, const RetryPolicy& policy) {
  if (!policy.jitter) return pause;
  const Clock::duration half = pause / 2;
  const auto span = static_cast<std::uint64_t>(half.count()) + 1;
  return half + Clock::duration(static_cast<Clock::rep>(policy.jitter() % span));
}

bool is_final(const CallResult& result) {
  if (result.error) return false;
  return result.response.error != Error::in_progress && result.response.error != Error::unavailable;
}

}  // namespace

class Client::Impl : public std::enable_shared_from_this<Client::Impl> {
 public:
  Impl(const asio::any_io_executor& executor, ClientConfig config)
      : executor_(executor), config_(config), connected_(executor) {}

  static asio::awaitable<error_code> connect(std::shared_ptr<Impl> self, tcp::endpoint server) {
    self->server_ = server;
    self->closing_ = false;
    self->drop();
    co_return co_await reconnect(self);
  }

  static asio::awaitable<CallResult> call(std::shared_ptr<Impl> self, Request request, Clock::time_point deadline) {
    if (self->is_connected()) co_return co_await Connection::call(self->connection_, std::move(request), deadline);
    CallResult result;
    result.error = asio::error::not_connected;
    co_return result;
  }

  static asio::awaitable<CallResult> call_with_retries(std::shared_ptr<Impl> self, Request request,
                                                       RetryPolicy policy) {
    CallResult result;
    result.error = asio::error::not_connected;
    Clock::duration backoff = policy.backoff_first;
    for (int attempt = 1; attempt <= policy.attempts_max; ++attempt) {
      if (self->closing_) break;
      const error_code connected = co_await reconnect(self);
      if (connected) {
        result.error = connected;
      } else {
        const Clock::time_point deadline = Clock::now() + policy.attempt_timeout;
        result = co_await call(self, request, deadline);
      }
      if (is_final(result) || attempt == policy.attempts_max || self->closing_) break;

      const Clock::duration pause = with_jitter(backoff, policy);
      backoff = std::min(backoff * 2, policy.backoff_max);
      asio::steady_timer timer(self->executor_, pause);
      error_code ignored;
      co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    co_return result;
  }

  static asio::awaitable<error_code> close(std::shared_ptr<Impl> self) {
    self->closing_ = true;
    const std::shared_ptr<Connection> connection = std::exchange(self->connection_, nullptr);
    error_code error;
    if (connection) error = co_await Connection::close(connection);
    co_return error;
  }

  void abandon() {
    closing_ = true;
    on_stock_ = nullptr;
    drop();
  }

  void on_stock(std::function<void(const StockPush&)> callback) { on_stock_ = std::move(callback); }

  bool is_connected() const { return connection_ && connection_->is_open(); }
  std::uint64_t connections() const { return connections_; }

 private:
  // However many calls find the connection broken, one of them mends it and the others wait for the outcome.
  static asio::awaitable<error_code> reconnect(std::shared_ptr<Impl> self) {
    error_code error;
    if (self->is_connected()) co_return error;
    if (!self->server_) co_return asio::error::not_connected;
    if (self->connecting_) {
      co_await self->connected_.async_wait(asio::redirect_error(asio::use_awaitable, error));
      co_return self->connect_error_;
    }
    self->connecting_ = true;
    self->connected_.expires_at(Clock::time_point::max());
    const auto connection = std::make_shared<Connection>(self->executor_, self->config_, self->stock_forwarder());
    error = co_await Connection::open(connection, *self->server_);
    if (!error && self->closing_) {
      error = asio::error::connection_aborted;
      connection->abort(error);
    }
    if (!error) {
      self->connection_ = connection;
      ++self->connections_;
    }
    self->connecting_ = false;
    self->connect_error_ = error;
    self->connected_.cancel();
    co_return error;
  }

  Connection::OnStock stock_forwarder() {
    return [weak = weak_from_this()](const StockPush& push) {
      const auto self = weak.lock();
      if (self && self->on_stock_) self->on_stock_(push);
    };
  }

  void drop() {
    const std::shared_ptr<Connection> connection = std::exchange(connection_, nullptr);
    if (connection) connection->abort(asio::error::connection_aborted);
  }

  asio::any_io_executor executor_;
  ClientConfig config_;
  std::function<void(const StockPush&)> on_stock_;
  std::optional<tcp::endpoint> server_;
  std::shared_ptr<Connection> connection_;
  std::uint64_t connections_ = 0;
  bool closing_ = false;

  bool connecting_ = false;
  asio::steady_timer connected_;  // never expires; cancelled when connecting has ended
  error_code connect_error_;
};

Client::Client(const asio::any_io_executor& executor, ClientConfig config)
    : impl_(std::make_shared<Impl>(executor, config)) {}

Client::~Client() { impl_->abandon(); }

void Client::on_stock(std::function<void(const StockPush&)> callback) { impl_->on_stock(std::move(callback)); }

asio::awaitable<error_code> Client::connect(tcp::endpoint server) { return Impl::connect(impl_, std::move(server)); }

bool Client::is_connected() const { return impl_->is_connected(); }

std::uint64_t Client::connections() const { return impl_->connections(); }

asio::awaitable<CallResult> Client::call(Request request, Clock::time_point deadline) {
  return Impl::call(impl_, std::move(request), deadline);
}

asio::awaitable<CallResult> Client::call_with_retries(Request request, RetryPolicy policy) {
  return Impl::call_with_retries(impl_, std::move(request), std::move(policy));
}

asio::awaitable<error_code> Client::close() { return Impl::close(impl_); }

}  // namespace plaza
