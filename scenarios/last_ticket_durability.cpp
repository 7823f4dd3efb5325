#include "scenarios/last_ticket_durability.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace last_ticket {

using stillpoint::EventId;
using stillpoint::Finding;

namespace {

constexpr const char* kPromise = "what a user was told is done is there after every restart";

std::string told_words(const plaza::Request& request, plaza::TicketNumber ticket) {
  return fmt::format("{} was told that {} {} got ticket {}", request.user, plaza::to_string(request.op), request.id,
                     ticket);
}

// Where each ticket is that is not free, in words that can be compared.
using Places = std::map<plaza::TicketNumber, std::string>;

std::string held_by(const std::string& user) { return "held by " + user; }
std::string sold_to(const std::string& user, const std::string& request_id) {
  return fmt::format("sold to {} for {}", user, request_id);
}

Places places_of(const plaza::Inventory& inventory) {
  Places places;
  const auto put = [&places](plaza::TicketNumber ticket, const std::string& where) {
    const auto [place, is_first] = places.try_emplace(ticket, where);
    if (!is_first) place->second += " and " + where;
  };
  for (const auto& [ticket, hold] : inventory.holds()) put(ticket, held_by(hold.user));
  for (const plaza::Sale& sale : inventory.sales()) put(sale.ticket, sold_to(sale.user, sale.request_id));
  return places;
}

std::string place_in(const Places& places, plaza::TicketNumber ticket) {
  const auto found = places.find(ticket);
  return found == places.end() ? "free" : found->second;
}

}  // namespace

plaza::Change change_of(plaza::Operation operation) {
  switch (operation) {
    case plaza::Operation::buy:
    case plaza::Operation::purchase:
      return plaza::Change::sale;
    case plaza::Operation::release:
      return plaza::Change::release;
    case plaza::Operation::hold:
    case plaza::Operation::watch:
      break;
  }
  return plaza::Change::hold;
}

std::optional<Finding> DurabilityLedger::applied(const plaza::Applied& applied, EventId event) {
  std::optional<Finding> finding;
  if (applied.kind == plaza::Change::sale) {
    if (const Change* earlier = earlier_sale(applied)) {
      const plaza::Applied& first = earlier->what;
      finding = Finding{.promised = "a ticket is sold once, and a request is served once, whatever restarts in between",
                        .found = fmt::format("ticket {} for {} {}, and ticket {} for {} {}", first.ticket, first.user,
                                             first.request_id, applied.ticket, applied.user, applied.request_id),
                        .because = fmt::format("events {} and {}", earlier->event, event),
                        .witnesses = {{earlier->event, "first sale"}, {event, "second sale"}}};
    }
    sold_.try_emplace(applied.ticket, applied.version);
    served_.try_emplace({applied.user, applied.request_id}, applied.version);
  }
  history_[applied.version] = {applied, event};
  return finding;
}

const DurabilityLedger::Change* DurabilityLedger::earlier_sale(const plaza::Applied& sale) const {
  if (const auto same = sold_.find(sale.ticket); same != sold_.end()) return &history_.at(same->second);
  const auto same = served_.find({sale.user, sale.request_id});
  return same == served_.end() ? nullptr : &history_.at(same->second);
}

void DurabilityLedger::committed(plaza::Version version) { committed_ = version; }

std::optional<Finding> DurabilityLedger::told(const plaza::Request& request, const plaza::Response& response,
                                              EventId invoke) {
  if (!response.ok() || request.op == plaza::Operation::watch) return std::nullopt;
  const auto tells_of = [&](const Change& change) {
    return change.what.kind == change_of(request.op) && change.what.version == response.version &&
           change.what.user == request.user && change.what.request_id == request.id &&
           change.what.ticket == response.ticket;
  };
  const auto found = history_.find(response.version);
  if (found != history_.end() && tells_of(found->second)) {
    told_[response.version] = {request, invoke};
    return std::nullopt;
  }
  const auto lost = lost_.find({request.user, request.id});
  if (lost == lost_.end()) return std::nullopt;  // never was: for others to judge
  const auto change = std::find_if(lost->second.begin(), lost->second.end(), tells_of);
  if (change == lost->second.end()) return std::nullopt;
  return Finding{.promised = kPromise,
                 .found = told_words(request, response.ticket) + ", which a crash had undone by then",
                 .because = fmt::format("it was applied as version {} (event {}) and not durable when it was answered",
                                        response.version, change->event),
                 .witnesses = {{invoke, "acknowledged"}, {change->event, "lost"}}};
}

std::optional<Finding> DurabilityLedger::recovered(const plaza::Inventory& inventory) {
  if (auto finding = missing(inventory)) return finding;
  forget_after(inventory.version());
  if (auto finding = different(inventory)) return finding;
  if (auto finding = unremembered(inventory)) return finding;
  ++recoveries_;
  return std::nullopt;
}

// Whether the node is at a version that holds all that it must.
std::optional<Finding> DurabilityLedger::missing(const plaza::Inventory& inventory) const {
  const plaza::Version version = inventory.version();
  const plaza::Version last = history_.empty() ? 0 : history_.rbegin()->first;
  if (version > last) {
    return Finding{.promised = "a node that starts again is where it was before",
                   .found = fmt::format("it is at version {}", version),
                   .because = fmt::format("it was never further than version {}", last),
                   .witnesses = {}};
  }
  if (const auto gone = told_.upper_bound(version); gone != told_.end()) {
    const Told& told = gone->second;
    const Change& change = history_.at(gone->first);
    return Finding{.promised = kPromise,
                   .found = told_words(told.request, change.what.ticket) + "; after a restart that is not so",
                   .because = fmt::format("it was applied as version {} (event {}); the node had called version {} "
                                          "durable, and came back at version {}",
                                          gone->first, change.event, committed_, version),
                   .witnesses = {{told.invoke, "acknowledged"}, {change.event, "lost"}}};
  }
  if (version >= committed_) return std::nullopt;
  return Finding{.promised = "what the node calls durable is there after every restart",
                 .found = fmt::format("it came back at version {}", version),
                 .because = fmt::format("it had called version {} durable", committed_),
                 .witnesses = {{history_.at(version + 1).event, "lost"}}};
}

// The state that the history leads to, against the one that there is.
std::optional<Finding> DurabilityLedger::different(const plaza::Inventory& inventory) const {
  Places promised;
  std::map<plaza::TicketNumber, EventId> newest;
  for (const auto& [version, change] : history_) {
    const plaza::Applied& what = change.what;
    newest[what.ticket] = change.event;
    if (what.kind == plaza::Change::hold) {
      promised[what.ticket] = held_by(what.user);
    } else if (what.kind == plaza::Change::sale) {
      promised[what.ticket] = sold_to(what.user, what.request_id);
    } else {
      promised.erase(what.ticket);
    }
  }
  const Places found = places_of(inventory);
  for (plaza::TicketNumber ticket = 1; ticket <= inventory.capacity(); ++ticket) {
    const std::string should = place_in(promised, ticket);
    const std::string is = place_in(found, ticket);
    if (should == is) continue;
    Finding finding{.promised = fmt::format("at version {} ticket {} is {}", inventory.version(), ticket, should),
                    .found = fmt::format("after a restart it is {}", is),
                    .because = "",
                    .witnesses = {}};
    if (newest.contains(ticket)) finding.witnesses.push_back({newest.at(ticket), "what happened to it last"});
    return finding;
  }
  return std::nullopt;
}

// A request that is repeated after a restart must get the answer that it had.
std::optional<Finding> DurabilityLedger::unremembered(const plaza::Inventory& inventory) const {
  for (const auto& [version, told] : told_) {
    const plaza::Answered* answer = inventory.answered({told.request.user, told.request.id});
    if (answer != nullptr && answer->decision.version == version) continue;
    return Finding{.promised = "the node knows after a restart what it has answered",
                   .found = told_words(told.request, history_.at(version).what.ticket) +
                            (answer == nullptr ? ", and would be served again" : ", and would be told otherwise"),
                   .because = "",
                   .witnesses = {{told.invoke, "acknowledged"}}};
  }
  return std::nullopt;
}

void DurabilityLedger::forget_after(plaza::Version version) {
  const auto is_after = [version](const auto& entry) { return entry.second > version; };
  std::erase_if(sold_, is_after);
  std::erase_if(served_, is_after);
  for (auto entry = history_.upper_bound(version); entry != history_.end(); entry = history_.erase(entry)) {
    const plaza::Applied& what = entry->second.what;
    ++forgotten_;
    if (!what.request_id.empty()) lost_[{what.user, what.request_id}].push_back(entry->second);
  }
}

}  // namespace last_ticket
