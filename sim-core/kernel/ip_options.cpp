#include "sim-core/kernel/ip_options.hpp"

#include <netinet/in.h>

#include <cstring>

#ifndef IPV6_MULTICAST_ALL
#define IPV6_MULTICAST_ALL 29  // linux/in6.h
#endif

namespace stillpoint::kernel {
namespace {

// What a value becomes: a flag is 0 or 1; a byte wraps around.
enum class Kind { flag, number, byte };

struct Row {
  int level;
  int name;
  Kind kind;
  int first;
  int lowest;
  int highest;
  bool minus_one = false;  // -1 brings `first` back
};

// do_ip_setsockopt() in Linux's net/ipv4/ip_sockglue.c, do_ipv6_setsockopt() in net/ipv6/ipv6_sockglue.c.
constexpr Row kRows[] = {
    {IPPROTO_IP, IP_TTL, Kind::number, 64, 1, 255, true},
    {IPPROTO_IP, IP_TOS, Kind::byte, 0, 0, 0},
    {IPPROTO_IP, IP_MULTICAST_TTL, Kind::number, 1, 0, 255, true},
    {IPPROTO_IP, IP_MULTICAST_LOOP, Kind::flag, 1, 0, 0},
    {IPPROTO_IP, IP_MULTICAST_ALL, Kind::number, 1, 0, 1},
    {IPPROTO_IP, IP_PKTINFO, Kind::flag, 0, 0, 0},
    {IPPROTO_IP, IP_RECVTTL, Kind::flag, 0, 0, 0},
    {IPPROTO_IP, IP_RECVTOS, Kind::flag, 0, 0, 0},
    {IPPROTO_IP, IP_MTU_DISCOVER, Kind::number, IP_PMTUDISC_WANT, IP_PMTUDISC_DONT, IP_PMTUDISC_OMIT},
    {IPPROTO_IPV6, IPV6_UNICAST_HOPS, Kind::number, 64, 0, 255, true},
    {IPPROTO_IPV6, IPV6_MULTICAST_HOPS, Kind::number, 1, 0, 255, true},
    {IPPROTO_IPV6, IPV6_MULTICAST_LOOP, Kind::number, 1, 0, 1},
    {IPPROTO_IPV6, IPV6_MULTICAST_ALL, Kind::flag, 1, 0, 0},
    {IPPROTO_IPV6, IPV6_RECVPKTINFO, Kind::flag, 0, 0, 0},
    {IPPROTO_IPV6, IPV6_RECVHOPLIMIT, Kind::flag, 0, 0, 0},
    {IPPROTO_IPV6, IPV6_RECVTCLASS, Kind::flag, 0, 0, 0},
    {IPPROTO_IPV6, IPV6_TCLASS, Kind::number, 0, 0, 255, true},
    {IPPROTO_IPV6, IPV6_MTU_DISCOVER, Kind::number, IPV6_PMTUDISC_WANT, IPV6_PMTUDISC_DONT, IPV6_PMTUDISC_OMIT},
};
static_assert(std::size(kRows) == kIpOptions);

Result<std::size_t> find(int level, int name) {
  for (std::size_t i = 0; i < kIpOptions; ++i) {
    if (kRows[i].level == level && kRows[i].name == name) return i;
  }
  return Failure{ENOENT};
}

}  // namespace

IpOptions::IpOptions() {
  for (std::size_t i = 0; i < kIpOptions; ++i) values_[i] = kRows[i].first;
}

Result<int> IpOptions::get(int level, int name) const {
  const auto found = find(level, name);
  if (!found) return Failure{found.error()};
  return values_[found.value()];
}

Status IpOptions::set(int level, int name, const void* value, std::size_t length) {
  const auto found = find(level, name);
  if (!found) return Failure{found.error()};
  const Row& row = kRows[found.value()];
  int number = 0;
  if (length >= sizeof number) {
    std::memcpy(&number, value, sizeof number);
  } else if (level == IPPROTO_IPV6) {
    return Failure{EINVAL};
  } else if (length >= 1) {  // ip(7): a byte will do
    unsigned char byte;
    std::memcpy(&byte, value, sizeof byte);
    number = byte;
  } else if (row.minus_one || name == IP_MULTICAST_ALL || name == IP_MULTICAST_LOOP) {
    return Failure{EINVAL};
  }
  if (row.kind == Kind::flag) number = number != 0;
  if (row.kind == Kind::byte) number &= 0xFF;
  if (row.kind == Kind::number) {
    if (number == -1 && row.minus_one) number = row.first;
    if (number < row.lowest || number > row.highest) return Failure{EINVAL};
  }
  values_[found.value()] = number;
  return Done{};
}

}  // namespace stillpoint::kernel
