#include "system-under-test/plaza/gateway/server.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>
#include <vector>

#include "system-under-test/plaza/gateway/session.hpp"
#include "system-under-test/plaza/spawn.hpp"

namespace plaza {

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

// After accept() has failed, which it does most often for want of descriptors: give the others time to return some.
constexpr auto kAcceptPause = std::chrono::milliseconds(50);

void tune(tcp::socket& socket, const ServerConfig& config) {
  error_code ignored;  // the connection may be gone already, as the next operation will find out
  socket.set_option(tcp::no_delay(true), ignored);
  if (config.send_buffer_bytes != 0) {
    socket.set_option(asio::socket_base::send_buffer_size(config.send_buffer_bytes), ignored);
  }
}

std::unique_ptr<Store> open_store(const ServerConfig& config) {
  if (config.data_folder.empty()) return nullptr;
  return std::make_unique<Store>(config.data_folder, config.capacity);
}

}  // namespace

class Server::Impl : public std::enable_shared_from_this<Server::Impl> {
 public:
  Impl(const asio::any_io_executor& executor, ServerConfig config, Hooks hooks)
      : store_(open_store(config)), acceptor_(executor, config.listen_on), gateway_(std::make_shared<Gateway>()) {
    gateway_->config = std::move(config);
    gateway_->hooks = std::make_shared<Hooks>(std::move(hooks));
    gateway_->feed = std::make_shared<StockFeed>(executor, gateway_->config.push_interval);
    gateway_->office = std::make_shared<BoxOffice>(executor, gateway_->config, gateway_->hooks, gateway_->feed);
  }

  // Once it may be pointed at.
  void recover() {
    if (!store_) return;
    gateway_->office->recover(std::move(store_), gateway_->config.journal,
                              [weak = weak_from_this()](const std::string& why) {
                                if (const auto self = weak.lock()) self->on_store_lost(why);
                              });
  }

  static asio::awaitable<void> accept_all(std::shared_ptr<Impl> self) {
    asio::steady_timer pause(self->acceptor_.get_executor());
    while (self->acceptor_.is_open()) {
      error_code error;
      tcp::socket socket(self->acceptor_.get_executor());
      co_await self->acceptor_.async_accept(socket, asio::redirect_error(asio::use_awaitable, error));
      if (error == asio::error::operation_aborted) co_return;
      if (error) {
        pause.expires_after(kAcceptPause);
        co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
        continue;
      }
      self->welcome(std::move(socket));
    }
  }

  void welcome(tcp::socket socket) {
    tune(socket, gateway_->config);
    const auto session = std::make_shared<Session>(std::move(socket), gateway_, next_session_id_);
    ++next_session_id_;
    session->start();
  }

  void start() { spawn(acceptor_.get_executor(), accept_all(shared_from_this())); }

  void stop() {
    stop_own_work();
    for (const auto& session : sessions()) session->close(websocket::close_code::going_away, "server is stopping");
  }

  void abandon() {
    gateway_->office->abandon();
    drop_all();
    *gateway_->hooks = Hooks{};
  }

  const tcp::acceptor& acceptor() const { return acceptor_; }
  const Inventory& inventory() const { return gateway_->office->inventory(); }

 private:
  void stop_own_work() {
    error_code ignored;
    acceptor_.close(ignored);
    gateway_->feed->stop();
    gateway_->office->stop();
  }

  void drop_all() {
    stop_own_work();
    for (const auto& session : sessions()) session->abort();
  }

  // What was decided since the last commit is in memory only, and may be what the next decisions hang on: none of it
  // must be told.
  void on_store_lost(const std::string& why) {
    drop_all();
    if (gateway_->hooks->store_lost) gateway_->hooks->store_lost(why);
  }

  // A copy that keeps them alive: sessions may leave the list while it is walked.
  std::vector<std::shared_ptr<Session>> sessions() const {
    std::vector<std::shared_ptr<Session>> all;
    all.reserve(gateway_->sessions.size());
    for (const auto& [id, session] : gateway_->sessions) all.push_back(session->shared_from_this());
    return all;
  }

  std::unique_ptr<Store> store_;  // until recover(); opened before anybody can connect
  tcp::acceptor acceptor_;
  std::shared_ptr<Gateway> gateway_;
  std::uint64_t next_session_id_ = 1;
};

Server::Server(const asio::any_io_executor& executor, ServerConfig config, Hooks hooks)
    : impl_(std::make_shared<Impl>(executor, std::move(config), std::move(hooks))) {
  impl_->recover();
  impl_->start();
}

Server::~Server() { impl_->abandon(); }

void Server::stop() { impl_->stop(); }

tcp::endpoint Server::local_endpoint() const { return impl_->acceptor().local_endpoint(); }

const Inventory& Server::inventory() const { return impl_->inventory(); }

}  // namespace plaza
