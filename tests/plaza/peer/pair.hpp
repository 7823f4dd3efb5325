// Two meshes that know each other.
#pragma once

#include "tests/plaza/peer/nodes.hpp"

namespace plaza::peer::test {

// The first is dialled under a name.
struct Pair {
  explicit Pair(std::size_t queue_bytes_most = 16 * 1024 * 1024)
      : port_of_one(free_port(io)), port_of_two(free_port(io)) {
    one.emplace(io, config(1, queue_bytes_most));
    two.emplace(io, config(2, queue_bytes_most));
  }
  MeshConfig config(NodeId node, std::size_t queue_bytes_most = 16 * 1024 * 1024) const {
    MeshConfig config = config_of(node);
    config.listen_on = loopback(node == 1 ? port_of_one : port_of_two);
    if (node == 1) config.peers = {{2, {"127.0.0.1", port_of_two}}};
    if (node == 2) config.peers = {{1, {"localhost", port_of_one}}};
    config.queue_bytes_most = queue_bytes_most;
    return config;
  }
  bool connected() const {
    return one->view(2).connected && two->view(1).connected && one->view(2).heard && two->view(1).heard;
  }
  void start() {
    one->mesh->start();
    two->mesh->start();
    until(io, [&] { return connected(); });
  }

  asio::io_context io;
  std::uint16_t port_of_one, port_of_two;
  std::optional<Node> one, two;
};

}  // namespace plaza::peer::test
