#pragma once
// What users of plaza were told, against what the cluster did: the checks of the scenario that are about tickets.
//
// What the cluster did is the history of effects, in the order of the log, as the first node to apply each entry tells
// them. Versions in answers and pushes are indexes of that log.
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <stillpoint/simulation.hpp>

#include "system-under-test/plaza/domain/machine.hpp"
#include "system-under-test/plaza/domain/tickets/tickets.hpp"
#include "system-under-test/plaza/protocol/messages.hpp"

namespace last_ticket {

class Ledger {
 public:
  using Duration = stillpoint::Duration;
  using EventId = stillpoint::EventId;

  struct Bounds {
    Duration answer_within{};   // an answer comes by then, but for the time in which something was wrong
    Duration recover_within{};  // or was until less than this ago
    Duration hold_slack{};      // a hold that nobody ends is over so long after its time
  };
  Ledger(stillpoint::Simulation& simulation, const Bounds& bounds);

  // ---- from the nodes, in observer mode ----
  void received(const std::string& user, const plaza::Request& request);
  // The first to apply this; the event that stands for it, if it did anything.
  EventId applied(const plaza::Machine::Applied& applied, const plaza::Machine& machine);
  // The event that stands for an entry of the log.
  void use_events(std::function<EventId(std::uint64_t index)> event_of) { event_of_ = std::move(event_of); }

  // ---- from the users ----
  // Begins an operation and names it by its event.
  EventId invoke(const std::string& user, const plaza::Request& request, EventId step);
  // A user wants to be connected: an operation like any other, which must succeed in time.
  EventId arriving(const std::string& user, EventId step);
  void arrived(EventId invoke, const std::string& user);
  void answered(EventId invoke, const std::string& user, const plaza::Request& request,
                const plaza::Response& response);
  // The user gave up: nobody can tell what came of it.
  void unanswered(EventId invoke, const std::string& user, const plaza::Request& request, std::string_view why);
  void saw(const std::string& user, std::uint64_t last_version, const plaza::EventPush& push);

  // At the end: nobody may still be waiting for longer than allowed, and this machine, the newest that there is, has
  // what was told of, as far as it has come.
  void finish(const plaza::Machine* machine);
  std::uint64_t answers() const { return answered_; }

 private:
  struct Fact {
    EventId event = stillpoint::kNoEvent;
    std::uint64_t version = 0;
    plaza::Effect effect;
  };
  struct Operation {
    EventId invoke = stillpoint::kNoEvent;
    EventId request = stillpoint::kNoEvent;  // its newest arrival at a node
    stillpoint::VirtualTime since{};
    std::uint64_t acknowledged_before = 0;  // the newest version that anybody was told when it began
    bool open = false;
    std::vector<Fact> facts;
  };
  struct Held {
    Fact fact;
    plaza::LogTime decided{};
    stillpoint::VirtualTime applied{};
  };

  EventId take(const plaza::Effect& effect, const plaza::Machine::Applied& applied, const plaza::Machine& machine);
  void check_capacity(const Fact& fact, const plaza::tickets::Counts& counts, std::uint32_t capacity);
  void check_owner(const Fact& fact);
  void check_once(const Operation& operation, const Fact& fact);
  void check_hold_begins(const Fact& fact, plaza::LogTime now, plaza::LogTime ttl, plaza::LogTime payment_ttl);
  void check_hold_ends(const Fact& fact, plaza::LogTime now);
  void check_clock(plaza::LogTime now);
  void check_answer(const Operation& operation, const std::string& user, const plaza::Request& request,
                    const plaza::Response& response);
  void check_look(const Operation& operation, const std::string& user, const plaza::Response& response);
  bool counts_are(std::uint64_t version, const plaza::EventCounts& counts) const;
  void open(const plaza::RequestKey& key, EventId invoke);
  void close(const plaza::RequestKey& key, EventId invoke, std::string_view what);
  void forget_old();
  // How long an answer may take that is waited for since then.
  Duration allowed(stillpoint::VirtualTime since) const;
  stillpoint::Finding conflict(const Fact& fact, const Fact& earlier) const;

  stillpoint::Simulation& simulation_;
  Bounds bounds_;
  stillpoint::Check& capacity_;
  stillpoint::Check& owner_;
  stillpoint::Check& once_;
  stillpoint::Check& answers_;
  stillpoint::Check& present_;
  stillpoint::Check& stock_;
  stillpoint::Check& reads_;
  stillpoint::Check& holds_;
  stillpoint::Check& prompt_;
  std::function<EventId(std::uint64_t index)> event_of_;

  template <typename Of>
  using ByRequest = std::unordered_map<plaza::RequestKey, Of, plaza::RequestKeyHash>;

  ByRequest<Operation> operations_;
  std::map<std::uint64_t, plaza::EventCounts> counts_;  // of the event, from a version on
  ByRequest<Held> held_;
  std::unordered_map<std::uint32_t, Fact> seats_;  // who has each seat that is not free: the newest hold or sale
  std::optional<Fact> last_taken_;
  std::map<plaza::RequestKey, std::uint64_t> told_sold_;  // sales that users were told of, with their versions
  std::uint64_t acknowledged_ = 0;                        // the newest version that anybody was told
  std::uint64_t answered_ = 0;
  Duration slowest_{};
};

}  // namespace last_ticket
