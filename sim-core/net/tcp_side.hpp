#pragma once
// One end of a TCP connection: its state, its buffers, its packets on their way, and its timers.
//
// A side sends packets into its own flight, a FIFO whose head alone is in the event queue; a packet arrives after its
// link's latency and never overtakes another of its side. Data is bounded twice, as in RFC 9293: by the sender's send
// buffer (bytes not yet acknowledged) and by the receiver's window (its receive buffer). Acknowledgements and window
// updates are not packets: they are entries of a ledger, which the sender settles when it looks, and cost an event only
// when it is blocked. They take the link's smallest latency.
//
// A packet of the stream (data, FIN) that the link loses stays in the flight and holds up what is behind it, until a
// retransmission gets through: so loss is delay, never a gap. Acknowledgements are lost only on a link that is cut:
// otherwise the next one makes up for it. What else is lost (SYN, RST, probes) is gone.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <stillpoint/random.hpp>

#include "sim-core/base/result.hpp"
#include "sim-core/base/ring_queue.hpp"
#include "sim-core/engine/event_queue.hpp"
#include "sim-core/net/fabric.hpp"
#include "sim-core/net/packet.hpp"
#include "sim-core/net/ports.hpp"
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

// In bytes, of the machines that this runs on.
constexpr std::size_t kCacheLine = 64;

// The states of RFC 9293, numbered as in Linux's TCP_INFO.
enum class TcpState : std::uint8_t {
  established = 1,
  syn_sent,
  syn_received,
  fin_wait_1,
  fin_wait_2,
  time_wait,
  closed,
  close_wait,
  last_ack,
  listen,
  closing,
};

// Buffer sizes of an endpoint, in bytes.
struct Buffers {
  std::size_t send = 256 * 1024;
  std::size_t receive = 128 * 1024;
};

// SO_KEEPALIVE and its intervals (tcp(7)).
struct Keepalive {
  bool on = false;
  Duration idle = std::chrono::hours(2);
  Duration interval = std::chrono::seconds(75);
  unsigned count = 9;
};

// How an end is set up: a listener hands it to the connections that arrive.
struct TcpSetup {
  Buffers buffers{};
  Keepalive keepalive{};
  Duration user_timeout{};    // TCP_USER_TIMEOUT; zero: what the number of retries gives
  std::size_t low_water = 1;  // SO_RCVLOWAT
  unsigned syn_retries = 6;   // TCP_SYNCNT
  // A socket that has ever tried to connect over IPv4 speaks only that: its SYNs to IPv6 addresses get nowhere. In
  // Linux the functions of a socket of AF_INET6 are exchanged for good (ipv6_mapped in net/ipv6/tcp_ipv6.c).
  bool speaks_v4 = false;
};

class alignas(kCacheLine) TcpSide {
 public:
  explicit TcpSide(RandomStream random) : random_(random) {}

  TcpObserver* observer = nullptr;

  // EPOLL* events that hold now, as Linux's tcp_poll() reports them.
  std::uint32_t readiness(VirtualTime now);
  bool connecting() const { return state_ == State::syn_sent; }
  bool established() const { return state_ == State::established; }
  TcpState state(VirtualTime now) const;
  // Both streams have ended, and both ends know: what is left of an established connection is TIME_WAIT or nothing.
  bool finished(VirtualTime now) const { return fin_received_ && fin_acknowledged_ <= now; }
  // The pending error that calls fail with, cleared by looking.
  int take_error();
  // What SO_ERROR says, likewise: also why nothing gets through, though nothing has failed so far.
  int take_any_error();
  // A router's message waits in the error queue, which nobody reads here (MSG_ERRQUEUE): EPOLLERR holds.
  bool error_queued() const { return error_queued_; }

  // ---- what the program calls ----
  // More follows at once (MSG_MORE): a part of a segment waits for it.
  enum class More : std::uint8_t { no, follows };
  // Takes up to the free room of the send buffer. Errors: EAGAIN, EPIPE, ECONNRESET, ETIMEDOUT, ENOTCONN.
  Result<std::size_t> send(std::span<const std::span<const std::byte>> parts, VirtualTime now, More more = More::no);
  // MSG_PEEK leaves what it reads; MSG_TRUNC does not copy it.
  struct Reading {
    bool peek = false;
    bool discard = false;
  };
  // Reads what is there. 0 is the end of the stream. Errors: EAGAIN, ECONNRESET, ETIMEDOUT, ENOTCONN.
  Result<std::size_t> receive(std::span<const std::span<std::byte>> parts, Reading reading, VirtualTime now);
  // How many bytes can be read now (FIONREAD).
  std::size_t unread() const { return unread_; }
  // How many are not acknowledged yet (SIOCOUTQ): the FIN counts as one, the SYN does not.
  std::size_t unsent(VirtualTime now);
  // The delivery that brought the last byte which receive() returned.
  EventId last_read() const { return last_read_; }

  Status shutdown_write(VirtualTime now);
  void shutdown_read();
  // What was shut before the connection was begun is shut of it, too, though nobody tells the peer: a later
  // shutdown_write() does.
  void shut_early(bool reading, bool writing);
  // What close(2) does before it waits, if it lingers: FIN, or RST if data was left unread. Nothing is read any more.
  enum class Closing : std::uint8_t { orderly, abortive };
  void begin_close(VirtualTime now, Closing how = Closing::orderly);
  // After begin_close(): whether the peer knows, as close(2) with SO_LINGER waits for it. If it does not yet, the
  // observer is told EPOLLOUT when it does.
  bool closed_for_peer(VirtualTime now);
  // The descriptor is gone. begin_close() may have been called before.
  void close(VirtualTime now, Closing how = Closing::orderly);

  // ---- options ----
  void set_up(const TcpSetup& setup, VirtualTime now);
  // Sizes in bytes. A receive buffer counts for its peer from the next window update on.
  void set_send_buffer(std::size_t bytes);
  void set_receive_buffer(std::size_t bytes);
  void set_keepalive(const Keepalive& keepalive, VirtualTime now);
  void set_user_timeout(Duration timeout) { user_timeout_ = timeout; }
  void set_low_water(std::size_t bytes);
  void set_syn_retries(unsigned retries) { syn_retries_ = retries; }
  // TCP_CORK.
  void cork() { corked_ = true; }
  void uncork(VirtualTime now);

  // The port that it holds. take_port() gives it back to a socket that is to be used again.
  PortClaim* port() { return claim_.get(); }
  std::unique_ptr<PortClaim> take_port() { return std::move(claim_); }

 private:
  friend class Tcp;
  friend struct Connection;

  enum class State : std::uint8_t { unused, syn_sent, syn_received, established, closed };

  // The packets of this side that are on their way.
  struct Flight final : Event {
    std::uint32_t lost = 0;  // of the packets: they wait for a retransmission
    TcpSide* side = nullptr;
    PacketQueue packets;
    VirtualTime last_arrival{};
    void fire() override;
  };
  // Wakes a blocked sender when the ledger's next entry is due; before the connection is established, retransmits the
  // SYN or its answer.
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
  // The credits that are on their way, in the order in which they were given. There is seldom more than one: the last
  // has its place here, and those before it need memory only if there are any.
  class Ledger {
   public:
    bool empty() const { return last_.at == kNever; }
    // When the next one is due; never, if there is none.
    VirtualTime next() const { return before_.empty() ? last_.at : before_.front().at; }
    // Requires !empty().
    Credit& back() { return last_; }
    void push(const Credit& credit) {
      if (!empty()) before_.push(last_);
      last_ = credit;
    }
    Credit pop() { return before_.empty() ? std::exchange(last_, Credit{.at = kNever}) : before_.pop(); }

   private:
    static constexpr VirtualTime kNever = VirtualTime::max();
    RingQueue<Credit> before_;
    Credit last_{.at = kNever};
  };
  // What only few sides need, and which is made when one does: retransmission, probes, a cork, what a router says.
  struct Recovery final : Event {  // the retransmission timer
    explicit Recovery(TcpSide& owner) : side(owner) {}
    TcpSide& side;
    unsigned backoff = 0;
    std::optional<VirtualTime> first_retry;  // since when nothing gets through
    VirtualTime due{};                       // when it goes off, while it is scheduled
    Credit withheld;                         // acknowledgements that a cut link swallowed
    bool fin_withheld = false;
    int soft_error = 0;  // why nothing gets through, as far as anybody said: what it ends in, if it does
    void fire() override { side.retransmit(); }
  };
  struct Prober final : Event {  // of SO_KEEPALIVE
    explicit Prober(TcpSide& owner) : side(owner) {}
    TcpSide& side;
    Keepalive options;
    unsigned unanswered = 0;
    VirtualTime heard{};  // when the peer was last known to live
    void fire() override { side.probe(); }
  };
  struct Refused final : Event {  // a router's message about a packet that it dropped
    explicit Refused(TcpSide& owner) : side(owner) {}
    TcpSide& side;
    Refusal refusal{};
    EventId lost = kNoEvent;
    VirtualTime sent{};
    void fire() override { side.arrive_refusal(); }
  };
  struct Cork final : Event {  // pops after 200 ms (tcp(7))
    explicit Cork(TcpSide& owner) : side(owner) {}
    TcpSide& side;
    void fire() override;
  };

  // The two sides of a connection lie beside each other.
  TcpSide& peer() { return connects() ? this[1] : this[-1]; }
  const TcpSide& peer() const { return connects() ? this[1] : this[-1]; }
  bool connects() const { return stream_ % 2 == 0; }
  Tcp& tcp() { return *tcp_; }
  ConnectionId connection() const { return stream_ / 2; }
  // Each draws its latency: that is the number of draws so far.
  std::uint64_t packets_sent() const { return random_.drawn(); }

  Result<std::size_t> take_unread(std::span<const std::span<std::byte>> parts, Reading reading, VirtualTime now);

  // tcp_segments.cpp: sending
  void transmit(Segment kind, std::span<const std::byte> bytes, VirtualTime now);
  void transmit(Packet* packet, VirtualTime now);
  EventId record_send(const Packet& packet, Cause cause, std::span<const std::byte> payload);
  void launch(Packet* packet, VirtualTime arrival);
  std::size_t piece(std::size_t most);
  bool holds_back() const;
  void hold_back(VirtualTime now);
  void grant(std::size_t acknowledged, std::size_t window, VirtualTime now);
  void settle(VirtualTime now);
  void flush(VirtualTime now);
  void watch_ledger();
  void retransmit_syn();
  // When the SYN is sent the n-th time, counted from the first.
  Duration syn_time(unsigned n);
  void retransmit_syn_ack();
  bool writable() const { return send_buffer_ - std::min(unacknowledged_, send_buffer_) >= unacknowledged_ / 2; }

  // tcp_segments.cpp: arriving
  void arrive(Packet* packet);
  void arrive_troubled(Packet* packet, const std::vector<EventId>& faults);
  void arrive_nowhere(Packet* packet);
  void arrive_data(Packet* packet);
  void arrive_syn_ack(EventId cause);
  void arrive_ack(EventId cause);
  void arrive_fin(EventId cause);
  void arrive_reset(EventId cause);
  void fin_acknowledged(VirtualTime at);
  void end(int error);
  // Its host has lost its power.
  void forget(EventId crash);
  void settle_port();
  // The FIN was sent, or waits for the data before it.
  void say_end(VirtualTime now);
  bool said_end() const { return write_shut_ && !write_shut_early_; }
  void notify(std::uint32_t events, EventId cause) {
    if (observer != nullptr) observer->on_tcp(events, cause);
  }
  void drop_queues();
  void cancel_timers();
  // It may still hear of its peer.
  bool is_open() const;
  // Nobody will look at this side again, and nothing of it is on its way. A half-open one counts in the backlog until
  // its handshake has gone on or failed.
  bool over() const {
    return (!owned_ || closed_by_program_) && state_ != State::syn_received && flight_.packets.empty() &&
           (pending_.empty() || state_ == State::closed);
  }

  // tcp_recovery.cpp: loss, and silence
  void transmit_by_link(Packet* packet, VirtualTime now, std::uint64_t random);
  // The event of its loss.
  EventId lose(Packet* packet, const Passage& passage, VirtualTime now);
  // A packet that leaves now comes after those before it: what has troubled them troubles it.
  void wait_for_others(Passage& passage) const;
  // Faults have troubled what is on its way since this event. They are forgotten by asking.
  void blame(EventId since, std::vector<EventId> faults);
  std::vector<EventId> take_blame(EventId since);
  void expect_refusal(const Passage& passage, EventId lost, VirtualTime sent);
  bool is_told_of(Segment kind) const;
  void arrive_refusal();
  // What a connection ends in to which nothing gets through.
  int error_of_silence() const {
    return recovery_ != nullptr && recovery_->soft_error != 0 ? recovery_->soft_error : ETIMEDOUT;
  }
  void drop_lost();
  Recovery& recovery();
  Prober& prober();
  void withhold(std::size_t acknowledged, std::size_t window, VirtualTime now);
  void withhold_fin(VirtualTime now);
  void ask_the_dead(VirtualTime now);
  void answer_syn_again(VirtualTime now);
  bool waits_for_answer() const;
  void release_withheld(VirtualTime now);
  Duration retransmission_timeout() const;
  void expect_retransmission(VirtualTime at);
  void retransmit();
  bool given_up(VirtualTime now) const;
  void time_out();
  void probe();
  void heard(VirtualTime at);
  VirtualTime last_heard(VirtualTime now) const;

  // What every message passes comes first, with the observer: thousands of connections are in no cache, so that each
  // line of it which a message touches is waited for. Here they are line by line.
  Tcp* tcp_ = nullptr;
  Link* link_ = nullptr;      // towards the peer
  std::uint64_t stream_ = 0;  // what leaves here, as events number it: 2 * connection, and 1 of who did not connect
  Where where_;
  State state_ = State::unused;
  bool owned_ = false;  // somebody has, or will accept, a descriptor for it
  bool close_begun_ = false;
  bool closed_by_program_ = false;
  bool write_shut_ = false;
  bool read_shut_ = false;
  bool fin_received_ = false;
  bool corked_ = false;
  bool more_follows_ = false;
  bool told_full_ = false;  // the program saw that there is no room, and waits for EPOLLOUT
  bool error_queued_ = false;
  int error_ = 0;
  std::unique_ptr<Recovery> recovery_;

  Ledger ledger_;
  PacketQueue pending_;  // accepted from the program, waiting for the window

  PacketQueue received_;  // arrived, waiting for the program
  std::size_t unread_ = 0;
  std::size_t low_water_ = 1;
  std::size_t send_buffer_ = 0;
  std::size_t unacknowledged_ = 0;
  std::size_t window_ = 0;
  EventId last_read_ = kNoEvent;

  Flight flight_;
  RandomStream random_;

  // The rest is for beginnings, ends and trouble.
  Connection* connection_ = nullptr;
  std::size_t pending_bytes_ = 0;
  VirtualTime fin_acknowledged_ = VirtualTime::max();  // when this side knows that its FIN arrived
  VirtualTime fin_received_at_{};
  VirtualTime closed_at_{};
  bool write_shut_early_ = false;  // without a FIN
  bool fin_queued_ = false;
  bool closed_first_ = false;        // it sent its FIN before it received the peer's: TIME_WAIT is at this end
  bool deferred_ = false;            // TCP_DEFER_ACCEPT: the handshake is over, and no data is here
  bool told_open_ = false;           // close(2) waits for the peer
  bool forgotten_ = false;           // its host crashed:
  EventId forgotten_by_ = kNoEvent;  // by this
  std::uint8_t syn_tries_ = 0;
  unsigned syn_retries_ = 6;
  std::size_t receive_buffer_ = 0;
  std::uint64_t listener_ = 0;  // the number of the one that this half-open connection came to
  Duration user_timeout_{};
  Wakeup wakeup_;
  std::unique_ptr<PortClaim> claim_;
  std::unique_ptr<Prober> prober_;
  std::unique_ptr<Cork> cork_;
  std::unique_ptr<Refused> refused_;

 public:
  SocketAddress local;
  SocketAddress remote;
};

struct Connection {
  Connection(ConnectionId number, RandomStream client, RandomStream server)
      : id(number), sides{TcpSide(client), TcpSide(server)} {}
  ConnectionId id;
  TcpSide sides[2];
};

}  // namespace stillpoint::net
