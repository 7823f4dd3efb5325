#include "sim-core/trace/stream.hpp"

#include "sim-core/base/assert.hpp"
#include "sim-core/trace/hash.hpp"

namespace stillpoint {

void initialize(StreamControl& control, std::uint64_t capacity) {
  SP_ASSERT((capacity & (capacity - 1)) == 0);
  control.magic = StreamControl::kMagic;
  control.capacity = capacity;
  control.written = 0;
  control.hashed = 0;
  control.events = 0;
  control.now_ns = 0;
  control.read = 0;
  control.reader_attached = 0;
  // The state holds a pointer only to a custom secret, which is not used: it means the same in every process that maps
  // it.
  XXH3_64bits_reset_withSeed(hash_state(control.event_hash), kTraceFormat);
  XXH3_64bits_reset_withSeed(hash_state(control.log_hash), kTraceFormat);
}

std::uint64_t event_digest(const StreamControl& control, const std::byte* ring) {
  XXH3_state_t state = *hash_state(control.event_hash);
  const std::uint64_t written = control.written.load(std::memory_order_acquire);
  // The hash is ahead while a record that it need not see is being written.
  const std::uint64_t waiting = written > control.hashed ? written - control.hashed : 0;
  XXH3_64bits_update(&state, ring + (control.hashed & (control.capacity - 1)), waiting);
  return XXH3_64bits_digest(&state);
}

std::uint64_t log_digest(const StreamControl& control) { return XXH3_64bits_digest(hash_state(control.log_hash)); }

std::span<const std::byte> StreamReader::available() const {
  const std::uint64_t read = control_.read.load(std::memory_order_relaxed);
  const std::uint64_t written = control_.written.load(std::memory_order_acquire);
  return {ring_ + (read & (control_.capacity - 1)), static_cast<std::size_t>(written - read)};
}

void StreamReader::consume(std::size_t bytes) { control_.read.fetch_add(bytes, std::memory_order_release); }

}  // namespace stillpoint
