#include "system-under-test/plaza/domain/tickets/records.hpp"

#include "system-under-test/plaza/bytes.hpp"
#include "system-under-test/plaza/domain/tickets/seats.hpp"

namespace plaza::tickets {

namespace {

constexpr std::uint8_t kHasDeadline = 1;
constexpr std::uint8_t kOffered = 2;
constexpr std::uint8_t kPaying = 4;

constexpr std::size_t kPrefixBytes = 2;

std::string request_cell(std::string_view prefix, std::string_view event, const RequestKey& key) {
  const std::size_t size = prefix.size() + event.size() + key.user.size() + key.id.size() + 3;
  return ByteWriter(size).raw(prefix).text(event).text(key.user).text(key.id).take();
}

std::optional<RequestKey> read_key(ByteReader& reader) {
  const auto user = read_name(reader);
  const auto id = read_name(reader);
  if (!user || !id) return std::nullopt;
  return RequestKey{std::string(*user), std::string(*id)};
}

}  // namespace

std::string event_cell(std::string_view event) { return ByteWriter().raw(kEventCells).text(event).take(); }
std::string hold_cell(std::string_view event, const RequestKey& key) { return request_cell(kHoldCells, event, key); }
std::string sale_cell(std::string_view event, const RequestKey& key) { return request_cell(kSaleCells, event, key); }
std::string line_cell(std::string_view event, std::uint64_t number) {
  ByteWriter writer;
  writer.raw(kLineCells).text(event);
  for (int shift = 56; shift >= 0; shift -= 8) writer.u8(static_cast<std::uint8_t>(number >> shift));
  return writer.take();
}

std::optional<std::string> event_of_event_cell(std::string_view cell) {
  ByteReader reader(cell.substr(kPrefixBytes));
  const auto event = read_name(reader);
  if (!event || !reader.done()) return std::nullopt;
  return std::string(*event);
}

std::optional<std::pair<std::string, RequestKey>> request_of_cell(std::string_view cell) {
  ByteReader reader(cell.substr(kPrefixBytes));
  const auto event = read_name(reader);
  auto key = read_key(reader);
  if (!event || !key || !reader.done()) return std::nullopt;
  return std::pair(std::string(*event), std::move(*key));
}

std::optional<std::pair<std::string, std::uint64_t>> number_of_line_cell(std::string_view cell) {
  ByteReader reader(cell.substr(kPrefixBytes));
  const auto event = read_name(reader);
  std::uint64_t number = 0;
  for (int i = 0; i < 8; ++i) number = number << 8 | reader.u8();
  if (!event || !reader.done()) return std::nullopt;
  return std::pair(std::string(*event), number);
}

std::string encode(const Definition& definition) {
  ByteWriter writer;
  writer.text(encode(Request(definition.terms)));
  if (!definition.terms.seated) writer.varint(definition.free);
  return writer.take();
}

std::optional<Definition> decode_definition(std::string event, std::string_view bytes) {
  ByteReader reader(bytes);
  const auto request = decode_request(reader.text());
  const Open* open = request ? std::get_if<Open>(&*request) : nullptr;
  if (open == nullptr || open->event != event) return std::nullopt;
  Definition definition{.terms = *open};
  if (!open->seated) {
    const auto free = read_u32(reader);
    if (!free) return std::nullopt;
    definition.free = *free;
  }
  return reader.done() ? std::optional(definition) : std::nullopt;
}

std::string encode(const Held& held) {
  ByteWriter writer;
  writer.u8(static_cast<std::uint8_t>((held.deadline ? kHasDeadline : 0) | (held.offered ? kOffered : 0) |
                                      (held.paying ? kPaying : 0)));
  write_tickets(writer, held.lot);
  if (held.deadline) write_time(writer, *held.deadline);
  if (held.paying) {
    writer.text(held.paying->by);
    write_time(writer, held.paying->until);
  }
  return writer.take();
}

std::optional<Held> decode_held(std::string_view bytes) {
  ByteReader reader(bytes);
  const std::uint8_t flags = reader.u8();
  auto lot = read_tickets<Lot>(reader);
  if (!lot || flags > (kHasDeadline | kOffered | kPaying)) return std::nullopt;
  Held held{.lot = std::move(*lot), .offered = (flags & kOffered) != 0};
  if ((flags & kHasDeadline) != 0) {
    held.deadline = read_time(reader);
    if (!held.deadline) return std::nullopt;
  }
  if ((flags & kPaying) != 0) {
    const auto by = read_name(reader);
    const auto until = read_time(reader);
    if (!by || !until) return std::nullopt;
    held.paying = Held::Paying{.by = std::string(*by), .until = *until};
  }
  if (!held.deadline && !held.paying) return std::nullopt;  // it would never end
  return reader.done() ? std::optional(held) : std::nullopt;
}

std::string encode(const Sold& sold) {
  ByteWriter writer;
  writer.varint(sold.index);
  write_tickets(writer, sold.lot);
  return writer.take();
}

std::optional<Sold> decode_sold(std::string_view bytes) {
  ByteReader reader(bytes);
  const std::uint64_t index = reader.varint();
  auto lot = read_tickets<Lot>(reader);
  if (!lot || !reader.done()) return std::nullopt;
  return Sold{.lot = std::move(*lot), .index = index};
}

std::string encode(const Waiting& waiting) {
  return ByteWriter().text(waiting.key.user).text(waiting.key.id).varint(waiting.count).take();
}

std::optional<Waiting> decode_waiting(std::string_view bytes) {
  ByteReader reader(bytes);
  auto key = read_key(reader);
  const auto count = read_u32(reader);
  if (!key || !count || *count == 0 || !reader.done()) return std::nullopt;
  return Waiting{.key = std::move(*key), .count = *count};
}

}  // namespace plaza::tickets
