#include "sim-core/kernel/socket.hpp"

#include <netinet/in.h>
#include <netinet/udp.h>

#include <algorithm>
#include <cstring>

namespace stillpoint::kernel {

Address address_of(net::SocketAddress address, int family) {
  Address result;
  if (family == AF_INET) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(address.port);
    in.sin_addr.s_addr = htonl(address.ip.v4());
    std::memcpy(&result.storage, &in, sizeof in);
    result.length = sizeof in;
  } else {
    sockaddr_in6 in6{};
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(address.port);
    in6.sin6_addr = net::to_in6(address.ip);
    std::memcpy(&result.storage, &in6, sizeof in6);
    result.length = sizeof in6;
  }
  return result;
}

Result<net::SocketAddress> internet_address(const Address& address, int family) {
  constexpr std::size_t kShortest6 = 24;  // SIN6_LEN_RFC2133: without the scope
  if (address.length < (family == AF_INET ? sizeof(sockaddr_in) : kShortest6)) return Failure{EINVAL};
  if (address.family() != family) return Failure{EAFNOSUPPORT};
  if (family == AF_INET) {
    sockaddr_in in;
    std::memcpy(&in, &address.storage, sizeof in);
    return net::SocketAddress{net::Ip(ntohl(in.sin_addr.s_addr)), ntohs(in.sin_port)};
  }
  sockaddr_in6 in6;
  std::memcpy(&in6, &address.storage, sizeof in6);
  return net::SocketAddress{net::from_in6(in6.sin6_addr), ntohs(in6.sin6_port)};
}

int unserved_option(int level, int name) {
  constexpr int kLastOfSocket = 90;
  constexpr int kLastOfTcp = 50;
  constexpr int kLastOfIp = 60;
  constexpr int kLastOfIpv6 = 85;
  const auto up_to = [name](int last) { return name > 0 && name <= last ? kNotServed : ENOPROTOOPT; };
  switch (level) {
    case SOL_SOCKET:
      return up_to(kLastOfSocket);
    case IPPROTO_TCP:
      return up_to(kLastOfTcp);
    case IPPROTO_UDP:
      return name == UDP_CORK || (name >= UDP_ENCAP && name <= UDP_GRO) ? kNotServed : ENOPROTOOPT;
    case IPPROTO_IP:
      return up_to(kLastOfIp);
    case IPPROTO_IPV6:
      return up_to(kLastOfIpv6);
    default:
      return ENOPROTOOPT;
  }
}

timeval Socket::timeout(int name) const {
  const std::optional<Duration>& duration = name == SO_RCVTIMEO ? receive_timeout : send_timeout;
  const auto us = duration ? std::chrono::duration_cast<std::chrono::microseconds>(*duration).count() : 0;
  return {.tv_sec = us / 1'000'000, .tv_usec = us % 1'000'000};
}

// sock_set_timeout() in Linux's net/core/sock.c.
Status Socket::set_timeout(int name, const void* value, socklen_t length) {
  if (length < sizeof(timeval)) return Failure{EINVAL};
  timeval time;
  std::memcpy(&time, value, sizeof time);
  if (time.tv_usec < 0 || time.tv_usec >= 1'000'000) return Failure{EDOM};
  constexpr std::int64_t kLongest_s = 100'000'000;
  const Duration duration =
      std::chrono::seconds(std::min<std::int64_t>(time.tv_sec, kLongest_s)) + std::chrono::microseconds(time.tv_usec);
  std::optional<Duration>& kept = name == SO_RCVTIMEO ? receive_timeout : send_timeout;
  if (time.tv_sec < 0) {
    kept = Duration::zero();  // not to wait at all
  } else if (duration == Duration::zero()) {
    kept.reset();
  } else {
    kept = duration;
  }
  return Done{};
}

Result<net::SocketAddress> internet_address_to_bind(const Address& address, int family) {
  const bool unspecified = family == AF_INET && address.length >= sizeof(sockaddr_in) && address.family() == AF_UNSPEC;
  if (!unspecified) return internet_address(address, family);
  Address typed = address;
  typed.storage.ss_family = AF_INET;
  const auto read = internet_address(typed, AF_INET);
  if (!read.value().ip.is_any()) return Failure{EAFNOSUPPORT};
  return read;
}

Result<linger> changed_linger(linger before, const void* value, socklen_t length) {
  linger wanted;
  if (length < sizeof wanted) return Failure{EINVAL};
  std::memcpy(&wanted, value, sizeof wanted);
  if (wanted.l_onoff == 0) return linger{0, before.l_linger};
  return linger{1, wanted.l_linger};
}

}  // namespace stillpoint::kernel
