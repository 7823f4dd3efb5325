#include "sim-core/net/udp.hpp"

#include <fmt/format.h>
#include <sys/epoll.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace stillpoint::net {
namespace {

// A datagram's draws, from its first one on.
enum Draw : std::uint64_t { kLatency, kLoss, kDuplicate, kLatencyOfDuplicate, kAnswerLatency, kAnswerLoss, kDraws = 8 };

// What Linux charges a receive buffer for a datagram: the size of a struct sk_buff with its data, which is allocated in
// powers of two up to four pages, and in pages of their own beyond (measured on Linux 6.18 by SO_MEMINFO).
std::size_t charge(const Datagram& datagram) {
  constexpr std::size_t kBookkeeping = 256, kSmallest = 576, kLargest = 16 * 1024;
  const std::size_t headers = datagram.header.destination.ip.is_v4() ? 379 : 399;
  const std::size_t linear = datagram.packet->size + headers;
  if (linear <= kSmallest) return kSmallest + kBookkeeping;
  if (linear > kLargest) return datagram.packet->size + kSmallest + kBookkeeping;
  return std::bit_ceil(linear) + kBookkeeping;
}

// Every host is in the groups of all hosts (RFC 1112, RFC 4291).
bool is_all_hosts(Ip group) {
  return group == Ip(0xE0000001) || group == Ip::v6(0xFF01ULL << 48, 1) || group == Ip::v6(0xFF02ULL << 48, 1);
}

bool is_to_many(Ip destination) { return destination.is_multicast() || destination.is_broadcast(); }

constexpr std::size_t kMostMemberships = 20;  // net.ipv4.igmp_max_memberships

}  // namespace

void Datagram::fire() { udp->arrive(this); }

Udp::Udp(EventQueue& queue, TraceWriter& trace, Fabric& fabric, Tcp& tcp, std::uint64_t seed)
    : queue_(queue), trace_(trace), fabric_(fabric), tcp_(tcp), seed_(seed), ports_(seed) {}

Udp::~Udp() {
  for (const auto& datagram : datagrams_) {
    queue_.cancel(*datagram);
    if (datagram->packet != nullptr) pool_.give_back(datagram->packet);
  }
}

UdpEndpoint& Udp::open(Where where, UdpObserver& observer) {
  const std::uint64_t number = ++last_endpoint_;
  return *endpoints_.emplace(number, std::make_unique<UdpEndpoint>(number, where, observer)).first->second;
}

void Udp::close(UdpEndpoint& endpoint) {
  unbind(endpoint);
  while (!endpoint.groups.empty()) leave_at(endpoint, 0);
  while (endpoint.head_ != nullptr) take(endpoint);
  endpoints_.erase(endpoint.number);
}

void Udp::forget_host(HostId host) {
  for (auto next = endpoints_.begin(); next != endpoints_.end();) {
    UdpEndpoint& endpoint = *(next++)->second;
    if (endpoint.where.host == host) close(endpoint);
  }
  for (const auto& datagram : datagrams_) {
    if (!datagram->scheduled() || datagram->from != host || datagram->to != host) continue;
    queue_.cancel(*datagram);
    give_back(datagram.get());
  }
}

Status Udp::bind(UdpEndpoint& endpoint) {
  if (!ports_.bind(endpoint.where.host, endpoint)) return Failure{EADDRINUSE};
  return Done{};
}

void Udp::move(UdpEndpoint& endpoint, Ip address) {
  if (endpoint.address == address) return;
  endpoint.address = address;
  ports_.rebound(endpoint.where.host, endpoint);
}

// ---- groups ----

Status Udp::join(UdpEndpoint& endpoint, UdpBinding::Membership membership) {
  for (const UdpBinding::Membership& joined : endpoint.groups) {
    if (joined.group == membership.group && joined.interface == membership.interface) return Failure{EADDRINUSE};
  }
  if (endpoint.groups.size() >= kMostMemberships) return Failure{ENOBUFS};
  endpoint.groups.push_back(membership);
  ++members_[{membership.group, endpoint.where.host, membership.interface}];
  return Done{};
}

void Udp::leave_at(UdpEndpoint& endpoint, std::size_t index) {
  const UdpBinding::Membership membership = endpoint.groups[index];
  endpoint.groups.erase(endpoint.groups.begin() + static_cast<std::ptrdiff_t>(index));
  const auto found = members_.find({membership.group, endpoint.where.host, membership.interface});
  if (--found->second == 0) members_.erase(found);
}

bool Udp::is_member(HostId host, Ip group, int interface) const {
  return is_all_hosts(group) || members_.contains({group, host, interface});
}

// ---- sending ----

// As for connections: by the user for whom the running turn acts, if it has said so, else by the address.
std::string Udp::name_of_flows(const UdpEndpoint& endpoint) {
  std::string name = tcp_.on_behalf_of.empty()
                         ? fmt::format("{}:{}", to_string(fabric_.address_of(endpoint.where.host)), endpoint.port)
                         : fmt::format("for {}", tcp_.on_behalf_of);
  const std::uint64_t times = names_[name]++;
  return fmt::format("{}#{}", name, times);
}

UdpEndpoint::Flow& Udp::flow_to(UdpEndpoint& endpoint, HostId to) {
  if (const auto found = endpoint.flows_.find(to); found != endpoint.flows_.end()) return found->second;
  if (endpoint.name_.empty()) endpoint.name_ = name_of_flows(endpoint);
  const std::string peer = to == kHarness ? "nobody" : to_string(fabric_.address_of(to));
  return endpoint.flows_
      .emplace(to, UdpEndpoint::Flow{.random = RandomStream(seed_, "datagrams", endpoint.name_ + "-" + peer),
                                     .link = fabric_.link(endpoint.where.host, to)})
      .first->second;
}

void Udp::send(UdpEndpoint& endpoint, Packet* packet, const Departure& departure, VirtualTime now) {
  now += fabric_.ahead;
  if (endpoint.stream_ == 0) endpoint.stream_ = fabric_.next_connection() * 2;
  packet->event = trace_.event(EventKind::send, queue_.now(), endpoint.where, endpoint.stream_,
                               static_cast<std::uint64_t>(Segment::datagram), packet->size,
                               std::exchange(tcp_.cause_of_next_send, {}), packet->unread());
  const HostId self = endpoint.where.host;
  const Ip destination = departure.destination.ip;
  Departure header = departure;
  if (!is_to_many(destination)) {
    const HostId to = fabric_.host_at(destination, self);
    header.interface = to == self ? kLoopbackInterface : kNetworkInterface;
    transmit(endpoint, packet, header, to, now);
  } else if (departure.interface == kLoopbackInterface) {
    transmit(endpoint, packet, header, self, now);  // the device itself sends it back
  } else {
    const bool to_all = destination.is_broadcast();
    // ip_mc_output() in Linux's net/ipv4/ip_output.c; without hops it does not leave the host.
    for (HostId host = 1; host <= fabric_.hosts(); ++host) {
      if (!to_all && !is_member(host, destination, kNetworkInterface)) continue;
      if (host == self ? to_all || departure.to_self_too : departure.hops > 0)
        transmit(endpoint, copy(*packet), header, host, now);
    }
    pool_.give_back(packet);
  }
}

void Udp::transmit(UdpEndpoint& endpoint, Packet* packet, const Departure& departure, HostId to, VirtualTime now) {
  UdpEndpoint::Flow& flow = flow_to(endpoint, to);
  Datagram* datagram = make();
  datagram->packet = packet;
  datagram->header = departure;
  datagram->from = endpoint.where.host;
  datagram->to = to;
  datagram->stream = endpoint.stream_;
  datagram->event = packet->event;
  datagram->random = flow.random;
  datagram->draw = flow.sent++ * kDraws;
  const std::uint64_t random = flow.random.at(datagram->draw + kLatency);
  if (fabric_.silent == datagram->from) [[unlikely]]
    return lose(datagram, endpoint.where, Passage{.lost = true});
  if (!flow.link->plain) [[unlikely]]
    return transmit_by_link(endpoint, flow, datagram, random, now);
  launch(flow, datagram, random, now, now + flow.link->plain_latency(random));
}

void Udp::transmit_by_link(const UdpEndpoint& endpoint, UdpEndpoint::Flow& flow, Datagram* datagram,
                           std::uint64_t random, VirtualTime now) {
  Link& link = *flow.link;
  const auto drawn = [&](Draw draw) { return datagram->random.at(datagram->draw + draw); };
  const Passage passage = link.pass(
      {.payload = datagram->packet->size, .departure = now, .latency_random = random, .loss_random = drawn(kLoss)});
  if (passage.lost) return lose(datagram, endpoint.where, passage);
  announce(*datagram, passage.faults);
  launch(flow, datagram, random, passage.departure, passage.arrival);
  const auto launch_copy = [&](std::uint64_t latency_random) {
    Datagram* twin = copy(*datagram);
    queue_.schedule(*twin, passage.arrival - link.latency(random) + link.latency(latency_random), flow.rank);
    return twin;
  };
  if (link.duplicate.ppm > 0 && happens(link.duplicate, drawn(kDuplicate)))
    announce(*launch_copy(drawn(kLatencyOfDuplicate)), passage.faults);
  for (const Passage::Copy& by_fault : passage.copies) {
    Passage its = passage;
    its.blame(by_fault.fault);
    announce(*launch_copy(by_fault.latency_random), its.faults);
  }
}

// The low bits of its draw are the place among what arrives at the same instant: the same for what leaves at the same
// instant, so that it stays in order. A host's loopback device is a queue, whatever the socket.
void Udp::launch(UdpEndpoint::Flow& flow, Datagram* datagram, std::uint64_t random, VirtualTime left,
                 VirtualTime arrival) {
  if (datagram->to != datagram->from && (flow.sent == 1 || flow.last_sent != left))
    flow.rank = static_cast<Rank>(random & 0xFFFFFF);
  flow.last_sent = left;
  queue_.schedule(*datagram, arrival, flow.rank);
}

void Udp::announce(Datagram& datagram, const std::vector<EventId>& faults) {
  if (faults.empty()) return;
  datagram.faults = faults;
  fabric_.announce(datagram.to);
}

void Udp::lose(Datagram* datagram, Where where, const Passage& passage) {
  record(EventKind::lose, *datagram, where);
  for (const EventId fault : passage.faults) trace_.edge(datagram->event, {fault, CauseKind::fault});
  const Meaning refused = meaning_of(passage.refusal, datagram->header.destination.ip);
  if (!refused.fatal) return give_back(datagram);
  report(datagram, refused.error, passage.arrival);
}

// ---- arriving ----

void Udp::record(EventKind kind, Datagram& datagram, Where where) {
  datagram.event =
      trace_.event(kind, queue_.now(), where, datagram.stream, static_cast<std::uint64_t>(Segment::datagram),
                   datagram.packet->size, {datagram.event, CauseKind::message});
}

// Nobody says anything: nobody is there, or it comes from where it cannot come from.
void Udp::drop(Datagram* datagram) {
  record(EventKind::drop, *datagram, {datagram->to, 0});
  const EventId crash = fabric_.is_down(datagram->to) ? fabric_.last_crash(datagram->to) : kNoEvent;
  if (crash != kNoEvent) trace_.edge(datagram->event, {crash, CauseKind::fault});
  give_back(datagram);
}

void Udp::arrive(Datagram* datagram) {
  if (datagram->packet == nullptr) {
    arrive_unreachable(*datagram);
    return give_back(datagram);
  }
  const SocketAddress source = datagram->header.source;
  const SocketAddress destination = datagram->header.destination;
  const bool martian = source.ip.is_loopback() && datagram->from != datagram->to;
  if (martian || fabric_.is_special(datagram->to)) [[unlikely]] {
    if (!datagram->faults.empty()) return arrive_troubled(datagram);
    if (martian || fabric_.is_down(datagram->to)) return drop(datagram);
  }
  if (is_to_many(destination.ip)) return arrive_at_group(datagram);
  UdpBinding* found = ports_.find(datagram->to, destination, source);
  if (found == nullptr) return answer_unreachable(datagram);
  auto& endpoint = static_cast<UdpEndpoint&>(*found);
  if (accept(endpoint, datagram)) {
    record(EventKind::deliver, *datagram, endpoint.where);
    endpoint.observer.on_udp(EPOLLIN, datagram->event);
  } else {
    record(EventKind::drop, *datagram, endpoint.where);
    give_back(datagram);
  }
}

// It arrives as any other, which its first event says, and that has these causes too.
void Udp::arrive_troubled(Datagram* datagram) {
  const std::vector<EventId> faults = std::exchange(datagram->faults, {});
  fabric_.settle(datagram->to);
  const EventId arrival = trace_.last_event() + 1;
  arrive(datagram);
  for (const EventId fault : faults) trace_.edge(arrival, {fault, CauseKind::fault});
}

// __udp4_lib_mcast_deliver() in Linux's net/ipv4/udp.c: each socket that wants it gets a copy; the last one that came
// is the first.
void Udp::arrive_at_group(Datagram* datagram) {
  const Departure& header = datagram->header;
  const Ip group = header.destination.ip;
  const bool wanted = !group.is_multicast() || is_member(datagram->to, group, header.interface);
  const std::vector<UdpBinding*>& sockets = ports_.at(datagram->to, header.destination.port);
  const auto is_for = [&](const UdpBinding* each) {
    return wanted && each->takes_from_group(header.source, group, header.interface);
  };
  const auto first = std::ranges::find_if(sockets, is_for);
  const Where where = first == sockets.end() ? Where{datagram->to, 0} : static_cast<UdpEndpoint*>(*first)->where;
  record(first == sockets.end() ? EventKind::drop : EventKind::deliver, *datagram, where);
  for (auto each = sockets.rbegin(); each != sockets.rend(); ++each) {
    if (!is_for(*each)) continue;
    auto& endpoint = static_cast<UdpEndpoint&>(**each);
    Datagram* own = copy(*datagram);
    if (accept(endpoint, own)) {
      endpoint.observer.on_udp(EPOLLIN, own->event);
    } else {
      give_back(own);
    }
  }
  give_back(datagram);
}

void Udp::answer_unreachable(Datagram* datagram) {
  record(EventKind::drop, *datagram, {datagram->to, 0});
  constexpr std::uint64_t kQuoted = 28;  // bytes: the headers of the datagram (RFC 792)
  const auto drawn = [&](Draw draw) { return datagram->random.at(datagram->draw + draw); };
  Link& back = *fabric_.link(datagram->to, datagram->from);
  const Passage passage = back.pass({.payload = kQuoted,
                                     .departure = queue_.now(),
                                     .latency_random = drawn(kAnswerLatency),
                                     .loss_random = drawn(kAnswerLoss)});
  if (passage.lost) return give_back(datagram);
  report(datagram, ECONNREFUSED, passage.arrival);
}

void Udp::report(Datagram* datagram, int error, VirtualTime arrival) {
  pool_.give_back(std::exchange(datagram->packet, nullptr));
  datagram->error = error;
  queue_.schedule(*datagram, arrival);
}

// __udp4_lib_err() in Linux's net/ipv4/udp.c: only a connected socket is told, and that only of what is fatal.
void Udp::arrive_unreachable(const Datagram& message) {
  const SocketAddress own = message.header.source;
  const SocketAddress peer = message.header.destination;
  UdpBinding* found = ports_.find(message.from, own, peer);
  if (found == nullptr || !found->connected) return;
  auto& endpoint = static_cast<UdpEndpoint&>(*found);
  endpoint.error = message.error;
  endpoint.observer.on_udp(EPOLLERR, message.event);
}

// __udp_enqueue_schedule_skb() in Linux's net/ipv4/udp.c: an empty queue takes any datagram.
bool Udp::accept(UdpEndpoint& endpoint, Datagram* datagram) {
  const std::size_t size = charge(*datagram);
  if (endpoint.charged_ > 0 && endpoint.charged_ + size > endpoint.receive_buffer) return false;
  endpoint.charged_ += size;
  datagram->next = nullptr;
  (endpoint.head_ == nullptr ? endpoint.head_ : endpoint.tail_->next) = datagram;
  endpoint.tail_ = datagram;
  ++endpoint.queued_;
  return true;
}

// udp_rmem_release() in Linux's net/ipv4/udp.c: what was read is released when it is a quarter of the buffer, or when
// the datagrams that were there as reading began are all read.
void Udp::take(UdpEndpoint& endpoint) {
  Datagram* datagram = endpoint.head_;
  endpoint.head_ = datagram->next;
  if (endpoint.read_batch_ == 0) endpoint.read_batch_ = endpoint.queued_;
  --endpoint.queued_;
  --endpoint.read_batch_;
  endpoint.to_release_ += charge(*datagram);
  if (endpoint.to_release_ >= endpoint.receive_buffer / 4 || endpoint.read_batch_ == 0) {
    endpoint.charged_ -= std::exchange(endpoint.to_release_, 0);
  }
  give_back(datagram);
}

// ---- the pool ----

Datagram* Udp::make() {
  if (free_ == nullptr) {
    datagrams_.push_back(std::make_unique<Datagram>());
    datagrams_.back()->udp = this;
    return datagrams_.back().get();
  }
  return std::exchange(free_, free_->next);
}

Packet* Udp::copy(Packet& from) {
  Packet* packet = pool_.take(from.size);
  packet->event = from.event;
  std::memcpy(packet->bytes(), from.bytes(), from.size);
  return packet;
}

Datagram* Udp::copy(const Datagram& from) {
  Datagram* datagram = make();
  datagram->packet = copy(*from.packet);
  datagram->header = from.header;
  datagram->from = from.from;
  datagram->to = from.to;
  datagram->stream = from.stream;
  datagram->event = from.event;
  datagram->random = from.random;
  datagram->draw = from.draw;
  return datagram;
}

void Udp::give_back(Datagram* datagram) {
  if (datagram->packet != nullptr) pool_.give_back(std::exchange(datagram->packet, nullptr));
  datagram->next = free_;
  free_ = datagram;
}

}  // namespace stillpoint::net
