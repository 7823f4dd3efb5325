// socket(2): what can be made, and why not; and the options of level SOL_SOCKET on a datagram socket.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/conformance/udp_world.hpp"

namespace stillpoint::test {
namespace {

std::string made(World& w, int domain, int type, int protocol) {
  const int fd = w.keep(::socket(domain, type, protocol));
  return fd < 0 ? result(fd) : "fd";
}

void families(World& w) {
  // Those that no machine has by now, or none without a device of its kind.
  for (const int family : {-1, 0, 3, 5, 9, 12, 13, 14, 18, 22, 25, 26, 28, 46, 99, 1'000'000})
    w.note("family " + std::to_string(family), made(w, family, SOCK_DGRAM, 0));
  w.note("and a bad type", made(w, 99, 11, 0));
  w.note("and bad flags", made(w, 99, 0x100, 0));
}

void types(World& w) {
  for (const int domain : {AF_INET, AF_INET6}) {
    for (const int type : {int{SOCK_STREAM}, int{SOCK_DGRAM}, 0, 6, 7, 8, 9, 11, 12, 15, -1})
      w.note("type " + std::to_string(type), made(w, domain, type, 0));
    w.note("rdm", made(w, domain, SOCK_RDM, 0));
    w.note("raw without a protocol", made(w, domain, SOCK_RAW, 0));
    w.note("raw with no protocol there is", made(w, domain, SOCK_RAW, 300));
  }
}

void protocols(World& w) {
  for (const int domain : {AF_INET, AF_INET6}) {
    for (const int protocol :
         {0, int{IPPROTO_TCP}, int{IPPROTO_UDP}, int{IPPROTO_IGMP}, int{IPPROTO_GRE}, 255, 256, 263, 1'000, -1}) {
      w.note("stream of " + std::to_string(protocol), made(w, domain, SOCK_STREAM, protocol));
      w.note("datagrams of " + std::to_string(protocol), made(w, domain, SOCK_DGRAM, protocol));
    }
    w.note("stream of icmp", made(w, domain, SOCK_STREAM, IPPROTO_ICMP));
    w.note("datagrams of the other icmp",
           made(w, domain, SOCK_DGRAM, domain == AF_INET ? int{IPPROTO_ICMPV6} : int{IPPROTO_ICMP}));
    w.note("rdm of udp", made(w, domain, SOCK_RDM, IPPROTO_UDP));
  }
}

void flags(World& w) {
  w.note("non-blocking", made(w, AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0));
  w.note("close on exec", made(w, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  for (const int flag : {0x10, 0x20, 0x100, 0x1000, 0x100000})
    w.note("flag " + std::to_string(flag), made(w, AF_INET, SOCK_DGRAM | flag, 0));
  const int waits = udp(w, AF_INET, 0);
  w.note("waits", (fcntl(waits, F_GETFL) & O_NONBLOCK) == 0);
  const int does_not = udp(w);
  w.note("does not", (fcntl(does_not, F_GETFL) & O_NONBLOCK) != 0);
}

void what_it_is(World& w) {
  struct Kind {
    int domain;
    int type;
  };
  for (const Kind kind : {Kind{AF_INET, SOCK_DGRAM}, {AF_INET6, SOCK_DGRAM}, {AF_INET, SOCK_STREAM}}) {
    const int fd = w.keep(::socket(kind.domain, kind.type | SOCK_NONBLOCK, 0));
    w.note("type", w.get(fd, SOL_SOCKET, SO_TYPE));
    w.note("domain", w.get(fd, SOL_SOCKET, SO_DOMAIN));
    w.note("protocol", w.get(fd, SOL_SOCKET, SO_PROTOCOL));
    w.note("listens", w.get(fd, SOL_SOCKET, SO_ACCEPTCONN));
    w.note("error", w.get(fd, SOL_SOCKET, SO_ERROR));
    if (kind.type != SOCK_DGRAM) continue;
    for (const int option : {SO_TYPE, SO_DOMAIN, SO_PROTOCOL, SO_ERROR, SO_ACCEPTCONN})
      w.note("set", w.set(fd, SOL_SOCKET, option, 1));
  }
}

void options(World& w) {
  struct Option {
    const char* name;
    int number;
  };
  constexpr Option kOptions[] = {{"reuseaddr", SO_REUSEADDR}, {"reuseport", SO_REUSEPORT}, {"keepalive", SO_KEEPALIVE},
                                 {"broadcast", SO_BROADCAST}, {"dontroute", SO_DONTROUTE}, {"oobinline", SO_OOBINLINE}};
  const int fd = udp(w);
  for (const Option& option : kOptions) {
    w.note(option.name, w.get(fd, SOL_SOCKET, option.number));
    w.note("set to 7", w.set(fd, SOL_SOCKET, option.number, 7));
    w.note("it is", w.get(fd, SOL_SOCKET, option.number));
    w.note("set to 0", w.set(fd, SOL_SOCKET, option.number, 0));
    w.note("it is now", w.get(fd, SOL_SOCKET, option.number));
    const int one = 1;
    w.note("short", result(setsockopt(fd, SOL_SOCKET, option.number, &one, 3)));
  }
  w.note("low water", w.get(fd, SOL_SOCKET, SO_RCVLOWAT) + ' ' + w.get(fd, SOL_SOCKET, SO_SNDLOWAT));
  linger lingering{1, 1};
  socklen_t length = sizeof lingering;
  w.note("linger", result(getsockopt(fd, SOL_SOCKET, SO_LINGER, &lingering, &length)));
  w.note("is off", lingering.l_onoff == 0 && lingering.l_linger == 0 && length == sizeof lingering);
}

void unknown_options(World& w) {
  for (const int domain : {AF_INET, AF_INET6, AF_UNIX}) {
    const int fd = w.keep(::socket(domain, SOCK_DGRAM, 0));
    for (const int level : {SOL_SOCKET, int{IPPROTO_IP}, int{IPPROTO_IPV6}, int{IPPROTO_TCP}, int{IPPROTO_UDP}, 250}) {
      w.note("level " + std::to_string(level), w.set(fd, level, 9'999, 1));
      w.note("get", w.get(fd, level, 9'999));
    }
  }
}

void buffer_sizes(World& w) {
  const int fd = udp(w);
  for (const int option : {SO_SNDBUF, SO_RCVBUF}) {
    for (const int size : {10'000, 1, 0, 100'000}) {
      w.note("set", w.set(fd, SOL_SOCKET, option, size));
      w.note("it is", w.get(fd, SOL_SOCKET, option));
    }
  }
}

void wrong_kinds(World& w) {
  const int event = w.eventfd();
  const Endpoint to = at("127.0.0.1", 9);
  w.note("bind", result(::bind(event, to.get(), to.length)));
  w.note("connect", result(::connect(event, to.get(), to.length)));
  w.note("send", w.send(event, "x"));
  w.note("receive", w.receive(event));
  w.note("shutdown", w.shutdown(event, SHUT_RD));
  w.note("option", w.get(event, SOL_SOCKET, SO_TYPE));
  w.note("no descriptor", w.send(-1, "x"));
  w.note("nor to bind", result(::bind(-1, to.get(), to.length)));
}

constexpr Case kCases[] = {{"families", families},
                           {"types", types},
                           {"protocols", protocols},
                           {"flags", flags},
                           {"what it is", what_it_is},
                           {"options of datagram sockets", options},
                           {"unknown options of datagram sockets", unknown_options},
                           {"buffer sizes of datagram sockets", buffer_sizes},
                           {"wrong kinds of descriptors", wrong_kinds}};

const Suite kSuite("socket", kCases);

}  // namespace
}  // namespace stillpoint::test
