#include "sim-core/engine/event_queue.hpp"

#include <catch2/catch.hpp>
#include <deque>
#include <map>
#include <random>
#include <set>
#include <tuple>

#include "tests/base/ends.hpp"

using namespace stillpoint;
using namespace std::chrono_literals;

namespace {

struct Probe final : Event {
  explicit Probe(int which = 0) : number(which) {}
  void fire() override { ++fired; }
  int number;
  int fired = 0;
};

VirtualTime at(Duration duration) { return VirtualTime(duration); }

// The text of the assertion that ends the process.
template <typename Function>
std::string broken_by(Function what) {
  const test::Ending ending = test::ending_of(what);
  return ending.exit_code == test::kAssertionFailed ? ending.errors : "no assertion was broken";
}

int next_of(EventQueue& queue) { return static_cast<Probe&>(queue.pop()).number; }

}  // namespace

TEST_CASE("events come in the order of their times, and time moves with them") {
  EventQueue queue;
  Probe late(3), early(1), middle(2);
  queue.schedule(late, at(3ms));
  queue.schedule(early, at(1ms));
  queue.schedule(middle, at(2ms));
  CHECK(queue.size() == 3);
  CHECK(queue.now() == at(0s));
  CHECK(queue.next_time() == at(1ms));
  CHECK(next_of(queue) == 1);
  CHECK(queue.now() == at(1ms));
  CHECK_FALSE(early.scheduled());
  CHECK(late.scheduled());
  CHECK(next_of(queue) == 2);
  CHECK(next_of(queue) == 3);
  CHECK(queue.now() == at(3ms));
  CHECK(queue.empty());
}

TEST_CASE("simultaneous events come in the order of their scheduling") {
  EventQueue queue;
  std::deque<Probe> events;
  for (int i = 0; i < 100; ++i) queue.schedule(events.emplace_back(i), at(1ms));
  for (int i = 0; i < 100; ++i) CHECK(next_of(queue) == i);
}

TEST_CASE("a rank decides among the simultaneous, and only among them") {
  EventQueue queue;
  Probe third(3), first(1), second(2), fourth(4);
  queue.schedule(third, at(1ms), 9);
  queue.schedule(first, at(1ms), 0);
  queue.schedule(second, at(1ms), 0x1'000'005);  // only the low 24 bits count: 5
  queue.schedule(fourth, at(2ms), 0);
  for (int i = 1; i <= 4; ++i) CHECK(next_of(queue) == i);
}

TEST_CASE("scheduling again moves an event, and counts as its newest scheduling") {
  EventQueue queue;
  Probe moved(1), other(2);
  queue.schedule(moved, at(1ms));
  queue.schedule(other, at(5ms));
  queue.schedule(moved, at(9ms));
  CHECK(queue.size() == 2);
  CHECK(queue.next_time() == at(5ms));
  queue.schedule(moved, at(2ms));
  CHECK(queue.next_time() == at(2ms));
  queue.schedule(moved, at(5ms));
  CHECK(next_of(queue) == 2);
  CHECK(next_of(queue) == 1);
}

TEST_CASE("a cancelled event is gone, and cancelling it again does nothing") {
  EventQueue queue;
  Probe cancelled(1), kept(2);
  queue.schedule(cancelled, at(1ms));
  queue.schedule(kept, at(2ms));
  queue.cancel(cancelled);
  queue.cancel(cancelled);
  CHECK_FALSE(cancelled.scheduled());
  CHECK(queue.size() == 1);
  CHECK(next_of(queue) == 2);
  queue.schedule(cancelled, at(2ms));  // now() itself is allowed
  CHECK(next_of(queue) == 1);
}

TEST_CASE("an event may be scheduled again while it fires") {
  struct Ticker final : Event {
    explicit Ticker(EventQueue& owner) : queue(owner) {}
    void fire() override {
      if (++ticks < 5) queue.schedule(*this, queue.now() + 10ms);
    }
    EventQueue& queue;
    int ticks = 0;
  };
  EventQueue queue;
  Ticker ticker(queue);
  queue.schedule(ticker, at(0s));
  while (!queue.empty()) queue.pop().fire();
  CHECK(ticker.ticks == 5);
  CHECK(queue.now() == at(40ms));
}

TEST_CASE("time can be moved to where nothing is due before") {
  EventQueue queue;
  Probe event;
  queue.schedule(event, at(5ms));
  queue.advance(at(3ms));
  CHECK(queue.now() == at(3ms));
  queue.advance(at(5ms));
  CHECK(next_of(queue) == 0);
  queue.advance(at(1h));
  CHECK(queue.now() == at(1h));
}

TEST_CASE("random operations agree with an ordered set") {
  const auto seed = GENERATE(range(1u, 31u));
  std::mt19937 random(seed);
  EventQueue queue;
  std::deque<Probe> events;
  for (int i = 0; i < 200; ++i) events.emplace_back(i);

  using Key = std::tuple<VirtualTime, std::uint32_t, std::uint64_t, int>;  // time, rank, serial, which
  std::set<Key> model;
  std::map<int, Key> place;
  std::uint64_t serial = 0;
  const auto forget = [&](int which) {
    const auto found = place.find(which);
    if (found == place.end()) return;
    model.erase(found->second);
    place.erase(found);
  };

  for (int i = 0; i < 4'000; ++i) {
    Probe& event = events[random() % events.size()];
    const auto operation = random() % 10;
    if (operation < 5) {
      // Few distinct times and ranks, so that there are many ties.
      const VirtualTime when = queue.now() + std::chrono::microseconds(random() % 20);
      const auto rank = static_cast<Rank>(random() % 3);
      queue.schedule(event, when, rank);
      forget(event.number);
      const Key key{when, rank, ++serial, event.number};
      model.insert(key);
      place[event.number] = key;
    } else if (operation < 7) {
      queue.cancel(event);
      forget(event.number);
    } else if (!model.empty()) {
      const Key first = *model.begin();
      REQUIRE(queue.next_time() == std::get<0>(first));
      REQUIRE(next_of(queue) == std::get<3>(first));
      REQUIRE(queue.now() == std::get<0>(first));
      forget(std::get<3>(first));
    }
    REQUIRE(queue.size() == model.size());
    REQUIRE(queue.empty() == model.empty());
    REQUIRE(event.scheduled() == place.contains(event.number));
  }
  while (!model.empty()) {
    REQUIRE(next_of(queue) == std::get<3>(*model.begin()));
    forget(std::get<3>(*model.begin()));
  }
}

TEST_CASE("going back in time is a bug of the harness") {
  const auto scheduled_in_the_past = [] {
    EventQueue queue;
    Probe first, second;
    queue.schedule(first, at(5ms));
    queue.pop();
    queue.schedule(second, at(4ms));
  };
  CHECK_THAT(broken_by(scheduled_in_the_past), Catch::Contains("at >= now_"));

  const auto advanced_backwards = [] {
    EventQueue queue;
    queue.advance(at(5ms));
    queue.advance(at(4ms));
  };
  CHECK_THAT(broken_by(advanced_backwards), Catch::Contains("to >= now_"));

  const auto advanced_past_an_event = [] {
    EventQueue queue;
    Probe event;
    queue.schedule(event, at(5ms));
    queue.advance(at(6ms));
  };
  CHECK_THAT(broken_by(advanced_past_an_event), Catch::Contains("heap_.front().at >= to"));
}

TEST_CASE("so are taking from an empty queue, and an event that dies while it is scheduled") {
  CHECK_THAT(broken_by([] { EventQueue().pop(); }), Catch::Contains("!heap_.empty()"));
  CHECK_THAT(broken_by([] { EventQueue().next_time(); }), Catch::Contains("!heap_.empty()"));
  const auto dying = [] {
    EventQueue queue;
    Probe event;
    queue.schedule(event, at(1ms));
  };
  CHECK_THAT(broken_by(dying), Catch::Contains("!scheduled()"));
}
