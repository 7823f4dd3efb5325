#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstring>

#include <stillpoint/random.hpp>
#include "sim-core/base/assert.hpp"
#include "sim-core/random/philox.hpp"

namespace stillpoint {
namespace {

std::uint64_t name_of(std::string_view name) { return XXH3_64bits(name.data(), name.size()); }

std::uint64_t stream_key(std::uint64_t seed, std::uint64_t purpose, std::uint64_t entity) {
  const std::uint64_t parts[] = {seed, purpose, entity};
  return XXH3_64bits(parts, sizeof parts);
}

}  // namespace

RandomStream::RandomStream(std::uint64_t seed, std::string_view purpose, std::string_view entity)
    : key_(stream_key(seed, name_of(purpose), name_of(entity))) {}

RandomStream::RandomStream(std::uint64_t seed, std::string_view purpose, std::uint64_t number)
    : key_(stream_key(seed, name_of(purpose), number)) {}

std::uint64_t RandomStream::at(std::uint64_t index) const { return philox2x64<6>({index, 0}, key_)[0]; }

std::uint64_t RandomStream::below(std::uint64_t bound) {
  SP_ASSERT(bound > 0);
  auto product = static_cast<unsigned __int128>(next()) * bound;
  if (static_cast<std::uint64_t>(product) < bound) {
    const std::uint64_t biased = -bound % bound;  // 2^64 mod bound: this many low values would be drawn once too often
    while (static_cast<std::uint64_t>(product) < biased) product = static_cast<unsigned __int128>(next()) * bound;
  }
  return static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t RandomStream::between(std::uint64_t low, std::uint64_t high) {
  SP_ASSERT(low <= high);
  const std::uint64_t width = high - low + 1;
  return width == 0 ? next() : low + below(width);
}

Duration RandomStream::between(Duration low, Duration high) {
  using std::chrono::microseconds;
  const auto low_us = std::chrono::ceil<microseconds>(low).count();
  const auto high_us = std::chrono::floor<microseconds>(high).count();
  if (high_us <= low_us) return microseconds(low_us);
  const auto width = static_cast<std::uint64_t>(high_us - low_us);
  return microseconds(low_us + static_cast<std::int64_t>(between(std::uint64_t{0}, width)));
}

void RandomStream::fill(std::span<unsigned char> bytes) {
  while (!bytes.empty()) {
    const std::uint64_t value = next();
    const std::size_t count = bytes.size() < sizeof value ? bytes.size() : sizeof value;
    std::memcpy(bytes.data(), &value, count);
    bytes = bytes.subspan(count);
  }
}

}  // namespace stillpoint
