#include "system-under-test/plaza/domain/tickets/messages.hpp"

#include <utility>

#include "system-under-test/plaza/bytes.hpp"
#include "system-under-test/plaza/domain/tickets/seats.hpp"
#include "system-under-test/plaza/domain/tickets/tickets.hpp"

namespace plaza::tickets {

namespace {

// The first byte of a request. In logs: none ever changes its meaning.
enum class Tag : std::uint8_t {
  open = 1,
  hold = 2,
  start_purchase = 3,
  settle = 4,
  release = 5,
  wait = 6,
  leave = 7,
};

ByteWriter begin(Tag tag, std::string_view event) {
  ByteWriter writer;
  writer.u8(static_cast<std::uint8_t>(tag)).text(event);
  return writer;
}

std::string write(const Open& open) {
  ByteWriter writer = begin(Tag::open, open.event);
  writer.varint(open.capacity).u8(open.seated ? 1 : 0);
  for (const LogTime ttl : {open.hold_ttl, open.payment_ttl, open.offer_ttl}) write_time(writer, ttl);
  return writer.take();
}
std::string write(const Hold& hold) {
  ByteWriter writer = begin(Tag::hold, hold.event);
  write_tickets(writer, hold.wanted);
  return writer.take();
}
std::string write(const StartPurchase& purchase) {
  ByteWriter writer = begin(Tag::start_purchase, purchase.event);
  writer.u8(purchase.hold ? 1 : 0);
  if (purchase.hold) {
    writer.text(*purchase.hold);
  } else {
    write_tickets(writer, purchase.wanted);
  }
  return writer.take();
}
std::string write(const Settle& settle) {
  ByteWriter writer = begin(Tag::settle, settle.event);
  writer.u8(settle.approved ? 1 : 0);
  write_seats(writer, settle.unchecked);
  return writer.varint(settle.decided_on).take();
}
std::string write(const Release& release) { return begin(Tag::release, release.event).text(release.hold).take(); }
std::string write(const Wait& wait) { return begin(Tag::wait, wait.event).varint(wait.count).take(); }
std::string write(const Leave& leave) { return begin(Tag::leave, leave.event).take(); }

bool is_ttl(const std::optional<LogTime>& ttl) { return ttl && *ttl > LogTime::zero() && *ttl <= kTtlMost; }

std::optional<Request> read_open(ByteReader& reader, std::string event) {
  const auto capacity = read_u32(reader);
  const std::uint8_t seated = reader.u8();
  const auto hold_ttl = read_time(reader);
  const auto payment_ttl = read_time(reader);
  const auto offer_ttl = read_time(reader);
  if (!capacity || *capacity == 0 || *capacity > kCapacityMost || seated > 1) return std::nullopt;
  if (!is_ttl(hold_ttl) || !is_ttl(payment_ttl) || !is_ttl(offer_ttl)) return std::nullopt;
  return Open{.event = std::move(event),
              .capacity = *capacity,
              .seated = seated == 1,
              .hold_ttl = *hold_ttl,
              .payment_ttl = *payment_ttl,
              .offer_ttl = *offer_ttl};
}

std::optional<Request> read_hold(ByteReader& reader, std::string event) {
  auto wanted = read_tickets<Wanted>(reader);
  if (!wanted) return std::nullopt;
  return Hold{.event = std::move(event), .wanted = std::move(*wanted)};
}

std::optional<Request> read_start_purchase(ByteReader& reader, std::string event) {
  StartPurchase purchase{.event = std::move(event), .hold = std::nullopt, .wanted = {}};
  const std::uint8_t of_hold = reader.u8();
  if (of_hold > 1) return std::nullopt;
  if (of_hold == 1) {
    const auto hold = read_name(reader);
    if (!hold) return std::nullopt;
    purchase.hold = *hold;
    return purchase;
  }
  auto wanted = read_tickets<Wanted>(reader);
  if (!wanted) return std::nullopt;
  purchase.wanted = std::move(*wanted);
  return purchase;
}

std::optional<Request> read_settle(ByteReader& reader, std::string event) {
  const std::uint8_t approved = reader.u8();
  auto unchecked = read_seats(reader);
  const std::uint64_t decided_on = reader.varint();
  if (approved > 1 || !unchecked) return std::nullopt;
  return Settle{.event = std::move(event),
                .approved = approved == 1,
                .unchecked = std::move(*unchecked),
                .decided_on = decided_on};
}

std::optional<Request> read_release(ByteReader& reader, std::string event) {
  const auto hold = read_name(reader);
  if (!hold) return std::nullopt;
  return Release{.event = std::move(event), .hold = std::string(*hold)};
}

std::optional<Request> read_wait(ByteReader& reader, std::string event) {
  const auto count = read_u32(reader);
  if (!count || *count == 0) return std::nullopt;
  return Wait{.event = std::move(event), .count = *count};
}

std::optional<Request> read_request(ByteReader& reader) {
  const auto tag = static_cast<Tag>(reader.u8());
  const auto name = read_name(reader);
  if (!name) return std::nullopt;
  std::string event(*name);
  switch (tag) {
    case Tag::open:
      return read_open(reader, std::move(event));
    case Tag::hold:
      return read_hold(reader, std::move(event));
    case Tag::start_purchase:
      return read_start_purchase(reader, std::move(event));
    case Tag::settle:
      return read_settle(reader, std::move(event));
    case Tag::release:
      return read_release(reader, std::move(event));
    case Tag::wait:
      return read_wait(reader, std::move(event));
    case Tag::leave:
      return Leave{.event = std::move(event)};
  }
  return std::nullopt;
}

}  // namespace

std::string encode(const Request& request) {
  return std::visit([](const auto& it) { return write(it); }, request);
}

std::optional<Request> decode_request(std::string_view bytes) {
  ByteReader reader(bytes);
  auto request = read_request(reader);
  // A varint may be written in more bytes than it needs. That is another text, and so would be another request.
  if (!request || !reader.done() || encode(*request) != bytes) return std::nullopt;
  return request;
}

Part Tickets::part_of(std::string_view body) const {
  if (body.empty()) return Part::whole;
  switch (static_cast<Tag>(body.front())) {
    case Tag::start_purchase:
      return Part::beginning;
    case Tag::settle:
      return Part::conclusion;
    default:
      return Part::whole;
  }
}

std::string encode(const Given& given) {
  ByteWriter writer;
  writer.varint(given.count);
  write_seats(writer, given.seats);
  write_time(writer, given.lasts);
  return writer.varint(given.place).take();
}

std::optional<Given> decode_given(std::string_view bytes) {
  ByteReader reader(bytes);
  const auto count = read_u32(reader);
  auto seats = read_seats(reader);
  const auto lasts = read_time(reader);
  const auto place = read_u32(reader);
  if (!count || !seats || !lasts || !place || !reader.done()) return std::nullopt;
  return Given{.count = *count, .seats = std::move(*seats), .lasts = *lasts, .place = *place};
}

}  // namespace plaza::tickets
