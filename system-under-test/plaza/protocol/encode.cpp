#include "system-under-test/plaza/json_writer.hpp"
#include "system-under-test/plaza/protocol/messages.hpp"

namespace plaza {

std::string encode(const Request& request) {
  JsonWriter out;
  out.text("id", request.id).text("op", to_string(request.op));
  if (!request.event.empty()) out.text("event", request.event);
  if (request.count != 0) out.number("count", request.count);
  if (!request.seats.empty()) out.numbers("seats", request.seats);
  if (!request.hold.empty()) out.text("hold", request.hold);
  if (!request.topic.empty()) out.text("topic", request.topic);
  if (request.after) out.number("after", *request.after);
  return out.take();
}

std::string encode(const Response& response) {
  JsonWriter out;
  out.text("id", response.id).boolean("ok", response.ok()).number("version", response.version);
  if (response.error) out.text("error", to_string(*response.error));
  if (!response.hold.empty()) out.text("hold", response.hold);
  if (response.count != 0) out.number("count", response.count);
  if (!response.seats.empty()) out.numbers("seats", response.seats);
  if (response.lasts) out.number("lasts_ms", response.lasts->count());
  if (response.place != 0) out.number("place", response.place);
  if (response.counts) {
    out.number("free", response.counts->free).number("held", response.counts->held);
    out.number("sold", response.counts->sold).number("waiting", response.counts->waiting);
  }
  return out.take();
}

std::string encode(const ServerPush& push) {
  return JsonWriter().text("push", "server").boolean("reconnect", push.reconnect).take();
}

std::string encode_push(std::string_view name, std::uint64_t version, std::string_view view) {
  return JsonWriter().text("push", name).number("version", version).members(view).take();
}

std::optional<std::string_view> event_of_topic(std::string_view topic) {
  constexpr std::string_view kPrefix = "event/";
  if (!topic.starts_with(kPrefix)) return std::nullopt;
  topic.remove_prefix(kPrefix.size());
  if (topic.empty() || topic.size() > kNameBytesMost) return std::nullopt;
  return topic;
}

}  // namespace plaza
