// A node of plaza, whole: a replica, and the gateway that clients connect to. What `plazad` runs, and what a simulation
// has on each of its hosts.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <vector>

#include "system-under-test/plaza/domain/tickets/messages.hpp"
#include "system-under-test/plaza/gateway/server.hpp"
#include "system-under-test/plaza/replica/replica.hpp"

namespace plaza {

struct NodeConfig {
  ReplicaConfig replica;
  GatewayConfig gateway;
  // What there is to be had. Whichever node leads sees to it that the log has them; all nodes should be told the same.
  std::vector<tickets::Open> events;
};

struct NodeHooks {
  ReplicaHooks replica;
  GatewayHooks gateway;
  // This node leads, and an event could not be opened as configured: the cluster has another one of its name.
  std::function<void(const tickets::Open& event, Refusal refusal)> event_refused;
};

// An address that others shall find a node at cannot be had; what() is a line that says which, and why.
class CannotListen : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Node {
 public:
  // Throws StoreError, DamagedState, or CannotListen.
  Node(const boost::asio::any_io_executor& executor, NodeConfig config, NodeHooks hooks);
  // As if the process had died: see abandon() of its parts.
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // Ends it in good order: leadership goes to another node, clients are told to reconnect, what there is is written. At
  // the latest at the deadline.
  boost::asio::awaitable<void> drain(std::chrono::steady_clock::time_point deadline);

  Replica& replica() { return *replica_; }
  const Replica& replica() const { return *replica_; }
  const Server& server() const { return *server_; }

 private:
  std::shared_ptr<Replica> replica_;
  std::shared_ptr<Server> server_;
};

}  // namespace plaza
