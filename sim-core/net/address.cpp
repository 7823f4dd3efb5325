#include "sim-core/net/address.hpp"

#include <arpa/inet.h>

#include <array>
#include <cstddef>

namespace stillpoint::net {
namespace {

constexpr std::uint64_t load(const unsigned char* bytes) {
  std::uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value = value << 8 | bytes[i];
  return value;
}

}  // namespace

std::string to_string(Ip ip) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (ip.is_v4()) {
    const in_addr address{htonl(ip.v4())};
    return inet_ntop(AF_INET, &address, text.data(), text.size());
  }
  const in6_addr address = to_in6(ip);
  return inet_ntop(AF_INET6, &address, text.data(), text.size());
}

std::optional<Ip> parse_ip(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string terminated(text);
  in_addr v4{};
  if (inet_pton(AF_INET, terminated.c_str(), &v4) == 1) return Ip(ntohl(v4.s_addr));
  in6_addr v6{};
  if (inet_pton(AF_INET6, terminated.c_str(), &v6) == 1) return from_in6(v6);
  return std::nullopt;
}

in6_addr to_in6(Ip ip) {
  in6_addr address{};
  for (unsigned i = 0; i < 8; ++i) {
    address.s6_addr[i] = static_cast<unsigned char>(ip.high() >> (56 - 8 * i));
    address.s6_addr[8 + i] = static_cast<unsigned char>(ip.low() >> (56 - 8 * i));
  }
  return address;
}

Ip from_in6(const in6_addr& address) { return Ip::v6(load(address.s6_addr), load(address.s6_addr + 8)); }

}  // namespace stillpoint::net
