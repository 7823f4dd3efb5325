#pragma once
// Internet addresses and ports in host byte order, as the model uses them; interpose/ translates to and from sockaddr.
//
// There is one kind of address, of 128 bits. An IPv4 address is its IPv4-mapped form ::ffff:a.b.c.d (RFC
// 4291, 2.5.5.2), which is also how a dual-stack socket names an IPv4 peer; whether a program sees it as AF_INET or
// AF_INET6 is the socket's matter.
#include <netinet/in.h>

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stillpoint::net {

class Ip {
 public:
  // 0.0.0.0
  constexpr Ip() = default;
  // An IPv4 address in host byte order.
  constexpr Ip(std::uint32_t v4) : low_(kMapped | v4) {}
  static constexpr Ip v6(std::uint64_t high, std::uint64_t low) {
    Ip ip;
    ip.high_ = high;
    ip.low_ = low;
    return ip;
  }
  friend constexpr auto operator<=>(Ip, Ip) = default;

  constexpr bool is_v4() const { return high_ == 0 && (low_ >> 32) == (kMapped >> 32); }
  // The last 32 bits: all of an IPv4 address.
  constexpr std::uint32_t v4() const { return static_cast<std::uint32_t>(low_); }
  constexpr std::uint64_t high() const { return high_; }
  constexpr std::uint64_t low() const { return low_; }

  // 127.0.0.0/8 and ::1 lead back to the host itself.
  constexpr bool is_loopback() const { return is_v4() ? (v4() >> 24) == 127 : high_ == 0 && low_ == 1; }
  constexpr bool is_any() const { return is_v4() ? v4() == 0 : high_ == 0 && low_ == 0; }
  constexpr bool is_multicast() const { return is_v4() ? (v4() >> 28) == 0xE : (high_ >> 56) == 0xFF; }
  // Limited broadcast, and that of the loopback network.
  constexpr bool is_broadcast() const { return is_v4() && (v4() == 0xFFFFFFFF || v4() == 0x7FFFFFFF); }

 private:
  static constexpr std::uint64_t kMapped = std::uint64_t{0xFFFF} << 32;
  std::uint64_t high_ = 0;
  std::uint64_t low_ = kMapped;
};

struct SocketAddress {
  Ip ip;
  std::uint16_t port = 0;
  friend constexpr auto operator<=>(SocketAddress, SocketAddress) = default;
  // As events carry it: the last 32 bits of the address << 16 | port, and bit 48 for an IPv6 address.
  constexpr std::uint64_t packed() const {
    return (ip.is_v4() ? 0 : std::uint64_t{1} << 48) | std::uint64_t{ip.v4()} << 16 | port;
  }
};

constexpr Ip kLoopback{0x7F000001};
constexpr Ip kLoopback6 = Ip::v6(0, 1);
constexpr Ip kAny6 = Ip::v6(0, 0);

// A host has two interfaces, numbered as on a Linux machine with one network card: "lo", "eth0".
constexpr int kLoopbackInterface = 1;
constexpr int kNetworkInterface = 2;

// The IPv6 address of a host with this IPv4 address: fd00::a.b.c.d, of the unique local range (RFC 4193).
constexpr Ip v6_of(Ip v4) { return Ip::v6(std::uint64_t{0xFD} << 56, v4.v4()); }

// "10.0.0.1", "fd00::a00:1".
std::string to_string(Ip ip);
// Either form. Zones ("%eth0") are not taken.
std::optional<Ip> parse_ip(std::string_view text);
in6_addr to_in6(Ip ip);
Ip from_in6(const in6_addr& address);

}  // namespace stillpoint::net
