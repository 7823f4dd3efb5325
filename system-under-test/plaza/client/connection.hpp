// One WebSocket connection of a client to a node, from a successful opening handshake to its end. It is never reopened:
// whoever reconnects makes another one, so that no answer can reach a call that was sent elsewhere.
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
  // Called in the handler in which it happened. A callback may do anything, and let go of the connection as well.
  struct Callbacks {
    std::function<void(Connection&, const Response&)> on_response;
    std::function<void(const TopicPush&)> on_push;
    std::function<void(Connection&)> on_leave;                           // the node asks to be left for another one
    std::function<void(Connection&, boost::system::error_code)> on_end;  // at most once, after it was open
  };

  Connection(const boost::asio::any_io_executor& executor, const ClientConfig& config, Callbacks callbacks);

  // Connects and shakes hands; after success the connection is open and is being read.
  // Errors: permission_denied where the node answers 401 or 403; whatever else keeps it from being opened.
  static boost::asio::awaitable<boost::system::error_code> open(std::shared_ptr<Connection> self,
                                                                boost::asio::ip::tcp::endpoint server);

  bool is_open() const { return open_; }

  // One attempt: an answer, timed_out, already_started, not_connected, or why the connection broke.
  static boost::asio::awaitable<CallResult> call(std::shared_ptr<Connection> self, Request request,
                                                 std::chrono::steady_clock::time_point deadline);

  // Says goodbye, and waits for the node to do so. Calls that are outstanding end.
  static boost::asio::awaitable<boost::system::error_code> close(std::shared_ptr<Connection> self);

  // Closes when the calls that are outstanding have ended. No more of them are to be made.
  void leave();

  // Drops the connection without a word, at whatever stage it is.
  void abort(boost::system::error_code why);

  unsigned unavailable_in_row = 0;  // for whoever counts

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
  void answer(const Response& response);
  void end(boost::system::error_code why);
  void close_if_left();
  void send(std::string text);
  void write_next();

  // The second template argument leaves out permessage-deflate, whose state is large.
  boost::beast::websocket::stream<boost::beast::tcp_stream, false> stream_;
  ClientConfig config_;
  Callbacks callbacks_;
  boost::beast::flat_buffer inbound_;
  std::deque<std::string> outbound_;  // the front is being written
  std::map<std::string, std::shared_ptr<Waiting>> calls_;
  bool open_ = false;
  bool left_ = false;
  bool aborted_ = false;
};

}  // namespace plaza
