#pragma once
// The stream of records between a simulation and whoever watches it: a ring in shared memory with one writer and at
// most one reader.
//
// The writer does the same whether or not anybody reads: it encodes each record into the ring, and the ring's bytes
// into the hash. Only when a reader is attached and the ring is full does it wait, in real time, which the simulation
// cannot see. Without a reader the ring keeps the newest records. Everything, the hash state included, lives in the
// shared memory, so it survives the writer's death by any signal.
//
// The ring's pages are mapped twice in a row, so a record is always contiguous. Mapping is the caller's business
// (supervise/); this file only touches memory.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "sim-core/trace/record.hpp"

namespace stillpoint {

// Room for the state of a streaming XXH3 hash, which trace/hash.cpp alone looks into.
struct alignas(64) HashState {
  std::byte bytes[576];
};

struct StreamControl {
  static constexpr std::uint64_t kMagic = 0x53544c4c50543031;  // "STLLPT01"
  std::uint64_t magic;
  std::uint64_t capacity;  // bytes of the ring: a power of two, a multiple of the page size

  alignas(64) std::atomic<std::uint64_t> written;  // bytes ever appended
  std::uint64_t hashed;                            // bytes that the event hash has seen, or need not see
  std::atomic<std::uint64_t> events;               // events so far, for a progress line
  std::atomic<std::int64_t> now_ns;                // virtual time, likewise

  alignas(64) std::atomic<std::uint64_t> read;  // bytes ever consumed
  std::atomic<std::uint32_t> reader_attached;

  HashState event_hash;
  HashState log_hash;
};

// Prepares zeroed shared memory for a new run.
void initialize(StreamControl& control, std::uint64_t capacity);

// The digest of all events so far: the identity of the run up to now. Records wait in the ring for the hash, which
// takes them in large portions; the digest includes those that still wait.
std::uint64_t event_digest(const StreamControl& control, const std::byte* ring);
std::uint64_t log_digest(const StreamControl& control);

// The reading end. `ring` is the doubly mapped memory.
class StreamReader {
 public:
  StreamReader(StreamControl& control, const std::byte* ring) : control_(control), ring_(ring) {}
  // From now on the writer waits for this reader. Call before the run starts.
  void attach() { control_.reader_attached.store(1, std::memory_order_release); }
  void detach() { control_.reader_attached.store(0, std::memory_order_release); }
  // Whole records that are there now, in order; empty if none. Valid until consume().
  std::span<const std::byte> available() const;
  // Gives back the first `bytes` of available().
  void consume(std::size_t bytes);

 private:
  StreamControl& control_;
  const std::byte* ring_;
};

}  // namespace stillpoint
