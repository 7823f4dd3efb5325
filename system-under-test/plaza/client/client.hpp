// A client of plaza: requests in, answers out, over one WebSocket connection at a time.
//
// Single-threaded, as the server: everything runs on the given executor. Any number of calls may be outstanding;
// answers find their call by its request id. A call ends with an answer, or with an error that says that the outcome is
// unknown: the server may or may not have done it, and a repetition under the same id finds out.
//
// A watch lasts as long as its connection: after a reconnect, ask again. The client makes up nothing: request ids and
// the jitter of its retries come from the caller. (The masking of frames that RFC 6455 asks for is drawn by
// Boost.Beast.)
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "system-under-test/plaza/protocol/messages.hpp"

namespace plaza {

struct ClientConfig {
  std::chrono::steady_clock::duration handshake_timeout =
      std::chrono::seconds(5);  // connecting, opening, closing: each
  // A server that says nothing for so long, not even to the ping that it is sent half-way, is gone without a word, as
  // one that lost its power: the connection is broken then. Zero: whoever only listens waits for ever.
  std::chrono::steady_clock::duration idle_timeout = {};
};

// `response` counts if `error` is clear. Otherwise:
//   not_connected       the request was not sent, for want of a connection
//   already_started     the request was not sent: a call with this id is outstanding
//   timed_out           no answer until the deadline
//   connection_aborted  close() was called meanwhile
//   beast::error::timeout  no sign of life for ClientConfig::idle_timeout
//   anything else       why the connection broke
struct CallResult {
  boost::system::error_code error;
  Response response;
};

struct RetryPolicy {
  int attempts_max = 8;
  std::chrono::steady_clock::duration attempt_timeout = std::chrono::seconds(1);
  std::chrono::steady_clock::duration backoff_first = std::chrono::milliseconds(50);  // doubles with every attempt
  std::chrono::steady_clock::duration backoff_max = std::chrono::seconds(2);
  std::function<std::uint64_t()> jitter;  // uniform draws that spread a pause over [half, full]; none: always full
};

class Client {
 public:
  explicit Client(const boost::asio::any_io_executor& executor, ClientConfig config = {});

  // Drops the connection without a word. Calls that are outstanding end with an error.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Called with every stock push, in the handler that read it. Versions grow within one connection.
  // The callback must not replace itself or destroy the client.
  void on_stock(std::function<void(const StockPush&)> callback);

  // Connects, and remembers the endpoint for reconnects. Drops an earlier connection.
  // One connect() at a time.
  boost::asio::awaitable<boost::system::error_code> connect(boost::asio::ip::tcp::endpoint server);

  bool is_connected() const;

  // How many connections there have been, with the one that is. Whoever watches has to ask again when it has grown.
  std::uint64_t connections() const;

  // One try. The frame is written in the same handler unless another one is being written.
  boost::asio::awaitable<CallResult> call(Request request, std::chrono::steady_clock::time_point deadline);

  // Tries until there is an answer other than in_progress and unavailable, with the same request id every time, and
  // reconnects where the connection is broken. Gives back the outcome of the last try. Requires an earlier connect(),
  // whatever came of it.
  boost::asio::awaitable<CallResult> call_with_retries(Request request, RetryPolicy policy);

  // Says goodbye to the server ("normal closure"), and waits for its answer. Calls that are outstanding, retries
  // included, end.
  boost::asio::awaitable<boost::system::error_code> close();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace plaza
