#include "system-under-test/plaza/gateway/session.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stillpoint/annotate.hpp>
#include <utility>

#include "system-under-test/plaza/domain/tickets/messages.hpp"
#include "system-under-test/plaza/spawn.hpp"

namespace plaza {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;

namespace {

// The code with which the stream has closed by itself for what it read; none: it has not.
std::optional<unsigned> close_code_for(error_code error) {
  if (error == websocket::error::message_too_big) return websocket::close_code::too_big;
  if (error == websocket::error::bad_frame_payload) return websocket::close_code::bad_payload;
  if (error == websocket::condition::protocol_violation) return websocket::close_code::protocol_error;
  return std::nullopt;
}

}  // namespace

Session::Session(asio::ip::tcp::socket socket, std::shared_ptr<Gateway> gateway, Identity identity)
    : stream_(std::move(socket)),
      gateway_(std::move(gateway)),
      id_(gateway_->next_id++),
      identity_(std::move(identity)),
      requests_limit_(gateway_->config.requests),
      refusals_limit_(gateway_->config.refusals),
      outbox_({.messages_most = gateway_->config.outbound_messages_most,
               .bytes_most = gateway_->config.outbound_bytes_most}),
      timer_(gateway_->executor) {
  gateway_->sessions.emplace(id_, this);
  websocket::stream_base::timeout timeouts{};
  timeouts.handshake_timeout = gateway_->config.handshake_timeout;  // the opening and the closing one
  timeouts.idle_timeout = websocket::stream_base::none();           // check_idle() does that, and says why
  timeouts.keep_alive_pings = false;
  stream_.set_option(timeouts);
  stream_.read_message_max(gateway_->config.frame_bytes_most);
  stream_.auto_fragment(false);
  stream_.text(true);
  stream_.control_callback([this](websocket::frame_type, beast::string_view) { heard_ = true; });
}

Session::~Session() {
  forget_watches();
  leave();
}

void Session::start(Handshake handshake) { spawn(gateway_->executor, run(shared_from_this(), std::move(handshake))); }

asio::awaitable<void> Session::run(std::shared_ptr<Session> self, Handshake handshake) {
  error_code error;
  co_await self->stream_.async_accept(handshake, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return self->abort();
  self->open_ = true;
  self->heard_ = true;
  self->gateway_->metrics.count_session();
  if (self->identity_.until) self->end_at(*self->identity_.until);
  if (self->gateway_->is_draining) self->drain();  // it began to end during the handshake
  while (self->open_) {
    co_await self->stream_.async_read(self->inbound_, asio::redirect_error(asio::use_awaitable, error));
    if (error) break;
    self->heard_ = true;
    if (self->open_) {
      const asio::const_buffer frame = self->inbound_.cdata();
      self->handle_frame({static_cast<const char*>(frame.data()), frame.size()});
    }
    self->inbound_.consume(self->inbound_.size());
  }
  const auto code = close_code_for(error);
  if (self->open_ && code) self->gateway_->metrics.count_close(*code);
  // Where close() has begun the closing handshake, that goes on by itself; otherwise the client has ended this, or the
  // network has, and a write that is still waiting for it would wait in vain.
  if (self->open_) self->abort();
}

void Session::topic_changed(const std::shared_ptr<Topic>& topic) {
  const Watch* watch = find_watch(topic);
  if (!open_ || !watch || watch->told >= topic->changed) return;
  const bool had_none = outbox_.put(topic);
  STILLPOINT_SOMETIMES(!had_none, "a push takes the place of one that was not sent yet");
  if (had_none && !in_flight_) write_next();
}

void Session::forget_watches() {
  for (const Watch& watch : watches_) gateway_->feed->unwatch(id_, watch.topic);
  watches_.clear();
}

Session::Watch* Session::find_watch(const std::shared_ptr<Topic>& topic) {
  const auto found =
      std::find_if(watches_.begin(), watches_.end(), [&topic](const Watch& watch) { return watch.topic == topic; });
  return found == watches_.end() ? nullptr : &*found;
}

void Session::answer(const Request& request, const Response& response) {
  gateway_->metrics.count_request(request.op, response.error);
  if (!open_) return;
  told_version_ = std::max(told_version_, response.version);
  send(encode(response));
  if (open_ && gateway_->hooks.answered) gateway_->hooks.answered(identity_.user, request, response);
}

void Session::send(std::string text) {
  if (!open_) return;
  if (!outbox_.put(std::make_shared<const std::string>(std::move(text)))) {
    STILLPOINT_REACHABLE("a slow consumer is disconnected");
    return close(CloseCode::slow_consumer);
  }
  if (!in_flight_) write_next();
}

void Session::write_next() {
  in_flight_ = next_text();
  if (!in_flight_) return;
  stream_.async_write(asio::buffer(*in_flight_),
                      [self = shared_from_this()](error_code error, std::size_t) { self->on_written(error); });
}

void Session::on_written(error_code error) {
  in_flight_.reset();
  if (!open_) return;
  if (error) return abort();
  write_next();
  close_if_drained();
}

// Null: there is nothing to be sent.
SharedText Session::next_text() {
  while (auto item = outbox_.take()) {
    if (item->text) return std::move(item->text);
    Watch* watch = find_watch(item->topic);
    if (!watch) continue;
    Feed::Push push = gateway_->feed->push_of(*watch->topic, told_version_);
    watch->told = push.version;
    if (!push.text) continue;
    told_version_ = push.version;
    gateway_->metrics.count_push(push.text->size());
    return std::move(push.text);
  }
  return nullptr;
}

void Session::end_at(SteadyClock::time_point time) {
  timer_.expires_at(time);
  timer_.async_wait([weak = weak_from_this()](error_code error) {
    const auto self = weak.lock();
    if (self && !error && self->open_) self->close(CloseCode::token_expired);
  });
}

void Session::check_idle() {
  if (!open_) return;
  silent_checks_ = std::exchange(heard_, false) ? 0 : silent_checks_ + 1;
  if (silent_checks_ >= 4) return close(CloseCode::idle);
  if (silent_checks_ >= 2) ping();
}

void Session::ping() {
  if (std::exchange(pinging_, true)) return;
  stream_.async_ping({}, [self = shared_from_this()](error_code) { self->pinging_ = false; });
}

void Session::drain() {
  if (!open_) return;
  send(encode(ServerPush{.reconnect = true}));
  close_if_drained();
}

void Session::close_if_drained() {
  if (!open_ || !gateway_->is_draining || in_progress_ > 0 || in_flight_ || !outbox_.empty()) return;
  close(CloseCode::going_away);
}

void Session::close(CloseCode code) {
  if (!open_) return abort();
  open_ = false;
  gateway_->metrics.count_close(code);
  outbox_.clear();
  forget_watches();

  // A message that is being written blocks the close frame for as long as the client does not read.
  timer_.expires_after(gateway_->config.close_grace);
  timer_.async_wait([weak = weak_from_this()](error_code error) {
    const auto self = weak.lock();
    if (self && !error) self->abort();
  });
  const std::string_view reason = to_string(code);
  const websocket::close_reason why(static_cast<websocket::close_code>(code),
                                    beast::string_view(reason.data(), reason.size()));
  stream_.async_close(why, [self = shared_from_this()](error_code) { self->abort(); });
}

void Session::abort() {
  open_ = false;
  outbox_.clear();
  forget_watches();
  timer_.cancel();
  error_code ignored;
  stream_.next_layer().close(ignored);
  leave();
}

void Session::leave() {
  if (gateway_->sessions.erase(id_) != 0 && gateway_->session_left) gateway_->session_left();
}

SessionView Session::view() const {
  SessionView view{.id = id_,
                   .user = identity_.user,
                   .is_open = open_,
                   .requests_in_progress = in_progress_,
                   .outbound_messages = outbox_.size() + (in_flight_ ? 1 : 0),
                   .outbound_bytes = outbox_.bytes(),
                   .version = told_version_,
                   .watches = {}};
  for (const Watch& watch : watches_) view.watches.push_back(watch.topic->told_as);
  return view;
}

}  // namespace plaza
