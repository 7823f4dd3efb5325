#include "sim-core/faults/target.hpp"

#include <catch2/catch.hpp>

using namespace stillpoint::faults;
using Which = Target::Which;
using Names = std::vector<std::string>;

namespace {
const Topology kCluster{.hosts = {{"plaza-1", "plaza"}, {"plaza-2", "plaza"}, {"users-1", "users"}},
                        .labels = {"leader"}};
}

TEST_CASE("the words of a target say which, and of whom") {
  struct Row {
    const char* words;
    Which which;
    const char* what;
  };
  const auto row = GENERATE(values<Row>({{"plaza-1", Which::named, "plaza-1"},
                                         {"leader", Which::named, "leader"},
                                         {"any plaza", Which::any, "plaza"},
                                         {"every plaza", Which::every, "plaza"},
                                         {"busiest users", Which::busiest, "users"},
                                         {"*", Which::every, ""},
                                         {"anybody", Which::named, "anybody"}}));
  const Target target = parse_target(row.words);
  CHECK(target.which == row.which);
  CHECK(target.what == row.what);
}

TEST_CASE("those whom a target may come to mean") {
  CHECK(kCluster.possible(parse_target("plaza-2")) == Names{"plaza-2"});
  CHECK(kCluster.possible(parse_target("any plaza")) == Names{"plaza-1", "plaza-2"});
  CHECK(kCluster.possible(parse_target("plaza")) == Names{"plaza-1", "plaza-2"});
  CHECK(kCluster.possible(parse_target("*")) == Names{"plaza-1", "plaza-2", "users-1"});
  CHECK(kCluster.possible(parse_target("leader")) == Names{"plaza-1", "plaza-2", "users-1"});  // whoever is it then
  CHECK(kCluster.possible(parse_target("any nobody")).empty());
}
