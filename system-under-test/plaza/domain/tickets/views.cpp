#include "system-under-test/plaza/domain/tickets/views.hpp"

namespace plaza::tickets {

namespace {

// How many bytes the character at the front has, if it is one (RFC 3629, section 4); 0 if it is none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [text](std::size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  // Overlong forms, surrogates, and what is beyond U+10FFFF.
  const unsigned second = byte(1);
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f)) return 0;
  if ((first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) return 0;
  return length;
}

// The members that everything has.
std::string members(std::string_view event, std::string_view id, std::uint32_t count) {
  return "\"event\":" + json_string(event) + ",\"id\":" + json_string(id) + ",\"count\":" + std::to_string(count);
}

std::string members(std::string_view event, std::string_view id, const Lot& lot) {
  std::string text = members(event, id, lot.count);
  if (lot.seats.empty()) return text;
  text += ",\"seats\":[";
  for (const std::uint32_t seat : lot.seats) text += std::to_string(seat) + ',';
  text.back() = ']';
  return text;
}

void append(std::string& list, const std::string& members) {
  if (!list.empty()) list += ',';
  list += '{' + members + '}';
}

}  // namespace

std::string json_string(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string json = "\"";
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const char c = text.front();
    if (length == 0) {
      json += "\\ufffd";
    } else if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      json += "\\u00";
      json += kDigits[static_cast<unsigned char>(c) >> 4];
      json += kDigits[static_cast<unsigned char>(c) & 15];
    } else {
      json += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return json + '"';
}

std::string view_of_event(const Counts& counts) {
  return "{\"free\":" + std::to_string(counts.free) + ",\"held\":" + std::to_string(counts.held) +
         ",\"sold\":" + std::to_string(counts.sold) + ",\"waiting\":" + std::to_string(counts.waiting) + '}';
}

std::string view_of_user(std::string_view user, const Events& events, const RecentSales& recent) {
  std::string holds;
  std::string offers;
  std::string waits;
  std::string sales;
  for (const auto& [name, event] : events) {
    event.holds().each_of(user, [&, &event_name = name](const RequestKey& key, const Held& held) {
      append(held.offered ? offers : holds, members(event_name, key.id, held.lot) +
                                                ",\"deadline\":" + std::to_string(held.ends().count()) +
                                                ",\"paying\":" + (held.paying ? "true" : "false"));
    });
    if (const auto number = event.line().number_of(user)) {
      const Waiting& waiting = event.line().all().at(*number);
      append(waits, members(name, waiting.key.id, waiting.count));
    }
  }
  const auto& newest = recent.of(user);
  for (auto sale = newest.rbegin(); sale != newest.rend(); ++sale) {
    const Sold* sold = events.find(sale->event)->second.sales().find({std::string(user), sale->id});
    append(sales, members(sale->event, sale->id, sold->lot));
  }
  return "{\"holds\":[" + holds + "],\"offers\":[" + offers + "],\"waits\":[" + waits + "],\"sales\":[" + sales + "]}";
}

}  // namespace plaza::tickets
