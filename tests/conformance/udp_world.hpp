#pragma once
// What the cases about datagrams share: sockets of both families, and addresses by their text.
#include <arpa/inet.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>

#include "tests/conformance/world.hpp"

namespace stillpoint::test {

struct Endpoint {
  sockaddr_storage storage{};
  socklen_t length = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// "127.0.0.1", "::1", "::ffff:127.0.0.1"; a text with a colon is of AF_INET6.
inline Endpoint at(const char* ip, int port) {
  Endpoint endpoint;
  if (std::strchr(ip, ':') == nullptr) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(static_cast<std::uint16_t>(port));
    inet_pton(AF_INET, ip, &in.sin_addr);
    std::memcpy(&endpoint.storage, &in, sizeof in);
    endpoint.length = sizeof in;
  } else {
    sockaddr_in6 in6{};
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(static_cast<std::uint16_t>(port));
    inet_pton(AF_INET6, ip, &in6.sin6_addr);
    std::memcpy(&endpoint.storage, &in6, sizeof in6);
    endpoint.length = sizeof in6;
  }
  return endpoint;
}

// "127.0.0.1:port", "[::1]:0", "none".
inline std::string text_of(const Endpoint& endpoint) {
  if (endpoint.length == 0) return "none";
  char text[INET6_ADDRSTRLEN];
  if (endpoint.storage.ss_family == AF_INET) {
    sockaddr_in in;
    std::memcpy(&in, &endpoint.storage, sizeof in);
    inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
    return std::string(text) + (in.sin_port == 0 ? ":0" : ":port");
  }
  sockaddr_in6 in6;
  std::memcpy(&in6, &endpoint.storage, sizeof in6);
  inet_ntop(AF_INET6, &in6.sin6_addr, text, sizeof text);
  return '[' + std::string(text) + (in6.sin6_port == 0 ? "]:0" : "]:port") + (in6.sin6_scope_id == 0 ? "" : "%scope");
}

inline int port_of(const Endpoint& endpoint) {
  sockaddr_in in;  // the port is at the same place in both families
  std::memcpy(&in, &endpoint.storage, sizeof in);
  return ntohs(in.sin_port);
}

inline Endpoint name_of(int fd) {
  Endpoint endpoint;
  endpoint.length = sizeof endpoint.storage;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&endpoint.storage), &endpoint.length) != 0) endpoint.length = 0;
  return endpoint;
}
inline std::string local(int fd) { return text_of(name_of(fd)); }
inline int port(int fd) { return port_of(name_of(fd)); }
inline std::string remote(int fd) {
  Endpoint endpoint;
  endpoint.length = sizeof endpoint.storage;
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&endpoint.storage), &endpoint.length) != 0) return result(-1);
  return text_of(endpoint);
}

inline int udp(World& w, int family = AF_INET, int flags = SOCK_NONBLOCK) {
  return w.keep(::socket(family, SOCK_DGRAM | SOCK_CLOEXEC | flags, 0));
}
inline std::string bind(int fd, const char* ip, int port = 0) {
  const Endpoint to = at(ip, port);
  return result(::bind(fd, to.get(), to.length));
}
inline std::string connect(int fd, const char* ip, int port) {
  const Endpoint to = at(ip, port);
  return result(::connect(fd, to.get(), to.length));
}
inline std::string disconnect(int fd) {
  sockaddr nobody{};
  nobody.sa_family = AF_UNSPEC;
  return result(::connect(fd, &nobody, sizeof nobody));
}
// A socket that is bound to the address.
inline int bound(World& w, const char* ip, int port = 0) {
  const int fd = udp(w, std::strchr(ip, ':') == nullptr ? AF_INET : AF_INET6);
  if (bind(fd, ip, port) != "0") w.note("socket", "cannot be bound");
  return fd;
}
// A port that surely nobody has.
inline int free_port(World& w, const char* ip = "127.0.0.1") {
  const int fd = bound(w, ip);
  const int number = port(fd);
  w.close(fd);
  return number;
}

inline std::string send_to(int fd, std::string_view bytes, const char* ip, int port, int flags = 0) {
  const Endpoint to = at(ip, port);
  return result(::sendto(fd, bytes.data(), bytes.size(), flags, to.get(), to.length));
}
// "abc" from 127.0.0.1:port
inline std::string receive_from(int fd, std::size_t most = 4096, int flags = 0) {
  std::string bytes(most, '\0');
  Endpoint from;
  from.length = sizeof from.storage;
  const ssize_t got =
      ::recvfrom(fd, bytes.data(), most, flags, reinterpret_cast<sockaddr*>(&from.storage), &from.length);
  if (got < 0) return result(got);
  bytes.resize(std::min(static_cast<std::size_t>(got), most));
  return '"' + bytes + "\" from " + text_of(from);
}

}  // namespace stillpoint::test
