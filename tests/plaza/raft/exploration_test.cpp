#include "tests/plaza/raft/exploration.hpp"

#include <catch2/catch.hpp>
#include <iostream>
#include <string>
#include <vector>

#include "tests/plaza/raft/effort.hpp"

namespace plaza::raft::test {
namespace {

using Disk = ExplorationBounds::Disk;
using Driver = ExplorationBounds::Driver;

// Figure 8 of the paper, with three nodes: node 1 led term 2 and node 3 led term 3, and each has an entry at index 1
// that nobody else has. Node 1 has heard of term 3.
const std::vector<std::string> kFigure8 = {
    "campaign 1", "deliver 1->3 vote", "deliver 1->2 vote", "deliver 2->1 vote_reply", "propose 1",
    "campaign 3", "deliver 3->1 vote", "deliver 3->2 vote", "deliver 2->3 vote_reply", "propose 3"};

std::string told(const Exploration& exploration) {
  std::string text = exploration.violation.value_or("no violation");
  for (const std::string& step : exploration.course) text += "\n  " + step;
  return text;
}

void explore_all(const char* name, const ExplorationBounds& bounds) {
  const Exploration exploration = explore(bounds);
  std::cout << "explored, " << name << ": " << exploration.states << " states, " << exploration.steps
            << " steps, depth " << exploration.deepest << ", something committed in " << exploration.committing << "\n";
  INFO(name << ": " << told(exploration));
  CHECK_FALSE(exploration.violation);
  CHECK(exploration.is_complete);
  CHECK(exploration.committing > exploration.states / 4);  // or it has explored nothing that matters
}

TEST_CASE("Every course of three nodes within bounds keeps what raft promises") {
  explore_all(
      "one term, a message twice, a crash",
      {.term_most = 2, .proposals = 0, .crashes = 1, .duplicates = 1, .packets_most = 2, .disk = Disk::at_once});
  explore_all("what follows on figure 8", {.term_most = 4,
                                           .proposals = 2,
                                           .crashes = 0,
                                           .duplicates = 0,
                                           .packets_most = 2,
                                           .disk = Disk::at_once,
                                           .begin = kFigure8});
  if (kIsSanitized) return;
  explore_all(
      "one term, one proposal, messages lost and overtaken",
      {.term_most = 2, .proposals = 1, .crashes = 0, .duplicates = 0, .packets_most = 3, .disk = Disk::at_once});
  explore_all("one term, late disks, a crash",
              {.term_most = 2, .proposals = 0, .crashes = 1, .duplicates = 0, .packets_most = 2, .disk = Disk::late});
  explore_all(
      "two terms, a crash",
      {.term_most = 3, .proposals = 0, .crashes = 1, .duplicates = 0, .packets_most = 2, .disk = Disk::at_once});
}

// For a night: test_plaza_raft "[long]".
TEST_CASE("Every course of three nodes within wider bounds keeps what raft promises", "[.][long]") {
  explore_all(
      "two terms, one proposal",
      {.term_most = 3, .proposals = 1, .crashes = 0, .duplicates = 0, .packets_most = 2, .disk = Disk::at_once});
  explore_all("two terms, late disks, a crash",
              {.term_most = 3, .proposals = 0, .crashes = 1, .duplicates = 0, .packets_most = 2, .disk = Disk::late});
  explore_all("what follows on figure 8, in one more term", {.term_most = 5,
                                                             .proposals = 2,
                                                             .crashes = 0,
                                                             .duplicates = 0,
                                                             .packets_most = 2,
                                                             .disk = Disk::at_once,
                                                             .begin = kFigure8});
}

TEST_CASE("The exploration finds what is wrong") {
  struct Case {
    const char* name;
    ExplorationBounds bounds;
    const char* violation;
  };
  Bugs old_term;
  old_term.commit_by_counting_old_term = true;
  Bugs tail;
  tail.ack_unchecked_tail = true;
  const auto c = GENERATE_COPY(values<Case>({
      {"C02, from figure 8 on",
       {.term_most = 5,
        .proposals = 2,
        .crashes = 0,
        .duplicates = 0,
        .packets_most = 2,
        .disk = Disk::at_once,
        .bugs = old_term,
        .begin = kFigure8},
       "leader completeness"},
      {"C13",
       {.term_most = 4,
        .proposals = 1,
        .crashes = 0,
        .duplicates = 0,
        .packets_most = 2,
        .disk = Disk::at_once,
        .bugs = tail},
       ""},
      {"a vote that is forgotten",
       {.term_most = 2,
        .proposals = 0,
        .crashes = 1,
        .duplicates = 1,
        .packets_most = 3,
        .disk = Disk::at_once,
        .driver = Driver::forgets_vote},
       "election safety"},
      {"answers before the write",
       {.term_most = 2,
        .proposals = 0,
        .crashes = 1,
        .duplicates = 0,
        .packets_most = 3,
        .disk = Disk::late,
        .driver = Driver::answers_before_write,
        .begin = {"campaign 1", "deliver 1->3 vote", "crash 3"}},
       ""},
  }));
  const Exploration exploration = explore(c.bounds);
  std::cout << c.name << ": " << exploration.states << " states, then " << told(exploration) << "\n";
  INFO(c.name);
  REQUIRE(exploration.violation);
  CHECK(exploration.violation->starts_with(c.violation));
}

}  // namespace
}  // namespace plaza::raft::test
