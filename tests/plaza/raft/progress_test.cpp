#include "system-under-test/plaza/raft/progress.hpp"

#include <catch2/catch.hpp>

namespace plaza::raft {
namespace {

constexpr Index kLast = 10;  // of the leader's log, all of it committed

// Of a follower that has all up to entry 5, with a window of two appends.
Progress replicating() {
  Progress progress(6, 2);
  progress.sent(5, kLast);
  REQUIRE(progress.acknowledged(5, 1));
  REQUIRE(progress.state() == Progress::State::replicate);
  return progress;
}

TEST_CASE("A probe is sent once, and again when a heartbeat of another interval is answered") {
  Progress progress(11, 2);
  CHECK(progress.wants_append(kLast, 0));  // it tells who leads, though there is no news
  CHECK_FALSE(progress.may_carry_entries());
  progress.sent(10, 0);
  CHECK_FALSE(progress.wants_append(kLast, kLast));
  progress.heard(kLast);  // to a heartbeat from before
  CHECK_FALSE(progress.wants_append(kLast, kLast));
  progress.heartbeat_interval_began();
  progress.heard(kLast);
  CHECK(progress.wants_append(kLast, 0));
  progress.sent(10, kLast);
  progress.heard(kLast);  // one in an interval
  CHECK_FALSE(progress.wants_append(kLast, kLast));
}

TEST_CASE("A refused probe goes back to the hint, and not before what is acknowledged") {
  struct Case {
    Index refused, hint;
    bool is_news;
    Index next;
  };
  const auto c = GENERATE(values<Case>({{9, 6, true, 7},
                                        {9, 2, true, 6},    // 5 is acknowledged
                                        {9, 99, true, 9},   // one back at least
                                        {8, 6, false, 10},  // late: another probe's
                                        {10, 6, false, 10}}));
  Progress progress = replicating();
  progress.sent(10, kLast);
  REQUIRE(progress.rejected(10, 0));  // everything in flight is in doubt: from what is acknowledged on
  REQUIRE(progress.next() == 6);
  progress = Progress(10, 2);
  if (c.next == 6) {
    progress = replicating();
    progress.became_unreachable();
    CHECK_FALSE(progress.rejected(5, 2));  // acknowledged before: its disk has forgotten
    CHECK(progress.next() == c.next);
    return;
  }
  CHECK(progress.rejected(c.refused, c.hint) == c.is_news);
  CHECK(progress.next() == c.next);
}

TEST_CASE("Appends follow one another until the window is full") {
  Progress progress = replicating();
  progress.sent(6, kLast);
  progress.sent(7, kLast);
  CHECK(progress.in_flight() == 2);
  CHECK(progress.next() == 8);
  CHECK_FALSE(progress.wants_append(kLast, kLast));
  CHECK_FALSE(progress.acknowledged(5, 1));  // late
  CHECK_FALSE(progress.wants_append(kLast, kLast));
  CHECK(progress.acknowledged(6, 1));
  CHECK(progress.wants_append(kLast, kLast));
  CHECK(progress.acknowledged(10, 1));
  CHECK(progress.in_flight() == 0);
  CHECK(progress.next() == 11);
}

TEST_CASE("With a full window an answered heartbeat lets an append without entries go") {
  Progress progress = replicating();
  progress.sent(6, kLast);
  progress.sent(7, kLast);
  progress.heartbeat_interval_began();
  progress.heard(kLast);
  CHECK(progress.wants_append(kLast, kLast));
  CHECK_FALSE(progress.may_carry_entries());
  progress.sent(7, kLast);
  CHECK(progress.next() == 8);
  CHECK_FALSE(progress.wants_append(kLast, kLast));
}

TEST_CASE("A commit index is sent once") {
  Progress progress = replicating();
  progress.sent(10, 7);
  CHECK_FALSE(progress.wants_append(kLast, 7));
  CHECK(progress.wants_append(kLast, 8));
  progress.sent(10, 8);
  CHECK_FALSE(progress.wants_append(kLast, 8));
}

TEST_CASE("While a snapshot is sent nothing else is; what follows begins behind it, when the follower is heard of") {
  const auto [mark, next] = GENERATE(table<std::optional<Mark>, Index>({{Mark{.index = 8, .term = 1}, 9},
                                                                        {std::nullopt, 6},
                                                                        {Mark{.index = 3, .term = 1}, 6},
                                                                        {Mark{.index = 99, .term = 1}, 11}}));
  Progress progress = replicating();
  progress.begin_snapshot();
  progress.heartbeat_interval_began();
  progress.heard(kLast);
  CHECK_FALSE(progress.wants_append(kLast, kLast));
  CHECK_FALSE(progress.rejected(9, 2));
  progress.end_snapshot(mark, kLast);
  CHECK(progress.next() == next);
  CHECK(progress.state() == Progress::State::probe);
  CHECK_FALSE(progress.wants_append(kLast, kLast));
  progress.heartbeat_interval_began();
  progress.heard(kLast);
  CHECK(progress.wants_append(kLast, kLast));
}

TEST_CASE("A follower that acknowledges what the log follows on needs no snapshot any more") {
  Progress progress = replicating();
  progress.begin_snapshot();
  CHECK(progress.acknowledged(6, 8));
  CHECK(progress.state() == Progress::State::snapshot);
  CHECK(progress.acknowledged(7, 8));
  CHECK(progress.state() == Progress::State::replicate);
}

TEST_CASE("What could not be sent is not sent again before the follower is heard of") {
  Progress progress = replicating();
  progress.sent(6, kLast);
  progress.became_unreachable();
  CHECK(progress.next() == 6);
  CHECK_FALSE(progress.wants_append(kLast, kLast));
  progress.heartbeat_interval_began();
  progress.heard(kLast);
  CHECK(progress.wants_append(kLast, kLast));
}

}  // namespace
}  // namespace plaza::raft
