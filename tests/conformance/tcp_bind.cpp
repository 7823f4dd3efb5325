// Who may hold a port: SO_REUSEADDR, SO_REUSEPORT, TIME_WAIT, addresses, IP_BIND_ADDRESS_NO_PORT.
#include <netinet/tcp.h>
#include <unistd.h>

#include <optional>

#include "tests/conformance/world.hpp"

namespace stillpoint::test {
namespace {

constexpr std::uint32_t kSecond = 0x7F000002;  // 127.0.0.2

struct Wish {
  bool reuse_address = false;
  bool reuse_port = false;
  std::uint32_t ip = INADDR_LOOPBACK;
  int port = 0;
};

int made(World& w, const Wish& wish) {
  const int fd = w.socket();
  if (wish.reuse_address) w.set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (wish.reuse_port) w.set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
  return fd;
}

// The socket, and what bind said.
struct Bound {
  int fd;
  std::string said;
};
Bound bound(World& w, const Wish& wish) {
  const int fd = made(w, wish);
  return {fd, w.bind(fd, wish.ip, wish.port)};
}

std::string listen(int fd, int backlog = 8) { return result(::listen(fd, backlog)); }

// Two sockets at one port, with all that they can wish for.
void pairs(World& w, bool listening) {
  for (const bool first_address : {false, true}) {
    for (const bool second_address : {false, true}) {
      const Bound first = bound(w, {.reuse_address = first_address});
      if (listening) w.note("listen", listen(first.fd));
      const int port = w.port_of(first.fd);
      w.note("the same", bound(w, {.reuse_address = second_address, .port = port}).said);
      w.note("any", bound(w, {.reuse_address = second_address, .ip = INADDR_ANY, .port = port}).said);
      w.note("another", bound(w, {.reuse_address = second_address, .ip = kSecond, .port = port}).said);
    }
  }
}
void bound_and_bound(World& w) { pairs(w, false); }
void listening_and_bound(World& w) { pairs(w, true); }

void any_and_specific(World& w) {
  const Bound any = bound(w, {.ip = INADDR_ANY});
  const int port = w.port_of(any.fd);
  w.note("specific", bound(w, {.port = port}).said);
  w.note("reusing", bound(w, {.reuse_address = true, .port = port}).said);
  w.set(any.fd, SOL_SOCKET, SO_REUSEADDR, 1);
  w.note("both reusing", bound(w, {.reuse_address = true, .port = port}).said);
}

void reuse_address_is_asked_for_in_time(World& w) {
  const Bound first = bound(w, {.reuse_address = true});
  const int second = w.socket();
  w.note("before", w.bind(second, INADDR_LOOPBACK, w.port_of(first.fd)));
  w.set(second, SOL_SOCKET, SO_REUSEADDR, 1);
  w.note("after", w.bind(second, INADDR_LOOPBACK, w.port_of(first.fd)));
  w.note("bound twice", w.bind(second, INADDR_LOOPBACK, w.port_of(first.fd)));
}

void two_listen_where_one_may(World& w) {
  const Bound first = bound(w, {.reuse_address = true});
  const Bound second = bound(w, {.reuse_address = true, .port = w.port_of(first.fd)});
  w.note("second", second.said);
  w.note("second listens", listen(second.fd));
  w.note("first listens", listen(first.fd));
  w.close(second.fd);
  w.note("first listens then", listen(first.fd));
}

void ports_shared(World& w) {
  const Bound first = bound(w, {.reuse_port = true});
  const int port = w.port_of(first.fd);
  w.note("listens", listen(first.fd));
  const Bound second = bound(w, {.reuse_port = true, .port = port});
  w.note("second", second.said);
  w.note("second listens", listen(second.fd));
  w.note("without", bound(w, {.port = port}).said);
  w.note("with the other option", bound(w, {.reuse_address = true, .port = port}).said);
  w.note("with both", bound(w, {.reuse_address = true, .reuse_port = true, .port = port}).said);
}

void every_connection_of_a_group_is_accepted_once(World& w) {
  const Bound first = bound(w, {.reuse_port = true});
  const Bound second = bound(w, {.reuse_port = true, .port = w.port_of(first.fd)});
  listen(first.fd, 64);
  listen(second.fd, 64);
  for (int i = 0; i < 40; ++i) w.connect(w.socket(), first.fd);
  w.settle();
  int of_first = 0;
  int of_second = 0;
  while (w.accept(first.fd) == "fd") ++of_first;
  while (w.accept(second.fd) == "fd") ++of_second;
  w.note("all", std::to_string(of_first + of_second));
  w.note("both get some", of_first > 0 && of_second > 0);
}

void a_group_loses_a_member(World& w) {
  const Bound first = bound(w, {.reuse_port = true});
  const Bound second = bound(w, {.reuse_port = true, .port = w.port_of(first.fd)});
  listen(first.fd, 64);
  listen(second.fd, 64);
  w.close(first.fd);
  for (int i = 0; i < 10; ++i) w.connect(w.socket(), second.fd);
  w.settle();
  int accepted = 0;
  while (w.accept(second.fd) == "fd") ++accepted;
  w.note("the other serves all", std::to_string(accepted));
}

void specific_before_any(World& w) {
  const Bound any = bound(w, {.reuse_port = true, .ip = INADDR_ANY});
  const int port = w.port_of(any.fd);
  const Bound specific = bound(w, {.reuse_port = true, .port = port});
  w.note("bind", specific.said);
  listen(any.fd);
  listen(specific.fd);
  for (const std::uint32_t ip : {std::uint32_t{INADDR_LOOPBACK}, kSecond}) {
    w.connect(w.socket(), ip, port);
    w.settle();
    w.note("specific", w.accept(specific.fd));
    w.note("any", w.accept(any.fd));
  }
}

// Who closed first is in TIME_WAIT.
struct Closed {
  int server_port;
  int user_port;
};
Closed after_close(World& w, bool server_first, bool reuse_address) {
  const Bound listener = bound(w, {.reuse_address = reuse_address});
  listen(listener.fd);
  const auto [user, server] = w.connected_to(listener.fd);
  const Closed ports{w.port_of(listener.fd), w.port_of(user)};
  w.close(listener.fd);
  w.close(server_first ? server : user);
  w.settle();
  w.close(server_first ? user : server);
  w.settle();
  return ports;
}

void server_closes_first(World& w) {
  const Closed ports = after_close(w, true, false);
  w.note("without", bound(w, {.port = ports.server_port}).said);
  w.note("with", bound(w, {.reuse_address = true, .port = ports.server_port}).said);
  w.note("user's port", bound(w, {.port = ports.user_port}).said);
}

void server_with_reuse_closes_first(World& w) {
  const Closed ports = after_close(w, true, true);
  w.note("without", bound(w, {.port = ports.server_port}).said);
  const Bound again = bound(w, {.reuse_address = true, .port = ports.server_port});
  w.note("with", again.said);
  w.note("listen", listen(again.fd));
  const auto [user, server] = w.connected_to(again.fd);
  w.note("serve", w.send(user, "x"));
}

void user_closes_first(World& w) {
  const Closed ports = after_close(w, false, false);
  w.note("server's port", bound(w, {.port = ports.server_port}).said);
  w.note("user's port", bound(w, {.port = ports.user_port}).said);
  w.note("user's port, reusing", bound(w, {.reuse_address = true, .port = ports.user_port}).said);
}

void both_close_at_once(World& w) {
  const int listener = w.listener();
  const auto [user, server] = w.connected_to(listener);
  const int port = w.port_of(user);
  w.shutdown(user, SHUT_WR);
  w.shutdown(server, SHUT_WR);
  w.settle();
  w.note("user", w.ready(user));
  w.note("server", w.ready(server));
  w.note("user's peer", w.remote(user));
  w.note("user receives", w.receive(user));
  w.close(user);
  w.close(server);
  w.settle();
  w.note("somebody waits", w.bind(w.socket(), INADDR_LOOPBACK, port));
}

void a_reset_leaves_nothing(World& w) {
  const Bound listener = bound(w, {});
  listen(listener.fd);
  const auto [user, server] = w.connected_to(listener.fd);
  const int server_port = w.port_of(listener.fd);
  const int user_port = w.port_of(user);
  w.close(listener.fd);
  const linger at_once{1, 0};
  setsockopt(server, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  w.close(server);
  w.settle();
  w.note("server's port", bound(w, {.port = server_port}).said);
  w.note("user's port", bound(w, {.port = user_port}).said);
}

void a_half_closed_end_holds_its_port(World& w) {
  const Bound listener = bound(w, {});
  listen(listener.fd);
  const auto [user, server] = w.connected_to(listener.fd);
  const int port = w.port_of(listener.fd);
  w.close(listener.fd);
  w.close(server);
  w.settle();
  w.note("while the user is open", bound(w, {.port = port}).said);
  w.close(user);
  w.settle();
  w.note("and after it", bound(w, {.port = port}).said);
}

void bound_socket_keeps_its_port(World& w) {
  const int listener = w.listener();
  const Bound user = bound(w, {});
  const int port = w.port_of(user.fd);
  w.connect(user.fd, listener);
  w.settle();
  w.accept(listener);
  w.close(w.last());
  w.settle();
  w.shutdown(user.fd, SHUT_WR);
  w.settle();
  w.note("over for both, and open", bound(w, {.port = port}).said);
  w.note("its name", w.local(user.fd));
  w.close(user.fd);
  w.note("closed", bound(w, {.port = port}).said);
}

void connected_port_cannot_be_bound(World& w) {
  const auto [user, server] = w.connected();
  const int port = w.port_of(user);
  w.note("without", bound(w, {.port = port}).said);
  w.note("with", bound(w, {.reuse_address = true, .port = port}).said);
  w.note("another address", bound(w, {.ip = kSecond, .port = port}).said);
  w.set(user, SOL_SOCKET, SO_REUSEADDR, 1);
  w.note("both", bound(w, {.reuse_address = true, .port = port}).said);
}

void one_port_to_two_places(World& w) {
  const int first = w.listener();
  const int second = w.listener();
  const Bound one = bound(w, {.reuse_address = true});
  const Bound other = bound(w, {.reuse_address = true, .port = w.port_of(one.fd)});
  w.note("bind", other.said);
  w.note("to the first", w.connect(one.fd, first));
  w.settle();
  w.note("to the first again", w.connect(other.fd, first));
  w.note("to the second", w.connect(other.fd, second));
  w.settle();
  w.note("first", w.accept(first));
  w.note("second", w.accept(second));
  w.note("one port", w.port_of(one.fd) == w.port_of(other.fd));
}

void address_without_port(World& w) {
  const int listener = w.listener();
  const int fd = w.socket();
  w.note("set", w.set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1));
  w.note("get", w.get(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT));
  w.note("bind", w.bind(fd, kSecond, 0));
  w.note("no port yet", w.local(fd));
  w.note("bind again", w.bind(fd, kSecond, 0));
  w.note("connect", w.connect(fd, listener));
  w.settle();
  w.note("local", w.local(fd));
  w.accept(listener);
  w.note("peer", w.remote(w.last()));
}

void address_without_port_listens(World& w) {
  const int fd = w.socket();
  w.set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
  w.bind(fd, INADDR_LOOPBACK, 0);
  w.note("listen", listen(fd));
  w.note("local", w.local(fd));
  w.note("connect", w.connect(w.socket(), fd));
}

void listens_without_bind(World& w) {
  const int fd = w.socket();
  w.note("listen", listen(fd));
  w.note("local", w.local(fd));
  w.connect(w.socket(), INADDR_LOOPBACK, w.port_of(fd));
  w.settle();
  w.note("accept", w.accept(fd));
  w.note("server", w.local(w.last()));
}

void refused_connect_and_its_port(World& w) {
  const int gone = w.listener();
  const int port = w.port_of(gone);
  w.close(gone);
  const Bound user = bound(w, {});
  const int own = w.port_of(user.fd);
  w.connect(user.fd, INADDR_LOOPBACK, port);
  w.settle();
  w.note("error", w.pending_error(user.fd));
  w.note("name", w.local(user.fd));
  w.note("its port is held", bound(w, {.port = own}).said);
  w.close(user.fd);
  w.note("and given back", bound(w, {.port = own}).said);
}

void ephemeral_ports_are_all_different(World& w) {
  std::vector<int> ports;
  for (int i = 0; i < 50; ++i) ports.push_back(w.port_of(bound(w, {}).fd));
  bool in_range = true;
  bool different = true;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    in_range = in_range && ports[i] >= 32768 && ports[i] <= 60999;
    for (std::size_t j = 0; j < i; ++j) different = different && ports[i] != ports[j];
  }
  w.note("in range", in_range);
  w.note("different", different);
}

void two_listeners_and_their_ends(World& w) {
  const Bound first = bound(w, {});
  listen(first.fd);
  const int port = w.port_of(first.fd);
  const Bound second = bound(w, {.ip = kSecond, .port = port});
  w.note("second", second.said);
  w.note("listens", listen(second.fd));
  w.close(first.fd);
  const int late = w.socket();
  w.connect(late, INADDR_LOOPBACK, port);
  w.settle();
  w.note("to the first", w.pending_error(late));
  const int good = w.socket();
  w.connect(good, kSecond, port);
  w.settle();
  w.note("to the second", w.ready(good));
}

constexpr Case kCases[] = {
    {"two bound sockets", bound_and_bound},
    {"a listener and a bound socket", listening_and_bound},
    {"any address and a specific one", any_and_specific},
    {"SO_REUSEADDR is asked for in time", reuse_address_is_asked_for_in_time},
    {"two listen where one may", two_listen_where_one_may},
    {"SO_REUSEPORT", ports_shared},
    {"every connection of a group is accepted once", every_connection_of_a_group_is_accepted_once},
    {"a group loses a member", a_group_loses_a_member},
    {"a specific address comes before any", specific_before_any},
    {"TIME_WAIT at the server", server_closes_first},
    {"TIME_WAIT at a server that reuses its address", server_with_reuse_closes_first},
    {"TIME_WAIT at the user", user_closes_first},
    {"both close at once", both_close_at_once},
    {"a reset leaves nothing", a_reset_leaves_nothing},
    {"a half-closed end holds its port", a_half_closed_end_holds_its_port},
    {"a bound socket keeps its port", bound_socket_keeps_its_port},
    {"a connected port cannot be bound", connected_port_cannot_be_bound},
    {"one port to two places", one_port_to_two_places},
    {"an address without a port", address_without_port},
    {"an address without a port listens", address_without_port_listens},
    {"listening without bind", listens_without_bind},
    {"a refused connect and its port", refused_connect_and_its_port},
    {"ephemeral ports are all different", ephemeral_ports_are_all_different},
    {"two listeners and their ends", two_listeners_and_their_ends}};

const Suite kSuite("tcp_bind", kCases);

}  // namespace

}  // namespace stillpoint::test
