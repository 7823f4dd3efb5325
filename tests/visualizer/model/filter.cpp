#include "visualizer/model/filter.hpp"

#include <catch2/catch.hpp>

#include "tests/visualizer/model/sketch.hpp"
#include "visualizer/model/view.hpp"

using namespace stillpoint;
using namespace stillpoint::test;
using namespace stillpoint::view;

namespace {

std::vector<EventId> matches(View& view, const char* filter) {
  view.set_filter(filter);
  while (!view.filter_some(3)) CHECK_FALSE(view.filter_complete());
  CHECK(view.filter_complete());
  CHECK(view.filter_progress() == 1);
  std::vector<EventId> ids;
  for (std::size_t i = 0; i < view.row_count(); ++i) ids.push_back(view.trace().id(view.row(i)));
  return ids;
}

}  // namespace

TEST_CASE("words of a filter must all match", "[filter]") {
  using Ids = std::vector<EventId>;
  Ids all;
  for (EventId id = 1; id <= kSaleEvents; ++id) all.push_back(id);
  View view(SaleFile("UPDATE event SET host = 9 WHERE id = 19").trace());
  struct Case {
    const char* filter;
    Ids expected;
  };
  const Case cases[] = {
      {"", all},
      {"  \t", all},
      {"seat", {kInvoke, kApply, kSecondInvoke, kViolation}},
      {"SEAT 7", {kInvoke, kApply, kSecondInvoke, kViolation}},
      {"seat host:plaza-1", {kApply}},
      {"host:plaza-1", {kBoot, kListen, kDeliver, kWake, kReceive, kApply, kArm, kExpire}},
      {"host:PLA", {kBoot, kListen, kDeliver, kWake, kReceive, kApply, kArm, kExpire}},
      {"host:laza", {}},
      {"host:harness", {kNote, kViolation, kStop}},
      {"kind:send", {kSend}},
      {"kind:s", {kSend, kWake, kStep, kStop}},
      {"kind:nothing", {}},
      {"user:alice", {kStep, kInvoke, kOk}},
      {"user:al", {kStep, kInvoke, kOk}},
      {"user:bob -kind:invoke", {kFail, kInfo}},
      {"user:", {kStep, kInvoke, kOk, kSecondInvoke, kFail, kThirdInvoke, kInfo, kPending}},
      {"conn:17", {kConnect, kSend, kDeliver, kDrop}},
      {"conn:17 -conn:17", {}},
      {"conn:18", {}},
      {"conn:x", {}},
      {"conn:18446744073709551615", {}},
      {"lit", {kBoot, kSend, kDeliver, kWake, kReceive, kApply, kOk, kFail, kViolation}},
      {"-lit kind:arm", {kArm}},
      {"marked", {kDrop}},
      {"-marked kind:drop", {}},
      {"timer", {kArm, kExpire}},
      {"deliver", {kDeliver}},
      {"users-1 boot", {}},
      {"no such words", {}},
      {"\xff", {}},
  };
  for (const Case& one : cases) {
    CAPTURE(one.filter);
    CHECK(matches(view, one.filter) == one.expected);
    CHECK(view.filter() == one.filter);
  }
}

TEST_CASE("a whole name means itself, not all that begin with it", "[filter]") {
  Sketch sketch;
  sketch.writer().host(4,
                       "users-10\0users\0"
                       "10.0.0.4"sv);
  const EventId one = sketch.add(EventKind::invoke, {.host = 2, .payload = "al\0f\0"sv});
  const EventId ten = sketch.add(EventKind::invoke, {.host = 4, .payload = "alice\0f\0"sv});
  View view(sketch.trace());
  CHECK(matches(view, "host:users-1") == std::vector{one});
  CHECK(matches(view, "host:users-") == std::vector{one, ten});
  CHECK(matches(view, "user:al") == std::vector{one});
  CHECK(matches(view, "user:a") == std::vector{one, ten});
}

TEST_CASE("a filter works piece by piece, and begins anew when the cone changes", "[filter]") {
  View view(SaleFile().trace());
  view.set_filter("lit");
  CHECK_FALSE(view.filter_some(5));
  CHECK(view.row_count() == 3);
  CHECK(view.filter_progress() == Approx(5.0 / 22));
  CHECK(view.filter_some(1000));
  CHECK(view.row_count() == 9);
  CHECK(view.filter_some(1000));
  CHECK(view.row_count() == 9);
  view.light_all();
  CHECK_FALSE(view.filter_complete());
  CHECK(view.row_count() == 0);
  CHECK(view.filter_some(1000));
  CHECK(view.row_count() == kSaleEvents);
}

TEST_CASE("rows are found by their events", "[filter]") {
  View view(SaleFile().trace());
  CHECK(view.row_of(7) == 7);
  CHECK(view.row_of(kNone) == kSaleEvents - 1);
  REQUIRE(matches(view, "user:bob").size() == 4);
  for (std::size_t row = 0; row < view.row_count(); ++row) CHECK(view.row_of(view.row(row)) == row);
  CHECK(view.row_of(0) == 0);
  CHECK(view.row_of(view.row(1) + 1) == (view.row(2) == view.row(1) + 1 ? 2 : 1));
  CHECK(view.row_of(kSaleEvents - 1) == 3);
  CHECK(view.row(4) == kNone);
}
