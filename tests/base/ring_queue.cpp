#include "sim-core/base/ring_queue.hpp"

#include <catch2/catch.hpp>
#include <deque>
#include <memory>
#include <random>

#include "tests/base/ends.hpp"

using namespace stillpoint;

TEST_CASE("a ring queue does what a deque does") {
  const auto seed = GENERATE(range(1u, 21u));
  std::mt19937 random(seed);
  RingQueue<int> queue;
  std::deque<int> model;
  int next = 0;
  for (int i = 0; i < 2'000; ++i) {
    // Phases of growth and of decline, so that it wraps at many sizes.
    const auto push_percent = (i / 200) % 2 == 0 ? 65u : 40u;
    if (model.empty() || random() % 100 < push_percent) {
      queue.push(next);
      model.push_back(next++);
    } else {
      REQUIRE(queue.pop() == model.front());
      model.pop_front();
    }
    REQUIRE(queue.size() == model.size());
    REQUIRE(queue.empty() == model.empty());
    if (model.empty()) continue;
    REQUIRE(queue.front() == model.front());
    REQUIRE(queue.back() == model.back());
  }
}

TEST_CASE("a ring queue holds what can only be moved") {
  RingQueue<std::unique_ptr<int>> queue;
  for (int i = 0; i < 9; ++i) queue.push(std::make_unique<int>(i));
  for (int i = 0; i < 9; ++i) CHECK(*queue.pop() == i);
}

TEST_CASE("a popped value leaves nothing behind") {
  RingQueue<std::shared_ptr<int>> queue;
  const auto value = std::make_shared<int>(1);
  queue.push(value);
  static_cast<void>(queue.pop());
  CHECK(value.use_count() == 1);
}

TEST_CASE("the front of an empty queue is a bug of the harness") {
  CHECK(test::ending_of([] { static_cast<void>(RingQueue<int>().front()); }).exit_code == test::kAssertionFailed);
  CHECK(test::ending_of([] { static_cast<void>(RingQueue<int>().pop()); }).exit_code == test::kAssertionFailed);
}
