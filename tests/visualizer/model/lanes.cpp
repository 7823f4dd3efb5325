#include "visualizer/model/lanes.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "tests/visualizer/model/sketch.hpp"
#include "visualizer/model/arrow_index.hpp"

using namespace stillpoint;
using namespace stillpoint::test;
using namespace stillpoint::view;

namespace {

// Bursts of events of all kinds on three hosts, messages between them, and some violations with witnesses.
View busy_view(std::uint64_t seed, std::size_t count, const char* sql = "") {
  Random random(seed);
  Sketch sketch(8 << 20);
  std::int64_t now = 0;
  std::vector<EventId> sent;
  for (std::size_t i = 0; i < count; ++i) {
    if (random(5) == 0) now += static_cast<std::int64_t>(random(100'000));
    const auto host = static_cast<HostId>(1 + random(3));
    const auto kind = static_cast<EventKind>(1 + random(17));
    if (kind == EventKind::deliver && !sent.empty()) {
      const std::size_t which = random(sent.size());
      sketch.add(kind, {.at_ns = now, .host = host, .cause = {sent[which], CauseKind::message}});
    } else if (random(400) == 0) {
      const EventId violation = sketch.add(EventKind::violation, {.at_ns = now, .host = host, .payload = "check"});
      for (int witness = 0; witness < 2; ++witness)
        sketch.writer().witness(violation, 1 + random(violation), "witness");
    } else {
      const EventId event = sketch.add(kind, {.at_ns = now, .host = host, .a = random(3) * random(20'000)});
      if (kind == EventKind::send) sent.push_back(event);
    }
  }
  return View(sketch.trace(sql));
}

std::set<EventIndex> specials(const View& view) {
  std::set<EventIndex> result{view.cursor()};
  for (const ViolationRow& violation : view.trace().violations()) {
    result.insert(violation.event);
    for (const ViolationWitness& witness : violation.witnesses) result.insert(witness.event);
  }
  result.insert(view.trace().marked().begin(), view.trace().marked().end());
  return result;
}

TimeRange random_range(const View& view, Random& random) {
  const auto length = static_cast<std::uint64_t>(view.whole().length());
  const std::int64_t begin = view.whole().begin_ns + static_cast<std::int64_t>(random(length));
  const std::uint64_t most = random(2) == 0 ? length : 1 + length / (1 + random(1000));
  return {.begin_ns = begin, .end_ns = begin + 1 + static_cast<std::int64_t>(random(most))};
}

}  // namespace

TEST_CASE("a lane counts every event once, and hides none that matters", "[lanes]") {
  const char* damages[] = {
      "", "UPDATE event SET at_ns = at_ns - 50000 WHERE id % 97 = 0",
      "UPDATE event SET at_ns = 'x' WHERE id % 50 = 0; UPDATE event SET at_ns = 1 << 62 WHERE id = 9"};
  bool seen_single = false;
  bool seen_columns = false;
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    View view = busy_view(seed, 3000, damages[seed % 3]);
    Lanes lanes(view);
    Random random(seed + 7);
    for (int round = 0; round < 60; ++round) {
      view.set_range(random_range(view, random));
      view.go_to(static_cast<EventIndex>(random(3000)));
      if (random(4) == 0) view.light_cursor();
      if (random(4) == 0) view.light_all();
      const TimeRange range = view.range();
      const int width = 1 + static_cast<int>(random(1600));
      const std::set<EventIndex> special = specials(view);
      for (HostIndex host = 0; host < view.trace().hosts().size(); ++host) {
        const LaneContent& lane = lanes.lane(host, width);
        CAPTURE(seed, round, host, width, range.begin_ns, range.end_ns);
        std::set<EventIndex> expected;
        std::map<EventIndex, double> x;
        for (const EventIndex event : view.trace().hosts()[host].events) {
          const std::int64_t at = view.trace().events()[event].at_ns;
          if (at < range.begin_ns || at > range.end_ns) continue;
          expected.insert(event);
          x[event] = static_cast<double>(at - range.begin_ns) / static_cast<double>(range.length()) * width;
        }
        if (lane.single) {
          seen_single = true;
          std::set<EventIndex> got;
          for (const LaneEvent& event : lane.events) {
            REQUIRE(got.insert(event.event).second);
            REQUIRE(event.x == Approx(x[event.event]).margin(0.01));
            REQUIRE(event.lit == view.cone().contains(event.event));
          }
          REQUIRE(got == expected);
          REQUIRE(lane.columns.empty());
        } else {
          seen_columns = true;
          std::map<int, std::pair<std::uint32_t, bool>> counts;
          for (const EventIndex event : expected) {
            auto& [count, lit] = counts[std::min(static_cast<int>(x[event] + 1e-9), width - 1)];
            ++count;
            lit = lit || view.cone().contains(event);
          }
          std::uint32_t total = 0;
          int last = -1;
          for (const LaneColumn& column : lane.columns) {
            REQUIRE(static_cast<int>(column.x) > last);
            last = column.x;
            REQUIRE(last < width);
            REQUIRE(column.count == counts[column.x].first);
            REQUIRE(column.lit == counts[column.x].second);
            total += column.count;
          }
          REQUIRE(total == expected.size());
        }
        std::set<EventIndex> shown;
        for (const LaneEvent& event : lane.special) REQUIRE(shown.insert(event.event).second);
        for (const EventIndex event : expected) REQUIRE(shown.contains(event) == special.contains(event));
        REQUIRE(shown.size() <= expected.size());
      }
    }
  }
  CHECK(seen_single);
  CHECK(seen_columns);
}

TEST_CASE("thousands of damaged events share pixels, and no pixel loses its violation", "[lanes]") {
  Sketch sketch(8 << 20);
  for (int i = 0; i < 20'000; ++i) {
    sketch.add(i % 5000 == 4999 ? EventKind::violation : EventKind::note, {.at_ns = i, .payload = "check"});
  }
  View view(sketch.trace("UPDATE event SET kind = 99 WHERE kind = 17"));
  view.show_all();
  Lanes lanes(view);
  const LaneContent& lane = lanes.lane(1, 400);
  CHECK(lane.special.size() <= 402);
  for (EventIndex event = 4999; event < 20'000; event += 5000) {
    CHECK(std::any_of(lane.special.begin(), lane.special.end(),
                      [event](const LaneEvent& special) { return special.event == event; }));
  }
}

TEST_CASE("slices are drawn from when they were paid", "[lanes]") {
  Sketch sketch;
  sketch.add(EventKind::slice, {.at_ns = 100, .a = 50});
  sketch.add(EventKind::slice, {.at_ns = 1000, .a = 400});
  sketch.add(EventKind::slice, {.at_ns = 1001, .a = 1});
  sketch.add(EventKind::slice, {.at_ns = 1500, .a = 0});
  sketch.add(EventKind::slice, {.at_ns = 4000, .a = 2500});
  sketch.add(EventKind::slice, {.at_ns = 9000, .a = UINT64_MAX});
  View view(sketch.trace());
  view.set_range({.begin_ns = 0, .end_ns = 2000});
  Lanes lanes(view);
  const LaneContent& lane = lanes.lane(1, 200);
  REQUIRE(lane.single);
  REQUIRE(lane.slices.size() == 3);
  CHECK(lane.slices[0].x_begin == Approx(5));
  CHECK(lane.slices[0].x_end == Approx(10));
  CHECK(lane.slices[1].x_begin == Approx(60));
  CHECK(lane.slices[1].x_end == Approx(100.1));  // with the one after it
  CHECK(lane.slices[2].x_begin == Approx(150));  // reaches into the range
  CHECK(lane.slices[2].x_end == Approx(400));
}

TEST_CASE("a click finds the nearest event, the important one first", "[lanes]") {
  Sketch sketch;
  for (int i = 0; i < 100; ++i) sketch.add(EventKind::note, {.at_ns = 1000 + i});
  sketch.add(EventKind::violation, {.at_ns = 1100, .payload = "check"});
  for (int i = 0; i < 100; ++i) sketch.add(EventKind::note, {.at_ns = 1100});
  sketch.add(EventKind::note, {.at_ns = 9000});
  sketch.add(EventKind::stop, {.at_ns = 10'000, .host = 0});
  View view(sketch.trace());
  view.set_range({.begin_ns = 0, .end_ns = 10'000});
  Lanes lanes(view);  // 10 ns a pixel
  CHECK(lanes.nearest(1, 1000, 110, 5) == 100);
  CHECK(lanes.nearest(1, 1000, 899, 5) == 201);
  CHECK(lanes.nearest(1, 1000, 901, 5) == 201);
  CHECK(lanes.nearest(1, 1000, 96, 5) == 0);
  CHECK(lanes.nearest(1, 1000, 94, 5) == kNone);
  CHECK(lanes.nearest(1, 1000, 500, 5) == kNone);
  CHECK(lanes.nearest(2, 1000, 110, 5) == kNone);
  CHECK(lanes.nearest(60'000, 1000, 110, 5) == kNone);
  CHECK(lanes.nearest(1, 1000, std::numeric_limits<float>::quiet_NaN(), 5) == kNone);
  CHECK(lanes.nearest(1, 0, 1e30F, 1e30F) != kNone);
}

TEST_CASE("the density counts every event", "[lanes]") {
  View view = busy_view(3, 2000, "UPDATE event SET at_ns = -9223372036854775807 - 1 WHERE id = 5");
  Lanes lanes(view);
  for (const int columns : {1, 7, 1600, 0, -1, 1'000'000}) {
    const std::vector<std::uint32_t>& density = lanes.density(columns);
    CHECK(density.size() == static_cast<std::size_t>(std::clamp(columns, 1, 65535)));
    std::uint64_t total = 0;
    for (const std::uint32_t count : density) total += count;
    CHECK(total == 2000);
  }
}

TEST_CASE("all messages that touch a range are found, and counted when they are too many", "[lanes]") {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    View view = busy_view(seed, 4000, seed == 4 ? "UPDATE event SET at_ns = at_ns / 2 WHERE id % 9 = 0" : "");
    Lanes lanes(view);
    Random random(seed);
    for (int round = 0; round < 100; ++round) {
      view.set_range(random_range(view, random));
      const TimeRange range = view.range();
      std::set<std::pair<EventIndex, EventIndex>> expected;
      const auto events = view.trace().events();
      for (EventIndex i = 0; i < events.size(); ++i) {
        if (events[i].kind != EventKind::deliver || events[i].cause == kNone) continue;
        const auto [begin, end] = std::minmax(events[i].at_ns, events[events[i].cause].at_ns);
        if (begin <= range.end_ns && end >= range.begin_ns) expected.emplace(events[i].cause, i);
      }
      std::set<std::pair<EventIndex, EventIndex>> got;
      for (const Arrow& arrow : lanes.all_messages(1'000'000)) got.emplace(arrow.from, arrow.to);
      CAPTURE(seed, round);
      REQUIRE(got == expected);
      REQUIRE(lanes.total_messages() == expected.size());
      const std::size_t most = 1 + random(50);
      const std::vector<Arrow>& some = lanes.all_messages(most);
      REQUIRE(lanes.total_messages() == expected.size());
      REQUIRE(some.size() <= most);
      if (expected.size() >= 8 * most) REQUIRE(some.size() >= most / 8);
      for (const Arrow& arrow : some) REQUIRE(expected.contains({arrow.from, arrow.to}));
    }
  }
}

TEST_CASE("the arrows of the cursor go two steps, and the cone's messages are there", "[lanes]") {
  Sketch sketch;
  const EventId invoke = sketch.add(EventKind::invoke, {.at_ns = 10, .host = 2, .payload = "a\0b\0c"sv});
  const EventId send = sketch.add(EventKind::send, {.at_ns = 10, .host = 2, .cause = {invoke, CauseKind::user}});
  const EventId deliver = sketch.add(EventKind::deliver, {.at_ns = 500, .cause = {send, CauseKind::message}});
  const EventId receive = sketch.add(EventKind::receive, {.at_ns = 500, .cause = {deliver, CauseKind::message}});
  const EventId apply = sketch.add(EventKind::apply, {.at_ns = 510, .cause = {receive, CauseKind::message}});
  sketch.writer().edge(apply, {invoke, CauseKind::user});
  const EventId other = sketch.add(EventKind::send, {.at_ns = 600, .host = 3});
  sketch.add(EventKind::deliver, {.at_ns = 900, .cause = {other, CauseKind::message}});
  View view(sketch.trace());
  Lanes lanes(view);
  const auto pairs = [&] {
    std::set<std::pair<EventId, EventId>> result;
    for (const Arrow& arrow : lanes.arrows_of_selection()) {
      CHECK(result.emplace(view.trace().id(arrow.from), view.trace().id(arrow.to)).second);
    }
    return result;
  };
  view.show_all();
  view.go_to_id(receive);
  CHECK(pairs() == std::set<std::pair<EventId, EventId>>{{send, deliver}, {deliver, receive}, {receive, apply}});
  view.go_to_id(invoke);
  CHECK(pairs() == std::set<std::pair<EventId, EventId>>{{invoke, send}, {send, deliver}, {invoke, apply}});
  view.go_to_id(apply);
  view.light_cursor();
  view.go_to_id(receive);  // the lit message is near the cursor: once
  CHECK(pairs() == std::set<std::pair<EventId, EventId>>{{send, deliver}, {deliver, receive}, {receive, apply}});
  view.go_to_id(other);
  CHECK(pairs() == std::set<std::pair<EventId, EventId>>{{other, other + 1}, {send, deliver}});
  for (const Arrow& arrow : lanes.arrows_of_selection()) CHECK(arrow.lit == (arrow.from == view.trace().find(send)));
  view.set_range({.begin_ns = 550, .end_ns = 800});  // the lit message is out of sight
  CHECK(pairs() == std::set<std::pair<EventId, EventId>>{{other, other + 1}});
}

TEST_CASE("what was worked out is kept until something changes", "[lanes]") {
  View view = busy_view(1, 500);
  Lanes lanes(view);
  const LaneContent* lane = &lanes.lane(1, 300);
  const auto before = lane->special.data();
  CHECK(lanes.lane(1, 300).special.data() == before);
  view.light_all();
  for (const LaneColumn& column : lanes.lane(1, 300).columns) CHECK(column.lit);
  for (const LaneEvent& event : lanes.lane(1, 300).events) CHECK(event.lit);
  CHECK(lanes.lane(12345, 300).special.empty());
}
