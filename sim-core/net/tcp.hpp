#pragma once
// TCP between hosts of the fabric: the handshake, two byte streams with finite buffers, orderly and abortive ends.
//
// One Connection holds both of its sides. A side sends packets into its own flight, a FIFO whose head alone is in the
// event queue; a packet arrives after its link's latency and never overtakes another of its side. Data is bounded
// twice, as in RFC 9293: by the sender's send buffer (bytes not yet acknowledged) and by the receiver's window (its
// receive buffer). Acknowledgements and window updates are not packets: they are entries of a ledger, which the sender
// settles when it looks, and cost an event only when it is blocked. They take the link's smallest latency.
//
// Modelled: connect, backlog and its overflow (the SYN is dropped and retransmitted with back-off), refusal,
// half-close, RST for data to a closed end, for unread data at close and for a port without listener, EPIPE, time-outs
// of connect. Not modelled yet: loss and retransmission of data, congestion, Nagle, TIME_WAIT, urgent data,
// segmentation of a write other than at 64 KiB.
//
// Times: every call takes the caller's local time, which is the queue's except in a slice that spins on its clock.
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <stillpoint/random.hpp>

#include "sim-core/base/result.hpp"
#include "sim-core/base/ring_queue.hpp"
#include "sim-core/engine/event_queue.hpp"
#include "sim-core/net/fabric.hpp"
#include "sim-core/net/packet.hpp"
#include "sim-core/trace/writer.hpp"

namespace stillpoint::net {

// What a side or a listener tells the descriptor that stands for it: its readiness may have grown by these EPOLL*
// events.
class TcpObserver {
 public:
  virtual void on_tcp(std::uint32_t events, EventId cause) = 0;

 protected:
  ~TcpObserver() = default;
};

class Tcp;
struct Connection;

// One end of a connection.
class TcpSide {
 public:
  SocketAddress local;
  SocketAddress remote;
  TcpObserver* observer = nullptr;

  // EPOLL* events that hold now, as Linux's tcp_poll() reports them.
  std::uint32_t readiness(VirtualTime now);
  bool connecting() const { return state_ == State::syn_sent; }
  bool established() const { return state_ == State::established; }
  // Both streams have ended, and both ends know: what is left of an established connection is TIME_WAIT or nothing.
  bool finished(VirtualTime now) const { return fin_received_ && fin_acknowledged_ <= now; }
  // The pending error (SO_ERROR), cleared by looking.
  int take_error();

  // Takes up to the free room of the send buffer. Errors: EAGAIN, EPIPE, ECONNRESET, ENOTCONN.
  Result<std::size_t> send(std::span<const std::span<const std::byte>> parts, VirtualTime now);
  // Reads what is there. 0 is the end of the stream. Errors: EAGAIN, ECONNRESET, ENOTCONN.
  Result<std::size_t> receive(std::span<const std::span<std::byte>> parts, bool peek, VirtualTime now);
  // How many bytes can be read now (FIONREAD).
  std::size_t unread() const { return unread_; }
  // The delivery that brought the last byte which receive() returned.
  EventId last_read() const { return last_read_; }

  Status shutdown_write(VirtualTime now);
  void shutdown_read();
  // The descriptor is gone: FIN, or RST if data was left unread.
  void close(VirtualTime now);

  // Buffer sizes in bytes. A receive buffer counts for its peer from the next window update on.
  void set_send_buffer(std::size_t bytes);
  void set_receive_buffer(std::size_t bytes);

 private:
  friend class Tcp;
  friend struct Connection;

  enum class State : std::uint8_t { unused, syn_sent, syn_received, established, closed };

  // The packets of this side that are on their way.
  struct Flight final : Event {
    TcpSide* side = nullptr;
    PacketQueue packets;
    VirtualTime last_arrival{};
    void fire() override;
  };
  // Wakes a blocked sender when the ledger's next entry is due; before the connection is established, retransmits the
  // SYN.
  struct Wakeup final : Event {
    TcpSide* side = nullptr;
    void fire() override;
  };
  // From `at` on, `acknowledged` bytes less are in the send buffer, and `window` bytes more may fly.
  struct Credit {
    VirtualTime at{};
    std::size_t acknowledged = 0;
    std::size_t window = 0;
  };

  TcpSide& peer();
  Tcp& tcp();
  void transmit(Segment kind, std::span<const std::byte> bytes, VirtualTime now);
  void transmit(Packet* packet, VirtualTime now);
  void arrive(Packet* packet);
  void arrive_data(Packet* packet);
  void arrive_syn_ack(EventId cause);
  void arrive_fin(EventId cause);
  void arrive_reset(EventId cause);
  void grant(std::size_t acknowledged, std::size_t window, VirtualTime now);
  void settle(VirtualTime now);
  void flush(VirtualTime now);
  void watch_ledger();
  void retransmit_syn();
  void end(int error);
  bool writable() const { return send_buffer_ - std::min(unacknowledged_, send_buffer_) >= unacknowledged_ / 2; }
  void notify(std::uint32_t events, EventId cause) {
    if (observer != nullptr) observer->on_tcp(events, cause);
  }
  void drop_queues();
  // Nobody will look at this side again, and nothing of it is on its way.
  bool over() const {
    return (!owned_ || closed_by_program_) && flight_.packets.empty() && (pending_.empty() || state_ == State::closed);
  }

  Connection* connection_ = nullptr;
  const Link* link_ = nullptr;  // towards the peer
  Where where_;
  std::uint8_t index_ = 0;  // 0: the side that connected
  State state_ = State::unused;
  bool owned_ = false;  // somebody has, or will accept, a descriptor for it
  bool closed_by_program_ = false;
  bool write_shut_ = false;
  bool read_shut_ = false;
  bool fin_queued_ = false;
  bool fin_received_ = false;
  VirtualTime fin_acknowledged_ = VirtualTime::max();  // when this side knows that its FIN arrived
  bool told_full_ = false;                             // the program saw that there is no room, and waits for EPOLLOUT
  std::uint8_t syn_tries_ = 0;
  int error_ = 0;

  std::size_t send_buffer_ = 0;
  std::size_t receive_buffer_ = 0;
  std::size_t unacknowledged_ = 0;
  std::size_t window_ = 0;
  std::size_t unread_ = 0;
  EventId last_read_ = kNoEvent;
  std::uint64_t packets_sent_ = 0;
  std::uint64_t listener_ = 0;  // the number of the one that this half-open connection came to
  RandomStream random_;

  PacketQueue pending_;   // accepted from the program, waiting for the window
  PacketQueue received_;  // arrived, waiting for the program
  RingQueue<Credit> ledger_;
  Flight flight_;
  Wakeup wakeup_;

 public:
  explicit TcpSide(RandomStream random) : random_(random) {}
};

struct Connection {
  Connection(Tcp& stack, ConnectionId number, RandomStream client, RandomStream server)
      : tcp(stack), id(number), sides{TcpSide(client), TcpSide(server)} {}
  Tcp& tcp;
  ConnectionId id;
  TcpSide sides[2];
};

// Buffer sizes of an endpoint, in bytes.
struct Buffers {
  std::size_t send = 256 * 1024;
  std::size_t receive = 128 * 1024;
};

// A listening port.
struct Listener {
  std::uint64_t number = 0;  // tells it from a later listener at the same port
  Where where;
  SocketAddress local;
  std::size_t backlog = 0;
  Buffers buffers;  // of the connections that will arrive
  TcpObserver* observer = nullptr;
  std::size_t half_open = 0;
  RingQueue<TcpSide*> ready;  // established, to be accepted
};

struct TcpOptions {
  Duration syn_timeout = std::chrono::seconds(1);  // doubles with each try, as tcp_syn_retries in tcp(7)
  std::uint8_t syn_retries = 6;
};

class Tcp {
 public:
  Tcp(EventQueue& queue, TraceWriter& trace, Fabric& fabric, std::uint64_t seed, TcpOptions options = {});
  Tcp(const Tcp&) = delete;
  Tcp& operator=(const Tcp&) = delete;
  ~Tcp();

  // Reserves a local port (0: any ephemeral one). EADDRINUSE, EADDRNOTAVAIL (not an address of the host; no port is
  // free).
  Result<SocketAddress> bind(HostId host, SocketAddress wanted);
  void unbind(HostId host, SocketAddress bound);
  // Begins to listen at a bound address. EADDRINUSE.
  Result<Listener*> listen(Where where, SocketAddress local, std::size_t backlog, Buffers buffers,
                           TcpObserver* observer);
  // Ends it: connections that nobody accepted are reset.
  void stop_listening(Listener* listener);
  // The next established connection. EAGAIN.
  Result<TcpSide*> accept(Listener& listener);
  // Begins to connect from a bound address.
  TcpSide* connect(Where where, SocketAddress local, SocketAddress remote, Buffers buffers, TcpObserver* observer,
                   VirtualTime now);

  // The next data that leaves is an effect of this: a user's operation, just invoked. Used up by one packet.
  Cause cause_of_next_send;
  // The user for whom the running turn acts, if it has said so. It then names the random streams of a connection that
  // is opened: named by addresses alone, they would hang on which ephemeral port was free, and so on who else had
  // connected before.
  std::string on_behalf_of;

  std::size_t connections() const { return connections_.size(); }

 private:
  friend class TcpSide;

  struct Ports {
    std::set<std::uint16_t> bound;
    std::map<std::uint16_t, std::uint32_t> connects;  // by local port: tells connections of equal addresses apart
    std::uint16_t next_ephemeral = kFirstEphemeral;
    int ephemeral_in_use = 0;
  };
  static constexpr std::uint16_t kFirstEphemeral = 32768;  // ip_local_port_range in ip(7)
  static constexpr std::uint16_t kLastEphemeral = 60999;
  static constexpr int is_ephemeral(std::uint16_t port) {
    return port >= kFirstEphemeral && port <= kLastEphemeral ? 1 : 0;
  }

  void arrive_syn(Connection& connection, EventId cause);
  void arrive_handshake_ack(TcpSide& server, EventId cause);
  std::string connection_name(HostId host, SocketAddress client, SocketAddress server);
  Listener* listener_for(HostId host, SocketAddress local);
  // The listener that a half-open connection came to; null if that is gone.
  Listener* listener_of(const TcpSide& half_open);
  void forget_half_open(TcpSide& server);
  void release_if_over(Connection& connection);

  EventQueue& queue_;
  TraceWriter& trace_;
  Fabric& fabric_;
  std::uint64_t seed_;
  TcpOptions options_;
  PacketPool pool_;
  std::map<ConnectionId, std::unique_ptr<Connection>> connections_;
  std::uint64_t last_listener_ = 0;
  std::map<std::pair<HostId, std::uint16_t>, std::unique_ptr<Listener>> listeners_;
  std::map<HostId, Ports> ports_;
  std::map<std::string, std::uint32_t> connects_on_behalf_;  // by user
};

}  // namespace stillpoint::net
