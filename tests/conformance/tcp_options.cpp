// getsockopt(2) and setsockopt(2).
#include <netinet/tcp.h>

#include "tests/conformance/world.hpp"

namespace stillpoint::test {
namespace {

void what_a_socket_is(World& w) {
  const int fd = w.socket();
  w.note("type", w.get(fd, SOL_SOCKET, SO_TYPE));
  w.note("domain", w.get(fd, SOL_SOCKET, SO_DOMAIN));
  w.note("protocol", w.get(fd, SOL_SOCKET, SO_PROTOCOL));
  w.note("listens", w.get(fd, SOL_SOCKET, SO_ACCEPTCONN));
  w.note("a listener listens", w.get(w.listener(), SOL_SOCKET, SO_ACCEPTCONN));
}

void flags(World& w) {
  struct Option {
    const char* name;
    int level;
    int number;
  };
  constexpr Option kOptions[] = {{"reuseaddr", SOL_SOCKET, SO_REUSEADDR}, {"reuseport", SOL_SOCKET, SO_REUSEPORT},
                                 {"keepalive", SOL_SOCKET, SO_KEEPALIVE}, {"broadcast", SOL_SOCKET, SO_BROADCAST},
                                 {"dontroute", SOL_SOCKET, SO_DONTROUTE}, {"oobinline", SOL_SOCKET, SO_OOBINLINE},
                                 {"nodelay", IPPROTO_TCP, TCP_NODELAY}};
  for (const Option& option : kOptions) {
    const int fd = w.socket();
    w.note(option.name, w.get(fd, option.level, option.number));
    w.note("set to 7", w.set(fd, option.level, option.number, 7));
    w.note("it is", w.get(fd, option.level, option.number));
    w.note("set to 0", w.set(fd, option.level, option.number, 0));
    w.note("it is now", w.get(fd, option.level, option.number));
  }
}

void buffer_sizes(World& w) {
  const int fd = w.socket();
  for (const int option : {SO_SNDBUF, SO_RCVBUF}) {
    for (const int size : {10'000, 1, 0}) {
      w.note("set", w.set(fd, SOL_SOCKET, option, size));
      w.note("it is", w.get(fd, SOL_SOCKET, option));
    }
  }
}

void inherited(World& w) {
  const int listener = w.listener();
  w.set(listener, IPPROTO_TCP, TCP_NODELAY, 1);
  w.set(listener, SOL_SOCKET, SO_KEEPALIVE, 1);
  w.set(listener, SOL_SOCKET, SO_RCVBUF, 20'000);
  const auto [user, server] = w.connected_to(listener);
  w.note("nodelay", w.get(server, IPPROTO_TCP, TCP_NODELAY));
  w.note("keepalive", w.get(server, SOL_SOCKET, SO_KEEPALIVE));
  w.note("receive buffer", w.get(server, SOL_SOCKET, SO_RCVBUF));
  w.note("user's nodelay", w.get(user, IPPROTO_TCP, TCP_NODELAY));
}

void lengths(World& w) {
  const int fd = w.socket();
  int value = 1;
  w.note("too short", result(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &value, 3)));
  w.note("nothing", result(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &value, 0)));
  socklen_t length = 1;
  value = 0x7F7F7F7F;
  w.note("a byte", result(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &length)));
  w.note("its length", std::to_string(length));
  w.note("its value", std::to_string(value));
  linger lingering{1, 1};
  length = sizeof lingering;
  w.note("linger", result(getsockopt(fd, SOL_SOCKET, SO_LINGER, &lingering, &length)));
  w.note("is off", lingering.l_onoff == 0 && lingering.l_linger == 0);
  w.note("its size", std::to_string(length));
}

constexpr Case kCases[] = {{"what a socket is", what_a_socket_is},
                           {"flags", flags},
                           {"buffer sizes", buffer_sizes},
                           {"inherited options", inherited},
                           {"lengths of options", lengths}};

const Suite kSuite("tcp_options", kCases);

}  // namespace

}  // namespace stillpoint::test
