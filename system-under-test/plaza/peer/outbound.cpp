#include "system-under-test/plaza/peer/outbound.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <optional>
#include <stillpoint/annotate.hpp>
#include <utility>

#include "system-under-test/plaza/peer/handshake.hpp"

namespace plaza::peer {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

// How long a bulk stream with nothing to send is kept.
constexpr auto kBulkLinger = std::chrono::seconds(3);
constexpr std::size_t kReadBytes = 1024;
// A buffer that had to hold more than this is given back when that has left.
constexpr std::size_t kBufferBytesKept = 1024 * 1024;

}  // namespace

Outbound::Outbound(const asio::any_io_executor& executor, std::shared_ptr<Context> context, Destination to,
                   std::weak_ptr<Owner> owner)
    : context_(std::move(context)),
      to_(std::move(to)),
      owner_(std::move(owner)),
      resolver_(executor),
      socket_(executor),
      timer_(executor),
      reader_({.frame_bytes_most = kHandshakeBytesMost, .buffer_bytes = kReadBytes}) {}

void Outbound::dial() {
  arm(context_->config.connect_timeout);
  error_code not_numeric;
  const auto address = asio::ip::make_address(to_.address.host, not_numeric);
  const std::string service = std::to_string(to_.address.port);
  if (!not_numeric) {
    const tcp::endpoint endpoint(address, to_.address.port);
    return connect(tcp::resolver::results_type::create(endpoint, to_.address.host, service));
  }
  resolver_.async_resolve(to_.address.host, service, tcp::resolver::numeric_service,
                          [self = shared_from_this()](error_code error, const tcp::resolver::results_type& endpoints) {
                            if (self->state_ != State::dialling) return;
                            if (error)
                              return self->finish(End::Kind::failed, self->to_.address.host + ": " + error.message());
                            self->connect(endpoints);
                          });
}

void Outbound::connect(const tcp::resolver::results_type& endpoints) {
  asio::async_connect(socket_, endpoints, [self = shared_from_this()](error_code error, const tcp::endpoint&) {
    if (self->state_ != State::dialling) return;
    if (error) return self->finish(End::Kind::failed, error.message());
    self->on_connected();
  });
}

void Outbound::on_connected() {
  error_code ignored;  // the connection may be gone already, as the next operation will find out
  socket_.set_option(tcp::no_delay(true), ignored);
  state_ = State::greeting;
  const MeshConfig& config = context_->config;
  const Hello hello{.cluster = config.cluster,
                    .from = config.node,
                    .to = to_.node,
                    .stream = to_.stream,
                    .incarnation = config.incarnation};
  append_frame(writing_, OwnFrame::hello, encode(hello));
  write();
  read();
}

bool Outbound::send(std::uint8_t type, std::string_view payload) {
  if (state_ == State::ended) return false;
  const std::size_t bytes = kFrameLengthBytes + 1 + payload.size();
  const std::size_t most = context_->config.queue_bytes_most;
  const std::size_t queued = queued_bytes();
  if (queued > most || bytes > most - queued) return false;
  append_frame(filling_, type, payload);
  ++filling_frames_;
  last_sent_ = Clock::now();
  if (state_ == State::open && !is_writing_) write();
  return true;
}

void Outbound::write() {
  if (written_ == writing_.size()) {
    writing_.clear();
    if (writing_.capacity() > kBufferBytesKept) writing_ = std::string();
    written_ = 0;
    // Until it is welcome nothing leaves but the hello.
    if (state_ == State::open) {
      STILLPOINT_SOMETIMES(filling_frames_ > 1, "several frames leave with one write");
      std::swap(writing_, filling_);
      writing_frames_ = std::exchange(filling_frames_, 0);
    }
    if (writing_.empty()) return;
  }
  is_writing_ = true;
  std::size_t bytes = writing_.size() - written_;
  if (STILLPOINT_BUGGIFY("frames leave in small pieces")) bytes = std::min<std::size_t>(bytes, 3);
  socket_.async_write_some(
      asio::buffer(writing_.data() + written_, bytes),
      [self = shared_from_this()](error_code error, std::size_t count) { self->on_written(error, count); });
}

void Outbound::on_written(error_code error, std::size_t bytes) {
  is_writing_ = false;
  if (state_ == State::ended) return;
  if (error) return finish(End::Kind::failed, error.message());
  written_ += bytes;
  if (written_ < writing_.size()) return write();
  frames_sent_ += writing_frames_;
  const bool drained = writing_frames_ > 0 && filling_frames_ == 0;
  writing_frames_ = 0;
  write();
  if (!drained) return;
  if (const auto owner = owner_.lock()) owner->drained();
}

void Outbound::read() {
  const auto room = reader_.prepare();
  socket_.async_read_some(
      asio::buffer(room.data(), room.size()),
      [self = shared_from_this()](error_code error, std::size_t count) { self->on_read(error, count); });
}

void Outbound::on_read(error_code error, std::size_t bytes) {
  if (state_ == State::ended) return;
  if (error == asio::error::eof) return finish(End::Kind::failed, "closed by the other end");
  if (error) return finish(End::Kind::failed, error.message());
  last_heard_ = Clock::now();
  reader_.commit(bytes);
  while (const auto frame = reader_.next()) {
    take(*frame);
    if (state_ == State::ended) return;
  }
  if (reader_.is_broken()) return finish(End::Kind::failed, "what came are no frames");
  read();
}

void Outbound::take(const Frame& frame) {
  if (state_ == State::greeting) return take_answer(frame);
  if (frame.type == static_cast<std::uint8_t>(OwnFrame::pong) && frame.payload.empty()) return;
  finish(End::Kind::failed, "a frame of type " + std::to_string(frame.type) + " came back");
}

void Outbound::take_answer(const Frame& frame) {
  if (frame.type == static_cast<std::uint8_t>(OwnFrame::refused)) {
    if (const auto refused = decode_refused(frame.payload)) return finish(End::Kind::refused, refused->reason);
  }
  std::optional<Welcome> welcome;
  if (frame.type == static_cast<std::uint8_t>(OwnFrame::welcome)) welcome = decode_welcome(frame.payload);
  if (!welcome) return finish(End::Kind::failed, "what came is no answer to a hello");
  if (!context_->heard_of(to_.node, welcome->incarnation)) {
    return finish(End::Kind::refused,
                  "answered by incarnation " + std::to_string(welcome->incarnation) + ", and a later one was heard of");
  }
  state_ = State::open;
  open_since_ = last_heard_;
  last_sent_ = last_heard_;
  arm(context_->config.ping_interval);
  if (!is_writing_) write();
  if (const auto owner = owner_.lock()) owner->opened(welcome->incarnation);
}

void Outbound::arm(MeshConfig::Duration duration) {
  timer_.expires_after(duration);
  timer_.async_wait([self = shared_from_this()](error_code error) {
    if (!error) self->on_timer();
  });
}

void Outbound::on_timer() {
  const MeshConfig& config = context_->config;
  if (state_ == State::ended) return;
  if (state_ != State::open) {
    return finish(End::Kind::failed, "no answer within " + milliseconds(config.connect_timeout));
  }
  if (!has_lasted_ && last_heard_ - open_since_ >= config.idle_timeout) {
    has_lasted_ = true;
    if (const auto owner = owner_.lock()) owner->lasted();
    if (state_ == State::ended) return;
  }
  // TCP tells of a host that died, or a path that leads nowhere any more, only after minutes, or never to those who
  // have nothing to send. So the other end must say something now and then. The bug leaves that to TCP.
  if (!config.bugs.half_open_undetected) {
    if (is_silent()) {
      STILLPOINT_REACHABLE("a node that says nothing is given up");
      return finish(End::Kind::failed, "silent for " + milliseconds(config.idle_timeout));
    }
    // Whatever waits to leave will make the other end answer as well.
    if (queued_bytes() == 0) {
      append_frame(filling_, OwnFrame::ping);
      if (!is_writing_) write();
    }
  }
  if (to_.stream == Stream::bulk && frames_queued() == 0 && Clock::now() - last_sent_ >= kBulkLinger) {
    return finish(End::Kind::idle, "nothing to send");
  }
  arm(config.ping_interval);
}

// What has come and waits to be read counts: it may be this node that has slept.
bool Outbound::is_silent() {
  if (Clock::now() - last_heard_ < context_->config.idle_timeout) return false;
  error_code error;
  return socket_.available(error) == 0 && !error;
}

void Outbound::finish(End::Kind kind, std::string why) {
  close();
  if (const auto owner = owner_.lock()) owner->ended({.kind = kind, .why = std::move(why)});
}

void Outbound::close() {
  state_ = State::ended;
  resolver_.cancel();
  timer_.cancel();
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace plaza::peer
