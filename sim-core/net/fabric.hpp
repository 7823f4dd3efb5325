#pragma once
// Who is where, and how far apart: hosts by address, and a link for each direction between two hosts.
//
// A link has a latency range; each packet's latency is drawn from the stream of the connection that it belongs to, so
// that traffic on one connection never shifts another's. Links keep no queue of their own yet: bandwidth is unlimited.
// Loss, cuts and duplicates act on datagrams (net/udp.hpp).
#include <map>
#include <vector>

#include <stillpoint/ids.hpp>
#include <stillpoint/random.hpp>
#include <stillpoint/time.hpp>

#include "sim-core/net/address.hpp"

namespace stillpoint::net {

// One direction between two hosts. Latencies are one-way, in whole microseconds.
struct Link {
  Duration latency_min{};
  Duration latency_max{};
  Ratio loss{};       // of the packets that leave
  bool cut = false;   // nothing arrives
  Ratio duplicate{};  // of the datagrams that are not lost: they arrive twice, each with a latency of its own

  // A latency in [min, max] from a random value's high bits.
  Duration latency(std::uint64_t random) const {
    const auto width_us = static_cast<std::uint64_t>((latency_max - latency_min).count()) / 1'000 + 1;
    const auto offset_us = static_cast<std::uint64_t>((static_cast<unsigned __int128>(random) * width_us) >> 64);
    return latency_min + std::chrono::microseconds(static_cast<std::int64_t>(offset_us));
  }
};

class Fabric {
 public:
  // Puts a host at an IPv4 address, and at v6_of() it. Requires that both are new.
  void add_host(HostId host, Ip address);
  // The host at `address`, as `from` sees it (loopback is the host itself); kHarness if nobody is there.
  HostId host_at(Ip address, HostId from) const;
  Ip address_of(HostId host) const;
  // An address by which the host itself is meant: its own, loopback, or any.
  bool is_own(HostId host, Ip address) const {
    return address.is_any() || address.is_loopback() || address == address_of(host) ||
           address == v6_of(address_of(host));
  }
  // How many hosts there are: they are numbered from 1.
  HostId hosts() const { return addresses_.empty() ? HostId{0} : static_cast<HostId>(addresses_.size() - 1); }
  // The address from which a host speaks to `remote`.
  Ip source_for(HostId host, Ip remote) const {
    if (remote.is_loopback()) return remote.is_v4() ? kLoopback : kLoopback6;
    return remote.is_v4() ? address_of(host) : v6_of(address_of(host));
  }

  // What holds between hosts for which nothing else was said, from now on.
  void set_default_link(Link link);
  // What holds from `from` to `to`; the other direction is another link.
  void set_link(HostId from, HostId to, Link link);
  // The link in use. It stays where it is, and whoever holds it sees later changes.
  const Link* link(HostId from, HostId to);

  // The number of the next stream of segments: a connection, or a socket's datagrams.
  ConnectionId next_connection() { return ++last_connection_; }

 private:
  std::map<Ip, HostId> by_address_;
  std::vector<Ip> addresses_;  // by host
  Link default_{std::chrono::microseconds(500), std::chrono::microseconds(500)};
  Link loopback_{std::chrono::microseconds(20), std::chrono::microseconds(20)};

  struct Entry {
    Link link;
    bool by_default = true;
  };
  std::map<std::pair<HostId, HostId>, Entry> links_;  // made at first use
  ConnectionId last_connection_ = 0;
};

}  // namespace stillpoint::net
