// One connection that this node has accepted: the handshake, and then the frames of another node, which go to
// `received`. Only the handshake's answer and pongs go back.
//
// Whatever comes that does not belong there ends it, with one line for the log; so does silence. An end of a connection
// is all that a stranger can bring about.
//
// Operations in the event loop keep it alive; after its end its owner hears of it no more.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "system-under-test/plaza/peer/context.hpp"
#include "system-under-test/plaza/peer/frame.hpp"
#include "system-under-test/plaza/peer/handshake.hpp"

namespace plaza::peer {

class Inbound : public std::enable_shared_from_this<Inbound> {
 public:
  class Owner {
   public:
    // Somebody has said hello. Why it is refused; none: it is welcome, and takes the place of its earlier connections.
    virtual std::optional<std::string> greet(const Inbound& inbound, const Hello& hello) = 0;
    virtual void left(const Inbound& inbound) = 0;

   protected:
    ~Owner() = default;
  };

  struct Origin {
    std::uint64_t serial = 0;  // tells it from the others of its owner
    boost::asio::ip::tcp::endpoint remote = {};
  };

  Inbound(boost::asio::ip::tcp::socket socket, const Origin& origin, std::shared_ptr<Context> context,
          std::weak_ptr<Owner> owner);

  void start();
  // Says why.
  void end(const std::string& why);
  void close();

  std::uint64_t serial() const { return origin_.serial; }
  // None until it is welcome.
  const std::optional<Hello>& hello() const { return hello_; }
  std::uint64_t frames_received() const { return frames_received_; }

 private:
  using error_code = boost::system::error_code;
  using Clock = std::chrono::steady_clock;

  void read();
  void on_read(error_code error, std::size_t bytes);
  void take_frames();
  void take(const Frame& frame);
  void take_hello(const Frame& frame);
  void refuse(const std::string& reason);
  void pong();
  void write();
  void arm(Clock::time_point when);
  void on_timer();
  void lasted();
  std::string remote() const;
  std::string address() const;
  std::string connected() const;

  boost::asio::ip::tcp::socket socket_;
  const Origin origin_;
  std::shared_ptr<Context> context_;
  std::weak_ptr<Owner> owner_;
  boost::asio::steady_timer timer_;  // for the hello; then for silence
  FrameReader reader_;
  std::optional<Hello> hello_;
  Clock::time_point welcome_since_;
  Clock::time_point last_heard_;
  Clock::time_point last_pong_;
  std::string writing_;  // an answer, a pong
  bool is_writing_ = false;
  bool is_pong_due_ = false;
  bool is_closed_ = false;
  bool has_lasted_ = false;
  bool is_connected_said_ = false;
  std::uint64_t frames_received_ = 0;
};

}  // namespace plaza::peer
