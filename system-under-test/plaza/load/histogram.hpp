// How often which value was seen, in a bounded number of buckets: exact below 2048, and within a thousandth above.
//
// The buckets are those of a log-linear histogram (HdrHistogram has the idea): 1024 of them for every power of two from
// 2048 on, and one for each smaller value. Counts are exact, so a percentile is off by a bucket's width at most: it is
// the largest value of the bucket in which it lies, and never more than the largest value that was seen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace plaza::load {

class Histogram {
 public:
  void add(std::uint64_t value);
  void add(const Histogram& other);

  std::uint64_t count() const { return count_; }
  std::uint64_t max() const { return max_; }  // exact; 0 where there is none

  // The value that so many of a thousand do not exceed, by nearest rank: 500 is the median, 999 is p99.9. 0 where there
  // is none. Requires 1 to 1000.
  std::uint64_t at_per_mille(std::uint64_t per_mille) const;

  // Where a value is counted, and the largest value that is counted there.
  static std::size_t bucket_of(std::uint64_t value);
  static std::uint64_t last_of(std::size_t bucket);

 private:
  std::vector<std::uint64_t> counts_;  // by bucket; grows to the largest that is needed
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace plaza::load
