// Scripts that a person can read, in the manner of etcd's: a few nodes, commands, and what the nodes do, as text.
//
//   add-nodes N [election-ticks=T] [append-bytes=B] [in-flight=A] [uncommitted-bytes=B] [bug=NAME]
//   campaign N                      a candidate at once
//   tick N [TIMES]                  time passes at one node, or at `all`
//   propose N DATA...
//   read N NUMBER
//   transfer N TO
//   deliver A->B [COUNT]            the oldest messages on a link, all of them unless there is a COUNT
//   drop A->B [COUNT]
//   stabilize [N...]                messages between these nodes, or all nodes, arrive until there are none
//   partition N... | N...           messages between the sides are lost from now on
//   heal
//   unreachable N TO                node N's driver could not send
//   snapshot A->B [lost]            the driver of A has sent its state to B
//   compact N THROUGH
//   stall N / write N / resume N    the disk does not write / writes the oldest that waits / all of it
//   restart N                       it loses what its disk has not written
//   log N / status [N]              what there is
//   quietly COMMAND                 without telling what the nodes do
//
// A link keeps its messages' order. What is printed is what nodes do; a message is printed when it is sent.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/plaza/raft/node.hpp"

namespace plaza::raft::test {

std::string text(const Entry& entry);
std::string text(const Message& message);

class Script {
 public:
  // What the nodes did. Throws std::invalid_argument where there is no such command.
  std::string run(const std::string& command);

 private:
  using Words = std::vector<std::string>;
  using Link = std::pair<NodeId, NodeId>;

  void add_nodes(const Words& words);
  void act_on_node(const Words& words);
  void act_on_link(const Words& words);
  void stabilize(const Words& words);
  void partition(const Words& words);
  void send_snapshot(Link link, bool is_lost);
  void after(NodeId id);
  void tell_taken(NodeId id, const Ready& ready);
  void tell_written(const Ready& ready, NodeId id);
  void tell_role(NodeId id);
  void tell_status(NodeId id);
  void tell_log(NodeId id);
  void say(const std::string& line) { out_ += line + "\n"; }
  void run(const Words& words);
  Node& node(NodeId id) { return *nodes_.at(id); }
  bool is_cut(Link link) const { return sides_.at(link.first) != sides_.at(link.second); }

  std::map<NodeId, std::unique_ptr<Node>> nodes_;
  std::map<NodeId, int> sides_;
  std::map<NodeId, std::string> roles_;  // as they were told last
  std::map<Link, std::deque<Packet>> links_;
  std::string out_;
};

// Runs a whole file: the same text, with what the nodes really did after each `----`.
std::string replayed(const std::string& file);

}  // namespace plaza::raft::test
