#include "system-under-test/plaza/load/histogram.hpp"

#include <algorithm>
#include <bit>

namespace plaza::load {

namespace {

constexpr unsigned kExactBits = 11;  // values of so many bits have their own bucket
constexpr std::uint64_t kPerOctave = std::uint64_t{1} << (kExactBits - 1);  // buckets of each power of two above

}  // namespace

std::size_t Histogram::bucket_of(std::uint64_t value) {
  const auto bits = static_cast<unsigned>(std::bit_width(value));
  const unsigned shift = bits > kExactBits ? bits - kExactBits : 0;
  return static_cast<std::size_t>(shift * kPerOctave + (value >> shift));
}

std::uint64_t Histogram::last_of(std::size_t bucket) {
  if (bucket < 2 * kPerOctave) return bucket;
  const std::uint64_t shift = bucket / kPerOctave - 1;
  const std::uint64_t leading = bucket - shift * kPerOctave;  // in [kPerOctave, 2 * kPerOctave)
  return (leading << shift) + ((std::uint64_t{1} << shift) - 1);
}

void Histogram::add(std::uint64_t value) {
  const std::size_t bucket = bucket_of(value);
  if (bucket >= counts_.size()) counts_.resize(bucket + 1);
  ++counts_[bucket];
  ++count_;
  max_ = std::max(max_, value);
}

void Histogram::add(const Histogram& other) {
  if (other.counts_.size() > counts_.size()) counts_.resize(other.counts_.size());
  for (std::size_t i = 0; i < other.counts_.size(); ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
}

std::uint64_t Histogram::at_per_mille(std::uint64_t per_mille) const {
  const std::uint64_t rank = std::max<std::uint64_t>(1, (count_ * per_mille + 999) / 1000);
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    below += counts_[i];
    if (below >= rank) return std::min(last_of(i), max_);
  }
  return max_;
}

}  // namespace plaza::load
