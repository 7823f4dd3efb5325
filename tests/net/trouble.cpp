// What faults do to streams, one field of a trouble at a time; and that they are its causes.
#include "sim-core/net/trouble.hpp"

#include <functional>

#include "tests/base/ends.hpp"
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

TEST_CASE("a trouble delays what is sent, and its fault is a cause of each delivery") {
  struct Case {
    const char* what;
    std::function<Trouble(VirtualTime now)> trouble;
    std::size_t bytes;
    Duration least, most;  // on top of the latency
    std::size_t packets;
  };
  const auto a_case = GENERATE(values<Case>({
      {"a delay", [](VirtualTime) { return Trouble{.delay_min = 5ms, .delay_max = 5ms}; }, 10, 5ms, 5ms, 1},
      {"a range of delays", [](VirtualTime) { return Trouble{.delay_min = 5ms, .delay_max = 9ms}; }, 10, 5ms, 9ms, 1},
      {"held back", [](VirtualTime) { return Trouble{.reorder = Ratio::percent(100), .reorder_most = 8ms}; }, 10, 1us,
       8ms, 1},
      {"a bandwidth", [](VirtualTime) { return Trouble{.bandwidth = 1'000'000}; }, 9'960, 10ms, 10ms, 1},
      {"clogged", [](VirtualTime now) { return Trouble{.clogged_until = now + 50ms}; }, 10, 50ms, 50ms, 1},
      {"in pieces", [](VirtualTime) { return Trouble{.segment_most = 1}; }, 3, 2us, 2us, 3},
  }));
  INFO(a_case.what);
  TroubledNetwork network;
  auto [user, plaza] = network.establish();
  const VirtualTime start = network.now();
  const EventId fault = network.trouble(a_case.trouble(start));
  CHECK_FALSE(network.is_plain());
  network.sent(user, a_case.bytes);
  const auto after = network.arrival(plaza, a_case.bytes, start);
  REQUIRE(after);
  CHECK(*after >= kThere + a_case.least);
  CHECK(*after <= kThere + a_case.most);
  CHECK(network.faults_of(EventKind::deliver, Segment::data) == std::vector(a_case.packets, Faults{fault}));
  CHECK(network.trace.events(EventKind::lose).empty());

  // After it has ended, all is as before.
  network.heal(fault);
  CHECK(network.is_plain());
  network.run();
  network.receive(plaza);
  const VirtualTime later = network.now();
  network.sent(user, 10);
  CHECK(network.arrival(plaza, 10, later) == kThere);
  CHECK(network.faults_of(EventKind::deliver, Segment::data).back() == Faults{});
}

TEST_CASE("a trouble loses what is sent, its fault is a cause of each loss, and when it ends all comes through") {
  struct Case {
    const char* what;
    Trouble trouble;
    std::size_t bytes;
    int soft_error = 0;  // what the sender was told
  };
  const auto a_case = GENERATE(values<Case>({
      {"loss of everything", {.loss = Ratio::percent(100)}, 10},
      {"a cut", {.cut = true}, 10},
      {"a cut that a router tells of", {.cut = true, .refusal = Refusal::host_unreachable}, 10, EHOSTUNREACH},
      {"a full queue", {.bandwidth = 1'000'000, .queue_most = 1'000}, 2'000},
      {"a connection that was forgotten", {.forgets = true}, 10},
      {"an MTU black hole", {.mtu = 500}, 501},
  }));
  INFO(a_case.what);
  TroubledNetwork network;
  auto [user, plaza] = network.establish();
  const EventId fault = network.trouble(a_case.trouble);
  network.sent(user, a_case.bytes);
  network.run_for(10s);
  CHECK(plaza.unread() == 0);
  const auto losses = network.faults_of(EventKind::lose, Segment::data);
  CHECK(losses == std::vector(losses.size(), Faults{fault}));
  // With doubling pauses, from 204 ms on; who is told why does not double them (RFC 6069).
  CHECK((losses.size() == 6 || (losses.size() > 6 && a_case.soft_error != 0)));
  CHECK(user.take_any_error() == a_case.soft_error);

  network.heal(fault);
  CHECK(network.is_plain());
  network.run_for(10s);
  CHECK(plaza.unread() == a_case.bytes);
  CHECK(network.faults_of(EventKind::deliver, Segment::data) == std::vector{Faults{}});
}

TEST_CASE("an MTU black hole lets small packets pass, until they are behind one that it does not") {
  TroubledNetwork network;
  auto [user, plaza] = network.establish();
  const EventId fault = network.trouble({.mtu = 500});
  network.sent(user, 500);
  network.run();
  CHECK(plaza.unread() == 500);
  network.sent(user, 501);
  network.sent(user, 1);
  network.run_for(1s);
  CHECK(plaza.unread() == 500);
  network.heal(fault);
  network.run();
  CHECK(plaza.unread() == 1'002);
  // The last one got through in time, but had to wait.
  CHECK(network.faults_of(EventKind::deliver, Segment::data) == std::vector{Faults{}, Faults{}, Faults{fault}});
}

TEST_CASE("a firewall that forgot its table lets new connections pass, and says nothing to the old ones") {
  TroubledNetwork network;
  auto [old_user, old_plaza] = network.establish();
  const EventId fault = network.trouble({.forgets = true});
  auto [user, plaza] = network.establish();
  network.send(user, "new");
  network.send(old_user, "old");
  network.run_for(100s);
  CHECK(network.receive(plaza) == Got{"new"});
  CHECK(network.receive(old_plaza) == test::failed(EAGAIN));
  // The other direction brings data, but no acknowledgement comes back.
  CHECK(old_plaza.unsent(network.now()) == 0);
  network.send(old_plaza, "who is there?");
  network.run_for(100s);
  CHECK(network.receive(old_user) == Got{"who is there?"});
  CHECK(old_plaza.unsent(network.now()) > 0);
  network.run_for(1'000s);
  CHECK(old_user.take_error() == ETIMEDOUT);
  CHECK(old_plaza.take_error() == ETIMEDOUT);
  network.heal(fault);
}

TEST_CASE(
    "while acknowledgements do not come through, the sender is as on a link that is cut, and goes on afterwards") {
  const auto what = GENERATE(values<Trouble>({{.cut = true}, {.loss = Ratio::percent(100)}, {.forgets = true}}));
  TroubledNetwork network;
  auto [user, plaza] = network.establish({}, {.receive = 1'000});
  const EventId fault = network.trouble(what);  // from the user, who receives
  network.send(plaza, "data");
  network.run_for(5s);
  CHECK(network.receive(user) == Got{"data"});
  CHECK(plaza.unsent(network.now()) == 4);
  network.heal(fault);
  network.run_for(10s);
  CHECK(plaza.unsent(network.now()) == 0);
}

TEST_CASE("an acknowledgement is delayed as everything is") {
  TroubledNetwork network;
  auto [user, plaza] = network.establish();
  const bool clogged = GENERATE(false, true);
  const Duration more = clogged ? 70ms : 20ms;
  const EventId fault = network.trouble(clogged ? Trouble{.clogged_until = network.now() + Network::kBack + more}
                                                : Trouble{.delay_min = more, .delay_max = 30ms});
  network.send(plaza, "data");
  network.run_for(Network::kRoundTrip + more - 1us);
  CHECK(plaza.unsent(network.now()) == 4);
  network.run_for(1us);
  CHECK(plaza.unsent(network.now()) == 0);
  network.heal(fault);
}

TEST_CASE("what a clog holds up arrives when it ends, in order, on every connection") {
  TroubledNetwork network;
  auto first = network.establish();
  auto second = network.establish();
  network.fabric.set_latency(kUser, kPlaza, 1ms, 9ms);
  const VirtualTime end = network.now() + 100ms;
  const EventId fault = network.trouble({.clogged_until = end});
  for (int i = 0; i < 10; ++i) {
    network.send(first.user, std::to_string(i));
    network.send(second.user, std::to_string(i));
    network.run_for(1ms);
  }
  network.heal(fault);  // what is under way does not come sooner
  network.run_for(end - network.now());
  CHECK(first.plaza.unread() + second.plaza.unread() == 0);
  network.run_for(9ms);
  CHECK(network.receive(first.plaza) == Got{"0123456789"});
  CHECK(network.receive(second.plaza) == Got{"0123456789"});
  CHECK(network.faults_of(EventKind::deliver, Segment::data) == std::vector(20, Faults{fault}));
}

TEST_CASE("keep-alive probes notice a clog that lasts") {
  const auto length = GENERATE(40s, 100s);
  TroubledNetwork network;
  auto [user, plaza] = network.establish();
  plaza.set_keepalive({.on = true, .idle = 20s, .interval = 10s, .count = 3}, network.now());
  const EventId fault = network.trouble({.clogged_until = network.now() + length});
  network.send(user, "on its way for long");
  network.run_for(length - 1s);
  CHECK(plaza.take_error() == (length > 50s ? ETIMEDOUT : 0));
  network.heal(fault);
  network.run_for(5s);
  plaza.set_keepalive({}, network.now());
}

TEST_CASE("keep-alive counts from what has arrived, and not from what a fault holds up") {
  const bool delayed = GENERATE(false, true);
  TroubledNetwork network;
  auto [user, plaza] = network.establish();
  const VirtualTime start = network.now();
  plaza.set_keepalive({.on = true, .idle = 20s}, start);
  const EventId slow = delayed ? network.trouble({.delay_min = 5s, .delay_max = 5s}, "slow") : kNoEvent;
  if (!delayed) network.run_for(5s);
  network.send(user, "heard 5 s after the start");
  if (!delayed) network.run_for(1s);
  network.heal(slow);
  const EventId clog = network.trouble({.clogged_until = start + 100s}, "clog");
  network.send(user, "under way");
  network.run_for(start + 5s + kThere + 20s - 1us - network.now());
  CHECK(network.faults_of(EventKind::send, Segment::probe).empty());
  network.run_for(1us);
  CHECK(network.faults_of(EventKind::send, Segment::probe).size() == 1);
  network.heal(clog);
  plaza.set_keepalive({}, network.now());
}

TEST_CASE("what comes behind a packet that a fault holds back waits for it, and has the fault for a cause too") {
  TroubledNetwork network;
  auto [user, plaza] = network.establish();
  const EventId fault = network.trouble({.delay_min = 10ms, .delay_max = 10ms});
  network.send(user, "slow ");
  network.heal(fault);
  const EventId other = network.trouble({.delay_min = 1ms, .delay_max = 1ms}, "fault 2");
  network.send(user, "behind");
  network.run();
  CHECK(network.receive(plaza) == Got{"slow behind"});
  CHECK(network.faults_of(EventKind::deliver, Segment::data) == std::vector{Faults{fault}, Faults{fault, other}});
  network.heal(other);
}

TEST_CASE("handshakes are troubled too") {
  TroubledNetwork network;
  network.listen();
  const EventId fault = network.trouble({.delay_min = 5ms, .delay_max = 5ms});
  TcpSide* user = network.connect();
  network.run_for(Network::kRoundTrip + 5ms - 1us);
  CHECK(user->connecting());
  network.run_for(1us);
  CHECK(user->established());
  CHECK(network.faults_of(EventKind::deliver, Segment::syn) == std::vector{Faults{fault}});
  CHECK(network.faults_of(EventKind::deliver, Segment::syn_ack) == std::vector{Faults{}});
  network.heal(fault);
}

TEST_CASE("what is delayed to a host that has no power by then is dropped because of both") {
  TroubledNetwork network;
  auto [user, plaza] = network.establish();
  const EventId fault = network.trouble({.delay_min = 5ms, .delay_max = 5ms});
  network.send(user, "too late");
  const EventId crash = test::begin_fault(network.trace, network.now(), "crash");
  network.fabric.power_down(kPlaza, crash);
  network.run_for(10ms);
  CHECK(network.faults_of(EventKind::drop, Segment::data) == std::vector{Faults{crash, fault}});
  network.fabric.power_up(kPlaza);
  network.heal(fault);
}

TEST_CASE("troubles that cannot be are bugs of the harness") {
  const auto what = GENERATE(values<Trouble>({{},
                                              {.fault = 1, .delay_min = 2us, .delay_max = 1us},
                                              {.fault = 1, .delay_max = 1'500ns},
                                              {.fault = 1, .loss = {1'000'001}},
                                              {.fault = 1, .reorder_most = -1us}}));
  CHECK_FALSE(valid(what));
  CHECK(test::ending_of([&] {
          Fabric fabric(1);
          fabric.add_host(kUser, {0x0A000001});
          fabric.add_host(kPlaza, {0x0A000002});
          fabric.add_trouble(kUser, kPlaza, what);
        }).exit_code == test::kAssertionFailed);
}
