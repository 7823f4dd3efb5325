#pragma once
// A listening port: what waits to be accepted, and how the connections that arrive are set up.
#include "sim-core/base/ring_queue.hpp"
#include "sim-core/net/tcp_side.hpp"

namespace stillpoint::net {

struct Listener {
  std::uint64_t number = 0;  // tells it from a later listener at the same port
  Where where;
  PortClaim* claim = nullptr;  // the socket's
  // An AF_INET6 socket: where an AF_INET one listens to all addresses as well, that one is chosen.
  bool of_v6_socket = false;
  std::size_t backlog = 0;
  TcpSetup setup;             // of the connections that will arrive
  unsigned defer_accept = 0;  // TCP_DEFER_ACCEPT: as many retransmissions of the SYN-ACK wait for data
  // What was shut before it listened is shut of every connection (TcpSide::shut_early).
  bool read_shut = false;
  bool write_shut = false;
  TcpObserver* observer = nullptr;
  std::size_t half_open = 0;
  RingQueue<TcpSide*> ready;  // established, to be accepted

  SocketAddress local() const { return claim->local(); }
  bool full() const { return ready.size() + half_open > backlog; }
};

}  // namespace stillpoint::net
