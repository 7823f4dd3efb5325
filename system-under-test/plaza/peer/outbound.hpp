// One connection that this node dials, from looking up the name to its end, and the frames that wait to go over it. It
// is never dialled again: its Link makes another one.
//
// Frames are queued from the beginning, and leave once it is welcome. All that wait leave with one write. What comes
// back over it are the other end's pongs, by which it is known to be alive.
//
// Operations in the event loop keep it alive; after its end, or close(), its owner hears of it no more.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "system-under-test/plaza/peer/context.hpp"
#include "system-under-test/plaza/peer/frame.hpp"

namespace plaza::peer {

class Outbound : public std::enable_shared_from_this<Outbound> {
 public:
  struct End {
    enum class Kind : std::uint8_t {
      failed,   // or lost, if it was open
      refused,  // by the other end, or because that is an earlier incarnation: another attempt will not help soon
      idle,     // of a bulk stream: there was nothing to send for a while
    };
    Kind kind = Kind::failed;
    std::string why;
  };

  class Owner {
   public:
    virtual void opened(std::uint64_t incarnation) = 0;
    virtual void lasted() = 0;   // it is open, and was heard of for idle_timeout
    virtual void drained() = 0;  // the last frame that waited has left
    virtual void ended(const End& end) = 0;

   protected:
    ~Owner() = default;
  };

  struct Destination {
    NodeId node = 0;
    Stream stream = Stream::control;
    MeshConfig::Address address = {};
  };

  Outbound(const boost::asio::any_io_executor& executor, std::shared_ptr<Context> context, Destination to,
           std::weak_ptr<Owner> owner);

  void dial();
  // False if there is no room for it, or the connection is at its end. Calls nobody back.
  bool send(std::uint8_t type, std::string_view payload);
  void close();

  bool is_open() const { return state_ == State::open; }
  std::size_t queued_bytes() const { return writing_.size() - written_ + filling_.size(); }
  std::uint64_t frames_sent() const { return frames_sent_; }
  std::uint64_t frames_queued() const { return writing_frames_ + filling_frames_; }

 private:
  using error_code = boost::system::error_code;
  using Clock = std::chrono::steady_clock;
  enum class State : std::uint8_t { dialling, greeting, open, ended };

  void connect(const boost::asio::ip::tcp::resolver::results_type& endpoints);
  void on_connected();
  void read();
  void on_read(error_code error, std::size_t bytes);
  void take(const Frame& frame);
  void take_answer(const Frame& frame);
  void write();
  void on_written(error_code error, std::size_t bytes);
  void arm(MeshConfig::Duration duration);
  void on_timer();
  bool is_silent();
  void finish(End::Kind kind, std::string why);

  std::shared_ptr<Context> context_;
  const Destination to_;
  std::weak_ptr<Owner> owner_;
  State state_ = State::dialling;
  boost::asio::ip::tcp::resolver resolver_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;  // until open: of the attempt; then of the pings
  FrameReader reader_;
  Clock::time_point open_since_;
  Clock::time_point last_heard_;
  Clock::time_point last_sent_;

  // Two buffers that change places: frames are added to the one while the other is being written.
  std::string filling_;
  std::string writing_;
  std::size_t written_ = 0;           // of writing_
  std::uint64_t filling_frames_ = 0;  // the mesh's own do not count
  std::uint64_t writing_frames_ = 0;
  std::uint64_t frames_sent_ = 0;
  bool is_writing_ = false;
  bool has_lasted_ = false;
};

}  // namespace plaza::peer
