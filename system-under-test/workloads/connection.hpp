// One TCP connection that carries messages of a fixed size, with Nagle's algorithm off. It owns its socket and one
// receive buffer, and belongs to a side, which must outlive its pending handlers.
//
// Invariants: at most one `receive` and one `send` are pending at a time; handlers run only on success, every
// unexpected error throws. Not modelled: framing by length or delimiter, time-outs, back-pressure beyond one send.
#pragma once

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <cstddef>
#include <string_view>

#include "system-under-test/workloads/fail.hpp"

namespace workloads {

class Connection {
 public:
  static constexpr std::size_t kMessageBytesMax = 1024;

  /// Takes a socket, connected or not. `owner` ("W1 client") begins the text of every error and must be a literal.
  /// Throws std::invalid_argument unless 1 <= message_bytes <= kMessageBytesMax.
  Connection(boost::asio::ip::tcp::socket socket, std::string_view owner, std::size_t message_bytes);

  template <typename OnConnected>
  void connect(const boost::asio::ip::tcp::endpoint& peer, OnConnected on_connected) {
    socket_.async_connect(peer, [this, on_connected](const boost::system::error_code& error) {
      if (error) fail(owner_, "connect", error);
      set_no_delay();
      on_connected();
    });
  }

  /// Collects one whole message, then calls `on_message()`; `message` holds it until the next `receive`.
  /// Calls `on_end()` instead when the peer closes between two messages.
  template <typename OnMessage, typename OnEnd>
  void receive(OnMessage on_message, OnEnd on_end) {
    const auto rest = boost::asio::buffer(buffer_.data() + received_bytes_, message_bytes_ - received_bytes_);
    const auto collect = [this, on_message, on_end](const boost::system::error_code& error, std::size_t bytes) {
      if (error) {
        if (error == boost::asio::error::eof && received_bytes_ == 0) return on_end();
        fail(owner_, "receive", error);
      }
      received_bytes_ += bytes;
      if (received_bytes_ < message_bytes_) return receive(on_message, on_end);
      received_bytes_ = 0;
      on_message();
    };
    socket_.async_read_some(rest, collect);
  }

  /// As above, for a side whose peer never closes first: the end of the stream is an error.
  template <typename OnMessage>
  void receive(OnMessage on_message) {
    receive(on_message, [this] { fail(owner_, "receive", boost::asio::error::eof); });
  }

  /// Sends all of `bytes`, which must stay in place, then calls `on_sent()`.
  template <typename OnSent>
  void send(boost::asio::const_buffer bytes, OnSent on_sent) {
    const auto complete = [this, on_sent](const boost::system::error_code& error, std::size_t /*bytes*/) {
      if (error) fail(owner_, "send", error);
      on_sent();
    };
    boost::asio::async_write(socket_, bytes, complete);
  }

  /// The buffer of the last message received; zeros before the first.
  boost::asio::const_buffer message() const { return {buffer_.data(), message_bytes_}; }

  void set_no_delay();
  void close();

 private:
  boost::asio::ip::tcp::socket socket_;
  std::string_view owner_;
  std::size_t message_bytes_;
  std::size_t received_bytes_ = 0;  // of the message being collected
  std::array<std::byte, kMessageBytesMax> buffer_{};
};

}  // namespace workloads
