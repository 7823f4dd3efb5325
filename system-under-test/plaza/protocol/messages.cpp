#include "system-under-test/plaza/protocol/messages.hpp"

#include <array>
#include <boost/json.hpp>
#include <utility>

namespace plaza {
namespace {

namespace json = boost::json;

constexpr std::array<std::pair<Operation, std::string_view>, 5> kOperations{{
    {Operation::hold, "hold"},
    {Operation::buy, "buy"},
    {Operation::purchase, "purchase"},
    {Operation::release, "release"},
    {Operation::watch, "watch"},
}};

constexpr std::array<std::pair<Error, std::string_view>, 9> kErrors{{
    {Error::bad_request, "bad_request"},
    {Error::unknown_op, "unknown_op"},
    {Error::in_progress, "in_progress"},
    {Error::id_reused, "id_reused"},
    {Error::sold_out, "sold_out"},
    {Error::not_held, "not_held"},
    {Error::payment_pending, "payment_pending"},
    {Error::payment_refused, "payment_refused"},
    {Error::unavailable, "unavailable"},
}};

template <class Table, class Value>
std::string_view name_in(const Table& table, Value value) {
  for (const auto& [candidate, name] : table) {
    if (candidate == value) return name;
  }
  return "?";
}

template <class Value, std::size_t N>
std::optional<Value> find_in(const std::array<std::pair<Value, std::string_view>, N>& table, std::string_view name) {
  for (const auto& [value, candidate] : table) {
    if (candidate == name) return value;
  }
  return std::nullopt;
}

json::string_view as_json(std::string_view text) { return {text.data(), text.size()}; }

// A parsed message, for as long as it is being looked at. Messages are small: they fit into the buffer, without the
// heap.
class Document {
 public:
  explicit Document(std::string_view text) {
    json::error_code error;
    json::value value = json::parse(as_json(text), error, &memory_);
    if (!error && value.is_object()) object_ = &root_.emplace(std::move(value)).get_object();
  }

  bool is_object() const { return object_ != nullptr; }
  bool has(std::string_view name) const { return object_->if_contains(as_json(name)) != nullptr; }

  std::optional<std::string> string(std::string_view name) const {
    const json::value* value = object_->if_contains(as_json(name));
    if (!value || !value->is_string()) return std::nullopt;
    const json::string& text = value->get_string();
    return std::string(text.data(), text.size());
  }

  std::optional<bool> boolean(std::string_view name) const {
    const json::value* value = object_->if_contains(as_json(name));
    if (!value || !value->is_bool()) return std::nullopt;
    return value->get_bool();
  }

  template <class Number>
  std::optional<Number> number(std::string_view name) const {
    const json::value* value = object_->if_contains(as_json(name));
    if (!value || !value->is_number()) return std::nullopt;
    json::error_code error;
    const Number number = value->to_number<Number>(error);
    if (error) return std::nullopt;
    return number;
  }

 private:
  std::array<unsigned char, 1024> buffer_;
  json::monotonic_resource memory_{buffer_.data(), buffer_.size()};
  std::optional<json::value> root_;
  const json::object* object_ = nullptr;
};

std::optional<std::string> name_member(const Document& document, std::string_view member) {
  std::optional<std::string> name = document.string(member);
  if (name && (name->empty() || name->size() > kNameBytesMax)) return std::nullopt;
  return name;
}

std::optional<Response> decode_response(const Document& document) {
  const auto id = document.string("id");
  const auto ok = document.boolean("ok");
  const auto version = document.number<std::uint64_t>("version");
  if (!id || !ok || !version) return std::nullopt;
  Response response{.id = *id, .error = std::nullopt, .ticket = 0, .version = *version};
  if (document.has("ticket")) {
    const auto ticket = document.number<std::uint32_t>("ticket");
    if (!ticket) return std::nullopt;
    response.ticket = *ticket;
  }
  if (!*ok) {
    const auto name = document.string("error");
    if (!name) return std::nullopt;
    response.error = find_in(kErrors, *name);
    if (!response.error) return std::nullopt;
  }
  return response;
}

std::optional<StockPush> decode_push(const Document& document) {
  const auto version = document.number<std::uint64_t>("version");
  const auto free = document.number<std::uint32_t>("free");
  const auto held = document.number<std::uint32_t>("held");
  const auto sold = document.number<std::uint32_t>("sold");
  if (!version || !free || !held || !sold) return std::nullopt;
  return StockPush{.version = *version, .free = *free, .held = *held, .sold = *sold};
}

}  // namespace

std::string encode(const Request& request) {
  json::object object;
  object["id"] = request.id;
  object["op"] = as_json(to_string(request.op));
  object["user"] = request.user;
  if (request.ticket != 0) object["ticket"] = request.ticket;
  return json::serialize(object);
}

std::string encode(const Response& response) {
  json::object object;
  object["id"] = response.id;
  object["ok"] = response.ok();
  if (response.error) object["error"] = as_json(to_string(*response.error));
  if (response.ticket != 0) object["ticket"] = response.ticket;
  object["version"] = response.version;
  return json::serialize(object);
}

std::string encode(const StockPush& push) {
  json::object object;
  object["push"] = "stock";
  object["version"] = push.version;
  object["free"] = push.free;
  object["held"] = push.held;
  object["sold"] = push.sold;
  return json::serialize(object);
}

std::variant<Request, Malformed> decode_request(std::string_view text) {
  const Document document(text);
  if (!document.is_object()) return Malformed{};
  Malformed malformed;
  const auto id = name_member(document, "id");
  if (!id) return malformed;
  malformed.id = *id;
  const auto op_name = document.string("op");
  const auto user = name_member(document, "user");
  if (!op_name || !user) return malformed;
  const auto op = find_in(kOperations, *op_name);
  if (!op) {
    malformed.error = Error::unknown_op;
    return malformed;
  }
  Request request{.id = *id, .op = *op, .user = *user, .ticket = 0};
  if (*op == Operation::purchase || *op == Operation::release) {
    const auto ticket = document.number<std::uint32_t>("ticket");
    if (!ticket || *ticket == 0) return malformed;
    request.ticket = *ticket;
  }
  return request;
}

std::variant<std::monostate, Response, StockPush> decode_server_message(std::string_view text) {
  const Document document(text);
  if (!document.is_object()) return std::monostate{};
  if (document.has("push")) {
    if (document.string("push") != "stock") return std::monostate{};
    if (const auto push = decode_push(document)) return *push;
    return std::monostate{};
  }
  if (const auto response = decode_response(document)) return *response;
  return std::monostate{};
}

std::string_view to_string(Operation op) { return name_in(kOperations, op); }
std::string_view to_string(Error error) { return name_in(kErrors, error); }

}  // namespace plaza
