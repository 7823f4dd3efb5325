// A node of plaza that does what a test says, on loopback, in the test's event loop.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <deque>
#include <exception>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "system-under-test/plaza/client/client.hpp"
#include "system-under-test/plaza/protocol/messages.hpp"
#include "system-under-test/plaza/spawn.hpp"

namespace plaza::test {

class FakeNode {
 public:
  // A connection, from its upgrade on.
  class Session : public std::enable_shared_from_this<Session> {
   public:
    explicit Session(boost::asio::ip::tcp::socket socket) : stream_(std::move(socket)) {}

    void send(std::string text) {
      outbound_.push_back(std::move(text));
      if (outbound_.size() == 1) write_next();
    }
    void answer(const Request& request, std::uint64_t version) {
      send(encode(Response{.id = request.id, .version = version}));
    }
    void refuse(const Request& request, Error error, std::uint64_t version = 1) {
      send(encode(Response{.id = request.id, .version = version, .error = error}));
    }
    void push(std::string_view event, std::uint64_t version) {
      send(encode_push("event/" + std::string(event), version, R"({"free":1,"held":2,"sold":3,"waiting":4})"));
    }
    void close(CloseCode code) {
      stream_.async_close(static_cast<boost::beast::websocket::close_code>(code),
                          [self = shared_from_this()](boost::system::error_code) {});
    }
    void drop() { stream_.next_layer().close(); }

    // Why the client has ended it, where it was with a close frame.
    std::uint16_t close_code() const { return stream_.reason().code; }
    bool is_over = false;
    std::string target;  // of its upgrade

   private:
    friend FakeNode;
    void write_next() {
      stream_.async_write(boost::asio::buffer(outbound_.front()),
                          [self = shared_from_this()](boost::system::error_code error, std::size_t) {
                            self->outbound_.pop_front();
                            if (!error && !self->outbound_.empty()) self->write_next();
                          });
    }
    boost::beast::websocket::stream<boost::beast::tcp_stream> stream_;
    std::deque<std::string> outbound_;
  };

  // Who asked, and what; the default says yes to everything, with version 1.
  using OnRequest = std::function<void(Session&, const Request&)>;

  explicit FakeNode(boost::asio::io_context& io, OnRequest handler = {})
      : on_request(std::move(handler)), acceptor_(io, {boost::asio::ip::address_v4::loopback(), 0}) {
    spawn(acceptor_.get_executor(), accept_all());
  }
  FakeNode(const FakeNode&) = delete;
  FakeNode& operator=(const FakeNode&) = delete;

  boost::asio::ip::tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }
  std::vector<std::string> ids() const {
    std::vector<std::string> all;
    for (const Request& request : requests) all.push_back(request.id);
    return all;
  }

  OnRequest on_request;
  unsigned decline = 0;                   // HTTP status instead of the upgrade
  std::chrono::milliseconds slowness{0};  // before it answers the upgrade
  bool deaf = false;                      // reads nothing after the upgrade
  std::vector<std::string> targets;
  std::vector<std::string> authorizations;
  std::vector<std::chrono::steady_clock::time_point> upgrades;
  std::vector<Request> requests;
  std::vector<std::shared_ptr<Session>> sessions;

 private:
  boost::asio::awaitable<void> accept_all() {
    for (;;) {
      boost::system::error_code error;
      boost::asio::ip::tcp::socket socket =
          co_await acceptor_.async_accept(boost::asio::redirect_error(boost::asio::use_awaitable, error));
      if (error) co_return;
      spawn(acceptor_.get_executor(), serve(std::make_shared<Session>(std::move(socket))));
    }
  }

  boost::asio::awaitable<void> serve(std::shared_ptr<Session> session) {
    namespace http = boost::beast::http;
    boost::system::error_code error;
    auto token = boost::asio::redirect_error(boost::asio::use_awaitable, error);
    boost::beast::flat_buffer buffer;
    http::request<http::string_body> upgrade;
    co_await http::async_read(session->stream_.next_layer(), buffer, upgrade, token);
    if (error) co_return;
    upgrades.push_back(std::chrono::steady_clock::now());
    session->target = {upgrade.target().data(), upgrade.target().size()};
    targets.push_back(session->target);
    const auto authorization = upgrade[http::field::authorization];
    authorizations.emplace_back(authorization.data(), authorization.size());
    if (decline != 0) {
      http::response<http::string_body> refusal(static_cast<http::status>(decline), 11);
      refusal.prepare_payload();
      co_await http::async_write(session->stream_.next_layer(), refusal, token);
      co_return;
    }
    if (slowness.count() > 0) {
      boost::asio::steady_timer timer(acceptor_.get_executor(), slowness);
      co_await timer.async_wait(token);
    }
    co_await session->stream_.async_accept(upgrade, token);
    if (error) co_return;
    session->stream_.text(true);
    sessions.push_back(session);
    while (!deaf) {
      co_await session->stream_.async_read(buffer, token);
      if (error) break;
      const std::string text(static_cast<const char*>(buffer.cdata().data()), buffer.size());
      buffer.consume(buffer.size());
      const auto decoded = decode_request(text);
      const auto* request = std::get_if<Request>(&decoded);
      if (!request) throw std::runtime_error("no request: " + text);
      requests.push_back(*request);
      if (on_request) {
        on_request(*session, *request);
      } else {
        session->answer(*request, 1);
      }
    }
    session->is_over = !deaf;
  }

  boost::asio::ip::tcp::acceptor acceptor_;
};

// A client of these nodes, tried in this order, with pauses that are short and not drawn.
inline ClientConfig config_for(std::initializer_list<const FakeNode*> nodes) {
  ClientConfig config;
  for (const FakeNode* node : nodes) config.nodes.push_back(node->endpoint());
  config.user = "ann";
  config.backoff_first = std::chrono::milliseconds(2);
  config.backoff_max = std::chrono::milliseconds(20);
  return config;
}

inline Request request(std::string id, Operation op = Operation::hold) {
  return Request{.id = std::move(id), .op = op, .event = "concert", .count = 1};
}

inline std::chrono::steady_clock::time_point soon(std::chrono::steady_clock::duration wait = std::chrono::seconds(5)) {
  return std::chrono::steady_clock::now() + wait;
}

// Begins a call, whose result is there some time later.
inline std::shared_ptr<std::optional<CallResult>> begin(boost::asio::io_context& io, Client& client, Request what,
                                                        std::chrono::steady_clock::time_point deadline = soon()) {
  const auto result = std::make_shared<std::optional<CallResult>>();
  boost::asio::co_spawn(io, client.call(std::move(what), deadline),
                        [result](std::exception_ptr failure, CallResult got) {
                          if (failure) std::rethrow_exception(failure);
                          *result = std::move(got);
                        });
  return result;
}

// Runs one coroutine to its end; whatever else is going on in the event loop goes on beside it.
inline void run(boost::asio::io_context& io, boost::asio::awaitable<void> test) {
  bool finished = false;
  boost::asio::co_spawn(io, std::move(test), [&finished](std::exception_ptr failure) {
    finished = true;
    if (failure) std::rethrow_exception(failure);
  });
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!finished && std::chrono::steady_clock::now() < give_up) io.run_one_for(std::chrono::milliseconds(100));
  REQUIRE(finished);
}

inline boost::asio::awaitable<void> pause(std::chrono::steady_clock::duration length) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, length);
  boost::system::error_code ignored;
  co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
}

// Until something is so, for at most five seconds.
inline boost::asio::awaitable<void> until(std::function<bool()> condition) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  bool met = condition();
  while (!met && std::chrono::steady_clock::now() < give_up) {
    co_await pause(std::chrono::milliseconds(1));
    met = condition();
  }
  CHECK(met);
}

}  // namespace plaza::test
