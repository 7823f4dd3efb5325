// The messages between client and server, and their JSON text. One text frame carries one message.
//
//   client -> server   {"id":"r-1","op":"purchase","user":"user-0412","ticket":57}
//   server -> client   {"id":"r-1","ok":true,"ticket":57,"version":12}
//                      {"id":"r-1","ok":false,"error":"not_held","version":12}
//                      {"push":"stock","version":12,"free":40,"held":3,"sold":57}
//
// Encoding is deterministic: members always come in the order above. Decoding ignores members that it does not know.
// Knows nothing about sockets or about what the operations do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace plaza {

inline constexpr std::size_t kNameBytesMax = 64;  // of a request id and of a user's name; both must not be empty

enum class Operation : std::uint8_t { hold, buy, purchase, release, watch };

enum class Error : std::uint8_t {
  bad_request,      // not JSON, not an object, a member is missing, of the wrong type or too long
  unknown_op,       // "op" is none of the operations
  in_progress,      // the same request is still being worked on: ask again later, under the same id
  id_reused,        // this user sent another request under the same id before
  sold_out,         // no ticket is free
  not_held,         // this user does not hold that ticket, or no longer
  payment_pending,  // another request of this user is paying for that ticket
  payment_refused,  // the payment was not authorised
  unavailable,      // nothing can be put on the disk now; may be done or not: ask again later, under the same id
};

struct Request {
  std::string id;
  Operation op = Operation::hold;
  std::string user;
  std::uint32_t ticket = 0;  // purchase and release only; from 1
  bool operator==(const Request&) const = default;
};

struct Response {
  std::string id;              // as in the request; empty if that could not be read
  std::optional<Error> error;  // none: it was done
  std::uint32_t ticket = 0;    // 0 (and left out of the text) where there is none
  std::uint64_t version = 0;   // of the inventory, after the decision
  bool ok() const { return !error; }
  bool operator==(const Response&) const = default;
};

struct StockPush {
  std::uint64_t version = 0;
  std::uint32_t free = 0;
  std::uint32_t held = 0;
  std::uint32_t sold = 0;
  bool operator==(const StockPush&) const = default;
};

// A request that cannot be served, and how to answer it.
struct Malformed {
  std::string id;  // empty if it could not be read
  Error error = Error::bad_request;
};

std::string encode(const Request& request);
std::string encode(const Response& response);
std::string encode(const StockPush& push);

std::variant<Request, Malformed> decode_request(std::string_view text);

// What a server sends; monostate if the text is not such a message.
std::variant<std::monostate, Response, StockPush> decode_server_message(std::string_view text);

std::string_view to_string(Operation op);
std::string_view to_string(Error error);

}  // namespace plaza
