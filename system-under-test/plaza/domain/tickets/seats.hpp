// Seats as they are encoded: sorted, each once; how many, and then the distance of each from the one before.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "system-under-test/plaza/bytes.hpp"
#include "system-under-test/plaza/domain/domain.hpp"

namespace plaza::tickets {

using Seats = std::vector<std::uint32_t>;

void write_seats(ByteWriter& writer, const Seats& seats);
// None where they are not sorted, not each once, or not all there.
std::optional<Seats> read_seats(ByteReader& reader);

// Of whatever has a count and seats: the seats, or if there are none, how many. None where it is nothing at all.
template <class Tickets>
void write_tickets(ByteWriter& writer, const Tickets& tickets) {
  write_seats(writer, tickets.seats);
  if (tickets.seats.empty()) writer.varint(tickets.count);
}
template <class Tickets>
std::optional<Tickets> read_tickets(ByteReader& reader);

// As varints, as all times are here: from 0 to twice kLogTimeMost. None where it is none.
void write_time(ByteWriter& writer, LogTime time);
std::optional<LogTime> read_time(ByteReader& reader);

// Numbers of 32 bits. None where it is more.
std::optional<std::uint32_t> read_u32(ByteReader& reader);
// None where it is empty or too long.
std::optional<std::string_view> read_name(ByteReader& reader);

template <class Tickets>
std::optional<Tickets> read_tickets(ByteReader& reader) {
  auto seats = read_seats(reader);
  if (!seats) return std::nullopt;
  if (!seats->empty()) return Tickets{.count = static_cast<std::uint32_t>(seats->size()), .seats = std::move(*seats)};
  const auto count = read_u32(reader);
  if (!count || *count == 0) return std::nullopt;
  return Tickets{.count = *count};
}

}  // namespace plaza::tickets
