#include "system-under-test/plaza/protocol/names.hpp"

#include <utility>

namespace plaza {
namespace {

template <class Value, std::size_t kSize>
using Names = std::array<std::pair<Value, std::string_view>, kSize>;

constexpr Names<Operation, kOperations> kOperationNames{{
    {Operation::hold, "hold"},
    {Operation::buy, "buy"},
    {Operation::purchase, "purchase"},
    {Operation::release, "release"},
    {Operation::wait, "wait"},
    {Operation::leave, "leave"},
    {Operation::look, "look"},
    {Operation::watch, "watch"},
    {Operation::unwatch, "unwatch"},
}};

constexpr Names<Error, kErrors> kErrorNames{{
    {Error::bad_request, "bad_request"},
    {Error::unknown_op, "unknown_op"},
    {Error::unknown_topic, "unknown_topic"},
    {Error::unavailable, "unavailable"},
    {Error::overloaded, "overloaded"},
    {Error::rate_limited, "rate_limited"},
    {Error::too_many_watches, "too_many_watches"},
    {Error::id_reused, "id_reused"},
    {Error::unknown_event, "unknown_event"},
    {Error::event_exists, "event_exists"},
    {Error::sold_out, "sold_out"},
    {Error::seat_taken, "seat_taken"},
    {Error::no_such_seat, "no_such_seat"},
    {Error::too_many, "too_many"},
    {Error::not_held, "not_held"},
    {Error::payment_pending, "payment_pending"},
    {Error::payment_refused, "payment_refused"},
    {Error::already_waiting, "already_waiting"},
    {Error::not_waiting, "not_waiting"},
}};

constexpr Names<CloseCode, 7> kCloseCodeNames{{
    {CloseCode::going_away, "going_away"},
    {CloseCode::text_only, "text_only"},
    {CloseCode::too_big, "too_big"},
    {CloseCode::token_expired, "token_expired"},
    {CloseCode::rate_exceeded, "rate_exceeded"},
    {CloseCode::slow_consumer, "slow_consumer"},
    {CloseCode::idle, "idle"},
}};

template <class Table, class Value>
std::string_view name_in(const Table& table, Value value) {
  for (const auto& [candidate, name] : table) {
    if (candidate == value) return name;
  }
  return "?";
}

template <class Value, std::size_t kSize>
std::optional<Value> find_in(const Names<Value, kSize>& table, std::string_view name) {
  for (const auto& [value, candidate] : table) {
    if (candidate == name) return value;
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(Operation op) { return name_in(kOperationNames, op); }
std::string_view to_string(Error error) { return name_in(kErrorNames, error); }
std::string_view to_string(CloseCode code) { return name_in(kCloseCodeNames, code); }
std::optional<Operation> find_operation(std::string_view name) { return find_in(kOperationNames, name); }
std::optional<Error> find_error(std::string_view name) { return find_in(kErrorNames, name); }

bool is_worth_repeating(Error error) {
  return error == Error::unavailable || error == Error::overloaded || error == Error::rate_limited;
}

}  // namespace plaza
