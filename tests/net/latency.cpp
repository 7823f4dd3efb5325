// The shapes of latencies: where in their range they lie.
#include "sim-core/net/latency.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

#include <stillpoint/random.hpp>
#include "sim-core/net/fabric.hpp"

using namespace stillpoint;
using namespace stillpoint::net;
using namespace std::chrono_literals;

namespace {

// Of 10,000 latencies between 1 ms and 1,001 ms, in their order.
std::vector<Duration> latencies(LatencyShape shape) {
  RandomStream random(1, "test", "latencies");
  std::vector<Duration> drawn;
  for (int i = 0; i < 10'000; ++i) drawn.push_back(latency_between(1ms, 1'001ms, shape, random.next()));
  std::ranges::sort(drawn);
  return drawn;
}

}  // namespace

TEST_CASE("each shape has its own quantiles, within both ends") {
  struct Case {
    LatencyShape shape;
    // Between these lie the 1st, the 50th and the 99th percentile.
    Duration low[2], median[2], high[2];
  };
  const auto a_case = GENERATE(values<Case>({
      {LatencyShape::uniform, {5ms, 17ms}, {480ms, 520ms}, {985ms, 997ms}},
      {LatencyShape::normal, {130ms, 190ms}, {485ms, 515ms}, {810ms, 870ms}},
      {LatencyShape::long_tail, {1ms, 2ms}, {14ms, 19ms}, {540ms, 680ms}},
  }));
  INFO(static_cast<int>(a_case.shape));
  const std::vector<Duration> drawn = latencies(a_case.shape);
  CHECK(drawn.front() >= 1ms);
  CHECK(drawn.back() <= 1'001ms);
  const auto lies = [&](std::size_t place, const Duration(&between)[2]) {
    INFO(place << ": " << drawn[place].count() / 1'000 << " us");
    CHECK(drawn[place] >= between[0]);
    CHECK(drawn[place] <= between[1]);
  };
  lies(100, a_case.low);
  lies(5'000, a_case.median);
  lies(9'900, a_case.high);
  CHECK(std::ranges::all_of(drawn, [](Duration each) { return each % 1us == 0us; }));
}

TEST_CASE("the tail reaches from one end to the other, and a range of nothing is that") {
  CHECK(latency_between(1ms, 9ms, LatencyShape::long_tail, 0) == 1ms);
  CHECK(latency_between(1ms, 9ms, LatencyShape::long_tail, UINT64_MAX) == 9ms);
  const auto shape = GENERATE(LatencyShape::uniform, LatencyShape::normal, LatencyShape::long_tail);
  CHECK(latency_between(7ms, 7ms, shape, 0x123456789ABCDEF0) == 7ms);
}

TEST_CASE("a link of any shape but the uniform one is not plain, and its latencies are of that shape") {
  Fabric fabric(1);
  fabric.set_link(1, 2, {.latency_min = 1ms, .latency_max = 1'001ms, .latency_shape = LatencyShape::long_tail});
  const Link& link = *fabric.link(1, 2);
  CHECK_FALSE(link.plain);
  CHECK(link.latency(std::uint64_t{1} << 63) < 20ms);
  fabric.set_link(1, 2, {.latency_min = 1ms, .latency_max = 1'001ms});
  CHECK(link.plain);
  CHECK(link.latency(std::uint64_t{1} << 63) == 501ms);
}
