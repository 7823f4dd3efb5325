#pragma once
// What the calls about names of hosts share: asking the simulation's zone, and reading numeric addresses.
#include <arpa/inet.h>
#include <netdb.h>

#include <charconv>
#include <cstring>
#include <optional>
#include <string>

#include "sim-core/interpose/arguments.hpp"
#include "sim-core/interpose/waiting.hpp"
#include "sim-core/kernel/name_query.hpp"
#include "sim-core/net/names.hpp"

namespace stillpoint::interpose {

// ---- asking ----

inline net::NameAnswer after_latency(kernel::Host& host, const Call& call, const kernel::NameQuestion& question,
                                     net::NameAnswer answer) {
  if (answer.latency == Duration::zero()) return answer;
  require_sleep(host, call);
  return kernel::await_answer(host, question, std::move(answer));
}

inline net::NameAnswer addresses_of(kernel::Host& host, const Call& call, const char* name) {
  return after_latency(host, call, {.text = name}, host.kernel().names.addresses_of(host.name(), name));
}

inline net::NameAnswer name_of(kernel::Host& host, const Call& call, net::Ip address) {
  return after_latency(host, call, {net::to_string(address), kernel::NameQuestion::For::name},
                       host.kernel().names.name_of(host.name(), address));
}

// ---- numeric addresses ----

// As __inet_aton_exact: also "127.1" and "0x7f000001", but nothing behind it, where inet_aton(3) accepts a space.
inline std::optional<net::Ip> parse_v4(const char* text) {
  in_addr address{};
  if (std::strpbrk(text, " \t\n\v\f\r") != nullptr || inet_aton(text, &address) == 0) return std::nullopt;
  return net::Ip(ntohl(address.s_addr));
}

// The network interfaces of every host.
constexpr const char* kInterfaces[] = {"lo", "eth0"};

inline bool takes_zones(const in6_addr& address) {
  return IN6_IS_ADDR_LINKLOCAL(&address) || IN6_IS_ADDR_MC_LINKLOCAL(&address);
}

struct Numeric {
  net::Ip ip;
  int family = AF_INET;  // as it is written: ::ffff:1.2.3.4 is AF_INET6
  std::uint32_t scope = 0;
  int error = 0;
};

// An IPv4 or IPv6 address, with a zone (RFC 4007, 11): the name of an interface where the address is a link's, or a
// number. None if the text is no address; EAI_NONAME in it if the zone is none.
inline std::optional<Numeric> parse_numeric(const char* text) {
  if (const auto v4 = parse_v4(text)) return Numeric{*v4};
  const char* percent = std::strchr(text, '%');
  const std::string address = percent == nullptr ? std::string(text) : std::string(text, percent);
  in6_addr in6{};
  if (inet_pton(AF_INET6, address.c_str(), &in6) != 1) return std::nullopt;
  Numeric numeric{net::from_in6(in6), AF_INET6};
  if (percent == nullptr) return numeric;
  const std::string_view zone(percent + 1);
  if (takes_zones(in6)) {
    for (std::uint32_t i = 0; i < std::size(kInterfaces); ++i) {
      if (zone == kInterfaces[i]) numeric.scope = i + 1;
    }
    if (numeric.scope != 0) return numeric;
  }
  const auto [end, error] = std::from_chars(zone.data(), zone.data() + zone.size(), numeric.scope);
  if (error != std::errc() || end != zone.data() + zone.size()) numeric.error = EAI_NONAME;
  return numeric;
}

}  // namespace stillpoint::interpose
