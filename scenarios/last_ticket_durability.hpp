#pragma once
// The durability ledger of `last-ticket`: whether what users were told outlives the crashes of the node.
//
// It has the whole history of the node: every change in the order of versions, whether it was committed or not. A node
// that starts again must be where some prefix of that history was: one that holds all that users were told was done,
// and all that the node itself called durable. What comes after the prefix never was; the same versions will be given
// to other changes. In what is left no ticket is sold twice, and no request is served twice.
//
// Judges only what was told to be done. That a refusal or a push stays true is what the other checks are for. Knows
// neither simulation nor time: each question gives back what it found wrong, if anything.
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <stillpoint/simulation.hpp>

#include "system-under-test/plaza/gateway/hooks.hpp"
#include "system-under-test/plaza/protocol/messages.hpp"

namespace last_ticket {

// What a request that succeeds must have applied in the end.
plaza::Change change_of(plaza::Operation operation);

class DurabilityLedger {
 public:
  // The node has made a change, with the event that tells of it.
  std::optional<stillpoint::Finding> applied(const plaza::Applied& applied, stillpoint::EventId event);

  // The node says that all changes up to here are durable.
  void committed(plaza::Version version);

  // A user was told so; `invoke` began his operation.
  std::optional<stillpoint::Finding> told(const plaza::Request& request, const plaza::Response& response,
                                          stillpoint::EventId invoke);

  // The node has started, and this is what it has.
  std::optional<stillpoint::Finding> recovered(const plaza::Inventory& inventory);

  // How often the node came back to what it had; how many changes that nobody was told of were gone then.
  std::size_t recoveries() const { return recoveries_; }
  std::size_t forgotten() const { return forgotten_; }

 private:
  struct Change {
    plaza::Applied what;
    stillpoint::EventId event = stillpoint::kNoEvent;
  };
  struct Told {
    plaza::Request request;
    stillpoint::EventId invoke = stillpoint::kNoEvent;
  };
  using Key = std::pair<std::string, std::string>;  // user, request id

  const Change* earlier_sale(const plaza::Applied& sale) const;
  std::optional<stillpoint::Finding> missing(const plaza::Inventory& inventory) const;
  std::optional<stillpoint::Finding> different(const plaza::Inventory& inventory) const;
  std::optional<stillpoint::Finding> unremembered(const plaza::Inventory& inventory) const;
  void forget_after(plaza::Version version);

  std::map<plaza::Version, Change> history_;            // by the version that each made
  std::map<plaza::TicketNumber, plaza::Version> sold_;  // the sale of each ticket in it
  std::map<Key, plaza::Version> served_;                // the sale of each request in it
  std::map<plaza::Version, Told> told_;                 // the changes that users were told of
  plaza::Version committed_ = 0;
  // Changes that a crash undid; an answer that was on its way may still tell of one.
  std::map<Key, std::vector<Change>> lost_;
  std::size_t recoveries_ = 0;
  std::size_t forgotten_ = 0;
};

}  // namespace last_ticket
