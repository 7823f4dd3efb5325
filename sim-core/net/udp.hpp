#pragma once
// UDP between hosts of the fabric: datagrams to one host, to a group, and to all.
//
// An endpoint is what a socket binds. A datagram is an event of its own: two of them arrive in the order in which their
// latencies let them, so a link of constant latency keeps the order, and one with a range does not. What is sent at
// one instant to one host with equal latencies stays in order. A link may lose a datagram, hold it up behind others
// (its bandwidth), or deliver it twice. Each draw comes from the stream of the flow, which is named by the sending
// socket and the host that it sends to.
//
// A datagram to a port that nobody has comes back as an ICMP message after the way back, and refuses the sender if it
// is connected (RFC 1122, 4.1.3.3). A router that drops one says so where the link is set to, and the sender is told if
// it is connected and the message is fatal. A datagram to an address where nobody lives is lost. A group's datagram
// flies to the hosts that have joined by then, and each looks again when it arrives.
//
// Not modelled: fragmentation (a datagram is lost or arrives as a whole), the send buffer (a link takes what its queue
// holds, and loses the rest in silence), the rate limit of ICMP, routers (time to live only tells the host from the
// network).
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <stillpoint/random.hpp>

#include "sim-core/engine/event_queue.hpp"
#include "sim-core/net/fabric.hpp"
#include "sim-core/net/packet.hpp"
#include "sim-core/net/tcp.hpp"
#include "sim-core/net/udp_ports.hpp"
#include "sim-core/trace/writer.hpp"

namespace stillpoint::net {

// What an endpoint tells the descriptor that stands for it: its readiness may have grown by these EPOLL* events.
class UdpObserver {
 public:
  virtual void on_udp(std::uint32_t events, EventId cause) = 0;

 protected:
  ~UdpObserver() = default;
};

class Udp;

// How a datagram leaves.
struct Departure {
  SocketAddress source = {};
  SocketAddress destination = {};
  int interface = kNetworkInterface;  // of one to a group or to all
  std::uint8_t hops = 64;             // its time to live
  std::uint8_t traffic_class = 0;     // its type of service
  bool to_self_too = true;            // of one to a group: IP_MULTICAST_LOOP
};

// A datagram on its way, and then in the queue of its receiver. Without a packet it is the ICMP message that says why
// it did not arrive: no such port, or what a router says.
struct Datagram final : Event {
  void fire() override;

  Udp* udp = nullptr;
  Datagram* next = nullptr;
  Packet* packet = nullptr;
  Departure header;  // the interface is the one where it arrives
  HostId from = kHarness;
  HostId to = kHarness;
  int error = 0;  // of a message: what it means to the sender
  std::uint64_t stream = 0;
  EventId event = kNoEvent;                      // its send while it flies, its delivery (or drop) afterwards
  RandomStream random{0, {}, std::uint64_t{0}};  // of its flow
  std::uint64_t draw = 0;                        // the first of its draws
  std::vector<EventId> faults = {};              // that have troubled it, while it flies
};

class UdpEndpoint final : public UdpBinding {
 public:
  static constexpr std::size_t kDefaultBuffer = 212'992;  // rmem_default in socket(7)

  UdpEndpoint(std::uint64_t its_number, Where at, UdpObserver& watched_by)
      : number(its_number), where(at), observer(watched_by) {}

  const std::uint64_t number;
  const Where where;
  UdpObserver& observer;
  std::size_t receive_buffer = kDefaultBuffer;
  int error = 0;  // the pending error (SO_ERROR)

  // The datagram that is next to be read, or null.
  const Datagram* front() const { return head_; }

 private:
  friend class Udp;
  // What goes from here to one host.
  struct Flow {
    RandomStream random;
    Link* link;
    std::uint64_t sent = 0;
    VirtualTime last_sent{};
    Rank rank = 0;
  };

  std::string name_;  // what its random streams are named by, from its first datagram on
  std::uint64_t stream_ = 0;
  std::map<HostId, Flow> flows_;
  Datagram* head_ = nullptr;
  Datagram* tail_ = nullptr;
  std::size_t queued_ = 0;
  // The accounting of Linux: see charge() and release().
  std::size_t charged_ = 0;
  std::size_t to_release_ = 0;
  std::size_t read_batch_ = 0;
};

class Udp {
 public:
  // `tcp` knows on whose behalf the running turn acts.
  Udp(EventQueue& queue, TraceWriter& trace, Fabric& fabric, Tcp& tcp, std::uint64_t seed);
  Udp(const Udp&) = delete;
  Udp& operator=(const Udp&) = delete;
  ~Udp();

  UdpEndpoint& open(Where where, UdpObserver& observer);
  void close(UdpEndpoint& endpoint);
  // The host lost its power: its endpoints are gone, and must not be touched again, and what was on its way within it.
  void forget_host(HostId host);
  std::size_t endpoints() const { return endpoints_.size(); }

  // Binds it to its address and port; a port of 0 becomes an ephemeral one. EADDRINUSE.
  Status bind(UdpEndpoint& endpoint);
  void unbind(UdpEndpoint& endpoint) { ports_.unbind(endpoint.where.host, endpoint); }
  // Moves a bound endpoint to another address of the host.
  void move(UdpEndpoint& endpoint, Ip address);

  // Joins a group. EADDRINUSE (it has), ENOBUFS (it is in too many).
  Status join(UdpEndpoint& endpoint, UdpBinding::Membership membership);
  // Leaves the first one that `matches` finds. EADDRNOTAVAIL.
  template <typename Matches>
  Status leave(UdpEndpoint& endpoint, Matches matches) {
    for (std::size_t i = 0; i < endpoint.groups.size(); ++i) {
      if (!matches(endpoint.groups[i])) continue;
      leave_at(endpoint, i);
      return Done{};
    }
    return Failure{EADDRNOTAVAIL};
  }

  // Room for a datagram of so many bytes, to be filled and sent.
  Packet* room(std::size_t bytes) { return pool_.take(static_cast<std::uint32_t>(bytes)); }
  // Sends it from a bound endpoint. `now` is the caller's local time.
  void send(UdpEndpoint& endpoint, Packet* packet, const Departure& departure, VirtualTime now);
  // Takes the datagram that is next to be read off the queue. Requires that there is one.
  void take(UdpEndpoint& endpoint);

 private:
  friend struct Datagram;

  UdpEndpoint::Flow& flow_to(UdpEndpoint& endpoint, HostId to);
  std::string name_of_flows(const UdpEndpoint& endpoint);
  // These take the packet.
  void transmit(UdpEndpoint& endpoint, Packet* packet, const Departure& departure, HostId to, VirtualTime now);
  // `random` is the draw of its latency.
  void transmit_by_link(const UdpEndpoint& endpoint, UdpEndpoint::Flow& flow, Datagram* datagram, std::uint64_t random,
                        VirtualTime now);
  // `left` is when it left its host.
  void launch(UdpEndpoint::Flow& flow, Datagram* datagram, std::uint64_t random, VirtualTime left, VirtualTime arrival);
  // It flies, and these faults have troubled it, if there are any.
  void announce(Datagram& datagram, const std::vector<EventId>& faults);
  void lose(Datagram* datagram, Where where, const Passage& passage);
  void arrive(Datagram* datagram);
  void arrive_troubled(Datagram* datagram);
  void arrive_at_group(Datagram* datagram);
  void arrive_unreachable(const Datagram& message);
  // Reports by ICMP, at `arrival`, that the datagram is lost.
  void report(Datagram* datagram, int error, VirtualTime arrival);
  void answer_unreachable(Datagram* datagram);
  bool accept(UdpEndpoint& endpoint, Datagram* datagram);
  void record(EventKind kind, Datagram& datagram, Where where);
  void drop(Datagram* datagram);
  void leave_at(UdpEndpoint& endpoint, std::size_t index);
  bool is_member(HostId host, Ip group, int interface) const;

  Datagram* make();
  Packet* copy(Packet& packet);
  Datagram* copy(const Datagram& datagram);
  void give_back(Datagram* datagram);

  EventQueue& queue_;
  TraceWriter& trace_;
  Fabric& fabric_;
  Tcp& tcp_;
  std::uint64_t seed_;
  PacketPool pool_;
  UdpPorts ports_;
  std::uint64_t last_endpoint_ = 0;
  std::map<std::uint64_t, std::unique_ptr<UdpEndpoint>> endpoints_;  // by number
  std::vector<std::unique_ptr<Datagram>> datagrams_;                 // all that there ever were
  Datagram* free_ = nullptr;
  // How many endpoints of a host are in a group, by group, host and interface.
  std::map<std::tuple<Ip, HostId, int>, int> members_;
  std::map<std::string, std::uint64_t> names_;  // how often a name was given
};

}  // namespace stillpoint::net
