// Several troubles of one link, and what is set of it meanwhile.
#include "sim-core/net/trouble.hpp"
#include "tests/net/troubled.hpp"

using namespace stillpoint;
using namespace stillpoint::net;
using namespace std::chrono_literals;
using stillpoint::test::Faults;
using stillpoint::test::Got;
using stillpoint::test::Network;
using stillpoint::test::TroubledNetwork;

namespace {

constexpr HostId kUser = Network::kUser;
constexpr HostId kPlaza = Network::kPlaza;
constexpr Duration kThere = Network::kThere;

}  // namespace

TEST_CASE("two troubles of a link add up, and leave one by one") {
  TroubledNetwork network;
  auto [user, plaza] = network.establish();
  const auto takes = [&, user = &user, plaza = &plaza] {
    network.run();
    network.receive(*plaza);
    const VirtualTime start = network.now();
    network.send(*user, "x");
    return network.arrival(*plaza, 1, start).value();
  };
  const auto last = [&] { return network.faults_of(EventKind::deliver, Segment::data).back(); };
  const EventId first = network.trouble({.delay_min = 5ms, .delay_max = 5ms}, "first");
  const EventId second = network.trouble({.delay_min = 20ms, .delay_max = 20ms}, "second");
  CHECK(takes() == kThere + 25ms);
  CHECK(last() == Faults{first, second});
  network.heal(first);
  CHECK(takes() == kThere + 20ms);
  CHECK(last() == Faults{second});
  CHECK_FALSE(network.is_plain());
  network.heal(first);  // it is gone already
  network.heal(second);
  CHECK(network.is_plain());
  CHECK(takes() == kThere);
  CHECK(last() == Faults{});
}

TEST_CASE("a packet that two faults lose is lost because of both, and lost until both have ended") {
  TroubledNetwork network;
  auto [user, plaza] = network.establish();
  const EventId first = network.trouble({.cut = true}, "first");
  const EventId second = network.trouble({.loss = Ratio::percent(100)}, "second");
  network.send(user, "x");
  network.heal(first);
  network.run_for(Network::kRoundTrip + 200ms);
  network.heal(second);
  network.run();
  CHECK(network.receive(plaza) == Got{"x"});
  CHECK(network.faults_of(EventKind::lose, Segment::data) == std::vector{Faults{first, second}, Faults{second}});
}

TEST_CASE("what is set of a link meanwhile holds, and leaves its troubles where they are") {
  TroubledNetwork network;
  auto [user, plaza] = network.establish();
  const EventId fault = network.trouble({.delay_min = 5ms, .delay_max = 5ms});
  SECTION("a link") { network.fabric.set_link(kUser, kPlaza, {2ms, 2ms}); }
  SECTION("a latency") { network.fabric.set_latency(kUser, kPlaza, 2ms, 2ms); }
  SECTION("a cut that heals") {
    network.fabric.set_latency(kUser, kPlaza, 2ms, 2ms);
    network.fabric.cut(kUser, kPlaza);
    network.fabric.heal(kUser, kPlaza);
  }
  const VirtualTime start = network.now();
  network.send(user, "x");
  CHECK(network.arrival(plaza, 1, start) == 7ms);
  network.heal(fault);
  CHECK(network.is_plain());
  CHECK(network.fabric.link(kUser, kPlaza)->latency_min == 2ms);
}
