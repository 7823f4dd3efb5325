// The messages between client and server, and their JSON text. One text frame carries one message;
// docs/plaza-protocol.md describes them all.
//
//   client -> server   {"id":"r-1","op":"hold","event":"concert","count":2}
//   server -> client   {"id":"r-1","ok":true,"version":12,"hold":"r-1","count":2,"seats":[4,5],"lasts_ms":30000}
//                      {"id":"r-1","ok":false,"version":12,"error":"sold_out"}
//                      {"push":"event/concert","version":12,"free":40,"held":3,"sold":57,"waiting":0}
//
// Encoding is deterministic: members always come in the order in which the structs have them. Decoding ignores members
// that it does not know, whatever they are. Knows nothing about sockets or about what the operations do.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "system-under-test/plaza/domain/domain.hpp"
#include "system-under-test/plaza/protocol/names.hpp"

namespace plaza {

inline constexpr std::size_t kFrameBytesMost = 16 * 1024;  // of a client's frame; a longer one ends the connection
// Names of users and events, and ids, have 1 to kNameBytesMost bytes (domain.hpp), in UTF-8.
inline constexpr std::string_view kProtocolPath = "/v1";

// Which members an operation has is the protocol's; the others are left as they are here, and are not sent.
struct Request {
  std::string id;
  Operation op = Operation::look;
  std::string event = {};                   // all but watch and unwatch
  std::uint32_t count = 0;                  // hold, buy, wait; from 1. 0: by seats
  std::vector<std::uint32_t> seats = {};    // hold, buy; sorted, each once, from 1. Not together with `count`
  std::string hold = {};                    // purchase, release: the id of the request that made it
  std::string topic = {};                   // watch, unwatch: "event/NAME" or "user"
  std::optional<std::uint64_t> after = {};  // watch: a version that was seen
  bool operator==(const Request&) const = default;
};

struct EventCounts {
  std::uint32_t free = 0;
  std::uint32_t held = 0;
  std::uint32_t sold = 0;
  std::uint32_t waiting = 0;
  bool operator==(const EventCounts&) const = default;
};

// What is not there is not sent.
struct Response {
  std::string id;                                       // as in the request; empty if that could not be read
  std::uint64_t version = 0;                            // of the entry that decided; look, watch: what is applied
  std::optional<Error> error = {};                      // none: it was done
  std::string hold = {};                                // hold, wait with an offer: what purchase and release name
  std::uint32_t count = 0;                              // tickets held, sold or given back
  std::vector<std::uint32_t> seats = {};                // where they have numbers
  std::optional<std::chrono::milliseconds> lasts = {};  // of a hold, from its decision on
  std::uint32_t place = 0;                              // wait: in line, from 1
  std::optional<EventCounts> counts = {};               // look
  bool ok() const { return !error; }
  bool operator==(const Response&) const = default;
};

struct EventPush {
  std::string event;
  std::uint64_t version = 0;
  EventCounts counts;
  bool operator==(const EventPush&) const = default;
};

// What is the user's: in the order of events and ids; of sales the newest ones, newest first.
struct UserPush {
  struct Item {
    std::string event;
    std::string id;  // of the request that made it
    std::uint32_t count = 0;
    std::vector<std::uint32_t> seats = {};
    bool paying = false;  // of a hold or an offer: its payment is awaited
    bool operator==(const Item&) const = default;
  };
  std::uint64_t version = 0;
  std::vector<Item> holds = {};
  std::vector<Item> offers = {};
  std::vector<Item> waits = {};
  std::vector<Item> sales = {};
  bool operator==(const UserPush&) const = default;
};

struct ServerPush {
  bool reconnect = false;  // the node is ending: connect to another
  bool operator==(const ServerPush&) const = default;
};

// A request that cannot be served, and how to answer it.
struct Malformed {
  std::string id;  // empty if it could not be read
  Error error = Error::bad_request;
  bool operator==(const Malformed&) const = default;
};

std::string encode(const Request& request);
std::string encode(const Response& response);
std::string encode(const ServerPush& push);
// A push of what a domain shows of a topic: `view` is the text of a JSON object. `name` is "user", or the topic.
std::string encode_push(std::string_view name, std::uint64_t version, std::string_view view);

std::variant<Request, Malformed> decode_request(std::string_view text);

// What a server sends; monostate if the text is not such a message.
using ServerMessage = std::variant<std::monostate, Response, EventPush, UserPush, ServerPush>;
ServerMessage decode_server_message(std::string_view text);

// "event/NAME" -> "NAME"; none if it is no such topic, or the name is empty or too long.
std::optional<std::string_view> event_of_topic(std::string_view topic);

}  // namespace plaza
