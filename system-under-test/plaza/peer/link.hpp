// What this node keeps for sending to one other, on one stream, over all the connections that it dials one after the
// other: whether there is one, when the next may be tried, and what became of the frames.
//
// The control stream is always dialled again; the bulk stream when there is something to send. After a connection is
// lost, or could not be made, nothing is queued until the next attempt.
//
// The mesh owns it; operations in the event loop keep it alive.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "system-under-test/plaza/peer/context.hpp"
#include "system-under-test/plaza/peer/outbound.hpp"

namespace plaza::peer {

class Link final : public Outbound::Owner, public std::enable_shared_from_this<Link> {
 public:
  Link(const boost::asio::any_io_executor& executor, std::shared_ptr<Context> context, Outbound::Destination to);

  void start();
  // False if it is dropped. Calls nobody back.
  bool send(std::uint8_t type, std::string_view payload);
  void close();

  bool is_open() const { return outbound_ && outbound_->is_open(); }
  std::size_t queued_bytes() const { return outbound_ ? outbound_->queued_bytes() : 0; }
  std::uint64_t frames_sent() const { return frames_sent_ + (outbound_ ? outbound_->frames_sent() : 0); }
  std::uint64_t frames_lost() const { return frames_lost_; }

 private:
  void opened(std::uint64_t incarnation) override;
  void lasted() override;
  void drained() override;
  void ended(const Outbound::End& end) override;

  void dial();
  void pause(Outbound::End::Kind after);
  MeshConfig::Duration next_pause(Outbound::End::Kind after);
  void say_full();
  void say(const std::string& what);
  std::string remote() const;

  boost::asio::any_io_executor executor_;
  std::shared_ptr<Context> context_;
  const Outbound::Destination to_;
  std::shared_ptr<Outbound> outbound_;  // there is one, or one is being made
  boost::asio::steady_timer pause_;     // before the next may be
  MeshConfig::Duration backoff_;        // of the next pause
  bool is_pausing_ = false;
  bool is_closed_ = false;
  bool is_full_ = false;           // and `lost` was told so
  std::string connected_;          // what was to be said of the connection, and was not, as it was said before
  std::uint64_t frames_sent_ = 0;  // over the connections that are over
  std::uint64_t frames_lost_ = 0;
};

}  // namespace plaza::peer
