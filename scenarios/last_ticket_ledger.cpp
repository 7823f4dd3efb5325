#include "scenarios/last_ticket_ledger.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "scenarios/last_ticket.hpp"

namespace last_ticket {

using namespace stillpoint;
using namespace std::chrono_literals;
namespace tickets = plaza::tickets;

namespace {

// Of operations, counts and holds that are long over, so that a run of a day needs no more memory than one of an hour.
constexpr std::size_t kOperationsMost = 100'000;
constexpr std::size_t kCountsMost = 200'000;
// A leader's clock may be fast, and another one's before it.
constexpr double kDriftMost = 1.10;

std::string_view word_for(std::string_view kind) { return kind == "sale" ? "purchase" : kind; }

bool takes(const plaza::Effect& effect) {
  return effect.kind == "hold" || effect.kind == "offer" || effect.kind == "sale";
}
bool frees(const plaza::Effect& effect) {
  return effect.kind == "release" || effect.kind == "expire" || effect.kind == "lapse";
}

std::string tickets_of(const plaza::Effect& effect) {
  if (effect.numbers.empty()) return fmt::format("{} tickets", effect.count);
  return fmt::format("ticket{} {}", effect.numbers.size() == 1 ? "" : "s", fmt::join(effect.numbers, ", "));
}

std::string describe(const plaza::Response& response) {
  if (!response.ok()) return std::string(plaza::to_string(*response.error));
  std::string text = "ok";
  if (!response.seats.empty())
    text += fmt::format(", ticket{} {}", response.seats.size() == 1 ? "" : "s", fmt::join(response.seats, ", "));
  if (response.place != 0) text += fmt::format(", place {} in line", response.place);
  if (response.counts)
    text +=
        fmt::format(", free {} held {} sold {}", response.counts->free, response.counts->held, response.counts->sold);
  return text;
}

// The effect that makes this answer true; empty: it has none.
std::string_view effect_of(plaza::Operation operation) {
  switch (operation) {
    case plaza::Operation::hold:
      return "hold";
    case plaza::Operation::buy:
    case plaza::Operation::purchase:
      return "sale";
    case plaza::Operation::release:
      return "release";
    case plaza::Operation::wait:
      return "wait";
    case plaza::Operation::leave:
      return "leave";
    default:
      return "";
  }
}

plaza::EventCounts counts_of(const tickets::Counts& counts) {
  return {.free = counts.free, .held = counts.held, .sold = counts.sold, .waiting = counts.waiting};
}

}  // namespace

Ledger::Ledger(Simulation& simulation, const Bounds& bounds)
    : simulation_(simulation),
      bounds_(bounds),
      capacity_(simulation.safety("capacity conserved")),
      owner_(simulation.safety("one owner per ticket")),
      once_(simulation.safety("one effect per request")),
      answers_(simulation.safety("answers match the ledger")),
      present_(simulation.safety("what was told is there")),
      stock_(simulation.safety("stock never goes back")),
      reads_(simulation.safety("reads see what was told")),
      holds_(simulation.safety("holds last as promised")),
      prompt_(simulation.liveness("every request answered")) {}

Duration Ledger::allowed(VirtualTime since) const {
  return bounds_.answer_within + simulation_.disturbed(since, bounds_.recover_within);
}

// ---- from the nodes ----

void Ledger::received(const std::string& user, const plaza::Request& request) {
  operations_[{user, request.id}].request =
      simulation_.receive(fmt::format("{} {} from {}", plaza::to_string(request.op), request.id, user));
}

EventId Ledger::applied(const plaza::Machine::Applied& applied, const plaza::Machine& machine) {
  check_clock(machine.now());
  EventId last = kNoEvent;
  for (const plaza::Effect& effect : applied.effects) {
    if (effect.subject != kEvent) continue;
    last = take(effect, applied, machine);
  }
  forget_old();
  return last;
}

EventId Ledger::take(const plaza::Effect& effect, const plaza::Machine::Applied& applied,
                     const plaza::Machine& machine) {
  const auto& domain = dynamic_cast<const tickets::Tickets&>(*machine.domain(plaza::DomainId::tickets));
  const tickets::Counts counts = *domain.counts(effect.subject);
  const tickets::Open event = *domain.event(effect.subject);

  Operation* operation = nullptr;
  Simulation::ApplyCauses causes;
  // Giving back and leaving are other requests than those that they are about.
  const bool about_another = effect.kind == "release" || effect.kind == "leave";
  const bool asked_for = applied.key == effect.key || (about_another && applied.key.user == effect.key.user);
  if (asked_for) {
    operation = &operations_[applied.key];
    causes.request = operation->request;
    causes.invoke = operation->invoke;
  }
  if (event_of_) causes.state = event_of_(effect.decided_on.value_or(applied.index - 1));
  Fact fact{.event = kNoEvent, .version = applied.index, .effect = effect};
  fact.event = simulation_.apply(
      fmt::format(
          FMT_COMPILE("{} of {} by {}, version {} decided on version {}: free {} held {} sold {} waiting {}"),  // hot
          word_for(effect.kind), tickets_of(effect), effect.key.user, applied.index,
          effect.decided_on.value_or(applied.index - 1), counts.free, counts.held, counts.sold, counts.waiting),
      causes);
  counts_.insert_or_assign(counts_.end(), applied.index, counts_of(counts));

  check_capacity(fact, counts, event.capacity);
  check_owner(fact);
  if (effect.kind == "hold" || effect.kind == "offer")
    check_hold_begins(fact, machine.now(), effect.kind == "hold" ? event.hold_ttl : event.offer_ttl, event.payment_ttl);
  if (effect.kind == "expire") check_hold_ends(fact, machine.now());
  // A payment lapses with whatever is asked for next; it is the purchase that it matters to.
  if (effect.kind == "lapse" && !asked_for) {
    if (const auto purchase = operations_.find(effect.key); purchase != operations_.end())
      purchase->second.facts.push_back(fact);
  }
  if (operation != nullptr) {
    check_once(*operation, fact);
    operation->facts.push_back(fact);
  }
  if (takes(effect)) last_taken_ = fact;
  return fact.event;
}

void Ledger::check_capacity(const Fact& fact, const tickets::Counts& counts, std::uint32_t capacity) {
  if (std::uint64_t{counts.sold} + counts.held + counts.free == capacity) return capacity_.held();
  Finding finding;
  if (last_taken_) finding = conflict(fact, *last_taken_);
  for (const std::uint32_t seat : fact.effect.numbers) {
    const auto earlier = seats_.find(seat);
    if (earlier != seats_.end()) finding = conflict(fact, earlier->second);
  }
  finding.promised = fmt::format("sold + held + free = {}", capacity);
  finding.found = fmt::format("sold {}, held {}, free {}", counts.sold, counts.held, counts.free);
  capacity_.broken(finding);
}

// A ticket that somebody holds or has bought goes to nobody else. Its own hold may become a sale.
void Ledger::check_owner(const Fact& fact) {
  for (const std::uint32_t seat : fact.effect.numbers) {
    const auto earlier = seats_.find(seat);
    if (frees(fact.effect)) {
      if (earlier != seats_.end() && earlier->second.effect.key == fact.effect.key) seats_.erase(earlier);
      continue;
    }
    if (!takes(fact.effect)) continue;
    const bool is_free = earlier == seats_.end();
    const bool was_sold = !is_free && earlier->second.effect.kind == "sale";
    const bool own = !is_free && !was_sold && earlier->second.effect.key.user == fact.effect.key.user;
    if (is_free || own) {
      owner_.held();
    } else {
      Finding finding = conflict(fact, earlier->second);
      finding.promised = fmt::format("ticket {} has one owner", seat);
      finding.found = fmt::format("{} and {}", earlier->second.effect.key.user, fact.effect.key.user);
      owner_.broken(finding);
    }
    seats_.insert_or_assign(seat, fact);
  }
}

// What stands against an application: whoever took the same ticket before.
Finding Ledger::conflict(const Fact& fact, const Fact& earlier) const {
  Finding finding;
  finding.because =
      fmt::format("the {} by {} (event {}) and the {} by {} (event {})", word_for(earlier.effect.kind),
                  earlier.effect.key.user, earlier.event, word_for(fact.effect.kind), fact.effect.key.user, fact.event);
  if (fact.effect.decided_on && *fact.effect.decided_on < earlier.version)
    finding.because += fmt::format(" both saw {} free; the second did not see the first", tickets_of(fact.effect));
  // A hold is a purchase begun: which of the two it was says nothing of what went wrong, and is no part of a role.
  finding.witnesses = {{earlier.event, "first purchase"},
                       {fact.event, takes(fact.effect) ? "second purchase" : std::string(fact.effect.kind)}};
  return finding;
}

void Ledger::check_once(const Operation& operation, const Fact& fact) {
  // Waiting leads to an offer, a hold to a sale: but none of them twice. A purchase whose payment has lapsed begins
  // anew: it takes tickets once more, or pays for its hold once more, and that may lapse once more.
  const auto begins = [](const Fact& each) { return each.effect.kind == "hold" || each.effect.kind == "pay"; };
  const auto lapses = [](const Fact& each) { return each.effect.kind == "lapse"; };
  const Fact* same = nullptr;
  for (const Fact& earlier : operation.facts) {
    if ((begins(fact) && lapses(earlier)) || (lapses(fact) && begins(earlier))) same = nullptr;
    if (earlier.effect.kind == fact.effect.kind && earlier.effect.key == fact.effect.key) same = &earlier;
  }
  if (same == nullptr) return once_.held();
  once_.broken({.promised = "a request is served once, however often it is sent",
                .found = fmt::format("{} of {} for {} {}, and of {}", fact.effect.kind, tickets_of(same->effect),
                                     fact.effect.key.user, fact.effect.key.id, tickets_of(fact.effect)),
                .because = fmt::format("versions {} and {}", same->version, fact.version),
                .witnesses = {{same->event, "first effect"}, {fact.event, "second effect"}}});
}

// ---- time ----

// The log's time is that of its leaders: it may stand still, but never runs ahead.
void Ledger::check_clock(plaza::LogTime now) {
  const auto real = static_cast<double>(simulation_.now().time_since_epoch().count()) / 1'000;
  const bool ahead = static_cast<double>(now.count()) > real * kDriftMost + 1'000;
  if (!ahead) return holds_.held();
  holds_.broken(
      {.promised = "the log's time is not ahead of the world's",
       .found = fmt::format("{} ms after {} ms", now.count() / 1'000, static_cast<std::int64_t>(real) / 1'000)});
}

// One that a purchase begins with is kept for the payment's time.
void Ledger::check_hold_begins(const Fact& fact, plaza::LogTime now, plaza::LogTime ttl, plaza::LogTime payment_ttl) {
  held_[fact.effect.key] = {.fact = fact, .decided = now, .applied = simulation_.now()};
  if (!fact.effect.deadline) return;
  const plaza::LogTime lasts = *fact.effect.deadline - now;
  if (lasts == ttl || lasts == payment_ttl) return holds_.held();
  holds_.broken({.promised = fmt::format("a hold lasts {} ms", ttl.count() / 1'000),
                 .found = fmt::format("that of {} lasts {} ms", fact.effect.key.user, lasts.count() / 1'000),
                 .witnesses = {{fact.event, "hold"}}});
}

void Ledger::check_hold_ends(const Fact& fact, plaza::LogTime now) {
  const auto found = held_.find(fact.effect.key);
  if (found == held_.end()) return;
  const Held held = found->second;
  held_.erase(found);
  const std::optional<plaza::LogTime> deadline = held.fact.effect.deadline;
  if (!deadline) return;
  if (now < *deadline) {
    return holds_.broken(
        {.promised = fmt::format("a hold lasts until {} ms", deadline->count() / 1'000),
         .found = fmt::format("that of {} has expired at {} ms", fact.effect.key.user, now.count() / 1'000),
         .witnesses = {{held.fact.event, "hold"}, {fact.event, "expiry"}}});
  }
  const Duration lasted = simulation_.now() - held.applied;
  const Duration most = std::chrono::duration_cast<Duration>(*deadline - held.decided) + bounds_.hold_slack +
                        simulation_.disturbed(held.applied, bounds_.recover_within);
  if (lasted <= most) return holds_.held();
  holds_.broken({.promised = fmt::format("a hold is over after {} ms", most.count() / 1'000'000),
                 .found = fmt::format("that of {} lasted {} ms", fact.effect.key.user, lasted.count() / 1'000'000),
                 .witnesses = {{held.fact.event, "hold"}, {fact.event, "expiry"}}});
}

// ---- from the users ----

EventId Ledger::invoke(const std::string& user, const plaza::Request& request, EventId step) {
  std::string arguments = request.id;
  if (request.count > 1) arguments += fmt::format(" {} tickets", request.count);
  if (!request.hold.empty()) arguments += fmt::format(" hold {}", request.hold);
  const EventId event = simulation_.invoke(user, plaza::to_string(request.op), arguments, step);
  open({user, request.id}, event);
  return event;
}

EventId Ledger::arriving(const std::string& user, EventId step) {
  const EventId event = simulation_.invoke(user, "connect", "", step);
  open({user, "connect"}, event);
  return event;
}

void Ledger::arrived(EventId invoke, const std::string& user) {
  simulation_.ok(invoke, "connected");
  close({user, "connect"}, invoke, "connect");
}

void Ledger::open(const plaza::RequestKey& key, EventId invoke) {
  Operation& operation = operations_[key];
  operation.invoke = invoke;
  operation.since = simulation_.now();
  operation.acknowledged_before = acknowledged_;
  operation.open = true;
}

void Ledger::close(const plaza::RequestKey& key, EventId invoke, std::string_view what) {
  Operation& operation = operations_[key];
  operation.open = false;
  const Duration took = simulation_.now() - operation.since;
  slowest_ = std::max(slowest_, took);
  const Duration most = allowed(operation.since);
  if (took <= most) return prompt_.held();
  prompt_.broken({.promised = fmt::format("an answer within {} ms", most.count() / 1'000'000),
                  .found = fmt::format("{} of {} took {} ms", what, key.user, took.count() / 1'000'000),
                  .because = fmt::format("it began with event {}", invoke),
                  .witnesses = {{invoke, "invocation"}}});
}

void Ledger::answered(EventId invoke, const std::string& user, const plaza::Request& request,
                      const plaza::Response& response) {
  if (response.ok()) {
    simulation_.ok(invoke, describe(response));
  } else {
    simulation_.fail(invoke, describe(response));
  }
  ++answered_;
  const plaza::RequestKey key{user, request.id};
  close(key, invoke, plaza::to_string(request.op));
  const Operation& operation = operations_[key];
  if (request.op == plaza::Operation::look) {
    check_look(operation, user, response);
  } else {
    check_answer(operation, user, request, response);
  }
  acknowledged_ = std::max(acknowledged_, response.version);
  if (response.ok() && effect_of(request.op) == "sale") told_sold_[key] = response.version;
}

void Ledger::check_answer(const Operation& operation, const std::string& user, const plaza::Request& request,
                          const plaza::Response& response) {
  const std::string_view wanted = effect_of(request.op);
  if (wanted.empty()) return;
  const auto found = std::ranges::find_if(operation.facts, [&](const Fact& fact) {
    return fact.effect.kind == wanted && fact.version == response.version;
  });
  const bool any = std::ranges::any_of(operation.facts, [&](const Fact& fact) { return fact.effect.kind == wanted; });
  const bool was_done = found != operation.facts.end();
  const bool agrees = response.ok() ? was_done && found->effect.numbers == response.seats : !any;
  // Waiting has its offer at once where there is enough.
  const bool offered = wanted == "wait" && response.ok() && !operation.facts.empty();
  if (agrees || offered) return answers_.held();
  answers_.broken({.promised = "what a user is told is what was done",
                   .found = fmt::format("{} was told '{}' for {} {}", user, describe(response),
                                        plaza::to_string(request.op), request.id),
                   .because = any ? "the ledger has it otherwise" : "the ledger has no such change",
                   .witnesses = {{operation.invoke, "invocation"}}});
}

// A read that begins after somebody was told of a version sees at least that one, and it sees it as it was.
void Ledger::check_look(const Operation& operation, const std::string& user, const plaza::Response& response) {
  if (!response.ok() || !response.counts) return;
  const bool fresh = response.version >= operation.acknowledged_before;
  if (fresh && counts_are(response.version, *response.counts)) return reads_.held();
  Finding finding;
  finding.promised = fmt::format("version {} or later, as it was", operation.acknowledged_before);
  finding.found = fmt::format("{} saw version {}: free {}, held {}, sold {}", user, response.version,
                              response.counts->free, response.counts->held, response.counts->sold);
  finding.witnesses = {{operation.invoke, "invocation"}};
  if (event_of_) {
    if (const EventId told = event_of_(operation.acknowledged_before); told != kNoEvent)
      finding.witnesses.push_back({told, "told before"});
  }
  reads_.broken(finding);
}

bool Ledger::counts_are(std::uint64_t version, const plaza::EventCounts& counts) const {
  auto at = counts_.upper_bound(version);
  if (at == counts_.begin()) return true;  // before the event was there, or forgotten
  --at;
  return at->second == counts;
}

void Ledger::unanswered(EventId invoke, const std::string& user, const plaza::Request& request, std::string_view why) {
  simulation_.info(invoke, why);
  Operation& operation = operations_[{user, request.id}];
  operation.open = false;
  if (simulation_.now() - operation.since <= allowed(operation.since)) return;
  prompt_.broken({.promised = "every request is answered",
                  .found = fmt::format("{} of {} never was", plaza::to_string(request.op), user),
                  .because = std::string(why),
                  .witnesses = {{invoke, "invocation"}}});
}

void Ledger::saw(const std::string& user, std::uint64_t last_version, const plaza::EventPush& push) {
  if (push.version >= last_version && counts_are(push.version, push.counts)) return stock_.held();
  Finding finding;
  finding.promised = "a user's stock only moves on, and is the ledger's";
  finding.found = fmt::format("{} saw version {} (free {}, held {}, sold {}) after version {}", user, push.version,
                              push.counts.free, push.counts.held, push.counts.sold, last_version);
  if (event_of_) {
    if (const EventId event = event_of_(push.version); event != kNoEvent)
      finding.witnesses.push_back({event, "the state that was pushed"});
  }
  stock_.broken(finding);
}

// ---- the end ----

void Ledger::finish(const plaza::Machine* machine) {
  const ByRequest<Operation>::value_type* waits = nullptr;  // the first that began
  for (const auto& entry : operations_) {
    const Operation& operation = entry.second;
    if (!operation.open || simulation_.now() - operation.since <= allowed(operation.since)) continue;
    if (waits == nullptr || operation.invoke < waits->second.invoke) waits = &entry;
  }
  if (waits != nullptr) {
    const auto& [key, operation] = *waits;
    prompt_.broken({.promised = fmt::format("an answer within {} ms", allowed(operation.since).count() / 1'000'000),
                    .found = fmt::format("{} still waits for {}", key.user, key.id),
                    .because = fmt::format("it began with event {}", operation.invoke),
                    .witnesses = {{operation.invoke, "invocation"}}});
    return;
  }
  prompt_.remark(fmt::format("slowest {} ms", slowest_.count() / 1'000'000));
  if (machine == nullptr) return;
  const auto& domain = dynamic_cast<const tickets::Tickets&>(*machine->domain(plaza::DomainId::tickets));
  std::set<plaza::RequestKey> sold;
  for (const tickets::Place& sale : domain.sales(kEvent)) sold.insert(sale.key);
  present_.held();  // also if nobody was told of any
  for (const auto& [key, version] : told_sold_) {
    if (version > machine->applied_index()) continue;
    if (sold.contains(key)) {
      present_.held();
      continue;
    }
    Finding finding;
    finding.promised = fmt::format("{} has bought, as it was told (version {})", key.user, version);
    finding.found = fmt::format("no sale for {} in the end", key.id);
    if (const EventId event = event_of_ ? event_of_(version) : kNoEvent; event != kNoEvent)
      finding.witnesses.push_back({event, "sale"});
    present_.broken(finding);
  }
}

void Ledger::forget_old() {
  if (counts_.size() > 2 * kCountsMost) {
    auto keep = counts_.begin();
    std::advance(keep, kCountsMost);
    counts_.erase(counts_.begin(), keep);
  }
  if (operations_.size() > 2 * kOperationsMost) {
    const VirtualTime old = simulation_.now() - std::chrono::minutes(15);
    std::erase_if(operations_, [&](const auto& entry) { return !entry.second.open && entry.second.since < old; });
    std::erase_if(held_, [&](const auto& entry) { return entry.second.applied < old; });
  }
}

}  // namespace last_ticket
