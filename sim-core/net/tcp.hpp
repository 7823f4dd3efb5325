#pragma once
// TCP between hosts of the fabric: the handshake, two byte streams with finite buffers, orderly and abortive ends.
//
// One Connection holds both of its sides (tcp_side.hpp). The stack finds listeners for what arrives (listener.hpp),
// keeps the books of ports (ports.hpp), and forgets connections when both of their sides are over.
//
// Modelled: connect, backlog and its overflow (the SYN is dropped and retransmitted with back-off), refusal,
// half-close, RST for data to a closed end, for unread data at close and for a port without listener, EPIPE, TIME_WAIT,
// lost packets and their retransmission with back-off, dead peers (ETIMEDOUT, keep-alive probes), groups of listeners
// (SO_REUSEPORT), deferred accept. Not modelled: congestion control, Nagle's algorithm, delayed acknowledgements,
// urgent data, more than one address of a family on a host.
//
// Times: every call takes the caller's local time, which is the queue's except in a slice that spins on its clock.
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim-core/net/listener.hpp"
#include "sim-core/net/tcp_side.hpp"

namespace stillpoint::net {

struct TcpOptions {
  Duration syn_timeout = std::chrono::seconds(1);  // doubles with each try, as tcp_syn_retries in tcp(7)
};

// What the peers of a host that is forgotten are told.
enum class Farewell : std::uint8_t { none, reset };

class Tcp {
 public:
  Tcp(EventQueue& queue, TraceWriter& trace, Fabric& fabric, std::uint64_t seed, TcpOptions options = {});
  Tcp(const Tcp&) = delete;
  Tcp& operator=(const Tcp&) = delete;
  ~Tcp();

  // Reserves a local port (0: any ephemeral one). EADDRINUSE, EADDRNOTAVAIL (not an address of the host).
  Result<std::unique_ptr<PortClaim>> bind(HostId host, SocketAddress wanted, Sharing sharing = {});
  // A port for a connection from `local` to `remote`. EADDRNOTAVAIL.
  Result<std::unique_ptr<PortClaim>> bind_for_connect(HostId host, Ip local, SocketAddress remote);
  // Begins to listen at a bound address. EADDRINUSE.
  Result<Listener*> listen(Where where, PortClaim& claim, std::size_t backlog, const TcpSetup& setup,
                           TcpObserver* observer);
  // Ends it: connections that nobody accepted are reset.
  void stop_listening(Listener* listener);
  // The next established connection. EAGAIN.
  Result<TcpSide*> accept(Listener& listener);
  // Begins to connect from a bound address. EADDRNOTAVAIL: there is a connection with the same ends. The claim is taken
  // only if it succeeds.
  Result<TcpSide*> connect(Where where, std::unique_ptr<PortClaim>& claim, SocketAddress remote, const TcpSetup& setup,
                           TcpObserver* observer, VirtualTime now);
  // Everything that a host had of TCP is gone, without a word to anybody: it lost its power by the event `crash`. What
  // has left it by then arrives all the same. Whoever speaks to one of its former connections hears nothing while it is
  // down (Fabric::power_down), and is answered with RST when it is up again. What its sockets had (claims, listeners,
  // sides) is void and must not be touched again. With Farewell::reset somebody resets its established connections in
  // its place.
  void forget_host(HostId host, EventId crash, Farewell farewell = Farewell::none);
  // It is up again, in this life, as which it answers to whoever speaks to what was forgotten.
  void host_is_back(Where where);

  // The next data that leaves is an effect of this: a user's operation, just invoked. Used up by one packet.
  Cause cause_of_next_send;
  // The user for whom the running turn acts, if it has said so. It then names the random streams of a connection that
  // is opened: named by addresses alone, they would hang on which ephemeral port was free, and so on who else had
  // connected before.
  std::string on_behalf_of;

  // A box between two hosts resets so many of their connections, because of the event `fault`: to each end it says what
  // the other would (RST), at once. Draws from `random` are of the connection, whatever others there are. Returns how
  // many there were.
  std::size_t reset_between(HostId a, HostId b, Ratio share, EventId fault, RandomStream& random);

  std::size_t connections() const { return connections_.size(); }
  // Ends of connections that somebody on the host holds, or will accept.
  std::size_t ends_at(HostId host) const;

 private:
  friend class TcpSide;

  using ListenersAt = std::vector<std::unique_ptr<Listener>>;

  void arrive_syn(Connection& connection, EventId cause);
  void arrive_handshake_ack(TcpSide& server, EventId cause);
  std::string connection_name(HostId host, SocketAddress client, SocketAddress server);
  // The one that is meant by a SYN; `random` chooses among those that share an address.
  Listener* listener_for(HostId host, SocketAddress local, std::uint64_t random);
  // The listener that a half-open connection came to; null if that is gone.
  Listener* listener_of(const TcpSide& half_open);
  void forget_half_open(TcpSide& server);
  void release_if_over(Connection& connection);
  void reset(Connection& connection, EventId fault);

  EventQueue& queue_;
  TraceWriter& trace_;
  Fabric& fabric_;
  std::uint64_t seed_;
  TcpOptions options_;
  PacketPool pool_;
  std::map<HostId, Ports> ports_;
  std::map<ConnectionId, std::unique_ptr<Connection>> connections_;
  std::uint64_t last_listener_ = 0;
  std::map<std::pair<HostId, std::uint16_t>, ListenersAt> listeners_;
  // By host and local port of the client: tells connections of equal addresses apart.
  std::map<std::pair<HostId, std::uint16_t>, std::uint32_t> connects_;
  std::map<std::string, std::uint32_t> connects_on_behalf_;  // by user
  // What faults have done to what is on its way, by the event since which it is: its send, or its loss while it is
  // lost.
  std::map<EventId, std::vector<EventId>> troubled_;
};

}  // namespace stillpoint::net
