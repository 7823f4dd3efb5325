#include "system-under-test/plaza/domain/tickets/tickets.hpp"

#include <array>
#include <set>
#include <utility>

#include "system-under-test/plaza/domain/damaged.hpp"
#include "system-under-test/plaza/domain/tickets/event.hpp"
#include "system-under-test/plaza/domain/tickets/local_time.hpp"
#include "system-under-test/plaza/domain/tickets/recent_sales.hpp"
#include "system-under-test/plaza/domain/tickets/records.hpp"
#include "system-under-test/plaza/domain/tickets/views.hpp"

namespace plaza::tickets {

namespace {

constexpr std::string_view kEventTopics = "event/";
constexpr std::string_view kUserTopics = "user/";

std::vector<Place> places(const Ledger<Held>& holds) {
  std::vector<Place> list;
  holds.each([&list](const RequestKey& key, const Held& held) {
    list.push_back({.key = key,
                    .count = held.lot.count,
                    .seats = held.lot.seats,
                    .deadline = held.ends(),
                    .offered = held.offered,
                    .paying = held.paying.has_value()});
  });
  return list;
}

std::vector<Place> places(const Ledger<Sold>& sales) {
  std::vector<Place> list;
  sales.each([&list](const RequestKey& key, const Sold& sold) {
    list.push_back({.key = key, .count = sold.lot.count, .seats = sold.lot.seats});
  });
  return list;
}

}  // namespace

std::string event_topic(std::string_view event) { return std::string(kEventTopics).append(event); }
std::string user_topic(std::string_view user) { return std::string(kUserTopics).append(user); }

class Tickets::Impl {
 public:
  Impl(Bugs bugs, std::function<LogTime()> local_clock) : bugs_(bugs), local_time_(std::move(local_clock)) {}

  void restore(const Cells& cells);

  Answer decide(const RequestKey& key, std::string_view body, Step& step) {
    const auto request = decode_request(body);
    if (!request) return {.refusal = Refusal::bad_request};
    if (const Open* open = std::get_if<Open>(&*request)) return this->open(key, *open, step);
    // Tickets belong to somebody.
    if (key.user.empty() || key.id.empty()) return {.refusal = Refusal::bad_request};
    const auto found = events_.find(std::visit([](const auto& it) { return it.event; }, *request));
    if (found == events_.end()) return {.refusal = Refusal::unknown_event};
    Answer answer = std::visit([&](const auto& it) { return decide(found->second, key, it, step); }, *request);
    reschedule(found->second);
    return answer;
  }

  void pass_time(Step& step) {
    const LogTime until = ends_until(step.now);
    while (!agenda_.empty() && agenda_.begin()->first <= until) {
      Event& event = events_.find(agenda_.begin()->second)->second;
      event.end_first_due(step);
      reschedule(event);
    }
  }

  std::optional<LogTime> next_due() const {
    return agenda_.empty() ? std::nullopt : std::optional(agenda_.begin()->first);
  }

  std::optional<std::string> view(std::string_view topic) const {
    if (topic.starts_with(kEventTopics)) {
      const Event* found = event(topic.substr(kEventTopics.size()));
      return found == nullptr ? std::nullopt : std::optional(view_of_event(found->counts()));
    }
    if (!topic.starts_with(kUserTopics)) return std::nullopt;
    const std::string_view user = topic.substr(kUserTopics.size());
    // Whoever has nothing yet may watch already.
    if (user.empty() || user.size() > kNameBytesMost) return std::nullopt;
    return view_of_user(user, events_, recent_sales_);
  }

  const Events& events() const { return events_; }
  const Event* event(std::string_view name) const {
    const auto found = events_.find(name);
    return found == events_.end() ? nullptr : &found->second;
  }

 private:
  Answer open(const RequestKey& key, const Open& terms, Step& step) {
    if (const Event* there = event(terms.event)) {
      if (there->terms() != terms) return {.refusal = Refusal::event_exists};
      return {.body = encode(Given{})};
    }
    events_.try_emplace(terms.event, terms, bugs_).first->second.open(key, step);
    return {.body = encode(Given{})};
  }

  Answer decide(Event& event, const RequestKey& key, const Hold& hold, Step& step) {
    // The correct code reckons with the log's time, which is the same for all who apply this entry. With the node's own
    // clock every node has another deadline.
    const LogTime from = bugs_.nondeterministic_apply ? local_time_.read(step.now) : step.now;
    return event.hold(key, hold.wanted, from, step);
  }
  Answer decide(Event& event, const RequestKey& key, const StartPurchase& purchase, Step& step) {
    return event.start_purchase(key, purchase, step);
  }
  Answer decide(Event& event, const RequestKey& key, const Settle& settle, Step& step) {
    Answer answer = event.settle(key, settle, step);
    if (answer.refusal == Refusal::none) note_sale(event, key);
    return answer;
  }
  Answer decide(Event& event, const RequestKey& key, const Release& release, Step& step) {
    return event.release(key, release, step);
  }
  Answer decide(Event& event, const RequestKey& key, const Wait& wait, Step& step) {
    return event.wait(key, wait, step);
  }
  Answer decide(Event& event, const RequestKey& key, const Leave&, Step& step) { return event.leave(key, step); }
  // Decided before there is an event.
  static Answer decide(Event&, const RequestKey&, const Open&, Step&) { return {.refusal = Refusal::bad_request}; }

  // Up to when holds end now.
  LogTime ends_until(LogTime now) {
    // Read at every step, so that "since the first" is the same for both bugs.
    const LogTime local = bugs_.nondeterministic_apply || bugs_.expiry_by_local_clock ? local_time_.read(now) : now;
    // The correct code ends a hold at a place in the log, the same for all nodes. By its own clock one of them frees
    // what another still holds, and what is decided next differs.
    return bugs_.expiry_by_local_clock ? local : now;
  }

  void note_sale(const Event& event, const RequestKey& key) {
    if (const Sold* sold = event.sales().find(key)) {
      recent_sales_.add(key.user, {.index = sold->index, .event = event.terms().event, .id = key.id});
    }
  }

  // Whatever an event was asked, its next deadline may be another.
  void reschedule(const Event& event) {
    const std::string& name = event.terms().event;
    const auto due = event.next_due();
    const auto scheduled = scheduled_.find(name);
    if (scheduled != scheduled_.end()) {
      if (due == scheduled->second) return;
      agenda_.erase({scheduled->second, name});
      scheduled_.erase(scheduled);
    }
    if (!due) return;
    agenda_.emplace(*due, name);
    scheduled_.emplace(name, *due);
  }

  Event& known_event(std::string_view cell, const std::string& name) {
    const auto found = events_.find(name);
    if (found == events_.end()) throw_damaged(cell, "of an event that there is not");
    return found->second;
  }

  Bugs bugs_;
  LocalTime local_time_;
  Events events_;
  RecentSales recent_sales_;
  std::set<std::pair<LogTime, std::string>> agenda_;       // the next deadline of every event that has one
  std::map<std::string, LogTime, std::less<>> scheduled_;  // the same by event
};

void Tickets::Impl::restore(const Cells& cells) {
  const auto check = [](std::string_view cell, Event::WhyNot why) {
    if (why) throw_damaged(cell, *why);
  };
  std::map<std::string, std::uint32_t> free;
  cells.each(kEventCells, [&](std::string_view cell, std::string_view value) {
    const auto name = event_of_event_cell(cell);
    const auto definition = name ? decode_definition(*name, value) : std::nullopt;
    if (!definition) throw_damaged(cell, "no event");
    events_.try_emplace(*name, definition->terms, bugs_);
    free[*name] = definition->free;
  });
  cells.each(kHoldCells, [&](std::string_view cell, std::string_view value) {
    const auto request = request_of_cell(cell);
    const auto held = decode_held(value);
    if (!request || !held) throw_damaged(cell, "no hold");
    check(cell, known_event(cell, request->first).restore_hold(request->second, *held));
  });
  cells.each(kSaleCells, [&](std::string_view cell, std::string_view value) {
    const auto request = request_of_cell(cell);
    const auto sold = decode_sold(value);
    if (!request || !sold) throw_damaged(cell, "no sale");
    Event& event = known_event(cell, request->first);
    check(cell, event.restore_sale(request->second, *sold));
    note_sale(event, request->second);
  });
  cells.each(kLineCells, [&](std::string_view cell, std::string_view value) {
    const auto number = number_of_line_cell(cell);
    const auto waiting = decode_waiting(value);
    if (!number || !waiting) throw_damaged(cell, "nobody who waits");
    check(cell, known_event(cell, number->first).restore_waiting(number->second, *waiting));
  });
  for (auto& [name, event] : events_) {
    check(event_cell(name), event.restore_free(free[name]));
    reschedule(event);
  }
}

Tickets::Tickets(Bugs bugs, std::function<LogTime()> local_clock)
    : impl_(std::make_unique<Impl>(bugs, std::move(local_clock))) {}
Tickets::~Tickets() = default;

bool Tickets::owns(std::string_view cell) const {
  constexpr std::array kPrefixes{kEventCells, kHoldCells, kSaleCells, kLineCells};
  for (const std::string_view prefix : kPrefixes) {
    if (cell.starts_with(prefix)) return true;
  }
  return false;
}

void Tickets::restore(const Cells& cells) { impl_->restore(cells); }
Answer Tickets::decide(const RequestKey& key, std::string_view body, Step& step) {
  return impl_->decide(key, body, step);
}
void Tickets::pass_time(Step& step) { impl_->pass_time(step); }
std::optional<LogTime> Tickets::next_due() const { return impl_->next_due(); }
std::optional<std::string> Tickets::view(std::string_view topic) const { return impl_->view(topic); }

std::vector<std::string> Tickets::events() const {
  std::vector<std::string> names;
  for (const auto& [name, event] : impl_->events()) names.push_back(name);
  return names;
}
std::optional<Open> Tickets::event(std::string_view name) const {
  const Event* event = impl_->event(name);
  return event == nullptr ? std::nullopt : std::optional(event->terms());
}
std::optional<Counts> Tickets::counts(std::string_view name) const {
  const Event* event = impl_->event(name);
  return event == nullptr ? std::nullopt : std::optional(event->counts());
}
std::vector<Place> Tickets::holds(std::string_view name) const {
  const Event* event = impl_->event(name);
  return event == nullptr ? std::vector<Place>{} : places(event->holds());
}
std::vector<Place> Tickets::sales(std::string_view name) const {
  const Event* event = impl_->event(name);
  return event == nullptr ? std::vector<Place>{} : places(event->sales());
}
std::vector<RequestKey> Tickets::line(std::string_view name) const {
  std::vector<RequestKey> line;
  if (const Event* event = impl_->event(name)) {
    for (const auto& [number, waiting] : event->line().all()) line.push_back(waiting.key);
  }
  return line;
}

std::optional<std::vector<std::uint32_t>> Tickets::look(std::string_view name, const Wanted& wanted) const {
  const Event* event = impl_->event(name);
  if (event == nullptr) return std::nullopt;
  const auto seen = event->look(wanted);
  const Lot* lot = std::get_if<Lot>(&seen);
  if (lot == nullptr) return std::nullopt;
  if (event->terms().seated) return lot->seats;
  std::vector<std::uint32_t> numbers;
  for (std::uint32_t number = 1; number <= lot->count; ++number) numbers.push_back(number);
  return numbers;
}

}  // namespace plaza::tickets
