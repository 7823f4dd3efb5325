#include "system-under-test/plaza/replica/clocks.hpp"

#include <catch2/catch.hpp>
#include <thread>

using namespace plaza;
using namespace std::chrono_literals;

TEST_CASE("a leader's clock goes on from where the log was, and forward only") {
  LogClock clock;
  clock.begin(5s);
  const LogTime first = clock.now();
  CHECK(first >= 5s);
  CHECK(first < 15s);
  std::this_thread::sleep_for(2ms);
  const LogTime second = clock.now();
  CHECK(second - first >= 2ms);
  clock.begin(5s);  // elected once more, and the log has not moved
  CHECK(clock.now() < second);
}

TEST_CASE("a wake-up is one tick, however late it comes") {
  TickCounter ticks(1ms, false);
  CHECK(ticks.count() == 1);
  std::this_thread::sleep_for(20ms);
  CHECK(ticks.count() == 1);
}

TEST_CASE("by the wall clock, what was slept through is counted") {
  TickCounter ticks(1ms, true);
  std::this_thread::sleep_for(20ms);
  CHECK(ticks.count() >= 20);
  CHECK(ticks.count() <= 1);
}
