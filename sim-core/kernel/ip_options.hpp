#pragma once
// The options of levels IPPROTO_IP and IPPROTO_IPV6 that are plain numbers (ip(7), ipv6(7)), as a datagram socket has
// them: their first values, their ranges, and how long a value must be.
#include <array>
#include <cstdint>

#include "sim-core/base/result.hpp"

namespace stillpoint::kernel {

// In the order of the table in ip_options.cpp.
enum class IpOption : std::uint8_t {
  ttl,
  tos,
  multicast_ttl,
  multicast_loop,
  multicast_all,
  packet_info,
  receive_ttl,
  receive_tos,
  mtu_discover,
  unicast_hops6,
  multicast_hops6,
  multicast_loop6,
  multicast_all6,
  packet_info6,
  receive_hops6,
  receive_class6,
  class6,
  mtu_discover6,
};
constexpr std::size_t kIpOptions = static_cast<std::size_t>(IpOption::mtu_discover6) + 1;

class IpOptions {
 public:
  IpOptions();
  int operator[](IpOption option) const { return values_[static_cast<std::size_t>(option)]; }

  // ENOENT: not an option of this table.
  Result<int> get(int level, int name) const;
  // ENOENT; EINVAL (out of its range, or too short).
  Status set(int level, int name, const void* value, std::size_t length);

 private:
  std::array<int, kIpOptions> values_;
};

}  // namespace stillpoint::kernel
