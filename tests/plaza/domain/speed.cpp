// How long a command takes. Hidden: what it says depends on the machine it runs on. `test_plaza_machine [speed]`
#include <catch2/catch.hpp>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

#include "tests/plaza/domain/office.hpp"

using namespace plaza;
using namespace plaza::tickets;

namespace {

constexpr int kUsers = 5'000;

// A hold, its purchase, and its payment, for user after user. In µs a command.
double us_per_command(const std::string& event) {
  Office office;
  office.open(gala(kCapacityMost));
  office.open(picnic(kCapacityMost));
  std::vector<std::string> entries;
  LogTime time{};
  for (int i = 0; i < 2 * kUsers; ++i) {
    const std::string user = "user-number-" + std::to_string(i * 7919 % kUsers);
    const std::string id = "request-0-" + std::to_string(i);
    time += LogTime(10);
    entries.push_back(encode(command(time, {user, "h" + id}, hold(1, event))));
    entries.push_back(encode(command(time, {user, "p" + id}, buy_hold("h" + id, event))));
    entries.push_back(encode(command(time, {user, "p" + id}, paid(event))));
  }
  // The first half makes ten thousand answers that are remembered.
  const std::size_t half = entries.size() / 2;
  for (std::size_t i = 0; i < half; ++i) office.apply(entries[i]);
  office.machine.take_changes();
  std::uint64_t hashes = 0;
  // Of this process alone: whatever else the machine has to do does not count.
  const std::clock_t start = std::clock();
  for (std::size_t i = half; i < entries.size(); ++i) {
    office.apply(entries[i]);
    hashes += office.machine.hash();
    if (i % 1000 == 0) office.machine.take_changes();
  }
  const double taken_us = 1e6 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  CHECK(office.counts(event).sold == 2 * kUsers);
  CHECK(hashes != 0);
  return taken_us / static_cast<double>(entries.size() - half);
}

}  // namespace

TEST_CASE("speed of hold, purchase and settlement", "[.][speed]") {
  for (const std::string& event : {kGala, kPicnic}) {
    const double us = us_per_command(event);
    std::printf("%s: %.2f us per command\n", event.c_str(), us);
    CHECK(us < 5);
  }
}
