#include "system-under-test/plaza/gateway/server.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stillpoint/annotate.hpp>
#include <utility>
#include <vector>

#include "system-under-test/plaza/gateway/gateway.hpp"
#include "system-under-test/plaza/gateway/http.hpp"
#include "system-under-test/plaza/gateway/session.hpp"
#include "system-under-test/plaza/spawn.hpp"

namespace plaza {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

// After accept() has failed, which it does most often for want of descriptors: give the others time to return some.
constexpr auto kAcceptPause = std::chrono::milliseconds(50);

// Beyond the sessions: for /healthz and /metrics, and for those who are told that there are too many.
constexpr std::size_t kHttpConnectionsMost = 256;

void tune(tcp::socket& socket, const GatewayConfig& config) {
  error_code ignored;  // the connection may be gone already, as the next operation will find out
  socket.set_option(tcp::no_delay(true), ignored);
  if (config.send_buffer_bytes != 0) {
    socket.set_option(asio::socket_base::send_buffer_size(config.send_buffer_bytes), ignored);
  }
}

// All sessions that there are, in the order of their ids, some in each turn of the event loop. They may come and go.
asio::awaitable<void> each_session(std::shared_ptr<Gateway> gateway, void (*visit)(Session& session)) {
  std::uint64_t last = 0;
  for (;;) {
    for (std::size_t left = gateway->config.push_portion; left > 0; --left) {
      const auto next = gateway->sessions.upper_bound(last);
      if (next == gateway->sessions.end()) co_return;
      last = next->first;
      visit(*next->second->shared_from_this());
    }
    co_await asio::post(gateway->executor, asio::use_awaitable);
  }
}

}  // namespace

class Server::Impl : public std::enable_shared_from_this<Server::Impl> {
 public:
  Impl(const asio::any_io_executor& executor, GatewayConfig config, std::shared_ptr<Replica> replica,
       GatewayHooks hooks)
      : acceptor_(executor, config.listen_on),
        gateway_(std::make_shared<Gateway>(executor, std::move(config), std::move(replica), std::move(hooks))),
        idle_timer_(executor),
        left_timer_(executor) {}

  // Once it may be pointed at.
  void start() {
    gateway_->replica->on_applied([weak = std::weak_ptr<Feed>(gateway_->feed)](const Machine::Applied* applied) {
      if (const auto feed = weak.lock()) feed->on_applied(applied);
    });
    gateway_->session_left = [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (self && self->gateway_->sessions.empty()) self->left_timer_.cancel();
    };
    spawn(gateway_->executor, accept_all(shared_from_this()));
    spawn(gateway_->executor, check_idle(shared_from_this()));
  }

  static asio::awaitable<void> drain(std::shared_ptr<Impl> self, SteadyClock::time_point deadline) {
    self->gateway_->is_draining = true;
    const auto now = SteadyClock::now();
    const auto half = now + (deadline - now) / 2;
    co_await each_session(self->gateway_, [](Session& session) { session.drain(); });
    co_await until_sessions_have_left(self, half);
    co_await each_session(self->gateway_, [](Session& session) {
      if (session.is_open()) session.close(CloseCode::going_away);
    });
    co_await until_sessions_have_left(self, deadline);
    STILLPOINT_SOMETIMES(self->gateway_->sessions.empty(), "all clients have gone before the node ends");
    self->drop_all();
  }

  void abandon() {
    drop_all();
    gateway_->hooks = GatewayHooks{};
  }

  tcp::endpoint local_endpoint() const { return acceptor_.local_endpoint(); }
  const Gateway& gateway() const { return *gateway_; }

 private:
  static asio::awaitable<void> accept_all(std::shared_ptr<Impl> self) {
    asio::steady_timer pause(self->gateway_->executor);
    while (self->acceptor_.is_open()) {
      error_code error;
      tcp::socket socket(self->gateway_->executor);
      co_await self->acceptor_.async_accept(socket, asio::redirect_error(asio::use_awaitable, error));
      if (error == asio::error::operation_aborted) co_return;
      if (error) {
        self->gateway_->metrics.count_accept_error();
        pause.expires_after(kAcceptPause);
        co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
        continue;
      }
      self->welcome(std::move(socket));
    }
  }

  static asio::awaitable<void> check_idle(std::shared_ptr<Impl> self) {
    while (self->acceptor_.is_open()) {
      error_code error;
      self->idle_timer_.expires_after(self->gateway_->config.idle_timeout / 4);
      co_await self->idle_timer_.async_wait(asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return;
      co_await each_session(self->gateway_, [](Session& session) { session.check_idle(); });
    }
  }

  static asio::awaitable<void> until_sessions_have_left(std::shared_ptr<Impl> self, SteadyClock::time_point deadline) {
    while (!self->gateway_->sessions.empty() && SteadyClock::now() < deadline) {
      error_code woken;
      self->left_timer_.expires_at(deadline);
      co_await self->left_timer_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
  }

  void welcome(tcp::socket socket) {
    gateway_->metrics.count_connection();
    if (gateway_->http_connections.size() >= kHttpConnectionsMost + gateway_->config.sessions_most -
                                                 std::min(gateway_->config.sessions_most, gateway_->sessions.size())) {
      return;  // not even an answer
    }
    tune(socket, gateway_->config);
    std::make_shared<HttpConnection>(std::move(socket), gateway_)->start();
  }

  void drop_all() {
    error_code ignored;
    acceptor_.close(ignored);
    gateway_->feed->stop();
    idle_timer_.cancel();
    left_timer_.cancel();
    // Copies that keep them alive: they leave the lists while these are walked.
    std::vector<std::shared_ptr<Session>> sessions;
    for (const auto& [id, session] : gateway_->sessions) sessions.push_back(session->shared_from_this());
    std::vector<std::shared_ptr<HttpConnection>> connections;
    for (const auto& [id, connection] : gateway_->http_connections)
      connections.push_back(connection->shared_from_this());
    for (const auto& session : sessions) session->abort();
    for (const auto& connection : connections) connection->abort();
  }

  tcp::acceptor acceptor_;
  std::shared_ptr<Gateway> gateway_;
  asio::steady_timer idle_timer_;
  asio::steady_timer left_timer_;  // cancelled when no session is left
};

Server::Server(const asio::any_io_executor& executor, GatewayConfig config, std::shared_ptr<Replica> replica,
               GatewayHooks hooks)
    : impl_(std::make_shared<Impl>(executor, std::move(config), std::move(replica), std::move(hooks))) {
  impl_->start();
}

Server::~Server() { abandon(); }

asio::awaitable<void> Server::drain(SteadyClock::time_point deadline) { return Impl::drain(impl_, deadline); }

void Server::abandon() { impl_->abandon(); }

tcp::endpoint Server::local_endpoint() const { return impl_->local_endpoint(); }

GatewayView Server::view(std::size_t shown_most) const { return impl_->gateway().view(shown_most); }

const Metrics& Server::metrics() const { return impl_->gateway().metrics; }

}  // namespace plaza
