// What a session does about the frames that it reads; what it does with its connection is in session.cpp.
#include <algorithm>
#include <stillpoint/annotate.hpp>
#include <utility>
#include <variant>

#include "system-under-test/plaza/domain/tickets/messages.hpp"
#include "system-under-test/plaza/gateway/session.hpp"
#include "system-under-test/plaza/spawn.hpp"

namespace plaza {

namespace asio = boost::asio;

void Session::handle_frame(std::string_view text) {
  if (!stream_.got_text()) return close(CloseCode::text_only);
  const auto now = SteadyClock::now();
  const bool is_too_often = !requests_limit_.take(now);
  if (is_too_often && !refusals_limit_.take(now)) return close(CloseCode::rate_exceeded);

  auto decoded = decode_request(text);
  if (const auto* malformed = std::get_if<Malformed>(&decoded)) {
    const Error error = is_too_often ? Error::rate_limited : malformed->error;
    gateway_->metrics.count_request(std::nullopt, error);
    const std::uint64_t version = gateway_->replica->machine().applied_index();
    return send(encode(Response{.id = malformed->id, .version = version, .error = error}));
  }
  Request& request = std::get<Request>(decoded);
  if (gateway_->hooks.received) gateway_->hooks.received(identity_.user, request);
  if (is_too_often) return refuse(request, Error::rate_limited);
  handle(std::move(request));
}

void Session::handle(Request request) {
  if (request.op == Operation::unwatch) return unwatch(request);
  if (gateway_->is_draining) return refuse(request, Error::overloaded);
  const bool is_watch = request.op == Operation::watch;
  if (is_watch && request.after.value_or(0) <= gateway_->replica->machine().applied_index()) return watch(request);
  if (in_progress_ >= gateway_->config.requests_in_progress_most) return refuse(request, Error::overloaded);
  ++in_progress_;
  auto work =
      is_watch ? watch_later(shared_from_this(), std::move(request)) : serve(shared_from_this(), std::move(request));
  spawn(gateway_->executor, std::move(work));
}

asio::awaitable<void> Session::serve(std::shared_ptr<Session> self, Request request) {
  const Response response = co_await BoxOffice::serve(self->gateway_->office, self->identity_.user, request);
  --self->in_progress_;
  self->answer(request, response);
  self->close_if_drained();
}

// The client has seen more than this node has applied: it must not be taken back.
asio::awaitable<void> Session::watch_later(std::shared_ptr<Session> self, Request request) {
  STILLPOINT_REACHABLE("a watch waits until the node has caught up");
  const auto deadline = SteadyClock::now() + self->gateway_->config.request_deadline;
  const bool has_caught_up = co_await self->gateway_->replica->reached(*request.after, deadline);
  --self->in_progress_;
  if (has_caught_up) {
    self->watch(request);
  } else {
    self->refuse(request, Error::unavailable);
  }
  self->close_if_drained();
}

void Session::watch(const Request& request) {
  if (!open_) return;
  const auto name = machine_topic(request.topic);
  if (!name) return refuse(request, Error::unknown_topic);
  const bool is_watched =
      std::any_of(watches_.begin(), watches_.end(), [&name](const Watch& watch) { return watch.topic->name == *name; });
  if (!is_watched && watches_.size() >= gateway_->config.watches_most) return refuse(request, Error::too_many_watches);
  const std::shared_ptr<Topic> topic = gateway_->feed->watch(id_, *this, *name, request.topic);
  if (!topic) return refuse(request, Error::unknown_topic);
  if (!is_watched) watches_.push_back(Watch{.topic = topic});

  told_version_ = std::max(told_version_, request.after.value_or(0));
  answer(request, Response{.id = request.id, .version = gateway_->replica->machine().applied_index()});
  if (!open_) return;
  outbox_.remove(topic);  // a place before the answer would be none after it
  outbox_.put(topic);
  if (!in_flight_) write_next();
}

void Session::unwatch(const Request& request) {
  const auto name = machine_topic(request.topic);
  const auto found =
      std::find_if(watches_.begin(), watches_.end(), [&name](const Watch& watch) { return watch.topic->name == name; });
  if (found == watches_.end()) return refuse(request, Error::unknown_topic);
  outbox_.remove(found->topic);
  gateway_->feed->unwatch(id_, found->topic);
  watches_.erase(found);
  answer(request, Response{.id = request.id, .version = gateway_->replica->machine().applied_index()});
}

// What the machine calls this topic of the protocol. None: it is not for this user, or none at all.
std::optional<std::string> Session::machine_topic(std::string_view told_as) const {
  if (told_as == "user") return tickets::user_topic(identity_.user);
  const auto event = event_of_topic(told_as);
  if (!event) return std::nullopt;
  return tickets::event_topic(*event);
}

void Session::refuse(const Request& request, Error error) {
  answer(request, gateway_->office->undecided(request, error));
}

}  // namespace plaza
