#pragma once
// Which UDP sockets of a host have which ports, and which of them a datagram is for: the rules of bind(2) and of
// Linux's lookup. Ports are given per host; the order of sockets at a port is that of their coming, and the last one
// counts most.
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include <stillpoint/ids.hpp>
#include <stillpoint/random.hpp>

#include "sim-core/net/address.hpp"

namespace stillpoint::net {

// What of a socket says which datagrams are for it.
struct UdpBinding {
  // A group on an interface; `chosen_by` is the interface's address that the program named it by, or none.
  struct Membership {
    Ip group = {};
    int interface = 0;
    Ip chosen_by = {};
  };

  Ip address;              // where it receives: one address of the host, a group, or any
  std::uint16_t port = 0;  // 0: not bound
  bool v6 = false;         // a socket of AF_INET6; bound to ::, it also receives over IPv4
  bool v6_only = false;    // … unless this holds
  bool reuse_address = false;
  bool reuse_port = false;
  bool connected = false;  // it receives from `peer` alone (a port of 0: any)
  SocketAddress peer;
  std::vector<Membership> groups;
  bool all_groups_v4 = true;  // IP_MULTICAST_ALL: what another socket of the host has joined comes here too
  bool all_groups_v6 = true;

  // Some datagrams could be for both.
  bool overlaps(const UdpBinding& other) const;
  bool takes_any(bool v4) const { return address.is_any() && (address.is_v4() ? v4 : !v4 || !v6_only); }
  // Of a datagram to a group or to all.
  bool takes_from_group(SocketAddress source, Ip destination, int interface) const;
};

class UdpPorts {
 public:
  explicit UdpPorts(std::uint64_t seed) : spread_(seed, "reuseport", std::uint64_t{0}) {}

  // Gives `binding` a port, its own or, if that is 0, an ephemeral one. False: EADDRINUSE.
  bool bind(HostId host, UdpBinding& binding);
  void unbind(HostId host, UdpBinding& binding);
  // Its address has changed: it counts as the last that came.
  void rebound(HostId host, UdpBinding& binding);

  // The socket that a datagram to one address is for, or null.
  UdpBinding* find(HostId host, SocketAddress destination, SocketAddress source) const;
  // Those at a port, in the order of their coming.
  const std::vector<UdpBinding*>& at(HostId host, std::uint16_t port) const;

 private:
  bool conflicts(HostId host, const UdpBinding& binding) const;

  std::uint64_t spread_of(SocketAddress source, SocketAddress destination) const;

  RandomStream spread_;  // which socket of a SO_REUSEPORT group a peer gets
  std::map<std::pair<HostId, std::uint16_t>, std::vector<UdpBinding*>> sockets_;
  std::map<HostId, std::uint16_t> next_ephemeral_;
};

}  // namespace stillpoint::net
