// The domain `tickets`: which tickets of which events are free, held or sold, and who waits for them.
//
// Invariants, for every event:
//   - A ticket is in exactly one place: free, of one hold, or sold. So free + held + sold == capacity.
//   - A hold ends by its sale, its release, or its deadline in the log's time, and never before one of them.
//   - Offers are made in the order of the line; the first in line is offered something as soon as there is enough.
//   - What one request asks for, it gets whole or not at all.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "system-under-test/plaza/bugs.hpp"
#include "system-under-test/plaza/domain/domain.hpp"
#include "system-under-test/plaza/domain/tickets/messages.hpp"

namespace plaza::tickets {

// Taken from where the tickets are, never counted beside it.
struct Counts {
  std::uint32_t free = 0;
  std::uint32_t held = 0;
  std::uint32_t sold = 0;
  std::uint32_t waiting = 0;  // tickets that are waited for
  bool operator==(const Counts&) const = default;
};

// A hold or a sale, for those who look from outside.
struct Place {
  RequestKey key;  // of the request that made the hold; of the purchase
  std::uint32_t count = 0;
  std::vector<std::uint32_t> seats = {};
  std::optional<LogTime> deadline = std::nullopt;  // of a hold; while it is paid for, the payment's
  bool offered = false;                            // a hold that was offered to who waited
  bool paying = false;
  bool operator==(const Place&) const = default;
};

class Tickets final : public Domain {
 public:
  explicit Tickets(Bugs bugs = {}, std::function<LogTime()> local_clock = {});
  ~Tickets() override;

  Part part_of(std::string_view body) const override;
  bool owns(std::string_view cell) const override;
  void restore(const Cells& cells) override;
  Answer decide(const RequestKey& key, std::string_view body, Step& step) override;
  void pass_time(Step& step) override;
  std::optional<LogTime> next_due() const override;
  std::optional<std::string> view(std::string_view topic) const override;

  std::vector<std::string> events() const;
  std::optional<Open> event(std::string_view name) const;
  std::optional<Counts> counts(std::string_view event) const;
  std::vector<Place> holds(std::string_view event) const;  // by key
  std::vector<Place> sales(std::string_view event) const;  // by key
  std::vector<RequestKey> line(std::string_view event) const;
  // What a StartPurchase would get now, without taking it: what the bug `oversell` asks. Where tickets have no numbers:
  // 1..count, which stand for so many. None: it would be refused.
  std::optional<std::vector<std::uint32_t>> look(std::string_view event, const Wanted& wanted) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace plaza::tickets
