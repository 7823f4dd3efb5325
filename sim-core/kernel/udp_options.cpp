// The options of a UDP socket: getsockopt(2) and setsockopt(2).
#include <netinet/udp.h>

#include <algorithm>
#include <cstring>

#include "sim-core/kernel/host.hpp"
#include "sim-core/kernel/kernel.hpp"
#include "sim-core/kernel/udp_socket.hpp"

namespace stillpoint::kernel {
namespace {

constexpr std::uint32_t kLargestBuffer = 4 * 1024 * 1024;  // net.core.rmem_max and wmem_max, as of Linux 6.17

template <typename Value>
Result<Value> read_value(std::span<const std::byte> bytes) {
  if (bytes.size() < sizeof(Value)) return Failure{EINVAL};
  Value value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

// sk_getsockopt(): as much as there is room for.
template <typename Value>
Status write_value(const Value& from, void* value, socklen_t* length) {
  if (static_cast<int>(*length) < 0) return Failure{EINVAL};
  const std::size_t copied = std::min<std::size_t>(sizeof from, *length);
  std::memcpy(value, &from, copied);
  *length = static_cast<socklen_t>(copied);
  return Done{};
}

net::Ip ip_of(in_addr address) { return net::Ip(ntohl(address.s_addr)); }

bool is_flag(int name) {
  switch (name) {
    case SO_REUSEADDR:
    case SO_REUSEPORT:
    case SO_KEEPALIVE:
    case SO_BROADCAST:
    case SO_DONTROUTE:
    case SO_OOBINLINE:
      return true;
    default:
      return false;
  }
}

}  // namespace

Result<int> UdpSocket::get_socket_option(int name) {
  const auto set = options_.find(name);
  if (set != options_.end()) return set->second;
  if (is_flag(name)) return 0;
  switch (name) {
    case SO_ERROR:
      return take_error();
    case SO_TYPE:
      return SOCK_DGRAM;
    case SO_DOMAIN:
      return domain();
    case SO_PROTOCOL:
      return IPPROTO_UDP;
    case SO_ACCEPTCONN:
      return 0;
    case SO_SNDBUF:
    case SO_RCVBUF:
      return static_cast<int>(net::UdpEndpoint::kDefaultBuffer);
    case SO_RCVLOWAT:
    case SO_SNDLOWAT:
      return 1;
    default:
      return Failure{unserved_option(SOL_SOCKET, name)};
  }
}

Status UdpSocket::set_socket_option(int name, int value) {
  if (is_flag(name)) {
    if (value != 0) {
      options_[name] = 1;
    } else {
      options_.erase(name);
    }
    if (name == SO_REUSEADDR) endpoint_.reuse_address = value != 0;
    if (name == SO_REUSEPORT) endpoint_.reuse_port = value != 0;
    return Done{};
  }
  switch (name) {
    case SO_TYPE:
    case SO_DOMAIN:
    case SO_PROTOCOL:
    case SO_ERROR:
    case SO_ACCEPTCONN:
    case SO_SNDLOWAT:
      return Failure{ENOPROTOOPT};  // can only be read
    case SO_SNDBUF:
    case SO_RCVBUF:
      break;
    default:
      return Failure{unserved_option(SOL_SOCKET, name)};
  }
  // socket(7): the kernel doubles the value, and has a smallest one.
  const auto taken = static_cast<int>(std::min(static_cast<std::uint32_t>(value), kLargestBuffer));
  options_[name] = std::max(2 * taken, name == SO_SNDBUF ? 4608 : 2304);
  if (name == SO_SNDBUF) notify(kWritable, kNoEvent);
  if (name == SO_RCVBUF) endpoint_.receive_buffer = static_cast<std::size_t>(options_[name]);
  return Done{};
}

Status UdpSocket::get_option(int level, int name, void* value, socklen_t* length) {
  if (level == SOL_SOCKET) {
    if (name == SO_LINGER) return write_value(lingering_, value, length);
    if (name == SO_RCVTIMEO || name == SO_SNDTIMEO) return write_value(timeout(name), value, length);
    const auto number = get_socket_option(name);
    if (!number) return Failure{number.error()};
    return write_value(number.value(), value, length);
  }
  if (level == SOL_UDP) return Failure{unserved_option(level, name)};
  if (level != IPPROTO_IP && (level != IPPROTO_IPV6 || !v6())) return Failure{v6() ? ENOPROTOOPT : EOPNOTSUPP};
  if (level == IPPROTO_IP && name == IP_MULTICAST_IF)
    return write_value(in_addr{htonl(multicast_source_.v4())}, value, length);
  if (level == IPPROTO_IPV6 && name == IPV6_MULTICAST_IF) return write_value(multicast_interface6_, value, length);
  if (level == IPPROTO_IPV6 && name == IPV6_V6ONLY) return write_value(int{endpoint_.v6_only}, value, length);
  const auto number = ip_.get(level, name);
  if (!number) return Failure{unserved_option(level, name)};
  // do_ip_getsockopt(): a value that fits a byte is given as one, where there is room for no more.
  if (level == IPPROTO_IP && *length > 0 && *length < sizeof(int) && number.value() <= 255)
    return write_value(static_cast<unsigned char>(number.value()), value, length);
  return write_value(number.value(), value, length);
}

Status UdpSocket::set_option(int level, int name, const void* value, socklen_t length) {
  const std::span<const std::byte> bytes(static_cast<const std::byte*>(value), length);
  if (level == SOL_SOCKET) {
    const auto number = read_value<int>(bytes);
    if (!number) return Failure{number.error()};
    if (name == SO_RCVTIMEO || name == SO_SNDTIMEO) return set_timeout(name, value, length);
    if (name == SO_LINGER) {
      const auto wanted = changed_linger(lingering_, value, length);
      if (!wanted) return Failure{wanted.error()};
      lingering_ = wanted.value();
      return Done{};
    }
    return set_socket_option(name, number.value());
  }
  if (level == SOL_UDP) return Failure{unserved_option(level, name)};
  if (level != IPPROTO_IP && (level != IPPROTO_IPV6 || !v6())) return Failure{ENOPROTOOPT};
  if (level == IPPROTO_IPV6 && name == IPV6_V6ONLY) {
    const auto number = read_value<int>(bytes);
    if (!number || endpoint_.port != 0) return Failure{EINVAL};
    endpoint_.v6_only = number.value() != 0;
    return Done{};
  }
  const Status set = ip_.set(level, name, value, length);
  if (!set && set.error() == ENOENT) return set_groups_option(level, name, bytes);
  endpoint_.all_groups_v4 = ip_[IpOption::multicast_all] != 0;
  endpoint_.all_groups_v6 = ip_[IpOption::multicast_all6] != 0;
  return set;
}

// ---- groups ----

Status UdpSocket::set_groups_option(int level, int name, std::span<const std::byte> value) {
  if (name == MCAST_JOIN_GROUP || name == MCAST_LEAVE_GROUP) {  // RFC 3678
    const auto request = read_value<group_req>(value);
    if (!request) return Failure{EINVAL};
    Address group{.storage = request.value().gr_group, .length = sizeof(sockaddr_storage)};
    const auto read = internet_address(group, level == IPPROTO_IP ? AF_INET : AF_INET6);
    if (!read) return Failure{level == IPPROTO_IP ? EINVAL : EADDRNOTAVAIL};
    return change_membership(level, name, read.value().ip, static_cast<int>(request.value().gr_interface), {});
  }
  if (level == IPPROTO_IP) {
    switch (name) {
      case IP_ADD_MEMBERSHIP:
      case IP_DROP_MEMBERSHIP: {
        const auto request = read_value<ip_mreq>(value);
        if (!request) return Failure{EINVAL};
        const auto numbered = read_value<ip_mreqn>(value);
        return change_membership(level, name == IP_ADD_MEMBERSHIP ? MCAST_JOIN_GROUP : MCAST_LEAVE_GROUP,
                                 ip_of(request.value().imr_multiaddr), numbered ? numbered.value().imr_ifindex : 0,
                                 ip_of(request.value().imr_interface));
      }
      case IP_MULTICAST_IF:
        return set_multicast_interface(value);
      default:
        return Failure{unserved_option(level, name)};
    }
  }
  switch (name) {
    case IPV6_JOIN_GROUP:
    case IPV6_LEAVE_GROUP: {
      const auto request = read_value<ipv6_mreq>(value);
      if (!request) return Failure{EINVAL};
      return change_membership(level, name == IPV6_JOIN_GROUP ? MCAST_JOIN_GROUP : MCAST_LEAVE_GROUP,
                               net::from_in6(request.value().ipv6mr_multiaddr),
                               static_cast<int>(request.value().ipv6mr_interface), {});
    }
    case IPV6_MULTICAST_IF: {
      const auto interface = read_value<int>(value);
      if (!interface) return Failure{EINVAL};
      if (interface.value() != 0 && interface.value() != net::kLoopbackInterface &&
          interface.value() != net::kNetworkInterface)
        return Failure{ENODEV};
      multicast_interface6_ = interface.value();
      return Done{};
    }
    default:
      return Failure{unserved_option(level, name)};
  }
}

// ip_mc_join_group() and ip_mc_leave_group() in Linux's net/ipv4/igmp.c; ipv6_sock_mc_join() in net/ipv6/mcast.c.
Status UdpSocket::change_membership(int level, int name, net::Ip group, int interface, net::Ip chosen_by) {
  if (name == MCAST_LEAVE_GROUP) {
    return udp().leave(endpoint_, [&](const net::UdpBinding::Membership& joined) {
      if (joined.group != group) return false;
      if (interface != 0) return joined.interface == interface;
      return chosen_by.is_any() || joined.chosen_by == chosen_by;
    });
  }
  if (!group.is_multicast() || group.is_v4() != (level == IPPROTO_IP)) return Failure{EINVAL};
  int on = interface;
  if (on == 0) on = chosen_by.is_any() ? net::kNetworkInterface : interface_with(chosen_by);
  if (on != net::kLoopbackInterface && on != net::kNetworkInterface) return Failure{ENODEV};
  return udp().join(endpoint_, {.group = group, .interface = on, .chosen_by = chosen_by});
}

// IP_MULTICAST_IF in ip(7): an address, or a structure with an address and an interface's number.
Status UdpSocket::set_multicast_interface(std::span<const std::byte> value) {
  ip_mreqn request{};
  if (const auto numbered = read_value<ip_mreqn>(value)) {
    request = numbered.value();
  } else if (const auto named = read_value<ip_mreq>(value)) {
    request.imr_address = named.value().imr_interface;
  } else if (const auto address = read_value<in_addr>(value)) {
    request.imr_address = address.value();
  } else {
    return Failure{EINVAL};
  }
  const net::Ip address = ip_of(request.imr_address);
  int interface = request.imr_ifindex;
  if (interface == 0 && !address.is_any()) interface = interface_with(address);
  const bool known = interface == net::kLoopbackInterface || interface == net::kNetworkInterface;
  if (!known && (interface != 0 || !address.is_any())) return Failure{EADDRNOTAVAIL};
  multicast_interface_ = interface;
  multicast_source_ = address;
  return Done{};
}

}  // namespace stillpoint::kernel
