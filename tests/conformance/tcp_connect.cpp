// Connecting, listening, accepting, and who is who.
#include <fcntl.h>
#include <unistd.h>

#include "tests/conformance/world.hpp"

namespace stillpoint::test {
namespace {

void connect_and_accept(World& w) {
  const int listener = w.listener();
  const int user = w.socket();
  w.note("accept before", w.accept(listener));
  w.note("connect", w.connect(user, listener));
  w.settle();
  w.note("user", w.ready(user));
  w.note("listener", w.ready(listener));
  w.note("error", w.pending_error(user));
  w.note("connect again", w.connect(user, listener));
  w.note("connect a third time", w.connect(user, listener));
  w.note("accept", w.accept(listener));
  w.note("server", w.ready(w.last()));
  w.note("accept again", w.accept(listener));
  w.note("listener after", w.ready(listener));
  w.note("ends fit", w.port_of(user) != 0 && w.port_of(w.last()) == w.port_of(listener));
}

void fresh_socket(World& w) {
  const int fd = w.socket();
  w.note("ready", w.ready(fd));
  w.note("local", w.local(fd));
  w.note("remote", w.remote(fd));
  w.note("send", w.send(fd, "x"));
  w.note("receive", w.receive(fd));
  w.note("shutdown", w.shutdown(fd, SHUT_WR));
  w.note("accept", w.accept(fd));
  w.note("error", w.pending_error(fd));
  w.note("unread", w.unread(fd));
}

// A port on which surely nobody listens.
int unused_port(World& w) {
  const int fd = w.socket();
  w.bind(fd, INADDR_LOOPBACK, 0);
  const int port = w.port_of(fd);
  w.close(fd);
  return port;
}

void refused_and_asked(World& w) {
  const int user = w.socket();
  w.connect(user, INADDR_LOOPBACK, unused_port(w));
  w.settle();
  w.note("ready", w.ready(user));
  w.note("remote", w.remote(user));
  w.note("error", w.pending_error(user));
  w.note("error again", w.pending_error(user));
  w.note("ready after", w.ready(user));
  w.note("receive", w.receive(user));
  w.note("send", w.send(user, "x"));
  w.note("shutdown", w.shutdown(user, SHUT_RDWR));
}

void refused_and_read(World& w) {
  const int user = w.socket();
  w.connect(user, INADDR_LOOPBACK, unused_port(w));
  w.settle();
  w.note("receive", w.receive(user));
  w.note("receive again", w.receive(user));
  w.note("send", w.send(user, "x"));
}

void refused_and_written(World& w) {
  const int user = w.socket();
  w.connect(user, INADDR_LOOPBACK, unused_port(w));
  w.settle();
  w.note("send", w.send(user, "x"));
  w.note("send again", w.send(user, "x"));
}

void refused_and_connected_again(World& w) {
  const int listener = w.listener();
  const int user = w.socket();
  w.connect(user, INADDR_LOOPBACK, unused_port(w));
  w.settle();
  w.note("connect again", w.connect(user, listener));
  w.note("ready between", w.ready(user));
  w.note("connect a third time", w.connect(user, listener));
  w.settle();
  w.note("ready", w.ready(user));
  w.note("accept", w.accept(listener));
  w.note("remote", w.remote(user));
}

void refused_asked_and_connected_again(World& w) {
  const int listener = w.listener();
  const int user = w.socket();
  w.connect(user, INADDR_LOOPBACK, unused_port(w));
  w.settle();
  w.note("error", w.pending_error(user));
  w.note("connect again", w.connect(user, listener));
  w.note("connect a third time", w.connect(user, listener));
  w.settle();
  w.note("accept", w.accept(listener));
}

void listener_is_no_stream(World& w) {
  const int listener = w.listener();
  w.note("ready", w.ready(listener));
  w.note("receive", w.receive(listener));
  w.note("send", w.send(listener, "x"));
  w.note("connect", w.connect(listener, listener));
  w.note("remote", w.remote(listener));
  w.note("local", w.local(listener));
  w.note("listen again", result(::listen(listener, 3)));
  w.note("bind again", w.bind(listener, INADDR_LOOPBACK, 0));
  w.note("unread", w.unread(listener));
  w.note("error", w.pending_error(listener));
}

void stream_is_no_listener(World& w) {
  const auto [user, server] = w.connected();
  w.note("listen", result(::listen(user, 1)));
  w.note("accept", w.accept(user));
  w.note("bind", w.bind(user, INADDR_LOOPBACK, 0));
  w.note("connect the accepted", w.connect(server, INADDR_LOOPBACK, 9));
}

void order_of_accepting(World& w) {
  const int listener = w.listener();
  int users[3];
  for (int& user : users) {
    user = w.socket();
    w.connect(user, listener);
    w.settle();
  }
  for (const int user : users) {
    w.accept(listener);
    w.send(user, "x");
    w.settle();
    w.note("the first to come is served first", w.receive(w.last()));
  }
}

void full_backlog(World& w) {
  const int listener = w.listener(0);
  const int first = w.socket();
  const int second = w.socket();
  w.connect(first, listener);
  w.settle();
  w.connect(second, listener);
  w.settle();
  w.note("first", w.ready(first));
  w.note("second", w.ready(second));
  w.note("second connects again", w.connect(second, listener));
  w.note("remote of the second", w.remote(second));
  w.note("send by the second", w.send(second, "x"));
  w.note("accept", w.accept(listener));
  w.pass(1'300ms);  // its SYN is sent again
  w.note("second after", w.ready(second));
  w.note("accept again", w.accept(listener));
}

void listener_closed_with_waiting(World& w) {
  const int listener = w.listener();
  const int user = w.socket();
  w.connect(user, listener);
  w.settle();
  w.send(user, "x");
  w.settle();
  w.note("close", w.close(listener));
  w.settle();
  w.note("ready", w.ready(user));
  w.note("receive", w.receive(user));
  w.note("receive again", w.receive(user));
  w.note("send", w.send(user, "x"));
}

void user_gone_before_accept(World& w) {
  const int listener = w.listener();
  const int user = w.socket();
  w.connect(user, listener);
  w.settle();
  w.send(user, "last words");
  w.close(user);
  w.settle();
  w.note("listener", w.ready(listener));
  w.note("accept", w.accept(listener));
  w.note("ready", w.ready(w.last()));
  w.note("receive", w.receive(w.last()));
  w.note("receive again", w.receive(w.last()));
}

void data_before_accept(World& w) {
  const int listener = w.listener();
  const int user = w.socket();
  w.connect(user, listener);
  w.settle();
  w.send(user, "early");
  w.settle();
  w.accept(listener);
  w.note("ready", w.ready(w.last()));
  w.note("receive", w.receive(w.last()));
}

void listener_shut(World& w) {
  const int listener = w.listener();
  const int waiting = w.socket();
  w.connect(waiting, listener);
  w.settle();
  w.note("for writing", w.shutdown(listener, SHUT_WR));
  w.note("it still listens", w.ready(listener));
  const int port = w.port_of(listener);
  w.note("for reading", w.shutdown(listener, SHUT_RD));
  w.settle();
  w.note("ready", w.ready(listener));
  w.note("accept", w.accept(listener));
  w.note("listens", w.get(listener, SOL_SOCKET, SO_ACCEPTCONN));
  w.note("who waited", w.ready(waiting));
  w.note("receives", w.receive(waiting));
  const int late = w.socket();
  w.connect(late, INADDR_LOOPBACK, port);
  w.settle();
  w.note("who comes late", w.pending_error(late));
  w.note("listen again", result(::listen(listener, 3)));
  w.note("on the same port", w.port_of(listener) == port);
  const auto [user, server] = w.connected_to(listener);
  w.note("and serve", w.send(user, "x"));
}

void connect_given_up(World& w) {
  const int listener = w.listener(0);
  w.connect(w.socket(), listener);
  w.settle();
  const int user = w.socket();
  w.connect(user, listener);  // the backlog is full: it waits for an answer
  w.settle();
  w.note("shutdown", w.shutdown(user, SHUT_WR));
  w.note("ready", w.ready(user));
  w.note("error", w.pending_error(user));
  w.note("receive", w.receive(user));
  w.note("send", w.send(user, "x"));
  w.note("connect again", w.connect(user, listener));
}

void one_port_on_two_addresses(World& w) {
  const int first = w.listener();
  const int second = w.socket();
  w.note("bind", w.bind(second, 0x7F000002, w.port_of(first)));
  w.note("listen", result(::listen(second, 5)));
  for (const std::uint32_t ip : {0x7F000002u, 0x7F000001u, 0x7F000003u}) {
    const int user = w.socket();
    w.connect(user, ip, w.port_of(first));
    w.settle();
    w.note("connected", w.ready(user));
    w.note("first", w.accept(first));
    w.note("second", w.accept(second));
  }
}

void reused_address(World& w) {
  const int first = w.socket();
  const int second = w.socket();
  w.set(first, SOL_SOCKET, SO_REUSEADDR, 1);
  w.note("first", w.bind(first, INADDR_LOOPBACK, 0));
  w.note("second without", w.bind(second, INADDR_LOOPBACK, w.port_of(first)));
  w.set(second, SOL_SOCKET, SO_REUSEADDR, 1);
  w.note("second", w.bind(second, INADDR_LOOPBACK, w.port_of(first)));
  w.note("first listens", result(::listen(first, 5)));
  w.note("second listens", result(::listen(second, 5)));
  const int third = w.socket();
  w.set(third, SOL_SOCKET, SO_REUSEADDR, 1);
  w.note("third", w.bind(third, INADDR_LOOPBACK, w.port_of(first)));
}

// What a server that is started again needs SO_REUSEADDR for.
void bound_again_under_connections(World& w) {
  const int listener = w.socket();
  w.set(listener, SOL_SOCKET, SO_REUSEADDR, 1);
  w.bind(listener, INADDR_LOOPBACK, 0);
  ::listen(listener, 5);
  const int port = w.port_of(listener);
  const auto [user, server] = w.connected_to(listener);
  w.close(listener);
  const int plain = w.socket();
  w.note("without", w.bind(plain, INADDR_LOOPBACK, port));
  const int reusing = w.socket();
  w.set(reusing, SOL_SOCKET, SO_REUSEADDR, 1);
  w.note("with", w.bind(reusing, INADDR_LOOPBACK, port));
  w.note("listen", result(::listen(reusing, 5)));
  w.send(user, "still here");
  w.settle();
  w.note("the old connection", w.receive(server));
}

void names(World& w) {
  const int listener = w.socket();
  w.note("bind", w.bind(listener, INADDR_ANY, 0));
  w.note("bound", w.local(listener));
  ::listen(listener, 5);
  w.note("listening", w.local(listener));
  const auto [user, server] = w.connected_to(listener);
  w.note("user", w.local(user));
  w.note("user's peer", w.remote(user));
  w.note("server", w.local(server));
  w.note("server's peer", w.remote(server));
}

void short_names(World& w) {
  const auto [user, server] = w.connected();
  unsigned char bytes[16];
  for (unsigned char& byte : bytes) byte = 0xEE;
  socklen_t length = 4;
  w.note("getpeername", result(getpeername(user, reinterpret_cast<sockaddr*>(bytes), &length)));
  w.note("length", std::to_string(length));
  w.note("more than asked for", bytes[4] != 0xEE);
  length = 0;
  w.note("getsockname", result(getsockname(user, reinterpret_cast<sockaddr*>(bytes), &length)));
  w.note("length of none", std::to_string(length));
}

void ways_to_oneself(World& w) {
  const int listener = w.socket();
  w.bind(listener, INADDR_ANY, 0);
  ::listen(listener, 5);
  for (const std::uint32_t ip : {0x7F000001u, 0x7F000002u, 0u}) {
    const int user = w.socket();
    w.note("connect", w.connect(user, ip, w.port_of(listener)));
    w.settle();
    w.note("accept", w.accept(listener));
    w.note("user", w.local(user));
    w.note("peer", w.remote(user));
    w.note("server", w.local(w.last()));
  }
}

void bound_before_connect(World& w) {
  const int listener = w.listener();
  const int user = w.socket();
  w.note("bind", w.bind(user, INADDR_ANY, 0));
  const int port = w.port_of(user);
  w.note("connect", w.connect(user, listener));
  w.settle();
  w.note("port is kept", w.port_of(user) == port);
  w.note("local", w.local(user));
}

void binding(World& w) {
  const int first = w.listener();
  const int second = w.socket();
  w.note("in use", w.bind(second, INADDR_LOOPBACK, w.port_of(first)));
  w.note("in use, any", w.bind(second, INADDR_ANY, w.port_of(first)));
  w.note("not ours", w.bind(second, 0x08080808, 0));
  const sockaddr_in address = address_of(INADDR_LOOPBACK, 0);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  w.note("too short", result(::bind(second, generic, 8)));
  w.note("bind", w.bind(second, INADDR_LOOPBACK, 0));
  w.note("twice", w.bind(second, INADDR_LOOPBACK, 0));
  const int port = w.port_of(first);
  w.close(first);
  const int third = w.socket();
  w.note("given back", w.bind(third, INADDR_LOOPBACK, port));
}

void families(World& w) {
  sockaddr_in address = address_of(INADDR_LOOPBACK, 9);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  address.sin_family = AF_INET6;
  const int fd = w.socket();
  w.note("bind", result(::bind(fd, generic, sizeof address)));
  w.note("connect", result(::connect(fd, generic, sizeof address)));
  w.note("socket of another protocol", result(::socket(AF_INET, SOCK_STREAM, IPPROTO_UDP)));
}

void accept_flags(World& w) {
  const int listener = w.listener();
  for (const int flags : {0, int{SOCK_NONBLOCK}}) {
    const int user = w.socket();
    w.connect(user, listener);
    w.settle();
    const int fd = w.keep(accept4(listener, nullptr, nullptr, flags));
    w.note("non-blocking", (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
  }
  w.note("unknown flag", result(accept4(listener, nullptr, nullptr, 1)));
}

void lowest_descriptor(World& w) {
  const int first = w.socket();
  const int second = w.eventfd();
  const int third = w.epoll();
  w.note("ascending", first < second && second < third);
  w.close(second);
  w.note("the hole is filled", w.socket() == second);
  w.close(first);
  w.note("the lower hole is filled", w.timerfd() == first);
  const int copy = w.keep(dup(third));
  w.note("a copy is another", copy > third);
  w.note("close", w.close(copy));
  w.note("close again", result(::close(copy)));
  w.note("duplicate at least", w.keep(fcntl(third, F_DUPFD, third + 5)) >= third + 5);
}

void wrong_kinds(World& w) {
  const int event = w.eventfd();
  const int epoll = w.epoll();
  char byte = 0;
  w.note("send to an eventfd", w.send(event, "x"));
  w.note("receive from an epoll", w.receive(epoll));
  w.note("listen on an eventfd", result(::listen(event, 1)));
  w.note("accept on an epoll", w.accept(epoll));
  w.note("name of an eventfd", w.local(event));
  w.note("read an epoll", result(::read(epoll, &byte, 1)));
  w.note("write an epoll", result(::write(epoll, &byte, 1)));
  w.note("FIONREAD of an eventfd", w.unread(event));
  w.note("read of nothing", result(::read(9'999, &byte, 1)));
  w.note("send to nothing", w.send(9'999, "x"));
}

constexpr Case kCases[] = {{"connect and accept", connect_and_accept},
                           {"a fresh socket", fresh_socket},
                           {"refused, and asked for the error", refused_and_asked},
                           {"refused, and read", refused_and_read},
                           {"refused, and written", refused_and_written},
                           {"refused, and connected again", refused_and_connected_again},
                           {"refused, asked, and connected again", refused_asked_and_connected_again},
                           {"a listener is no stream", listener_is_no_stream},
                           {"a stream is no listener", stream_is_no_listener},
                           {"order of accepting", order_of_accepting},
                           {"a full backlog", full_backlog},
                           {"a listener closed with connections waiting", listener_closed_with_waiting},
                           {"a user gone before it was accepted", user_gone_before_accept},
                           {"data before accept", data_before_accept},
                           {"a listener that is shut", listener_shut},
                           {"a connect that is given up", connect_given_up},
                           {"one port on two addresses", one_port_on_two_addresses},
                           {"a reused address", reused_address},
                           {"bound again under connections", bound_again_under_connections},
                           {"names of both ends", names},
                           {"names cut short", short_names},
                           {"ways to oneself", ways_to_oneself},
                           {"bound before connect", bound_before_connect},
                           {"binding", binding},
                           {"address families", families},
                           {"flags of accept4", accept_flags},
                           {"the lowest free descriptor", lowest_descriptor},
                           {"the wrong kind of descriptor", wrong_kinds}};

const Suite kSuite("tcp_connect", kCases);

}  // namespace

}  // namespace stillpoint::test
