#include <stillpoint/random.hpp>

#include <catch2/catch.hpp>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "sim-core/random/philox.hpp"
#include "tests/base/ends.hpp"

using namespace stillpoint;
using namespace std::chrono_literals;

namespace {

std::vector<std::uint64_t> values(RandomStream stream, std::size_t count) {
  std::vector<std::uint64_t> drawn;
  for (std::size_t i = 0; i < count; ++i) drawn.push_back(stream.next());
  return drawn;
}

// Pearson's statistic for `counts` that should be equal.
double chi_square(const std::vector<std::uint64_t>& counts, double draws) {
  const double expected = draws / static_cast<double>(counts.size());
  double sum = 0;
  for (const std::uint64_t count : counts)
    sum += (static_cast<double>(count) - expected) * (static_cast<double>(count) - expected) / expected;
  return sum;
}

// What chi-square with `freedom` degrees exceeds about once in 100,000 times (Wilson and Hilferty's approximation).
double rare(double freedom) {
  const double z = 4.3;
  const double term = 2.0 / (9.0 * freedom);
  return freedom * std::pow(1 - term + z * std::sqrt(term), 3);
}

}  // namespace

TEST_CASE("a value is a pure function of seed, purpose, entity and index") {
  const RandomStream stream(7, "latency", "plaza-1");
  RandomStream drawing(7, "latency", "plaza-1");
  for (std::uint64_t i = 0; i < 100; ++i) {
    CHECK(drawing.drawn() == i);
    const std::uint64_t expected = stream.at(i);
    CHECK(drawing.next() == expected);
    CHECK(drawing.at(i) == expected);  // looking back moves nothing
  }
  CHECK(stream.drawn() == 0);
}

TEST_CASE("each part of a stream's name matters") {
  const std::set<std::uint64_t> firsts = {RandomStream(1, "latency", "a").at(0),
                                          RandomStream(2, "latency", "a").at(0),
                                          RandomStream(1, "entropy", "a").at(0),
                                          RandomStream(1, "latency", "b").at(0),
                                          RandomStream(1, "a", "latency").at(0),
                                          RandomStream(1, "latency", "a").at(1),
                                          RandomStream(1, "latenc", "ya").at(0),
                                          RandomStream(1, "latency", std::uint64_t{1}).at(0),
                                          RandomStream(1, "latency", std::uint64_t{2}).at(0)};
  CHECK(firsts.size() == 9);
}

// A trace is replayed by its seed alone: these values may change only with kTraceFormat and a note in the change log.
TEST_CASE("the values are fixed for ever") {
  const RandomStream stream(42, "think time", "alice");
  CHECK(stream.at(0) == 0x22c60e75848ae210);
  CHECK(stream.at(1) == 0xdfcad2499f71564b);
}

TEST_CASE("one more draw in a stream shifts no other stream") {
  const std::vector<std::string> users = {"alice", "bob", "carol"};
  const auto draw_all = [&](std::size_t extra_by_bob) {
    std::vector<RandomStream> streams;
    for (const std::string& user : users) streams.emplace_back(99, "choice", user);
    std::vector<std::uint64_t> of_others;
    for (std::size_t i = 0; i < extra_by_bob; ++i) streams[1].next();
    for (int round = 0; round < 50; ++round) {
      for (std::size_t user = 0; user < streams.size(); ++user) {
        const std::uint64_t value = streams[user].next();
        if (user != 1) of_others.push_back(value);
      }
    }
    return of_others;
  };
  CHECK(draw_all(0) == draw_all(1));
  CHECK(draw_all(0) == draw_all(17));
}

TEST_CASE("one user less leaves every other user's values alone") {
  for (const char* user : {"alice", "bob", "carol"}) {
    // Nothing of a stream depends on which others were made, or when.
    const auto alone = values({5, "choice", user}, 20);
    const RandomStream before(5, "choice", "dave");
    const auto after = values({5, "choice", user}, 20);
    CHECK(alone == after);
    CHECK(before.at(0) != alone[0]);
  }
}

TEST_CASE("below() stays below, and is uniform") {
  const std::uint64_t bound = GENERATE(values<std::uint64_t>({1, 2, 3, 7, 10, 100, 641, 1'000}));
  RandomStream stream(3, "below", bound);
  constexpr int kDraws = 200'000;
  std::vector<std::uint64_t> counts(bound);
  for (int i = 0; i < kDraws; ++i) {
    const std::uint64_t value = stream.below(bound);
    REQUIRE(value < bound);
    ++counts[value];
  }
  if (bound > 1) CHECK(chi_square(counts, kDraws) < rare(static_cast<double>(bound - 1)));
}

TEST_CASE("below() has no bias where 2^64 is far from a multiple of the bound") {
  // With 3 * 2^62 a plain multiplication would hit every third value twice as often.
  constexpr std::uint64_t kBound = 3ULL << 62;
  RandomStream stream(4, "below", "huge");
  std::vector<std::uint64_t> counts(3);
  constexpr int kDraws = 60'000;
  for (int i = 0; i < kDraws; ++i) {
    const std::uint64_t value = stream.below(kBound);
    REQUIRE(value < kBound);
    ++counts[value % 3];
  }
  CHECK(chi_square(counts, kDraws) < rare(2));
  CHECK(stream.drawn() > kDraws);  // a quarter of the draws is rejected
}

TEST_CASE("between() includes both ends") {
  RandomStream stream(5, "between", "");
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 500; ++i) seen.insert(stream.between(std::uint64_t{10}, std::uint64_t{13}));
  CHECK(seen == std::set<std::uint64_t>{10, 11, 12, 13});
  CHECK(stream.between(std::uint64_t{8}, std::uint64_t{8}) == 8);
  std::uint64_t highest = 0;
  for (int i = 0; i < 100; ++i) highest = std::max(highest, stream.between(std::uint64_t{0}, UINT64_MAX));
  CHECK(highest > UINT64_MAX / 2);
}

TEST_CASE("durations are drawn in whole microseconds, both ends included") {
  RandomStream stream(6, "duration", "");
  std::set<Duration> seen;
  for (int i = 0; i < 500; ++i) seen.insert(stream.between(Duration(2us), Duration(5us)));
  CHECK(seen == std::set<Duration>{2us, 3us, 4us, 5us});
  for (int i = 0; i < 200; ++i) {
    const Duration drawn = stream.between(Duration(1'500ns), Duration(10'900ns));
    REQUIRE(drawn.count() % 1'000 == 0);
    REQUIRE(drawn >= 2us);
    REQUIRE(drawn <= 10us);
  }
  CHECK(stream.between(Duration(7us), Duration(7us)) == 7us);
  std::set<Duration> around_zero;
  for (int i = 0; i < 200; ++i) around_zero.insert(stream.between(Duration(-1us), Duration(1us)));
  CHECK(around_zero == std::set<Duration>{-1us, 0us, 1us});
}

TEST_CASE("chances are kept") {
  RandomStream stream(7, "chance", "");
  const auto hits = [&](Ratio ratio) {
    int count = 0;
    for (int i = 0; i < 100'000; ++i) count += stream.chance(ratio);
    return count;
  };
  CHECK(hits(Ratio{0}) == 0);
  CHECK(hits(Ratio::percent(100)) == 100'000);
  // Four standard deviations to either side.
  CHECK(hits(Ratio::percent(50)) == Approx(50'000).margin(640));
  CHECK(hits(Ratio::percent(1)) == Approx(1'000).margin(130));
  CHECK(hits(Ratio{100}) == Approx(10).margin(13));
}

TEST_CASE("filling takes a value for every eight bytes, the last one cut") {
  const RandomStream reference(8, "entropy", "a");
  for (const std::size_t size : {0u, 1u, 7u, 8u, 9u, 16u, 100u}) {
    RandomStream stream = reference;
    std::vector<unsigned char> bytes(size);
    stream.fill(bytes);
    CHECK(stream.drawn() == (size + 7) / 8);
    for (std::size_t i = 0; i < size; ++i) {
      const std::uint64_t value = reference.at(i / 8);
      CHECK(bytes[i] == reinterpret_cast<const unsigned char*>(&value)[i % 8]);
    }
  }
}

TEST_CASE("bits are balanced") {
  RandomStream stream(9, "bits", "");
  std::vector<int> ones(64);
  constexpr int kDraws = 20'000;
  for (int i = 0; i < kDraws; ++i) {
    const std::uint64_t value = stream.next();
    for (std::size_t bit = 0; bit < 64; ++bit) ones[bit] += static_cast<int>(value >> bit & 1);
  }
  for (const int count : ones) CHECK(count == Approx(kDraws / 2).margin(350));  // five standard deviations
}

TEST_CASE("absurd ranges are bugs of the harness") {
  CHECK(test::ending_of([] { RandomStream(1, "a", "b").below(0); }).exit_code == test::kAssertionFailed);
  CHECK(test::ending_of([] { RandomStream(1, "a", "b").between(std::uint64_t{2}, std::uint64_t{1}); }).exit_code ==
        test::kAssertionFailed);
}
