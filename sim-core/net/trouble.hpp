#pragma once
// What a fault does to one direction of a link, from when it is added until it is removed: it loses packets, delays
// them, makes them twice, and is a cause of what it did (decision 6 of the design).
//
// When it begins and when it ends is somebody else's matter. Several troubles of one link add up: a packet that is
// delayed by two is delayed by both, and arrives if none loses it. What they draw is a function of the fault's name, of
// the link and of a draw of the packet's own: so a fault more or less shifts nothing of another fault, of a link or of
// a user, and neither does a packet more or less on another connection.
//
// Not modelled: a trouble of a host's loopback device; one that acknowledgements feel otherwise than by being withheld
// (when all is lost) or delayed.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <stillpoint/ids.hpp>
#include <stillpoint/latency.hpp>
#include <stillpoint/random.hpp>
#include <stillpoint/time.hpp>

#include "sim-core/net/link.hpp"

namespace stillpoint::net {

// Every field is off by default. Durations are whole microseconds.
struct Trouble {
  EventId fault = kNoEvent;  // the fault's event: the cause of all that it does. It also names the trouble for removal
  std::string name = {};     // the fault's stable name: its random streams hang on it
  // On top of the latency of each packet.
  Duration delay_min{};
  Duration delay_max{};
  LatencyShape delay_shape = LatencyShape::uniform;
  Ratio loss{};       // all of them: acknowledgements do not get through either
  Ratio duplicate{};  // of datagrams
  // So many packets are held back by up to so long: datagrams are overtaken, a stream is delayed.
  Ratio reorder{};
  Duration reorder_most{};
  std::uint64_t bandwidth = 0;   // bytes per second, headers included; 0: unlimited
  std::uint64_t queue_most = 0;  // bytes that may wait for it; what comes on top is lost. 0: any number
  // What is sent before then leaves then: nothing is lost, and all of it arrives in the order in which it was sent.
  std::optional<VirtualTime> clogged_until = {};
  bool cut = false;   // every packet vanishes
  Refusal refusal{};  // what the sender is told of it
  // Connections that exist when the trouble begins get nothing through any more, in silence: as behind a NAT or a
  // firewall that has lost its table. New connections and datagrams pass.
  bool forgets = false;
  // Packets with more bytes of payload are lost in silence, however often they are sent: an MTU black hole. 0: none.
  std::uint32_t mtu = 0;
  // Streams are cut into pieces of at most so many bytes (Link::segment_most). 0: they are not.
  std::uint32_t segment_most = 0;
};
bool valid(const Trouble& trouble);

// The troubles of one direction of a link.
class Troubles {
 public:
  // `random` is the stream of the fault and this link; `last_connection` the last one that was made.
  void add(Trouble trouble, RandomStream random, ConnectionId last_connection);
  // All that this fault does.
  void remove(EventId fault);
  bool empty() const { return active_.empty(); }

  // What becomes of a packet on `link`, which is troubled by these.
  Passage pass(const Passenger& packet, Link& link);
  // As in Link.
  bool passes_acknowledgements(ConnectionId connection) const;
  VirtualTime acknowledged_at(VirtualTime now, Duration latency) const;
  Duration slowest() const;
  bool cuts_streams() const;
  std::size_t piece(std::size_t most, std::uint64_t random) const;

 private:
  struct Active {
    Trouble trouble;
    RandomStream random;
    ConnectionId last_connection;
    Bottleneck bottleneck;
    VirtualTime released{};  // when the last packet arrives that was held up by the clog
    bool loses(const Passenger& packet) const;
    bool clogs(VirtualTime now) const { return trouble.clogged_until && now < *trouble.clogged_until; }
    VirtualTime end_of_clog() const;  // of one that clogs
  };
  // Whether and why it is lost before anything else happens to it.
  Passage lost(const Passenger& packet) const;
  // Moves its departure behind clogs and queues; it may be lost in one of these.
  Passage queue(Passenger& packet);
  void delay(const Passenger& packet, Passage& passage) const;
  void keep_order(VirtualTime sent, Passage& passage);

  std::vector<Active> active_;  // in the order in which they were added
};

}  // namespace stillpoint::net
