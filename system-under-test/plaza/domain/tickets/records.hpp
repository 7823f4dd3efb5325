// What an event has in cells, as records, and their bytes:
//
//   e/EVENT          what it was opened with; where tickets are only counted, how many are free
//   h/EVENT/USER/ID  a hold, under the request that made it
//   s/EVENT/USER/ID  a sale, under the purchase
//   w/EVENT/N        who waits, N growing along the line
//
// Every name in a key has its length before it, so no names make the key of another, whatever bytes they have. N is
// big-endian: the order of the cells is that of the line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "system-under-test/plaza/domain/domain.hpp"
#include "system-under-test/plaza/domain/tickets/free_tickets.hpp"
#include "system-under-test/plaza/domain/tickets/messages.hpp"

namespace plaza::tickets {

struct Held {
  struct Paying {
    std::string by;   // id of the purchase
    LogTime until{};  // it is over
    bool operator==(const Paying&) const = default;
  };
  Lot lot;
  std::optional<LogTime> deadline = std::nullopt;  // none: it is there for its payment only
  bool offered = false;
  std::optional<Paying> paying = std::nullopt;
  // When something happens to it by itself. While it is paid for, its own deadline waits.
  LogTime ends() const { return paying ? paying->until : deadline.value_or(LogTime{}); }
  bool operator==(const Held&) const = default;
};

struct Sold {
  Lot lot;
  std::uint64_t index = 0;  // of the entry that sold it: the order of sales
  bool operator==(const Sold&) const = default;
};

struct Waiting {
  RequestKey key;
  std::uint32_t count = 0;
  bool operator==(const Waiting&) const = default;
};

struct Definition {
  Open terms;
  std::uint32_t free = 0;  // where tickets are only counted; otherwise 0
};

inline constexpr std::string_view kEventCells = "e/";
inline constexpr std::string_view kHoldCells = "h/";
inline constexpr std::string_view kSaleCells = "s/";
inline constexpr std::string_view kLineCells = "w/";

std::string event_cell(std::string_view event);
std::string hold_cell(std::string_view event, const RequestKey& key);
std::string sale_cell(std::string_view event, const RequestKey& key);
std::string line_cell(std::string_view event, std::uint64_t number);

// The other way. None: no such key.
std::optional<std::string> event_of_event_cell(std::string_view cell);
std::optional<std::pair<std::string, RequestKey>> request_of_cell(std::string_view cell);  // of holds and sales
std::optional<std::pair<std::string, std::uint64_t>> number_of_line_cell(std::string_view cell);

std::string encode(const Definition& definition);
std::string encode(const Held& held);
std::string encode(const Sold& sold);
std::string encode(const Waiting& waiting);
std::optional<Definition> decode_definition(std::string event, std::string_view bytes);
std::optional<Held> decode_held(std::string_view bytes);
std::optional<Sold> decode_sold(std::string_view bytes);
std::optional<Waiting> decode_waiting(std::string_view bytes);

}  // namespace plaza::tickets
