// A node of plaza that does what a test says, on loopback, in the test's event loop.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "system-under-test/plaza/client/client.hpp"
#include "system-under-test/plaza/protocol/messages.hpp"
#include "tests/plaza/run_loop.hpp"

namespace plaza::test {

class FakeNode {
 public:
  // A connection, from its upgrade on. What it is in Beast is fake_node.cpp's own: that takes long to compile.
  class Session {
   public:
    virtual ~Session() = default;

    virtual void send(std::string text) = 0;
    void answer(const Request& request, std::uint64_t version);
    void refuse(const Request& request, Error error, std::uint64_t version = 1);
    void push(std::string_view event, std::uint64_t version);
    virtual void close(CloseCode code) = 0;
    virtual void drop() = 0;

    // Why the client has ended it, where it was with a close frame.
    virtual std::uint16_t close_code() const = 0;
    bool is_over = false;
    std::string target;  // of its upgrade
  };

  // Who asked, and what; the default says yes to everything, with version 1.
  using OnRequest = std::function<void(Session&, const Request&)>;

  explicit FakeNode(boost::asio::io_context& io, OnRequest handler = {});
  FakeNode(const FakeNode&) = delete;
  FakeNode& operator=(const FakeNode&) = delete;

  boost::asio::ip::tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }
  std::vector<std::string> ids() const;

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
  boost::asio::awaitable<void> accept_all();
  boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket socket);

  boost::asio::ip::tcp::acceptor acceptor_;
};

// A client of these nodes, tried in this order, with pauses that are short and not drawn.
ClientConfig config_for(std::initializer_list<const FakeNode*> nodes);

Request request(std::string id, Operation op = Operation::hold);

std::chrono::steady_clock::time_point soon(std::chrono::steady_clock::duration wait = std::chrono::seconds(5));

// Begins a call, whose result is there some time later.
std::shared_ptr<std::optional<CallResult>> begin(boost::asio::io_context& io, Client& client, Request what,
                                                 std::chrono::steady_clock::time_point deadline = soon());

boost::asio::awaitable<void> pause(std::chrono::steady_clock::duration length);

// Until something is so, for at most five seconds.
boost::asio::awaitable<void> until(std::function<bool()> condition);

}  // namespace plaza::test
