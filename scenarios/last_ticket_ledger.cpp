#include <fmt/format.h>

#include <algorithm>

#include "scenarios/last_ticket.hpp"

namespace last_ticket {

using stillpoint::Finding;
using stillpoint::kNoEvent;

namespace {

std::string_view word_for(plaza::Change change) {
  switch (change) {
    case plaza::Change::hold:
      return "hold";
    case plaza::Change::sale:
      return "purchase";
    case plaza::Change::release:
      return "release";
    case plaza::Change::expire:
      return "expiry";
  }
  return "change";
}

std::string describe(const plaza::Applied& applied) {
  return fmt::format("{} of ticket {} by {}, version {} decided on version {}: free {} held {} sold {}",
                     word_for(applied.kind), applied.ticket, applied.user, applied.version, applied.decided_on_version,
                     applied.counts.free, applied.counts.held, applied.counts.sold);
}

std::string describe(const plaza::Response& response) {
  if (response.ok()) return response.ticket == 0 ? "ok" : fmt::format("ok, ticket {}", response.ticket);
  return std::string(plaza::to_string(*response.error));
}

}  // namespace

Ledger::Ledger(stillpoint::Simulation& simulation, Duration answer_within, Duration recover_within)
    : simulation_(simulation),
      answer_within_(answer_within),
      recover_within_(recover_within),
      capacity_(simulation.safety("capacity conserved")),
      owner_(simulation.safety("one owner per ticket")),
      answers_(simulation.safety("answers match the ledger")),
      stock_(simulation.safety("stock never goes back")),
      prompt_(simulation.liveness("every request answered")),
      durability_{.ledger = {}, .check = simulation.safety("what was told is durable")} {}

Duration Ledger::allowed(stillpoint::VirtualTime since) const {
  return answer_within_ + simulation_.disturbed(since, recover_within_);
}

// ---- from the node ----

void Ledger::received(const plaza::Request& request) {
  operations_[{request.user, request.id}].request =
      simulation_.receive(fmt::format("{} {} from {}", plaza::to_string(request.op), request.id, request.user));
}

void Ledger::applied(const plaza::Applied& applied) {
  stillpoint::Simulation::ApplyCauses causes;
  causes.state = version_event(applied.decided_on_version);
  if (!applied.request_id.empty()) {
    const Operation& operation = operations_[{applied.user, applied.request_id}];
    causes.request = operation.request;
    causes.invoke = operation.invoke;
  }
  const EventId event = simulation_.apply(describe(applied), causes);

  check_capacity(applied, event);
  check_owner(applied, event);
  is_durable(durability_.ledger.applied(applied, event));

  const Application application{event, applied};
  versions_[applied.version] = application;
  take(application);
  if (!applied.request_id.empty()) operations_[{applied.user, applied.request_id}].applied.push_back(applied);
}

void Ledger::committed(const plaza::Committed& committed) { durability_.ledger.committed(committed.version); }

void Ledger::recovered(const plaza::Inventory& inventory) {
  const plaza::Counts counts = inventory.counts();
  simulation_.note(fmt::format("plaza-1 starts at version {}: free {} held {} sold {}", inventory.version(),
                               counts.free, counts.held, counts.sold));
  is_durable(durability_.ledger.recovered(inventory));
  forget_after(inventory.version());
}

// What a crash has undone never was, and its versions will be given to other changes.
void Ledger::forget_after(plaza::Version version) {
  for (auto lost = versions_.upper_bound(version); lost != versions_.end(); lost = versions_.erase(lost)) {
    const plaza::Applied& what = lost->second.what;
    if (!what.request_id.empty()) std::erase(operations_[{what.user, what.request_id}].applied, what);
  }
  last_taken_.clear();
  sold_.clear();
  for (const auto& [its_version, application] : versions_) take(application);
}

void Ledger::take(const Application& application) {
  const plaza::Applied& what = application.what;
  if (what.kind == plaza::Change::hold || what.kind == plaza::Change::sale) last_taken_[what.ticket] = application;
  if (what.kind == plaza::Change::sale) sold_.try_emplace(what.ticket, application);
}

bool Ledger::is_durable(const std::optional<Finding>& finding) {
  if (finding) {
    durability_.check.broken(*finding);
  } else {
    durability_.check.held();
  }
  return !finding;
}

EventId Ledger::version_event(plaza::Version version) const {
  const auto found = versions_.find(version);
  return found == versions_.end() ? kNoEvent : found->second.event;
}

void Ledger::check_capacity(const plaza::Applied& applied, EventId event) {
  const plaza::Counts& counts = applied.counts;
  if (counts.sold + counts.held + counts.free == applied.capacity) return capacity_.held();
  Finding finding = conflict(applied, event);
  finding.promised = fmt::format("sold + held + free = {}", applied.capacity);
  finding.found = fmt::format("sold {}, held {}, free {}", counts.sold, counts.held, counts.free);
  capacity_.broken(finding);
}

void Ledger::check_owner(const plaza::Applied& applied, EventId event) {
  if (applied.kind != plaza::Change::sale) return;
  const auto earlier = sold_.find(applied.ticket);
  if (earlier == sold_.end()) return owner_.held();
  Finding finding = conflict(applied, event);
  finding.promised = fmt::format("ticket {} has one owner", applied.ticket);
  finding.found = fmt::format("{} and {}", earlier->second.what.user, applied.user);
  owner_.broken(finding);
}

// What stands against an application: whoever took the same ticket before.
Finding Ledger::conflict(const plaza::Applied& applied, EventId event) const {
  Finding finding;
  const auto earlier = last_taken_.find(applied.ticket);
  if (earlier == last_taken_.end()) {
    finding.because = fmt::format("after the {} by {} (event {})", word_for(applied.kind), applied.user, event);
    finding.witnesses = {{event, std::string(word_for(applied.kind))}};
    return finding;
  }
  const auto& [earlier_event, first] = earlier->second;
  const std::string_view first_word = word_for(first.kind);
  const std::string_view second_word = word_for(applied.kind);
  finding.because = fmt::format("{} by {} (event {}) and {} by {} (event {})", first_word, first.user, earlier_event,
                                second_word, applied.user, event);
  if (applied.decided_on_version < first.version) {
    finding.because += fmt::format(" both saw ticket {} free; the second did not see the first", applied.ticket);
  }
  // A hold is a purchase begun: which of the two it was says nothing of what went wrong, and is no part of a role.
  const bool takes = applied.kind == plaza::Change::hold || applied.kind == plaza::Change::sale;
  finding.witnesses = {{earlier_event, "first purchase"},
                       {event, takes ? "second purchase" : std::string(second_word)}};
  return finding;
}

// ---- from the users ----

EventId Ledger::invoke(const plaza::Request& request, EventId step) {
  std::string arguments = request.id;
  if (request.ticket != 0) arguments += fmt::format(" ticket {}", request.ticket);
  const EventId event = simulation_.invoke(request.user, plaza::to_string(request.op), arguments, step);
  open({request.user, request.id}, event);
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

void Ledger::open(const Key& key, EventId invoke) {
  Operation& operation = operations_[key];
  operation.invoke = invoke;
  operation.since = simulation_.now();
  operation.open = true;
}

void Ledger::close(const Key& key, EventId invoke, std::string_view what) {
  Operation& operation = operations_[key];
  operation.open = false;
  const Duration took = simulation_.now() - operation.since;
  slowest_ = std::max(slowest_, took);
  const Duration most = allowed(operation.since);
  if (took <= most) return prompt_.held();
  prompt_.broken({.promised = fmt::format("an answer within {} ms", most.count() / 1'000'000),
                  .found = fmt::format("{} of {} took {} ms", what, key.first, took.count() / 1'000'000),
                  .because = fmt::format("it began with event {}", invoke),
                  .witnesses = {{invoke, "invocation"}}});
}

void Ledger::answered(EventId invoke, const plaza::Request& request, const plaza::Response& response) {
  if (response.ok()) {
    simulation_.ok(invoke, describe(response));
  } else {
    simulation_.fail(invoke, describe(response));
  }
  close({request.user, request.id}, invoke, plaza::to_string(request.op));
  if (!is_durable(durability_.ledger.told(request, response, invoke))) return;
  if (request.op != plaza::Operation::watch) check_answer(operations_[{request.user, request.id}], request, response);
}

void Ledger::check_answer(const Operation& operation, const plaza::Request& request, const plaza::Response& response) {
  const plaza::Change wanted = change_of(request.op);
  const auto found = std::find_if(operation.applied.begin(), operation.applied.end(),
                                  [&](const plaza::Applied& applied) { return applied.kind == wanted; });
  const bool was_applied = found != operation.applied.end();
  const bool agrees = response.ok()
                          ? was_applied && found->ticket == response.ticket && found->version <= response.version
                          : !was_applied;
  if (agrees) return answers_.held();
  answers_.broken(
      {.promised = "what a user is told is what was done",
       .found = fmt::format("{} was told '{}' for {} {}", request.user, describe(response),
                            plaza::to_string(request.op), request.id),
       .because = was_applied ? fmt::format("the ledger has: {}", describe(*found)) : "the ledger has no such change",
       .witnesses = {{operation.invoke, "invocation"}}});
}

void Ledger::unanswered(EventId invoke, const plaza::Request& request, std::string_view why) {
  simulation_.info(invoke, why);
  operations_[{request.user, request.id}].open = false;
  prompt_.broken({.promised = "every request is answered",
                  .found = fmt::format("{} of {} never was", plaza::to_string(request.op), request.user),
                  .because = std::string(why),
                  .witnesses = {{invoke, "invocation"}}});
}

void Ledger::saw_stock(const std::string& user, std::uint64_t last_version, const plaza::StockPush& push) {
  const auto told = versions_.find(push.version);
  const bool true_to_ledger = told == versions_.end()
                                  ? push.version == 0
                                  : plaza::Counts{push.free, push.held, push.sold} == told->second.what.counts;
  if (push.version >= last_version && true_to_ledger) return stock_.held();
  Finding finding;
  finding.promised = "a user's stock only moves on, and is the ledger's";
  finding.found = fmt::format("{} saw version {} (free {}, held {}, sold {}) after version {}", user, push.version,
                              push.free, push.held, push.sold, last_version);
  if (const EventId event = version_event(push.version); event != kNoEvent)
    finding.witnesses.push_back({event, "the state that was pushed"});
  stock_.broken(finding);
}

void Ledger::finish() {
  for (const auto& [key, operation] : operations_) {
    const Duration most = allowed(operation.since);
    if (!operation.open || simulation_.now() - operation.since <= most) continue;
    prompt_.broken({.promised = fmt::format("an answer within {} ms", most.count() / 1'000'000),
                    .found = fmt::format("{} still waits for {}", key.first, key.second),
                    .because = fmt::format("it began with event {}", operation.invoke),
                    .witnesses = {{operation.invoke, "invocation"}}});
    return;
  }
  prompt_.remark(fmt::format("slowest {} ms", slowest_.count() / 1'000'000));
  const DurabilityLedger& durable = durability_.ledger;
  durability_.check.remark(
      fmt::format("{} starts; {} changes lost that nobody was told of", durable.recoveries(), durable.forgotten()));
}

}  // namespace last_ticket
