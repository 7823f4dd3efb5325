#pragma once
// The writing end of a trace: numbers events, encodes records into the ring, and feeds the hash. On the hottest path of
// the harness: an event without payload costs one 56-byte store; the hash takes the ring's bytes in portions of some
// kilobytes.
#include <cstddef>
#include <span>
#include <string_view>

#include <stillpoint/time.hpp>

#include "sim-core/trace/record.hpp"
#include "sim-core/trace/stream.hpp"

namespace stillpoint {

// The host, and which life of it, that a record speaks of.
struct Where {
  HostId host = kHarness;
  Boot boot = 0;
};

// Whoever waits for events of some kinds. It is told in the midst of whatever makes them, and may only write that down.
class TraceWatcher {
 public:
  virtual void on_event(EventKind kind, EventId event, Where where, Cause cause,
                        std::span<const std::byte> payload) = 0;

 protected:
  ~TraceWatcher() = default;
};

class TraceWriter {
 public:
  // Called again and again while the ring is full and a reader attached; sleeps for a moment of real time.
  using WaitForReader = void (*)();

  TraceWriter(StreamControl& control, std::byte* ring, WaitForReader wait)
      : control_(control), ring_(ring), wait_(wait) {}

  // A payload longer than this is cut in the trace (its full size stays in `b` of a send).
  static constexpr std::size_t kLongestPayload = 256 * 1024;
  // As many bytes of records wait for the hash at most.
  static constexpr std::uint64_t kHashPortion = 4096;

  EventId event(EventKind kind, VirtualTime at, Where where, std::uint64_t subject, std::uint64_t a = 0,
                std::uint64_t b = 0, Cause cause = {}, std::span<const std::byte> payload = {});
  EventId event(EventKind kind, VirtualTime at, Where where, std::uint64_t subject, std::uint64_t a, std::uint64_t b,
                Cause cause, std::string_view payload) {
    return event(kind, at, where, subject, a, b, cause, std::as_bytes(std::span(payload)));
  }
  // A further cause of an event that was already written.
  void edge(EventId event, Cause cause);
  void host(HostId id, std::string_view name_role_address);
  void log(VirtualTime at, Where where, unsigned severity, std::string_view text);
  // Of a host's disk (RecordType::disk). `detail` is a disk::Detail.
  void disk(VirtualTime at, Where where, std::uint8_t detail, std::uint64_t subject, std::uint64_t a, std::uint64_t b,
            std::string_view text);
  void witness(EventId violation, EventId witness, std::string_view role);

  EventId last_event() const { return events_; }
  // The watcher is told of each event of these kinds (bits, by their numbers) from now on. Null: nobody is.
  void watch(std::uint64_t kinds, TraceWatcher* watcher) {
    watched_ = watcher == nullptr ? 0 : kinds;
    watcher_ = watcher;
  }

 private:
  // Encodes one record at the end of the ring. Returns where it ends.
  std::uint64_t append(const RecordHeader& header, std::span<const std::byte> payload);
  // As append(), for a record that is no part of the run's identity.
  void append_unhashed(const RecordHeader& header, std::span<const std::byte> payload, HashState* own_hash);
  void wait_for_room(std::uint64_t end);
  void hash_up_to(std::uint64_t end);

  StreamControl& control_;
  std::byte* ring_;
  WaitForReader wait_;
  EventId events_ = 0;
  std::uint64_t watched_ = 0;
  TraceWatcher* watcher_ = nullptr;
};
static_assert(kEventKinds <= 64);

}  // namespace stillpoint
