#pragma once
// One direction between two hosts: how long packets take, and what becomes of them on the way.
//
// A link has a latency range; each packet's latency is drawn from the stream of whatever it belongs to (a connection, a
// socket), so that traffic on one never shifts another's. A link may also lose packets, be cut, have a bandwidth with a
// queue in front of it, and cut streams into pieces; and faults trouble it (trouble.hpp). All that is off unless it is
// set, and then costs nothing: who sends looks at `plain` first.
#include <cstdint>
#include <optional>
#include <vector>

#include <stillpoint/ids.hpp>
#include <stillpoint/random.hpp>
#include <stillpoint/time.hpp>

#include "sim-core/net/address.hpp"
#include "sim-core/net/latency.hpp"

namespace stillpoint::net {

class Troubles;

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

// Whether something happens that happens so often, by a random value.
inline bool happens(Ratio ratio, std::uint64_t random) {
  return static_cast<std::uint64_t>((static_cast<unsigned __int128>(random) * 1'000'000) >> 64) < ratio.ppm;
}

// A packet as its link sees it.
struct Passenger {
  std::uint64_t payload = 0;    // bytes
  ConnectionId connection = 0;  // none: it is a datagram
  VirtualTime departure{};
  // Two draws of the packet's. Whatever troubles it is drawn by the first of them too.
  std::uint64_t latency_random = 0;
  std::uint64_t loss_random = 0;
};

// What becomes of it.
struct Passage {
  bool lost = false;
  Refusal refusal{};                 // what its sender is told if it is lost
  VirtualTime departure{};           // later than it was sent if the link was clogged
  VirtualTime arrival{};             // of the packet, or of what its sender is told
  std::vector<EventId> faults = {};  // those that lose or delay it, by their events
  // What a fault makes twice: the latency of the second is of a draw of its own.
  struct Copy {
    EventId fault = kNoEvent;
    std::uint64_t latency_random = 0;
  };
  std::vector<Copy> copies = {};

  void blame(EventId fault);
};

// A bandwidth, and the queue in front of it.
struct Bottleneck {
  std::uint64_t bandwidth = 0;   // bytes per second, headers included; 0: unlimited
  std::uint64_t queue_most = 0;  // bytes that may wait for the bandwidth; what comes on top is lost. 0: any number
  // When the last packet that was put into the queue will have left it.
  VirtualTime busy_until{};

  static constexpr std::uint64_t kHeaders = 40;  // of IPv4 and TCP, in bytes

  // When a packet has left it that comes at `now`; nothing if there is no room for it.
  std::optional<VirtualTime> pass(std::uint64_t payload, VirtualTime now);
};

struct Link {
  // One-way, in whole microseconds.
  Duration latency_min{};
  Duration latency_max{};
  LatencyShape latency_shape = LatencyShape::uniform;
  Ratio loss{};
  bool cut = false;   // every packet vanishes
  Refusal refusal{};  // what the sender is told of it
  Route route{};      // not good: no packet leaves
  Bottleneck bottleneck = {};
  // A stream travels in pieces of 1 to so many bytes, drawn for each, that arrive at different times. 0: as it was
  // written. 1: byte by byte.
  std::uint32_t segment_most = 0;
  // Of the datagrams that are not lost: they arrive twice, each with a latency of its own.
  Ratio duplicate{};

  // A latency in [min, max] from a random value.
  Duration latency(std::uint64_t random) const {
    return latency_between(latency_min, latency_max, latency_shape, random);
  }
  // The same, of a link that is plain.
  Duration plain_latency(std::uint64_t random) const { return uniform_latency(latency_min, latency_max, random); }

  // ---- kept by the fabric ----
  // There is a uniform latency and nothing else.
  bool plain = true;
  // What faults do to it; mostly nothing.
  Troubles* troubles = nullptr;

  // Anything gets through, for all that the link itself does.
  bool passable() const { return !cut && route == Route::good; }
  // What a connection's acknowledgements do, which are no packets: they get through, unless nothing does, and are there
  // after the smallest latency.
  bool passes_acknowledgements(ConnectionId connection) const {
    return plain || (passable() && (troubles == nullptr || passes_troubles(connection)));
  }
  VirtualTime acknowledged_at(VirtualTime now) const {
    return troubles == nullptr ? now + latency_min : acknowledged_in_trouble(now);
  }
  // The largest latency that a sender has measured, which its time-outs are reckoned from.
  Duration slowest() const;

  bool cuts_streams() const;
  // The size of the next piece of a stream of which `most` bytes are left, from a random value.
  std::size_t piece(std::size_t most, std::uint64_t random) const;

  // What becomes of a packet that is sent.
  Passage pass(const Passenger& packet);
  // The same, but for troubles.
  Passage pass_untroubled(const Passenger& packet);

 private:
  bool passes_troubles(ConnectionId connection) const;
  VirtualTime acknowledged_in_trouble(VirtualTime now) const;
};

}  // namespace stillpoint::net
