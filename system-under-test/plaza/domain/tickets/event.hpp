// One event: its free tickets, holds, sales, its line, and what ends when.
//
// Every function that changes something writes the cells, effects and topics of it into the step it is given. A
// function that refuses has changed nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <variant>

#include "system-under-test/plaza/bugs.hpp"
#include "system-under-test/plaza/domain/domain.hpp"
#include "system-under-test/plaza/domain/tickets/free_tickets.hpp"
#include "system-under-test/plaza/domain/tickets/ledger.hpp"
#include "system-under-test/plaza/domain/tickets/line.hpp"
#include "system-under-test/plaza/domain/tickets/messages.hpp"
#include "system-under-test/plaza/domain/tickets/records.hpp"
#include "system-under-test/plaza/domain/tickets/tickets.hpp"

namespace plaza::tickets {

class Event {
 public:
  // All tickets are free.
  Event(Open terms, Bugs bugs);

  // As they were kept. Else: why that cannot be.
  using WhyNot = std::optional<std::string_view>;
  WhyNot restore_hold(const RequestKey& key, const Held& held);
  WhyNot restore_sale(const RequestKey& key, const Sold& sold);
  WhyNot restore_waiting(std::uint64_t number, const Waiting& waiting);
  // After all the others: how many are free, where tickets are only counted.
  WhyNot restore_free(std::uint32_t free);

  void open(const RequestKey& key, Step& step);
  // `from` is when the hold's time begins.
  Answer hold(const RequestKey& key, const Wanted& wanted, LogTime from, Step& step);
  Answer start_purchase(const RequestKey& key, const StartPurchase& purchase, Step& step);
  Answer settle(const RequestKey& key, const Settle& settle, Step& step);
  Answer release(const RequestKey& key, const Release& release, Step& step);
  Answer wait(const RequestKey& key, const Wait& wait, Step& step);
  Answer leave(const RequestKey& key, Step& step);

  // When the next of its holds ends by itself.
  std::optional<LogTime> next_due() const;
  // Ends that. Requires: there is one.
  void end_first_due(Step& step);

  // What would be got now; or why not.
  std::variant<Lot, Refusal> look(const Wanted& wanted) const;

  const Open& terms() const { return terms_; }
  Counts counts() const;
  const Ledger<Held>& holds() const { return holds_; }
  const Ledger<Sold>& sales() const { return sales_; }
  const Line& line() const { return line_; }

 private:
  // The end of a hold that is to come, or the end of its payment.
  struct Due {
    LogTime at;
    RequestKey hold;
    Lot lot;  // of the bug `double_release`, which has nothing else to go by
    bool operator<(const Due& other) const { return std::tie(at, hold) < std::tie(other.at, other.hold); }
  };
  // Why a hold leaves.
  enum class Ends : std::uint8_t { by_itself, by_request };

  WhyNot restore_lot(const Lot& lot);
  // Two bugs put tickets in two places. A node that has them on must be able to start again with what they did.
  bool keeps_what_cannot_be() const { return bugs_.oversell || bugs_.double_release; }
  Answer settle_unchecked(const RequestKey& key, const Settle& settle, Step& step);
  // Takes these, which are free, into a hold.
  void take(const RequestKey& key, const Held& held, Step& step);
  // Changes a hold that is there.
  void change(const RequestKey& key, const Held& held, Step& step);
  // Takes it out of everything; its tickets are nowhere then.
  Held take_out(const RequestKey& key, Ends ends, Step& step);
  void sell(const RequestKey& key, const Lot& lot, std::optional<std::uint64_t> decided_on, Step& step);
  // The payment is over without a sale: an earlier hold goes on, what was taken for it only is free again.
  void end_payment(const RequestKey& hold, std::string_view payment_effect, std::string_view hold_effect, Ends ends,
                   Step& step);
  void free(const RequestKey& key, const Lot& lot, std::string_view effect, Step& step);
  // To the first in line, and on, as long as there is enough for it.
  void offer(Step& step);
  void offer_to(const Waiting& waiting, const Lot& lot, Step& step);
  // Where tickets are only counted, their number is in the event's own cell.
  void keep_count(Step& step) const;
  void tell(std::string_view effect, const RequestKey& key, const Lot& lot, std::optional<LogTime> deadline,
            Step& step) const;

  Open terms_;
  Bugs bugs_;
  FreeTickets free_;
  Ledger<Held> holds_;
  Ledger<Sold> sales_;
  Line line_;
  std::unordered_map<RequestKey, RequestKey, RequestKeyHash> paying_;  // purchase to the hold that it pays for
  std::set<Due> due_;                                                  // one for each hold
};

}  // namespace plaza::tickets
