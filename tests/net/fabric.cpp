#include "sim-core/net/fabric.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "tests/base/ends.hpp"

using namespace stillpoint;
using namespace stillpoint::net;
using namespace std::chrono_literals;

TEST_CASE("hosts are found by their addresses, and loopback leads back") {
  Fabric fabric{1};
  fabric.add_host(1, {0x0A000001});
  fabric.add_host(2, {0x0A000002});
  CHECK(fabric.host_at({0x0A000002}, 1) == 2);
  CHECK(fabric.host_at(kLoopback, 1) == 1);
  CHECK(fabric.host_at(kLoopback, 2) == 2);
  CHECK(fabric.host_at({0x0A000063}, 1) == kHarness);
  CHECK(fabric.address_of(2) == Ip{0x0A000002});
}

TEST_CASE("a link keeps its place, and sees later changes") {
  Fabric fabric{1};
  const Link* by_default = fabric.link(1, 2);
  CHECK(by_default->latency_min == 500us);
  fabric.set_default_link({1ms, 2ms});
  CHECK(by_default->latency_max == 2ms);
  fabric.set_link(1, 2, {7ms, 9ms});
  CHECK(by_default->latency_min == 7ms);
  CHECK(fabric.link(2, 1)->latency_min == 1ms);  // the other direction is another link
  fabric.set_default_link({3ms, 3ms});
  CHECK(by_default->latency_min == 7ms);  // what was said of this link holds
  CHECK(fabric.link(1, 1)->latency_min == 20us);
}

TEST_CASE("latencies lie between both ends, in whole microseconds") {
  const Link link{10us, 13us};
  CHECK(link.latency(0) == 10us);
  CHECK(link.latency(UINT64_MAX) == 13us);
  std::set<Duration> seen;
  for (std::uint64_t i = 0; i < 16; ++i) seen.insert(link.latency(i << 60));
  CHECK(seen == std::set<Duration>{10us, 11us, 12us, 13us});
}

TEST_CASE("links that cannot be are bugs of the harness") {
  const auto link = GENERATE(values<Link>({{2us, 1us}, {-1us, 1us}, {0us, 1'500ns}}));
  CHECK(test::ending_of([&] { Fabric(1).set_default_link(link); }).exit_code == test::kAssertionFailed);
}
