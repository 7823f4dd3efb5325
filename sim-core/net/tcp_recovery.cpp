// What a side does against loss and silence: retransmission with back-off, keep-alive probes, giving up.
//
// A retransmission is recorded as a send of its own, without the bytes, caused by the loss that it makes up for. The
// times are Linux's (net/ipv4/tcp_timer.c), with the link's latencies for the measured round-trip time.
#include <sys/epoll.h>

#include "sim-core/net/tcp.hpp"

namespace stillpoint::net {
namespace {

constexpr Duration kShortestTimeout = std::chrono::milliseconds(200);  // TCP_RTO_MIN
constexpr Duration kLongestTimeout = std::chrono::seconds(120);        // TCP_RTO_MAX
// For how long retransmissions go on: tcp_retries2 = 15 in tcp(7), as tcp_model_timeout() reckons it, and 8 of an end
// that nobody holds any more (tcp_orphan_retries).
constexpr Duration kLongestSilence = std::chrono::milliseconds(924'600);
constexpr Duration kLongestOrphan = std::chrono::milliseconds(102'200);

constexpr std::uint32_t kEverything = EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLRDHUP;

// What is sent until it arrives; everything else is sent once.
bool is_reliable(Segment kind) { return kind == Segment::data || kind == Segment::fin; }

}  // namespace

// ---- the link loses something ----

void TcpSide::transmit_by_link(Packet* packet, VirtualTime now, std::uint64_t random) {
  constexpr std::uint64_t kLosses = std::uint64_t{1} << 63;  // these draws shift no latency
  Passage passage{.lost = true};
  if (tcp().fabric_.silent != where_.host) {
    passage = link_->pass({.payload = packet->size,
                           .connection = connection(),
                           .departure = now,
                           .latency_random = random,
                           .loss_random = random_.at(kLosses + packets_sent())});
  }
  if (passage.lost) {
    const Segment kind = packet->kind;
    const EventId lost = lose(packet, passage, now);
    if (passage.refusal != Refusal::silence && is_told_of(kind)) expect_refusal(passage, lost, now);
    return;
  }
  // On a link that cuts streams into pieces no two arrive together, so that a reader can see the pieces.
  const Duration apart = link_->cuts_streams() ? Duration(std::chrono::microseconds(1)) : Duration::zero();
  const bool resent = std::exchange(packet->lost, false);
  if (!resent) wait_for_others(passage);
  if (!passage.faults.empty()) {
    if (peer().prober_ != nullptr) peer().prober_->heard = peer().last_heard(now);
    blame(packet->event, std::move(passage.faults));
  }
  if (resent) {
    packet->arrival = passage.arrival;
    flight_.last_arrival = std::max(flight_.last_arrival, packet->arrival);
    return;
  }
  launch(packet, std::max(passage.arrival, flight_.last_arrival + apart));
  // The receiver sees the gap and says so: a round trip after what was lost, it is sent again (RFC 6675, RFC 8985).
  const Link& back = *peer().link_;
  const bool told = is_reliable(packet->kind) && back.passes_acknowledgements(connection());
  if (flight_.lost != 0 && told && recovery().backoff == 0)
    expect_retransmission(back.acknowledged_at(passage.arrival));
}

EventId TcpSide::lose(Packet* packet, const Passage& passage, VirtualTime now) {
  Tcp& stack = tcp();
  const EventId lost =
      stack.trace_.event(EventKind::lose, stack.queue_.now(), where_, stream_, static_cast<std::uint64_t>(packet->kind),
                         packet->size, {packet->event, CauseKind::message});
  for (const EventId fault : passage.faults) stack.trace_.edge(lost, {fault, CauseKind::fault});
  packet->event = lost;
  const Segment kind = packet->kind;
  if (is_reliable(kind)) {
    if (!passage.faults.empty()) blame(lost, passage.faults);
    if (!packet->lost) {
      packet->lost = true;
      packet->unrouted = link_->route != Route::good;
      ++flight_.lost;
      flight_.packets.push(packet);
    }
    expect_retransmission(now + retransmission_timeout());
    return lost;
  }
  stack.pool_.give_back(packet);
  if (kind == Segment::rst) peer().ask_the_dead(now);
  if (kind == Segment::syn_ack) answer_syn_again(stack.queue_.now());
  if (kind == Segment::ack || kind == Segment::rst) peer().answer_syn_again(stack.queue_.now());
  return lost;
}

// ---- faults ----

void TcpSide::wait_for_others(Passage& passage) const {
  if (flight_.packets.empty() || (flight_.lost == 0 && passage.arrival >= flight_.last_arrival)) return;
  const auto before = tcp_->troubled_.find(flight_.packets.back()->event);
  if (before == tcp_->troubled_.end()) return;
  for (const EventId fault : before->second) passage.blame(fault);
}

void TcpSide::blame(EventId since, std::vector<EventId> faults) {
  tcp().troubled_.emplace(since, std::move(faults));
  tcp().fabric_.announce(peer().where_.host);
}

std::vector<EventId> TcpSide::take_blame(EventId since) {
  const auto found = tcp().troubled_.find(since);
  if (found == tcp().troubled_.end()) return {};
  std::vector<EventId> faults = std::move(found->second);
  tcp().troubled_.erase(found);
  tcp().fabric_.settle(peer().where_.host);
  return faults;
}

// The handshake of this half-open end does not go on: its answer to the SYN, or what came back, was lost.
void TcpSide::answer_syn_again(VirtualTime now) {
  if (state_ != State::syn_received || wakeup_.scheduled()) return;
  tcp().queue_.schedule(wakeup_, now + tcp().options_.syn_timeout);
}

// ---- a router says that it has lost something ----

// A probe that asks for nothing but a sign of life bears a number that tcp_v4_err() takes for none of the connection's.
bool TcpSide::is_told_of(Segment kind) const {
  if (kind != Segment::probe) return true;
  return unacknowledged_ > 0 || (recovery_ != nullptr && recovery_->fin_withheld);
}

// Routers do not send a message for each packet (RFC 1812, 4.3.2.8): while one is on its way, there is no other.
void TcpSide::expect_refusal(const Passage& passage, EventId lost, VirtualTime sent) {
  if (refused_ == nullptr) refused_ = std::make_unique<Refused>(*this);
  if (refused_->scheduled()) return;
  refused_->refusal = passage.refusal;
  refused_->lost = lost;
  refused_->sent = sent;
  tcp().queue_.schedule(*refused_, passage.arrival);
}

// tcp_v4_err() in Linux's net/ipv4/tcp_ipv4.c. A connection that is not made yet fails; one that is goes on trying, and
// fails with that error if it fails (RFC 1122, 4.2.3.9).
void TcpSide::arrive_refusal() {
  Tcp& stack = tcp();
  Connection& connection = *connection_;
  const Refused& message = *refused_;
  const Meaning meaning = meaning_of(message.refusal, remote.ip);
  switch (state_) {
    case State::syn_sent:
      error_queued_ = remote.ip.is_v4();  // ipv6_icmp_error() wants IPV6_RECVERR
      end(meaning.error);
      notify(kEverything, message.lost);
      break;
    case State::syn_received:
      // tcp_req_err(): it is forgotten, and the next SYN begins anew. A fatal error is not one of those that do that.
      if (meaning.fatal) break;
      stack.queue_.cancel(wakeup_);
      stack.forget_half_open(*this);
      state_ = State::unused;
      syn_tries_ = 0;
      deferred_ = false;
      break;
    case State::established:
      recovery().soft_error = meaning.error;
      // tcp_ld_RTO_revert(), RFC 6069: the network is broken, not full.
      if (!meaning.fatal && remote.ip.is_v4() && recovery_->backoff > 0 && recovery_->scheduled()) {
        --recovery_->backoff;
        expect_retransmission(std::max(message.sent + retransmission_timeout(), stack.queue_.now()));
      }
      break;
    case State::unused:
    case State::closed:
      break;
  }
  stack.release_if_over(connection);
}

// What was lost will not be sent again, and what is behind it is of no use to the receiver.
void TcpSide::drop_lost() {
  PacketQueue kept;
  while (!flight_.packets.empty() && !flight_.packets.front()->lost) kept.push(flight_.packets.pop());
  while (!flight_.packets.empty()) {
    Packet* packet = flight_.packets.pop();
    if (packet->kind == Segment::rst) {
      packet->arrival = std::max(packet->arrival, tcp().queue_.now());
      if (kept.empty()) tcp().queue_.schedule(flight_, packet->arrival, packet->rank);
      kept.push(packet);
    } else {
      take_blame(packet->event);
      tcp().pool_.give_back(packet);
    }
  }
  flight_.packets = kept;
  flight_.lost = 0;
}

TcpSide::Recovery& TcpSide::recovery() {
  if (recovery_ == nullptr) recovery_ = std::make_unique<Recovery>(*this);
  return *recovery_;
}

// The acknowledgement does not come through. If something waits for it, that is sent again, and brings another.
void TcpSide::withhold(std::size_t acknowledged, std::size_t window, VirtualTime now) {
  if (forgotten_) return;
  Recovery& missing = recovery();
  missing.withheld.acknowledged += acknowledged;
  missing.withheld.window += window;
  if (missing.withheld.acknowledged > 0 || !pending_.empty()) expect_retransmission(now + retransmission_timeout());
}

// The peer has ended and could not say so: its host crashed, or its RST was lost. What still waits for an answer is
// sent again, or the closed window probed, until an RST comes back (RFC 9293, 3.8.1 and 3.8.6.1). While the peer lives
// its acknowledgements come by themselves.
void TcpSide::ask_the_dead(VirtualTime now) {
  if (state_ != State::established) return;
  settle(now);
  if (waits_for_answer()) expect_retransmission(now + retransmission_timeout());
}

bool TcpSide::waits_for_answer() const {
  const bool fin_unanswered = said_end() && !fin_queued_ && fin_acknowledged_ == VirtualTime::max();
  return unacknowledged_ > 0 || !pending_.empty() || fin_unanswered;
}

void TcpSide::withhold_fin(VirtualTime now) {
  if (forgotten_) return;
  recovery().fin_withheld = true;
  expect_retransmission(now + retransmission_timeout());
}

// An acknowledgement came through: all is well.
void TcpSide::release_withheld(VirtualTime now) {
  recovery_->backoff = 0;
  recovery_->first_retry.reset();
  recovery_->soft_error = 0;
  if (std::exchange(recovery_->fin_withheld, false)) fin_acknowledged(now);
}

// ---- retransmission ----

// srtt + max(4 * rttvar, 200 ms), doubled with each time-out (RFC 6298; tcp_set_rto()).
Duration TcpSide::retransmission_timeout() const {
  const Duration first = link_->slowest() + peer().link_->slowest() + kShortestTimeout;
  const unsigned backoff = recovery_ == nullptr ? 0 : std::min(recovery_->backoff, 16u);
  return std::min(first * (std::int64_t{1} << backoff), kLongestTimeout);
}

// At the latest at `at`.
void TcpSide::expect_retransmission(VirtualTime at) {
  Recovery& timer = recovery();
  if (user_timeout_ != Duration::zero() && timer.first_retry)
    at = std::min(at, std::max(*timer.first_retry + user_timeout_, tcp().queue_.now()));
  if (timer.scheduled() && timer.due <= at) return;
  timer.due = at;
  tcp().queue_.schedule(timer, at);
}

bool TcpSide::given_up(VirtualTime now) const {
  if (!recovery_->first_retry) return false;
  const Duration silence = now - *recovery_->first_retry;
  // tcp_write_timeout(): what TCP_USER_TIMEOUT says holds for an orphan, too.
  if (user_timeout_ != Duration::zero()) return silence >= user_timeout_;
  return silence >= (closed_by_program_ ? kLongestOrphan : kLongestSilence);
}

void TcpSide::retransmit() {
  Tcp& stack = tcp();
  const VirtualTime now = stack.queue_.now();
  Recovery& state = *recovery_;
  settle(now);
  const bool unanswered = state.withheld.acknowledged > 0 || state.fin_withheld ||
                          (!pending_.empty() && state.withheld.window > 0) ||
                          (peer().state_ == State::closed && waits_for_answer());
  if (flight_.lost == 0 && !unanswered) return;
  if (given_up(now)) {
    Connection& connection = *connection_;
    time_out();
    return stack.release_if_over(connection);
  }
  if (!state.first_retry) state.first_retry = now;
  ++state.backoff;
  Packet* const head = flight_.packets.front();
  const bool head_was_lost = flight_.lost != 0 && head->lost;
  flight_.lost = 0;
  // inet_sk_rebuild_header() in Linux's net/ipv4/af_inet.c, of what has been sent before: else it is not sent again.
  if (head_was_lost && !head->unrouted && link_->route != Route::good) state.soft_error = error_of(link_->route);
  for (Packet* packet = head; packet != nullptr; packet = packet->next) {
    if (!packet->lost) continue;
    take_blame(packet->event);
    packet->event = record_send(*packet, {packet->event, CauseKind::message}, {});
    if (link_->route == Route::good) packet->unrouted = false;
    transmit_by_link(packet, now, random_.next());
    flight_.lost += packet->lost;
  }
  if (head_was_lost && !head->lost) stack.queue_.schedule(flight_, head->arrival, head->rank);
  if (unanswered) {
    transmit(Segment::probe, {}, now);
    expect_retransmission(now + retransmission_timeout());
  }
}

// tcp_write_err()
void TcpSide::time_out() {
  end(error_of_silence());
  notify(kEverything, kNoEvent);
}

// ---- silence ----

TcpSide::Prober& TcpSide::prober() {
  if (prober_ == nullptr) prober_ = std::make_unique<Prober>(*this);
  return *prober_;
}

void TcpSide::set_keepalive(const Keepalive& keepalive, VirtualTime now) {
  if (!keepalive.on && prober_ == nullptr) return;
  EventQueue& queue = tcp().queue_;
  Prober& watch = prober();
  watch.options = keepalive;
  if (!keepalive.on) return queue.cancel(watch);
  if (state_ != State::established || close_begun_) return;  // it begins when the connection does
  if (watch.heard == VirtualTime{}) watch.heard = now;
  queue.schedule(watch, std::max(last_heard(now) + keepalive.idle, queue.now()));
}

// When this side last received anything: data, or the acknowledgement of its own. Only looked up when it matters, so
// that packets need not note it. What faults have troubled may be long on its way, and is noted when it arrives.
VirtualTime TcpSide::last_heard(VirtualTime now) const {
  VirtualTime last = prober_->heard;
  const TcpSide& other = peer();
  const bool troubled = other.link_->troubles != nullptr && other.flight_.last_arrival > now;
  if (other.packets_sent() > 0 && !troubled) last = std::max(last, std::min(other.flight_.last_arrival, now));
  const bool answered = !other.forgotten_ && (recovery_ == nullptr || recovery_->withheld.acknowledged == 0);
  if (packets_sent() > 0 && prober_->unanswered == 0 && answered)
    last = std::max(last, std::min(flight_.last_arrival + other.link_->latency_min, now));
  return last;
}

void TcpSide::heard(VirtualTime at) {
  if (prober_ != nullptr) {
    prober_->heard = at;
    prober_->unanswered = 0;
  }
  if (recovery_ == nullptr) return;
  const Credit withheld = std::exchange(recovery_->withheld, {});
  release_withheld(at);
  if (withheld.acknowledged > 0 || withheld.window > 0) {
    ledger_.push({at, withheld.acknowledged, withheld.window});
    watch_ledger();
  }
}

// tcp_keepalive_timer()
void TcpSide::probe() {
  EventQueue& queue = tcp().queue_;
  const VirtualTime now = queue.now();
  Prober& watch = *prober_;
  settle(now);
  if (unacknowledged_ > 0 || !pending_.empty()) return queue.schedule(watch, now + watch.options.idle);
  const Duration silence = now - last_heard(now);
  if (silence < watch.options.idle) {
    watch.unanswered = 0;
    return queue.schedule(watch, now + watch.options.idle - silence);
  }
  const bool dead = user_timeout_ != Duration::zero() ? watch.unanswered > 0 && silence >= user_timeout_
                                                      : watch.unanswered >= watch.options.count;
  if (dead) {
    transmit(Segment::rst, {}, now);
    return time_out();
  }
  ++watch.unanswered;
  transmit(Segment::probe, {}, now);
  queue.schedule(watch, now + watch.options.interval);
}

}  // namespace stillpoint::net
