#pragma once
// The scenario `last-ticket`: users race for the tickets of one plaza node.
//
// This header is what its parts share: the settings, and the ledger that judges them. Users live in
// last_ticket_user.cpp, the checks in last_ticket_ledger.cpp, the building in last_ticket.cpp.
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <stillpoint/scenario.hpp>

#include "scenarios/last_ticket_durability.hpp"
#include "system-under-test/plaza/gateway/hooks.hpp"
#include "system-under-test/plaza/protocol/messages.hpp"

namespace last_ticket {

using stillpoint::Duration;
using stillpoint::EventId;
using stillpoint::Ratio;

struct UserSettings {
  std::uint64_t count = 0;
  std::uint64_t hosts = 0;
  Duration arrive_within{};
  Duration think_min{};
  Duration think_max{};
  Ratio buy_now;
  Ratio give_back;
  Ratio abandon;
  Duration answer_within{};
  Duration recover_within{};  // after a fault
};

// What was applied, as the node's hooks told it, against what the users were told: all checks of the scenario.
class Ledger {
 public:
  // An answer comes within `answer_within`, but for the time in which something was wrong, or was until less than
  // `recover_within` ago.
  Ledger(stillpoint::Simulation& simulation, Duration answer_within, Duration recover_within);

  // ---- from the node, in observer mode ----
  void received(const plaza::Request& request);
  void applied(const plaza::Applied& applied);
  void committed(const plaza::Committed& committed);
  void recovered(const plaza::Inventory& inventory);

  // ---- from the users ----
  // Begins an operation and names it by its event.
  EventId invoke(const plaza::Request& request, EventId step);
  // A user wants to be connected: an operation like any other, which must succeed in time.
  EventId arriving(const std::string& user, EventId step);
  void arrived(EventId invoke, const std::string& user);
  void answered(EventId invoke, const plaza::Request& request, const plaza::Response& response);
  // The user gave up: nobody can tell what came of it.
  void unanswered(EventId invoke, const plaza::Request& request, std::string_view why);
  void saw_stock(const std::string& user, std::uint64_t last_version, const plaza::StockPush& push);

  // At the end: nobody may still be waiting for longer than allowed.
  void finish();

 private:
  using Key = std::pair<std::string, std::string>;  // user, request id
  struct Operation {
    EventId invoke = stillpoint::kNoEvent;
    EventId request = stillpoint::kNoEvent;  // its newest arrival at the node
    stillpoint::VirtualTime since{};
    bool open = false;
    std::vector<plaza::Applied> applied;
  };
  struct Application {
    EventId event = stillpoint::kNoEvent;
    plaza::Applied what;
  };

  struct Durability {
    DurabilityLedger ledger;
    stillpoint::Check& check;
  };

  EventId version_event(plaza::Version version) const;
  void forget_after(plaza::Version version);
  void take(const Application& application);
  bool is_durable(const std::optional<stillpoint::Finding>& finding);
  void check_capacity(const plaza::Applied& applied, EventId event);
  void check_owner(const plaza::Applied& applied, EventId event);
  void open(const Key& key, EventId invoke);
  void close(const Key& key, EventId invoke, std::string_view what);
  void check_answer(const Operation& operation, const plaza::Request& request, const plaza::Response& response);
  stillpoint::Finding conflict(const plaza::Applied& applied, EventId event) const;

  stillpoint::Simulation& simulation_;
  // How long an answer may take that is waited for since then.
  Duration allowed(stillpoint::VirtualTime since) const;

  Duration answer_within_;
  Duration recover_within_;
  stillpoint::Check& capacity_;
  stillpoint::Check& owner_;
  stillpoint::Check& answers_;
  stillpoint::Check& stock_;
  stillpoint::Check& prompt_;
  Durability durability_;

  std::map<Key, Operation> operations_;
  std::map<plaza::Version, Application> versions_;         // by the version that each application made
  std::map<plaza::TicketNumber, Application> last_taken_;  // the newest hold or sale of each ticket
  std::map<plaza::TicketNumber, Application> sold_;        // the first sale of each ticket
  Duration slowest_{};
};

// One user: a coroutine on a user host.
class User;

struct UserContext {
  stillpoint::Simulation& simulation;
  Ledger& ledger;
  const UserSettings& settings;
  std::string server_address;
  std::uint16_t server_port;
  // Called once by each user who is done: has a ticket, or knows that none will be left.
  std::function<void()> done;
};

// Starts a user on the host whose io_context this is; the result keeps it alive.
std::shared_ptr<User> start_user(boost::asio::io_context& context, const UserContext& shared, std::string name);

}  // namespace last_ticket
