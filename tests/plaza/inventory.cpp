#include "system-under-test/plaza/domain/inventory.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <set>
#include <string>

using namespace plaza;
using namespace std::chrono_literals;

namespace {

constexpr Duration kTtl = 10s;
constexpr TimePoint kStart{};

RequestKey ann(const std::string& id) { return {.user = "ann", .request_id = id}; }
RequestKey bob(const std::string& id) { return {.user = "bob", .request_id = id}; }

std::uint32_t total(const Inventory& inventory) {
  const Counts counts = inventory.counts();
  return counts.free + counts.held + counts.sold;
}

// Every ticket in exactly one place: the containers, not the counts, are compared.
bool each_ticket_once(const Inventory& inventory) {
  std::multiset<TicketNumber> seen(inventory.free_tickets().begin(), inventory.free_tickets().end());
  for (const auto& [ticket, hold] : inventory.holds()) seen.insert(ticket);
  for (const Sale& sale : inventory.sales()) seen.insert(sale.ticket);
  if (seen.size() != inventory.capacity()) return false;
  TicketNumber expected = 1;
  for (const TicketNumber ticket : seen) {
    if (ticket != expected) return false;
    ++expected;
  }
  return true;
}

// A small linear congruential generator (Knuth's MMIX constants), so that the test is the same everywhere.
class Lcg {
 public:
  explicit Lcg(std::uint64_t seed) : state_(seed) {}
  std::uint32_t below(std::uint32_t bound) {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<std::uint32_t>((state_ >> 33) % bound);
  }

 private:
  std::uint64_t state_;
};

}  // namespace

TEST_CASE("tickets are held from the lowest number up, until none is free", "[inventory]") {
  Inventory inventory(2, kTtl);
  CHECK(inventory.counts() == Counts{.free = 2, .held = 0, .sold = 0});
  const Decision first = inventory.hold(ann("1"), kStart);
  CHECK(first.ticket == 1);
  CHECK(first.version == 1);
  CHECK(first.change == Change::hold);
  CHECK(inventory.hold(bob("1"), kStart).ticket == 2);
  const Decision third = inventory.hold(bob("2"), kStart);
  CHECK(third.refusal == Refusal::sold_out);
  CHECK_FALSE(third.change);
  CHECK(inventory.version() == 2);
  CHECK(inventory.counts() == Counts{.free = 0, .held = 2, .sold = 0});
}

TEST_CASE("a held ticket can be sold to its holder only, once", "[inventory]") {
  Inventory inventory(2, kTtl);
  inventory.hold(ann("1"), kStart);
  CHECK(inventory.purchase(bob("1"), 1, kStart).refusal == Refusal::not_held);
  CHECK(inventory.purchase(ann("2"), 2, kStart).refusal == Refusal::not_held);
  CHECK(inventory.purchase(ann("3"), 99, kStart).refusal == Refusal::not_held);
  const Decision sold = inventory.purchase(ann("4"), 1, kStart);
  CHECK(sold.change == Change::sale);
  CHECK(sold.version == 2);
  CHECK(inventory.purchase(ann("5"), 1, kStart).refusal == Refusal::not_held);
  REQUIRE(inventory.sales().size() == 1);
  CHECK(inventory.sales().front() == Sale{.ticket = 1, .user = "ann", .request_id = "4"});
}

TEST_CASE("a released ticket is free again", "[inventory]") {
  Inventory inventory(1, kTtl);
  inventory.hold(ann("1"), kStart);
  CHECK(inventory.release(bob("1"), 1, kStart).refusal == Refusal::not_held);
  CHECK(inventory.release(ann("2"), 1, kStart).change == Change::release);
  CHECK(inventory.hold(bob("2"), kStart).ticket == 1);
}

TEST_CASE("a repeated request gets the first answer and applies nothing", "[inventory]") {
  Inventory inventory(2, kTtl);
  Decision held = inventory.hold(ann("1"), kStart);
  Decision sold = inventory.purchase(ann("2"), 1, kStart);
  inventory.hold(bob("1"), kStart);
  const Decision none_left = inventory.hold(ann("3"), kStart);
  Decision released = inventory.release(bob("2"), 2, kStart);
  const Version version = inventory.version();

  held.change.reset();
  sold.change.reset();
  released.change.reset();
  CHECK(inventory.hold(ann("1"), kStart + 1h) == held);
  CHECK(inventory.purchase(ann("2"), 1, kStart + 1h) == sold);
  CHECK(inventory.hold(ann("3"), kStart + 1h) == none_left);  // although one is free by now
  CHECK(inventory.release(bob("2"), 2, kStart + 1h) == released);
  CHECK(inventory.version() == version);
  CHECK(inventory.counts() == Counts{.free = 1, .held = 0, .sold = 1});
}

TEST_CASE("an id that comes back with another content is refused", "[inventory]") {
  Inventory inventory(3, kTtl);
  inventory.hold(ann("1"), kStart);
  CHECK(inventory.release(ann("1"), 1, kStart).refusal == Refusal::id_reused);
  CHECK(inventory.start_buy(ann("1")).refusal == Refusal::id_reused);
  inventory.release(ann("2"), 1, kStart);
  CHECK(inventory.release(ann("2"), 2, kStart).refusal == Refusal::id_reused);
  CHECK(inventory.hold(bob("1"), kStart).refusal == Refusal::none);  // another user's id is another id
}

TEST_CASE("a hold expires at its deadline", "[inventory]") {
  Inventory inventory(2, kTtl);
  CHECK_FALSE(inventory.next_deadline());
  inventory.hold(ann("1"), kStart);
  inventory.hold(bob("1"), kStart + 1s);
  CHECK(inventory.next_deadline() == kStart + kTtl);
  CHECK_FALSE(inventory.expire_next(kStart + kTtl - 1ns));

  // Past its deadline a hold is of no use, even if nobody has expired it yet.
  CHECK(inventory.purchase(ann("2"), 1, kStart + kTtl).refusal == Refusal::not_held);
  CHECK(inventory.release(ann("3"), 1, kStart + kTtl).refusal == Refusal::not_held);

  const auto expiry = inventory.expire_next(kStart + kTtl);
  REQUIRE(expiry);
  CHECK(expiry->ticket == 1);
  CHECK(expiry->user == "ann");
  CHECK(expiry->version == 3);
  CHECK_FALSE(inventory.expire_next(kStart + kTtl));
  CHECK(inventory.next_deadline() == kStart + kTtl + 1s);
  CHECK(inventory.counts() == Counts{.free = 1, .held = 1, .sold = 0});
}

TEST_CASE("a hold does not expire, nor can it be used otherwise, while it is being paid for", "[inventory]") {
  Inventory inventory(1, kTtl);
  inventory.hold(ann("1"), kStart);
  const Version before = inventory.version();
  REQUIRE(inventory.start_payment(ann("2"), 1, kStart).awaits_payment);
  CHECK(inventory.version() == before);
  CHECK_FALSE(inventory.next_deadline());
  CHECK_FALSE(inventory.expire_next(kStart + 1h));
  CHECK(inventory.purchase(ann("3"), 1, kStart).refusal == Refusal::payment_pending);
  CHECK(inventory.release(ann("4"), 1, kStart).refusal == Refusal::payment_pending);

  SECTION("approved: sold, however late") {
    CHECK(inventory.complete_payment(ann("2"), 1).change == Change::sale);
    CHECK(inventory.counts() == Counts{.free = 0, .held = 0, .sold = 1});
  }
  SECTION("refused: held until its own deadline") {
    const Decision refused = inventory.refuse_payment(ann("2"), 1);
    CHECK(refused.refusal == Refusal::payment_refused);
    CHECK_FALSE(refused.change);
    CHECK(inventory.next_deadline() == kStart + kTtl);
    CHECK(inventory.purchase(ann("2"), 1, kStart) == refused);
    CHECK(inventory.purchase(ann("5"), 1, kStart).change == Change::sale);
  }
  SECTION("only the payment that was begun can end it") {
    CHECK(inventory.complete_payment(ann("9"), 1).refusal == Refusal::not_held);
    CHECK(inventory.counts() == Counts{.free = 0, .held = 1, .sold = 0});
  }
}

TEST_CASE("buy now takes the ticket before the payment", "[inventory]") {
  Inventory inventory(1, kTtl);
  const Decision started = inventory.start_buy(ann("1"));
  CHECK(started.awaits_payment);
  CHECK(started.change == Change::hold);
  CHECK(inventory.start_buy(bob("1")).refusal == Refusal::sold_out);
  CHECK_FALSE(inventory.expire_next(kStart + 1h));

  SECTION("approved: sold") {
    CHECK(inventory.complete_payment(ann("1"), 1).change == Change::sale);
    const Decision again = inventory.start_buy(ann("1"));
    CHECK_FALSE(again.awaits_payment);
    CHECK(again.ticket == 1);
  }
  SECTION("refused: free again") {
    const Decision refused = inventory.refuse_payment(ann("1"), 1);
    CHECK(refused.refusal == Refusal::payment_refused);
    CHECK(refused.change == Change::release);
    CHECK(inventory.start_buy(ann("1")).refusal == Refusal::payment_refused);
    CHECK(inventory.start_buy(bob("2")).ticket == 1);
  }
}

TEST_CASE("selling a ticket that is no longer free shows in the counts", "[inventory]") {
  Inventory inventory(3, kTtl);
  const Decision ann_saw = inventory.look(ann("1"));
  const Decision bob_saw = inventory.look(bob("1"));
  CHECK(ann_saw.ticket == bob_saw.ticket);
  inventory.sell_free(ann("1"), ann_saw.ticket);
  CHECK(total(inventory) == inventory.capacity());
  CHECK(each_ticket_once(inventory));
  inventory.sell_free(bob("1"), bob_saw.ticket);
  CHECK(total(inventory) == inventory.capacity() + 1);
  CHECK_FALSE(each_ticket_once(inventory));
}

TEST_CASE("an inventory goes on from what was kept of it", "[inventory]") {
  KeptState kept{
      .capacity = 4,
      .version = 9,
      .holds = {{.ticket = 1, .user = "ann", .buys_now = false}, {.ticket = 2, .user = "bob", .buys_now = true}},
      .sales = {{.ticket = 4, .user = "ann", .request_id = "2"}},
      .answers = {}};
  const Decision sold{.ticket = 4, .version = 7, .change = std::nullopt};
  kept.answers[ann("2")] = {.command = Command::buy, .asked_ticket = 0, .decision = sold};
  Inventory inventory(kept, kTtl, kStart + 1h);
  CHECK(each_ticket_once(inventory));
  CHECK(inventory.version() == 9);
  CHECK(inventory.counts() == Counts{.free = 1, .held = 2, .sold = 1});
  CHECK(inventory.start_buy(ann("2")) == sold);
  CHECK(inventory.hold(ann("2"), kStart).refusal == Refusal::id_reused);

  // Nobody awaits that payment any more.
  const auto abandoned = inventory.release_abandoned();
  REQUIRE(abandoned);
  CHECK(abandoned->ticket == 2);
  CHECK(abandoned->user == "bob");
  CHECK(abandoned->version == 10);
  CHECK_FALSE(inventory.release_abandoned());
  CHECK(inventory.start_buy(bob("1")).ticket == 2);  // asked again, paid again
  CHECK_FALSE(inventory.release_abandoned());        // and this one is awaited

  CHECK(inventory.next_deadline() == kStart + 1h + kTtl);
  CHECK(inventory.purchase(ann("3"), 1, kStart + 1h).change == Change::sale);
}

TEST_CASE("whatever is asked, each ticket is in one place and each change counts one", "[inventory]") {
  const std::uint64_t seed = GENERATE(range<std::uint64_t>(1, 101));
  Lcg random(seed);
  const TicketNumber capacity = 1 + random.below(6);
  Inventory inventory(capacity, kTtl);
  TimePoint now = kStart;
  std::vector<std::pair<RequestKey, TicketNumber>> payments;

  for (int step = 0; step < 400; ++step) {
    // Few ids, so that many requests are repetitions, or reuse an id for something else.
    const std::string user = "u" + std::to_string(random.below(3));
    const RequestKey key{.user = user, .request_id = std::to_string(random.below(200))};
    const TicketNumber ticket = 1 + random.below(capacity + 1);
    const bool is_paying =
        std::any_of(payments.begin(), payments.end(), [&](const auto& payment) { return payment.first == key; });
    const Version before = inventory.version();
    Decision decision{.version = before, .change = {}};
    now += std::chrono::milliseconds(random.below(2000));

    switch (random.below(7)) {
      case 0:
        decision = inventory.hold(key, now);
        break;
      case 1:
        decision = inventory.purchase(key, ticket, now);
        break;
      case 2:
        decision = inventory.release(key, ticket, now);
        break;
      case 3:
        if (!is_paying) decision = inventory.start_buy(key);
        if (decision.awaits_payment) payments.emplace_back(key, decision.ticket);
        break;
      case 4:
        if (!is_paying) decision = inventory.start_payment(key, ticket, now);
        if (decision.awaits_payment) payments.emplace_back(key, ticket);
        break;
      case 5:
        if (payments.empty()) break;
        if (random.below(3) == 0) {
          decision = inventory.refuse_payment(payments.back().first, payments.back().second);
        } else {
          decision = inventory.complete_payment(payments.back().first, payments.back().second);
          REQUIRE(decision.change == Change::sale);
        }
        payments.pop_back();
        break;
      default:
        if (const auto expiry = inventory.expire_next(now)) {
          decision = {.ticket = expiry->ticket, .version = expiry->version, .change = Change::expire};
        }
    }
    REQUIRE(total(inventory) == capacity);
    REQUIRE(each_ticket_once(inventory));
    REQUIRE(inventory.version() == before + (decision.change ? 1 : 0));
    if (decision.change) REQUIRE(decision.version == inventory.version());
  }
}
