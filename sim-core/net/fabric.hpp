#pragma once
// Who is where, and how far apart: hosts by address, and a link for each direction between two hosts.
//
// A link has a latency range; each packet's latency is drawn from the stream of whatever it belongs to (a connection, a
// socket), so that traffic on one never shifts another's. A link may also lose packets, be cut, have a bandwidth with a
// queue in front of it, and cut streams into pieces: all that is off unless it is set, and then costs nothing.
//
// Nobody lives at most addresses: the link to all of them is the one to kHarness. Where there is no way to a host, or
// to nobody, either the sender's own routing table knows it, and calls fail at once, or a router on the way drops the
// packet and says so (ICMP), or nobody says anything.
#include <map>
#include <vector>

#include <stillpoint/random.hpp>
#include <stillpoint/time.hpp>

#include <stillpoint/ids.hpp>
#include "sim-core/net/address.hpp"

namespace stillpoint::net {

// What a host's routing table says of the way to another: the types of ip-route(8).
enum class Route : std::uint8_t { good, none, unreachable, prohibited };
// What a call says of it: ENETUNREACH, EHOSTUNREACH, EACCES (fib_props in Linux's net/ipv4/fib_semantics.c); 0.
int error_of(Route route);

// What the router says that drops a packet: codes of ICMP's "destination unreachable" (RFC 792, RFC 1812, 5.2.7.1).
enum class Refusal : std::uint8_t { silence, network_unreachable, host_unreachable, filtered };
// What its message means to a socket: icmp_err_convert in Linux's net/ipv4/icmp.c, tab_unreach in net/ipv6/icmp.c.
struct Meaning {
  int error = 0;
  bool fatal = false;
};
Meaning meaning_of(Refusal refusal, Ip destination);

// One direction between two hosts.
struct Link {
  // One-way, in whole microseconds.
  Duration latency_min{};
  Duration latency_max{};
  Ratio loss{};
  bool cut = false;              // every packet vanishes
  Refusal refusal{};             // what the sender is told of it
  Route route{};                 // not good: no packet leaves
  std::uint64_t bandwidth = 0;   // bytes per second, headers included; 0: unlimited
  std::uint64_t queue_most = 0;  // bytes that may wait for the bandwidth; what comes on top is lost. 0: any number
  // A stream travels in pieces of 1 to so many bytes, drawn for each, that arrive at different times. 0: as it was
  // written. 1: byte by byte.
  std::uint32_t segment_most = 0;
  // Of the datagrams that are not lost: they arrive twice, each with a latency of its own.
  Ratio duplicate{};

  // A latency in [min, max] from a random value's high bits.
  Duration latency(std::uint64_t random) const {
    const auto width_us = static_cast<std::uint64_t>((latency_max - latency_min).count()) / 1'000 + 1;
    const auto offset_us = static_cast<std::uint64_t>((static_cast<unsigned __int128>(random) * width_us) >> 64);
    return latency_min + std::chrono::microseconds(static_cast<std::int64_t>(offset_us));
  }

  // ---- kept by the fabric ----
  // There is a latency and nothing else.
  bool plain = true;
  bool passable() const { return !cut && route == Route::good; }
  // When the last packet that was put into the queue will have left it.
  VirtualTime busy_until{};

  static constexpr std::uint64_t kHeaders = 40;  // of IPv4 and TCP, in bytes

  // What becomes of a packet with so many bytes of payload that is sent now.
  struct Passage {
    bool lost = false;
    Refusal refusal{};      // what its sender is told if it is lost
    VirtualTime arrival{};  // of the packet, or of what its sender is told
  };
  // `latency_random` and `loss_random` are two draws of the packet's.
  Passage pass(std::uint64_t payload, VirtualTime now, std::uint64_t latency_random, std::uint64_t loss_random);
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
  // ---- power ----
  // Nobody is there any more, because of the event `crash`: whatever arrives is dropped.
  void power_down(HostId host, EventId crash);
  void power_up(HostId host) { down_[host] = 0; }
  // Nothing can arrive there: the host has no power, or it is kHarness and nobody lives there.
  bool is_down(HostId host) const { return down_[host] != 0; }
  // The event by which the host lost its power last; none if it never did, and of kHarness.
  EventId last_crash(HostId host) const { return crashes_[host]; }

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
  Link* link(HostId from, HostId to);

  // ---- changes of one direction, from now on; what is under way arrives ----
  void set_latency(HostId from, HostId to, Duration min, Duration max);
  void set_loss(HostId from, HostId to, Ratio loss);
  // The router that tells the sender of it stands half-way: its message is back after the link's latency.
  void cut(HostId from, HostId to, Refusal refusal = Refusal::silence);
  void heal(HostId from, HostId to);
  void set_route(HostId from, HostId to, Route route);
  void set_bandwidth(HostId from, HostId to, std::uint64_t bytes_per_second, std::uint64_t queue_most = 0);
  void set_segment_most(HostId from, HostId to, std::uint32_t bytes);
  void set_duplicate(HostId from, HostId to, Ratio duplicate);

  // The route from a host to an address. A host has one to itself, whatever was set.
  Route route(HostId from, Ip to) const { return routes_changed_ ? looked_up_route(from, to) : Route::good; }

  // How far the host that runs has got ahead of the queue in its slice, for example in waits for its disk: what it sends
  // leaves so much later.
  Duration ahead{};

  // The number of the next stream of segments: a connection, or a socket's datagrams.
  ConnectionId next_connection() { return ++last_connection_; }

 private:
  template <typename Change>
  void change(HostId from, HostId to, Change change);
  Route looked_up_route(HostId from, Ip to) const;

  std::map<Ip, HostId> by_address_;
  std::vector<Ip> addresses_;          // by host
  std::vector<std::uint8_t> down_{1};  // likewise
  std::vector<EventId> crashes_{kNoEvent};
  Link default_{.latency_min = std::chrono::microseconds(500), .latency_max = std::chrono::microseconds(500)};
  Link loopback_{.latency_min = std::chrono::microseconds(20), .latency_max = std::chrono::microseconds(20)};

  struct Entry {
    Link link;
    bool by_default = true;
  };
  std::map<std::pair<HostId, HostId>, Entry> links_;  // made at first use
  bool routes_changed_ = false;                       // some route is, or was, not good
  ConnectionId last_connection_ = 0;
};

}  // namespace stillpoint::net
