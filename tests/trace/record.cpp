#include "sim-core/trace/record.hpp"

#include <catch2/catch.hpp>
#include <set>
#include <string>

using namespace stillpoint;

TEST_CASE("every kind has a name of its own") {
  std::set<std::string_view> names;
  for (std::uint8_t kind = 1; kind < kEventKinds; ++kind) names.insert(name_of(static_cast<EventKind>(kind)));
  CHECK(names.size() == kEventKinds - 1u);
  CHECK_FALSE(names.contains("unknown"));
  CHECK_FALSE(names.contains("none"));
}

TEST_CASE("the names that traces are read by") {
  CHECK(name_of(EventKind::boot) == "boot");
  CHECK(name_of(EventKind::stop) == "stop");
  CHECK(name_of(EventKind::violation) == "violation");
  CHECK(name_of(static_cast<EventKind>(kEventKinds)) == "unknown");
  CHECK(name_of(CauseKind::none) == "none");
  CHECK(name_of(CauseKind::wakeup) == "wake-up");
  CHECK(name_of(CauseKind::state) == "state");
  CHECK(name_of(Segment::syn) == "syn");
  CHECK(name_of(Segment::rst) == "rst");
}

TEST_CASE("a record's size is a multiple of eight") {
  CHECK(record_size(0) == 56);
  CHECK(record_size(1) == 64);
  CHECK(record_size(8) == 64);
  CHECK(record_size(9) == 72);
}
