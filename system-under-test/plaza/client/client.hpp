// A client of a plaza cluster: requests in, answers out, over one WebSocket connection at a time, to whichever node is
// there.
//
// Single-threaded, as the server: everything runs on the given executor. Any number of calls may be outstanding;
// answers find their call by its request id. A call is sent again, over other connections and to other nodes, until it
// has its final answer or its time is over, always under the same id: the cluster remembers what it answered, so
// nothing is done twice.
//
// The connection is mended by itself whenever a call or a watch needs one, by one coroutine for all of them. Nodes are
// tried in an order that is drawn once for each client, and between two attempts there is a pause that grows, half of
// it certain and half of it drawn. So the clients of a node that dies neither come back at one moment nor to one node.
//
// The client makes up nothing: request ids and draws come from the caller. Ids that begin with '~' are its own, for
// watches. (The masking of frames that RFC 6455 asks for is drawn by Boost.Beast.)
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "system-under-test/plaza/protocol/messages.hpp"

namespace plaza {

struct ClientConfig {
  using Duration = std::chrono::steady_clock::duration;

  std::vector<boost::asio::ip::tcp::endpoint> nodes;  // where each node serves clients; at least one
  std::string user;                                   // whose requests these are, where tokens are off
  std::string token;                                  // says whose they are, where tokens are on

  Duration handshake_timeout = std::chrono::seconds(5);  // connecting, opening, closing: each
  // A node that says nothing for so long, not even to the ping that it is sent half-way, is gone without a word, as one
  // that lost its power: the connection is broken then. Zero: whoever only listens waits for ever.
  Duration idle_timeout = std::chrono::seconds(10);
  // A call that has no answer after so long takes its connection for dead, and tries another node.
  Duration attempt_timeout = std::chrono::seconds(3);

  // Between two attempts to connect, and between two of a call that was asked to come again: doubles each time.
  Duration backoff_first = std::chrono::milliseconds(50);
  Duration backoff_max = std::chrono::seconds(2);
  // A node that answers `unavailable` so often in a row may be cut off from the others: another one is tried.
  unsigned unavailable_most = 5;

  // Uniform draws over all 64 bits: for the pauses and for the order of the nodes. None: whole pauses, and the order
  // given.
  std::function<std::uint64_t()> draw;
};

// What came of a call. If `error` is clear, `response` is the final answer, which may well be a refusal. Otherwise:
//   timed_out           the deadline came first. It was sent `attempts` times, and may have been done: the same request
//                       under the same id finds out. `response` is the last answer that said to come again, if its id
//                       is not empty
//   not_connected       the deadline came first, and the request was never sent, for want of a connection: last_error()
//   permission_denied   the nodes do not take the token (HTTP 401, 403): neither will they later. All calls end so
//   connection_aborted  close() was called, or the client is no more; what was sent (`attempts`) may have been done
//   already_started     a call with this id is outstanding; not sent
//   invalid_argument    the id begins with '~', or the client has no nodes; not sent
struct CallResult {
  boost::system::error_code error;
  Response response;
  unsigned attempts = 0;  // how often it was sent
};

// What a watched topic looks like, as of a version.
using TopicPush = std::variant<EventPush, UserPush>;

class Client {
 public:
  using OnPush = std::function<void(const TopicPush&)>;
  // A watch that has ended without unwatch(): a refusal in `response`, as unknown_topic, or permission_denied.
  using OnEnd = std::function<void(const CallResult&)>;

  Client(const boost::asio::any_io_executor& executor, ClientConfig config);

  // Drops the connection without a word. Calls that are outstanding end with connection_aborted, watches just end.
  // May be called in a callback.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Awaits a connection. Not needed before a call. Errors: timed_out (last_error() says why), permission_denied,
  // connection_aborted, invalid_argument; as in CallResult.
  boost::asio::awaitable<boost::system::error_code> connect(std::chrono::steady_clock::time_point deadline);

  // See CallResult. Where there is a connection the frame is written at once, unless another one is being written.
  boost::asio::awaitable<CallResult> call(Request request, std::chrono::steady_clock::time_point deadline);

  // Has `on_push` called with what becomes of the topic ("event/NAME" or "user"), in the handler that read it, until
  // unwatch() or close(). Lasts across connections: on each new one the topic is watched from the greatest version on
  // that the client has seen, of pushes and of answers. Versions grow: a push with a lower one is dropped and counted,
  // one with the same is dropped. Replaces a watch of the same topic, and begins it anew.
  void watch(const std::string& topic, OnPush on_push, OnEnd on_end = {});
  void unwatch(const std::string& topic);

  // Says goodbye to the server ("normal closure"), and waits for its answer. Calls that are outstanding end with
  // connection_aborted, and so does everything from then on.
  boost::asio::awaitable<boost::system::error_code> close();

  bool is_connected() const;
  // How many connections there have been, with the one that is.
  std::uint64_t connections() const;
  // How many pushes would have gone back behind what was seen.
  std::uint64_t regressions() const;
  // Why the last connection broke, or could not be made.
  boost::system::error_code last_error() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace plaza
