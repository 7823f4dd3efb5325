// A connection while it speaks HTTP/1.1: reads requests and answers them, one after the other, until one opens a
// session, to which it hands the socket, or the connection ends. Every request, and the wait for it, has a time limit.
//
// Where it ends the connection with an answer, it goes on reading for a while, so that the answer is not lost to the
// reset that closing would cause while the client still sends (RFC 9112 §9.6).
//
// Keeps itself alive, and enters and leaves the list of its gateway by itself.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <cstdint>
#include <memory>

#include "system-under-test/plaza/gateway/gateway.hpp"
#include "system-under-test/plaza/gateway/routes.hpp"

namespace plaza {

class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(boost::asio::ip::tcp::socket socket, std::shared_ptr<Gateway> gateway);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  void start();
  // Drops the connection without a word.
  void abort();

 private:
  static boost::asio::awaitable<void> run(std::shared_ptr<HttpConnection> self);
  // Whether the connection may be used for another request.
  static boost::asio::awaitable<bool> serve_one(std::shared_ptr<HttpConnection> self);
  static boost::asio::awaitable<void> write(std::shared_ptr<HttpConnection> self, HttpResponse response);
  static boost::asio::awaitable<void> linger(std::shared_ptr<HttpConnection> self);
  void limit_time();

  boost::asio::ip::tcp::socket socket_;
  std::shared_ptr<Gateway> gateway_;
  std::uint64_t id_;
  boost::asio::steady_timer timer_;
  boost::beast::flat_buffer buffer_;
  bool is_handed_over_ = false;
};

}  // namespace plaza
