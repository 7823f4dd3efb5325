// A node of plaza, whole: a replica, and the gateway that clients connect to. What `plazad` runs, and what a simulation
// has on each of its hosts.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
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
};

class Node {
 public:
  // Throws as Replica::start() and Server do.
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
