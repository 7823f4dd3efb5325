#pragma once
// Who holds which TCP port of a host: what bind(2), listen(2) and connect(2) look at.
//
// A claim is one holder of a port: a bound socket, a listener, each end of a connection (an accepted one shares its
// listener's port), and what a connection leaves behind in TIME_WAIT. Two claims on a port are in conflict if their
// addresses overlap and they did not agree to share. The rules are those of inet_csk_get_port() and
// inet_csk_bind_conflict() in Linux's net/ipv4/inet_connection_sock.c, and of __inet_hash_connect() in
// net/ipv4/inet_hashtables.c. Not modelled: users (all sockets belong to one), devices, privileged ports.
#include <cstdint>
#include <map>
#include <memory>
#include <optional>

#include <stillpoint/time.hpp>

#include "sim-core/base/result.hpp"
#include "sim-core/net/address.hpp"

namespace stillpoint::net {

class Ports;

// How a claim shares its port. A socket's options, which may change while it holds the port.
struct Sharing {
  bool reuse_address = false;  // SO_REUSEADDR
  bool reuse_port = false;     // SO_REUSEPORT
  bool only_v6 = false;        // IPV6_V6ONLY
};

// Gives the port back when it dies.
class PortClaim {
 public:
  PortClaim(const PortClaim&) = delete;
  PortClaim& operator=(const PortClaim&) = delete;
  ~PortClaim();

  SocketAddress local() const { return {ip, port_}; }

  Ip ip;
  Sharing sharing;
  bool listening = false;
  bool chosen = false;                  // the program asked for this port: it keeps it until the descriptor is closed
  std::optional<SocketAddress> remote;  // of a connection
  VirtualTime until = VirtualTime::max();

 private:
  friend class Ports;
  PortClaim(Ports& table, SocketAddress local) : ip(local.ip), table_(table), port_(local.port) {}
  Ports& table_;
  std::uint16_t port_;
  bool by_connect_ = false;  // connect chose the port, and may choose it again for another remote address
  PortClaim* previous_ = nullptr;
  PortClaim* next_ = nullptr;
};

// The ports of one host.
class Ports {
 public:
  static constexpr std::uint16_t kFirstEphemeral = 32768;  // ip_local_port_range in ip(7)
  static constexpr std::uint16_t kLastEphemeral = 60999;
  static constexpr Duration kTimeWait = std::chrono::seconds(60);  // TCP_TIMEWAIT_LEN

  Ports() = default;
  Ports(const Ports&) = delete;
  Ports& operator=(const Ports&) = delete;
  ~Ports() { lingering_.clear(); }

  // bind(2). Port 0: any ephemeral one. EADDRINUSE.
  Result<std::unique_ptr<PortClaim>> bind(SocketAddress wanted, Sharing sharing, VirtualTime now);
  // The claim becomes a listener's. EADDRINUSE.
  Status listen(PortClaim& claim, VirtualTime now);
  // A port for a connection from `ip` to `remote`. EADDRNOTAVAIL.
  Result<std::unique_ptr<PortClaim>> connect(Ip ip, SocketAddress remote, VirtualTime now);
  // A bound socket connects. EADDRNOTAVAIL (there is such a connection already).
  Status connect_bound(PortClaim& claim, SocketAddress remote, VirtualTime now);
  // An accepted connection shares its listener's port.
  std::unique_ptr<PortClaim> inherit(const PortClaim& listener, SocketAddress local, SocketAddress remote);
  // Keeps a claim that its owner is done with until `until`.
  void linger(std::unique_ptr<PortClaim> claim, VirtualTime until);
  // The host lost its power: every port is free. Claims that others still have are void, and must never be used again,
  // nor destroyed.
  void forget();

 private:
  friend class PortClaim;
  struct Port {
    PortClaim* first = nullptr;
    int bound = 0;  // of its claims, those that connect did not choose
  };
  // Which ports connect may share: those of connections from an address to a remote one.
  using Pair = std::pair<Ip, SocketAddress>;

  std::unique_ptr<PortClaim> add(SocketAddress local, bool by_connect);
  void remove(PortClaim& claim);
  void expire(VirtualTime now);
  bool free(std::uint16_t port) const { return !ports_.contains(port); }
  std::uint16_t next_ephemeral();
  std::optional<std::uint16_t> free_ephemeral();
  bool connected(const Port& port, Ip ip, SocketAddress remote, const PortClaim* except, VirtualTime now) const;

  std::map<std::uint16_t, Port> ports_;  // those that somebody holds
  std::multimap<VirtualTime, std::unique_ptr<PortClaim>> lingering_;
  std::map<Pair, int> connects_;  // ephemeral ports that connect chose, by where they lead
  std::uint16_t next_ephemeral_ = kFirstEphemeral;
  int ephemeral_in_use_ = 0;
  int ephemeral_bound_ = 0;  // of these, the ones that connect may not share
};

}  // namespace stillpoint::net
