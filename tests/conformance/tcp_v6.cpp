// TCP over IPv6, and sockets of both families.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <cstring>

#include "tests/conformance/world.hpp"

namespace stillpoint::test {
namespace {

sockaddr_in6 address6(const char* text, int port) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(static_cast<std::uint16_t>(port));
  inet_pton(AF_INET6, text, &address.sin6_addr);
  return address;
}
const sockaddr* generic(const sockaddr_in6& address) { return reinterpret_cast<const sockaddr*>(&address); }

int socket6(World& w) { return w.keep(::socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)); }
std::string bind6(int fd, const char* text, int port) {
  const sockaddr_in6 address = address6(text, port);
  return result(::bind(fd, generic(address), sizeof address));
}
std::string connect6(int fd, const char* text, int port) {
  const sockaddr_in6 address = address6(text, port);
  return result(::connect(fd, generic(address), sizeof address));
}
using Name = int (*)(int, sockaddr*, socklen_t*);
std::string name6(Name get, int fd) {
  sockaddr_in6 address{};
  socklen_t length = sizeof address;
  if (get(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) return result(-1);
  if (address.sin6_family != AF_INET6) return "of another family";
  char text[INET6_ADDRSTRLEN];
  inet_ntop(AF_INET6, &address.sin6_addr, text, sizeof text);
  return std::string(text) + (address.sin6_port == 0 ? " 0" : " port");
}
int port6(int fd) {
  sockaddr_in6 address{};
  socklen_t length = sizeof address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  return ntohs(address.sin6_port);
}
int listener6(World& w, const char* text, int only = 0, int port = 0) {
  const int fd = socket6(w);
  w.set(fd, IPPROTO_IPV6, IPV6_V6ONLY, only);
  const std::string said = bind6(fd, text, port);
  if (said != "0" || ::listen(fd, 8) != 0) w.note("listener", said);
  return fd;
}

void fresh(World& w) {
  const int fd = socket6(w);
  w.note("local", name6(getsockname, fd));
  w.note("remote", name6(getpeername, fd));
  w.note("domain", w.get(fd, SOL_SOCKET, SO_DOMAIN) == std::to_string(AF_INET6));
  w.note("only", w.get(fd, IPPROTO_IPV6, IPV6_V6ONLY));
  w.note("ready", w.ready(fd));
}

void echo6(World& w) {
  const int listener = listener6(w, "::1");
  const int user = socket6(w);
  w.note("connect", connect6(user, "::1", port6(listener)));
  w.settle();
  w.note("accept", w.accept(listener));
  const int server = w.last();
  w.note("user", name6(getsockname, user));
  w.note("peer", name6(getpeername, user));
  w.note("server", name6(getsockname, server));
  w.note("server's peer", name6(getpeername, server));
  w.note("send", w.send(user, "over six"));
  w.settle();
  w.note("receive", w.receive(server));
  w.close(server);
  w.settle();
  w.note("end", w.receive(user));
}

void refused6(World& w) {
  const int gone = listener6(w, "::1");
  const int port = port6(gone);
  w.close(gone);
  const int user = socket6(w);
  w.note("connect", connect6(user, "::1", port));
  w.settle();
  w.note("error", w.pending_error(user));
}

void dual_stack(World& w) {
  const int listener = listener6(w, "::");
  const int v4 = w.socket();
  w.note("v4 connects", w.connect(v4, INADDR_LOOPBACK, port6(listener)));
  w.settle();
  w.note("accept", w.accept(listener));
  w.note("server", name6(getsockname, w.last()));
  w.note("its peer", name6(getpeername, w.last()));
  w.note("user's peer", w.remote(v4));
  const int v6 = socket6(w);
  connect6(v6, "::1", port6(listener));
  w.settle();
  w.note("accept the other", w.accept(listener));
  w.note("its peer", name6(getpeername, w.last()));
}

void accept_tells_mapped(World& w) {
  const int listener = listener6(w, "::");
  w.connect(w.socket(), INADDR_LOOPBACK, port6(listener));
  w.settle();
  sockaddr_in6 address{};
  socklen_t length = sizeof address;
  w.keep(accept4(listener, reinterpret_cast<sockaddr*>(&address), &length, SOCK_NONBLOCK));
  char text[INET6_ADDRSTRLEN];
  inet_ntop(AF_INET6, &address.sin6_addr, text, sizeof text);
  w.note("address", text);
  w.note("length", std::to_string(length));
}

void only_v6(World& w) {
  const int listener = listener6(w, "::", 1);
  const int v4 = w.socket();
  w.connect(v4, INADDR_LOOPBACK, port6(listener));
  w.settle();
  w.note("v4", w.pending_error(v4));
  const int v6 = socket6(w);
  connect6(v6, "::1", port6(listener));
  w.settle();
  w.note("v6", w.ready(v6));
}

void only_v6_is_set_before_bind(World& w) {
  const int fd = socket6(w);
  w.note("set", w.set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1));
  w.note("get", w.get(fd, IPPROTO_IPV6, IPV6_V6ONLY));
  w.note("bind", bind6(fd, "::", 0));
  w.note("set late", w.set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0));
  w.note("still", w.get(fd, IPPROTO_IPV6, IPV6_V6ONLY));
}

void both_families_on_one_port(World& w) {
  const int six = listener6(w, "::", 1);
  const int four = w.socket();
  w.note("bind", w.bind(four, INADDR_ANY, port6(six)));
  w.note("listen", result(::listen(four, 8)));
  const int v4 = w.socket();
  w.connect(v4, INADDR_LOOPBACK, port6(six));
  const int v6 = socket6(w);
  connect6(v6, "::1", port6(six));
  w.settle();
  w.note("four", w.accept(four));
  w.note("four again", w.accept(four));
  w.note("six", w.accept(six));
  w.note("six again", w.accept(six));
}

void dual_stack_holds_both(World& w) {
  const int dual = listener6(w, "::");
  const int port = port6(dual);
  w.note("v4 any", w.bind(w.socket(), INADDR_ANY, port));
  w.note("v4 loopback", w.bind(w.socket(), INADDR_LOOPBACK, port));
  const int only = socket6(w);
  w.set(only, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  w.note("v6 only", bind6(only, "::1", port));
}

void v4_held_and_dual_stack(World& w) {
  const int four = w.listener();
  const int port = w.port_of(four);
  w.note("dual", bind6(socket6(w), "::", port));
  const int only = socket6(w);
  w.set(only, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  w.note("v6 only", bind6(only, "::", port));
  w.note("v6 loopback", bind6(socket6(w), "::1", port));
}

void mapped_addresses(World& w) {
  const int listener = w.listener();
  const int user = socket6(w);
  w.note("connect", connect6(user, "::ffff:127.0.0.1", w.port_of(listener)));
  w.settle();
  w.note("local", name6(getsockname, user));
  w.note("remote", name6(getpeername, user));
  w.accept(listener);
  w.note("server's peer", w.remote(w.last()));
  w.send(w.last(), "to six");
  w.settle();
  w.note("receive", w.receive(user));
}

void mapped_and_only_v6(World& w) {
  const int listener = w.listener();
  const int user = socket6(w);
  w.set(user, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  w.note("connect", connect6(user, "::ffff:127.0.0.1", w.port_of(listener)));
  w.note("bind", bind6(user, "::ffff:127.0.0.1", 0));
}

void bound_to_mapped(World& w) {
  const int listener = listener6(w, "::ffff:127.0.0.1");
  w.note("name", name6(getsockname, listener));
  const int v4 = w.socket();
  w.connect(v4, INADDR_LOOPBACK, port6(listener));
  w.settle();
  w.note("v4", w.accept(listener));
  const int v6 = socket6(w);
  connect6(v6, "::1", port6(listener));
  w.settle();
  w.note("v6", w.pending_error(v6));
}

void to_any6(World& w) {
  const int listener = listener6(w, "::");
  const int user = socket6(w);
  w.note("connect", connect6(user, "::", port6(listener)));
  w.settle();
  w.note("accept", w.accept(listener));
  w.note("peer", name6(getpeername, user));
}

void wrong_families(World& w) {
  const int listener = w.listener();
  const int six = socket6(w);
  const sockaddr_in four = address_of(INADDR_LOOPBACK, w.port_of(listener));
  w.note("bind", result(::bind(six, reinterpret_cast<const sockaddr*>(&four), sizeof four)));
  const sockaddr_in6 address = address6("::1", 9);
  w.note("too short", result(::bind(six, generic(address), 20)));
  w.note("v4 socket", result(::connect(w.socket(), generic(address), sizeof address)));
  w.note("not ours", bind6(six, "2001:db8::1", 0));
}

void options6(World& w) {
  const int four = w.socket();
  w.note("set on v4", w.set(four, IPPROTO_IPV6, IPV6_V6ONLY, 1));
  w.note("get on v4", w.get(four, IPPROTO_IPV6, IPV6_V6ONLY));
  const int six = socket6(w);
  w.note("hops", w.get(six, IPPROTO_IPV6, IPV6_UNICAST_HOPS));
  w.note("set", w.set(six, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 9));
  w.note("hops after", w.get(six, IPPROTO_IPV6, IPV6_UNICAST_HOPS));
  w.note("too many", w.set(six, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 256));
  w.note("class", w.get(six, IPPROTO_IPV6, IPV6_TCLASS));
  w.note("ttl of six", w.get(six, IPPROTO_IP, IP_TTL));
}

void v4_comes_before_dual_stack(World& w) {
  const int dual = socket6(w);
  const int four = w.socket();
  w.set(dual, SOL_SOCKET, SO_REUSEPORT, 1);
  w.set(four, SOL_SOCKET, SO_REUSEPORT, 1);
  bind6(dual, "::", 0);
  w.note("bind", w.bind(four, INADDR_ANY, port6(dual)));
  w.note("dual", result(::listen(dual, 8)));
  w.note("four", result(::listen(four, 8)));
  const int v6 = socket6(w);
  connect6(v6, "::1", port6(dual));
  w.settle();
  w.note("v6 goes to dual", w.accept(dual));
}

constexpr Case kCases[] = {{"a fresh socket", fresh},
                           {"echo", echo6},
                           {"refused", refused6},
                           {"dual stack", dual_stack},
                           {"accept tells a mapped address", accept_tells_mapped},
                           {"IPV6_V6ONLY", only_v6},
                           {"IPV6_V6ONLY is set before bind", only_v6_is_set_before_bind},
                           {"both families on one port", both_families_on_one_port},
                           {"dual stack holds both", dual_stack_holds_both},
                           {"IPv4 held, and dual stack", v4_held_and_dual_stack},
                           {"mapped addresses", mapped_addresses},
                           {"a mapped address, and IPv6 only", mapped_and_only_v6},
                           {"bound to a mapped address", bound_to_mapped},
                           {"to any address", to_any6},
                           {"the wrong family", wrong_families},
                           {"options", options6},
                           {"IPv6 beside IPv4 in a group", v4_comes_before_dual_stack}};

const Suite kSuite("tcp_v6", kCases);

}  // namespace

}  // namespace stillpoint::test
