#include "sim-core/campaign/schedule.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <vector>

using namespace stillpoint;
using campaign::Purpose;
using campaign::Schedule;
using campaign::Series;
using campaign::Task;

namespace {

Series series(Purpose purpose, std::optional<std::uint64_t> seeds) {
  Series one;
  one.purpose = purpose;
  one.seeds = seeds;
  return one;
}

std::vector<Task> take(Schedule& schedule, std::size_t most) {
  std::vector<Task> tasks;
  while (tasks.size() < most) {
    const std::optional<Task> task = schedule.next();
    if (!task) break;
    tasks.push_back(*task);
  }
  return tasks;
}

}  // namespace

TEST_CASE("known cases first, then canaries, then a seed of each scenario in turn") {
  const std::vector<Series> all = {series(Purpose::fuzz, 2), series(Purpose::canary, 2), series(Purpose::regression, 1),
                                   series(Purpose::fuzz, 3), series(Purpose::regression, 1)};
  Schedule schedule(all);
  CHECK(take(schedule, 100) ==
        std::vector<Task>{{2, 0}, {4, 0}, {1, 0}, {1, 1}, {0, 0}, {3, 0}, {0, 1}, {3, 1}, {3, 2}});
  CHECK_FALSE(schedule.next());
}

TEST_CASE("what an earlier session has done is not done again") {
  const std::vector<Series> all = {series(Purpose::fuzz, 6)};
  Schedule schedule(all);
  for (const std::uint64_t done : {0u, 1u, 3u, 5u}) schedule.skip({0, done});
  CHECK(take(schedule, 100) == std::vector<Task>{{0, 2}, {0, 4}});
}

TEST_CASE("a series without an end goes on") {
  const std::vector<Series> all = {series(Purpose::fuzz, std::nullopt), series(Purpose::fuzz, 1)};
  Schedule schedule(all);
  const std::vector<Task> tasks = take(schedule, 1000);
  REQUIRE(tasks.size() == 1000);
  CHECK(tasks[1] == Task{1, 0});
  CHECK(tasks.back() == Task{0, 998});
}

TEST_CASE("a scenario whose first failure is enough is run up to that, and the others go on") {
  const std::vector<Series> all = {series(Purpose::fuzz, 100), series(Purpose::fuzz, 4)};
  Schedule schedule(all, stillpoint::campaign::Until::first_failure);
  CHECK(take(schedule, 2) == std::vector<Task>{{0, 0}, {1, 0}});
  schedule.found({0, 0});
  CHECK(take(schedule, 100) == std::vector<Task>{{1, 1}, {1, 2}, {1, 3}});
  Schedule all_of_it(all);
  all_of_it.found({0, 0});
  CHECK(take(all_of_it, 200).size() == 104);
}

TEST_CASE("a canary is run up to the first seed that finds its bug, and no further") {
  const std::vector<Series> all = {series(Purpose::canary, 100)};
  Schedule schedule(all);
  CHECK(take(schedule, 4).back() == Task{0, 3});
  schedule.found({0, 2});
  CHECK_FALSE(schedule.next());

  SECTION("seeds before it are still wanted after an interruption") {
    Schedule resumed(all);
    resumed.skip({0, 0});
    resumed.skip({0, 2});
    resumed.found({0, 2});
    CHECK(take(resumed, 100) == std::vector<Task>{{0, 1}});
  }
  SECTION("the first counts, whenever it ends") {
    Schedule unordered(all);
    CHECK(take(unordered, 3).size() == 3);
    unordered.found({0, 5});
    unordered.found({0, 1});
    CHECK_FALSE(unordered.next());
  }
}

TEST_CASE("seeds of a series count up from the first, and wrap") {
  Series one;
  one.request.seed = 0xFFFFFFFFFFFFFFFF;
  CHECK(one.nth(0).seed == 0xFFFFFFFFFFFFFFFF);
  CHECK(one.nth(2).seed == 1);
}

TEST_CASE("the gravest verdict is a campaign's") {
  const Verdict order[] = {
      Verdict::harness_bug, Verdict::nondeterminism, Verdict::safety,      Verdict::crash,     Verdict::deadlock,
      Verdict::liveness,    Verdict::runaway,        Verdict::unsupported, Verdict::undecided, Verdict::pass};
  for (std::size_t i = 0; i < std::size(order); ++i) {
    for (std::size_t k = i; k < std::size(order); ++k) {
      CHECK(campaign::gravest(order[i], order[k]) == order[i]);
      CHECK(campaign::gravest(order[k], order[i]) == order[i]);
    }
    CHECK(campaign::verdict_of_exit_code(exit_code(order[i])) == order[i]);
  }
  CHECK(campaign::verdict_of_exit_code(99) == Verdict::harness_bug);
}
