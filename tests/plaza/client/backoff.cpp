#include "system-under-test/plaza/client/backoff.hpp"

#include <catch2/catch.hpp>
#include <vector>

using namespace plaza;
using namespace std::chrono_literals;

namespace {

std::vector<Backoff::Duration> pauses(Backoff& backoff, int count) {
  std::vector<Backoff::Duration> all;
  for (int i = 0; i < count; ++i) all.push_back(backoff.next());
  return all;
}

}  // namespace

TEST_CASE("pauses double up to their limit, and half of each is certain", "[plaza][client]") {
  struct Case {
    const char* what;
    std::function<std::uint64_t()> draw;
    std::vector<Backoff::Duration> expected;
  };
  const std::vector<Case> cases{
      {"no draws: whole", {}, {50ms, 100ms, 200ms, 300ms, 300ms}},
      {"the least", [] { return 0; }, {25ms, 50ms, 100ms, 150ms, 150ms}},
      {"one nanosecond more", [] { return 1; }, {25ms + 1ns, 50ms + 1ns, 100ms + 1ns, 150ms + 1ns, 150ms + 1ns}},
      {"the most",
       [n = 25'000'000ull]() mutable { return std::exchange(n, std::min(n * 2, 150'000'000ull)); },
       {50ms, 100ms, 200ms, 300ms, 300ms}},
  };
  for (const Case& one : cases) {
    INFO(one.what);
    Backoff backoff(50ms, 300ms, one.draw);
    CHECK(pauses(backoff, 5) == one.expected);
  }
}

TEST_CASE("no draw leaves the bounds of a pause", "[plaza][client]") {
  std::uint64_t state = 1;
  Backoff backoff(10ms, 10ms, [&state] { return state = state * 6364136223846793005 + 1442695040888963407; });
  for (int i = 0; i < 10'000; ++i) {
    const Backoff::Duration pause = backoff.next();
    CHECK((pause >= 5ms && pause <= 10ms));
  }
}

TEST_CASE("after a reset pauses begin anew; a first pause is not longer than the longest", "[plaza][client]") {
  Backoff backoff(50ms, 300ms, {});
  pauses(backoff, 4);
  backoff.reset();
  CHECK(backoff.next() == 50ms);
  CHECK(Backoff(50ms, 30ms, {}).next() == 30ms);
}
