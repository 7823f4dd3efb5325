// What troubles draw: it follows from the seed, and shifts nothing else.
#include <set>

#include "sim-core/net/trouble.hpp"
#include "tests/net/troubled.hpp"

using namespace stillpoint;
using namespace stillpoint::net;
using namespace std::chrono_literals;
using stillpoint::test::Got;
using stillpoint::test::Network;
using stillpoint::test::TroubledNetwork;

namespace {

constexpr HostId kUser = Network::kUser;
constexpr HostId kPlaza = Network::kPlaza;

}  // namespace

namespace {

// When each of many small packets arrived, in microseconds after it was sent, and which were lost, with these troubles.
struct Traffic {
  std::vector<std::int64_t> took_us;
  std::uint64_t hash = 0;
};
Traffic traffic(std::uint64_t seed, const std::vector<std::pair<std::string, Trouble>>& troubles) {
  TroubledNetwork network(seed);
  auto [user, plaza] = network.establish();
  network.fabric.set_latency(kUser, kPlaza, 1ms, 3ms);
  std::vector<EventId> faults;
  for (const auto& [name, what] : troubles) faults.push_back(network.trouble(what, name));
  Traffic seen;
  for (int i = 0; i < 50; ++i) {
    const VirtualTime start = network.now();
    network.send(user, "x");
    const auto took = network.arrival(plaza, 1, start);
    seen.took_us.push_back(took.value_or(-1us).count() / 1'000);
    network.receive(plaza);
    network.run();
  }
  for (const EventId fault : faults) network.heal(fault);
  seen.hash = network.trace.hash();
  return seen;
}
std::vector<std::int64_t> sum(std::vector<std::int64_t> a, const std::vector<std::int64_t>& b, int sign) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] += sign * b[i];
  return a;
}

const Trouble kSlow{.delay_min = 10ms, .delay_max = 90ms};

}  // namespace

TEST_CASE("a trouble shifts no draw of the link, nor of another trouble") {
  const auto none = traffic(1, {}).took_us;
  const auto first = traffic(1, {{"first", kSlow}}).took_us;
  const auto second = traffic(1, {{"second", kSlow}}).took_us;
  const auto both = traffic(1, {{"first", kSlow}, {"second", kSlow}}).took_us;
  CHECK(std::set(first.begin(), first.end()).size() > 40);
  CHECK(first != second);  // their names tell them apart
  CHECK(sum(both, first, -1) == sum(second, none, -1));
  CHECK(traffic(1, {{"second", kSlow}, {"first", kSlow}}).took_us == both);
}

TEST_CASE("a trouble draws the same for a packet, whoever else sends") {
  const auto arrivals = [](bool another) {
    TroubledNetwork network;
    auto [user, plaza] = network.establish();
    auto [other, its_peer] = network.establish();
    const EventId fault = network.trouble(kSlow);
    std::vector<VirtualTime> times;
    for (int i = 0; i < 20; ++i) {
      if (another) network.send(other, "y");
      const VirtualTime start = network.now();
      network.send(user, "x");
      const Duration took = network.arrival(plaza, 1, start).value();
      network.receive(plaza);
      network.run_for(start + 200ms - network.now());
      times.push_back(start + took);
    }
    network.heal(fault);
    return times;
  };
  CHECK(arrivals(true) == arrivals(false));
}

TEST_CASE("what troubles do follows from the seed") {
  const std::vector<std::pair<std::string, Trouble>> troubles{
      {"slow", kSlow}, {"lossy", {.loss = Ratio::percent(20)}}, {"holds", {.reorder = {300'000}, .reorder_most = 5ms}}};
  const Traffic once = traffic(7, troubles);
  CHECK(traffic(7, troubles).hash == once.hash);
  CHECK(traffic(8, troubles).hash != once.hash);
  CHECK(traffic(7, {}).hash != once.hash);
}

TEST_CASE(
    "what a trouble does to a packet hangs on draws of their own: those that are not lost are not the slow ones") {
  TroubledNetwork network;
  auto [user, plaza] = network.establish();
  const EventId fault = network.trouble({.delay_max = 100ms, .loss = Ratio::percent(50)});
  int fast = 0, slow = 0;
  for (int i = 0; i < 100; ++i) {
    const VirtualTime start = network.now();
    network.send(user, "x");
    const auto took = network.arrival(plaza, 1, start);
    if (took && *took < 50ms) ++fast;
    if (took && *took >= 50ms && *took <= 101ms) ++slow;
    network.run();
    network.receive(plaza);
  }
  CHECK(fast > 10);
  CHECK(slow > 10);
  network.heal(fault);
}

TEST_CASE("about as many packets are lost as the trouble says") {
  TroubledNetwork network;
  auto [user, plaza] = network.establish();
  const EventId fault = network.trouble({.loss = Ratio::percent(10)});
  for (int i = 0; i < 1'000; ++i) {
    network.send(user, "x");
    network.run();
    network.receive(plaza);
  }
  const std::size_t lost = network.faults_of(EventKind::lose, Segment::data).size();
  CHECK(lost > 70);
  CHECK(lost < 150);
  network.heal(fault);
}

TEST_CASE("with any troubles, every byte arrives once and in order") {
  const auto seed = GENERATE(range(1u, 21u));
  INFO(seed);
  TroubledNetwork network(seed);
  auto [user, plaza] = network.establish({.send = 20'000, .receive = 20'000}, {.send = 20'000, .receive = 20'000});
  RandomStream random(seed, "test", std::uint64_t{0});
  std::string there, got;
  std::vector<EventId> faults;
  for (int i = 0; i < 150; ++i) {
    switch (random.below(12)) {
      case 0:
        faults.push_back(network.trouble({.loss = Ratio::percent(30)}, "a"));
        break;
      case 1:
        faults.push_back(network.trouble({.delay_max = 9ms, .delay_shape = LatencyShape::long_tail}, "b"));
        break;
      case 2:
        faults.push_back(network.trouble({.clogged_until = network.now() + 20ms}, "c"));
        break;
      case 3:
        faults.push_back(network.trouble({.mtu = 300}, "d"));
        break;
      case 4:
        faults.push_back(network.trouble({.forgets = true, .segment_most = 100}, "e"));
        break;
      case 5:
        faults.push_back(network.trouble({.bandwidth = 300'000, .queue_most = 2'000}, "f"));
        break;
      case 6:
        network.fabric.set_loss(kUser, kPlaza, Ratio::percent(static_cast<std::uint32_t>(random.below(2)) * 20));
        break;
      default:
        break;
    }
    if (faults.size() > 2) {
      network.heal(faults.front());
      faults.erase(faults.begin());
    }
    there += network.send(user, std::to_string(i) + std::string(static_cast<std::size_t>(i) * 7, '.')).bytes;
    network.run_for(3ms);
    const Got some = network.receive(plaza, 5'000);
    REQUIRE((some.error == 0 || some.error == EAGAIN));
    got += some.bytes;
  }
  for (const EventId fault : faults) network.heal(fault);
  network.fabric.set_loss(kUser, kPlaza, {});
  CHECK(network.is_plain());
  for (int i = 0; i < 200; ++i) {
    network.run_for(1s);
    got += network.receive(plaza).bytes;
  }
  CHECK((got == there));
  CHECK_FALSE(network.fabric.is_special(kPlaza));  // nothing is announced that does not come
}
