// One WebSocket connection of a client, from a successful opening handshake to its end. It is never reopened: whoever
// reconnects makes another one, so that no answer can reach a call that was sent elsewhere.
//
// Its reader keeps it alive until the connection is over. When it ends, all outstanding calls end with the reason.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "system-under-test/plaza/client/client.hpp"

namespace plaza {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using OnStock = std::function<void(const StockPush&)>;

  Connection(const boost::asio::any_io_executor& executor, const ClientConfig& config, OnStock on_stock);

  // Connects and shakes hands; after success the connection is open and is being read.
  static boost::asio::awaitable<boost::system::error_code> open(std::shared_ptr<Connection> self,
                                                                boost::asio::ip::tcp::endpoint server);

  bool is_open() const { return open_; }

  static boost::asio::awaitable<CallResult> call(std::shared_ptr<Connection> self, Request request,
                                                 std::chrono::steady_clock::time_point deadline);

  static boost::asio::awaitable<boost::system::error_code> close(std::shared_ptr<Connection> self);

  // Drops the connection without a word.
  void abort(boost::system::error_code why);

 private:
  // A call that waits for its answer: the timer runs until its deadline, and is cancelled to wake it before.
  struct Waiting {
    explicit Waiting(const boost::asio::any_io_executor& executor) : wake(executor) {}
    boost::asio::steady_timer wake;
    std::optional<Response> response;
    boost::system::error_code error;
  };

  static boost::asio::awaitable<void> read_all(std::shared_ptr<Connection> self);
  bool dispatch(std::string_view text);
  void end_calls(boost::system::error_code why);
  void send(std::string text);
  void write_next();

  // The second template argument leaves out permessage-deflate, whose state is large.
  boost::beast::websocket::stream<boost::beast::tcp_stream, false> stream_;
  ClientConfig config_;
  OnStock on_stock_;
  boost::beast::flat_buffer inbound_;
  std::deque<std::string> outbound_;  // the front is being written
  std::map<std::string, std::shared_ptr<Waiting>> calls_;
  bool open_ = false;
};

}  // namespace plaza
