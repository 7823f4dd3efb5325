#include "visualizer/model/cone.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "tests/visualizer/model/sketch.hpp"

using namespace stillpoint;
using namespace stillpoint::test;
using namespace stillpoint::view;

namespace {

// Events on a few hosts, each with some earlier causes.
Trace random_trace(std::uint64_t seed, std::size_t count) {
  Random random(seed);
  Sketch sketch;
  for (std::size_t i = 0; i < count; ++i) {
    const EventId last = sketch.writer().last_event();
    const auto some_cause = [&] { return Cause{.event = 1 + random(last), .kind = static_cast<CauseKind>(random(7))}; };
    const EventId event = sketch.add(EventKind::note, {.at_ns = static_cast<std::int64_t>(i),
                                                       .host = static_cast<HostId>(random(4)),
                                                       .cause = last > 0 && random(3) > 0 ? some_cause() : Cause{}});
    for (std::uint64_t further = random(4); last > 0 && further-- > 2;) sketch.writer().edge(event, some_cause());
  }
  return sketch.trace();
}

// By the definition, over and over until nothing is new.
std::set<EventIndex> by_definition(const Trace& trace, const std::vector<EventIndex>& seeds, bool program_order) {
  std::set<EventIndex> cone(seeds.begin(), seeds.end());
  for (bool grown = true; grown;) {
    std::set<EventIndex> next = cone;
    for (const EventIndex event : cone) {
      for (const Edge& cause : trace.causes(event)) next.insert(cause.event);
      for (EventIndex i = 0; program_order && i < event; ++i) {
        if (trace.events()[i].host == trace.events()[event].host) next.insert(i);
      }
    }
    grown = next.size() > cone.size();
    cone = std::move(next);
  }
  return cone;
}

}  // namespace

TEST_CASE("a cone is all that its events go back to", "[cone]") {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const Trace trace = random_trace(seed, 60 + seed);
    Random random(seed + 1000);
    for (const bool program_order : {false, true}) {
      std::vector<EventIndex> seeds;
      for (std::uint64_t i = random(4); i-- > 0;) {
        seeds.push_back(static_cast<EventIndex>(random(trace.events().size())));
      }
      const std::set<EventIndex> expected = by_definition(trace, seeds, program_order);
      const Cone cone = backward_cone(trace, seeds, {.program_order = program_order});
      CAPTURE(seed, program_order, seeds);
      CHECK(cone.members == std::vector<EventIndex>(expected.begin(), expected.end()));
      REQUIRE(cone.lit.size() == trace.events().size());
      for (EventIndex i = 0; i < trace.events().size(); ++i) CHECK(cone.contains(i) == expected.contains(i));
    }
  }
}

TEST_CASE("a chain of causes may be as long as the trace", "[cone]") {
  Sketch sketch(64 << 20);
  for (EventId i = 0; i < 200'000; ++i) {
    sketch.add(EventKind::note, {.cause = {.event = i, .kind = CauseKind::state}});
  }
  const Trace trace = sketch.trace();
  const EventIndex last = 199'999;
  CHECK(backward_cone(trace, std::vector{last}).members.size() == 200'000);
}

TEST_CASE("a cone of nothing, and of events that are not there, is empty", "[cone]") {
  const Trace trace = SaleFile().trace();
  CHECK(backward_cone(trace, {}).members.empty());
  const std::vector<EventIndex> absurd{kNone, 1'000'000};
  CHECK(backward_cone(trace, absurd).members.empty());
  CHECK(Cone{}.contains(12345));
}
