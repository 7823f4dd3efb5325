// The durability ledger of last-ticket, against nodes that keep and that lose.
#include "scenarios/last_ticket_durability.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>

using namespace last_ticket;
using plaza::Change;
using plaza::Decision;
using plaza::Inventory;
using plaza::KeptState;
using plaza::Operation;
using plaza::Request;
using plaza::RequestKey;
using plaza::Response;
using stillpoint::EventId;
using stillpoint::Finding;

namespace {

constexpr plaza::TicketNumber kTickets = 5;
constexpr auto kTtl = std::chrono::seconds(10);
constexpr plaza::TimePoint kStart{};

// A node without a disk, whose every change the ledger hears of, and its users. Keeps whatever it is told to keep.
struct World {
  Response ask(const std::string& user, const std::string& id, Operation op, plaza::TicketNumber ticket = 0) {
    const RequestKey key{user, id};
    Decision decision;
    switch (op) {
      case Operation::hold:
        decision = node.hold(key, kStart);
        break;
      case Operation::purchase:
        decision = node.purchase(key, ticket, kStart);
        break;
      case Operation::release:
        decision = node.release(key, ticket, kStart);
        break;
      case Operation::buy:
        decision = node.start_buy(key);
        if (!decision.awaits_payment) break;
        changed(key, decision);
        decision = node.complete_payment(key, decision.ticket);
        break;
      case Operation::watch:
        break;
    }
    if (decision.change) changed(key, decision);
    Response response{.id = id, .error = std::nullopt, .ticket = decision.ticket, .version = decision.version};
    if (decision.refusal != plaza::Refusal::none) response.error = plaza::Error::sold_out;
    return response;
  }

  void changed(const RequestKey& key, const Decision& decision) {
    broken = ledger.applied({.kind = *decision.change,
                             .request_id = key.request_id,
                             .user = key.user,
                             .ticket = decision.ticket,
                             .version = decision.version,
                             .decided_on_version = decision.version - 1,
                             .counts = node.counts(),
                             .capacity = kTickets},
                            ++event);
  }

  // The user hears of it, too.
  Response ask_and_hear(const std::string& user, const std::string& id, Operation op, plaza::TicketNumber ticket = 0) {
    const Response response = ask(user, id, op, ticket);
    REQUIRE_FALSE(broken);
    REQUIRE_FALSE(hear(user, op, response));
    return response;
  }
  std::optional<Finding> hear(const std::string& user, Operation op, const Response& response) {
    return ledger.told(Request{.id = response.id, .op = op, .user = user, .ticket = 0}, response, EventId{1000});
  }

  KeptState kept() const {
    KeptState state{.capacity = kTickets, .version = node.version(), .holds = {}, .sales = node.sales(), .answers = {}};
    for (const auto& [ticket, hold] : node.holds())
      state.holds.push_back({.ticket = ticket, .user = hold.user, .buys_now = !hold.deadline});
    for (const char* user : {"ann", "bob", "cid"}) {
      for (const char* id : {"1", "2", "3", "4", "5"}) {
        if (const auto* answer = node.answered({user, id})) state.answers[{user, id}] = *answer;
      }
    }
    return state;
  }
  std::optional<Finding> restart(const KeptState& state) {
    node = Inventory(state, kTtl, kStart);
    return ledger.recovered(node);
  }

  Inventory node{kTickets, kTtl};
  DurabilityLedger ledger;
  EventId event = 0;
  std::optional<Finding> broken;
};

}  // namespace

TEST_CASE("a node that keeps everything", "[durability]") {
  World world;
  REQUIRE_FALSE(world.restart(world.kept()));
  world.ask_and_hear("ann", "1", Operation::hold);
  world.ask_and_hear("ann", "2", Operation::purchase, 1);
  world.ask_and_hear("bob", "1", Operation::buy);
  world.ask_and_hear("bob", "2", Operation::hold);
  REQUIRE_FALSE(world.restart(world.kept()));
  world.ask_and_hear("bob", "3", Operation::release, 3);
  REQUIRE_FALSE(world.restart(world.kept()));
  CHECK(world.ledger.recoveries() == 3);
  CHECK(world.ledger.forgotten() == 0);

  // Repeated, and told the same.
  world.ask_and_hear("bob", "1", Operation::buy);
  CHECK(world.node.sales().size() == 2);
}

TEST_CASE("what nobody was told of may be lost, and its versions be used again", "[durability]") {
  World world;
  world.ask_and_hear("ann", "1", Operation::hold);
  world.ledger.committed(1);
  const KeptState state = world.kept();
  world.ask("bob", "1", Operation::buy);
  world.ask("cid", "1", Operation::hold);
  REQUIRE_FALSE(world.restart(state));
  CHECK(world.ledger.forgotten() == 3);
  CHECK(world.ask_and_hear("cid", "1", Operation::buy).ticket == 2);
  CHECK(world.ask_and_hear("bob", "1", Operation::buy).ticket == 3);
  REQUIRE_FALSE(world.restart(world.kept()));
}

TEST_CASE("a sale that a user was told of is lost", "[durability]") {
  World world;
  world.ask_and_hear("ann", "1", Operation::hold);
  const KeptState state = world.kept();
  world.ask_and_hear("bob", "1", Operation::buy);
  const auto finding = world.restart(state);
  REQUIRE(finding);
  CHECK(finding->promised == "what a user was told is done is there after every restart");
  CHECK(finding->found == "bob was told that buy 1 got ticket 2; after a restart that is not so");
  CHECK(finding->because ==
        "it was applied as version 3 (event 3); the node had called version 0 durable, and came back at version 1");
  REQUIRE(finding->witnesses.size() == 2);
  CHECK(finding->witnesses[0].role == "acknowledged");
  CHECK(finding->witnesses[1].event == 3);
}

TEST_CASE("a hold, and a release, that a user was told of is lost", "[durability]") {
  const bool releases = GENERATE(false, true);
  World world;
  KeptState state = world.kept();
  world.ask_and_hear("ann", "1", Operation::hold);
  if (releases) {
    state = world.kept();
    world.ask_and_hear("ann", "2", Operation::release, 1);
  }
  CHECK(world.restart(state));
}

TEST_CASE("an answer that was on its way tells of what a crash has undone", "[durability]") {
  World world;
  const KeptState state = world.kept();
  const Response answer = world.ask("ann", "1", Operation::hold);
  REQUIRE_FALSE(world.restart(state));
  const auto finding = world.hear("ann", Operation::hold, answer);
  REQUIRE(finding);
  CHECK(finding->found == "ann was told that hold 1 got ticket 1, which a crash had undone by then");

  // Asked again, it is true.
  CHECK_FALSE(world.hear("ann", Operation::hold, world.ask("ann", "1", Operation::hold)));
}

TEST_CASE("what the node called durable is lost, although no user knew", "[durability]") {
  World world;
  const KeptState state = world.kept();
  world.ask("ann", "1", Operation::hold);
  world.ledger.committed(1);
  const auto finding = world.restart(state);
  REQUIRE(finding);
  CHECK(finding->promised == "what the node calls durable is there after every restart");
}

TEST_CASE("a node comes back with what it never had", "[durability]") {
  World world;
  world.ask_and_hear("ann", "1", Operation::hold);
  world.ask_and_hear("ann", "2", Operation::buy);
  KeptState state = world.kept();
  std::string found;
  SECTION("a state from nowhere") {
    state.version = 9;
    found = "it is at version 9";
  }
  SECTION("a hold of somebody else") {
    state.holds[0].user = "bob";
    found = "after a restart it is held by bob";
  }
  SECTION("a hold that nobody asked for") {
    state.holds.push_back({.ticket = 5, .user = "cid"});
    found = "after a restart it is held by cid";
  }
  SECTION("a sale less") {
    state.sales.clear();
    found = "after a restart it is free";
  }
  SECTION("a ticket held and sold") {
    state.holds.push_back({.ticket = 2, .user = "cid"});
    found = "after a restart it is held by cid and sold to ann for 2";
  }
  SECTION("a sale for another request") {
    state.sales[0].request_id = "7";
    found = "after a restart it is sold to ann for 7";
  }
  SECTION("no memory of an answer") {
    state.answers.erase({"ann", "2"});
    found = "ann was told that buy 2 got ticket 2, and would be served again";
  }
  SECTION("another answer") {
    state.answers[{"ann", "2"}].decision.version = 1;
    found = "ann was told that buy 2 got ticket 2, and would be told otherwise";
  }
  const auto finding = world.restart(state);
  REQUIRE(finding);
  CHECK(finding->found == found);
}

TEST_CASE("a ticket, or a request, is sold twice with a restart in between", "[durability]") {
  World world;
  world.ask_and_hear("ann", "1", Operation::buy);
  REQUIRE_FALSE(world.restart(world.kept()));
  plaza::Applied again{.kind = Change::sale, .request_id = "1", .user = "bob", .ticket = 1, .version = 3, .counts = {}};
  SECTION("the ticket") {}
  SECTION("the request") {
    again.user = "ann";
    again.ticket = 2;
  }
  const auto finding = world.ledger.applied(again, 7);
  REQUIRE(finding);
  CHECK(finding->witnesses[1].event == 7);
}
