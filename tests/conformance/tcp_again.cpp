// TCP sockets that are used again: after a refusal, after an end, after connect(AF_UNSPEC); and what was shut before
// there was a connection.
#include <arpa/inet.h>
#include <unistd.h>

#include "tests/conformance/udp_world.hpp"
#include "tests/conformance/world.hpp"

namespace stillpoint::test {
namespace {

int tcp(World& w, int family = AF_INET) { return w.keep(::socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0)); }

// A port on which surely nobody listens.
int unused_port(World& w) {
  const int fd = tcp(w);
  bind(fd, "127.0.0.1");
  const int number = port(fd);
  w.close(fd);
  return number;
}
int refused(World& w) {
  const int fd = tcp(w);
  connect(fd, "127.0.0.1", unused_port(w));
  w.settle();
  return fd;
}
int listening(World& w, const char* ip, int family) {
  const int fd = tcp(w, family);
  if (bind(fd, ip) != "0" || ::listen(fd, 8) != 0) w.note("listener", "cannot be made");
  return fd;
}

// ---- what connect(AF_UNSPEC) leaves ----

void refusal_outlives_dissolving(World& w) {
  const int fd = refused(w);
  const int epoll = w.epoll();
  w.add(epoll, fd, EPOLLET, 1);
  w.note("events", w.events(epoll));
  w.note("none", w.events(epoll));
  w.note("dissolve", disconnect(fd));
  w.note("events again", w.events(epoll));
  w.note("ready", w.ready(fd));
  w.note("error", w.pending_error(fd));
  w.note("no error", w.pending_error(fd));
  w.note("ready after", w.ready(fd));
}

void reset_outlives_dissolving(World& w) {
  const auto [user, server] = w.connected();
  w.send(user, "unread");
  w.settle();
  w.close(server);
  w.settle();
  w.note("dissolve", disconnect(user));
  w.note("ready", w.ready(user));
  w.note("send", w.send(user, "x"));
  w.note("send again", w.send(user, "x"));
}

void error_that_was_read_does_not(World& w) {
  const int fd = refused(w);
  w.note("error", w.pending_error(fd));
  w.note("dissolve", disconnect(fd));
  w.note("ready", w.ready(fd));
  w.note("error after", w.pending_error(fd));
}

void open_connection_leaves_a_reset(World& w) {
  const auto [user, server] = w.connected();
  w.note("dissolve", disconnect(user));
  w.note("ready", w.ready(user));
  w.note("receive", w.receive(user));
  w.note("receive again", w.receive(user));
  w.settle();
  w.note("server", w.receive(server));
}

void next_connection_clears_it(World& w) {
  const int listener = w.listener();
  const int fd = refused(w);
  w.note("dissolve", disconnect(fd));
  w.note("connect", w.connect(fd, listener));
  w.settle();
  w.note("ready", w.ready(fd));
  w.note("error", w.pending_error(fd));
}

// ---- its address ----

void dissolved_accepted(World& w, const char* listens_at, int family, const char* connects_to) {
  const int listener = listening(w, listens_at, family);
  const int user = tcp(w, family);
  connect(user, connects_to, port(listener));
  w.settle();
  w.note("accept", w.accept(listener));
  const int server = w.last();
  w.note("local", local(server));
  w.note("dissolve", disconnect(server));
  w.note("local then", local(server));
  w.note("that of who connected", disconnect(user) + ' ' + local(user));
}
void accepted_at_an_address(World& w) { dissolved_accepted(w, "127.0.0.2", AF_INET, "127.0.0.2"); }
void accepted_at_all(World& w) { dissolved_accepted(w, "0.0.0.0", AF_INET, "127.0.0.3"); }
void accepted_at_an_address_of_v6(World& w) { dissolved_accepted(w, "::1", AF_INET6, "::1"); }
void accepted_at_all_of_v6(World& w) { dissolved_accepted(w, "::", AF_INET6, "::1"); }
void accepted_over_v4(World& w) { dissolved_accepted(w, "::", AF_INET6, "::ffff:127.0.0.3"); }

void accepted_and_connected(World& w) {
  const int listener = listening(w, "127.0.0.2", AF_INET);
  const int user = tcp(w);
  connect(user, "127.0.0.2", port(listener));
  w.settle();
  w.accept(listener);
  const int server = w.last();
  disconnect(server);
  w.pending_error(server);
  const int other = w.listener();
  w.note("connect", connect(server, "127.0.0.1", port(other)));
  w.settle();
  w.note("local", local(server));
  w.note("remote", remote(server));
}

// ---- connecting to nowhere in particular ----

void to_the_unspecified_address(World& w, const char* bound_to, int family, const char* to) {
  const int listener = listening(w, "127.0.0.1", AF_INET);
  const int fd = tcp(w, family);
  if (bound_to != nullptr) w.note("bind", bind(fd, bound_to));
  w.note("connect", connect(fd, to, port(listener)));
  w.settle();
  w.note("error", w.pending_error(fd));
  w.note("local", local(fd));
  w.note("remote", remote(fd));
}
void to_zero(World& w) { to_the_unspecified_address(w, nullptr, AF_INET, "0.0.0.0"); }
void to_zero_from_another(World& w) { to_the_unspecified_address(w, "127.0.0.2", AF_INET, "0.0.0.0"); }
void to_zero_of_both(World& w) { to_the_unspecified_address(w, "::ffff:127.0.0.2", AF_INET6, "::"); }
void to_mapped_zero(World& w) { to_the_unspecified_address(w, "::ffff:127.0.0.2", AF_INET6, "::ffff:0.0.0.0"); }

void to_zero_from_where_it_listens(World& w) {
  const int listener = listening(w, "127.0.0.2", AF_INET);
  const int fd = tcp(w);
  bind(fd, "127.0.0.2");
  w.note("connect", connect(fd, "0.0.0.0", port(listener)));
  w.settle();
  w.note("local", local(fd));
  w.note("remote", remote(fd));
}

// ---- one socket, both families ----

// What has tried IPv4 speaks nothing else any more: its SYN to an address of IPv6 gets no answer.
void v6_after_v4(World& w) {
  const int listener = listening(w, "::1", AF_INET6);
  const int fd = tcp(w, AF_INET6);
  w.note("over IPv4", connect(fd, "::ffff:127.0.0.1", unused_port(w)));
  w.settle();
  w.note("refused", connect(fd, "::1", port(listener)));
  w.note("over IPv6", connect(fd, "::1", port(listener)));
  w.settle();
  w.note("ready", w.ready(fd));
  w.note("receive", w.receive(fd));
  w.note("connect again", connect(fd, "::1", port(listener)));
  w.note("dissolve", disconnect(fd));
  const int other = w.listener();
  w.note("over IPv4 again", connect(fd, "::ffff:127.0.0.1", w.port_of(other)));
  w.settle();
  w.note("ready then", w.ready(fd));
}

void v6_after_v6(World& w) {
  const int listener = listening(w, "::1", AF_INET6);
  const int fd = tcp(w, AF_INET6);
  w.note("connect", connect(fd, "::1", unused_port(w)));
  w.settle();
  w.note("refused", connect(fd, "::1", port(listener)));
  w.note("connect again", connect(fd, "::1", port(listener)));
  w.settle();
  w.note("ready", w.ready(fd));
}

void v4_after_v6(World& w) {
  const int listener = w.listener();
  const int fd = tcp(w, AF_INET6);
  w.note("connect", connect(fd, "::1", unused_port(w)));
  w.settle();
  w.note("refused", connect(fd, "::ffff:127.0.0.1", w.port_of(listener)));
  w.note("connect again", connect(fd, "::ffff:127.0.0.1", w.port_of(listener)));
  w.settle();
  w.note("ready", w.ready(fd));
}

void bound_to_one_family(World& w) {
  const int listener = w.listener();
  const int as_v4 = tcp(w, AF_INET6);
  w.note("bind", bind(as_v4, "::ffff:127.0.0.1"));
  w.note("to IPv6", connect(as_v4, "::1", w.port_of(listener)));
  w.note("to all", connect(as_v4, "::", w.port_of(listener)));
  w.settle();
  w.note("remote", remote(as_v4));
  const int as_v6 = tcp(w, AF_INET6);
  w.note("bind to IPv6", bind(as_v6, "::1"));
  w.note("to IPv4", connect(as_v6, "::ffff:127.0.0.1", w.port_of(listener)));
  w.note("only", w.get(as_v6, IPPROTO_IPV6, IPV6_V6ONLY));
  const int only = tcp(w, AF_INET6);
  w.note("only IPv6", w.set(only, IPPROTO_IPV6, IPV6_V6ONLY, 1));
  w.note("bind to IPv4", bind(only, "::ffff:127.0.0.1"));
  w.note("connect to IPv4", connect(only, "::ffff:127.0.0.1", w.port_of(listener)));
  w.note("bind it", bind(only, "::1"));
  w.note("both, too late", w.set(only, IPPROTO_IPV6, IPV6_V6ONLY, 0));
}

// ---- after a refusal ----

void port_given_up_is_shown(World& w) {
  const int fd = refused(w);
  w.note("local", local(fd));
  w.note("asked", connect(fd, "127.0.0.1", unused_port(w)));
  w.note("local then", local(fd));
  const int bound_one = tcp(w);
  bind(bound_one, "127.0.0.2");
  const int chosen = port(bound_one);
  connect(bound_one, "127.0.0.1", unused_port(w));
  w.settle();
  w.note("asked, bound", connect(bound_one, "127.0.0.1", 1));
  w.note("local, bound", local(bound_one));
  w.note("the same port", port(bound_one) == chosen);
}

void bound_after_a_refusal(World& w) {
  const int fd = refused(w);
  w.note("bind to another's", bind(fd, "8.8.8.8"));
  w.note("local", local(fd));
  w.note("bind", bind(fd, "127.0.0.2"));
  w.note("local then", local(fd));
  w.note("bind again", bind(fd, "127.0.0.2"));
  w.note("listen", result(::listen(fd, 1)));
  w.note("asked", connect(fd, "127.0.0.1", unused_port(w)));
  w.note("listen then", result(::listen(fd, 1)));
}

void bound_after_the_end(World& w) {
  const auto [user, server] = w.connected();
  w.close(server);
  w.settle();
  w.shutdown(user, SHUT_WR);
  w.settle();
  const int taken = w.listener();
  w.note("bind to a taken port", bind(user, "127.0.0.1", w.port_of(taken)));
  w.note("local", local(user));
  w.note("bind", bind(user, "127.0.0.3"));
  w.note("local then", local(user));
  w.note("remote", remote(user));
  w.note("receive", w.receive(user));
  w.note("connect", w.connect(user, taken));
  w.note("dissolve", disconnect(user));
  w.note("connect then", w.connect(user, taken));
  w.settle();
  w.note("local at last", local(user));
}

void shut_after_a_refusal(World& w) {
  const int listener = w.listener();
  const int fd = refused(w);
  w.note("shutdown", w.shutdown(fd, SHUT_RDWR));
  w.note("connect", w.connect(fd, listener));
  w.note("connect again", w.connect(fd, listener));
  w.note("error", w.pending_error(fd));
  w.note("dissolve", disconnect(fd));
  w.note("connect then", w.connect(fd, listener));
  w.settle();
  w.note("ready", w.ready(fd));
}

// ---- shut too early ----

void shut_before_connecting(World& w, int how) {
  const int listener = w.listener();
  const int fd = w.socket();
  w.note("shutdown", w.shutdown(fd, how));
  w.note("ready", w.ready(fd));
  w.note("receive", w.receive(fd));
  w.note("connect", w.connect(fd, listener));
  w.settle();
  w.note("ready then", w.ready(fd));
  w.accept(listener);
  const int server = w.last();
  w.note("server", w.ready(server));
  w.note("send", w.send(fd, "x"));
  w.send(server, "hello");
  w.settle();
  w.note("receive then", w.receive(fd));
  w.note("receive the rest", w.receive(fd));
  w.note("shutdown then", w.shutdown(fd, SHUT_WR));
  w.settle();
  w.note("server at last", w.ready(server));
  w.note("it receives", w.receive(server));
}
void reading_shut_before_connecting(World& w) { shut_before_connecting(w, SHUT_RD); }
void writing_shut_before_connecting(World& w) { shut_before_connecting(w, SHUT_WR); }

void shut_before_listening(World& w, int how) {
  const int fd = w.socket();
  bind(fd, "127.0.0.1");
  w.note("shutdown", w.shutdown(fd, how));
  w.note("listen", result(::listen(fd, 4)));
  w.note("receive", w.receive(fd));
  const int user = w.socket();
  w.note("connect", w.connect(user, fd));
  w.settle();
  w.note("user", w.ready(user));
  w.note("accept", w.accept(fd));
  const int server = w.last();
  w.note("server", w.ready(server));
  w.note("user receives", w.receive(user));
  w.note("server sends", w.send(server, "x"));
  w.note("user sends", w.send(user, "hello"));
  w.settle();
  w.note("server receives", w.receive(server));
}
void reading_shut_before_listening(World& w) { shut_before_listening(w, SHUT_RD); }
void writing_shut_before_listening(World& w) { shut_before_listening(w, SHUT_WR); }

// ---- a listener that ends ----

void queued_connections_are_reset(World& w) {
  const int listener = w.listener();
  const int silent = w.socket();
  const int speaking = w.socket();
  const int done = w.socket();
  for (const int fd : {silent, speaking, done}) w.connect(fd, listener);
  w.settle();
  w.send(speaking, "hello");
  w.send(done, "goodbye");
  w.shutdown(done, SHUT_WR);
  w.settle();
  w.note("close", w.close(listener));
  w.settle();
  for (const int fd : {silent, speaking, done}) {
    w.note("ready", w.ready(fd));
    w.note("error", w.pending_error(fd));
    w.note("receive", w.receive(fd));
    w.note("remote", w.remote(fd));
  }
}

constexpr Case kCases[] = {{"a refusal outlives dissolving", refusal_outlives_dissolving},
                           {"a reset outlives dissolving", reset_outlives_dissolving},
                           {"an error that was read does not", error_that_was_read_does_not},
                           {"an open connection leaves a reset", open_connection_leaves_a_reset},
                           {"the next connection clears it", next_connection_clears_it},
                           {"dissolved, accepted at an address", accepted_at_an_address},
                           {"dissolved, accepted at all addresses", accepted_at_all},
                           {"dissolved, accepted at an address of IPv6", accepted_at_an_address_of_v6},
                           {"dissolved, accepted at all addresses of IPv6", accepted_at_all_of_v6},
                           {"dissolved, accepted over IPv4", accepted_over_v4},
                           {"accepted, dissolved and connected", accepted_and_connected},
                           {"to 0.0.0.0", to_zero},
                           {"to 0.0.0.0 from 127.0.0.2", to_zero_from_another},
                           {"to :: from ::ffff:127.0.0.2", to_zero_of_both},
                           {"to ::ffff:0.0.0.0 from ::ffff:127.0.0.2", to_mapped_zero},
                           {"to 0.0.0.0 from where somebody listens", to_zero_from_where_it_listens},
                           {"over IPv6 after IPv4", v6_after_v4},
                           {"over IPv6 after IPv6", v6_after_v6},
                           {"over IPv4 after IPv6", v4_after_v6},
                           {"bound to one family", bound_to_one_family},
                           {"the port that was given up is shown", port_given_up_is_shown},
                           {"bound after a refusal", bound_after_a_refusal},
                           {"bound after the end", bound_after_the_end},
                           {"shut after a refusal", shut_after_a_refusal},
                           {"reading was shut before connecting", reading_shut_before_connecting},
                           {"writing was shut before connecting", writing_shut_before_connecting},
                           {"reading was shut before listening", reading_shut_before_listening},
                           {"writing was shut before listening", writing_shut_before_listening},
                           {"queued connections are reset", queued_connections_are_reset}};

const Suite kSuite("tcp_again", kCases);

}  // namespace
}  // namespace stillpoint::test
