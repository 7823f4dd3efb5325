// The words of the protocol: operations, errors, close codes. docs/plaza-protocol.md says what each means to a client.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace plaza {

enum class Operation : std::uint8_t { hold, buy, purchase, release, wait, leave, look, watch, unwatch };
inline constexpr std::size_t kOperations = 9;

enum class Error : std::uint8_t {
  // Of the gateway.
  bad_request,       // not JSON, not an object, a member is missing, of the wrong type, out of range or too long
  unknown_op,        // "op" is none of the operations
  unknown_topic,     // nothing of this name can be watched, or nothing of it is watched
  unavailable,       // not decided in time; may be done or not: ask again under the same id
  overloaded,        // the node has too much to do, or is ending; not done
  rate_limited,      // this connection asks too often; not done
  too_many_watches,  // of this connection
  // Refusals of the domain, by its names. They are final: the same id gets the same again.
  id_reused,        // this user sent another request under the same id before
  unknown_event,    // there is none of this name
  event_exists,     // never told to a client: clients open no events
  sold_out,         // not as many are free, or others wait for them
  seat_taken,       // one of the seats that were named is not free
  no_such_seat,     // the event has none of this number, or none that could be named
  too_many,         // more than the event has, or than one request may ask for
  not_held,         // this user has no such hold, or no longer
  payment_pending,  // another request is paying for that hold
  payment_refused,  // the payment was not authorised, or came too late
  already_waiting,  // this user waits for this event already
  not_waiting,      // this user does not
};
inline constexpr std::size_t kErrors = 19;

// Why a server ends a connection: the codes of its close frames. Others, as 1002, 1007 and 1009, are WebSocket's own.
enum class CloseCode : std::uint16_t {
  going_away = 1001,     // the node is ending; connect to another
  text_only = 1003,      // a binary frame came
  too_big = 1009,        // a frame came that is longer than the protocol allows
  token_expired = 4001,  // connect anew with a new one
  rate_exceeded = 4002,  // refusals by rate_limited changed nothing
  slow_consumer = 4003,  // what is sent is not read
  idle = 4004,           // no pong, nor anything else, for too long
};

std::string_view to_string(Operation op);
std::string_view to_string(Error error);
std::string_view to_string(CloseCode code);
std::optional<Operation> find_operation(std::string_view name);
std::optional<Error> find_error(std::string_view name);

// Whether nothing was decided, so that asking again (under the same id) can bring something else.
bool is_worth_repeating(Error error);

}  // namespace plaza
