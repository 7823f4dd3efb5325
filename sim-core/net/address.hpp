#pragma once
// IPv4 addresses and ports in host byte order, as the model uses them; interpose/ and kernel/ translate to and from
// sockaddr.
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stillpoint::net {

struct Ip {
  std::uint32_t value = 0;
  friend constexpr auto operator<=>(Ip, Ip) = default;
  // 127.0.0.0/8 leads back to the host itself.
  constexpr bool is_loopback() const { return (value >> 24) == 127; }
  constexpr bool is_any() const { return value == 0; }
};

struct SocketAddress {
  Ip ip;
  std::uint16_t port = 0;
  friend constexpr auto operator<=>(SocketAddress, SocketAddress) = default;
  // As events carry it: address << 16 | port.
  constexpr std::uint64_t packed() const { return std::uint64_t{ip.value} << 16 | port; }
};

constexpr Ip kLoopback{0x7F000001};

std::string to_string(Ip ip);
std::optional<Ip> parse_ip(std::string_view text);

}  // namespace stillpoint::net
