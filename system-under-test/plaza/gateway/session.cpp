#include "system-under-test/plaza/gateway/session.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>
#include <variant>

#include "system-under-test/plaza/spawn.hpp"

namespace plaza {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;

Session::Session(asio::ip::tcp::socket socket, std::shared_ptr<Gateway> gateway, std::uint64_t id)
    : stream_(std::move(socket)), gateway_(std::move(gateway)), id_(id) {
  gateway_->sessions.emplace(id_, this);
  stream_.set_option(websocket::stream_base::timeout::suggested(beast::role_type::server));
  stream_.read_message_max(gateway_->config.frame_bytes_max);
  stream_.text(true);
}

Session::~Session() {
  gateway_->feed->unsubscribe(id_);
  gateway_->sessions.erase(id_);
}

void Session::start() { spawn(stream_.get_executor(), run(shared_from_this())); }

asio::awaitable<void> Session::run(std::shared_ptr<Session> self) {
  error_code error;
  co_await self->stream_.async_accept(asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return;
  self->open_ = true;
  while (self->open_) {
    co_await self->stream_.async_read(self->inbound_, asio::redirect_error(asio::use_awaitable, error));
    if (error) break;
    if (self->open_) {
      const asio::const_buffer frame = self->inbound_.cdata();
      self->handle_frame({static_cast<const char*>(frame.data()), frame.size()});
    }
    self->inbound_.consume(self->inbound_.size());
  }
  self->gateway_->feed->unsubscribe(self->id_);
  // Where close() has begun the closing handshake, that goes on by itself; otherwise the client has ended this, or the
  // network has, and a write that is still waiting for it would wait in vain.
  if (self->open_) self->abort();
}

void Session::handle_frame(std::string_view text) {
  std::variant<Request, Malformed> decoded = Malformed{};
  if (stream_.got_text()) decoded = decode_request(text);
  if (const auto* malformed = std::get_if<Malformed>(&decoded)) {
    const Version version = gateway_->office->inventory().version();
    const Response response{.id = malformed->id, .error = malformed->error, .ticket = 0, .version = version};
    return gateway_->office->when_kept(response, [self = shared_from_this()](const Response& told) {
      self->send(std::make_shared<const std::string>(encode(told)));
    });
  }
  const Request& request = std::get<Request>(decoded);
  if (gateway_->hooks->received) gateway_->hooks->received(request);
  handle(request);
}

void Session::handle(const Request& request) {
  BoxOffice& office = *gateway_->office;
  switch (request.op) {
    case Operation::hold:
      return reply(request, office.hold(request));
    case Operation::release:
      return reply(request, office.release(request));
    case Operation::buy:
    case Operation::purchase:
      return spawn(stream_.get_executor(), serve_payment(shared_from_this(), request));
    case Operation::watch:
      break;
  }
  const Version version = office.inventory().version();
  const Response watching{.id = request.id, .error = std::nullopt, .ticket = 0, .version = version};
  office.when_kept(watching, [self = shared_from_this(), request](const Response& told) {
    self->answer(request, told);
    if (told.ok() && self->open_) self->gateway_->feed->subscribe(self->id_, *self);
  });
}

asio::awaitable<void> Session::serve_payment(std::shared_ptr<Session> self, Request request) {
  Response response;
  if (request.op == Operation::buy) {
    response = co_await BoxOffice::buy(self->gateway_->office, request);
  } else {
    response = co_await BoxOffice::purchase(self->gateway_->office, request);
  }
  self->reply(request, response);
}

void Session::reply(const Request& request, const Response& response) {
  gateway_->office->when_kept(
      response, [self = shared_from_this(), request](const Response& told) { self->answer(request, told); });
}

void Session::answer(const Request& request, const Response& response) {
  if (!open_) return;
  send(std::make_shared<const std::string>(encode(response)));
  if (open_ && gateway_->hooks->answered) gateway_->hooks->answered(request, response);
}

void Session::push_stock(Version version, const SharedText& text) {
  if (!open_ || (pushed_version_ && version <= *pushed_version_)) return;
  pushed_version_ = version;
  const bool has_place = pending_push_ != nullptr;
  pending_push_ = text;
  if (!has_place) send(nullptr);
}

void Session::send(SharedText text) {
  if (!open_) return;
  // The place of a push is not counted: it cannot be taken twice.
  if (text && outbound_.size() >= gateway_->config.outbound_queue_max) {
    return close(websocket::close_code::policy_error, "slow consumer");
  }
  outbound_.push_back(std::move(text));
  if (!in_flight_) write_next();
}

void Session::write_next() {
  in_flight_ = take_front();
  stream_.async_write(asio::buffer(*in_flight_),
                      [self = shared_from_this()](error_code error, std::size_t) { self->on_written(error); });
}

void Session::on_written(error_code error) {
  in_flight_.reset();
  if (!open_) return;
  if (error) return abort();
  if (!outbound_.empty()) write_next();
}

SharedText Session::take_front() {
  SharedText text = std::move(outbound_.front());
  outbound_.pop_front();
  return text ? std::move(text) : std::exchange(pending_push_, nullptr);
}

void Session::close(websocket::close_code code, std::string_view reason) {
  if (!open_) return abort();
  open_ = false;
  outbound_.clear();
  pending_push_.reset();
  gateway_->feed->unsubscribe(id_);

  // A message that is being written blocks the close frame for as long as the client does not read.
  close_timer_ = std::make_unique<asio::steady_timer>(stream_.get_executor(), gateway_->config.close_grace);
  close_timer_->async_wait([weak = weak_from_this()](error_code error) {
    const auto self = weak.lock();
    if (self && !error) self->abort();
  });
  const websocket::close_reason why(code, beast::string_view(reason.data(), reason.size()));
  stream_.async_close(why, [self = shared_from_this()](error_code) { self->close_timer_->cancel(); });
}

void Session::abort() {
  open_ = false;
  error_code ignored;
  stream_.next_layer().close(ignored);
}

}  // namespace plaza
