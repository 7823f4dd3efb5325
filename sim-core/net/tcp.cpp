#include "sim-core/net/tcp.hpp"

#include <fmt/format.h>
#include <sys/epoll.h>

namespace stillpoint::net {

Tcp::Tcp(EventQueue& queue, TraceWriter& trace, Fabric& fabric, std::uint64_t seed, TcpOptions options)
    : queue_(queue), trace_(trace), fabric_(fabric), seed_(seed), options_(options) {}

Tcp::~Tcp() {
  for (auto& [id, connection] : connections_) {
    for (TcpSide& side : connection->sides) {
      side.cancel_timers();
      queue_.cancel(side.flight_);
      pool_.give_back_all(side.flight_.packets);
      side.drop_queues();
    }
  }
}

// ---- ports ----

Result<std::unique_ptr<PortClaim>> Tcp::bind(HostId host, SocketAddress wanted, Sharing sharing) {
  if (!fabric_.is_own(host, wanted.ip)) return Failure{EADDRNOTAVAIL};
  return ports_[host].bind(wanted, sharing, queue_.now());
}

Result<std::unique_ptr<PortClaim>> Tcp::bind_for_connect(HostId host, Ip local, SocketAddress remote) {
  return ports_[host].connect(local, remote, queue_.now());
}

// ---- listening ----

Result<Listener*> Tcp::listen(Where where, PortClaim& claim, std::size_t backlog, const TcpSetup& setup,
                              TcpObserver* observer) {
  if (const Status free = ports_[where.host].listen(claim, queue_.now()); !free) return Failure{free.error()};
  auto listener = std::make_unique<Listener>();
  listener->number = ++last_listener_;
  listener->where = where;
  listener->claim = &claim;
  listener->backlog = backlog;
  listener->setup = setup;
  listener->observer = observer;
  trace_.event(EventKind::listen, queue_.now(), where, 0, claim.local().packed(), backlog);
  return listeners_[{where.host, claim.local().port}].emplace_back(std::move(listener)).get();
}

void Tcp::stop_listening(Listener* listener) {
  while (!listener->ready.empty()) {
    TcpSide* side = listener->ready.pop();
    if (side->state_ == TcpSide::State::established) side->transmit(Segment::rst, {}, queue_.now());
    side->closed_by_program_ = true;
    side->end(0);
    release_if_over(*side->connection_);
  }
  listener->claim->listening = false;
  const auto place = listeners_.find({listener->where.host, listener->local().port});
  std::erase_if(place->second, [&](const auto& each) { return each.get() == listener; });
  if (place->second.empty()) listeners_.erase(place);
}

Result<TcpSide*> Tcp::accept(Listener& listener) {
  if (listener.ready.empty()) return Failure{EAGAIN};
  return listener.ready.pop();
}

Listener* Tcp::listener_of(const TcpSide& half_open) {
  const auto place = listeners_.find({half_open.where_.host, half_open.local.port});
  if (place == listeners_.end()) return nullptr;
  for (const auto& listener : place->second) {
    if (listener->number == half_open.listener_) return listener.get();
  }
  return nullptr;
}

// As __inet_lookup_listener() in Linux's net/ipv4/inet_hashtables.c: a listener at the very address comes first, then
// those at all addresses, the one of the packet's own family before one of both.
Listener* Tcp::listener_for(HostId host, SocketAddress local, std::uint64_t random) {
  const auto place = listeners_.find({host, local.port});
  if (place == listeners_.end()) return nullptr;
  const auto score = [&](const Listener& listener) {
    const Ip ip = listener.claim->ip;
    if (ip == local.ip) return 3;
    if (!ip.is_any()) return 0;
    if (ip.is_v4() == local.ip.is_v4()) return 2;
    return local.ip.is_v4() && !listener.claim->sharing.only_v6 ? 1 : 0;
  };
  int best = 0;
  std::size_t equals = 0;
  for (const auto& listener : place->second) {
    const int its = score(*listener);
    if (its > best) equals = 0;
    best = std::max(best, its);
    equals += best > 0 && its == best;
  }
  if (equals == 0) return nullptr;
  // Several at one address share it by SO_REUSEPORT: each connection goes to one of them (socket(7)).
  auto chosen = static_cast<std::size_t>((static_cast<unsigned __int128>(random) * equals) >> 64);
  for (const auto& listener : place->second) {
    if (score(*listener) == best && chosen-- == 0) return listener.get();
  }
  return nullptr;
}

// ---- connecting ----

// A stable name for a connection, which its random streams hang on.
std::string Tcp::connection_name(HostId host, SocketAddress client, SocketAddress server) {
  if (!on_behalf_of.empty()) return fmt::format("for {}#{}", on_behalf_of, connects_on_behalf_[on_behalf_of]++);
  return fmt::format("{}:{}-{}:{}#{}", to_string(client.ip), client.port, to_string(server.ip), server.port,
                     connects_[{host, client.port}]++);
}

Result<TcpSide*> Tcp::connect(Where where, std::unique_ptr<PortClaim>& claim, SocketAddress remote,
                              const TcpSetup& setup, TcpObserver* observer, VirtualTime now) {
  if (!claim->remote) {
    if (const Status unique = ports_[where.host].connect_bound(*claim, remote, queue_.now()); !unique)
      return Failure{unique.error()};
  }
  const SocketAddress local = claim->local();
  const bool lost = setup.speaks_v4 && !remote.ip.is_v4();
  const HostId to = lost ? kHarness : fabric_.host_at(remote.ip, where.host);  // kHarness: nobody
  const ConnectionId id = fabric_.next_connection();
  const std::string name = connection_name(where.host, local, remote);
  auto connection = std::make_unique<Connection>(id, RandomStream(seed_, "packets", name + "/0"),
                                                 RandomStream(seed_, "packets", name + "/1"));
  for (std::uint8_t index = 0; index < 2; ++index) {
    TcpSide& side = connection->sides[index];
    side.tcp_ = this;
    side.connection_ = connection.get();
    side.stream_ = id * 2 + index;
    side.where_ = index == 0 ? where : Where{to, 0};
    side.local = index == 0 ? local : remote;
    side.remote = index == 0 ? remote : local;
    side.link_ = index == 0 ? fabric_.link(where.host, to) : fabric_.link(to, where.host);
    side.flight_.side = &side;
    side.wakeup_.side = &side;
  }
  TcpSide& client = connection->sides[0];
  client.state_ = TcpSide::State::syn_sent;
  client.owned_ = true;
  client.observer = observer;
  client.claim_ = std::move(claim);
  client.set_up(setup, now);  // a server's is its listener's, once the SYN has found it
  connections_.emplace(id, std::move(connection));
  trace_.event(EventKind::connect, queue_.now(), where, id, remote.packed(), local.packed());
  client.transmit(Segment::syn, {}, now);
  queue_.schedule(client.wakeup_, now + options_.syn_timeout);
  return &client;
}

void Tcp::arrive_syn(Connection& connection, EventId cause) {
  TcpSide& server = connection.sides[1];
  const TcpSide& client = connection.sides[0];
  const std::uint64_t stream = connection.id * 2;
  const auto record = [&](EventKind kind) {
    trace_.event(kind, queue_.now(), server.where_, stream, static_cast<std::uint64_t>(Segment::syn), 0,
                 {cause, CauseKind::message});
  };
  if (server.state_ == TcpSide::State::syn_received) {  // a retransmitted SYN: the answer was slow, or lost
    record(EventKind::deliver);
    return server.transmit(Segment::syn_ack, {}, queue_.now());
  }
  if (server.state_ != TcpSide::State::unused) return record(EventKind::deliver);

  constexpr std::uint64_t kChoiceOfListener = UINT64_MAX;  // an index of the stream that no packet reaches
  Listener* listener = listener_for(server.where_.host, server.local, server.random_.at(kChoiceOfListener));
  if (listener == nullptr) {
    record(EventKind::deliver);
    return server.transmit(Segment::rst, {}, queue_.now());
  }
  // listen(2): a full queue ignores the request, so that a later retransmission may succeed.
  if (listener->full()) return record(EventKind::drop);
  server.where_ = listener->where;
  server.listener_ = listener->number;
  server.set_up(listener->setup, queue_.now());
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
  queue_.cancel(server.wakeup_);
  server.deferred_ = false;
  server.state_ = TcpSide::State::established;
  server.owned_ = true;
  server.claim_ = ports_[server.where_.host].inherit(*listener->claim, server.local, server.remote);
  if (server.prober_ != nullptr) server.set_keepalive(server.prober_->options, queue_.now());
  if (listener->read_shut || listener->write_shut) [[unlikely]] {
    server.shut_early(listener->read_shut, listener->write_shut);
    if (listener->write_shut) server.say_end(queue_.now());  // tcp_rcv_state_process()
  }
  listener->ready.push(&server);
  listener->observer->on_tcp(EPOLLIN, cause);
}

void Tcp::forget_half_open(TcpSide& server) {
  if (Listener* listener = listener_of(server)) --listener->half_open;
}

// ---- ends ----

void Tcp::release_if_over(Connection& connection) {
  if (!connection.sides[0].over() || !connection.sides[1].over()) return;
  for (TcpSide& side : connection.sides) {
    side.cancel_timers();
    side.drop_queues();
    // It was closed, its FIN is acknowledged, and nobody will answer: FIN_WAIT2 ends by itself.
    if (side.claim_ != nullptr && side.claim_->until > queue_.now() && side.claim_->until != VirtualTime::max()) {
      const VirtualTime until = side.claim_->until;
      ports_[side.where_.host].linger(std::move(side.claim_), until);
    }
  }
  connections_.erase(connection.id);
}

std::size_t Tcp::reset_between(HostId a, HostId b, Ratio share, EventId fault, RandomStream& random) {
  constexpr std::uint64_t kChoiceOfReset = UINT64_MAX - 1;  // an index of the stream that no packet reaches
  const std::uint64_t draw = random.next();
  std::size_t count = 0;
  for (auto next = connections_.begin(); next != connections_.end();) {
    Connection& connection = *(next++)->second;
    const TcpSide& client = connection.sides[0];
    const HostId from = client.where_.host;
    const HostId to = connection.sides[1].where_.host;
    const bool between = (from == a && to == b) || (from == b && to == a);
    if (!between || !(client.is_open() || connection.sides[1].is_open())) continue;
    if (!happens(share, random.at(draw + client.random_.at(kChoiceOfReset)))) continue;
    reset(connection, fault);
    ++count;
  }
  return count;
}

void Tcp::reset(Connection& connection, EventId fault) {
  for (TcpSide& side : connection.sides) {
    if (!side.is_open() && side.state_ != TcpSide::State::syn_received) continue;
    const EventId arrival = trace_.event(EventKind::deliver, queue_.now(), side.where_, side.stream_ ^ 1,
                                         static_cast<std::uint64_t>(Segment::rst), 0, {fault, CauseKind::fault});
    side.arrive_reset(arrival);
  }
  release_if_over(connection);
}

std::size_t Tcp::ends_at(HostId host) const {
  std::size_t ends = 0;
  for (const auto& [id, connection] : connections_) {
    for (const TcpSide& side : connection->sides)
      ends += side.where_.host == host && side.owned_ && !side.closed_by_program_;
  }
  return ends;
}

void Tcp::forget_host(HostId host, EventId crash, Farewell farewell) {
  for (auto next = connections_.begin(); next != connections_.end();) {
    Connection& connection = *(next++)->second;
    for (TcpSide& side : connection.sides) {
      if (side.where_.host != host) continue;
      const bool to_reset = farewell == Farewell::reset && side.established() && !side.finished(queue_.now()) &&
                            side.peer().where_.host != host;
      side.forget(crash);
      if (to_reset) side.transmit(Segment::rst, {}, queue_.now());
    }
    release_if_over(connection);
  }
  std::erase_if(listeners_, [&](const auto& each) { return each.first.first == host; });
  ports_[host].forget();
}

void Tcp::host_is_back(Where where) {
  for (const auto& [id, connection] : connections_) {
    for (TcpSide& side : connection->sides) {
      if (side.where_.host == where.host && side.forgotten_) side.where_.boot = where.boot;
    }
  }
}

}  // namespace stillpoint::net
