#include <algorithm>
#include <utility>

#include "system-under-test/plaza/protocol/document.hpp"
#include "system-under-test/plaza/protocol/messages.hpp"

namespace plaza {
namespace {

namespace json = boost::json;

// Takes a member that has to be there; false if it is not, or is no name.
bool take_name(const Document& document, std::string_view member, std::string& into) {
  const auto name = document.string(member);
  if (!name || name->empty() || name->size() > kNameBytesMost) return false;
  into = *name;
  return true;
}

bool take_count(const Document& document, std::uint32_t& into) {
  const auto count = document.number<std::uint32_t>("count");
  if (!count || *count == 0) return false;
  into = *count;
  return true;
}

// So many, or these seats: one of both, and of seats each once.
bool take_wanted(const Document& document, Request& request) {
  const json::value* named = Document::member(document.object(), "seats");
  if (!named) return take_count(document, request.count);
  if (document.has("count")) return false;
  auto seats = Document::numbers<std::uint32_t>(named);
  if (!seats || seats->empty()) return false;
  std::sort(seats->begin(), seats->end());
  if (seats->front() == 0 || std::adjacent_find(seats->begin(), seats->end()) != seats->end()) return false;
  request.seats = std::move(*seats);
  return true;
}

// Whether a topic of this name could be there: what it is, only the domain knows.
bool take_topic(const Document& document, std::string& into) {
  const auto topic = document.string("topic");
  if (!topic || topic->empty() || topic->size() > kNameBytesMost + 6) return false;
  into = *topic;
  return true;
}

bool take_after(const Document& document, std::optional<std::uint64_t>& into) {
  if (!document.has("after")) return true;
  into = document.number<std::uint64_t>("after");
  return into.has_value();
}

bool take_members(const Document& document, Request& request) {
  switch (request.op) {
    case Operation::hold:
    case Operation::buy:
      return take_name(document, "event", request.event) && take_wanted(document, request);
    case Operation::purchase:
    case Operation::release:
      return take_name(document, "event", request.event) && take_name(document, "hold", request.hold);
    case Operation::wait:
      return take_name(document, "event", request.event) && take_count(document, request.count);
    case Operation::leave:
    case Operation::look:
      return take_name(document, "event", request.event);
    case Operation::watch:
      return take_topic(document, request.topic) && take_after(document, request.after);
    case Operation::unwatch:
      return take_topic(document, request.topic);
  }
  return false;
}

// Reads an optional member; false if it is there and is something else.
template <class Number>
bool read_number(const Document& document, std::string_view member, Number& into) {
  if (!document.has(member)) return true;
  const auto number = document.number<Number>(member);
  if (number) into = *number;
  return number.has_value();
}

bool read_seats(const json::object& object, std::vector<std::uint32_t>& into) {
  const json::value* member = Document::member(object, "seats");
  if (!member) return true;
  auto seats = Document::numbers<std::uint32_t>(member);
  if (seats) into = std::move(*seats);
  return seats.has_value();
}

std::optional<EventCounts> decode_counts(const Document& document) {
  const auto free = document.number<std::uint32_t>("free");
  const auto held = document.number<std::uint32_t>("held");
  const auto sold = document.number<std::uint32_t>("sold");
  const auto waiting = document.number<std::uint32_t>("waiting");
  if (!free || !held || !sold || !waiting) return std::nullopt;
  return EventCounts{.free = *free, .held = *held, .sold = *sold, .waiting = *waiting};
}

std::optional<Response> decode_response(const Document& document) {
  const auto id = document.string("id");
  const auto ok = document.boolean("ok");
  const auto version = document.number<std::uint64_t>("version");
  if (!id || !ok || !version) return std::nullopt;
  Response response{.id = std::string(*id), .version = *version};
  if (!*ok) {
    response.error = find_error(document.string("error").value_or(""));
    if (!response.error) return std::nullopt;
  }
  if (document.has("hold")) {
    const auto hold = document.string("hold");
    if (!hold) return std::nullopt;
    response.hold = *hold;
  }
  if (!read_number(document, "count", response.count)) return std::nullopt;
  if (!read_number(document, "place", response.place)) return std::nullopt;
  if (!read_seats(document.object(), response.seats)) return std::nullopt;
  if (document.has("lasts_ms")) {
    const auto lasts = document.number<std::int64_t>("lasts_ms");
    if (!lasts) return std::nullopt;
    response.lasts = std::chrono::milliseconds(*lasts);
  }
  if (document.has("free")) {
    response.counts = decode_counts(document);
    if (!response.counts) return std::nullopt;
  }
  return response;
}

std::optional<std::vector<UserPush::Item>> decode_items(const json::value* list) {
  if (!list || !list->is_array()) return std::nullopt;
  std::vector<UserPush::Item> items;
  for (const json::value& element : list->get_array()) {
    if (!element.is_object()) return std::nullopt;
    const json::object& object = element.get_object();
    const auto event = Document::string(Document::member(object, "event"));
    const auto id = Document::string(Document::member(object, "id"));
    const auto count = Document::number<std::uint32_t>(Document::member(object, "count"));
    if (!event || !id || !count) return std::nullopt;
    UserPush::Item item{.event = std::string(*event), .id = std::string(*id), .count = *count};
    if (!read_seats(object, item.seats)) return std::nullopt;
    const json::value* paying = Document::member(object, "paying");
    item.paying = paying && paying->is_bool() && paying->get_bool();
    items.push_back(std::move(item));
  }
  return items;
}

bool take_items(const Document& document, std::string_view member, std::vector<UserPush::Item>& into) {
  auto items = decode_items(Document::member(document.object(), member));
  if (items) into = std::move(*items);
  return items.has_value();
}

ServerMessage decode_push(const Document& document) {
  const auto name = document.string("push");
  if (!name) return std::monostate{};
  if (*name == "server") return ServerPush{.reconnect = document.boolean("reconnect").value_or(false)};
  const auto version = document.number<std::uint64_t>("version");
  if (!version) return std::monostate{};
  if (*name == "user") {
    UserPush push{.version = *version};
    const bool has_all = take_items(document, "holds", push.holds) && take_items(document, "offers", push.offers) &&
                         take_items(document, "waits", push.waits) && take_items(document, "sales", push.sales);
    if (!has_all) return std::monostate{};
    return push;
  }
  const auto event = event_of_topic(*name);
  const auto counts = decode_counts(document);
  if (!event || !counts) return std::monostate{};
  return EventPush{.event = std::string(*event), .version = *version, .counts = *counts};
}

}  // namespace

std::variant<Request, Malformed> decode_request(std::string_view text) {
  const Document document(text);
  Malformed malformed;
  if (!document.is_object()) return malformed;
  Request request;
  if (!take_name(document, "id", request.id)) return malformed;
  malformed.id = request.id;
  const auto op_name = document.string("op");
  if (!op_name) return malformed;
  const auto op = find_operation(*op_name);
  if (!op) {
    malformed.error = Error::unknown_op;
    return malformed;
  }
  request.op = *op;
  if (!take_members(document, request)) return malformed;
  return request;
}

ServerMessage decode_server_message(std::string_view text) {
  const Document document(text);
  if (!document.is_object()) return std::monostate{};
  if (document.has("push")) return decode_push(document);
  if (auto response = decode_response(document)) return std::move(*response);
  return std::monostate{};
}

}  // namespace plaza
