#include "system-under-test/plaza/gateway/box_office.hpp"

#include <stillpoint/annotate.hpp>
#include <utility>

#include "system-under-test/plaza/domain/tickets/tickets.hpp"

namespace plaza {

namespace asio = boost::asio;

namespace {

std::optional<Error> error_for(Refusal refusal) {
  switch (refusal) {
    case Refusal::none:
      return std::nullopt;
    case Refusal::bad_request:
      return Error::bad_request;
    case Refusal::id_reused:
      return Error::id_reused;
    case Refusal::unknown_event:
      return Error::unknown_event;
    case Refusal::event_exists:
      return Error::event_exists;
    case Refusal::sold_out:
      return Error::sold_out;
    case Refusal::seat_taken:
      return Error::seat_taken;
    case Refusal::no_such_seat:
      return Error::no_such_seat;
    case Refusal::too_many:
      return Error::too_many;
    case Refusal::not_held:
      return Error::not_held;
    case Refusal::payment_pending:
      return Error::payment_pending;
    case Refusal::payment_refused:
      return Error::payment_refused;
    case Refusal::already_waiting:
      return Error::already_waiting;
    case Refusal::not_waiting:
      return Error::not_waiting;
  }
  return Error::bad_request;
}

tickets::Wanted wanted_of(const Request& request) {
  if (request.seats.empty()) return tickets::Wanted{.count = request.count};
  return tickets::Wanted{.count = static_cast<std::uint32_t>(request.seats.size()), .seats = request.seats};
}

// What is asked of the domain by an operation that is one command. None: it is not.
std::optional<tickets::Request> in_one_step(const Request& request) {
  switch (request.op) {
    case Operation::hold:
      return tickets::Hold{.event = request.event, .wanted = wanted_of(request)};
    case Operation::release:
      return tickets::Release{.event = request.event, .hold = request.hold};
    case Operation::wait:
      return tickets::Wait{.event = request.event, .count = request.count};
    case Operation::leave:
      return tickets::Leave{.event = request.event};
    default:
      return std::nullopt;
  }
}

Command command_of(const std::string& user, const Request& request, const tickets::Request& asked) {
  return Command{
      .key = RequestKey{.user = user, .id = request.id}, .domain = DomainId::tickets, .body = tickets::encode(asked)};
}

const tickets::Tickets* tickets_of(const Machine& machine) {
  return dynamic_cast<const tickets::Tickets*>(machine.domain(DomainId::tickets));
}

// What the authoriser is told about: the first seat, or 0 where tickets have no numbers.
std::uint32_t first_seat(const std::vector<std::uint32_t>& seats) { return seats.empty() ? 0 : seats.front(); }

}  // namespace

BoxOffice::BoxOffice(asio::any_io_executor executor, std::shared_ptr<Replica> replica, const GatewayConfig& config)
    : executor_(std::move(executor)),
      replica_(std::move(replica)),
      payments_(config.payments),
      request_deadline_(config.request_deadline),
      bugs_(config.bugs) {}

asio::awaitable<Response> BoxOffice::serve(std::shared_ptr<const BoxOffice> office, const std::string& user,
                                           const Request& request) {
  // No state of the machine changes this: it needs no place in the log.
  if (request.count > tickets::kCountMost || request.seats.size() > tickets::kCountMost) {
    co_return office->undecided(request, Error::too_many);
  }
  if (request.op == Operation::look) co_return co_await office->look(request);
  if (request.op == Operation::buy && office->bugs_.oversell)
    co_return co_await office->buy_what_was_seen(user, request);
  if (request.op == Operation::buy || request.op == Operation::purchase) co_return co_await office->buy(user, request);
  const auto asked = in_one_step(request);
  if (!asked) co_return office->undecided(request, Error::unknown_op);
  Command command = command_of(user, request, *asked);
  const Outcome outcome = co_await office->replica_->submit(std::move(command), office->deadline());
  co_return office->respond(request, outcome);
}

Response BoxOffice::undecided(const Request& request, Error error) const {
  return Response{.id = request.id, .version = replica_->machine().applied_index(), .error = error};
}

// Of `buy` and of `purchase`. What is to be paid for is taken before the payment is awaited, so that nobody else can
// have it meanwhile, and given back if it comes to nothing: by the settlement, or by payment_ttl if nobody settles.
asio::awaitable<Response> BoxOffice::buy(const std::string& user, const Request& request) const {
  const SteadyClock::time_point by = deadline();
  tickets::StartPurchase start{.event = request.event, .hold = std::nullopt, .wanted = {}};
  if (request.op == Operation::purchase) {
    start.hold = request.hold;
  } else {
    start.wanted = wanted_of(request);
  }
  Command first = command_of(user, request, start);
  const Outcome started = co_await replica_->submit(std::move(first), by);
  if (started.kind != Outcome::Kind::answered || !started.answer.awaits) co_return respond(request, started);

  const auto taken = tickets::decode_given(started.answer.body);
  const std::uint32_t seat = taken ? first_seat(taken->seats) : first_seat(request.seats);
  const Authorisation authorisation = co_await authorise(executor_, payments_, user, seat);

  const tickets::Settle settle{.event = request.event, .approved = authorisation == Authorisation::approved};
  Command second = command_of(user, request, settle);
  Outcome settled = co_await replica_->submit(std::move(second), by);
  STILLPOINT_SOMETIMES(settled.kind != Outcome::Kind::answered, "a payment is made and not settled");
  // Something has been done: that the second half was refused does not mean that nothing was.
  if (settled.kind == Outcome::Kind::refused) settled.kind = Outcome::Kind::timed_out;
  co_return respond(request, settled);
}

// The bug `oversell`: check, then act. What buy() does in between is missing here, so by the time of the settlement
// what was seen may be somebody else's.
asio::awaitable<Response> BoxOffice::buy_what_was_seen(const std::string& user, const Request& request) const {
  const SteadyClock::time_point by = deadline();
  const std::uint64_t decided_on = replica_->machine().applied_index();
  const tickets::Tickets* domain = tickets_of(replica_->machine());
  const auto seen = domain ? domain->look(request.event, wanted_of(request)) : std::nullopt;
  if (!seen) co_return co_await buy(user, request);  // nothing to act upon: refused, or answered before

  const Authorisation authorisation = co_await authorise(executor_, payments_, user, first_seat(*seen));

  const tickets::Settle settle{.event = request.event,
                               .approved = authorisation == Authorisation::approved,
                               .unchecked = *seen,
                               .decided_on = decided_on};
  Command command = command_of(user, request, settle);
  const Outcome settled = co_await replica_->submit(std::move(command), by);
  co_return respond(request, settled);
}

asio::awaitable<Response> BoxOffice::look(const Request& request) const {
  const bool is_present = co_await replica_->read(deadline());
  if (!is_present) co_return undecided(request, Error::unavailable);
  const tickets::Tickets* domain = tickets_of(replica_->machine());
  const auto counts = domain ? domain->counts(request.event) : std::nullopt;
  if (!counts) co_return undecided(request, Error::unknown_event);
  Response response{.id = request.id, .version = replica_->machine().applied_index()};
  response.counts =
      EventCounts{.free = counts->free, .held = counts->held, .sold = counts->sold, .waiting = counts->waiting};
  co_return response;
}

Response BoxOffice::respond(const Request& request, const Outcome& outcome) const {
  switch (outcome.kind) {
    case Outcome::Kind::timed_out:
      return undecided(request, Error::unavailable);
    case Outcome::Kind::refused:
      return undecided(request, Error::overloaded);
    case Outcome::Kind::answered:
      break;
  }
  const Answer& answer = outcome.answer;
  // A payment that is awaited elsewhere, under the same id: ask again.
  if (answer.awaits) return undecided(request, Error::unavailable);
  Response response{.id = request.id, .version = answer.index, .error = error_for(answer.refusal)};
  if (response.error) return response;
  auto given = tickets::decode_given(answer.body);
  if (!given) return response;
  response.count = given->count;
  response.seats = std::move(given->seats);
  response.place = given->place;
  const bool is_hold = request.op == Operation::hold || (request.op == Operation::wait && given->place == 0);
  if (is_hold) {
    response.hold = request.id;
    response.lasts = std::chrono::duration_cast<std::chrono::milliseconds>(given->lasts);
  }
  return response;
}

}  // namespace plaza
