#include "sim-core/kernel/udp_socket.hpp"

#include <netinet/udp.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cstring>

#include "sim-core/kernel/control_data.hpp"
#include "sim-core/kernel/host.hpp"
#include "sim-core/kernel/kernel.hpp"
#include "sim-core/kernel/transfer.hpp"

namespace stillpoint::kernel {
namespace {

constexpr std::size_t kLargestV4 = 65'507;  // 65,535 without the headers of IP and UDP
constexpr std::size_t kLargestV6 = 65'527;  // the header of IPv6 is not counted
constexpr int kShutRead = 1;
constexpr int kShutWrite = 2;

bool is_interface(int index) { return index == net::kLoopbackInterface || index == net::kNetworkInterface; }

// __ipv6_addr_needs_scope_id() in Linux: link-local addresses, and groups of an interface or a link.
bool needs_scope(net::Ip ip) {
  const std::uint64_t head = ip.high() >> 48;
  return (head & 0xFFC0) == 0xFE80 || ((head & 0xFF00) == 0xFF00 && ((head & 0xF) == 1 || (head & 0xF) == 2));
}

void gather(std::span<const iovec> parts, std::byte* to) {
  for (const iovec& part : parts) {
    if (part.iov_len > 0) std::memcpy(to, part.iov_base, part.iov_len);
    to += part.iov_len;
  }
}

std::size_t scatter(std::span<const std::byte> from, std::span<const iovec> parts) {
  std::size_t copied = 0;
  for (const iovec& part : parts) {
    const std::size_t chunk = std::min(part.iov_len, from.size() - copied);
    if (chunk > 0) std::memcpy(part.iov_base, from.data() + copied, chunk);
    copied += chunk;
  }
  return copied;
}

}  // namespace

UdpSocket::UdpSocket(Host& host, int domain)
    : Socket(host, domain, SOCK_DGRAM, IPPROTO_UDP),
      endpoint_(host.kernel().udp.open(host.where(), *this)),
      source_(domain == AF_INET6 ? net::kAny6 : net::Ip()) {
  endpoint_.v6 = domain == AF_INET6;
  endpoint_.address = any();
}

net::Udp& UdpSocket::udp() const { return host().kernel().udp; }

void UdpSocket::on_close() { udp().close(endpoint_); }

// datagram_poll_queue() in Linux's net/core/datagram.c; the send buffer is never full.
std::uint32_t UdpSocket::poll() {
  std::uint32_t mask = kWritable;
  if (endpoint_.error != 0) mask |= EPOLLERR;
  if ((shut_ & kShutRead) != 0) mask |= EPOLLRDHUP | EPOLLIN | EPOLLRDNORM;
  if (shut_ == (kShutRead | kShutWrite)) mask |= EPOLLHUP;
  if (endpoint_.front() != nullptr) mask |= EPOLLIN | EPOLLRDNORM;
  return mask;
}

int UdpSocket::take_error() { return std::exchange(endpoint_.error, 0); }

// ---- addresses ----

// What bind(2) may be given: an address of the host, a group, or all.
bool UdpSocket::accepts_address(net::Ip ip) const {
  return ip.is_multicast() || ip.is_broadcast() || host().kernel().fabric.is_own(host().id(), ip);
}

net::Ip UdpSocket::address_at(int interface, bool v4) const {
  if (interface == net::kLoopbackInterface) return v4 ? net::kLoopback : net::kLoopback6;
  const net::Ip own = host().kernel().fabric.address_of(host().id());
  return v4 ? own : net::v6_of(own);
}

// The interface that has this address; 0: none.
int UdpSocket::interface_with(net::Ip address) const {
  if (address.is_loopback()) return net::kLoopbackInterface;
  return !address.is_any() && host().kernel().fabric.is_own(host().id(), address) ? net::kNetworkInterface : 0;
}

// udp_sendmsg() and udpv6_sendmsg(): a socket of AF_INET takes AF_UNSPEC for its own family, one of AF_INET6 also takes
// AF_INET.
Result<UdpSocket::Target> UdpSocket::read_target(const Address& address) const {
  Target target;
  const bool as_v4 = v6() ? address.family() == AF_INET : address.family() == AF_UNSPEC;
  Address typed = address;
  if (as_v4) typed.storage.ss_family = AF_INET;
  const auto read = internet_address(typed, as_v4 ? AF_INET : domain());
  if (!read) return Failure{read.error()};
  target.address = read.value();
  if (v6() && !as_v4 && address.length >= sizeof(sockaddr_in6) && needs_scope(target.address.ip)) {
    sockaddr_in6 in6;
    std::memcpy(&in6, &address.storage, sizeof in6);
    target.interface = static_cast<int>(in6.sin6_scope_id);
  }
  return target;
}

Status UdpSocket::bind(const Address& wanted) {
  const auto read = internet_address_to_bind(wanted, domain());
  if (!read) return Failure{read.error()};
  const net::SocketAddress address = read.value();
  if (v6() && address.ip.is_v4() && endpoint_.v6_only) return Failure{EINVAL};
  if (!accepts_address(address.ip)) return Failure{EADDRNOTAVAIL};
  if (endpoint_.port != 0) return Failure{EINVAL};

  const bool was_v6_only = endpoint_.v6_only;
  endpoint_.address = address.ip;
  endpoint_.port = address.port;
  if (v6() && !address.ip.is_v4() && !address.ip.is_any()) endpoint_.v6_only = true;  // __inet6_bind()
  if (const Status bound = udp().bind(endpoint_); !bound) {
    endpoint_.address = any();
    endpoint_.port = 0;
    endpoint_.v6_only = was_v6_only;
    return bound;
  }
  source_ = address.ip.is_multicast() || address.ip.is_broadcast() ? any() : address.ip;
  address_chosen_ = address.ip != (v6() ? net::kAny6 : net::Ip());
  port_chosen_ = address.port != 0;
  return Done{};
}

// inet_autobind() in Linux's net/ipv4/af_inet.c.
Status UdpSocket::ensure_bound() {
  if (endpoint_.port != 0) return Done{};
  return udp().bind(endpoint_) ? Status(Done{}) : Status(Failure{EAGAIN});
}

Status UdpSocket::connect(const Address& address) {
  if (address.length < sizeof(sa_family_t)) return Failure{EINVAL};
  if (address.family() == AF_UNSPEC) {
    disconnect();
    return Done{};
  }
  if (const Status bound = ensure_bound(); !bound) return bound;
  if (v6() && address.family() == AF_INET && endpoint_.v6_only) return Failure{EAFNOSUPPORT};
  const auto target = read_target(address);
  if (!target) return Failure{target.error()};
  Target to = target.value();
  // __ip6_datagram_connect(): :: is the host itself, over IPv4 if the socket is bound to an address of that.
  if (v6() && to.address.ip == net::kAny6 && endpoint_.address.is_v4()) to.address.ip = net::kLoopback;
  const auto departure = route(to, {});
  if (!departure) return Failure{departure.error()};
  const net::Ip own = departure.value().source.ip;
  if (source_.is_any()) source_ = own;
  if (endpoint_.address.is_any()) udp().move(endpoint_, own);
  endpoint_.connected = true;
  endpoint_.peer = departure.value().destination;
  return Done{};
}

// __udp_disconnect() in Linux's net/ipv4/udp.c: what bind did not choose is as new.
void UdpSocket::disconnect() {
  endpoint_.connected = false;
  endpoint_.peer = {};
  if (!port_chosen_) udp().unbind(endpoint_);
  if (address_chosen_) return;
  source_ = any();
  if (endpoint_.port != 0) {
    udp().move(endpoint_, any());
  } else {
    endpoint_.address = any();
  }
}

Result<Address> UdpSocket::local() {
  const net::Ip ip = endpoint_.address.is_any() && !source_.is_any() ? source_ : endpoint_.address;
  return address_of({ip, endpoint_.port}, domain());
}

Result<Address> UdpSocket::remote() {
  if (!endpoint_.connected || endpoint_.peer.port == 0) return Failure{ENOTCONN};
  return address_of(endpoint_.peer, domain());
}

// inet_shutdown() in Linux's net/ipv4/af_inet.c shuts a socket that is not connected too, so that who polls it wakes
// up.
Status UdpSocket::shutdown(int how) {
  if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR) return Failure{EINVAL};
  shut_ |= how + 1;
  notify(EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP, kNoEvent);
  if (!endpoint_.connected) return Failure{ENOTCONN};
  return Done{};
}

// ---- sending ----

// ip_cmsg_send() in Linux's net/ipv4/ip_sockglue.c, ip6_datagram_send_ctl() in net/ipv6/datagram.c.
Result<UdpSocket::Way> UdpSocket::read_control(std::span<const std::byte> control) const {
  Way way;
  const Status read = for_each_control(control, [&](const ControlItem& item) -> Status {
    const auto number = [&](std::optional<int>& into, int lowest) -> Status {
      const auto value = item.as<int>();
      if (!value || value.value() < lowest || value.value() > 255) return Failure{EINVAL};
      if (value.value() >= 0) into = value.value();
      return Done{};
    };
    if (item.level == IPPROTO_IP) {
      switch (item.type) {
        case IP_PKTINFO: {
          const auto info = item.as<in_pktinfo>();
          if (!info) return Failure{EINVAL};
          way.interface = info.value().ipi_ifindex;
          way.source = net::Ip(ntohl(info.value().ipi_spec_dst.s_addr));
          return Done{};
        }
        case IP_TTL:
          return number(way.hops, 1);
        case IP_TOS:
          if (item.bytes.size() == 1) {
            way.traffic_class = static_cast<int>(item.bytes[0]);
            return Done{};
          }
          return number(way.traffic_class, 0);
        default:
          return Failure{kNotServed};
      }
    }
    if (item.level == IPPROTO_IPV6 && v6()) {
      switch (item.type) {
        case IPV6_PKTINFO: {
          const auto info = item.as<in6_pktinfo>();
          if (!info) return Failure{EINVAL};
          way.interface = static_cast<int>(info.value().ipi6_ifindex);
          way.source = net::from_in6(info.value().ipi6_addr);
          return Done{};
        }
        case IPV6_HOPLIMIT:
          return number(way.hops, -1);
        case IPV6_TCLASS:
          return number(way.traffic_class, -1);
        default:
          return Failure{kNotServed};
      }
    }
    return item.level == SOL_SOCKET || item.level == SOL_UDP ? Status(Failure{kNotServed}) : Status(Done{});
  });
  if (!read) return Failure{read.error()};
  return way;
}

// Whence a datagram to `target` goes, and by which interface: ip_route_output_key() in Linux's net/ipv4/route.c.
Result<net::Departure> UdpSocket::route(Target target, const Way& way) const {
  net::Fabric& fabric = host().kernel().fabric;
  net::Ip to = target.address.ip;
  const bool v4 = to.is_v4();
  if (v6() && v4 && endpoint_.v6_only) return Failure{ENETUNREACH};
  if (v6() && !v4 && endpoint_.address.is_v4()) return Failure{EAFNOSUPPORT};
  net::Ip source = way.source.is_any() ? source_ : way.source;
  if (source.is_v4() != v4) source = v4 ? net::Ip() : net::kAny6;
  if (to.is_any()) to = !v4 ? net::kLoopback6 : source.is_any() ? net::kLoopback : source;

  const bool multicast = to.is_multicast();
  int interface = way.interface != 0 ? way.interface : target.interface;
  if (multicast && interface == 0) interface = v4 ? multicast_interface_ : multicast_interface6_;
  if (interface != 0 && !is_interface(interface)) return Failure{ENODEV};
  if (multicast && v4 && source.is_any()) source = multicast_source_;
  if (!source.is_any() && !fabric.is_own(host().id(), source)) return Failure{v4 ? ENETUNREACH : EINVAL};
  const bool to_many = multicast || to.is_broadcast();
  if (to_many) {
    if (to == net::Ip(0x7FFFFFFF)) interface = net::kLoopbackInterface;
    if (interface == 0 && v4) interface = interface_with(source);
    if (interface == 0) interface = net::kNetworkInterface;
    if (!v4 && interface == net::kLoopbackInterface) return Failure{ENETUNREACH};  // lo has no route for groups
    if (source.is_any()) source = address_at(interface, v4);
  } else {
    interface = fabric.host_at(to, host().id()) == host().id() ? net::kLoopbackInterface : net::kNetworkInterface;
    if (const net::Route route = fabric.route(host().id(), to); route != net::Route::good)
      return Failure{net::error_of(route)};
    if (source.is_any()) source = fabric.source_for(host().id(), to);
  }
  // A loopback address never leaves the host; of IPv6, the receiver says so.
  if (v4 && source.is_loopback() && interface != net::kLoopbackInterface) return Failure{EINVAL};
  if (to.is_broadcast() && !options_.contains(SO_BROADCAST)) return Failure{EACCES};

  const IpOption hops = v4 ? (multicast ? IpOption::multicast_ttl : IpOption::ttl)
                           : (multicast ? IpOption::multicast_hops6 : IpOption::unicast_hops6);
  return net::Departure{.source = {source, endpoint_.port},
                        .destination = {to, target.address.port},
                        .interface = interface,
                        .hops = static_cast<std::uint8_t>(way.hops.value_or(ip_[hops])),
                        .traffic_class = static_cast<std::uint8_t>(
                            way.traffic_class.value_or(ip_[v4 ? IpOption::tos : IpOption::class6])),
                        .to_self_too = ip_[v4 ? IpOption::multicast_loop : IpOption::multicast_loop6] != 0};
}

// The order of the tests is that of inet_sendmsg(), udp_sendmsg() and __ip_append_data() in Linux.
Result<std::size_t> UdpSocket::send(const OutMessage& message) {
  constexpr int kWithoutEffect = MSG_NOSIGNAL | MSG_DONTWAIT | MSG_CONFIRM | MSG_DONTROUTE | MSG_EOR;
  if (const Status bound = ensure_bound(); !bound) return Failure{bound.error()};
  if ((message.flags & MSG_OOB) != 0 && !v6()) return Failure{EOPNOTSUPP};
  if ((message.flags & ~kWithoutEffect) != 0) return Failure{kNotServed};
  const std::size_t size = total_size(message.parts);
  constexpr std::size_t kMost = 0xFFFF;
  if (!v6() && size > kMost) return Failure{EMSGSIZE};

  Target target{.address = endpoint_.peer};
  const Address* to = message.to;
  if (v6() && to != nullptr) {
    if (to->length < sizeof(sa_family_t)) return Failure{EINVAL};
    if (to->family() == AF_UNSPEC)
      to = nullptr;
    else if (to->family() != AF_INET && to->family() != AF_INET6)
      return Failure{EINVAL};
  }
  if (to != nullptr) {
    const auto read = read_target(*to);
    if (!read) return Failure{read.error()};
    target = read.value();
    // udpv6_sendmsg(), as in connect().
    if (v6() && target.address.ip == net::kAny6 && endpoint_.address.is_v4()) target.address.ip = net::kLoopback;
    if (v6() && target.address.ip.is_v4() && !endpoint_.v6_only && size > kMost) return Failure{EMSGSIZE};
    if (target.address.port == 0) return Failure{EINVAL};
  } else if (!endpoint_.connected) {
    return Failure{EDESTADDRREQ};
  }
  const auto way = read_control(message.control);
  if (!way) return Failure{way.error()};
  const auto departure = route(target, way.value());
  if (!departure) return Failure{departure.error()};
  if (size > (departure.value().destination.ip.is_v4() ? kLargestV4 : kLargestV6)) return Failure{EMSGSIZE};
  if (const int error = take_error(); error != 0) return Failure{error};
  if ((shut_ & kShutWrite) != 0) return Failure{EPIPE};

  if (!is_readable(message.parts, size)) return Failure{EFAULT};
  net::Packet* packet = udp().room(size);
  packet->kind = Segment::datagram;
  gather(message.parts, packet->bytes());
  udp().send(endpoint_, packet, departure.value(), host().now());
  notify(kWritable,
         kNoEvent);  // sock_wfree() in Linux's net/core/sock.c: the buffer is free again as soon as it is sent
  return size;
}

// ---- receiving ----

// sock_read_iter() in Linux's net/socket.c: a read of nothing takes nothing.
Result<std::size_t> UdpSocket::read(std::span<const iovec> parts) {
  if (total_size(parts) == 0) return std::size_t{0};
  InMessage message{.parts = parts};
  return receive(message);
}

// The order of the tests is that of __skb_recv_udp() in Linux's net/ipv4/udp.c.
Result<std::size_t> UdpSocket::receive(InMessage& message) {
  constexpr int kWithoutEffect = MSG_NOSIGNAL | MSG_DONTWAIT | MSG_WAITALL | MSG_CMSG_CLOEXEC;
  if ((message.flags & MSG_ERRQUEUE) != 0) return Failure{EAGAIN};
  if ((message.flags & ~(kWithoutEffect | MSG_PEEK | MSG_TRUNC)) != 0) return Failure{kNotServed};
  if (const int error = take_error(); error != 0) return Failure{error};
  const net::Datagram* datagram = endpoint_.front();
  if (datagram == nullptr) {
    // Only who would wait is told that nothing is to be waited for.
    const bool waits = !nonblocking && (message.flags & MSG_DONTWAIT) == 0;
    if (waits && (shut_ & kShutRead) != 0) return std::size_t{0};
    return Failure{EAGAIN};
  }
  const std::size_t size = datagram->packet->size;
  if (!is_writable(message.parts, std::min(size, total_size(message.parts)))) {  // udp_recvmsg() drops it
    if ((message.flags & MSG_PEEK) == 0) udp().take(endpoint_);
    return Failure{EFAULT};
  }
  const std::size_t copied = scatter(datagram->packet->unread(), message.parts);
  if (copied < size) message.result_flags |= MSG_TRUNC;
  if (message.from != nullptr) *message.from = address_of(datagram->header.source, domain());
  write_control(datagram->header, message);
  host().last_read = datagram->event;
  if ((message.flags & MSG_PEEK) == 0) udp().take(endpoint_);
  return (message.flags & MSG_TRUNC) != 0 ? size : copied;
}

// udpv6_recvmsg() in Linux's net/ipv6/udp.c: a socket of AF_INET6 gives what was asked of IPv6, then, of a datagram
// over IPv4, what was asked of that.
void UdpSocket::write_control(const net::Departure& header, InMessage& message) const {
  ControlWriter control(message);
  const net::Ip to = header.destination.ip;
  if (v6() && ip_[IpOption::packet_info6] != 0) {
    in6_pktinfo info{};
    info.ipi6_addr = net::to_in6(to);
    info.ipi6_ifindex = static_cast<unsigned>(header.interface);
    control.put(IPPROTO_IPV6, IPV6_PKTINFO, info);
  }
  const int hops = header.hops;
  if (to.is_v4()) {
    if (ip_[IpOption::packet_info] != 0) {
      const bool to_one = !to.is_multicast() && !to.is_broadcast();
      in_pktinfo info{};
      info.ipi_ifindex = header.interface;
      info.ipi_spec_dst.s_addr = htonl((to_one ? to : address_at(header.interface, true)).v4());
      info.ipi_addr.s_addr = htonl(to.v4());
      control.put(IPPROTO_IP, IP_PKTINFO, info);
    }
    if (ip_[IpOption::receive_ttl] != 0) control.put(IPPROTO_IP, IP_TTL, hops);
    if (ip_[IpOption::receive_tos] != 0) control.put(IPPROTO_IP, IP_TOS, header.traffic_class);
  } else {
    if (ip_[IpOption::receive_hops6] != 0) control.put(IPPROTO_IPV6, IPV6_HOPLIMIT, hops);
    const int traffic_class = header.traffic_class;
    if (ip_[IpOption::receive_class6] != 0) control.put(IPPROTO_IPV6, IPV6_TCLASS, traffic_class);
  }
}

// first_packet_length() in Linux's net/ipv4/udp.c.
Result<int> UdpSocket::unread() {
  const net::Datagram* datagram = endpoint_.front();
  return datagram == nullptr ? 0 : static_cast<int>(datagram->packet->size);
}

}  // namespace stillpoint::kernel
