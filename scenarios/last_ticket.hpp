#pragma once
// The scenario `last-ticket`: users race for the tickets of an event, at the nodes of a plaza cluster.
//
// This header is what its parts share. Users live in last_ticket_user.cpp; what they are told is judged in
// last_ticket_ledger.cpp, what the nodes do among themselves in cluster_checks.cpp; last_ticket.cpp builds it all.
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <stillpoint/scenario.hpp>

#include "scenarios/last_ticket_ledger.hpp"

namespace last_ticket {

using stillpoint::Duration;
using stillpoint::EventId;
using stillpoint::Ratio;

inline constexpr const char* kEvent = "concert";

struct UserSettings {
  std::uint64_t count = 0;
  std::uint64_t hosts = 0;
  Duration arrive_within{};
  Duration think_min{};
  Duration think_max{};
  Ratio buy_now;
  Ratio give_back;
  Ratio abandon;
  Ratio group;              // of what is asked for: several tickets at once
  Ratio look;               // before a decision: asks how many are left, instead of believing the pushes
  Ratio wait;               // of those who come too late: wait in line
  Duration patience{};      // in line
  Duration busy{};          // whoever has a ticket wants another one until then
  bool go_without = false;  // whoever has none goes too, then
  Duration give_up_after{};
  Duration answer_within{};
  Duration recover_within{};  // after a fault
};

// One user: a coroutine on a user host.
class User;

struct UserContext {
  stillpoint::Simulation& simulation;
  Ledger& ledger;
  const UserSettings& settings;
  std::vector<boost::asio::ip::tcp::endpoint> nodes;
  // Called once by each user who is done: has a ticket, knows that none will be left, or goes without.
  std::function<void()> done;
};

// Starts a user on the host whose io_context this is; the result keeps it alive.
std::shared_ptr<User> start_user(boost::asio::io_context& context, const UserContext& shared, std::string name);

}  // namespace last_ticket
