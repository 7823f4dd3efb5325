// One connection of one client: the WebSocket handshake, reading requests, writing answers and pushes.
//
// A session keeps itself alive for as long as one of its operations is pending, and enters and leaves the list of its
// server by itself. One message is written at a time. The others wait in a queue of bounded length; a client that lets
// it overflow is disconnected (policy error, "slow consumer"). Stock pushes cannot overflow it: at most one has a place
// in the queue, and a newer push takes over the place of the one that has not been sent yet.
//
// Requests that need a payment do not hold up those that follow: answers may come in another order than the requests.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string_view>

#include "system-under-test/plaza/gateway/box_office.hpp"
#include "system-under-test/plaza/gateway/config.hpp"
#include "system-under-test/plaza/gateway/hooks.hpp"
#include "system-under-test/plaza/gateway/stock_feed.hpp"

namespace plaza {

class Session;

// What the sessions of one server share.
struct Gateway {
  ServerConfig config;
  std::shared_ptr<Hooks> hooks;
  std::shared_ptr<StockFeed> feed;
  std::shared_ptr<BoxOffice> office;
  std::map<std::uint64_t, Session*> sessions;  // by id; each enters and removes itself
};

class Session final : public StockWatcher, public std::enable_shared_from_this<Session> {
 public:
  Session(boost::asio::ip::tcp::socket socket, std::shared_ptr<Gateway> gateway, std::uint64_t id);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void start();

  // Says goodbye. What is queued is not sent any more. If the client does not answer in time, the connection is
  // dropped, and so it is if this is called again, or before the opening handshake is over.
  void close(boost::beast::websocket::close_code code, std::string_view reason);

  // Drops the connection without a word.
  void abort();

  void push_stock(Version version, const SharedText& text) override;

 private:
  static boost::asio::awaitable<void> run(std::shared_ptr<Session> self);
  static boost::asio::awaitable<void> serve_payment(std::shared_ptr<Session> self, Request request);
  void handle_frame(std::string_view text);
  void handle(const Request& request);
  void reply(const Request& request, const Response& response);
  void answer(const Request& request, const Response& response);
  void send(SharedText text);
  void write_next();
  void on_written(boost::system::error_code error);
  SharedText take_front();

  // The second argument leaves out permessage-deflate, whose state is large.
  boost::beast::websocket::stream<boost::asio::ip::tcp::socket, false> stream_;
  std::shared_ptr<Gateway> gateway_;
  std::uint64_t id_;
  boost::beast::flat_buffer inbound_;

  std::deque<SharedText> outbound_;  // a null entry is the place of the pending push
  SharedText pending_push_;
  SharedText in_flight_;
  std::optional<Version> pushed_version_;

  bool open_ = false;  // from the end of the opening handshake to the beginning of the end
  std::unique_ptr<boost::asio::steady_timer> close_timer_;
};

}  // namespace plaza
