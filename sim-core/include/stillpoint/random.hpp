#pragma once
// Keyed random streams: every random value of a run is a pure function of (seed, purpose, entity, index).
//
// One stream belongs to one purpose ("latency", "think time") and one entity (this connection, this user), named by a
// stable name and never by a position. So one more draw in a stream, one user less or one host less leaves the values
// of every other stream exactly as they were. The generator is Philox-2x64 with six rounds (Salmon, Moraes, Dror, Shaw:
// "Parallel random numbers: as easy as 1, 2, 3", SC 2011), the smallest variant that the paper reports to pass
// BigCrush. Everything is integer arithmetic: no std::*_distribution, whose results differ between libraries, and no
// floating point.
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include <stillpoint/time.hpp>

namespace stillpoint {

// A probability in parts per million: exact, printable, and comparable.
struct Ratio {
  std::uint32_t ppm = 0;
  static constexpr Ratio percent(std::uint32_t n) { return {n * 10'000}; }
  friend constexpr auto operator<=>(Ratio, Ratio) = default;
};

class RandomStream {
 public:
  // `purpose` says what the values are for, `entity` whose they are; both are stable names.
  RandomStream(std::uint64_t seed, std::string_view purpose, std::string_view entity);
  // As above, for entities that are numbered by something stable (`number` is part of the name).
  RandomStream(std::uint64_t seed, std::string_view purpose, std::uint64_t number);

  // The value at `index`, without moving the stream.
  std::uint64_t at(std::uint64_t index) const;
  // The next value: at(drawn()), and one further.
  std::uint64_t next() { return at(index_++); }
  // How many values were drawn so far.
  std::uint64_t drawn() const { return index_; }

  // Uniform in [0, bound), without bias (Lemire's method; a rejected draw costs one more index). Requires bound > 0.
  std::uint64_t below(std::uint64_t bound);
  // Uniform in [low, high]. Requires low <= high.
  std::uint64_t between(std::uint64_t low, std::uint64_t high);
  // Uniform in [low, high] in whole microseconds (Asio truncates its waits to these). Requires low <= high.
  Duration between(Duration low, Duration high);
  // True with the given probability.
  bool chance(Ratio ratio) { return below(1'000'000) < ratio.ppm; }
  // Fills with random bytes.
  void fill(std::span<unsigned char> bytes);

 private:
  std::uint64_t key_;
  std::uint64_t index_ = 0;
};

}  // namespace stillpoint
