#include "system-under-test/plaza/domain/tickets/event.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace plaza::tickets {

namespace {

Answer refuse(Refusal why) { return {.refusal = why}; }

Answer give(const Lot& lot, LogTime lasts = {}) {
  return {.body = encode(Given{.count = lot.count, .seats = lot.seats, .lasts = lasts})};
}

}  // namespace

Event::Event(Open terms, Bugs bugs) : terms_(std::move(terms)), bugs_(bugs), free_(terms_) {}

Counts Event::counts() const {
  return {.free = free_.count(), .held = holds_.tickets(), .sold = sales_.tickets(), .waiting = line_.tickets()};
}

std::variant<Lot, Refusal> Event::look(const Wanted& wanted) const {
  const std::size_t count = wanted.seats.empty() ? wanted.count : wanted.seats.size();
  if (count > kCountMost || count > terms_.capacity) return Refusal::too_many;
  if (!wanted.seats.empty() && (!terms_.seated || wanted.seats.back() > terms_.capacity)) return Refusal::no_such_seat;
  if (!line_.empty()) return Refusal::sold_out;
  if (auto lot = free_.look(wanted)) return std::move(*lot);
  return wanted.seats.empty() ? Refusal::sold_out : Refusal::seat_taken;
}

void Event::open(const RequestKey& key, Step& step) {
  step.cells.put(event_cell(terms_.event), encode(Definition{.terms = terms_, .free = free_.count()}));
  tell("open", key, Lot{.count = terms_.capacity}, std::nullopt, step);
}

Answer Event::hold(const RequestKey& key, const Wanted& wanted, LogTime from, Step& step) {
  auto seen = look(wanted);
  if (const Refusal* why = std::get_if<Refusal>(&seen)) return refuse(*why);
  // The machine remembers answers for a while, and a hold may last longer.
  if (holds_.find(key) != nullptr) return refuse(Refusal::id_reused);
  const Held held{.lot = std::get<Lot>(std::move(seen)), .deadline = from + terms_.hold_ttl};
  take(key, held, step);
  tell("hold", key, held.lot, held.deadline, step);
  return give(held.lot, terms_.hold_ttl);
}

Answer Event::start_purchase(const RequestKey& key, const StartPurchase& purchase, Step& step) {
  const auto awaits = [this](const Lot& lot) {
    Answer answer = give(lot, terms_.payment_ttl);
    answer.awaits = true;
    return answer;
  };
  if (const auto started = paying_.find(key); started != paying_.end()) {
    return awaits(holds_.find(started->second)->lot);
  }
  const Held::Paying paying{.by = key.id, .until = step.now + terms_.payment_ttl};
  if (purchase.hold) {
    const RequestKey hold{key.user, *purchase.hold};
    const Held* found = holds_.find(hold);
    if (found == nullptr) return refuse(Refusal::not_held);
    if (found->paying) return refuse(Refusal::payment_pending);
    Held held = *found;
    held.paying = paying;
    change(hold, held, step);
    tell("pay", key, held.lot, paying.until, step);
    return awaits(held.lot);
  }
  auto seen = look(purchase.wanted);
  if (const Refusal* why = std::get_if<Refusal>(&seen)) return refuse(*why);
  if (holds_.find(key) != nullptr) return refuse(Refusal::id_reused);
  const Held held{.lot = std::get<Lot>(std::move(seen)), .paying = paying};
  take(key, held, step);
  tell("hold", key, held.lot, paying.until, step);
  return awaits(held.lot);
}

Answer Event::settle(const RequestKey& key, const Settle& settle, Step& step) {
  // The correct code sells what StartPurchase has taken and kept since, so nobody else can have got it.
  if (bugs_.oversell && !settle.unchecked.empty()) return settle_unchecked(key, settle, step);
  const auto started = paying_.find(key);
  if (started == paying_.end()) return refuse(Refusal::payment_refused);
  const RequestKey hold = started->second;
  if (!settle.approved) {
    end_payment(hold, "decline", "release", Ends::by_request, step);
    return refuse(Refusal::payment_refused);
  }
  const Lot lot = take_out(hold, Ends::by_request, step).lot;
  sell(key, lot, std::nullopt, step);
  return give(lot);
}

Answer Event::settle_unchecked(const RequestKey& key, const Settle& settle, Step& step) {
  if (!settle.approved) return refuse(Refusal::payment_refused);
  if (settle.unchecked.size() > kCountMost) return refuse(Refusal::too_many);
  if (settle.unchecked.back() > terms_.capacity) return refuse(Refusal::no_such_seat);
  Lot lot{.count = static_cast<std::uint32_t>(settle.unchecked.size())};
  if (terms_.seated) lot.seats = settle.unchecked;
  free_.take(lot);
  keep_count(step);
  sell(key, lot, settle.decided_on, step);
  return give(lot);
}

Answer Event::release(const RequestKey& key, const Release& release, Step& step) {
  const RequestKey hold{key.user, release.hold};
  const Held* found = holds_.find(hold);
  if (found == nullptr) return refuse(Refusal::not_held);
  if (found->paying) return refuse(Refusal::payment_pending);
  const Lot lot = take_out(hold, Ends::by_request, step).lot;
  free(hold, lot, "release", step);
  return give(lot);
}

Answer Event::wait(const RequestKey& key, const Wait& wait, Step& step) {
  if (wait.count > kCountMost || wait.count > terms_.capacity) return refuse(Refusal::too_many);
  if (line_.number_of(key.user)) return refuse(Refusal::already_waiting);
  if (holds_.find(key) != nullptr) return refuse(Refusal::id_reused);
  const Waiting waiting{.key = key, .count = wait.count};
  if (line_.empty()) {
    if (const auto lot = free_.look(Wanted{.count = wait.count})) {
      offer_to(waiting, *lot, step);
      return give(*lot, terms_.offer_ttl);
    }
  }
  const std::uint64_t number = line_.next_number();
  line_.add(number, waiting);
  step.cells.put(line_cell(terms_.event, number), encode(waiting));
  tell("wait", key, Lot{.count = wait.count}, std::nullopt, step);
  return {.body = encode(Given{.place = static_cast<std::uint32_t>(line_.size())})};
}

Answer Event::leave(const RequestKey& key, Step& step) {
  const auto number = line_.number_of(key.user);
  if (!number) return refuse(Refusal::not_waiting);
  const Waiting waiting = line_.remove(*number);
  step.cells.erase(line_cell(terms_.event, *number));
  tell("leave", waiting.key, Lot{.count = waiting.count}, std::nullopt, step);
  offer(step);  // whoever was behind may want less
  return {.body = encode(Given{})};
}

std::optional<LogTime> Event::next_due() const { return due_.empty() ? std::nullopt : std::optional(due_.begin()->at); }

void Event::end_first_due(Step& step) {
  const Due due = *due_.begin();
  const Held* held = holds_.find(due.hold);
  const bool is_there = held != nullptr && held->ends() == due.at;
  // The correct code asks which hold it is that ends, and whether it is still there. Without that, tickets that were
  // given back long ago, and that somebody else may have got since, are free once more.
  if (bugs_.double_release && !is_there) {
    due_.erase(due_.begin());
    free(due.hold, due.lot, "expire", step);
    return;
  }
  if (held->paying) {
    end_payment(due.hold, "lapse", "expire", Ends::by_itself, step);
    return;
  }
  const Lot lot = take_out(due.hold, Ends::by_itself, step).lot;
  free(due.hold, lot, "expire", step);
}

void Event::end_payment(const RequestKey& hold, std::string_view payment_effect, std::string_view hold_effect,
                        Ends ends, Step& step) {
  Held held = *holds_.find(hold);
  tell(payment_effect, RequestKey{hold.user, held.paying->by}, held.lot, held.deadline, step);
  if (!held.deadline) {
    free(hold, take_out(hold, ends, step).lot, hold_effect, step);
    return;
  }
  held.paying.reset();
  change(hold, held, step);
  // Its own deadline has waited for the payment.
  if (*held.deadline <= step.now) free(hold, take_out(hold, Ends::by_itself, step).lot, "expire", step);
}

void Event::take(const RequestKey& key, const Held& held, Step& step) {
  free_.take(held.lot);
  keep_count(step);
  change(key, held, step);
}

void Event::change(const RequestKey& key, const Held& held, Step& step) {
  if (const Held* before = holds_.find(key)) {
    due_.erase(Due{.at = before->ends(), .hold = key, .lot = {}});
    if (before->paying) paying_.erase(RequestKey{key.user, before->paying->by});
  }
  due_.insert(Due{.at = held.ends(), .hold = key, .lot = bugs_.double_release ? held.lot : Lot{}});
  if (held.paying) paying_[RequestKey{key.user, held.paying->by}] = key;
  holds_.put(key, held);
  step.cells.put(hold_cell(terms_.event, key), encode(held));
}

Held Event::take_out(const RequestKey& key, Ends ends, Step& step) {
  Held held = holds_.take(key);
  // The correct code leaves nothing behind of a hold that has ended. What stays among the deadlines looks there like a
  // hold that has not.
  const bool leaves_deadline = bugs_.double_release && ends == Ends::by_request;
  if (!leaves_deadline) due_.erase(Due{.at = held.ends(), .hold = key, .lot = {}});
  if (held.paying) paying_.erase(RequestKey{key.user, held.paying->by});
  step.cells.erase(hold_cell(terms_.event, key));
  return held;
}

void Event::sell(const RequestKey& key, const Lot& lot, std::optional<std::uint64_t> decided_on, Step& step) {
  Sold sold{.lot = lot, .index = step.index};
  // Only where the first answer was forgotten: then the same request has bought twice.
  if (const Sold* before = sales_.find(key)) {
    sold.lot.seats.clear();
    std::set_union(before->lot.seats.begin(), before->lot.seats.end(), lot.seats.begin(), lot.seats.end(),
                   std::back_inserter(sold.lot.seats));
    sold.lot.count = terms_.seated ? static_cast<std::uint32_t>(sold.lot.seats.size()) : before->lot.count + lot.count;
  }
  step.cells.put(sale_cell(terms_.event, key), encode(sold));
  sales_.put(key, std::move(sold));
  tell("sale", key, lot, std::nullopt, step);
  step.effects.back().decided_on = decided_on;
}

void Event::free(const RequestKey& key, const Lot& lot, std::string_view effect, Step& step) {
  free_.give_back(lot);
  keep_count(step);
  tell(effect, key, lot, std::nullopt, step);
  offer(step);
}

void Event::offer(Step& step) {
  while (!line_.empty()) {
    const auto& [number, first] = *line_.all().begin();
    const auto lot = free_.look(Wanted{.count = first.count});
    // First come, first served: who is behind waits, though there may be enough for it.
    if (!lot) return;
    step.cells.erase(line_cell(terms_.event, number));
    offer_to(line_.remove(number), *lot, step);
  }
}

void Event::offer_to(const Waiting& waiting, const Lot& lot, Step& step) {
  const Held held{.lot = lot, .deadline = step.now + terms_.offer_ttl, .offered = true};
  take(waiting.key, held, step);
  tell("offer", waiting.key, lot, held.deadline, step);
}

void Event::keep_count(Step& step) const {
  if (terms_.seated) return;
  step.cells.put(event_cell(terms_.event), encode(Definition{.terms = terms_, .free = free_.count()}));
}

void Event::tell(std::string_view effect, const RequestKey& key, const Lot& lot, std::optional<LogTime> deadline,
                 Step& step) const {
  step.effects.push_back({.kind = effect,
                          .key = key,
                          .subject = terms_.event,
                          .count = lot.count,
                          .numbers = lot.seats,
                          .deadline = deadline});
  step.topics.push_back(event_topic(terms_.event));
  if (!key.user.empty()) step.topics.push_back(user_topic(key.user));
}

Event::WhyNot Event::restore_hold(const RequestKey& key, const Held& held) {
  if (held.paying && !paying_.emplace(RequestKey{key.user, held.paying->by}, key).second) {
    return "its purchase pays for another hold as well";
  }
  due_.insert(Due{.at = held.ends(), .hold = key, .lot = bugs_.double_release ? held.lot : Lot{}});
  holds_.put(key, held);
  return restore_lot(held.lot);
}

Event::WhyNot Event::restore_sale(const RequestKey& key, const Sold& sold) {
  sales_.put(key, sold);
  return restore_lot(sold.lot);
}

Event::WhyNot Event::restore_lot(const Lot& lot) {
  if (lot.seats.empty() == terms_.seated) return "seats where there are none, or none where there are";
  if (!terms_.seated) return std::nullopt;
  if (lot.seats.back() > terms_.capacity) return "a seat that the event does not have";
  if (!free_.take(lot) && !keeps_what_cannot_be()) return "a seat that is in another place as well";
  return std::nullopt;
}

Event::WhyNot Event::restore_waiting(std::uint64_t number, const Waiting& waiting) {
  if (!line_.add(number, waiting)) return "a user who is in line twice";
  return std::nullopt;
}

Event::WhyNot Event::restore_free(std::uint32_t free) {
  if (terms_.seated) return std::nullopt;
  free_.take(Lot{.count = free_.count()});
  free_.give_back(Lot{.count = free});
  const std::uint64_t sum = std::uint64_t{free} + holds_.tickets() + sales_.tickets();
  if (sum != terms_.capacity && !keeps_what_cannot_be()) return "what is free, held and sold is not the capacity";
  return std::nullopt;
}

}  // namespace plaza::tickets
