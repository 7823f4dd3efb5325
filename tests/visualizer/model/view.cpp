#include "visualizer/model/view.hpp"

#include <catch2/catch.hpp>
#include <limits>

#include "tests/support/shell.hpp"
#include "tests/visualizer/model/sketch.hpp"

using namespace stillpoint;
using namespace stillpoint::test;
using namespace stillpoint::view;

namespace {

constexpr EventIndex place(EventId id) { return static_cast<EventIndex>(id - 1); }

View sale(const char* sql = "") { return View(SaleFile(sql).trace()); }

bool in_sight(const View& view) {
  const std::int64_t at = view.trace().events()[view.cursor()].at_ns;
  return view.range().begin_ns <= at && at <= view.range().end_ns;
}

}  // namespace

TEST_CASE("the viewer opens where it matters", "[view]") {
  SECTION("at the first violation, its cone lit") {
    const View view = sale();
    CHECK(view.cursor() == place(kViolation));
    REQUIRE(view.violation() != nullptr);
    CHECK(view.violation()->invariant == "one-owner");
    for (const EventId lit : {kViolation, kOk, kFail, kApply, kReceive, kDeliver, kSend, kBoot, kWake}) {
      CHECK(view.cone().contains(place(lit)));
    }
    for (const EventId dark : {kStep, kArm, kNote, kStop}) CHECK_FALSE(view.cone().contains(place(dark)));
    CHECK(in_sight(view));
  }
  SECTION("at the end of a run that failed in another way") {
    const View view = sale("DELETE FROM violation; UPDATE event SET kind = 17 WHERE kind = 18");
    CHECK(view.cursor() == place(kStop));
    CHECK(view.violation() == nullptr);
    CHECK(view.cone().lit.empty());
    CHECK(view.range() == view.whole());
  }
  SECTION("at the end of a trace that was cut short") {
    CHECK(sale("UPDATE metadata SET complete = 0; DELETE FROM violation; UPDATE event SET kind = 17 WHERE kind = 18")
              .cursor() == place(kStop));
  }
  SECTION("at the beginning of a run that went well") {
    CHECK(sale("UPDATE metadata SET exit_code = 0; DELETE FROM violation; UPDATE event SET kind = 17 WHERE kind = 18")
              .cursor() == 0);
  }
  SECTION("at a violation of which only the event is there") {
    const View view = sale("DELETE FROM violation; DELETE FROM witness");
    CHECK(view.cursor() == place(kViolation));
    REQUIRE(view.violation() != nullptr);
    CHECK(view.violation()->promised == "a seat has one owner");
  }
  SECTION("nowhere in an empty trace") {
    View view = sale("DELETE FROM event; DELETE FROM violation");
    CHECK(view.cursor() == kNone);
    CHECK(view.violation() == nullptr);
    CHECK_FALSE(view.go_to_start());
    CHECK_FALSE(view.go_to_end());
    CHECK_FALSE(view.step(Along::everything, Direction::forward));
    CHECK(view.go_to_text("1") == "the trace has no events");
    view.light_cursor();
    view.light_violation();
    view.show_cursor();
    view.show_lit();
    CHECK(view.filter_some(10));
    CHECK(view.row_count() == 0);
    CHECK(view.row(0) == kNone);
    CHECK(view.range().length() >= 100);
  }
}

TEST_CASE("the opening range shows the violation's story, and not all that went before", "[view]") {
  Sketch sketch;
  constexpr std::int64_t kMs = 1'000'000;
  // A timer that was armed long ago set off the first witness; the second came by a message.
  const EventId arm = sketch.add(EventKind::arm, {.at_ns = 1 * kMs, .subject = 1});
  const EventId step = sketch.add(EventKind::step, {.at_ns = 900 * kMs, .host = 2, .payload = "a\0b"sv});
  const EventId invoke = sketch.add(
      EventKind::invoke, {.at_ns = 900 * kMs, .host = 2, .cause = {step, CauseKind::user}, .payload = "a\0b\0c"sv});
  const EventId send = sketch.add(EventKind::send, {.at_ns = 900 * kMs, .host = 2, .cause = {invoke, CauseKind::user}});
  const EventId deliver = sketch.add(EventKind::deliver, {.at_ns = 910 * kMs, .cause = {send, CauseKind::message}});
  const EventId receive = sketch.add(EventKind::receive, {.at_ns = 910 * kMs, .cause = {deliver, CauseKind::message}});
  const EventId expire =
      sketch.add(EventKind::expire, {.at_ns = 912 * kMs, .subject = 1, .cause = {arm, CauseKind::arming}});
  const EventId first = sketch.add(EventKind::apply, {.at_ns = 912 * kMs, .cause = {expire, CauseKind::wakeup}});
  const EventId second = sketch.add(EventKind::apply, {.at_ns = 914 * kMs, .cause = {receive, CauseKind::message}});
  const EventId violation = sketch.add(EventKind::violation, {.at_ns = 914 * kMs, .payload = "a\0b\0c\0d"sv});
  sketch.writer().witness(violation, first, "first");
  sketch.writer().witness(violation, second, "second");
  sketch.add(EventKind::stop, {.at_ns = 5000 * kMs, .host = 0});
  View view(sketch.trace());
  CHECK(view.cone().contains(place(arm)));
  CHECK(view.range().begin_ns < 900 * kMs);
  CHECK(view.range().begin_ns > 890 * kMs);
  CHECK(view.range().end_ns > 914 * kMs);
  CHECK(view.range().end_ns < 920 * kMs);
  view.show_lit();
  CHECK(view.range().begin_ns < 1 * kMs);
  CHECK(view.range().end_ns > 914 * kMs);
  CHECK(view.range().end_ns < 1100 * kMs);
}

TEST_CASE("moves are remembered as a browser does", "[view]") {
  View view = sale();
  CHECK_FALSE(view.can_go_back());
  CHECK_FALSE(view.go_back());
  CHECK(view.go_to_id(kSend));
  CHECK(view.step(Along::message, Direction::forward));
  CHECK(view.cursor() == place(kDeliver));
  CHECK(view.go_to_effect(1));
  CHECK(view.cursor() == place(kReceive));
  CHECK(view.go_back());
  CHECK(view.go_back());
  CHECK(view.cursor() == place(kSend));
  CHECK(view.can_go_forward());
  CHECK(view.go_forward());
  CHECK(view.cursor() == place(kDeliver));
  CHECK(view.go_to_cause(0));  // another way: what lay ahead is forgotten
  CHECK(view.cursor() == place(kSend));
  CHECK_FALSE(view.can_go_forward());
  CHECK_FALSE(view.go_forward());
  for (const EventId expected : {kDeliver, kSend, kViolation}) {
    CHECK(view.go_back());
    CHECK(view.cursor() == place(expected));
  }
  CHECK_FALSE(view.go_back());
  CHECK(view.go_to(view.cursor()));  // where we are is no new place
  CHECK_FALSE(view.can_go_back());
  CHECK(view.can_go_forward());
}

TEST_CASE("the history does not grow for ever", "[view]") {
  View view = sale();
  for (int i = 0; i < 5000; ++i) REQUIRE(view.go_to(static_cast<EventIndex>(i % 20)));
  int places = 0;
  while (view.go_back()) ++places;
  CHECK(places == 999);
  CHECK(view.go_forward());
}

TEST_CASE("a move that is not possible changes nothing", "[view]") {
  View view = sale();
  const TimeRange range = view.range();
  CHECK_FALSE(view.go_to(kNone));
  CHECK_FALSE(view.go_to(1000));
  CHECK_FALSE(view.go_to_id(0));
  CHECK_FALSE(view.go_to_cause(0));  // the violation has none
  CHECK_FALSE(view.go_to_effect(0));
  CHECK_FALSE(view.go_to_witness(2));
  CHECK(view.cursor() == place(kViolation));
  CHECK(view.range() == range);
  CHECK_FALSE(view.can_go_back());
  CHECK(view.go_to_witness(1));
  CHECK(view.cursor() == place(kFail));
  CHECK(view.go_to_start());
  CHECK(view.cursor() == 0);
  CHECK(view.go_to_end());
  CHECK(view.cursor() == place(kStop));
}

TEST_CASE("an event or a time is typed", "[view]") {
  View view = sale();
  struct Case {
    const char* text;
    EventId expected;  // 0: an answer instead
    const char* answer;
  };
  const Case cases[] = {
      {"4", kSend, ""},
      {" #4 ", kSend, ""},
      {"#0,004", kSend, ""},
      {"3.204ms", kDeliver, ""},
      {"3204us", kDeliver, ""},
      {"3204 µs", kDeliver, ""},
      {"3,204,000ns", kDeliver, ""},
      {"@0.003204", kDeliver, ""},
      {"@ 3.2 ms", kDeliver, ""},
      {"0.0032", kDeliver, ""},
      {"1.5s", kExpire, ""},
      {"-3s", kBoot, ""},
      {"@4", kStop, ""},
      {"4.1s", 0, "the last event is at 4.000000 s"},
      {"99", 0, "there is no event 99: they are 1 to 22"},
      {"#1,234,567", 0, "there is no event 1,234,567: they are 1 to 22"},
      {"99999999999999999999", 0, "99999999999999999999 is not an event's number"},
      {"#x", 0, "x is not an event's number"},
      {"#", 0, " is not an event's number"},
      {"", 0, "type an event's number, such as 7,024, or a time, such as 3.2s or 90ms"},
      {"s", 0, "type an event's number, such as 7,024, or a time, such as 3.2s or 90ms"},
      {"infs", 0, "type an event's number, such as 7,024, or a time, such as 3.2s or 90ms"},
      {"nan", 0, "type an event's number, such as 7,024, or a time, such as 3.2s or 90ms"},
      {"1e3s", 0, "type an event's number, such as 7,024, or a time, such as 3.2s or 90ms"},
      {"99999999999999999999.0s", 0, "type an event's number, such as 7,024, or a time, such as 3.2s or 90ms"},
      {"seat\xff", 0, "type an event's number, such as 7,024, or a time, such as 3.2s or 90ms"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.text);
    view.go_to_end();
    const std::optional<std::string> answer = view.go_to_text(one.text);
    CHECK(answer.value_or("") == one.answer);
    CHECK(view.trace().id(view.cursor()) == (one.expected == 0 ? kStop : one.expected));
  }
}

TEST_CASE("the range stays in the trace, whatever is asked", "[view]") {
  View view = sale();
  Random random(1);
  const auto any = [&random] {
    switch (random(6)) {
      case 0:
        return std::numeric_limits<std::int64_t>::min();
      case 1:
        return std::numeric_limits<std::int64_t>::max();
      case 2:
        return std::int64_t{0};
      default:
        return static_cast<std::int64_t>(random(6'000'000'000)) - 1'000'000'000;
    }
  };
  const double factors[] = {
      0.5,   2, 1e-300, 1e300, 0, -1, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
      1.0001};
  for (int i = 0; i < 5000; ++i) {
    switch (random(5)) {
      case 0:
        view.set_range({.begin_ns = any(), .end_ns = any()});
        break;
      case 1:
        view.zoom(factors[random(std::size(factors))], any());
        break;
      case 2:
        view.pan(factors[random(std::size(factors))] * (random(2) == 0 ? -1 : 1));
        break;
      case 3:
        view.go_to(static_cast<EventIndex>(random(kSaleEvents)));
        REQUIRE(in_sight(view));
        break;
      default:
        view.show_cursor();
        REQUIRE(in_sight(view));
        break;
    }
    const TimeRange range = view.range();
    REQUIRE(range.begin_ns >= view.whole().begin_ns);
    REQUIRE(range.end_ns <= view.whole().end_ns);
    REQUIRE(range.length() >= 100);
  }
  view.show_all();
  CHECK(view.range() == view.whole());
}

TEST_CASE("zooming keeps a moment where it is, panning the length", "[view]") {
  View view = sale();
  view.set_range({.begin_ns = 1'000'000'000, .end_ns = 2'000'000'000});
  view.zoom(0.5, 1'250'000'000);
  CHECK(view.range() == TimeRange{.begin_ns = 1'125'000'000, .end_ns = 1'625'000'000});
  view.zoom(2, 1'250'000'000);
  CHECK(view.range() == TimeRange{.begin_ns = 1'000'000'000, .end_ns = 2'000'000'000});
  view.pan(0.25);
  CHECK(view.range() == TimeRange{.begin_ns = 1'250'000'000, .end_ns = 2'250'000'000});
  view.pan(std::numeric_limits<double>::quiet_NaN());
  CHECK(view.range() == TimeRange{.begin_ns = 1'250'000'000, .end_ns = 2'250'000'000});
  view.pan(-100);
  CHECK(view.range() == TimeRange{.begin_ns = 0, .end_ns = 1'000'000'000});
  view.pan(100);
  CHECK(view.range().end_ns == view.whole().end_ns);
  CHECK(view.range().length() == 1'000'000'000);
}

TEST_CASE("the cone follows the cursor, the violation, or nothing", "[view]") {
  View view = sale();
  const std::uint64_t version = view.cone_version();
  view.go_to_id(kDeliver);
  CHECK(view.cone_version() == version);  // moving lights nothing
  view.light_cursor();
  CHECK(view.cone_version() != version);
  CHECK(view.cone().members == std::vector<EventIndex>{place(kSend), place(kDeliver)});
  view.set_follows_program_order(true);
  CHECK(view.cone().members ==
        std::vector<EventIndex>{place(kBoot), place(kListen), place(kConnect), place(kSend), place(kDeliver)});
  view.set_follows_program_order(false);
  view.light_violation();
  CHECK(view.cone().contains(place(kFail)));
  view.light_all();
  CHECK(view.cone().lit.empty());
  CHECK(view.cone().members.empty());
}

TEST_CASE("the banner tells of the violation at hand", "[view]") {
  Sketch sketch;
  for (int i = 0; i < 10; ++i) {
    const bool violation = i == 3 || i == 6;
    sketch.add(violation ? EventKind::violation : EventKind::note, {.at_ns = i, .payload = i == 3 ? "one" : "two"});
  }
  View view(sketch.trace());
  for (EventIndex i = 0; i < 10; ++i) {
    view.go_to(i);
    REQUIRE(view.violation() != nullptr);
    CHECK(view.violation()->invariant == (i < 6 ? "one" : "two"));
  }
}

TEST_CASE("the replay command is ready for a shell", "[view]") {
  const Folder folder;
  for (const char* name : {"plain.db", "with space.db", "it's \"quoted\" $HOME `id` \\.db", "-rf.db", "ünïcode.db"}) {
    const std::filesystem::path path = folder / name;
    record_sale(path);
    const View view{Trace(path)};
    const std::string command = view.replay_command();
    CHECK(command.starts_with("stillpoint replay "));
    CHECK(::test::shell("printf %s" + command.substr(std::string("stillpoint replay").size())).out == path.string());
  }
}
