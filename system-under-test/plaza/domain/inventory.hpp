// The inventory: which tickets are free, held or sold, and what was answered to whom.
//
// A pure state machine. It does no I/O, reads no clock and draws nothing: time comes in as a parameter, and equal calls
// in equal order give equal states. Every container is ordered by value, so no iteration depends on an address or a
// hash.
//
// Invariants:
//   - A ticket 1..capacity is in exactly one of: free tickets, holds, sales. So free + held + sold == capacity.
//     (sell_free() trusts its caller with this one; see there.)
//   - version() grows by exactly one with every applied change: hold, sale, release, expiry. Marking a hold as being
//     paid for is not a change, because the ticket stays held by the same user.
//   - One request has one answer. A repeated request gets the answer of the first one and applies nothing.
//   - A hold whose payment is pending does not expire, and only that payment can end it.
//
// It can be rebuilt from what was kept of it. Two things are not kept: when a hold ends, since a steady clock means
// nothing to the next process (a hold begins its time anew), and payments, which end with the process that awaits them.
//
// What it leaves out: answers are remembered for ever, so memory grows with the number of requests, as it does with the
// sales. There is one kind of ticket, and no price.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace plaza {

using TimePoint = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;
using TicketNumber = std::uint32_t;  // 1..capacity; 0 means none
using Version = std::uint64_t;

// Who asks, and under which id. The ids of different users never collide.
struct RequestKey {
  std::string user;
  std::string request_id;
  auto operator<=>(const RequestKey&) const = default;
};

enum class Command : std::uint8_t { hold, buy, purchase, release };
enum class Change : std::uint8_t { hold, sale, release, expire };

enum class Refusal : std::uint8_t {
  none,
  sold_out,         // no ticket is free
  not_held,         // this user does not hold that ticket, or no longer
  payment_pending,  // another request of this user is paying for that ticket
  payment_refused,  // the payment was not authorised
  id_reused,        // this user sent another request under the same id before
};

struct Decision {
  Refusal refusal = Refusal::none;
  TicketNumber ticket = 0;
  Version version = 0;           // after the decision
  std::optional<Change> change;  // what was applied just now; none for a refusal or a remembered answer
  bool awaits_payment = false;   // not decided yet: authorise the payment, then call complete_payment or refuse_payment
  bool operator==(const Decision&) const = default;
};

struct Hold {
  std::string user;
  std::optional<TimePoint> deadline;  // none for a "buy now": that hold lives exactly as long as its payment
  std::optional<std::string> paying;  // the request whose payment is pending
};

struct Sale {
  TicketNumber ticket = 0;
  std::string user;
  std::string request_id;
  bool operator==(const Sale&) const = default;
};

struct Expiry {
  TicketNumber ticket = 0;
  std::string user;  // who held it
  Version version = 0;
};

// A request's final answer, with what the request was: a repetition must be the same request.
struct Answered {
  Command command = Command::hold;
  TicketNumber asked_ticket = 0;  // 0 where the command names none
  Decision decision;              // of which a repetition gets all but the change
};

// What an inventory is rebuilt from.
struct KeptHold {
  TicketNumber ticket = 0;
  std::string user;
  bool buys_now = false;  // taken by start_buy(), so its payment was pending
  bool operator==(const KeptHold&) const = default;
};
struct KeptState {
  TicketNumber capacity = 0;
  Version version = 0;
  std::vector<KeptHold> holds;
  std::vector<Sale> sales;  // in the order in which they were made
  std::map<RequestKey, Answered> answers;
};

// Taken from the containers, never counted beside them: if a ticket is in two places, the sum shows it.
struct Counts {
  std::uint32_t free = 0;
  std::uint32_t held = 0;
  std::uint32_t sold = 0;
  bool operator==(const Counts&) const = default;
};

class Inventory {
 public:
  Inventory(TicketNumber capacity, Duration hold_ttl);

  // As it was when `kept` was. Holds last until now + hold_ttl; those of a "buy now" stay until release_abandoned().
  // Requires that `kept` keeps the invariants above.
  Inventory(const KeptState& kept, Duration hold_ttl, TimePoint now);

  // Holds the lowest free ticket until now + hold_ttl. Refuses: sold_out, id_reused.
  Decision hold(const RequestKey& key, TimePoint now);

  // Frees a ticket that this user holds. Refuses: not_held, payment_pending, id_reused.
  Decision release(const RequestKey& key, TicketNumber ticket, TimePoint now);

  // Sells a ticket that this user holds, where no payment has to be waited for. Refuses as start_payment() does.
  Decision purchase(const RequestKey& key, TicketNumber ticket, TimePoint now);

  // The two ways to begin what needs a payment. A decision that `awaits_payment` must be followed by complete_payment()
  // or refuse_payment() for the same key and ticket; any other decision is final, and is the answer.
  // Both require that no payment of the same key is pending.
  //
  // start_payment: for a ticket that this user holds. Refuses: not_held, payment_pending, id_reused.
  // start_buy: takes the lowest free ticket in the same step, which is a change. Refuses: sold_out, id_reused.
  Decision start_payment(const RequestKey& key, TicketNumber ticket, TimePoint now);
  Decision start_buy(const RequestKey& key);

  // The payment was authorised: the hold becomes a sale.
  Decision complete_payment(const RequestKey& key, TicketNumber ticket);

  // The payment was not authorised. A ticket taken by start_buy() is free again; a hold from before goes on until its
  // own deadline. Answers payment_refused.
  Decision refuse_payment(const RequestKey& key, TicketNumber ticket);

  // What start_buy() would decide now, without taking the ticket or remembering anything.
  Decision look(const RequestKey& key) const;

  // Sells a free ticket to the request without a hold. Requires that the ticket is free *now*: whoever looked in an
  // earlier turn of the event loop does not know that.
  Decision sell_free(const RequestKey& key, TicketNumber ticket);

  // Frees the hold with the earliest deadline if it has passed (deadline <= now). Call until it returns nothing.
  // A hold past its deadline already counts as not held, whether or not this was called.
  std::optional<Expiry> expire_next(TimePoint now);

  // Frees a "buy now" hold whose payment nobody awaits any more: one of an earlier process. Call until it returns
  // nothing, before anything else is asked of a rebuilt inventory.
  std::optional<Expiry> release_abandoned();

  // The earliest moment at which expire_next() will have something to do.
  std::optional<TimePoint> next_deadline() const;

  TicketNumber capacity() const { return capacity_; }
  Version version() const { return version_; }
  Counts counts() const;

  const std::set<TicketNumber>& free_tickets() const { return free_; }
  const std::map<TicketNumber, Hold>& holds() const { return holds_; }
  const std::vector<Sale>& sales() const { return sales_; }

  // The final answer that this request was given, if any; valid until the next change.
  const Answered* answered(const RequestKey& key) const;

 private:
  using Holds = std::map<TicketNumber, Hold>;

  std::optional<Decision> recall(const RequestKey& key, Command command, TicketNumber asked_ticket) const;
  Decision answer(const RequestKey& key, const Answered& given);
  Decision refusal(Refusal why, TicketNumber ticket) const;
  Decision applied(Change change, TicketNumber ticket);
  Refusal why_not_usable(const RequestKey& key, TicketNumber ticket, TimePoint now) const;
  Holds::iterator find_paying(const RequestKey& key, TicketNumber ticket);
  void take(TicketNumber ticket, Hold hold);
  void drop(Holds::iterator hold);
  Expiry free_hold(Holds::iterator hold, Change why);

  TicketNumber capacity_;
  Duration hold_ttl_;
  Version version_ = 0;
  std::set<TicketNumber> free_;
  Holds holds_;
  std::set<std::pair<TimePoint, TicketNumber>> deadlines_;  // of the holds that may expire: those not being paid for
  std::vector<Sale> sales_;
  std::map<RequestKey, Answered> answers_;
};

}  // namespace plaza
