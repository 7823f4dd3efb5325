#include "visualizer/model/trace.hpp"

#include <catch2/catch.hpp>

#include "tests/visualizer/model/sketch.hpp"

using namespace stillpoint;
using namespace stillpoint::test;
using namespace stillpoint::view;

namespace {

// The place of an event of the sale.
constexpr EventIndex place(EventId id) { return static_cast<EventIndex>(id - 1); }

std::vector<std::pair<EventIndex, CauseKind>> pairs(const std::vector<Edge>& edges) {
  std::vector<std::pair<EventIndex, CauseKind>> result;
  for (const Edge& edge : edges) result.emplace_back(edge.event, edge.kind);
  return result;
}

using Edges = std::vector<std::pair<EventIndex, CauseKind>>;

}  // namespace

TEST_CASE("a trace is read whole", "[trace]") {
  const SaleFile sale;
  const Trace trace = sale.trace();
  CHECK(trace.path() == sale.path().string());
  CHECK(trace.metadata().run.scenario == "ticket-rush");
  REQUIRE(trace.events().size() == kSaleEvents);
  CHECK(trace.marked().empty());
  CHECK(trace.by_time().empty());

  REQUIRE(trace.hosts().size() == 3);
  CHECK(trace.hosts()[0].name == "harness");
  CHECK(trace.hosts()[1].name == "plaza-1");
  CHECK(trace.hosts()[1].role == "server");
  CHECK(trace.hosts()[2].address == "10.0.0.2");
  CHECK(trace.hosts()[0].events == std::vector<EventIndex>{place(kNote), place(kViolation), place(kStop)});

  const EventRow& deliver = trace.events()[place(kDeliver)];
  CHECK(deliver.at_ns == 3'204'000);
  CHECK(deliver.kind == EventKind::deliver);
  CHECK(deliver.subject == 34);
  CHECK(deliver.b == 5);
  CHECK(deliver.host == 1);
  CHECK(deliver.boot == 1);
  CHECK(deliver.cause == place(kSend));
  CHECK(deliver.cause_kind == CauseKind::message);

  REQUIRE(trace.log().size() == 1);
  CHECK(trace.log()[0].text == "sold seat 7");
  CHECK(trace.log()[0].event == place(kApply));
  CHECK(trace.log()[0].host == 1);
  CHECK(trace.log()[0].severity == 2);
}

TEST_CASE("edges lead both ways", "[trace]") {
  const Trace trace = SaleFile().trace();
  CHECK(pairs(trace.causes(place(kApply))) == Edges{{place(kReceive), CauseKind::message},
                                                    {place(kBoot), CauseKind::state},
                                                    {place(kWake), CauseKind::fault}});
  CHECK(pairs(trace.effects(place(kDeliver))) ==
        Edges{{place(kWake), CauseKind::wakeup}, {place(kReceive), CauseKind::message}});
  CHECK(pairs(trace.effects(place(kBoot))) == Edges{{place(kApply), CauseKind::state}});
  CHECK(trace.causes(place(kBoot)).empty());
  CHECK(trace.causes(kNone).empty());
  CHECK(trace.effects(1000).empty());
}

TEST_CASE("operations, users and violations are found by their events", "[trace]") {
  const Trace trace = SaleFile().trace();
  REQUIRE(trace.operations().size() == 4);
  const Operation& purchase = trace.operations()[trace.operation_of(place(kOk))];
  CHECK(purchase.user == "alice");
  CHECK(purchase.function == "purchase");
  CHECK(purchase.arguments == R"({"seat":7})");
  CHECK(purchase.outcome == "ok");
  CHECK(purchase.answer == "sold");
  CHECK(purchase.invoke == place(kInvoke));
  CHECK(purchase.completion == place(kOk));
  CHECK(trace.operation_of(place(kInvoke)) == trace.operation_of(place(kOk)));
  CHECK(trace.operations()[trace.operation_of(place(kPending))].completion == kNone);
  CHECK(trace.operation_of(place(kBoot)) == kNone);
  CHECK(trace.operation_of(kNone) == kNone);

  CHECK(trace.user(place(kStep)) == "alice");
  CHECK(trace.user(place(kInvoke)) == "alice");
  CHECK(trace.user(place(kOk)) == "alice");
  CHECK(trace.user(place(kFail)) == "bob");
  CHECK(trace.user(place(kBoot)).empty());
  const auto own = trace.events_of_user(place(kInvoke));
  CHECK(std::vector<EventIndex>(own.begin(), own.end()) ==
        std::vector<EventIndex>{place(kStep), place(kInvoke), place(kOk)});
  CHECK(trace.events_of_user(place(kBoot)).empty());

  REQUIRE(trace.violations().size() == 1);
  const ViolationRow& violation = trace.violations()[0];
  CHECK(violation.event == place(kViolation));
  CHECK_FALSE(violation.liveness);
  CHECK(violation.invariant == "one-owner");
  CHECK(violation.because == "both were told so");
  REQUIRE(violation.witnesses.size() == 2);
  CHECK(violation.witnesses[0].event == place(kOk));
  CHECK(violation.witnesses[1].role == "second purchase");
}

TEST_CASE("a request's way belongs to its user, and so does the answer's", "[trace]") {
  Sketch sketch;
  const EventId invoke = sketch.add(EventKind::invoke, {.host = 2, .payload = "alice\0buy\0x"sv});
  const EventId send = sketch.add(
      EventKind::send, {.host = 2, .subject = 2, .a = 4, .b = 1, .cause = {invoke, CauseKind::user}, .payload = "x"});
  const EventId other = sketch.add(EventKind::send, {.host = 2, .subject = 4, .a = 4, .b = 1, .payload = "y"});
  const EventId deliver = sketch.add(EventKind::deliver, {.subject = 2, .a = 4, .cause = {send, CauseKind::message}});
  const EventId slice = sketch.add(EventKind::slice, {.cause = {deliver, CauseKind::wakeup}});
  const EventId receive = sketch.add(EventKind::receive, {.cause = {deliver, CauseKind::message}});
  const EventId apply = sketch.add(EventKind::apply, {.cause = {receive, CauseKind::message}});
  const EventId answer = sketch.add(EventKind::send, {.subject = 3, .a = 4, .b = 1, .payload = "z"});
  const EventId arrival =
      sketch.add(EventKind::deliver, {.host = 2, .subject = 3, .a = 4, .cause = {answer, CauseKind::message}});
  const EventId ok = sketch.add(EventKind::ok, {.host = 2, .subject = invoke, .cause = {arrival, CauseKind::message}});
  const Trace trace = sketch.trace();
  for (const EventId id : {invoke, send, deliver, receive, apply, answer, arrival, ok}) {
    CAPTURE(id);
    CHECK(trace.user(place(id)) == "alice");
  }
  for (const EventId id : {other, slice}) CHECK(trace.user(place(id)).empty());
  const auto own = trace.events_of_user(place(deliver));
  CHECK(std::vector<EventIndex>(own.begin(), own.end()) ==
        std::vector<EventIndex>{place(invoke), place(send), place(apply), place(ok)});
}

TEST_CASE("events are found by number and by time", "[trace]") {
  const SaleFile sale;
  SECTION("as they were recorded") {
    const Trace trace = sale.trace();
    CHECK(trace.id(place(kOk)) == kOk);
    CHECK(trace.find(kOk) == place(kOk));
    CHECK(trace.find(0) == kNone);
    CHECK(trace.find(kSaleEvents + 1) == kNone);
    CHECK(trace.find(UINT64_MAX) == kNone);
    CHECK(trace.id(kNone) == kNoEvent);
    CHECK(trace.at_or_after(INT64_MIN) == 0);
    CHECK(trace.at_or_after(3'204'000) == place(kDeliver));
    CHECK(trace.at_or_after(3'204'001) == place(kWake));
    CHECK(trace.at_or_after(INT64_MAX) == place(kStop));
    CHECK(trace.connect_of(17) == place(kConnect));
    CHECK(trace.connect_of(18) == kNone);
  }
  SECTION("with gaps between the numbers, and absurd ones") {
    Database(sale.path(), Database::Access::write, {"sale"})
        .run(
            "DELETE FROM event WHERE id = 2; UPDATE event SET id = -7 WHERE id = 1;"
            "UPDATE event SET id = 9223372036854775807 WHERE id = 22");
    const Trace trace = sale.trace();
    REQUIRE(trace.events().size() == kSaleEvents - 1);
    CHECK(trace.id(0) == static_cast<EventId>(-7));
    CHECK(trace.find(static_cast<EventId>(-7)) == 0);
    CHECK(trace.find(2) == kNone);
    CHECK(trace.find(3) == 1);
    CHECK(trace.find(INT64_MAX) == kSaleEvents - 2);
    CHECK(trace.events()[trace.find(kDeliver)].cause == trace.find(kSend));
    CHECK(trace.detail(trace.find(kApply)) == "seat 7 is alice's");
  }
}

TEST_CASE("events are told as the file's own view tells them", "[trace]") {
  const SaleFile sale;
  const Trace trace = sale.trace();
  const TraceFile file(sale.path());
  for (EventIndex i = 0; i < trace.events().size(); ++i) {
    const std::optional<TraceEvent> event = file.event(trace.id(i));
    REQUIRE(event.has_value());
    CHECK(trace.detail(i) == event->detail);
    CHECK(trace.kind_name(i) == event->kind);
    CHECK(trace.hosts()[trace.events()[i].host].name == event->host);
  }
  CHECK(trace.detail(kNone).empty());
  CHECK(trace.kind_name(kNone) == "unknown");
}

TEST_CASE("payloads are those of the send", "[trace]") {
  const Trace trace = SaleFile().trace();
  CHECK(trace.payload(place(kSend)) == "hello");
  CHECK(trace.payload(place(kDeliver)) == "hello");
  CHECK(trace.payload(place(kDrop)).empty());  // of no known send
  CHECK(trace.payload(place(kStep)) == "alice\0buys a ticket"sv);
  CHECK(trace.payload(place(kBoot)).empty());
  CHECK(trace.payload(kNone).empty());
}

TEST_CASE("a trace that was cut short is one", "[trace]") {
  const Trace trace =
      SaleFile("UPDATE metadata SET complete = 0, verdict = NULL, hash = NULL; DROP INDEX event_cause").trace();
  CHECK_FALSE(trace.metadata().outcome.has_value());
  CHECK(trace.events().size() == kSaleEvents);
}
