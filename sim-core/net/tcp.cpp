#include "sim-core/net/tcp.hpp"

#include <fmt/format.h>
#include <sys/epoll.h>

#include <cstring>

namespace stillpoint::net {
namespace {

std::size_t total_size(auto parts) {
  std::size_t total = 0;
  for (const auto& part : parts) total += part.size();
  return total;
}

// Copies the next bytes of a row of buffers, again and again.
class Gatherer {
 public:
  explicit Gatherer(std::span<const std::span<const std::byte>> parts) : parts_(parts) {}
  void copy(std::byte* to, std::size_t count) {
    while (count > 0) {
      const std::span<const std::byte> part = parts_.front().subspan(offset_);
      const std::size_t chunk = std::min(count, part.size());
      std::memcpy(to, part.data(), chunk);
      to += chunk;
      count -= chunk;
      offset_ += chunk;
      if (offset_ == parts_.front().size()) {
        parts_ = parts_.subspan(1);
        offset_ = 0;
      }
    }
  }

 private:
  std::span<const std::span<const std::byte>> parts_;
  std::size_t offset_ = 0;
};

constexpr std::uint32_t kEverything = EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLRDHUP;

}  // namespace

TcpSide& TcpSide::peer() { return connection_->sides[1 - index_]; }
Tcp& TcpSide::tcp() { return connection_->tcp; }

// The order of the tests is that of tcp_poll() in Linux's net/ipv4/tcp.c.
std::uint32_t TcpSide::readiness(VirtualTime now) {
  std::uint32_t mask = 0;
  if ((write_shut_ && (read_shut_ || fin_received_)) || state_ == State::closed) mask |= EPOLLHUP;
  if (read_shut_ || fin_received_) mask |= EPOLLIN | EPOLLRDNORM | EPOLLRDHUP;
  if (state_ != State::syn_sent) {
    if (unread_ > 0) mask |= EPOLLIN | EPOLLRDNORM;
    if (write_shut_) {
      mask |= EPOLLOUT | EPOLLWRNORM;
    } else {
      settle(now);
      if (writable()) {
        mask |= EPOLLOUT | EPOLLWRNORM;
      } else {  // tcp_poll() too sets SOCK_NOSPACE: whoever looked is told when there is room
        told_full_ = true;
        watch_ledger();
      }
    }
  }
  if (error_ != 0) mask |= EPOLLERR;
  return mask;
}

int TcpSide::take_error() { return std::exchange(error_, 0); }

void TcpSide::set_send_buffer(std::size_t bytes) {
  send_buffer_ = bytes;
  if (!told_full_ || !writable()) return;
  told_full_ = false;
  notify(EPOLLOUT, kNoEvent);
}

void TcpSide::set_receive_buffer(std::size_t bytes) {
  if (bytes > receive_buffer_ && state_ == State::established) {
    peer().grant(0, bytes - receive_buffer_, tcp().queue_.now());
  }
  receive_buffer_ =
      std::max(bytes, receive_buffer_);  // a window that was offered is never taken back (RFC 9293, 3.8.6)
}

// ---- what the program calls ----

Result<std::size_t> TcpSide::send(std::span<const std::span<const std::byte>> parts, VirtualTime now) {
  if (state_ == State::syn_sent) return Failure{EAGAIN};
  if (error_ != 0) return Failure{take_error()};
  if (write_shut_ || state_ != State::established) return Failure{EPIPE};
  const std::size_t wanted = total_size(parts);
  if (wanted == 0) return std::size_t{0};

  settle(now);
  const std::size_t room = send_buffer_ - std::min(unacknowledged_, send_buffer_);
  const std::size_t taken = std::min(wanted, room);
  Gatherer source(parts);
  for (std::size_t left = taken; left > 0;) {
    const bool may_fly = pending_.empty() && window_ > 0;
    const std::size_t chunk = std::min({left, std::size_t{PacketPool::kLargestPayload}, may_fly ? window_ : left});
    Packet* packet = tcp().pool_.take(static_cast<std::uint32_t>(chunk));
    source.copy(packet->bytes(), chunk);
    left -= chunk;
    unacknowledged_ += chunk;
    if (may_fly) {
      window_ -= chunk;
      transmit(packet, now);
    } else {
      pending_.push(packet);
    }
  }
  if (taken < wanted) told_full_ = true;
  watch_ledger();
  if (taken == 0) return Failure{EAGAIN};
  return taken;
}

// The order of the tests is that of tcp_recvmsg_locked() in Linux's net/ipv4/tcp.c.
Result<std::size_t> TcpSide::receive(std::span<const std::span<std::byte>> parts, bool peek, VirtualTime now) {
  std::size_t copied = 0;
  Packet* packet = received_.front();
  std::uint32_t offset = packet == nullptr ? 0 : packet->read;
  for (std::span<std::byte> part : parts) {
    while (!part.empty() && packet != nullptr) {
      const std::size_t chunk = std::min<std::size_t>(part.size(), packet->size - offset);
      std::memcpy(part.data(), packet->bytes() + offset, chunk);
      part = part.subspan(chunk);
      copied += chunk;
      offset += static_cast<std::uint32_t>(chunk);
      last_read_ = packet->event;
      if (offset < packet->size) continue;
      Packet* const next = packet->next;
      if (!peek) tcp().pool_.give_back(received_.pop());
      packet = next;
      offset = packet == nullptr ? 0 : packet->read;
    }
  }
  if (copied > 0) {
    if (!peek) {
      if (packet != nullptr) packet->read = offset;
      unread_ -= copied;
      if (state_ == State::established) peer().grant(0, copied, now);
    }
    return copied;
  }
  if (unread_ > 0 || fin_received_) return std::size_t{0};  // unread, and no room for it
  if (error_ != 0) return Failure{take_error()};
  if (read_shut_) return std::size_t{0};
  if (state_ == State::closed || state_ == State::unused) return Failure{ENOTCONN};
  return Failure{EAGAIN};
}

Status TcpSide::shutdown_write(VirtualTime now) {
  if (state_ != State::established) return Failure{ENOTCONN};
  if (write_shut_) return Done{};
  write_shut_ = true;
  fin_queued_ = true;
  flush(now);
  notify(EPOLLOUT | EPOLLHUP, kNoEvent);
  return Done{};
}

void TcpSide::shutdown_read() {
  read_shut_ = true;
  notify(EPOLLIN | EPOLLRDHUP | EPOLLHUP, kNoEvent);
}

void TcpSide::close(VirtualTime now) {
  observer = nullptr;
  closed_by_program_ = true;
  if (state_ == State::established && unread_ > 0 && !finished(now)) {
    // RFC 1122, 4.2.2.13 and RFC 2525, 2.17: data was lost, so the peer must not take this for an orderly end.
    transmit(Segment::rst, {}, now);
    end(0);
  } else if (state_ == State::established) {
    if (!write_shut_) {
      write_shut_ = true;
      fin_queued_ = true;
      flush(now);
    }
  } else {
    end(0);
  }
  tcp().release_if_over(*connection_);
}

// ---- sending ----

void TcpSide::transmit(Segment kind, std::span<const std::byte> bytes, VirtualTime now) {
  Packet* packet = tcp().pool_.take(static_cast<std::uint32_t>(bytes.size()));
  packet->kind = kind;
  if (!bytes.empty()) std::memcpy(packet->bytes(), bytes.data(), bytes.size());
  transmit(packet, now);
}

void TcpSide::transmit(Packet* packet, VirtualTime now) {
  Tcp& stack = tcp();
  const Cause cause = packet->kind == Segment::data ? std::exchange(stack.cause_of_next_send, {}) : Cause{};
  packet->event = stack.trace_.event(EventKind::send, stack.queue_.now(), where_, connection_->id * 2 + index_,
                                     static_cast<std::uint64_t>(packet->kind), packet->size, cause, packet->unread());
  // One draw a packet: its high bits are the latency, its low bits the place among what arrives at the same instant.
  const std::uint64_t random = random_.at(packets_sent_++);
  packet->rank = static_cast<std::uint32_t>(random & 0xFFFFFF);
  packet->arrival = std::max(now + link_->latency(random), flight_.last_arrival);
  flight_.last_arrival = packet->arrival;
  if (flight_.packets.empty()) stack.queue_.schedule(flight_, packet->arrival, packet->rank);
  flight_.packets.push(packet);
}

void TcpSide::Flight::fire() {
  Tcp& stack = side->tcp();
  Connection& connection = *side->connection_;
  Packet* packet = packets.pop();
  if (!packets.empty()) stack.queue_.schedule(*this, packets.front()->arrival, packets.front()->rank);
  side->peer().arrive(packet);
  stack.release_if_over(connection);
}

void TcpSide::settle(VirtualTime now) {
  while (!ledger_.empty() && ledger_.front().at <= now) {
    const Credit credit = ledger_.pop();
    unacknowledged_ -= std::min(credit.acknowledged, unacknowledged_);
    window_ += credit.window;
  }
}

void TcpSide::grant(std::size_t acknowledged, std::size_t window, VirtualTime now) {
  VirtualTime at = now + peer().link_->latency_min;
  if (!ledger_.empty()) at = std::max(at, ledger_.back().at);
  if (!ledger_.empty() && ledger_.back().at == at) {
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
  queue.schedule(wakeup_, std::max(ledger_.front().at, queue.now()));
}

void TcpSide::flush(VirtualTime now) {
  while (!pending_.empty() && window_ > 0) {
    Packet* packet = pending_.front();
    if (packet->read == 0 && packet->size <= window_) {
      window_ -= packet->size;
      transmit(pending_.pop(), now);
      continue;
    }
    // The window ends inside this packet (or did before): what fits leaves in a packet of its own.
    const auto chunk = static_cast<std::uint32_t>(std::min<std::size_t>(window_, packet->size - packet->read));
    window_ -= chunk;
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
  const VirtualTime now = self.tcp().queue_.now();
  self.settle(now);
  self.flush(now);
  if (self.told_full_ && self.writable()) {
    self.told_full_ = false;
    self.notify(EPOLLOUT, kNoEvent);
  }
  self.watch_ledger();
}

void TcpSide::retransmit_syn() {
  Tcp& stack = tcp();
  if (++syn_tries_ > stack.options_.syn_retries) {
    end(ETIMEDOUT);
    notify(kEverything, kNoEvent);
    return;
  }
  transmit(Segment::syn, {}, stack.queue_.now());
  stack.queue_.schedule(wakeup_, stack.queue_.now() + stack.options_.syn_timeout * (1 << syn_tries_));
}

// ---- arriving ----

void TcpSide::arrive(Packet* packet) {
  Tcp& stack = tcp();
  const TcpSide& sender = peer();
  const std::uint64_t stream = connection_->id * 2 + sender.index_;
  const auto record = [&](EventKind kind) {
    return stack.trace_.event(kind, stack.queue_.now(), where_, stream, static_cast<std::uint64_t>(packet->kind),
                              packet->size, {packet->event, CauseKind::message});
  };
  if (where_.host == kHarness) {  // nobody lives at that address
    record(EventKind::drop);
    stack.pool_.give_back(packet);
    return;
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
      return stack.arrive_handshake_ack(*this, cause);
    case Segment::fin:
      return arrive_fin(cause);
    case Segment::rst:
      return arrive_reset(cause);
    case Segment::syn:
    case Segment::data:
    case Segment::datagram:
    case Segment::probe:
      break;
  }
}

void TcpSide::arrive_syn_ack(EventId cause) {
  Tcp& stack = tcp();
  const VirtualTime now = stack.queue_.now();
  if (state_ == State::closed) return transmit(Segment::rst, {}, now);  // connect was given up meanwhile
  if (state_ != State::syn_sent) return;                                // the answer to a retransmitted SYN
  state_ = State::established;
  stack.queue_.cancel(wakeup_);
  window_ = peer().receive_buffer_;
  transmit(Segment::ack, {}, now);
  notify(EPOLLOUT, cause);
}

void TcpSide::arrive_data(Packet* packet) {
  Tcp& stack = tcp();
  const VirtualTime now = stack.queue_.now();
  const bool shut = read_shut_ && write_shut_;
  if (state_ != State::established || closed_by_program_ || shut) {
    // Data to a closed end: RFC 9293, 3.5.2, and the program there will never read it. An end that was shut both ways
    // is reset too, and learns of it (tcp_rcv_state_process() in Linux's net/ipv4/tcp_input.c).
    const EventId cause = packet->event;
    stack.pool_.give_back(packet);
    if (state_ != State::closed) {
      transmit(Segment::rst, {}, now);
      end(closed_by_program_ ? 0 : ECONNRESET);
      notify(kEverything, cause);
    }
    return;
  }
  peer().grant(packet->size, 0, now);
  unread_ += packet->size;
  const EventId cause = packet->event;
  received_.push(packet);
  notify(EPOLLIN, cause);
}

void TcpSide::arrive_fin(EventId cause) {
  if (state_ != State::established) return;
  fin_received_ = true;
  peer().fin_acknowledged_ = tcp().queue_.now() + link_->latency_min;
  notify(EPOLLIN | EPOLLRDHUP | EPOLLHUP, cause);
}

void TcpSide::arrive_reset(EventId cause) {
  if (state_ == State::closed) return;
  // The errors are those of tcp_reset() in Linux's net/ipv4/tcp_input.c.
  const int error = state_ == State::syn_sent ? ECONNREFUSED : fin_received_ ? EPIPE : ECONNRESET;
  if (state_ == State::syn_received) tcp().forget_half_open(*this);
  end(error);
  notify(kEverything, cause);
}

void TcpSide::end(int error) {
  state_ = State::closed;
  error_ = error;
  write_shut_ = true;
  read_shut_ = true;
  fin_queued_ = false;
  told_full_ = false;
  tcp().queue_.cancel(wakeup_);
  tcp().pool_.give_back_all(pending_);
  unacknowledged_ = 0;
  if (closed_by_program_) drop_queues();
}

void TcpSide::drop_queues() {
  tcp().pool_.give_back_all(pending_);
  tcp().pool_.give_back_all(received_);
  unread_ = 0;
}

// ---- the stack ----

Tcp::Tcp(EventQueue& queue, TraceWriter& trace, Fabric& fabric, std::uint64_t seed, TcpOptions options)
    : queue_(queue), trace_(trace), fabric_(fabric), seed_(seed), options_(options) {}

Tcp::~Tcp() {
  for (auto& [id, connection] : connections_) {
    for (TcpSide& side : connection->sides) {
      queue_.cancel(side.flight_);
      queue_.cancel(side.wakeup_);
      pool_.give_back_all(side.flight_.packets);
      side.drop_queues();
    }
  }
}

Result<SocketAddress> Tcp::bind(HostId host, SocketAddress wanted) {
  if (!fabric_.is_own(host, wanted.ip)) return Failure{EADDRNOTAVAIL};
  Ports& ports = ports_[host];
  if (wanted.port != 0) {
    if (!ports.bound.insert(wanted.port).second) return Failure{EADDRINUSE};
    ports.ephemeral_in_use += is_ephemeral(wanted.port);
    return wanted;
  }
  constexpr int kCount = kLastEphemeral - kFirstEphemeral + 1;
  if (ports.ephemeral_in_use == kCount)
    return Failure{EADDRNOTAVAIL};  // at once: users who retry would search them all
  for (int tries = 0; tries < kCount; ++tries) {
    const std::uint16_t port = ports.next_ephemeral;
    ports.next_ephemeral = port == kLastEphemeral ? kFirstEphemeral : static_cast<std::uint16_t>(port + 1);
    if (!ports.bound.insert(port).second) continue;
    ++ports.ephemeral_in_use;
    return SocketAddress{wanted.ip, port};
  }
  return Failure{EADDRNOTAVAIL};
}

void Tcp::unbind(HostId host, SocketAddress bound) {
  Ports& ports = ports_[host];
  if (ports.bound.erase(bound.port) > 0) ports.ephemeral_in_use -= is_ephemeral(bound.port);
}

Result<Listener*> Tcp::listen(Where where, SocketAddress local, std::size_t backlog, Buffers buffers,
                              TcpObserver* observer) {
  std::unique_ptr<Listener>& place = listeners_[{where.host, local.port}];
  if (place != nullptr) return Failure{EADDRINUSE};
  place = std::make_unique<Listener>();
  place->number = ++last_listener_;
  place->where = where;
  place->local = local;
  place->backlog = backlog;
  place->buffers = buffers;
  place->observer = observer;
  trace_.event(EventKind::listen, queue_.now(), where, 0, local.packed(), backlog);
  return place.get();
}

void Tcp::stop_listening(Listener* listener) {
  while (!listener->ready.empty()) {
    TcpSide* side = listener->ready.pop();
    if (side->state_ == TcpSide::State::established) side->transmit(Segment::rst, {}, queue_.now());
    side->closed_by_program_ = true;
    side->end(0);
    release_if_over(*side->connection_);
  }
  listeners_.erase({listener->where.host, listener->local.port});
}

Result<TcpSide*> Tcp::accept(Listener& listener) {
  if (listener.ready.empty()) return Failure{EAGAIN};
  return listener.ready.pop();
}

// A stable name for a connection, which its random streams hang on.
std::string Tcp::connection_name(HostId host, SocketAddress client, SocketAddress server) {
  if (!on_behalf_of.empty()) return fmt::format("for {}#{}", on_behalf_of, connects_on_behalf_[on_behalf_of]++);
  return fmt::format("{}:{}-{}:{}#{}", to_string(client.ip), client.port, to_string(server.ip), server.port,
                     ports_[host].connects[client.port]++);
}

TcpSide* Tcp::connect(Where where, SocketAddress local, SocketAddress remote, Buffers buffers, TcpObserver* observer,
                      VirtualTime now) {
  const HostId to = fabric_.host_at(remote.ip, where.host);
  const ConnectionId id = fabric_.next_connection();
  const std::string name = connection_name(where.host, local, remote);
  auto connection = std::make_unique<Connection>(*this, id, RandomStream(seed_, "packets", name + "/0"),
                                                 RandomStream(seed_, "packets", name + "/1"));
  for (std::uint8_t index = 0; index < 2; ++index) {
    TcpSide& side = connection->sides[index];
    side.connection_ = connection.get();
    side.index_ = index;
    side.where_ = index == 0 ? where : Where{to, 0};
    side.local = index == 0 ? local : remote;
    side.remote = index == 0 ? remote : local;
    side.link_ = index == 0 ? fabric_.link(where.host, to) : fabric_.link(to, where.host);
    side.send_buffer_ = buffers.send;  // a server's are its listener's, once the SYN has found it
    side.receive_buffer_ = buffers.receive;
    side.flight_.side = &side;
    side.wakeup_.side = &side;
  }
  TcpSide& client = connection->sides[0];
  client.state_ = TcpSide::State::syn_sent;
  client.owned_ = true;
  client.observer = observer;
  connections_.emplace(id, std::move(connection));
  trace_.event(EventKind::connect, queue_.now(), where, id, remote.packed(), local.packed());
  client.transmit(Segment::syn, {}, now);
  queue_.schedule(client.wakeup_, now + options_.syn_timeout);
  return &client;
}

Listener* Tcp::listener_of(const TcpSide& half_open) {
  Listener* listener = listener_for(half_open.where_.host, half_open.local);
  return listener != nullptr && listener->number == half_open.listener_ ? listener : nullptr;
}

Listener* Tcp::listener_for(HostId host, SocketAddress local) {
  const auto found = listeners_.find({host, local.port});
  if (found == listeners_.end()) return nullptr;
  Listener& listener = *found->second;
  return listener.local.ip.is_any() || listener.local.ip == local.ip ? &listener : nullptr;
}

void Tcp::arrive_syn(Connection& connection, EventId cause) {
  TcpSide& server = connection.sides[1];
  const TcpSide& client = connection.sides[0];
  const std::uint64_t stream = connection.id * 2;
  const auto record = [&](EventKind kind) {
    trace_.event(kind, queue_.now(), server.where_, stream, static_cast<std::uint64_t>(Segment::syn), 0,
                 {cause, CauseKind::message});
  };
  if (server.state_ == TcpSide::State::syn_received) {  // a retransmitted SYN: the answer was slow
    record(EventKind::deliver);
    return server.transmit(Segment::syn_ack, {}, queue_.now());
  }
  if (server.state_ != TcpSide::State::unused) return record(EventKind::deliver);

  Listener* listener = listener_for(server.where_.host, server.local);
  if (listener == nullptr) {
    record(EventKind::deliver);
    return server.transmit(Segment::rst, {}, queue_.now());
  }
  // listen(2): a full queue ignores the request, so that a later retransmission may succeed.
  if (listener->ready.size() + listener->half_open > listener->backlog) return record(EventKind::drop);
  server.where_ = listener->where;
  server.listener_ = listener->number;
  server.send_buffer_ = listener->buffers.send;
  server.receive_buffer_ = listener->buffers.receive;
  record(EventKind::deliver);
  server.state_ = TcpSide::State::syn_received;
  server.window_ = client.receive_buffer_;
  ++listener->half_open;
  server.transmit(Segment::syn_ack, {}, queue_.now());
}

void Tcp::arrive_handshake_ack(TcpSide& server, EventId cause) {
  if (server.state_ != TcpSide::State::syn_received) return;
  Listener* listener = listener_of(server);
  if (listener == nullptr) {  // it was closed during the handshake
    server.transmit(Segment::rst, {}, queue_.now());
    return server.end(0);
  }
  --listener->half_open;
  server.state_ = TcpSide::State::established;
  server.owned_ = true;
  listener->ready.push(&server);
  listener->observer->on_tcp(EPOLLIN, cause);
}

void Tcp::forget_half_open(TcpSide& server) {
  if (Listener* listener = listener_of(server)) --listener->half_open;
}

void Tcp::release_if_over(Connection& connection) {
  if (!connection.sides[0].over() || !connection.sides[1].over()) return;
  for (TcpSide& side : connection.sides) {
    queue_.cancel(side.wakeup_);
    side.drop_queues();
  }
  connections_.erase(connection.id);
}

}  // namespace stillpoint::net
