#include "system-under-test/plaza/load/histogram.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>
#include <vector>

#include "system-under-test/plaza/load/draws.hpp"

using namespace plaza::load;

TEST_CASE("buckets follow one another without a gap, and are a thousandth wide at most", "[plaza][load]") {
  std::vector<std::uint64_t> edges;
  for (std::uint64_t value = 0; value < 10'000; ++value) edges.push_back(value);
  for (unsigned bit = 11; bit < 64; ++bit) {
    const std::uint64_t power = std::uint64_t{1} << bit;
    for (const std::uint64_t value : {power - 1, power, power + 1, power + power / 2}) edges.push_back(value);
  }
  edges.push_back(std::numeric_limits<std::uint64_t>::max());
  for (const std::uint64_t value : edges) {
    const std::size_t bucket = Histogram::bucket_of(value);
    const std::uint64_t last = Histogram::last_of(bucket);
    REQUIRE(last >= value);
    REQUIRE((bucket == 0 || Histogram::last_of(bucket - 1) < value));
    REQUIRE(last - value <= value / 1024);
    if (last != std::numeric_limits<std::uint64_t>::max()) REQUIRE(Histogram::bucket_of(last + 1) == bucket + 1);
  }
}

TEST_CASE("percentiles are those of the sorted values", "[plaza][load]") {
  Draws draws(1, "values", 0);
  const std::uint64_t range = GENERATE(100, 2000, 1'000'000, 10'000'000'000);
  const std::size_t count = GENERATE(1, 2, 999, 1000, 5003);
  Histogram whole, half, other;
  std::vector<std::uint64_t> values;
  for (std::size_t i = 0; i < count; ++i) {
    values.push_back(draws.below(range));
    whole.add(values.back());
    (i % 2 == 0 ? half : other).add(values.back());
  }
  half.add(other);
  std::sort(values.begin(), values.end());
  CHECK(whole.count() == count);
  CHECK(whole.max() == values.back());
  for (const std::uint64_t per_mille : {1, 500, 900, 990, 999, 1000}) {
    const std::uint64_t exact = values[std::max<std::size_t>(1, (count * per_mille + 999) / 1000) - 1];
    CHECK(whole.at_per_mille(per_mille) >= exact);
    CHECK(whole.at_per_mille(per_mille) - exact <= exact / 1024);
    CHECK(half.at_per_mille(per_mille) == whole.at_per_mille(per_mille));
  }
}

TEST_CASE("an empty histogram has zeros", "[plaza][load]") {
  CHECK(Histogram().count() == 0);
  CHECK(Histogram().max() == 0);
  CHECK(Histogram().at_per_mille(999) == 0);
}
