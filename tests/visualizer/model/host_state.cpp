#include "visualizer/model/host_state.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "tests/visualizer/model/sketch.hpp"

using namespace stillpoint;
using namespace stillpoint::test;
using namespace stillpoint::view;
using Texts = std::vector<std::string>;

namespace {

constexpr EventIndex place(EventId id) { return static_cast<EventIndex>(id - 1); }

// By walking through all events from the first.
HostState by_walking(const Trace& trace, HostIndex host, EventIndex last) {
  HostState state;
  struct Link {
    std::uint64_t order = 0;
    std::uint64_t sent = 0;
    bool sent_fin = false;
    bool got_fin = false;
    bool closed = false;
  };
  std::map<std::uint64_t, Link> links;
  std::map<std::uint64_t, std::int64_t> timers;
  std::set<std::uint64_t> earlier;  // connections that began in an earlier boot
  bool any = false;
  for (EventIndex i = 0; i <= last; ++i) {
    const EventRow& event = trace.events()[i];
    if (event.host != host) continue;
    if (!any || event.boot != state.boot) {
      for (const auto& [id, link] : links) earlier.insert(id);
      state = HostState{};
      state.boot = event.boot;
      links.clear();
      timers.clear();
    }
    any = true;
    const std::uint64_t id = event.kind == EventKind::connect ? event.subject : event.subject / 2;
    switch (event.kind) {
      case EventKind::slice:
        ++state.slices;
        state.busy_ns += static_cast<std::int64_t>(event.a);
        break;
      case EventKind::listen:
        state.listening.push_back(fmt::format("10.0.0.1:{}", event.a & 0xffff));
        break;
      case EventKind::arm:
        timers[event.subject] = static_cast<std::int64_t>(event.a);
        break;
      case EventKind::expire:
        timers.erase(event.subject);
        break;
      case EventKind::apply:
        state.applied.insert(state.applied.begin(), i);
        if (state.applied.size() > 8) state.applied.pop_back();
        break;
      case EventKind::connect:
      case EventKind::send:
      case EventKind::deliver: {
        if (earlier.contains(id)) break;
        const auto [entry, fresh] = links.emplace(id, Link{.order = i});
        Link& link = entry->second;
        if (event.kind == EventKind::connect) break;
        const bool sent = event.kind == EventKind::send;
        if (sent) link.sent += event.b;
        if (event.a == 5) (sent ? link.sent_fin : link.got_fin) = true;
        if (event.a == 6 || (link.sent_fin && link.got_fin)) link.closed = true;
        break;
      }
      default:
        break;
    }
  }
  std::map<std::uint64_t, std::string> open;
  for (const auto& [id, link] : links) {
    if (!link.closed)
      open[link.order] = fmt::format("{} to nobody known, {} byte{} sent", id, link.sent, link.sent == 1 ? "" : "s");
  }
  for (const auto& [order, text] : open) {
    if (state.connections.size() < 32) state.connections.push_back(text);
  }
  state.more_connections = open.size() - state.connections.size();
  for (const auto& [timer, deadline] : timers) {
    const std::int64_t left = deadline - trace.events()[last].at_ns;
    if (state.timers.size() == 32) {
      ++state.more_timers;
    } else {
      state.timers.push_back(left > 0 ? fmt::format("{}, in 0.{:09} s", timer, left) : fmt::format("{}, due", timer));
    }
  }
  for (std::uint32_t i = 0; i < trace.operations().size(); ++i) {
    const Operation& operation = trace.operations()[i];
    if (operation.invoke == kNone || trace.events()[operation.invoke].host != host || operation.invoke > last) continue;
    if (operation.completion <= last) continue;
    if (state.pending.size() == 32) {
      ++state.more_pending;
    } else {
      state.pending.push_back(i);
    }
  }
  return state;
}

void check_same(const HostState& got, const HostState& expected) {
  REQUIRE(got.boot == expected.boot);
  REQUIRE(got.slices == expected.slices);
  REQUIRE(got.busy_ns == expected.busy_ns);
  REQUIRE(got.listening == expected.listening);
  REQUIRE(got.connections == expected.connections);
  REQUIRE(got.more_connections == expected.more_connections);
  REQUIRE(got.timers == expected.timers);
  REQUIRE(got.more_timers == expected.more_timers);
  REQUIRE(got.applied == expected.applied);
  REQUIRE(got.pending == expected.pending);
  REQUIRE(got.more_pending == expected.more_pending);
}

}  // namespace

TEST_CASE("a host's state is what its events have made of it", "[host_state]") {
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    Random random(seed);
    Sketch sketch(4 << 20);
    Boot boots[] = {1, 1, 1, 1};
    std::vector<EventId> invokes;
    for (int i = 0; i < 2000; ++i) {
      const auto host = static_cast<HostId>(1 + random(3));
      if (random(500) == 0) ++boots[host];
      Sketch::Event event{.at_ns = i + 1, .host = host, .boot = boots[host]};
      EventKind kind{};
      switch (random(9)) {
        case 0:
          kind = EventKind::slice;
          event.a = random(1000);
          break;
        case 1:
          kind = random(10) == 0 ? EventKind::listen : EventKind::apply;
          event.a = (std::uint64_t{10} << 24 | 1) << 16 | random(100);
          break;
        case 2:
          kind = EventKind::arm;
          event.subject = random(60);
          event.a = static_cast<std::uint64_t>(i) + random(100) * 7 + 1;
          if (event.a % 1000 == 0) ++event.a;
          break;
        case 3:
          kind = EventKind::expire;
          event.subject = random(60);
          break;
        case 4:
          kind = EventKind::invoke;
          event.payload = "al\0f\0x"sv;
          break;
        case 5:
          if (invokes.empty()) continue;
          kind = EventKind::ok;
          event.subject = invokes[random(invokes.size())];
          break;
        default:
          kind = random(2) == 0 ? EventKind::send : EventKind::deliver;
          event.subject = random(200);
          event.a = random(8) == 0 ? 5 : random(20) == 0 ? 6 : 4;
          event.b = random(3);
          break;
      }
      const EventId id = sketch.add(kind, event);
      if (kind == EventKind::invoke) invokes.push_back(id);
    }
    const Trace trace = sketch.trace();
    for (EventIndex i = 0; i < trace.events().size(); i += 1 + static_cast<EventIndex>(random(40))) {
      for (HostIndex host = 0; host < trace.hosts().size(); ++host) {
        CAPTURE(seed, i, host);
        const HostState got = state_of(trace, host, i);
        HostState expected = by_walking(trace, host, i);
        // A deadline in whole microseconds is told with six digits; the walk tells nine.
        for (std::size_t timer = 0; timer < expected.timers.size(); ++timer) {
          if (expected.timers[timer].ends_with("000 s"))
            expected.timers[timer].replace(expected.timers[timer].size() - 5, 5, " s");
        }
        check_same(got, expected);
      }
    }
  }
}

TEST_CASE("a host's state is told in words", "[host_state]") {
  constexpr std::uint64_t kPlaza = (std::uint64_t{10} << 24 | 1) << 16 | 80;
  constexpr std::uint64_t kUser = (std::uint64_t{10} << 24 | 2) << 16 | 40001;
  Sketch sketch;
  sketch.add(EventKind::listen, {.a = kPlaza});
  sketch.add(EventKind::connect, {.host = 2, .subject = 17, .a = kPlaza, .b = kUser});
  sketch.add(EventKind::send, {.host = 2, .subject = 34, .a = 4, .b = 142});
  const EventId received = sketch.add(EventKind::deliver, {.at_ns = 1000, .subject = 34, .a = 4, .b = 142});
  sketch.add(EventKind::arm, {.at_ns = 1000, .subject = 2, .a = 10'001'000});
  sketch.add(EventKind::arm, {.at_ns = 1000, .subject = 3, .a = static_cast<std::uint64_t>(-5)});
  const EventId sent = sketch.add(EventKind::send, {.at_ns = 1000, .subject = 35, .a = 4, .b = 1});
  const Trace trace = sketch.trace();
  CHECK(state_of(trace, 1, place(received)).listening == Texts{"10.0.0.1:80"});
  CHECK(state_of(trace, 1, place(received)).connections == Texts{"17 to users-1 (10.0.0.2:40001), 0 bytes sent"});
  CHECK(state_of(trace, 1, place(sent)).connections == Texts{"17 to users-1 (10.0.0.2:40001), 1 byte sent"});
  CHECK(state_of(trace, 2, place(sent)).connections == Texts{"17 to plaza-1 (10.0.0.1:80), 142 bytes sent"});
  CHECK(state_of(trace, 1, place(sent)).timers == Texts{"2, in 0.010000 s", "3, due"});
  CHECK(state_of(trace, 3, place(sent)).connections.empty());
  CHECK(state_of(trace, 99, 0).boot == 0);
  CHECK(state_of(trace, 0, kNone).boot == 0);
}
