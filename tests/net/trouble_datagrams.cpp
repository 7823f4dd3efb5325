// What faults do to datagrams; and that they are its causes.
#include <algorithm>
#include <functional>
#include <set>

#include "sim-core/net/trouble.hpp"
#include "tests/net/blame.hpp"
#include "tests/net/hosts.hpp"

using namespace stillpoint;
using namespace stillpoint::net;
using namespace std::chrono_literals;
using stillpoint::test::Hosts;

namespace {

using Faults = std::set<EventId>;

constexpr HostId kA = Hosts::kA, kB = Hosts::kB, kC = Hosts::kC;
constexpr Duration kLatency = 1ms;
constexpr Ratio kAll = Ratio::percent(100);

struct TroubledHosts : Hosts {
  using Hosts::Hosts;
  // Begins a fault that does this from A to B.
  EventId trouble(Trouble what, std::string name = "fault 1") {
    what.fault = test::begin_fault(trace, queue.now(), name);
    what.name = std::move(name);
    fabric.add_trouble(kA, kB, what);
    return what.fault;
  }
  void heal(EventId fault) { fabric.remove_trouble(kA, kB, fault); }
  std::vector<Faults> faults_of(EventKind kind) const { return test::faults_of(trace, kind, Segment::datagram); }
};

}  // namespace

TEST_CASE("a trouble of datagrams shows where they arrive, or do not, and its fault is the cause") {
  struct Case {
    const char* what;
    std::function<Trouble(VirtualTime now)> trouble;
    std::string text;
    Duration before = {};  // nothing has arrived then
    Duration after = {};   // and this has then
    std::string arrived = {};
    std::size_t lost = 0;
    bool blamed = true;
  };
  const std::string large(501, 'x');
  const auto a_case = GENERATE_COPY(values<Case>({
      {"a delay", [](VirtualTime) { return Trouble{.delay_min = 5ms, .delay_max = 5ms}; }, "a", 5ms, 5ms, "a"},
      {"a bandwidth", [](VirtualTime) { return Trouble{.bandwidth = 1'000}; }, "0123456789", 50ms, 50ms, "0123456789"},
      {"clogged", [](VirtualTime now) { return Trouble{.clogged_until = now + 20ms}; }, "a", 20ms, 20ms, "a"},
      {"twice", [](VirtualTime) { return Trouble{.duplicate = kAll}; }, "a", 0ms, 0ms, "a a", 0, false},
      {"held back", [](VirtualTime) { return Trouble{.reorder = kAll, .reorder_most = 9ms}; }, "a", 1us, 9ms, "a"},
      {"lost", [](VirtualTime) { return Trouble{.loss = kAll}; }, "a", 0ms, 1s, "", 1},
      {"cut", [](VirtualTime) { return Trouble{.cut = true}; }, "a", 0ms, 1s, "", 1},
      {"too large", [](VirtualTime) { return Trouble{.mtu = 500}; }, large, 0ms, 1s, "", 1},
      {"a full queue", [](VirtualTime) { return Trouble{.bandwidth = 1'000, .queue_most = 500}; }, large, 0ms, 1s, "",
       1},
      {"small enough", [](VirtualTime) { return Trouble{.mtu = 501}; }, large, 0ms, 0ms, large, 0, false},
      {"of a firewall that forgot", [](VirtualTime) { return Trouble{.forgets = true}; }, "a", 0ms, 0ms, "a", 0, false},
      {"no stream", [](VirtualTime) { return Trouble{.segment_most = 1}; }, "abc", 0ms, 0ms, "abc", 0, false},
  }));
  INFO(a_case.what);
  TroubledHosts hosts;
  hosts.send(kA, kB, "before");
  hosts.run();
  hosts.take_all(kB);
  const EventId fault = hosts.trouble(a_case.trouble(hosts.queue.now()));
  const VirtualTime start = hosts.queue.now();
  hosts.send(kA, kB, a_case.text);
  hosts.send(kA, kC, "elsewhere");
  hosts.run_for(kLatency + a_case.before - 1us);
  CHECK(hosts.take_all(kB).empty());
  hosts.run_for(start + kLatency + a_case.after - hosts.queue.now());
  CHECK(hosts.take_all(kB) == a_case.arrived);
  CHECK(hosts.take_all(kC) == "elsewhere");
  CHECK(hosts.faults_of(EventKind::lose) == std::vector(a_case.lost, Faults{fault}));
  const auto deliveries = hosts.faults_of(EventKind::deliver);
  const bool twice = a_case.arrived == "a a";
  const bool blamed = a_case.lost == 0 && (a_case.blamed || twice);
  CHECK(std::count(deliveries.begin(), deliveries.end(), Faults{fault}) == (blamed ? 1 : 0));
  CHECK(deliveries.size() == 3 + (twice ? 1 : 0) - a_case.lost);  // with the one before, and the one elsewhere

  hosts.heal(fault);
  CHECK(hosts.fabric.link(kA, kB)->plain);
  hosts.send(kA, kB, large);
  hosts.run_for(kLatency);
  CHECK(hosts.take_all(kB) == large);
  CHECK(hosts.faults_of(EventKind::deliver).back() == Faults{});
  CHECK_FALSE(hosts.fabric.is_special(kB));
}

TEST_CASE("datagrams that are held back are overtaken by the others") {
  TroubledHosts hosts;
  const EventId fault = hosts.trouble({.reorder = Ratio::percent(30), .reorder_most = 10ms});
  for (int i = 10; i < 60; ++i) {
    hosts.send(kA, kB, std::to_string(i));
    hosts.run_for(100us);
  }
  hosts.run();
  const std::string arrived = hosts.take_all(kB);
  CHECK(arrived.size() == 50 * 3 - 1);
  int overtaken = 0;
  for (std::size_t i = 3; i < arrived.size(); i += 3) overtaken += arrived.substr(i, 2) < arrived.substr(i - 3, 2);
  CHECK(overtaken > 5);
  const auto faults = hosts.faults_of(EventKind::deliver);
  const auto blamed = std::count(faults.begin(), faults.end(), Faults{fault});
  CHECK(blamed >= overtaken);
  CHECK(blamed < 30);
  hosts.heal(fault);
}

TEST_CASE("what a clog holds up arrives in the order in which it was sent") {
  TroubledHosts hosts;
  const bool constant = GENERATE(true, false);
  if (!constant) hosts.fabric.set_latency(kA, kB, 1ms, 9ms);
  const VirtualTime end = hosts.queue.now() + 50ms;
  const EventId fault = hosts.trouble({.clogged_until = end});
  std::string sent;
  for (int i = 10; i < 40; ++i) {
    hosts.send(kA, kB, std::to_string(i));
    sent += (i == 10 ? "" : " ") + std::to_string(i);
    hosts.run_for(1ms);
  }
  hosts.run_for(end - hosts.queue.now());
  CHECK(hosts.take_all(kB).empty());
  hosts.heal(fault);
  hosts.run_for(constant ? 1ms : 9ms);
  CHECK(hosts.take_all(kB) == sent);
}

TEST_CASE("a datagram that a fault makes twice has two latencies, and the second has the fault for a cause") {
  TroubledHosts hosts;
  hosts.fabric.set_latency(kA, kB, 1ms, 100ms);
  const EventId slow = hosts.trouble({.delay_min = 200ms, .delay_max = 200ms}, "slow");
  const EventId twice = hosts.trouble({.duplicate = kAll}, "twice");
  hosts.send(kA, kB, "x");
  std::vector<VirtualTime> times;
  while (!hosts.queue.empty()) {
    hosts.queue.pop().fire();
    times.push_back(hosts.queue.now());
  }
  CHECK(hosts.take_all(kB) == "x x");
  REQUIRE(times.size() == 2);
  CHECK(times[0] >= VirtualTime(201ms));
  CHECK(times[1] > times[0]);
  CHECK(times[1] <= VirtualTime(300ms));
  const auto faults = hosts.faults_of(EventKind::deliver);
  CHECK(std::set(faults.begin(), faults.end()) == std::set{Faults{slow}, Faults{slow, twice}});
  hosts.heal(slow);
  hosts.heal(twice);
}

TEST_CASE("a link that makes datagrams twice by itself goes on doing so in trouble") {
  TroubledHosts hosts;
  hosts.fabric.set_duplicate(kA, kB, kAll);
  const EventId fault = hosts.trouble({.delay_min = 5ms, .delay_max = 5ms});
  hosts.send(kA, kB, "x");
  hosts.run_for(kLatency + 5ms - 1us);
  CHECK(hosts.take_all(kB).empty());
  hosts.run_for(1us);
  CHECK(hosts.take_all(kB) == "x x");
  CHECK(hosts.faults_of(EventKind::deliver) == std::vector(2, Faults{fault}));
  hosts.heal(fault);
}

TEST_CASE("who is told by a router of a cut is told of one that a fault makes") {
  TroubledHosts hosts;
  hosts.endpoints[kA]->connected = true;
  hosts.endpoints[kA]->peer = Hosts::at(kB);
  const EventId fault = hosts.trouble({.cut = true, .refusal = Refusal::filtered});
  hosts.send(kA, kB, "x");
  hosts.run_for(kLatency - 1us);
  CHECK(hosts.endpoints[kA]->error == 0);
  hosts.run_for(1us);
  CHECK(hosts.endpoints[kA]->error == EHOSTUNREACH);
  CHECK(hosts.faults_of(EventKind::lose) == std::vector{Faults{fault}});
  hosts.heal(fault);
}

TEST_CASE("of a group, those are troubled to whom the link is") {
  TroubledHosts hosts;
  hosts.fabric.set_default_link({1ms, 1ms});
  const EventId fault = hosts.trouble({.delay_min = 5ms, .delay_max = 5ms});
  hosts.send(*hosts.endpoints[kA], {Ip(0xFFFFFFFF), Hosts::kPort}, "to all");
  hosts.run_for(kLatency);
  CHECK(hosts.take_all(kB).empty());
  CHECK(hosts.take_all(kC) == "to all");
  hosts.run_for(5ms);
  CHECK(hosts.take_all(kB) == "to all");
  CHECK(hosts.faults_of(EventKind::deliver) == std::vector{Faults{}, Faults{}, Faults{fault}});  // A hears itself
  hosts.heal(fault);
}
