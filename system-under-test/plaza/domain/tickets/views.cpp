#include "system-under-test/plaza/domain/tickets/views.hpp"

#include <utility>

#include "system-under-test/plaza/json_writer.hpp"

namespace plaza::tickets {

namespace {

// The members that everything has.
JsonWriter begin(std::string_view event, std::string_view id, std::uint32_t count) {
  JsonWriter writer;
  writer.text("event", event).text("id", id).number("count", count);
  return writer;
}

JsonWriter begin(std::string_view event, std::string_view id, const Lot& lot) {
  JsonWriter writer = begin(event, id, lot.count);
  if (!lot.seats.empty()) writer.numbers("seats", lot.seats);
  return writer;
}

void append(std::string& list, JsonWriter object) {
  if (!list.empty()) list += ',';
  list += object.take();
}

}  // namespace

std::string view_of_event(const Counts& counts) {
  return JsonWriter()
      .number("free", counts.free)
      .number("held", counts.held)
      .number("sold", counts.sold)
      .number("waiting", counts.waiting)
      .take();
}

std::string view_of_user(std::string_view user, const Events& events, const RecentSales& recent) {
  std::string holds;
  std::string offers;
  std::string waits;
  std::string sales;
  for (const auto& [name, event] : events) {
    event.holds().each_of(user, [&, &event_name = name](const std::string& id, const Held& held) {
      JsonWriter hold = begin(event_name, id, held.lot);
      hold.number("deadline", held.ends().count()).boolean("paying", held.paying.has_value());
      append(held.offered ? offers : holds, std::move(hold));
    });
    if (const auto number = event.line().number_of(user)) {
      const Waiting& waiting = event.line().all().at(*number);
      append(waits, begin(name, waiting.key.id, waiting.count));
    }
  }
  const auto& newest = recent.of(user);
  for (auto sale = newest.rbegin(); sale != newest.rend(); ++sale) {
    const Sold* sold = events.find(sale->event)->second.sales().find(user, sale->id);
    append(sales, begin(sale->event, sale->id, sold->lot));
  }
  return "{\"holds\":[" + holds + "],\"offers\":[" + offers + "],\"waits\":[" + waits + "],\"sales\":[" + sales + "]}";
}

}  // namespace plaza::tickets
