#include "tests/conformance/random/caller.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace stillpoint::test {
namespace {

constexpr std::size_t kNameOffset = offsetof(sockaddr_un, sun_path);

// Names are of one length in every process, since the length of an address is observed.
std::string unix_name(int number) {
  return fmt::format("/tmp/stillpoint-random-{:08}-{}", getpid() % 100'000'000, number);
}

}  // namespace

std::string outcome(long value) { return value < 0 ? strerrorname_np(errno) : std::to_string(value); }

std::string readiness(std::uint32_t events) {
  struct Known {
    std::uint32_t event;
    const char* name;
  };
  constexpr Known kKnown[] = {{EPOLLIN, "IN"},         {EPOLLPRI, "PRI"},       {EPOLLOUT, "OUT"},
                              {EPOLLERR, "ERR"},       {EPOLLHUP, "HUP"},       {0x20, "NVAL"},
                              {EPOLLRDNORM, "RDNORM"}, {EPOLLRDBAND, "RDBAND"}, {EPOLLWRNORM, "WRNORM"},
                              {EPOLLWRBAND, "WRBAND"}, {EPOLLRDHUP, "RDHUP"}};
  std::string names;
  for (const Known& known : kKnown) {
    if ((events & known.event) != 0) names += (names.empty() ? "" : " ") + std::string(known.name);
  }
  return names.empty() ? "nothing" : names;
}

std::string runs(const char* bytes, std::size_t size) {
  std::string text;
  for (std::size_t begin = 0; begin < size;) {
    std::size_t end = begin + 1;
    while (end < size && bytes[end] == bytes[begin]) ++end;
    text += fmt::format("{}{}*{}", text.empty() ? "" : " ", bytes[begin], end - begin);
    begin = end;
  }
  return text;
}

std::string hex(const void* bytes, std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i)
    text += fmt::format("{}{:02x}", i == 0 ? "" : " ", static_cast<const unsigned char*>(bytes)[i]);
  return text;
}

std::string Place::text() const {
  std::string where = port_of_slot >= 0 ? fmt::format("the port of s{}", port_of_slot) : std::to_string(port);
  if (longer_by != 0) where += fmt::format(", length {:+}", longer_by);
  switch (kind) {
    case Kind::none:
      return "null";
    case Kind::v4:
      return fmt::format("{}.{}.{}.{}:{}", ip >> 24, ip >> 16 & 255, ip >> 8 & 255, ip & 255, where);
    case Kind::v6:
      return fmt::format("[{}]:{}", ip6, where);
    case Kind::abstract:
      return fmt::format("abstract name {}{}", name, longer_by != 0 ? where : "");
    case Kind::path:
      return fmt::format("path {}{}", name, longer_by != 0 ? where : "");
    case Kind::unnamed:
      return "AF_UNIX without a name";
    case Kind::unspecified:
      return "AF_UNSPEC";
  }
  return "";
}

std::string Caller::keep(int slot, int fd) {
  if (slots_.size() <= slot_(slot)) slots_.resize(slot_(slot) + 1, -1);
  slots_[slot_(slot)] = fd;
  return fd < 0 ? outcome(fd) : number(fd);
}

int Caller::port_of(int slot) const {
  if (slot < 0) return 0;
  sockaddr_storage own{};
  socklen_t length = sizeof own;
  if (getsockname(fd(slot), reinterpret_cast<sockaddr*>(&own), &length) != 0) return 0;
  if (own.ss_family != AF_INET && own.ss_family != AF_INET6) return 0;
  return ntohs(reinterpret_cast<const sockaddr_in&>(own).sin_port);  // at the same place in both
}

namespace {
int socket_option(int fd, int name) {
  int value = -1;
  socklen_t length = sizeof value;
  return getsockopt(fd, SOL_SOCKET, name, &value, &length) == 0 ? value : -1;
}
}  // namespace

int Caller::domain(int slot) const { return socket_option(fd(slot), SO_DOMAIN); }
int Caller::type(int slot) const { return socket_option(fd(slot), SO_TYPE); }

bool Caller::meets_itself(int slot, const Place& place) const {
  if (type(slot) != SOCK_STREAM) return false;
  return port_of(slot) != 0 && port_of(slot) == port_of(place.port_of_slot);
}

Caller::Resolved Caller::resolve(const Place& place) {
  Resolved resolved;
  int port = place.port;
  if (const int number = port_of(place.port_of_slot); number != 0) port = number;
  const auto put = [&](const auto& address, std::size_t length) {
    std::memcpy(&resolved.storage, &address, sizeof address);
    resolved.length = static_cast<socklen_t>(static_cast<int>(length) + place.longer_by);
  };
  switch (place.kind) {
    case Place::Kind::none:
      break;
    case Place::Kind::v4: {
      sockaddr_in in{};
      in.sin_family = AF_INET;
      in.sin_port = htons(static_cast<std::uint16_t>(port));
      in.sin_addr.s_addr = htonl(place.ip);
      put(in, sizeof in);
      break;
    }
    case Place::Kind::v6: {
      sockaddr_in6 in6{};
      in6.sin6_family = AF_INET6;
      in6.sin6_port = htons(static_cast<std::uint16_t>(port));
      inet_pton(AF_INET6, place.ip6.c_str(), &in6.sin6_addr);
      put(in6, sizeof in6);
      break;
    }
    case Place::Kind::abstract:
    case Place::Kind::path: {
      sockaddr_un un{};
      un.sun_family = AF_UNIX;
      const std::string name = unix_name(place.name);
      const bool abstract = place.kind == Place::Kind::abstract;
      name.copy(un.sun_path + (abstract ? 1 : 0), sizeof un.sun_path - 1);
      put(un, kNameOffset + name.size() + 1);
      break;
    }
    case Place::Kind::unnamed:
    case Place::Kind::unspecified: {
      sockaddr_un un{};
      un.sun_family = place.kind == Place::Kind::unnamed ? AF_UNIX : AF_UNSPEC;
      put(un, place.kind == Place::Kind::unnamed ? kNameOffset : sizeof(sockaddr_in));
      break;
    }
  }
  return resolved;
}

// A port of TCP and one of UDP are different things, even if their numbers are the same.
std::string Caller::port(int fd, std::uint16_t port) {
  if (port <= 1) return std::to_string(port);
  int type = 0;
  socklen_t length = sizeof type;
  getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length);
  const auto [place, fresh] = ports_.try_emplace({type, port});
  if (fresh) place->second = fmt::format("port {}", ports_.size());
  return place->second;
}

std::string Caller::shown(int fd, const sockaddr_storage& address, socklen_t length) {
  if (length == 0) return "none";
  char text[INET6_ADDRSTRLEN] = {};
  switch (address.ss_family) {
    case AF_INET: {
      const auto& in = reinterpret_cast<const sockaddr_in&>(address);
      inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
      return fmt::format("{}:{} ({})", text, port(fd, ntohs(in.sin_port)), length);
    }
    case AF_INET6: {
      const auto& in6 = reinterpret_cast<const sockaddr_in6&>(address);
      inet_ntop(AF_INET6, &in6.sin6_addr, text, sizeof text);
      return fmt::format("[{}]:{} scope {} ({})", text, port(fd, ntohs(in6.sin6_port)), in6.sin6_scope_id, length);
    }
    case AF_UNIX: {
      const auto& un = reinterpret_cast<const sockaddr_un&>(address);
      const std::size_t size = std::min<std::size_t>(length, sizeof un) - std::min<std::size_t>(length, kNameOffset);
      if (size == 0) return fmt::format("no name ({})", length);
      for (int name = 0; name < 8; ++name) {
        const std::string known = unix_name(name);
        if (size == known.size() + 1 && known == std::string_view(un.sun_path))
          return fmt::format("path {} ({})", name, length);
        if (size == known.size() + 1 && known == std::string_view(un.sun_path + 1, size - 1))
          return fmt::format("abstract name {} ({})", name, length);
      }
      const std::string unknown(un.sun_path, size);
      const auto found = std::ranges::find(autobound_, unknown);
      const auto place = found - autobound_.begin();
      if (found == autobound_.end()) autobound_.push_back(unknown);
      return fmt::format("some name, the {}. ({})", place + 1, length);
    }
    default:
      return fmt::format("family {} ({})", address.ss_family, length);
  }
}

}  // namespace stillpoint::test
