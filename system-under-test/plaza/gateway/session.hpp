// One connection of one client, from the WebSocket handshake on: reading requests, writing answers and pushes.
//
// A session keeps itself alive for as long as one of its operations is pending, and enters and leaves the list of its
// gateway by itself. One message is written at a time, the others wait in an Outbox; a client that lets it overflow is
// disconnected. A push is looked up when its turn to be written comes, so the version of a push is never less than that
// of anything that was told before it on this connection.
//
// Requests are worked on together, up to a limit: answers may come in another order than the requests. A request goes
// on, and its answer is remembered by the machine, if its session is gone.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "system-under-test/plaza/gateway/gateway.hpp"
#include "system-under-test/plaza/gateway/limits.hpp"
#include "system-under-test/plaza/gateway/outbox.hpp"

namespace plaza {

class Session final : public Watcher, public std::enable_shared_from_this<Session> {
 public:
  using Handshake = boost::beast::http::request<boost::beast::http::empty_body>;
  struct Identity {
    std::string user;
    std::optional<SteadyClock::time_point> until;  // none: for ever
  };

  Session(boost::asio::ip::tcp::socket socket, std::shared_ptr<Gateway> gateway, Identity identity);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Answers the handshake, and serves.
  void start(Handshake handshake);

  // Says goodbye. What is queued is not sent any more. If the client does not answer in time, the connection is
  // dropped, and so it is if this is called again, or before the opening handshake is over.
  void close(CloseCode code);
  // Drops the connection without a word.
  void abort();
  // Tells the client to go elsewhere; closes as soon as nothing is in progress and all is sent.
  void drain();
  // Called regularly, four times in idle_timeout: pings a client that is silent, closes in the end.
  void check_idle();

  SessionView view() const;
  bool is_open() const { return open_; }

 private:
  struct Watch {
    std::shared_ptr<Topic> topic;
    std::uint64_t told = 0;  // version of the last push; 0: none yet
  };

  static boost::asio::awaitable<void> run(std::shared_ptr<Session> self, Handshake handshake);
  static boost::asio::awaitable<void> serve(std::shared_ptr<Session> self, Request request);
  static boost::asio::awaitable<void> watch_later(std::shared_ptr<Session> self, Request request);

  void handle_frame(std::string_view text);
  void handle(Request request);
  void watch(const Request& request);
  void unwatch(const Request& request);
  void topic_changed(const std::shared_ptr<Topic>& topic) override;
  void forget_watches();
  Watch* find_watch(const std::shared_ptr<Topic>& topic);
  std::optional<std::string> machine_topic(std::string_view told_as) const;

  void refuse(const Request& request, Error error);
  void answer(const Request& request, const Response& response);
  void send(std::string text);
  void write_next();
  void on_written(boost::system::error_code error);
  SharedText next_text();
  void ping();
  void end_at(SteadyClock::time_point time);
  void close_if_drained();
  void leave();

  // The second argument leaves out permessage-deflate, whose state is large.
  boost::beast::websocket::stream<boost::asio::ip::tcp::socket, false> stream_;
  std::shared_ptr<Gateway> gateway_;
  std::uint64_t id_;
  Identity identity_;
  boost::beast::flat_buffer inbound_;

  RateLimiter requests_limit_;
  RateLimiter refusals_limit_;
  std::size_t in_progress_ = 0;
  std::vector<Watch> watches_;

  Outbox outbox_;
  SharedText in_flight_;
  std::uint64_t told_version_ = 0;  // the greatest

  bool open_ = false;                // from the end of the opening handshake to the beginning of the end
  boost::asio::steady_timer timer_;  // until the token expires; then until the closing handshake takes too long
  bool heard_ = false;               // since the last check
  unsigned silent_checks_ = 0;
  bool pinging_ = false;
};

}  // namespace plaza
