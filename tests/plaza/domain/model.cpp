#include "tests/plaza/domain/model.hpp"

namespace plaza::tickets {

Model::Show* Model::show(const std::string& name) {
  for (Show& show : shows_) {
    if (show.terms.event == name) return &show;
  }
  return nullptr;
}

std::string Model::apply(const Command& command) {
  now_ = std::max(now_, command.time);
  pass_time();
  if (command.domain == DomainId::none) return "";
  const Request request = decode_request(command.body).value();
  const bool settles = std::holds_alternative<Settle>(request);
  const Past* known = nullptr;
  for (const Past& past : past_) {
    if (past.key == command.key && now_ - past.when < std::chrono::minutes(10)) known = &past;
  }
  if (known != nullptr && !settles && !known->body.empty() && known->body != command.body) return "id_reused";
  if (known != nullptr && !known->told.empty()) return "again: " + known->told;
  const std::string told = decide(command.key, request);
  if (command.key.user.empty()) return told;
  const std::string begun = known != nullptr ? known->body : "";
  past_.push_back({command.key, now_, settles ? begun : command.body, told.starts_with("awaits") ? "" : told});
  return told;
}

std::string Model::decide(const RequestKey& key, const Request& request) {
  if (const Open* open = std::get_if<Open>(&request)) {
    if (const Show* there = show(open->event)) return there->terms == *open ? "ok 0" : "event_exists";
    shows_.push_back({.terms = *open});
    shows_.back().tickets.resize(open->capacity);
    return "ok 0";
  }
  Show* found = show(std::visit([](const auto& it) { return it.event; }, request));
  return found == nullptr ? "unknown_event" : decide(*found, key, request);
}

std::string Model::decide(Show& show, const RequestKey& key, const Request& request) {
  std::vector<std::size_t> chosen;
  if (const Hold* hold = std::get_if<Hold>(&request)) {
    const std::string why = choose(show, hold->wanted, chosen);
    if (!why.empty()) return why;
    if (find(show, key) != show.kept.end()) return "id_reused";
    return "ok " + put(show, chosen, {key, now_ + show.terms.hold_ttl});
  }
  if (const StartPurchase* purchase = std::get_if<StartPurchase>(&request)) {
    for (const Kept& kept : show.kept) {
      if (kept.key.user == key.user && kept.paid_by == key.id) return "awaits " + list(show, At::held, kept.key);
    }
    if (purchase->hold) {
      const auto kept = find(show, {key.user, *purchase->hold});
      if (kept == show.kept.end()) return "not_held";
      if (kept->paid_by) return "payment_pending";
      kept->paid_by = key.id;
      kept->paid_until = now_ + show.terms.payment_ttl;
      return "awaits " + list(show, At::held, kept->key);
    }
    const std::string why = choose(show, purchase->wanted, chosen);
    if (!why.empty()) return why;
    if (find(show, key) != show.kept.end()) return "id_reused";
    return "awaits " + put(show, chosen, {key, std::nullopt, false, key.id, now_ + show.terms.payment_ttl});
  }
  if (const Settle* settle = std::get_if<Settle>(&request)) {
    for (const Kept& kept : show.kept) {
      if (kept.key.user != key.user || kept.paid_by != key.id) continue;
      const RequestKey hold = kept.key;
      if (!settle->approved) {
        finish_payment(show, hold);
        return "payment_refused";
      }
      const std::string told = "ok " + list(show, At::held, hold);
      drop(show, hold, At::sold, key);
      return told;
    }
    return "payment_refused";
  }
  if (const Release* release = std::get_if<Release>(&request)) {
    const RequestKey hold{key.user, release->hold};
    const auto kept = find(show, hold);
    if (kept == show.kept.end()) return "not_held";
    if (kept->paid_by) return "payment_pending";
    const std::string told = "ok " + list(show, At::held, hold);
    drop(show, hold, At::free, {});
    serve_line(show);
    return told;
  }
  const auto in_line = std::find_if(show.waiters.begin(), show.waiters.end(),
                                    [&key](const Waiter& waiter) { return waiter.key.user == key.user; });
  if (const Wait* wait = std::get_if<Wait>(&request)) {
    if (wait->count > 100 || wait->count > show.terms.capacity) return "too_many";
    if (in_line != show.waiters.end()) return "already_waiting";
    if (find(show, key) != show.kept.end()) return "id_reused";
    show.waiters.push_back({key, wait->count});
    serve_line(show);
    if (show.waiters.empty()) return "ok " + list(show, At::held, key);
    return "ok 0 place " + std::to_string(show.waiters.size());
  }
  if (in_line == show.waiters.end()) return "not_waiting";
  show.waiters.erase(in_line);
  serve_line(show);
  return "ok 0";
}

void Model::pass_time() {
  while (true) {
    Show* in = nullptr;
    Kept* first = nullptr;
    for (Show& show : shows_) {
      for (Kept& kept : show.kept) {
        const auto order = [](const Show& s, const Kept& k) { return std::tie(s.terms.event, k.key); };
        if (first != nullptr && kept.ends() > first->ends()) continue;
        if (first != nullptr && kept.ends() == first->ends() && order(show, kept) > order(*in, *first)) continue;
        in = &show;
        first = &kept;
      }
    }
    if (first == nullptr || first->ends() > now_) return;
    if (first->paid_by) {
      finish_payment(*in, RequestKey(first->key));
    } else {
      drop(*in, RequestKey(first->key), At::free, {});
      serve_line(*in);
    }
  }
}

void Model::finish_payment(Show& show, const RequestKey& hold) {
  const auto kept = find(show, hold);
  if (kept->deadline) kept->paid_by.reset();
  if (kept->deadline && *kept->deadline > now_) return;
  drop(show, RequestKey(hold), At::free, {});
  serve_line(show);
}

void Model::drop(Show& show, const RequestKey& hold, At to, const RequestKey& owner) {
  const RequestKey key = hold;
  for (Ticket& ticket : show.tickets) {
    if (ticket.at == At::held && ticket.key == key) ticket = {to, owner};
  }
  show.kept.erase(find(show, key));
}

void Model::serve_line(Show& show) {
  while (!show.waiters.empty()) {
    const Waiter waiter = show.waiters.front();
    std::vector<std::size_t> chosen;
    for (std::size_t i = 0; i < show.tickets.size() && chosen.size() < waiter.count; ++i) {
      if (show.tickets[i].at == At::free) chosen.push_back(i);
    }
    if (chosen.size() < waiter.count) return;
    show.waiters.erase(show.waiters.begin());
    put(show, chosen, {waiter.key, now_ + show.terms.offer_ttl, true});
  }
}

std::string Model::choose(const Show& show, const Wanted& wanted, std::vector<std::size_t>& chosen) const {
  if (wanted.count > 100 || wanted.count > show.terms.capacity) return "too_many";
  for (const std::uint32_t seat : wanted.seats) {
    if (!show.terms.seated || seat > show.terms.capacity) return "no_such_seat";
  }
  if (!show.waiters.empty()) return "sold_out";
  for (const std::uint32_t seat : wanted.seats) {
    if (show.tickets[seat - 1].at != At::free) return "seat_taken";
    chosen.push_back(seat - 1);
  }
  for (std::size_t i = 0; i < show.tickets.size() && chosen.size() < wanted.count; ++i) {
    if (show.tickets[i].at == At::free) chosen.push_back(i);
  }
  return chosen.size() < wanted.count ? "sold_out" : "";
}

std::string Model::put(Show& show, const std::vector<std::size_t>& chosen, const Kept& kept) {
  for (const std::size_t i : chosen) show.tickets[i] = {At::held, kept.key};
  show.kept.push_back(kept);
  return list(show, At::held, kept.key);
}

std::string Model::list(const Show& show, At at, const RequestKey& key) {
  std::vector<std::uint32_t> seats;
  for (std::size_t i = 0; i < show.tickets.size(); ++i) {
    if (show.tickets[i].at == at && show.tickets[i].key == key) seats.push_back(static_cast<std::uint32_t>(i + 1));
  }
  const auto count = static_cast<std::uint32_t>(seats.size());
  return text_of(count, show.terms.seated ? seats : std::vector<std::uint32_t>{});
}

std::vector<Model::Kept>::iterator Model::find(Show& show, const RequestKey& key) {
  return std::find_if(show.kept.begin(), show.kept.end(), [&key](const Kept& kept) { return kept.key == key; });
}

Counts Model::counts(const std::string& event) const {
  Counts counts;
  for (const Ticket& ticket : show(event)->tickets) {
    ++(ticket.at == At::free ? counts.free : ticket.at == At::held ? counts.held : counts.sold);
  }
  for (const Waiter& waiter : show(event)->waiters) counts.waiting += waiter.count;
  return counts;
}

std::vector<Place> Model::places(const std::string& event, At at) const {
  const Show& of = *show(event);
  std::vector<Place> places;
  for (std::size_t i = 0; i < of.tickets.size(); ++i) {
    if (of.tickets[i].at != at) continue;
    auto place =
        std::find_if(places.begin(), places.end(), [&](const Place& other) { return other.key == of.tickets[i].key; });
    if (place == places.end()) place = places.insert(place, Place{.key = of.tickets[i].key});
    ++place->count;
    if (of.terms.seated) place->seats.push_back(static_cast<std::uint32_t>(i + 1));
  }
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) { return a.key < b.key; });
  return places;
}

std::vector<Place> Model::holds(const std::string& event) const {
  std::vector<Place> places = this->places(event, At::held);
  for (Place& place : places) {
    const Kept& kept = *find(*const_cast<Model*>(this)->show(event), place.key);
    place.deadline = kept.ends();
    place.offered = kept.offered;
    place.paying = kept.paid_by.has_value();
  }
  return places;
}

std::vector<Place> Model::sales(const std::string& event) const { return places(event, At::sold); }

std::vector<RequestKey> Model::line(const std::string& event) const {
  std::vector<RequestKey> keys;
  for (const Waiter& waiter : show(event)->waiters) keys.push_back(waiter.key);
  return keys;
}

}  // namespace plaza::tickets
