#pragma once
// Who is where, and how far apart: hosts by address, and a link (link.hpp) for each direction between two hosts.
//
// Nobody lives at most addresses: the link to all of them is the one to kHarness. Where there is no way to a host, or
// to nobody, either the sender's own routing table knows it, and calls fail at once, or a router on the way drops the
// packet and says so (ICMP), or nobody says anything.
#include <map>
#include <memory>
#include <vector>

#include <stillpoint/ids.hpp>
#include <stillpoint/random.hpp>
#include <stillpoint/time.hpp>

#include "sim-core/net/address.hpp"
#include "sim-core/net/link.hpp"
#include "sim-core/net/trouble.hpp"

namespace stillpoint::net {

class Fabric {
 public:
  // The seed is that of the run: the troubles of links draw from streams of it.
  explicit Fabric(std::uint64_t seed) : seed_(seed) {}

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
  void power_up(HostId host) { special_[host] &= ~kNoPower; }
  // Nothing can arrive there: the host has no power, or it is kHarness and nobody lives there.
  bool is_down(HostId host) const { return (special_[host] & kNoPower) != 0; }
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

  // ---- what faults do to one direction, from now on ----
  // Besides what was set, and whatever will be set meanwhile. What is under way arrives. Requires that it is valid, and
  // two hosts.
  void add_trouble(HostId from, HostId to, Trouble trouble);
  // Ends what this fault does to it; packets that were held up by it arrive as they would have. Nothing happens if it
  // does nothing.
  void remove_trouble(HostId from, HostId to, EventId fault);

  // ---- arrivals ----
  // One look that tells whether a packet which arrives at the host is an ordinary one: the host may have no power, and
  // the packet may be one that was announced.
  bool is_special(HostId host) const { return special_[host] != 0; }
  // Something is on its way that a fault has troubled; it is there, or will never be.
  void announce(HostId host) { ++special_[host]; }
  void settle(HostId host) { --special_[host]; }

  // The route from a host to an address. A host has one to itself, whatever was set.
  Route route(HostId from, Ip to) const { return routes_changed_ ? looked_up_route(from, to) : Route::good; }

  // How far the host that runs has got ahead of the queue in its slice, for example in waits for its disk: what it
  // sends leaves so much later.
  Duration ahead{};
  // That host, if it has lost its power in the midst of its slice: what it still sends is lost. Otherwise kHarness.
  HostId silent = kHarness;

  // The number of the next stream of segments: a connection, or a socket's datagrams.
  ConnectionId next_connection() { return ++last_connection_; }

 private:
  template <typename Change>
  void change(HostId from, HostId to, Change change);
  Route looked_up_route(HostId from, Ip to) const;

  static constexpr std::uint64_t kNoPower = std::uint64_t{1} << 63;

  std::uint64_t seed_;
  std::map<Ip, HostId> by_address_;
  std::vector<Ip> addresses_;                     // by host
  std::vector<std::uint64_t> special_{kNoPower};  // likewise: kNoPower, and the number of announced arrivals
  std::vector<EventId> crashes_{kNoEvent};
  Link default_{.latency_min = std::chrono::microseconds(500), .latency_max = std::chrono::microseconds(500)};
  Link loopback_{.latency_min = std::chrono::microseconds(20), .latency_max = std::chrono::microseconds(20)};

  struct Entry {
    Link link;
    bool by_default = true;
    std::unique_ptr<Troubles> troubles = nullptr;
    // What was set holds; troubles stay.
    void set(const Link& to);
  };
  Entry& entry(HostId from, HostId to);
  std::map<std::pair<HostId, HostId>, Entry> links_;  // made at first use
  bool routes_changed_ = false;                       // some route is, or was, not good
  ConnectionId last_connection_ = 0;
};

}  // namespace stillpoint::net
