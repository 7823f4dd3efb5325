#pragma once
// A small service that touches all that may go wrong with a machine: the nodes of a cluster find each other by name,
// send each other datagrams, keep a TCP connection to each other alive, write a journal, and take and return memory and
// descriptors. It promises little, and keeps that whatever happens: what it hears was sent, what its journal says was
// written, and once nothing is wrong any more everybody hears everybody.
//
// Plain Boost.Asio, single-threaded; unchanged on real machines and in simulation.
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tour {

struct NodeConfig {
  std::string name;                // by which the others find it
  std::vector<std::string> peers;  // names of the others
  std::uint16_t port = 7000;       // of TCP and UDP
  std::string journal = "journal";
  std::chrono::milliseconds beat = std::chrono::milliseconds(20);
};

// What somebody may want to know; each may be empty.
struct NodeHooks {
  enum class Over : std::uint8_t { tcp, udp };
  // The peer's beat of this number was heard.
  std::function<void(const std::string& peer, std::uint64_t beat, Over over)> heard;
  // The journal was read back, up to this record.
  std::function<void(std::uint64_t last)> recovered;
  // This record is durable.
  std::function<void(std::uint64_t number)> wrote;
  // Something failed, and will be tried again: a word for what.
  std::function<void(const std::string& what)> failed;
};

class Node {
 public:
  // Throws boost::system::system_error if it cannot listen.
  Node(boost::asio::io_context& context, NodeConfig config, NodeHooks hooks);
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace tour
