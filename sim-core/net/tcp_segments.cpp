// What a side does with segments: those that leave, those that arrive, and what follows for its state.
#include <sys/epoll.h>

#include <cstring>

#include "sim-core/net/tcp.hpp"

namespace stillpoint::net {
namespace {

constexpr std::uint32_t kEverything = EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLRDHUP;

// "there is a 200 millisecond ceiling on the time for which output is corked" (tcp(7), TCP_CORK).
constexpr Duration kLongestCork = std::chrono::milliseconds(200);
// The largest segment of Ethernet and of the loopback device: what a cork holds back is less.
constexpr std::size_t kSegment = 1'448;
constexpr std::size_t kLoopbackSegment = 65'483;
constexpr unsigned kSynAckRetries = 5;  // tcp_synack_retries in tcp(7)

}  // namespace

// ---- sending ----

EventId TcpSide::record_send(const Packet& packet, Cause cause, std::span<const std::byte> payload) {
  Tcp& stack = tcp();
  return stack.trace_.event(EventKind::send, stack.queue_.now(), where_, stream_,
                            static_cast<std::uint64_t>(packet.kind), packet.size, cause, payload);
}

void TcpSide::transmit(Segment kind, std::span<const std::byte> bytes, VirtualTime now) {
  Packet* packet = tcp().pool_.take(static_cast<std::uint32_t>(bytes.size()));
  packet->kind = kind;
  if (!bytes.empty()) std::memcpy(packet->bytes(), bytes.data(), bytes.size());
  transmit(packet, now);
}

void TcpSide::transmit(Packet* packet, VirtualTime now) {
  Cause cause;
  if (packet->kind == Segment::data) {
    cause = std::exchange(tcp().cause_of_next_send, {});
  } else if (forgotten_) [[unlikely]] {
    cause = {forgotten_by_, CauseKind::fault};
  }
  packet->event = record_send(*packet, cause, packet->unread());
  // One draw a packet: its high bits are the latency, its low bits the place among what arrives at the same instant.
  const std::uint64_t random = random_.next();
  packet->rank = static_cast<std::uint32_t>(random & 0xFFFFFF);
  const VirtualTime departure = now + tcp().fabric_.ahead;
  if (!link_->plain || flight_.lost != 0 || tcp().fabric_.silent == where_.host) [[unlikely]]
    return transmit_by_link(packet, departure, random);
  launch(packet, departure + link_->plain_latency(random));
}

void TcpSide::launch(Packet* packet, VirtualTime arrival) {
  packet->arrival = std::max(arrival, flight_.last_arrival);
  flight_.last_arrival = packet->arrival;
  if (flight_.packets.empty()) tcp().queue_.schedule(flight_, packet->arrival, packet->rank);
  flight_.packets.push(packet);
}

void TcpSide::Flight::fire() {
  Tcp& stack = side->tcp();
  Packet* packet = packets.pop();
  if (!packets.empty() && !packets.front()->lost) {
    const Packet& next = *packets.front();
    stack.queue_.schedule(*this, std::max(next.arrival, stack.queue_.now()), next.rank);
  }
  side->peer().arrive(packet);
  if (side->over()) [[unlikely]]
    stack.release_if_over(*side->connection_);
}

// The size of the next piece of a stream, at most `most`.
std::size_t TcpSide::piece(std::size_t most) {
  if (!link_->cuts_streams()) return most;
  constexpr std::uint64_t kPieces = std::uint64_t{1} << 62;  // these draws shift no latency
  return link_->piece(most, random_.at(kPieces + packets_sent() + pending_bytes_));
}

bool TcpSide::holds_back() const { return (corked_ || more_follows_) && !said_end(); }

void TcpSide::hold_back(VirtualTime now) {
  if (cork_ == nullptr) cork_ = std::make_unique<Cork>(*this);
  if (!cork_->scheduled()) tcp().queue_.schedule(*cork_, now + kLongestCork);
}

void TcpSide::Cork::fire() {
  const bool corked = std::exchange(side.corked_, false);
  side.uncork(side.tcp().queue_.now());
  side.corked_ = corked;
}

void TcpSide::settle(VirtualTime now) {
  while (ledger_.next() <= now) {
    const Credit credit = ledger_.pop();
    unacknowledged_ -= std::min(credit.acknowledged, unacknowledged_);
    window_ += credit.window;
  }
}

void TcpSide::grant(std::size_t acknowledged, std::size_t window, VirtualTime now) {
  if (tcp().fabric_.silent == peer().where_.host) [[unlikely]]
    return;
  const Link& way = *peer().link_;
  VirtualTime at = now + way.latency_min;
  if (!way.plain) [[unlikely]] {
    if (!way.passes_acknowledgements(connection())) return withhold(acknowledged, window, now);
    at = way.acknowledged_at(now);
  }
  if (recovery_ != nullptr) [[unlikely]] {
    acknowledged += std::exchange(recovery_->withheld.acknowledged, 0);
    window += std::exchange(recovery_->withheld.window, 0);
    release_withheld(now);
  }
  if (!ledger_.empty() && at <= ledger_.back().at) {  // what is sent later does not come before
    ledger_.back().acknowledged += acknowledged;
    ledger_.back().window += window;
  } else {
    ledger_.push({at, acknowledged, window});
  }
  watch_ledger();
}

void TcpSide::watch_ledger() {
  if (!told_full_ && pending_.empty()) return;
  if (ledger_.empty() || wakeup_.scheduled()) return;
  EventQueue& queue = tcp().queue_;
  queue.schedule(wakeup_, std::max(ledger_.next(), queue.now()));
}

void TcpSide::flush(VirtualTime now) {
  const bool held = holds_back();
  const std::size_t segment = where_.host == peer().where_.host ? kLoopbackSegment : kSegment;
  while (!pending_.empty() && window_ > 0) {
    if (held && pending_bytes_ < segment) {
      hold_back(now);
      break;
    }
    Packet* packet = pending_.front();
    if (packet->read == 0 && packet->size <= window_) {
      window_ -= packet->size;
      pending_bytes_ -= packet->size;
      transmit(pending_.pop(), now);
      continue;
    }
    // The window ends inside this packet (or did before): what fits leaves in a packet of its own.
    const auto chunk = static_cast<std::uint32_t>(std::min<std::size_t>(window_, packet->size - packet->read));
    window_ -= chunk;
    pending_bytes_ -= chunk;
    transmit(Segment::data, packet->unread().first(chunk), now);
    packet->read += chunk;
    if (packet->read == packet->size) tcp().pool_.give_back(pending_.pop());
  }
  if (fin_queued_ && pending_.empty()) {
    fin_queued_ = false;
    transmit(Segment::fin, {}, now);
  }
  watch_ledger();
}

void TcpSide::Wakeup::fire() {
  TcpSide& self = *side;
  if (self.state_ == State::syn_sent) return self.retransmit_syn();
  if (self.state_ == State::syn_received) return self.retransmit_syn_ack();
  const VirtualTime now = self.tcp().queue_.now();
  self.settle(now);
  self.flush(now);
  if (self.told_full_ && self.writable()) {
    self.told_full_ = false;
    self.notify(EPOLLOUT, kNoEvent);
  }
  if (self.told_open_ && self.closed_for_peer(now)) self.notify(EPOLLOUT, kNoEvent);
  self.watch_ledger();
}

Duration TcpSide::syn_time(unsigned n) {
  return tcp().options_.syn_timeout * ((std::int64_t{1} << std::min(n, 32u)) - 1);
}

// tcp_write_timeout() in Linux's net/ipv4/tcp_timer.c. TCP_USER_TIMEOUT is looked at from the second time on, which it
// brings forward (tcp_clamp_rto_to_user_timeout()).
void TcpSide::retransmit_syn() {
  constexpr Duration kTick = std::chrono::milliseconds(4);
  Tcp& stack = tcp();
  const bool limited = user_timeout_ != Duration::zero();
  ++syn_tries_;
  if (syn_tries_ > syn_retries_ || (limited && syn_tries_ > 1 && syn_time(syn_tries_) >= user_timeout_)) {
    end(error_of_silence());
    notify(kEverything, kNoEvent);
    return;
  }
  if (link_->route != Route::good) recovery().soft_error = error_of(link_->route);
  transmit(Segment::syn, {}, stack.queue_.now());
  Duration next = stack.options_.syn_timeout * (std::int64_t{1} << syn_tries_);
  if (limited) next = std::min(next, std::max(user_timeout_ - syn_time(syn_tries_), kTick));
  stack.queue_.schedule(wakeup_, stack.queue_.now() + next);
}

void TcpSide::retransmit_syn_ack() {
  Tcp& stack = tcp();
  if (++syn_tries_ > kSynAckRetries) {
    stack.forget_half_open(*this);
    end(0);
    return stack.release_if_over(*connection_);
  }
  // reqsk_timer_handler(): a deferred handshake is answered once more at the end of its period, so that the ACK which
  // that brings ends it.
  const Listener* listener = stack.listener_of(*this);
  if (!deferred_ || listener == nullptr || syn_tries_ >= listener->defer_accept)
    transmit(Segment::syn_ack, {}, stack.queue_.now());
  stack.queue_.schedule(wakeup_, stack.queue_.now() + stack.options_.syn_timeout * (std::int64_t{1} << syn_tries_));
}

// ---- arriving ----

void TcpSide::arrive(Packet* packet) {
  Tcp& stack = tcp();
  const std::uint64_t stream = stream_ ^ 1;  // the peer's
  const auto record = [&](EventKind kind) {
    return stack.trace_.event(kind, stack.queue_.now(), where_, stream, static_cast<std::uint64_t>(packet->kind),
                              packet->size, {packet->event, CauseKind::message});
  };
  if (stack.fabric_.is_special(where_.host)) [[unlikely]] {
    const std::vector<EventId> faults = peer().take_blame(packet->event);
    if (!faults.empty()) return arrive_troubled(packet, faults);
    if (stack.fabric_.is_down(where_.host)) {
      packet->event = record(EventKind::drop);
      return arrive_nowhere(packet);
    }
  }
  if (packet->kind == Segment::syn) {
    stack.arrive_syn(*connection_, packet->event);
    stack.pool_.give_back(packet);
    return;
  }
  packet->event = record(EventKind::deliver);
  if (packet->kind == Segment::data) return arrive_data(packet);
  const EventId cause = packet->event;
  const Segment kind = packet->kind;
  stack.pool_.give_back(packet);
  switch (kind) {
    case Segment::syn_ack:
      return arrive_syn_ack(cause);
    case Segment::ack:
      return arrive_ack(cause);
    case Segment::fin:
      return arrive_fin(cause);
    case Segment::rst:
      return arrive_reset(cause);
    case Segment::probe:
      return transmit(state_ == State::closed ? Segment::rst : Segment::ack, {}, stack.queue_.now());
    case Segment::syn:
    case Segment::data:
    case Segment::datagram:
      break;
  }
}

// It arrives as any other, which its first event says, and that has these causes too.
void TcpSide::arrive_troubled(Packet* packet, const std::vector<EventId>& faults) {
  TraceWriter& trace = tcp().trace_;
  const EventId arrival = trace.last_event() + 1;
  if (prober_ != nullptr) prober_->heard = std::max(prober_->heard, tcp().queue_.now());
  arrive(packet);
  for (const EventId fault : faults) trace.edge(arrival, {fault, CauseKind::fault});
}

// Nobody lives at that address, or the host has no power: no answer comes. SYNs are sent again in any case.
void TcpSide::arrive_nowhere(Packet* packet) {
  Tcp& stack = tcp();
  const EventId crash = stack.fabric_.last_crash(where_.host);
  if (crash != kNoEvent) stack.trace_.edge(packet->event, {crash, CauseKind::fault});
  const Segment kind = packet->kind;
  stack.pool_.give_back(packet);
  if (kind == Segment::syn_ack) peer().answer_syn_again(stack.queue_.now());
  if (kind != Segment::syn && kind != Segment::rst) peer().ask_the_dead(stack.queue_.now());
}

void TcpSide::arrive_syn_ack(EventId cause) {
  Tcp& stack = tcp();
  const VirtualTime now = stack.queue_.now();
  if (state_ == State::closed) return transmit(Segment::rst, {}, now);    // connect was given up meanwhile
  if (state_ != State::syn_sent) return transmit(Segment::ack, {}, now);  // sent again: the answer was slow, or lost
  state_ = State::established;
  stack.queue_.cancel(wakeup_);
  if (recovery_ != nullptr) recovery_->soft_error = 0;
  window_ = peer().receive_buffer_;
  if (prober_ != nullptr) set_keepalive(prober_->options, now);
  transmit(Segment::ack, {}, now);
  notify(EPOLLOUT, cause);
}

void TcpSide::arrive_ack(EventId cause) {
  if (state_ == State::established) return heard(tcp().queue_.now());
  if (state_ == State::closed && forgotten_) return transmit(Segment::rst, {}, tcp().queue_.now());
  if (state_ != State::syn_received) return;
  const Listener* listener = tcp().listener_of(*this);
  if (listener != nullptr && syn_tries_ < listener->defer_accept) {  // tcp_check_req()
    deferred_ = true;
    if (!wakeup_.scheduled()) tcp().queue_.schedule(wakeup_, tcp().queue_.now() + tcp().options_.syn_timeout);
    return;
  }
  tcp().arrive_handshake_ack(*this, cause);
}

void TcpSide::arrive_data(Packet* packet) {
  Tcp& stack = tcp();
  const VirtualTime now = stack.queue_.now();
  const EventId cause = packet->event;
  if (state_ == State::syn_received) [[unlikely]]
    stack.arrive_handshake_ack(*this, cause);  // it acknowledges the SYN-ACK too
  const bool shut = read_shut_ && said_end();
  if (state_ != State::established || close_begun_ || shut) [[unlikely]] {
    // Data to a closed end: RFC 9293, 3.5.2, and the program there will never read it. An end that was shut both ways
    // is reset too, and learns of it (tcp_rcv_state_process() in Linux's net/ipv4/tcp_input.c).
    stack.pool_.give_back(packet);
    transmit(Segment::rst, {}, now);
    if (state_ == State::closed) return;
    end(close_begun_ ? 0 : ECONNRESET);
    notify(kEverything, cause);
    return;
  }
  peer().grant(packet->size, 0, now);
  unread_ += packet->size;
  received_.push(packet);
  // tcp_data_ready(): who waits for more is not woken, not even a reader that has taken a part of it already.
  if (unread_ >= low_water_) notify(EPOLLIN, cause);
}

void TcpSide::arrive_fin(EventId cause) {
  Tcp& stack = tcp();
  const VirtualTime now = stack.queue_.now();
  if (state_ == State::syn_received) stack.arrive_handshake_ack(*this, cause);
  // FIN_WAIT2 of an end that nobody holds lasts a minute (tcp_fin_timeout in tcp(7)).
  const bool forgotten = close_begun_ && fin_acknowledged_ != VirtualTime::max() &&
                         now >= std::max(fin_acknowledged_, closed_at_) + Ports::kTimeWait;
  if (forgotten) end(0);
  if (state_ == State::closed) return transmit(Segment::rst, {}, now);
  if (state_ != State::established) return;
  fin_received_ = true;
  fin_received_at_ = now;
  closed_first_ = said_end() && !fin_queued_;
  if (!link_->passes_acknowledgements(connection())) [[unlikely]] {
    peer().withhold_fin(now);
  } else {
    peer().fin_acknowledged(link_->acknowledged_at(now));
  }
  settle_port();
  notify(EPOLLIN | EPOLLRDHUP | EPOLLHUP, cause);
}

void TcpSide::fin_acknowledged(VirtualTime at) {
  fin_acknowledged_ = at;
  if (recovery_ != nullptr) release_withheld(at);
  settle_port();
  if (told_open_) tcp().queue_.schedule(wakeup_, at);
}

void TcpSide::arrive_reset(EventId cause) {
  if (state_ == State::closed || finished(tcp().queue_.now())) return;
  // The errors are those of tcp_reset() in Linux's net/ipv4/tcp_input.c.
  const bool in_close_wait = fin_received_ && !said_end();
  const int error = state_ == State::syn_sent ? ECONNREFUSED : in_close_wait ? EPIPE : ECONNRESET;
  if (state_ == State::syn_received) tcp().forget_half_open(*this);
  end(error);
  notify(kEverything, cause);
}

bool TcpSide::is_open() const { return state_ == State::established && !finished(tcp_->queue_.now()); }

void TcpSide::end(int error) {
  state_ = State::closed;
  error_ = error;
  write_shut_ = true;
  read_shut_ = true;
  fin_queued_ = false;
  told_full_ = false;
  cancel_timers();
  if (flight_.lost != 0) drop_lost();
  tcp().pool_.give_back_all(pending_);
  pending_bytes_ = 0;
  unacknowledged_ = 0;
  if (closed_by_program_) drop_queues();
  settle_port();
  if (!peer().pending_.empty()) peer().ask_the_dead(tcp().queue_.now());
}

// What has left the host goes on to its peer; what is on the host's own loopback device has not. A SYN that is still on
// its way, or will be sent again, finds whoever listens by then; who has got an answer to it takes it for established.
void TcpSide::forget(EventId crash) {
  Tcp& stack = tcp();
  observer = nullptr;
  told_open_ = false;
  if (peer().where_.host == where_.host) {
    stack.queue_.cancel(flight_);
    stack.pool_.give_back_all(flight_.packets);
    flight_.lost = 0;
  }
  const bool half_open = state_ == State::unused || state_ == State::syn_received;
  if (half_open && peer().state_ == State::syn_sent && flight_.packets.empty()) {
    cancel_timers();
    state_ = State::unused;
    where_.boot = 0;
    syn_tries_ = 0;
    deferred_ = false;
    return;
  }
  forgotten_ = true;
  forgotten_by_ = crash;
  closed_by_program_ = true;
  end(0);
  claim_.reset();
}

// What becomes of the port. Whoever ended the connection first keeps it in TIME_WAIT (RFC 9293, 3.6); a port that the
// program chose stays with its descriptor (SOCK_BINDPORT_LOCK in Linux).
void TcpSide::settle_port() {
  if (claim_ == nullptr || (claim_->chosen && !closed_by_program_)) return;
  if (state_ == State::closed) return claim_.reset();
  if (fin_acknowledged_ == VirtualTime::max()) return;
  if (!fin_received_) {
    if (closed_by_program_) claim_->until = std::max(fin_acknowledged_, closed_at_) + Ports::kTimeWait;
    return;
  }
  const VirtualTime until =
      closed_first_ ? std::max(fin_acknowledged_, fin_received_at_) + Ports::kTimeWait : fin_acknowledged_;
  if (until <= tcp().queue_.now()) return claim_.reset();
  tcp().ports_[where_.host].linger(std::move(claim_), until);
}

void TcpSide::drop_queues() {
  tcp().pool_.give_back_all(pending_);
  tcp().pool_.give_back_all(received_);
  pending_bytes_ = 0;
  unread_ = 0;
}

void TcpSide::cancel_timers() {
  EventQueue& queue = tcp().queue_;
  queue.cancel(wakeup_);
  if (recovery_ != nullptr) queue.cancel(*recovery_);
  if (prober_ != nullptr) queue.cancel(*prober_);
  if (cork_ != nullptr) queue.cancel(*cork_);
  if (refused_ != nullptr) queue.cancel(*refused_);
}

}  // namespace stillpoint::net
