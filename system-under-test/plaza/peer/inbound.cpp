#include "system-under-test/plaza/peer/inbound.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <sstream>
#include <stillpoint/annotate.hpp>
#include <utility>

namespace plaza::peer {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

// What one connection may take of one turn of the event loop.
constexpr int kFramesAtOnce = 64;
constexpr std::size_t kBytesAtOnce = 256 * 1024;

}  // namespace

Inbound::Inbound(tcp::socket socket, const Origin& origin, std::shared_ptr<Context> context, std::weak_ptr<Owner> owner)
    : socket_(std::move(socket)),
      origin_(origin),
      context_(std::move(context)),
      owner_(std::move(owner)),
      timer_(socket_.get_executor()),
      reader_({.frame_bytes_most = kHandshakeBytesMost, .bugs = context_->config.bugs}) {}

void Inbound::start() {
  error_code ignored;  // the connection may be gone already, as the next operation will find out
  socket_.set_option(tcp::no_delay(true), ignored);
  arm(Clock::now() + context_->config.connect_timeout);
  read();
}

void Inbound::read() {
  const auto room = reader_.prepare();
  socket_.async_read_some(
      asio::buffer(room.data(), room.size()),
      [self = shared_from_this()](error_code error, std::size_t count) { self->on_read(error, count); });
}

void Inbound::on_read(error_code error, std::size_t bytes) {
  if (is_closed_) return;
  if (error == asio::error::eof) return end("closed by the other end");
  if (error) return end(error.message());
  last_heard_ = Clock::now();
  if (hello_ && !has_lasted_ && last_heard_ - welcome_since_ >= context_->config.idle_timeout) lasted();
  if (is_closed_) return;
  reader_.commit(bytes);
  take_frames();
}

// Of what was read; after a share of it the event loop has its turn before the rest.
void Inbound::take_frames() {
  if (is_closed_) return;
  if (hello_ && hello_->incarnation < context_->latest_of(hello_->from)) return end("a later incarnation was heard of");
  std::size_t bytes = 0;
  for (int frames = 0; frames < kFramesAtOnce && bytes < kBytesAtOnce; ++frames) {
    const auto frame = reader_.next();
    if (!frame) {
      if (reader_.is_broken()) return hello_ ? end("what came are no frames") : refuse("what came is no hello");
      // A bulk stream may be slow to bring its pings, which wait behind the rest: all that comes deserves an answer.
      if (hello_ && last_heard_ - last_pong_ >= context_->config.idle_timeout / 2) pong();
      return read();
    }
    bytes += frame->payload.size();
    take(*frame);
    if (is_closed_) return;
  }
  STILLPOINT_REACHABLE("a peer's frames make way for the event loop");
  asio::post(socket_.get_executor(), [self = shared_from_this()] { self->take_frames(); });
}

void Inbound::take(const Frame& frame) {
  if (!hello_) return take_hello(frame);
  if (frame.type > kLastOwnFrame) {
    ++frames_received_;
    return context_->received(hello_->from, frame.type, frame.payload);
  }
  if (frame.type == static_cast<std::uint8_t>(OwnFrame::ping) && frame.payload.empty()) return pong();
  end("a frame of type " + std::to_string(frame.type) + " came");
}

void Inbound::take_hello(const Frame& frame) {
  std::optional<Hello> hello;
  if (frame.type == static_cast<std::uint8_t>(OwnFrame::hello)) hello = decode_hello(frame.payload);
  if (!hello) return refuse("what came is no hello");
  const auto owner = owner_.lock();
  if (!owner) return close();
  const auto objection = owner->greet(*this, *hello);
  if (is_closed_) return;
  if (objection) return refuse(*objection);

  hello_ = std::move(hello);
  reader_.set_frame_bytes_most(context_->config.frame_bytes_most);
  welcome_since_ = last_heard_;
  last_pong_ = last_heard_;
  append_frame(writing_, OwnFrame::welcome, encode(Welcome{.incarnation = context_->config.incarnation}));
  write();
  timer_.cancel();
  // Whoever is behind a silent connection may be long gone; it would keep it, and what belongs to it, for ever. The bug
  // leaves that to TCP, which has nothing to send either.
  if (!context_->config.bugs.half_open_undetected) arm(last_heard_ + context_->config.idle_timeout);
  // A node that hangs up on every welcome is said to be connected once, though from a new port each time; somebody else
  // in its name is news.
  const std::string words = std::to_string(hello_->incarnation) + " from " + origin_.remote.address().to_string();
  is_connected_said_ = context_->said_connected(remote(), words, connected());
}

// The reason is told as far as it can be without waiting: it is short, and the first that goes out.
void Inbound::refuse(const std::string& reason) {
  STILLPOINT_REACHABLE("a connection is refused");
  std::string bytes;
  append_frame(bytes, OwnFrame::refused, encode(Refused{.reason = reason}));
  error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.write_some(asio::buffer(bytes), ignored);
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
  end("refused: " + reason);
}

// One that is asked for while an answer is on its way goes next; those between need no answer of their own.
void Inbound::pong() {
  is_pong_due_ = true;
  last_pong_ = last_heard_;
  if (!is_writing_) write();
}

void Inbound::write() {
  if (std::exchange(is_pong_due_, false)) append_frame(writing_, OwnFrame::pong);
  is_writing_ = true;
  asio::async_write(socket_, asio::buffer(writing_), [self = shared_from_this()](error_code error, std::size_t) {
    self->is_writing_ = false;
    if (self->is_closed_) return;
    if (error) return self->end(error.message());
    self->writing_.clear();
    if (self->is_pong_due_) self->write();
  });
}

void Inbound::arm(Clock::time_point when) {
  timer_.expires_at(when);
  timer_.async_wait([self = shared_from_this()](error_code error) {
    if (!error) self->on_timer();
  });
}

// It is not set anew for each frame, but looks at what has come meanwhile when it expires.
void Inbound::on_timer() {
  const MeshConfig& config = context_->config;
  if (is_closed_) return;
  if (!hello_) return refuse("no hello within " + milliseconds(config.connect_timeout));
  const auto now = Clock::now();
  if (now - last_heard_ < config.idle_timeout) return arm(last_heard_ + config.idle_timeout);
  // What has come and waits to be read counts: it may be this node that has slept.
  error_code error;
  if (socket_.available(error) > 0) return arm(now + config.ping_interval);
  STILLPOINT_REACHABLE("an accepted connection that says nothing is given up");
  end("silent for " + milliseconds(config.idle_timeout));
}

void Inbound::end(const std::string& why) {
  if (is_closed_) return;
  close();
  if (const auto owner = owner_.lock()) owner->left(*this);
  context_->said_once(remote(), why, (hello_ ? remote() : "from " + address()) + ": " + why);
}

void Inbound::close() {
  is_closed_ = true;
  timer_.cancel();
  error_code ignored;
  socket_.close(ignored);
}

// This connection is one that stays, and not one of a series that end as soon as they are made.
void Inbound::lasted() {
  has_lasted_ = true;
  context_->forget_said_of(remote());
  if (!is_connected_said_) context_->said(connected());
}

// Whose lines must not repeat. Before its hello it has an address only, and every attempt another port.
std::string Inbound::remote() const {
  if (hello_) return "from node " + std::to_string(hello_->from) + " (" + std::string(name_of(hello_->stream)) + ")";
  return "from " + origin_.remote.address().to_string();
}

std::string Inbound::address() const {
  std::ostringstream text;
  text << origin_.remote;
  return text.str();
}

std::string Inbound::connected() const {
  return remote() + ": connected, incarnation " + std::to_string(hello_->incarnation) + ", from " + address();
}

}  // namespace plaza::peer
