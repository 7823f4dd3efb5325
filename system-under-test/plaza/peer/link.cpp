#include "system-under-test/plaza/peer/link.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <limits>
#include <stillpoint/annotate.hpp>
#include <utility>

#include "system-under-test/plaza/peer/handshake.hpp"

namespace plaza::peer {

namespace asio = boost::asio;

namespace {

// Between half of it and all of it, so that nodes that lost each other at once do not meet at once again and again.
MeshConfig::Duration with_jitter(MeshConfig::Duration pause, const MeshConfig& config) {
  using std::chrono::microseconds;
  const std::int64_t most = std::numeric_limits<std::int32_t>::max();
  const auto half = std::clamp<std::int64_t>(std::chrono::duration_cast<microseconds>(pause).count() / 2, 0, most);
  if (!config.random) return pause;
  return microseconds(half + config.random(static_cast<std::uint32_t>(half) + 1));
}

}  // namespace

Link::Link(const asio::any_io_executor& executor, std::shared_ptr<Context> context, Outbound::Destination to)
    : executor_(executor),
      context_(std::move(context)),
      to_(std::move(to)),
      pause_(executor),
      backoff_(context_->config.backoff_first) {}

void Link::start() {
  if (to_.stream == Stream::control) dial();
}

void Link::dial() {
  outbound_ = std::make_shared<Outbound>(executor_, context_, to_, weak_from_this());
  outbound_->dial();
}

bool Link::send(std::uint8_t type, std::string_view payload) {
  if (is_closed_) return false;
  if (payload.size() >= context_->config.frame_bytes_most) {
    ++frames_lost_;
    return false;
  }
  if (!outbound_ && !is_pausing_ && to_.stream == Stream::bulk) dial();
  if (outbound_ && outbound_->send(type, payload)) {
    is_full_ = false;
    return true;
  }
  ++frames_lost_;
  if (outbound_) say_full();
  return false;
}

// Once for all that do not fit until something does again, and not before the caller has returned.
void Link::say_full() {
  if (std::exchange(is_full_, true)) return;
  STILLPOINT_REACHABLE("the queue to a node is full");
  asio::post(executor_, [self = shared_from_this()] { self->context_->lost(self->to_.node, self->to_.stream); });
}

void Link::opened(std::uint64_t incarnation) {
  backoff_ = context_->config.backoff_first;
  std::string connected = "connected, incarnation " + std::to_string(incarnation);
  const bool is_news = context_->said_connected(remote(), connected, remote() + ": " + connected);
  connected_ = is_news ? std::string() : std::move(connected);
}

// It is not one of a series of connections that end as soon as they are made.
void Link::lasted() {
  context_->forget_said_of(remote());
  if (!connected_.empty()) context_->said(remote() + ": " + std::exchange(connected_, {}));
}

void Link::drained() {
  if (to_.stream == Stream::bulk) context_->bulk_drained(to_.node);
}

void Link::ended(const Outbound::End& end) {
  const std::uint64_t unsent = outbound_->frames_queued();
  const bool is_idle = end.kind == Outbound::End::Kind::idle;
  // What was sent last may be lost as well; but not if the other end has answered all that was said to it since.
  const bool may_lack = !is_idle && (unsent > 0 || outbound_->frames_sent() > 0);
  frames_lost_ += unsent;
  frames_sent_ += outbound_->frames_sent();
  outbound_ = nullptr;
  is_full_ = false;
  connected_.clear();
  if (is_idle) {
    context_->forget_said_of(remote());
    context_->said(remote() + ": closed: " + end.why);
    return;
  }

  pause(end.kind);
  if (may_lack) context_->lost(to_.node, to_.stream);
  say((end.kind == Outbound::End::Kind::refused ? "refused: " : "no connection: ") + end.why);
}

void Link::pause(Outbound::End::Kind after) {
  is_pausing_ = true;
  pause_.expires_after(next_pause(after));
  pause_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (error || self->is_closed_) return;
    self->is_pausing_ = false;
    self->start();
    // Whoever had something to send meanwhile was told that it cannot be, and nothing else would tell that it can.
    self->drained();
  });
}

MeshConfig::Duration Link::next_pause(Outbound::End::Kind after) {
  const MeshConfig& config = context_->config;
  if (after == Outbound::End::Kind::refused) backoff_ = config.backoff_most;
  const MeshConfig::Duration pause = std::min(backoff_, config.backoff_most);
  backoff_ = std::min(2 * pause, config.backoff_most);
  return with_jitter(pause, config);
}

void Link::close() {
  is_closed_ = true;
  pause_.cancel();
  if (outbound_) outbound_->close();
}

void Link::say(const std::string& what) { context_->said_once(remote(), what, remote() + ": " + what); }

std::string Link::remote() const {
  return "to node " + std::to_string(to_.node) + " (" + std::string(name_of(to_.stream)) + ")";
}

}  // namespace plaza::peer
