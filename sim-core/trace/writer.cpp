#include "sim-core/trace/writer.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include "sim-core/base/assert.hpp"
#include "sim-core/trace/hash.hpp"

namespace stillpoint {
namespace {
std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }
}  // namespace

[[gnu::always_inline]] inline std::uint64_t TraceWriter::append(const RecordHeader& header,
                                                                std::span<const std::byte> payload) {
  if (payload.size() > kLongestPayload) payload = payload.first(kLongestPayload);
  const std::uint32_t size = record_size(payload.size());

  const std::uint64_t written = control_.written.load(std::memory_order_relaxed);
  const std::uint64_t end = written + size;
  if (control_.reader_attached.load(std::memory_order_relaxed) != 0) [[unlikely]]
    wait_for_room(end);
  std::byte* place = ring_ + (written & (control_.capacity - 1));
  auto* const record = new (place) RecordHeader(header);
  record->size = size;
  record->payload_size = static_cast<std::uint32_t>(payload.size());
  if (!payload.empty()) {
    std::memset(place + size - 8, 0, 8);  // the padding is hashed too
    std::memcpy(place + sizeof header, payload.data(), payload.size());
  }
  control_.written.store(end, std::memory_order_release);
  if (end - control_.hashed >= kHashPortion) hash_up_to(end);
  return end;
}

// Out of line, so that a run without a reader saves no registers for it.
[[gnu::noinline]] void TraceWriter::wait_for_room(std::uint64_t end) {
  while (control_.reader_attached.load(std::memory_order_relaxed) != 0 &&
         end - control_.read.load(std::memory_order_acquire) > control_.capacity) {
    wait_();
  }
}

void TraceWriter::hash_up_to(std::uint64_t end) {
  const std::byte* from = ring_ + (control_.hashed & (control_.capacity - 1));
  XXH3_64bits_update(hash_state(control_.event_hash), from, end - control_.hashed);
  control_.hashed = end;
}

void TraceWriter::append_unhashed(const RecordHeader& header, std::span<const std::byte> payload, HashState* own_hash) {
  const std::uint64_t start = control_.written.load(std::memory_order_relaxed);
  hash_up_to(start);
  // Out of the hash's way before it is written: should the process die in between, the digest is right at every
  // instant.
  control_.hashed = start + record_size(std::min(payload.size(), kLongestPayload));
  const std::uint64_t end = append(header, payload);
  SP_ASSERT(control_.hashed == end);
  if (own_hash != nullptr)
    XXH3_64bits_update(hash_state(*own_hash), ring_ + (start & (control_.capacity - 1)), end - start);
}

EventId TraceWriter::event(EventKind kind, VirtualTime at, Where where, std::uint64_t subject, std::uint64_t a,
                           std::uint64_t b, Cause cause, std::span<const std::byte> payload) {
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
         payload);
  ++events_;
  control_.events.store(events_, std::memory_order_relaxed);
  control_.now_ns.store(to_ns(at), std::memory_order_relaxed);
  if ((watched_ >> (static_cast<unsigned>(kind) & 63) & 1) != 0) [[unlikely]]
    watcher_->on_event(kind, events_, where, cause, payload);
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
         {});
}

void TraceWriter::host(HostId id, std::string_view name_role_address) {
  RecordHeader header{};
  header.type = RecordType::host;
  header.host = id;
  append_unhashed(header, bytes_of(name_role_address), nullptr);
}

void TraceWriter::log(VirtualTime at, Where where, unsigned severity, std::string_view text) {
  RecordHeader header{};
  header.type = RecordType::log;
  header.host = where.host;
  header.boot = where.boot;
  header.time_ns = to_ns(at);
  header.subject = events_;
  header.a = severity;
  append_unhashed(header, bytes_of(text), &control_.log_hash);
}

void TraceWriter::disk(VirtualTime at, Where where, std::uint8_t detail, std::uint64_t subject, std::uint64_t a,
                       std::uint64_t b, std::string_view text) {
  RecordHeader header{};
  header.type = RecordType::disk;
  header.kind = detail;
  header.time_ns = to_ns(at);
  header.host = where.host;
  header.boot = where.boot;
  header.subject = subject;
  header.a = a;
  header.b = b;
  header.cause = events_;
  append_unhashed(header, bytes_of(text), nullptr);
}

void TraceWriter::witness(EventId violation, EventId witness, std::string_view role) {
  RecordHeader header{};
  header.type = RecordType::witness;
  header.subject = violation;
  header.cause = witness;
  append(header, bytes_of(role));
}

}  // namespace stillpoint
