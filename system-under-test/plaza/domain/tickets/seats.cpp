#include "system-under-test/plaza/domain/tickets/seats.hpp"

#include <limits>

namespace plaza::tickets {

void write_seats(ByteWriter& writer, const Seats& seats) {
  writer.varint(seats.size());
  std::uint32_t before = 0;
  for (const std::uint32_t seat : seats) {
    writer.varint(static_cast<std::uint32_t>(seat - before));
    before = seat;
  }
}

std::optional<Seats> read_seats(ByteReader& reader) {
  const std::uint64_t count = reader.varint();
  // Each has a byte at least.
  if (count > reader.left()) return std::nullopt;
  Seats seats;
  seats.reserve(count);
  std::uint64_t seat = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto distance = read_u32(reader);
    if (!distance || *distance == 0) return std::nullopt;
    seat += *distance;
    if (seat > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
    seats.push_back(static_cast<std::uint32_t>(seat));
  }
  return reader.ok() ? std::optional(std::move(seats)) : std::nullopt;
}

void write_time(ByteWriter& writer, LogTime time) { writer.varint(static_cast<std::uint64_t>(time.count())); }

std::optional<LogTime> read_time(ByteReader& reader) {
  const std::uint64_t time = reader.varint();
  if (!reader.ok() || time > 2 * static_cast<std::uint64_t>(kLogTimeMost.count())) return std::nullopt;
  return LogTime(static_cast<std::int64_t>(time));
}

std::optional<std::uint32_t> read_u32(ByteReader& reader) {
  const std::uint64_t value = reader.varint();
  if (!reader.ok() || value > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  return static_cast<std::uint32_t>(value);
}

std::optional<std::string_view> read_name(ByteReader& reader) {
  const std::string_view name = reader.text();
  if (name.empty() || name.size() > kNameBytesMost) return std::nullopt;
  return name;
}

}  // namespace plaza::tickets
