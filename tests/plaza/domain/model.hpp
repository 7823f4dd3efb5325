// The rules of tickets once more, as simple as they can be written: every ticket is an element of a vector that says
// where it is, and everything is looked for by looking at everything. It has no cells, no indices and no sums.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/plaza/domain/office.hpp"

namespace plaza::tickets {

class Model {
 public:
  // Answers as text_of() writes them; without seats where the event has none.
  std::string apply(const Command& command);

  Counts counts(const std::string& event) const;
  std::vector<Place> holds(const std::string& event) const;
  std::vector<Place> sales(const std::string& event) const;
  std::vector<RequestKey> line(const std::string& event) const;

 private:
  enum class At : std::uint8_t { free, held, sold };
  struct Ticket {
    At at = At::free;
    RequestKey key = {};
  };
  struct Kept {
    RequestKey key;
    std::optional<LogTime> deadline;
    bool offered = false;
    std::optional<std::string> paid_by = std::nullopt;
    LogTime paid_until{};
    LogTime ends() const { return paid_by ? paid_until : *deadline; }
  };
  struct Waiter {
    RequestKey key;
    std::uint32_t count;
  };
  struct Show {
    Open terms;
    std::vector<Ticket> tickets = {};
    std::vector<Kept> kept = {};
    std::vector<Waiter> waiters = {};
  };
  struct Past {
    RequestKey key;
    LogTime when;
    std::string body;  // of the whole, or of the beginning; empty: nobody knows
    std::string told;  // empty: awaited
  };

  std::string decide(const RequestKey& key, const Request& request);
  std::string decide(Show& show, const RequestKey& key, const Request& request);
  void pass_time();
  void finish_payment(Show& show, const RequestKey& hold);
  void drop(Show& show, const RequestKey& hold, At to, const RequestKey& owner);
  void serve_line(Show& show);
  // Indices of tickets, or a refusal.
  std::string choose(const Show& show, const Wanted& wanted, std::vector<std::size_t>& chosen) const;
  std::string put(Show& show, const std::vector<std::size_t>& chosen, const Kept& kept);
  static std::string list(const Show& show, At at, const RequestKey& key);
  static std::vector<Kept>::iterator find(Show& show, const RequestKey& key);
  std::vector<Place> places(const std::string& event, At at) const;
  Show* show(const std::string& name);
  const Show* show(const std::string& name) const { return const_cast<Model*>(this)->show(name); }

  LogTime now_{};
  std::vector<Show> shows_;
  std::vector<Past> past_;
};

}  // namespace plaza::tickets
