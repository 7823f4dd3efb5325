#include "sim-core/trace/writer.hpp"

#include <cstring>

#include "sim-core/trace/hash.hpp"

namespace stillpoint {
namespace {
std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }
}  // namespace

void TraceWriter::append(const RecordHeader& header_in, std::span<const std::byte> payload, HashState* hash) {
  if (payload.size() > kLongestPayload) payload = payload.first(kLongestPayload);
  RecordHeader header = header_in;
  header.payload_size = static_cast<std::uint32_t>(payload.size());
  header.size = record_size(payload.size());

  const std::uint64_t written = control_.written.load(std::memory_order_relaxed);
  while (control_.reader_attached.load(std::memory_order_relaxed) != 0 &&
         written + header.size - control_.read.load(std::memory_order_acquire) > control_.capacity) {
    wait_();
  }
  std::byte* place = ring_ + (written & (control_.capacity - 1));
  std::memcpy(place, &header, sizeof header);
  if (!payload.empty()) {
    std::memset(place + header.size - 8, 0, 8);  // the padding is hashed too
    std::memcpy(place + sizeof header, payload.data(), payload.size());
  }
  if (hash != nullptr) XXH3_64bits_update(hash_state(*hash), place, header.size);
  control_.written.store(written + header.size, std::memory_order_release);
}

EventId TraceWriter::event(EventKind kind, VirtualTime at, Where where, std::uint64_t subject, std::uint64_t a, std::uint64_t b,
                           Cause cause, std::span<const std::byte> payload) {
  append({.size = 0,
          .type = RecordType::event,
          .kind = static_cast<std::uint8_t>(kind),
          .cause_kind = cause.kind,
          .reserved = 0,
          .host = where.host,
          .boot = where.boot,
          .payload_size = 0,
          .time_ns = to_ns(at),
          .subject = subject,
          .a = a,
          .b = b,
          .cause = cause.event},
         payload, &control_.event_hash);
  ++events_;
  control_.events.store(events_, std::memory_order_relaxed);
  control_.now_ns.store(to_ns(at), std::memory_order_relaxed);
  return events_;
}

void TraceWriter::edge(EventId event, Cause cause) {
  append({.size = 0,
          .type = RecordType::edge,
          .kind = 0,
          .cause_kind = cause.kind,
          .reserved = 0,
          .host = 0,
          .boot = 0,
          .payload_size = 0,
          .time_ns = 0,
          .subject = event,
          .a = 0,
          .b = 0,
          .cause = cause.event},
         {}, &control_.event_hash);
}

void TraceWriter::host(HostId id, std::string_view name_role_address) {
  RecordHeader header{};
  header.type = RecordType::host;
  header.host = id;
  append(header, bytes_of(name_role_address), nullptr);
}

void TraceWriter::log(VirtualTime at, Where where, unsigned severity, std::string_view text) {
  RecordHeader header{};
  header.type = RecordType::log;
  header.host = where.host;
  header.boot = where.boot;
  header.time_ns = to_ns(at);
  header.subject = events_;
  header.a = severity;
  append(header, bytes_of(text), &control_.log_hash);
}

void TraceWriter::witness(EventId violation, EventId witness, std::string_view role) {
  RecordHeader header{};
  header.type = RecordType::witness;
  header.subject = violation;
  header.cause = witness;
  append(header, bytes_of(role), &control_.event_hash);
}

}  // namespace stillpoint
