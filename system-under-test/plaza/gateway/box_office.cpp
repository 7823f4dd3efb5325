#include "system-under-test/plaza/gateway/box_office.hpp"

#include <utility>

#include <stillpoint/annotate.hpp>

namespace plaza {
namespace {

namespace asio = boost::asio;

RequestKey key_of(const Request& request) { return RequestKey{.user = request.user, .request_id = request.id}; }

std::optional<Error> error_for(Refusal refusal) {
  switch (refusal) {
    case Refusal::none:
      return std::nullopt;
    case Refusal::sold_out:
      return Error::sold_out;
    case Refusal::not_held:
      return Error::not_held;
    case Refusal::payment_pending:
      return Error::payment_pending;
    case Refusal::payment_refused:
      return Error::payment_refused;
    case Refusal::id_reused:
      return Error::id_reused;
  }
  return Error::bad_request;
}

StockPush stock_of(const Inventory& inventory) {
  const Counts counts = inventory.counts();
  return StockPush{.version = inventory.version(), .free = counts.free, .held = counts.held, .sold = counts.sold};
}

}  // namespace

BoxOffice::BoxOffice(asio::any_io_executor executor, const ServerConfig& config, std::shared_ptr<const Hooks> hooks,
                     std::shared_ptr<StockFeed> feed)
    : executor_(std::move(executor)),
      payments_(config.payments),
      hold_ttl_(config.hold_ttl),
      bugs_(config.bugs),
      hooks_(std::move(hooks)),
      feed_(std::move(feed)),
      inventory_(config.capacity, config.hold_ttl),
      expiry_timer_(executor_) {
  publish();
}

void BoxOffice::recover(std::unique_ptr<Store> store, const JournalConfig& config,
                        std::function<void(const std::string& why)> on_lost) {
  inventory_ = Inventory(store->take_kept(), hold_ttl_, std::chrono::steady_clock::now());
  publish();
  if (hooks_->recovered) hooks_->recovered(inventory_);
  Journal::Callbacks callbacks;
  callbacks.on_committed = [this](std::size_t records) {
    publish();
    if (hooks_->committed) hooks_->committed(Committed{.version = durable_version_, .records = records});
  };
  callbacks.on_lost = std::move(on_lost);
  journal_ = std::make_shared<Journal>(executor_, std::move(store), config, bugs_, std::move(callbacks));
  while (const auto abandoned = inventory_.release_abandoned()) report_freed(Change::release, *abandoned);
  arm_expiry();
}

Response BoxOffice::hold(const Request& request) {
  expire_due();
  const RequestKey key = key_of(request);
  if (const auto not_now = why_not_now(key)) return *not_now;
  const Version before = inventory_.version();
  const Decision decision = inventory_.hold(key, std::chrono::steady_clock::now());
  return settle(key, decision, before);
}

Response BoxOffice::release(const Request& request) {
  expire_due();
  const RequestKey key = key_of(request);
  if (const auto not_now = why_not_now(key)) return *not_now;
  const Version before = inventory_.version();
  const Decision decision = inventory_.release(key, request.ticket, std::chrono::steady_clock::now());
  return settle(key, decision, before);
}

asio::awaitable<Response> BoxOffice::buy(std::shared_ptr<BoxOffice> office, Request request) {
  BoxOffice& self = *office;
  Inventory& inventory = self.inventory_;
  self.expire_due();
  const RequestKey key = key_of(request);
  if (const auto not_now = self.why_not_now(key)) co_return *not_now;

  const Version seen = inventory.version();
  const Decision choice = self.bugs_.oversell ? inventory.look(key) : inventory.start_buy(key);
  const Response chosen = self.settle(key, choice, seen);
  if (!choice.awaits_payment) co_return chosen;

  self.paying_.insert(key);
  const Authorisation authorisation = co_await authorise(self.executor_, self.payments_, key.user, choice.ticket);
  self.paying_.erase(key);

  const Version before = inventory.version();
  if (authorisation == Authorisation::refused) {
    const Decision refused = inventory.refuse_payment(key, choice.ticket);
    co_return self.settle(key, refused, before);
  }
  if (self.bugs_.oversell) {
    const Decision sold = inventory.sell_free(key, choice.ticket);
    co_return self.settle(key, sold, seen);
  }
  const Decision sold = inventory.complete_payment(key, choice.ticket);
  co_return self.settle(key, sold, before);
}

asio::awaitable<Response> BoxOffice::purchase(std::shared_ptr<BoxOffice> office, Request request) {
  BoxOffice& self = *office;
  Inventory& inventory = self.inventory_;
  self.expire_due();
  const RequestKey key = key_of(request);
  if (const auto not_now = self.why_not_now(key)) co_return *not_now;

  const Version seen = inventory.version();
  const Decision start = inventory.start_payment(key, request.ticket, std::chrono::steady_clock::now());
  if (!start.awaits_payment) co_return self.settle(key, start, seen);

  self.paying_.insert(key);
  const Authorisation authorisation = co_await authorise(self.executor_, self.payments_, key.user, request.ticket);
  self.paying_.erase(key);

  const Version before = inventory.version();
  const Decision decision = authorisation == Authorisation::approved ? inventory.complete_payment(key, request.ticket)
                                                                     : inventory.refuse_payment(key, request.ticket);
  co_return self.settle(key, decision, before);
}

void BoxOffice::stop() {
  stopped_ = true;
  expiry_armed_for_.reset();
  expiry_timer_.cancel();
  if (journal_) journal_->stop();
}

void BoxOffice::abandon() {
  if (journal_) journal_->abandon();
}

std::optional<Response> BoxOffice::why_not_now(const RequestKey& key) const {
  if (journal_ && !journal_->is_available()) return unavailable(key.request_id);
  if (!paying_.contains(key)) return std::nullopt;
  return Response{.id = key.request_id, .error = Error::in_progress, .ticket = 0, .version = inventory_.version()};
}

Response BoxOffice::unavailable(const std::string& request_id) const {
  return Response{.id = request_id, .error = Error::unavailable, .ticket = 0, .version = durable_version_};
}

// Keeps and reports what the decision has changed, if anything, and puts it into the words of the protocol.
Response BoxOffice::settle(const RequestKey& key, const Decision& decision, Version decided_on) {
  if (decision.change) report(key, decision, decided_on);
  // In the batch of its change: nothing runs in between. A repetition brings what is kept already.
  const Answered* answer = journal_ ? inventory_.answered(key) : nullptr;
  STILLPOINT_SOMETIMES(!decision.change && answer && decision.refusal == Refusal::none,
                       "a repeated request gets its first answer");
  if (answer) journal_->append({.key = key, .version = inventory_.version(), .answer = *answer});
  arm_expiry();
  Response response{
      .id = key.request_id, .error = error_for(decision.refusal), .ticket = 0, .version = decision.version};
  if (response.ok()) response.ticket = decision.ticket;
  return response;
}

// The id of the key is empty where nobody asked for the change.
void BoxOffice::report(const RequestKey& key, const Decision& decision, Version decided_on) {
  if (journal_) {
    journal_->append({.key = key,
                      .change = decision.change,
                      .ticket = decision.ticket,
                      .buys_now = decision.awaits_payment,
                      .version = decision.version});
  }
  if (hooks_->applied) {
    const Applied applied{.kind = *decision.change,
                          .request_id = key.request_id,
                          .user = key.user,
                          .ticket = decision.ticket,
                          .version = decision.version,
                          .decided_on_version = decided_on,
                          .counts = inventory_.counts(),
                          .capacity = inventory_.capacity()};
    hooks_->applied(applied, inventory_);
  }
  if (!journal_) publish();
}

void BoxOffice::report_freed(Change why, const Expiry& freed) {
  const Decision decision{.ticket = freed.ticket, .version = freed.version, .change = why};
  report(RequestKey{.user = freed.user, .request_id = ""}, decision, freed.version - 1);
}

void BoxOffice::publish() {
  durable_version_ = inventory_.version();
  STILLPOINT_SOMETIMES(inventory_.counts().free == 0, "nothing is free");
  feed_->publish(stock_of(inventory_));
}

// Called before every decision, too: whether a hold has passed must not depend on when its timer gets to run.
void BoxOffice::expire_due() {
  const TimePoint now = std::chrono::steady_clock::now();
  while (const auto expiry = inventory_.expire_next(now)) {
    STILLPOINT_REACHABLE("a hold expires");
    report_freed(Change::expire, *expiry);
  }
}

// A timer that fires too early does no harm: it finds nothing to do and is armed again. So it is moved only when it
// would fire too late, and not each time the earliest hold goes away.
void BoxOffice::arm_expiry() {
  const auto deadline = inventory_.next_deadline();
  if (stopped_ || !deadline) return;
  if (expiry_armed_for_ && *expiry_armed_for_ <= *deadline) return;
  expiry_armed_for_ = deadline;
  expiry_timer_.expires_at(*deadline);
  expiry_timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    const auto self = weak.lock();
    if (!self || error) return;
    self->expiry_armed_for_.reset();
    self->expire_due();
    self->arm_expiry();
  });
}

}  // namespace plaza
