#include "sim-core/base/nearest.hpp"

#include <catch2/catch.hpp>

using namespace stillpoint;

TEST_CASE("the nearest name is the one with the fewest slips") {
  const std::vector<std::string> names = {"users.count", "users.hosts", "tickets.capacity", "seed"};
  struct Row {
    const char* wrong;
    const char* nearest;
  };
  const auto row = GENERATE(values<Row>({{"users.count", "users.count"},
                                         {"user.count", "users.count"},   // one missing
                                         {"users.cuont", "users.count"},  // two swapped are two substitutions
                                         {"users.host", "users.hosts"},   //
                                         {"tickets.capasity", "tickets.capacity"},
                                         {"tikets.kapasity", "tickets.capacity"},  // a third of a long name may differ
                                         {"sede", "seed"},
                                         {"see", "seed"},
                                         {"soup", ""},  // three slips are too many for a short name
                                         {"", ""},
                                         {"nothing like it", ""}}));
  INFO(row.wrong);
  CHECK(nearest_name(row.wrong, names) == row.nearest);
}

TEST_CASE("of equally near names the first is taken") {
  const std::vector<std::string> names = {"abd", "abe"};
  CHECK(nearest_name("abc", names) == "abd");
}

TEST_CASE("without names, or with a monstrous one, nothing is near") {
  CHECK(nearest_name("users", {}).empty());
  const std::vector<std::string> names = {std::string(300, 'a')};
  CHECK(nearest_name(std::string(300, 'a'), names).empty());
}

TEST_CASE("the question is ready to follow a sentence") {
  const std::vector<std::string> names = {"seed"};
  CHECK(did_you_mean("sed", names) == " Did you mean 'seed'?");
  CHECK(did_you_mean("ticket", names).empty());
}
