#include "visualizer/model/stepping.hpp"

#include <catch2/catch.hpp>

#include "tests/visualizer/model/sketch.hpp"

using namespace stillpoint;
using namespace stillpoint::test;
using namespace stillpoint::view;

namespace {

// A purchase and its answer, and another user's message that crosses it. The names are the events' ids.
struct Conversation {
  Sketch sketch;
  EventId step = sketch.add(EventKind::step, {.host = 2, .payload = "alice\0buys"sv});
  EventId invoke =
      sketch.add(EventKind::invoke, {.host = 2, .cause = {step, CauseKind::user}, .payload = "alice\0buy\0x"sv});
  EventId request = sketch.add(
      EventKind::send, {.host = 2, .subject = 2, .a = 4, .b = 1, .cause = {invoke, CauseKind::user}, .payload = "x"});
  EventId crossing = sketch.add(EventKind::send, {.host = 3, .subject = 4, .a = 1});
  EventId syn = sketch.add(EventKind::deliver, {.subject = 4, .a = 1, .cause = {crossing, CauseKind::message}});
  EventId syn_ack = sketch.add(EventKind::send, {.subject = 5, .a = 2});
  EventId deliver = sketch.add(EventKind::deliver, {.subject = 2, .a = 4, .cause = {request, CauseKind::message}});
  EventId slice = sketch.add(EventKind::slice, {.cause = {deliver, CauseKind::wakeup}});
  EventId receive = sketch.add(EventKind::receive, {.cause = {deliver, CauseKind::message}});
  EventId arm = sketch.add(EventKind::arm, {.subject = 1, .a = 100});
  EventId next_slice = sketch.add(EventKind::slice, {.cause = {slice, CauseKind::wakeup}});
  EventId expire = sketch.add(EventKind::expire, {.subject = 1, .cause = {arm, CauseKind::arming}});
  EventId paid_slice = sketch.add(EventKind::slice, {.cause = {expire, CauseKind::wakeup}});
  EventId apply = sketch.add(EventKind::apply, {.cause = {receive, CauseKind::message}});
  EventId violation = sketch.add(EventKind::violation, {.payload = "a\0b\0c\0d"sv});
  EventId answer = sketch.add(EventKind::send, {.subject = 3, .a = 4, .b = 1, .payload = "y"});
  EventId last_slice = sketch.add(EventKind::slice, {.cause = {paid_slice, CauseKind::wakeup}});
  EventId arrival =
      sketch.add(EventKind::deliver, {.host = 2, .subject = 3, .a = 4, .cause = {answer, CauseKind::message}});
  EventId wake = sketch.add(EventKind::slice, {.host = 2, .cause = {arrival, CauseKind::wakeup}});
  EventId ok = sketch.add(EventKind::ok, {.host = 2, .subject = invoke, .cause = {arrival, CauseKind::message}});
  EventId late_violation = sketch.add(EventKind::violation, {.payload = "e\0f\0g\0h"sv});
  EventId stop = sketch.add(EventKind::stop, {.host = 0});
  Conversation() {
    sketch.writer().edge(apply, {invoke, CauseKind::user});
    sketch.writer().witness(violation, receive, "first");
    sketch.writer().witness(violation, apply, "second");
    sketch.writer().witness(late_violation, ok, "proof");
  }
};

struct Move {
  const char* what;
  EventId Conversation::*from;
  EventId Conversation::*to;  // null: nowhere
};
using C = Conversation;

void check(Along along, Direction direction, const std::vector<Move>& moves) {
  static const Conversation conversation;
  static const Trace trace = conversation.sketch.trace();
  for (const Move& move : moves) {
    CAPTURE(move.what);
    const EventIndex expected = move.to == nullptr ? kNone : trace.find(conversation.*move.to);
    CHECK(neighbour(trace, trace.find(conversation.*move.from), along, direction) == expected);
  }
}

}  // namespace

TEST_CASE("along everything and along a host, step by step", "[stepping]") {
  check(Along::everything, Direction::forward, {{"next", &C::step, &C::invoke}, {"the end", &C::stop, nullptr}});
  check(Along::everything, Direction::backward, {{"previous", &C::invoke, &C::step}, {"the start", &C::step, nullptr}});
  check(Along::host, Direction::forward,
        {{"over others", &C::request, &C::arrival}, {"the last", &C::ok, nullptr}, {"alone", &C::stop, nullptr}});
  check(Along::host, Direction::backward, {{"over others", &C::arrival, &C::request}, {"the first", &C::syn, nullptr}});
}

TEST_CASE("along a message, from the decision to the answer", "[stepping]") {
  check(Along::message, Direction::forward,
        {{"a step to its operation", &C::step, &C::invoke},
         {"an operation to its message", &C::invoke, &C::request},
         {"a send to its delivery", &C::request, &C::deliver},
         {"a delivery to the receipt, not to the slice", &C::deliver, &C::receive},
         {"a receipt to the change", &C::receive, &C::apply},
         {"a change to the answer that its slice sent", &C::apply, &C::answer},
         {"an answer to its delivery", &C::answer, &C::arrival},
         {"its delivery to the completion", &C::arrival, &C::ok},
         {"a completion to nothing", &C::ok, nullptr},
         {"a delivery that the kernel answers by itself", &C::syn, &C::syn_ack},
         {"a slice that sent nothing to the next one", &C::slice, &C::next_slice},
         {"a slice to what it sent", &C::paid_slice, &C::answer},
         {"an arming to its expiry", &C::arm, &C::expire},
         {"an expiry to its slice", &C::expire, &C::paid_slice},
         {"a lost message", &C::syn_ack, nullptr}});
  check(Along::message, Direction::backward,
        {{"a completion to the delivery", &C::ok, &C::arrival},
         {"a delivery to its send", &C::arrival, &C::answer},
         {"an answer to the change before it", &C::answer, &C::apply},
         {"a change to its request", &C::apply, &C::receive},
         {"a receipt to its delivery", &C::receive, &C::deliver},
         {"a message to its operation", &C::request, &C::invoke},
         {"an operation to the decision", &C::invoke, &C::step},
         {"the kernel's answer to what it answers", &C::syn_ack, &C::syn},
         {"the first message of a host", &C::crossing, nullptr},
         {"a decision", &C::step, nullptr}});
}

TEST_CASE("along a user, violations and witnesses", "[stepping]") {
  check(Along::user, Direction::forward,
        {{"from the decision", &C::step, &C::invoke},
         {"to its message", &C::invoke, &C::request},
         {"to the change", &C::request, &C::apply},
         {"from where it was received", &C::receive, &C::apply},
         {"to the answer", &C::apply, &C::ok},
         {"no further", &C::ok, nullptr},
         {"of nobody", &C::slice, nullptr}});
  check(Along::user, Direction::backward, {{"back", &C::ok, &C::apply}, {"no further", &C::step, nullptr}});
  check(Along::violation, Direction::forward,
        {{"to the first", &C::step, &C::violation},
         {"to the next", &C::violation, &C::late_violation},
         {"no further", &C::late_violation, nullptr}});
  check(Along::violation, Direction::backward, {{"back", &C::stop, &C::late_violation}});
  check(Along::witness, Direction::forward,
        {{"to the first witness", &C::deliver, &C::receive},
         {"to the second", &C::receive, &C::apply},
         {"to the violation itself", &C::apply, &C::violation},
         {"and there it ends", &C::violation, nullptr},
         {"of the nearest violation", &C::wake, &C::ok}});
  check(Along::witness, Direction::backward,
        {{"back", &C::violation, &C::apply}, {"of the violation that it proves", &C::late_violation, &C::ok}});
}

TEST_CASE("the witness of a violation far away leads to that one", "[stepping]") {
  Sketch sketch;
  const EventId proof = sketch.add(EventKind::note, {});
  const EventId nearer = sketch.add(EventKind::violation, {.payload = "near"});
  for (int i = 0; i < 20; ++i) sketch.add(EventKind::note, {});
  const EventId further = sketch.add(EventKind::violation, {.payload = "far"});
  sketch.writer().witness(further, proof, "proof");
  const Trace trace = sketch.trace();
  CHECK(neighbour(trace, trace.find(proof), Along::witness, Direction::forward) == trace.find(further));
  CHECK(neighbour(trace, trace.find(nearer), Along::witness, Direction::forward) == kNone);
}

TEST_CASE("nowhere to go from nowhere", "[stepping]") {
  const Trace trace = SaleFile("DELETE FROM event; DELETE FROM violation").trace();
  for (const Along along :
       {Along::everything, Along::host, Along::message, Along::user, Along::violation, Along::witness}) {
    CHECK(neighbour(trace, kNone, along, Direction::forward) == kNone);
    CHECK(neighbour(trace, 0, along, Direction::backward) == kNone);
  }
}
