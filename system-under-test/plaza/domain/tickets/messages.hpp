// What can be asked of the domain `tickets`, and what it answers: plain data, and its bytes in the log.
//
// An event has a name and a number of tickets. Where it is seated its tickets are the seats 1..capacity, and a request
// may name those that it wants; otherwise it gets the lowest that are free. Where it is not, tickets are all alike and
// only counted.
//
// A hold is known by the request that made it: its user and id. So is a sale. Whatever is asked for, it is all or
// nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "system-under-test/plaza/domain/domain.hpp"

namespace plaza::tickets {

inline constexpr std::uint32_t kCapacityMost = 1'000'000;
inline constexpr std::uint32_t kCountMost = 100;  // tickets of one request
inline constexpr LogTime kTtlMost = std::chrono::hours(24 * 366);

// What is wanted: so many, or just these.
struct Wanted {
  std::uint32_t count = 1;
  std::vector<std::uint32_t> seats = {};  // sorted, each once; where there are any, `count` is how many
  bool operator==(const Wanted&) const = default;
};

// There is an event of this kind from now on. Asked for by the cluster's leader, for what its configuration has; the
// same event once more is no error, another one of the same name is (event_exists).
struct Open {
  std::string event;
  std::uint32_t capacity = 0;
  bool seated = true;
  LogTime hold_ttl = std::chrono::seconds(30);
  LogTime payment_ttl = std::chrono::seconds(10);  // of what a payment is awaited for
  LogTime offer_ttl = std::chrono::seconds(15);    // of what is offered to the first who waits
  bool operator==(const Open&) const = default;
};
// Keeps tickets for this user until hold_ttl from now.
struct Hold {
  std::string event;
  Wanted wanted;
  bool operator==(const Hold&) const = default;
};
// Begins to buy: takes what is wanted, or the whole of an earlier hold, until the payment is settled, or payment_ttl is
// over. Answer: `awaits`, or a refusal. Once more for the same key, before it is settled: the same answer.
struct StartPurchase {
  std::string event;
  std::optional<std::string> hold;  // the id of the request that made it; or else
  Wanted wanted;
  bool operator==(const StartPurchase&) const = default;
};
// The payment of the purchase that has the same key was authorised, or not. If it was not, what was taken is free
// again, and an earlier hold goes on to its own deadline.
struct Settle {
  std::string event;
  bool approved = false;
  // Of the bug `oversell` only: sells these without a hold, unchecked.
  std::vector<std::uint32_t> unchecked = {};
  std::uint64_t decided_on = 0;
  bool operator==(const Settle&) const = default;
};
// Gives a whole hold back, or an offer.
struct Release {
  std::string event;
  std::string hold;
  bool operator==(const Release&) const = default;
};
// Waits in line for so many. As tickets get free the first in line is offered what it waits for, as a hold under the id
// of its wait, for offer_ttl; who is behind must wait, even if there were enough for it (first come, first served).
// While somebody waits, nobody else gets what is free.
struct Wait {
  std::string event;
  std::uint32_t count = 1;
  bool operator==(const Wait&) const = default;
};
struct Leave {
  std::string event;
  bool operator==(const Leave&) const = default;
};

using Request = std::variant<Open, Hold, StartPurchase, Settle, Release, Wait, Leave>;

std::string encode(const Request& request);
// None where it is none: names have 1 to kNameBytesMost bytes; times to live are from 1 µs to kTtlMost; a capacity from
// 1 to kCapacityMost; there is at least one ticket wanted, and seats begin at 1. Whether there are as many is for the
// rules to say. Every request has exactly one encoding, and nothing else is decoded.
std::optional<Request> decode_request(std::string_view bytes);

// The body of an answer that is no refusal.
struct Given {
  std::uint32_t count = 0;                // tickets held, sold or given back
  std::vector<std::uint32_t> seats = {};  // where they have numbers
  LogTime lasts{};                        // of a hold, from now on
  std::uint32_t place = 0;                // in line, from 1: of a wait that got no offer at once
  bool operator==(const Given&) const = default;
};
std::string encode(const Given& given);
std::optional<Given> decode_given(std::string_view bytes);

// The topics that can be watched.
std::string event_topic(std::string_view event);  // "event/NAME": {"free":40,"held":3,"sold":57,"waiting":0}
std::string user_topic(std::string_view user);    // "user/NAME": what is held, offered and sold to this user

}  // namespace plaza::tickets
