#include "system-under-test/plaza/domain/inventory.hpp"

#include <algorithm>

namespace plaza {

Inventory::Inventory(TicketNumber capacity, Duration hold_ttl) : capacity_(capacity), hold_ttl_(hold_ttl) {
  for (TicketNumber ticket = 1; ticket <= capacity; ++ticket) free_.insert(free_.end(), ticket);
}

Inventory::Inventory(const KeptState& kept, Duration hold_ttl, TimePoint now) : Inventory(kept.capacity, hold_ttl) {
  version_ = kept.version;
  sales_ = kept.sales;
  answers_ = kept.answers;
  for (const Sale& sale : sales_) free_.erase(sale.ticket);
  for (const KeptHold& hold : kept.holds) {
    const auto deadline = hold.buys_now ? std::nullopt : std::optional<TimePoint>(now + hold_ttl);
    take(hold.ticket, Hold{.user = hold.user, .deadline = deadline, .paying = std::nullopt});
  }
}

Decision Inventory::hold(const RequestKey& key, TimePoint now) {
  if (const auto known = recall(key, Command::hold, 0)) return *known;
  if (free_.empty()) return answer(key, {Command::hold, 0, refusal(Refusal::sold_out, 0)});
  const TicketNumber ticket = *free_.begin();
  take(ticket, Hold{.user = key.user, .deadline = now + hold_ttl_, .paying = std::nullopt});
  return answer(key, {Command::hold, 0, applied(Change::hold, ticket)});
}

Decision Inventory::release(const RequestKey& key, TicketNumber ticket, TimePoint now) {
  if (const auto known = recall(key, Command::release, ticket)) return *known;
  const Refusal why = why_not_usable(key, ticket, now);
  if (why != Refusal::none) return answer(key, {Command::release, ticket, refusal(why, ticket)});
  drop(holds_.find(ticket));
  free_.insert(ticket);
  return answer(key, {Command::release, ticket, applied(Change::release, ticket)});
}

Decision Inventory::purchase(const RequestKey& key, TicketNumber ticket, TimePoint now) {
  const Decision started = start_payment(key, ticket, now);
  if (!started.awaits_payment) return started;
  return complete_payment(key, ticket);
}

Decision Inventory::start_payment(const RequestKey& key, TicketNumber ticket, TimePoint now) {
  if (const auto known = recall(key, Command::purchase, ticket)) return *known;
  const Refusal why = why_not_usable(key, ticket, now);
  if (why != Refusal::none) return answer(key, {Command::purchase, ticket, refusal(why, ticket)});
  Hold& hold = holds_.at(ticket);
  hold.paying = key.request_id;
  if (hold.deadline) deadlines_.erase({*hold.deadline, ticket});
  return Decision{.ticket = ticket, .version = version_, .change = std::nullopt, .awaits_payment = true};
}

Decision Inventory::start_buy(const RequestKey& key) {
  const Decision seen = look(key);
  if (seen.refusal == Refusal::sold_out) return answer(key, {Command::buy, 0, seen});
  if (!seen.awaits_payment) return seen;
  take(seen.ticket, Hold{.user = key.user, .deadline = std::nullopt, .paying = key.request_id});
  Decision decision = applied(Change::hold, seen.ticket);
  decision.awaits_payment = true;
  return decision;
}

Decision Inventory::complete_payment(const RequestKey& key, TicketNumber ticket) {
  const auto hold = find_paying(key, ticket);
  if (hold == holds_.end()) return refusal(Refusal::not_held, ticket);
  const bool bought_now = !hold->second.deadline;
  drop(hold);
  sales_.push_back(Sale{.ticket = ticket, .user = key.user, .request_id = key.request_id});
  const Decision decision = applied(Change::sale, ticket);
  if (bought_now) return answer(key, {Command::buy, 0, decision});
  return answer(key, {Command::purchase, ticket, decision});
}

Decision Inventory::refuse_payment(const RequestKey& key, TicketNumber ticket) {
  const auto hold = find_paying(key, ticket);
  if (hold != holds_.end() && hold->second.deadline) {
    hold->second.paying.reset();
    deadlines_.insert({*hold->second.deadline, ticket});
    return answer(key, {Command::purchase, ticket, refusal(Refusal::payment_refused, ticket)});
  }
  Decision decision = refusal(Refusal::payment_refused, ticket);
  if (hold != holds_.end()) {
    drop(hold);
    free_.insert(ticket);
    decision = applied(Change::release, ticket);
    decision.refusal = Refusal::payment_refused;
  }
  return answer(key, {Command::buy, 0, decision});
}

Decision Inventory::look(const RequestKey& key) const {
  if (const auto known = recall(key, Command::buy, 0)) return *known;
  if (free_.empty()) return refusal(Refusal::sold_out, 0);
  return Decision{.ticket = *free_.begin(), .version = version_, .change = std::nullopt, .awaits_payment = true};
}

Decision Inventory::sell_free(const RequestKey& key, TicketNumber ticket) {
  free_.erase(ticket);
  sales_.push_back(Sale{.ticket = ticket, .user = key.user, .request_id = key.request_id});
  return answer(key, {Command::buy, 0, applied(Change::sale, ticket)});
}

std::optional<Expiry> Inventory::expire_next(TimePoint now) {
  if (deadlines_.empty() || deadlines_.begin()->first > now) return std::nullopt;
  const TicketNumber ticket = deadlines_.begin()->second;
  return free_hold(holds_.find(ticket), Change::expire);
}

std::optional<Expiry> Inventory::release_abandoned() {
  const auto hold = std::find_if(holds_.begin(), holds_.end(),
                                 [](const auto& each) { return !each.second.deadline && !each.second.paying; });
  if (hold == holds_.end()) return std::nullopt;
  return free_hold(hold, Change::release);
}

std::optional<TimePoint> Inventory::next_deadline() const {
  if (deadlines_.empty()) return std::nullopt;
  return deadlines_.begin()->first;
}

Counts Inventory::counts() const {
  return Counts{.free = static_cast<std::uint32_t>(free_.size()),
                .held = static_cast<std::uint32_t>(holds_.size()),
                .sold = static_cast<std::uint32_t>(sales_.size())};
}

const Answered* Inventory::answered(const RequestKey& key) const {
  const auto found = answers_.find(key);
  return found == answers_.end() ? nullptr : &found->second;
}

// The answer that this request was given before, if any. The same id with other contents is a client's mistake, and
// must not be answered as if it were the first request.
std::optional<Decision> Inventory::recall(const RequestKey& key, Command command, TicketNumber asked_ticket) const {
  const Answered* known = answered(key);
  if (!known) return std::nullopt;
  if (known->command != command || known->asked_ticket != asked_ticket) return refusal(Refusal::id_reused, 0);
  Decision decision = known->decision;
  decision.change.reset();
  return decision;
}

Decision Inventory::answer(const RequestKey& key, const Answered& given) {
  answers_.emplace(key, given);
  return given.decision;
}

Decision Inventory::refusal(Refusal why, TicketNumber ticket) const {
  return Decision{.refusal = why, .ticket = ticket, .version = version_, .change = std::nullopt};
}

Decision Inventory::applied(Change change, TicketNumber ticket) {
  ++version_;
  return Decision{.ticket = ticket, .version = version_, .change = change};
}

Refusal Inventory::why_not_usable(const RequestKey& key, TicketNumber ticket, TimePoint now) const {
  const auto found = holds_.find(ticket);
  if (found == holds_.end() || found->second.user != key.user) return Refusal::not_held;
  if (found->second.paying) return Refusal::payment_pending;
  if (found->second.deadline && *found->second.deadline <= now) return Refusal::not_held;
  return Refusal::none;
}

Inventory::Holds::iterator Inventory::find_paying(const RequestKey& key, TicketNumber ticket) {
  const auto found = holds_.find(ticket);
  if (found == holds_.end() || found->second.user != key.user) return holds_.end();
  return found->second.paying == key.request_id ? found : holds_.end();
}

void Inventory::take(TicketNumber ticket, Hold hold) {
  free_.erase(ticket);
  if (hold.deadline) deadlines_.insert({*hold.deadline, ticket});
  holds_.emplace(ticket, std::move(hold));
}

// Ends a hold. The caller says where the ticket goes.
void Inventory::drop(Holds::iterator hold) {
  if (hold->second.deadline) deadlines_.erase({*hold->second.deadline, hold->first});
  holds_.erase(hold);
}

// Frees a ticket that its holder did not ask to be freed.
Expiry Inventory::free_hold(Holds::iterator hold, Change why) {
  Expiry expiry{.ticket = hold->first, .user = hold->second.user, .version = 0};
  drop(hold);
  free_.insert(expiry.ticket);
  expiry.version = applied(why, expiry.ticket).version;
  return expiry;
}

}  // namespace plaza
