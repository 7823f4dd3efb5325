// The rules of tickets, case by case: what is asked when, and what is answered and done.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/plaza/domain/office.hpp"

using namespace plaza;
using namespace plaza::tickets;

namespace {

struct Asked {
  std::int64_t second;
  std::string user;
  std::string id;
  Request request;
  std::string told;
};

struct Case {
  std::string name;
  Open event;
  std::vector<Asked> script;
  std::string counts;  // free held sold waiting, at the end
};

const std::vector<Case> kCases = {
    {"the lowest free seats, all or nothing",
     gala(5),
     {{0, "ann", "1", hold(2), "ok 2:1,2; hold ann/1 2:1,2 -30s"},
      {1, "bob", "1", hold(4), "sold_out"},
      {2, "bob", "2", hold(3), "ok 3:3,4,5; hold bob/2 3:3,4,5 -32s"},
      {3, "cat", "1", hold(1), "sold_out"}},
     "0 5 0 0"},
    {"named seats, all or nothing",
     gala(5),
     {{0, "ann", "1", hold_seats({2, 4}), "ok 2:2,4; hold ann/1 2:2,4 -30s"},
      {0, "bob", "1", hold_seats({1, 2}), "seat_taken"},
      {0, "bob", "2", hold_seats({6}), "no_such_seat"},
      {0, "bob", "3", hold(3), "ok 3:1,3,5; hold bob/3 3:1,3,5 -30s"}},
     "0 5 0 0"},
    {"where there are no seats none can be named",
     picnic(5),
     {{0, "ann", "1", hold_seats({2}, kPicnic), "no_such_seat"},
      {0, "ann", "2", hold(4, kPicnic), "ok 4; hold ann/2 4 -30s"},
      {0, "bob", "1", hold(2, kPicnic), "sold_out"},
      {0, "bob", "2", hold(1, kPicnic), "ok 1; hold bob/2 1 -30s"}},
     "0 5 0 0"},
    {"more than there are, or than one may ask for",
     gala(200),
     {{0, "ann", "1", hold(101), "too_many"},
      {0, "ann", "2", hold(201), "too_many"},
      {0, "ann", "3", wait(101), "too_many"},
      {0, "ann", "4", buy(101), "too_many"},
      {0, "ann", "5", hold(1, "none"), "unknown_event"}},
     "200 0 0 0"},
    {"a hold ends at its deadline, not before",
     gala(1),
     {{0, "ann", "1", hold(1), "ok 1:1; hold ann/1 1:1 -30s"},
      {29, "bob", "1", hold(1), "sold_out"},
      {30, "bob", "2", hold(1), "ok 1:1; expire ann/1 1:1; hold bob/2 1:1 -60s"},
      {30, "ann", "2", release("1"), "not_held"},
      {31, "ann", "3", buy_hold("1"), "not_held"}},
     "0 1 0 0"},
    {"only who holds can give back, and once",
     gala(2),
     {{0, "ann", "1", hold(2), "ok 2:1,2; hold ann/1 2:1,2 -30s"},
      {0, "bob", "1", release("1"), "not_held"},
      {0, "ann", "2", release("1"), "ok 2:1,2; release ann/1 2:1,2"},
      {0, "ann", "3", release("1"), "not_held"}},
     "2 0 0 0"},
    {"a purchase, directly",
     gala(2),
     {{0, "ann", "1", buy(1), "awaits 1:1; hold ann/1 1:1 -10s"},
      {1, "ann", "1", buy(1), "awaits 1:1"},
      {1, "ann", "2", release("1"), "payment_pending"},
      {2, "ann", "1", paid(), "ok 1:1; sale ann/1 1:1"},
      {2, "ann", "1", paid(), "again: ok 1:1"},
      {3, "ann", "1", buy(1), "again: ok 1:1"},
      {4, "ann", "1", buy(2), "id_reused"}},
     "1 0 1 0"},
    {"a direct purchase that is declined leaves nothing",
     gala(2),
     {{0, "ann", "1", buy(2), "awaits 2:1,2; hold ann/1 2:1,2 -10s"},
      {2, "ann", "1", declined(), "payment_refused; decline ann/1 2:1,2; release ann/1 2:1,2"},
      {3, "ann", "1", buy(2), "again: payment_refused"}},
     "2 0 0 0"},
    {"a direct purchase that is paid for too late",
     gala(2),
     {{0, "ann", "1", buy(2), "awaits 2:1,2; hold ann/1 2:1,2 -10s"},
      {10, "ann", "1", paid(), "payment_refused; lapse ann/1 2:1,2; expire ann/1 2:1,2"},
      {11, "ann", "1", buy(2), "again: payment_refused"}},
     "2 0 0 0"},
    {"a purchase that lapsed is begun anew by its repetition",
     gala(1),
     {{0, "ann", "1", buy(1), "awaits 1:1; hold ann/1 1:1 -10s"},
      {12, "ann", "1", buy(1), "awaits 1:1; lapse ann/1 1:1; expire ann/1 1:1; hold ann/1 1:1 -22s"},
      {13, "ann", "1", paid(), "ok 1:1; sale ann/1 1:1"}},
     "0 0 1 0"},
    {"a purchase of a hold",
     gala(3),
     {{0, "ann", "h", hold(2), "ok 2:1,2; hold ann/h 2:1,2 -30s"},
      {1, "bob", "1", buy_hold("h"), "not_held"},
      {1, "ann", "1", buy_hold("h"), "awaits 2:1,2; pay ann/1 2:1,2 -11s"},
      {1, "ann", "2", buy_hold("h"), "payment_pending"},
      {1, "ann", "3", release("h"), "payment_pending"},
      {2, "ann", "1", paid(), "ok 2:1,2; sale ann/1 2:1,2"},
      {3, "ann", "4", buy_hold("h"), "not_held"}},
     "1 0 2 0"},
    {"a hold whose payment is declined goes on to its own deadline",
     gala(1),
     {{0, "ann", "h", hold(1), "ok 1:1; hold ann/h 1:1 -30s"},
      {1, "ann", "1", buy_hold("h"), "awaits 1:1; pay ann/1 1:1 -11s"},
      {2, "ann", "1", declined(), "payment_refused; decline ann/1 1:1 -30s"},
      {29, "bob", "1", hold(1), "sold_out"},
      {30, "bob", "2", hold(1), "ok 1:1; expire ann/h 1:1; hold bob/2 1:1 -60s"}},
     "0 1 0 0"},
    {"a hold's deadline waits for its payment",
     gala(1),
     {{0, "ann", "h", hold(1), "ok 1:1; hold ann/h 1:1 -30s"},
      {25, "ann", "1", buy_hold("h"), "awaits 1:1; pay ann/1 1:1 -35s"},
      {31, "bob", "1", hold(1), "sold_out"},
      {34, "ann", "1", paid(), "ok 1:1; sale ann/1 1:1"}},
     "0 0 1 0"},
    {"a payment that is declined after the hold's own deadline ends the hold",
     gala(1),
     {{0, "ann", "h", hold(1), "ok 1:1; hold ann/h 1:1 -30s"},
      {25, "ann", "1", buy_hold("h"), "awaits 1:1; pay ann/1 1:1 -35s"},
      {31, "ann", "1", declined(), "payment_refused; decline ann/1 1:1 -30s; expire ann/h 1:1"}},
     "1 0 0 0"},
    {"a payment that is declined at the hold's own deadline ends the hold",
     gala(1),
     {{0, "ann", "h", hold(1), "ok 1:1; hold ann/h 1:1 -30s"},
      {25, "ann", "1", buy_hold("h"), "awaits 1:1; pay ann/1 1:1 -35s"},
      {30, "ann", "1", declined(), "payment_refused; decline ann/1 1:1 -30s; expire ann/h 1:1"}},
     "1 0 0 0"},
    {"a payment that lapses after the hold's own deadline ends the hold",
     gala(1),
     {{0, "ann", "h", hold(1), "ok 1:1; hold ann/h 1:1 -30s"},
      {25, "ann", "1", buy_hold("h"), "awaits 1:1; pay ann/1 1:1 -35s"},
      {35, "ann", "1", paid(), "payment_refused; lapse ann/1 1:1 -30s; expire ann/h 1:1"}},
     "1 0 0 0"},
    {"whoever waits is offered what gets free, as a hold of its own",
     gala(2),
     {{0, "ann", "1", hold(2), "ok 2:1,2; hold ann/1 2:1,2 -30s"},
      {1, "bob", "w", wait(1), "ok 0 place 1; wait bob/w 1"},
      {2, "bob", "x", wait(1), "already_waiting"},
      {3, "ann", "2", release("1"), "ok 2:1,2; release ann/1 2:1,2; offer bob/w 1:1 -18s"},
      {4, "bob", "2", buy_hold("w"), "awaits 1:1; pay bob/2 1:1 -14s"},
      {5, "bob", "2", paid(), "ok 1:1; sale bob/2 1:1"}},
     "1 0 1 0"},
    {"an offer that lapses goes to the next in line",
     picnic(1),
     {{0, "ann", "1", hold(1, kPicnic), "ok 1; hold ann/1 1 -30s"},
      {1, "bob", "w", wait(1, kPicnic), "ok 0 place 1; wait bob/w 1"},
      {1, "cat", "w", wait(1, kPicnic), "ok 0 place 2; wait cat/w 1"},
      {30, "ann", "2", hold(1, kPicnic), "sold_out; expire ann/1 1; offer bob/w 1 -45s"},
      {45, "ann", "3", hold(1, kPicnic), "sold_out; expire bob/w 1; offer cat/w 1 -60s"},
      {46, "cat", "2", release("w", kPicnic), "ok 1; release cat/w 1"}},
     "1 0 0 0"},
    {"who is behind waits, though there is enough for it; walk-ins get nothing meanwhile",
     gala(4),
     {{0, "ann", "1", hold(3), "ok 3:1,2,3; hold ann/1 3:1,2,3 -30s"},
      {1, "bob", "w", wait(3), "ok 0 place 1; wait bob/w 3"},
      {1, "cat", "w", wait(1), "ok 0 place 2; wait cat/w 1"},
      {2, "dan", "1", hold(1), "sold_out"},
      {2, "dan", "2", hold_seats({4}), "sold_out"},
      {2, "dan", "3", buy(1), "sold_out"},
      {3, "ann", "2", release("1"),
       "ok 3:1,2,3; release ann/1 3:1,2,3; offer bob/w 3:1,2,3 -18s; offer cat/w 1:4 -18s"}},
     "0 4 0 0"},
    {"whoever leaves lets the next one in",
     gala(4),
     {{0, "ann", "1", hold(3), "ok 3:1,2,3; hold ann/1 3:1,2,3 -30s"},
      {1, "bob", "w", wait(3), "ok 0 place 1; wait bob/w 3"},
      {1, "cat", "w", wait(1), "ok 0 place 2; wait cat/w 1"},
      {2, "dan", "l", leave(), "not_waiting"},
      {3, "bob", "l", leave(), "ok 0; leave bob/w 3; offer cat/w 1:4 -18s"},
      {4, "bob", "m", leave(), "not_waiting"},
      {4, "cat", "l", leave(), "not_waiting"}},
     "0 4 0 0"},
    {"where nobody waits and there is enough, the offer comes at once",
     gala(4),
     {{0, "ann", "w", wait(2), "ok 2:1,2; offer ann/w 2:1,2 -15s"},
      {1, "ann", "2", release("w"), "ok 2:1,2; release ann/w 2:1,2"}},
     "4 0 0 0"},
    {"an event is opened once",
     gala(4),
     {{0, "ann", "1", gala(4), "ok 0"}, {0, "ann", "2", gala(5), "event_exists"}},
     "4 0 0 0"},
    {"the same id, other words",
     gala(4),
     {{0, "ann", "1", hold(1), "ok 1:1; hold ann/1 1:1 -30s"},
      {0, "ann", "1", hold(2), "id_reused"},
      {0, "bob", "1", hold(2), "ok 2:2,3; hold bob/1 2:2,3 -30s"},
      {1, "ann", "2", buy(1), "awaits 1:4; hold ann/2 1:4 -11s"},
      {1, "ann", "2", buy(2), "id_reused"},
      {2, "ann", "2", paid(), "ok 1:4; sale ann/2 1:4"}},
     "0 3 1 0"},
    {"an id that was used before for a hold that is still there",
     Open{.event = kGala, .capacity = 4, .hold_ttl = std::chrono::hours(1)},
     {{0, "ann", "1", hold(1), "ok 1:1; hold ann/1 1:1 -3600s"},
      {599, "ann", "1", hold(1), "again: ok 1:1"},
      {600, "ann", "1", hold(1), "id_reused"}},
     "3 1 0 0"},
    {"a settlement of nothing", gala(4), {{0, "ann", "1", paid(), "payment_refused"}}, "4 0 0 0"},
    {"without the bug nothing is sold unchecked",
     gala(4),
     {{0, "ann", "1", Settle{.event = kGala, .approved = true, .unchecked = {1}}, "payment_refused"}},
     "4 0 0 0"},
};

std::string text_of_counts(const Counts& counts) {
  return std::to_string(counts.free) + " " + std::to_string(counts.held) + " " + std::to_string(counts.sold) + " " +
         std::to_string(counts.waiting);
}

}  // namespace

TEST_CASE("rules of tickets") {
  for (const Case& test : kCases) {
    INFO(test.name);
    Office office;
    office.open(test.event);
    for (const Asked& asked : test.script) {
      INFO("at " << asked.second << "s " << asked.user << "/" << asked.id);
      CHECK(text_of(office.ask(seconds(asked.second), asked.user, asked.id, asked.request)) == asked.told);
    }
    CHECK(text_of_counts(office.counts(test.event.event)) == test.counts);
  }
}

TEST_CASE("topics are those that look different now, each once") {
  Office office;
  CHECK(office.open(gala(2)).topics == std::vector<std::string>{"event/gala"});
  office.ask({}, "ann", "1", hold(2));
  office.ask({}, "cat", "w", wait(1));
  office.ask({}, "bob", "w", wait(1));
  const auto applied = office.ask(seconds(1), "ann", "2", release("1"));
  CHECK(applied.topics == std::vector<std::string>{"event/gala", "user/ann", "user/bob", "user/cat"});
  CHECK(office.ask(seconds(1), "ann", "2", release("1")).topics.empty());
  CHECK(office.ask(seconds(1), "ann", "3", release("1")).topics.empty());
}

TEST_CASE("what is due is told") {
  Office office;
  office.open(gala(4));
  office.open(picnic(4));
  CHECK_FALSE(office.machine.next_due());
  office.ask(seconds(1), "ann", "1", hold(1));
  office.ask(seconds(2), "ann", "2", buy(1, kPicnic));
  CHECK(office.machine.next_due() == seconds(12));
  office.ask(seconds(3), "ann", "2", paid(kPicnic));
  CHECK(office.machine.next_due() == seconds(31));
  // In the order of their times, over all events.
  office.ask(seconds(4), "bob", "1", buy(1, kPicnic));
  const auto applied = office.let_pass(seconds(40));
  REQUIRE(applied.effects.size() == 3);
  CHECK(text_of(applied.effects[0]) == "lapse bob/1 1");
  CHECK(text_of(applied.effects[1]) == "expire bob/1 1");
  CHECK(text_of(applied.effects[2]) == "expire ann/1 1:1");
  CHECK_FALSE(office.machine.next_due());
}

TEST_CASE("time never goes back, and no-ops let none pass") {
  Office office;
  office.open(gala(4));
  office.ask(seconds(5), "ann", "1", hold(1));
  CHECK(office.machine.now() == seconds(5));
  const auto hash = office.machine.hash();
  CHECK(office.apply(std::string()).index == 3);
  CHECK(office.machine.applied_index() == 3);
  CHECK(office.machine.hash() == hash);
  CHECK(text_of(office.ask(seconds(2), "ann", "2", hold(1))) == "ok 1:2; hold ann/2 1:2 -35s");
  CHECK(office.machine.now() == seconds(5));
  CHECK_THROWS_AS(office.machine.apply(9, ""), std::logic_error);
}

TEST_CASE("views") {
  Office office;
  office.open(gala(9));
  office.open(picnic(2));
  CHECK(office.machine.view("event/gala") == "{\"free\":9,\"held\":0,\"sold\":0,\"waiting\":0}");
  CHECK_FALSE(office.machine.view("event/none"));
  CHECK_FALSE(office.machine.view("user/"));
  CHECK_FALSE(office.machine.view("what"));
  CHECK(office.machine.view("user/ann") == "{\"holds\":[],\"offers\":[],\"waits\":[],\"sales\":[]}");
  office.ask(seconds(1), "ann", "q\"\x01\xff\xc3\xa4", hold(2));
  office.ask(seconds(1), "ann", "o", wait(1));
  office.ask(seconds(1), "bob", "p", hold(2, kPicnic));
  office.ask(seconds(1), "ann", "w", wait(2, kPicnic));
  for (const std::string id : {"s", "r"}) {
    office.ask(seconds(2), "ann", id, buy(1));
    office.ask(seconds(2), "ann", id, paid());
  }
  office.ask(seconds(2), "ann", "t", buy_hold("o"));
  CHECK(
      office.machine.view("user/ann") ==
      "{\"holds\":[{\"event\":\"gala\",\"id\":\"q\\\"\\u0001\\ufffd\xc3\xa4\",\"count\":2,\"seats\":[1,2],"
      "\"deadline\":31000000,\"paying\":false}],"
      "\"offers\":[{\"event\":\"gala\",\"id\":\"o\",\"count\":1,\"seats\":[3],\"deadline\":12000000,\"paying\":true}],"
      "\"waits\":[{\"event\":\"pic\",\"id\":\"w\",\"count\":2}],"
      "\"sales\":[{\"event\":\"gala\",\"id\":\"r\",\"count\":1,\"seats\":[5]},"
      "{\"event\":\"gala\",\"id\":\"s\",\"count\":1,\"seats\":[4]}]}");
  CHECK(office.machine.view("event/pic") == "{\"free\":0,\"held\":2,\"sold\":0,\"waiting\":2}");
}

TEST_CASE("a user sees the newest fifty sales") {
  Office office;
  office.open(gala(100));
  for (int i = 0; i < 60; ++i) {
    office.ask({}, "ann", std::to_string(i), buy(1));
    office.ask({}, "ann", std::to_string(i), paid());
  }
  const std::string view = office.machine.view("user/ann").value();
  CHECK(view.find("\"sales\":[{\"event\":\"gala\",\"id\":\"59\"") != std::string::npos);
  CHECK(view.find("\"id\":\"10\"") != std::string::npos);
  CHECK(view.find("\"id\":\"9\"") == std::string::npos);
  Office other;
  other.machine.restore(office.machine.snapshot(), office.machine.applied_index());
  CHECK(other.machine.view("user/ann") == view);
}

TEST_CASE("look tells what a purchase would get, and takes nothing") {
  Office office;
  office.open(gala(3));
  office.open(picnic(3));
  office.ask({}, "ann", "1", hold(1));
  CHECK(office.tickets().look(kGala, {.count = 2}) == std::vector<std::uint32_t>{2, 3});
  CHECK(office.tickets().look(kPicnic, {.count = 2}) == std::vector<std::uint32_t>{1, 2});
  CHECK_FALSE(office.tickets().look(kGala, {.count = 3}));
  CHECK_FALSE(office.tickets().look(kGala, named({1})));
  CHECK_FALSE(office.tickets().look("none", {.count = 1}));
  CHECK(office.counts().free == 2);
}

TEST_CASE("a million seats are no million nodes, and no request walks over them") {
  Office office;
  office.open(gala(kCapacityMost));
  CHECK(text_of(office.ask({}, "ann", "1", hold_seats({500'000, 1'000'000})).answer) == "ok 2:500000,1000000");
  CHECK(text_of(office.ask({}, "ann", "2", hold(2)).answer) == "ok 2:1,2");
  CHECK(office.counts().free == kCapacityMost - 4);
  CHECK(office.machine.cells().bytes() < 1000);
}
