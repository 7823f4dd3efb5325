// A machine with its log, and short words for what is asked of it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "system-under-test/plaza/domain/machine.hpp"
#include "system-under-test/plaza/domain/tickets/messages.hpp"
#include "system-under-test/plaza/domain/tickets/tickets.hpp"

namespace plaza::tickets {

inline const std::string kGala = "gala";   // has seats
inline const std::string kPicnic = "pic";  // has none

inline LogTime seconds(std::int64_t n) { return std::chrono::seconds(n); }

inline Open gala(std::uint32_t capacity) { return {.event = kGala, .capacity = capacity}; }
inline Open picnic(std::uint32_t capacity) { return {.event = kPicnic, .capacity = capacity, .seated = false}; }

inline Hold hold(std::uint32_t count, const std::string& event = kGala) { return {event, {.count = count}}; }
inline Wanted named(std::vector<std::uint32_t> seats) {
  return {.count = static_cast<std::uint32_t>(seats.size()), .seats = std::move(seats)};
}
inline Hold hold_seats(std::vector<std::uint32_t> seats, const std::string& event = kGala) {
  return {event, named(std::move(seats))};
}
inline StartPurchase buy(std::uint32_t count, const std::string& event = kGala) {
  return {event, std::nullopt, {.count = count}};
}
inline StartPurchase buy_hold(const std::string& id, const std::string& event = kGala) { return {event, id, {}}; }
inline Settle paid(const std::string& event = kGala) { return {.event = event, .approved = true}; }
inline Settle declined(const std::string& event = kGala) { return {.event = event, .approved = false}; }
inline Release release(const std::string& id, const std::string& event = kGala) { return {event, id}; }
inline Wait wait(std::uint32_t count, const std::string& event = kGala) { return {event, count}; }
inline Leave leave(const std::string& event = kGala) { return {event}; }

inline Command command(LogTime time, const RequestKey& key, const Request& request) {
  return {.time = time, .key = key, .domain = DomainId::tickets, .body = encode(request)};
}

class Office {
 public:
  explicit Office(Bugs bugs = {}, std::function<LogTime()> clock = {}) : machine(bugs, std::move(clock)) {}

  Machine::Applied apply(const Command& command) { return apply(encode(command)); }
  Machine::Applied apply(const std::string& entry) { return machine.apply(machine.applied_index() + 1, entry); }
  Machine::Applied ask(LogTime time, const std::string& user, const std::string& id, const Request& request) {
    return apply(command(time, {user, id}, request));
  }
  Machine::Applied open(const Open& event) { return apply(command({}, {}, event)); }
  Machine::Applied let_pass(LogTime time) { return apply(Command{.time = time}); }

  const Tickets& tickets() const { return dynamic_cast<const Tickets&>(*machine.domain(DomainId::tickets)); }
  Counts counts(const std::string& event = kGala) const { return tickets().counts(event).value(); }

  Machine machine;
};

inline std::string text_of(std::uint32_t count, const std::vector<std::uint32_t>& seats) {
  std::string text = std::to_string(count);
  for (std::size_t i = 0; i < seats.size(); ++i) text += (i == 0 ? ":" : ",") + std::to_string(seats[i]);
  return text;
}

// "sold_out", "ok 2:1,2", "ok 1 place 3", "awaits 1:4".
inline std::string text_of(const Answer& answer) {
  if (answer.refusal != Refusal::none) return std::string(name_of(answer.refusal));
  const auto given = decode_given(answer.body);
  if (!given) return "an answer that is none";
  std::string text = (answer.awaits ? "awaits " : "ok ") + text_of(given->count, given->seats);
  if (given->place != 0) text += " place " + std::to_string(given->place);
  return text;
}

// "hold ann/1 2:1,2 -30s": kind, whose, what, and its deadline if it has one.
inline std::string text_of(const Effect& effect) {
  std::string text = std::string(effect.kind) + " " + effect.key.user + "/" + effect.key.id + " " +
                     text_of(effect.count, effect.numbers);
  if (effect.deadline) text += " -" + std::to_string(effect.deadline->count() / 1'000'000) + "s";
  return text;
}

// The answer and the effects, with "; " between.
inline std::string text_of(const Machine::Applied& applied) {
  std::string text = (applied.repeated ? "again: " : "") + text_of(applied.answer);
  for (const Effect& effect : applied.effects) text += "; " + text_of(effect);
  return text;
}

}  // namespace plaza::tickets
