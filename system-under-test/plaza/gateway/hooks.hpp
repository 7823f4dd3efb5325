// Hooks for whoever wants to observe a server: metrics, audit logs, tests.
//
// All are optional. They are called synchronously, in the handler in which the thing happened, and must neither block
// nor call back into the server. They are called no more once the Server has been destroyed.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "system-under-test/plaza/domain/inventory.hpp"
#include "system-under-test/plaza/protocol/messages.hpp"

namespace plaza {

// One applied change of the inventory.
struct Applied {
  Change kind = Change::hold;
  std::string request_id;  // empty for an expiry, which nobody asked for
  std::string user;
  TicketNumber ticket = 0;
  Version version = 0;             // after the change
  Version decided_on_version = 0;  // of the state that the decision to make this change was taken on
  Counts counts;                   // after the change
  TicketNumber capacity = 0;
  bool operator==(const Applied&) const = default;
};

// A batch of decisions that has become durable.
struct Committed {
  Version version = 0;      // all changes up to here are
  std::size_t records = 0;  // changes and answers in the batch
};

struct Hooks {
  // A well-formed request was read. Called in the handler that read its frame, before anything is done about it.
  std::function<void(const Request&)> received;

  // The inventory has changed. Called after every single change, with the inventory as it now is. With a data folder
  // the change is not durable yet.
  std::function<void(const Applied&, const Inventory&)> applied;

  // The answer to a well-formed request was queued for sending. Not called if its connection is gone by then.
  std::function<void(const Request&, const Response&)> answered;

  // With a data folder only:
  // The server starts with this inventory, as its store had it. Called before anything else, also for a new one. What
  // an earlier process had decided and not committed is not there, and its versions will be given to other changes.
  std::function<void(const Inventory&)> recovered;

  // Called before the answers leave that had to wait for it.
  std::function<void(const Committed&)> committed;

  // The store can neither be written nor be trusted any more. The server has dropped all connections and accepts none;
  // it should be destroyed, though not in this hook, and another one be started from what the disk has.
  std::function<void(const std::string& why)> store_lost;
};

}  // namespace plaza
