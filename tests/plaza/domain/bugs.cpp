// Every bug that can be planted here can be seen by a check, and without it the same requests are fine.
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/plaza/domain/random_requests.hpp"

using namespace plaza;
using namespace plaza::tickets;

namespace {

Bugs with(bool Bugs::*bug) {
  Bugs bugs;
  bugs.*bug = true;
  return bugs;
}

bool is_conserved(const Office& office, const std::string& event) {
  const Counts counts = office.counts(event);
  return counts.free + counts.held + counts.sold == office.tickets().event(event)->capacity;
}

// No seat is held or sold twice.
bool each_seat_once(const Office& office) {
  std::set<std::uint32_t> seen;
  for (const auto& places : {office.tickets().holds(kGala), office.tickets().sales(kGala)}) {
    for (const Place& place : places) {
      for (const std::uint32_t seat : place.seats) {
        if (!seen.insert(seat).second) return false;
      }
    }
  }
  return true;
}

// Buys as a gateway with the bug does: it looks, the payment takes a while, it sells what it saw.
Machine::Applied sell_what_was_seen(Office& office, const std::string& user, const std::string& event,
                                    std::vector<std::uint32_t> seen, std::uint64_t decided_on) {
  return office.ask(seconds(1), user, "1",
                    Settle{.event = event, .approved = true, .unchecked = std::move(seen), .decided_on = decided_on});
}

// A clock that runs faster than the log's time does.
struct FastClock {
  LogTime* log;
  LogTime operator()() const { return seconds(1'000'000) + *log + *log / 10; }
};

// Whether two nodes come to the same, of which one has a clock that is right and one a fast one.
bool nodes_agree(Bugs bugs) {
  LogTime log{};
  Office one(bugs, [&log] { return log; });
  Office two(bugs, FastClock{&log});
  for (const Open& event : RandomRequests::events()) {
    one.open(event);
    two.open(event);
  }
  RandomRequests requests(7);
  bool agree = true;
  for (int i = 0; i < 500; ++i) {
    const Command command = requests.next();
    log = std::max(log, command.time);
    one.apply(command);
    two.apply(command);
    agree = agree && one.machine.hash() == two.machine.hash();
    REQUIRE(is_conserved(two, kGala));
    REQUIRE(is_conserved(two, kPicnic));
  }
  return agree;
}

}  // namespace

TEST_CASE("oversell: what was seen free is sold to two") {
  for (const bool is_planted : {false, true}) {
    for (const std::string& event : {kGala, kPicnic}) {
      Office office(is_planted ? with(&Bugs::oversell) : Bugs{});
      office.open(gala(1));
      office.open(picnic(1));
      const auto seen = office.tickets().look(event, {.count = 1}).value();
      const auto first = sell_what_was_seen(office, "ann", event, seen, 2);
      const auto second = sell_what_was_seen(office, "bob", event, seen, 2);
      CHECK(first.answer.refusal == (is_planted ? Refusal::none : Refusal::payment_refused));
      CHECK(second.answer.refusal == first.answer.refusal);
      CHECK(is_conserved(office, event) == !is_planted);
      CHECK(each_seat_once(office) == !(is_planted && event == kGala));
      if (!is_planted) continue;
      CHECK(second.effects.at(0).decided_on == 2U);
      // A node that has done this can be started again.
      Office other(with(&Bugs::oversell));
      other.machine.restore(office.machine.snapshot(), office.machine.applied_index());
      CHECK(other.machine.hash() == office.machine.hash());
      CHECK(other.counts(event) == office.counts(event));
    }
  }
}

TEST_CASE("oversell: no garbage comes through") {
  Office office(with(&Bugs::oversell));
  office.open(gala(4));
  CHECK(sell_what_was_seen(office, "ann", kGala, {5}, 2).answer.refusal == Refusal::no_such_seat);
  std::vector<std::uint32_t> many;
  for (std::uint32_t seat = 1; seat <= 101; ++seat) many.push_back(seat);
  CHECK(sell_what_was_seen(office, "bob", kGala, many, 2).answer.refusal == Refusal::too_many);
  CHECK(text_of(office.ask({}, "cat", "1", buy(1)).answer) == "awaits 1:1");
  CHECK(text_of(office.ask({}, "cat", "1", paid()).answer) == "ok 1:1");
  CHECK(is_conserved(office, kGala));
}

TEST_CASE("double_release: what was given back is freed once more when its time is over") {
  for (const bool is_planted : {false, true}) {
    for (const std::string& event : {kGala, kPicnic}) {
      Office office(is_planted ? with(&Bugs::double_release) : Bugs{});
      office.open(gala(1));
      office.open(picnic(1));
      office.ask(seconds(0), "ann", "1", hold(1, event));
      office.ask(seconds(5), "ann", "2", release("1", event));
      office.ask(seconds(6), "bob", "1", hold(1, event));
      CHECK(is_conserved(office, event));
      const auto applied = office.ask(seconds(30), "cat", "1", hold(1, event));
      CHECK(applied.answer.refusal == (is_planted ? Refusal::none : Refusal::sold_out));
      CHECK(applied.effects.size() == (is_planted ? 2 : 0));
      CHECK(is_conserved(office, event) == !is_planted);
      CHECK(each_seat_once(office) == !(is_planted && event == kGala));
      office.let_pass(seconds(100));
      CHECK_FALSE(office.machine.next_due());
    }
  }
}

TEST_CASE("double_release: where nobody took the seat meanwhile nothing is wrong") {
  Office office(with(&Bugs::double_release));
  office.open(gala(2));
  office.ask(seconds(0), "ann", "1", hold(1));
  office.ask(seconds(5), "ann", "2", release("1"));
  office.let_pass(seconds(30));
  CHECK(is_conserved(office, kGala));
  CHECK(office.counts().free == 2);
}

TEST_CASE("expiry_by_local_clock, nondeterministic_apply: nodes whose clocks differ come to differ") {
  CHECK(nodes_agree({}));
  CHECK_FALSE(nodes_agree(with(&Bugs::expiry_by_local_clock)));
  CHECK_FALSE(nodes_agree(with(&Bugs::nondeterministic_apply)));
}

TEST_CASE("nondeterministic_apply: the deadline is as far away as the node's clock has gone ahead") {
  LogTime local = seconds(1'000);
  Office office(with(&Bugs::nondeterministic_apply), [&local] { return local; });
  office.open(gala(2));
  CHECK(text_of(office.ask(seconds(0), "ann", "1", hold(1))) == "ok 1:1; hold ann/1 1:1 -30s");
  local += seconds(7);
  CHECK(text_of(office.ask(seconds(5), "ann", "2", hold(1))) == "ok 1:2; hold ann/2 1:2 -37s");
}

TEST_CASE("expiry_by_local_clock: a hold ends by the node's clock") {
  LogTime local = seconds(1'000);
  Office office(with(&Bugs::expiry_by_local_clock), [&local] { return local; });
  office.open(gala(2));
  office.ask(seconds(0), "ann", "1", hold(2));
  local += seconds(29);
  CHECK(office.ask(seconds(40), "bob", "1", hold(1)).answer.refusal == Refusal::sold_out);
  local += seconds(1);
  CHECK(office.ask(seconds(40), "bob", "2", hold(1)).answer.refusal == Refusal::none);
}

TEST_CASE("non_idempotent_purchase_retry: a purchase that is repeated is made once more") {
  for (const bool is_planted : {false, true}) {
    Office office(is_planted ? with(&Bugs::non_idempotent_purchase_retry) : Bugs{});
    office.open(gala(5));
    office.open(picnic(5));
    for (const std::string& event : {kGala, kPicnic}) {
      for (int time = 0; time < 2; ++time) {
        const auto started = office.ask(seconds(1), "ann", event, buy(2, event));
        CHECK(started.repeated == (time == 1 && !is_planted));
        CHECK(started.answer.awaits != started.repeated);
        office.ask(seconds(2), "ann", event, paid(event));
      }
      CHECK(office.counts(event).sold == (is_planted ? 4 : 2));
      CHECK(is_conserved(office, event));
      // What else is repeated is not affected.
      office.ask(seconds(3), "bob", event, hold(1, event));
      CHECK(office.ask(seconds(3), "bob", event, hold(1, event)).repeated);
    }
    Office other;
    other.machine.restore(office.machine.snapshot(), office.machine.applied_index());
    CHECK(other.tickets().sales(kGala) == office.tickets().sales(kGala));
    CHECK(other.machine.view("user/ann") == office.machine.view("user/ann"));
  }
}

TEST_CASE("dedupe_not_in_snapshot: the receiver does once more what the others have done") {
  for (const bool is_planted : {false, true}) {
    const Bugs bugs = is_planted ? with(&Bugs::dedupe_not_in_snapshot) : Bugs{};
    Office sender(bugs);
    sender.open(gala(5));
    sender.ask(seconds(1), "ann", "1", buy(1));
    sender.ask(seconds(1), "ann", "1", paid());
    const CellList sent = sender.machine.snapshot();
    CHECK(sender.machine.cells().all().size() - sent.size() == (is_planted ? 1 : 0));
    Office receiver(bugs);
    receiver.machine.restore(sent, sender.machine.applied_index());
    CHECK((receiver.machine.hash() == sender.machine.hash()) == !is_planted);
    CHECK(receiver.counts() == sender.counts());
    CHECK(sender.ask(seconds(2), "ann", "1", buy(1)).repeated);
    CHECK(receiver.ask(seconds(2), "ann", "1", buy(1)).repeated == !is_planted);
    CHECK((receiver.counts() == sender.counts()) == !is_planted);
  }
}
