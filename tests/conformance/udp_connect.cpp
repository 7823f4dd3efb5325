// Connected datagram sockets: whom they hear, what refuses them, and how they are shut.
#include <fcntl.h>
#include <unistd.h>

#include <thread>

#include "tests/conformance/udp_world.hpp"

namespace stillpoint::test {
namespace {

void names(World& w) {
  const int server = bound(w, "127.0.0.1");
  const int user = udp(w);
  w.note("before", local(user));
  w.note("remote before", remote(user));
  w.note("connect", connect(user, "127.0.0.1", port(server)));
  w.note("local", local(user));
  w.note("remote", remote(user));
  w.note("bind", bind(user, "127.0.0.1"));
  w.note("disconnect", disconnect(user));
  w.note("local after", local(user));
  w.note("remote after", remote(user));
  w.note("send", w.send(user, "x"));
  w.note("it is bound anew", local(user));
}

void names_of_a_bound_one(World& w) {
  const int server = bound(w, "127.0.0.1");
  const int fixed = bound(w, "127.0.0.1", free_port(w));
  const int fixed_port = port(fixed);
  connect(fixed, "127.0.0.1", port(server));
  w.note("connected", local(fixed));
  disconnect(fixed);
  w.note("disconnected", local(fixed));
  w.note("keeps its port", port(fixed) == fixed_port);
  const int wild = bound(w, "0.0.0.0", free_port(w));
  connect(wild, "127.0.0.1", port(server));
  w.note("wild connected", local(wild));
  disconnect(wild);
  w.note("wild disconnected", local(wild));
  const int ephemeral = bound(w, "127.0.0.1");
  connect(ephemeral, "127.0.0.1", port(server));
  disconnect(ephemeral);
  w.note("an ephemeral port is given up", local(ephemeral));
}

void hears_its_peer_alone(World& w) {
  const int peer = bound(w, "127.0.0.1");
  const int other = bound(w, "127.0.0.1");
  const int user = bound(w, "127.0.0.1");
  send_to(other, "before", "127.0.0.1", port(user));
  w.settle();
  w.note("connect", connect(user, "127.0.0.1", port(peer)));
  w.note("what came before stays", receive_from(user));
  w.note("other sends", send_to(other, "from other", "127.0.0.1", port(user)));
  w.settle();
  w.note("nothing", receive_from(user));
  w.note("peer sends", send_to(peer, "from peer", "127.0.0.1", port(user)));
  w.settle();
  w.note("received", receive_from(user));
  w.note("reconnect", connect(user, "127.0.0.1", port(other)));
  send_to(peer, "from peer", "127.0.0.1", port(user));
  send_to(other, "from other", "127.0.0.1", port(user));
  w.settle();
  w.note("received from the other", receive_from(user));
  w.note("nothing more", receive_from(user));
  disconnect(user);
  w.note("by then it has lost its port", local(user));
}

void an_impostor_has_the_right_port_alone(World& w) {
  const int peer = bound(w, "127.0.0.1");
  const int impostor = bound(w, "127.0.0.2", port(peer));
  const int user = bound(w, "127.0.0.1");
  connect(user, "127.0.0.1", port(peer));
  w.note("impostor", send_to(impostor, "false", "127.0.0.1", port(user)));
  w.settle();
  w.note("nothing", receive_from(user));
  w.note("peer", send_to(peer, "true", "127.0.0.1", port(user)));
  w.settle();
  w.note("received", receive_from(user));
}

void a_stranger_is_refused(World& w) {
  const int peer = bound(w, "127.0.0.1");
  const int user = udp(w);
  connect(user, "127.0.0.1", port(peer));
  const int stranger = udp(w);
  connect(stranger, "127.0.0.1", port(user));
  w.note("stranger sends", w.send(stranger, "x"));
  w.settle();
  w.note("stranger", w.ready(stranger));
  w.note("its error", w.pending_error(stranger));
  w.note("user", w.ready(user));
}

void sends_elsewhere(World& w) {
  const int peer = bound(w, "127.0.0.1");
  const int other = bound(w, "127.0.0.1");
  const int user = udp(w);
  connect(user, "127.0.0.1", port(peer));
  w.note("to the other", send_to(user, "elsewhere", "127.0.0.1", port(other)));
  w.note("to the peer", w.send(user, "here"));
  w.settle();
  w.note("other", receive_from(other));
  w.note("peer", receive_from(peer));
  w.note("remote", remote(user));
}

void refused_and_asked(World& w) {
  const int user = udp(w);
  w.note("connect", connect(user, "127.0.0.1", free_port(w)));
  w.note("ready", w.ready(user));
  w.note("send", w.send(user, "x"));
  w.settle();
  w.note("ready after", w.ready(user));
  w.note("error", w.pending_error(user));
  w.note("error again", w.pending_error(user));
  w.note("ready at last", w.ready(user));
  w.note("receive", receive_from(user));
  w.note("still connected", remote(user));
}

void refused_and_read(World& w) {
  const int user = udp(w);
  connect(user, "127.0.0.1", free_port(w));
  w.send(user, "x");
  w.settle();
  w.note("receive", receive_from(user));
  w.note("receive again", receive_from(user));
  w.send(user, "x");
  w.settle();
  w.note("peek", receive_from(user, 10, MSG_PEEK));
  w.note("peek again", receive_from(user, 10, MSG_PEEK));
}

void refused_and_written(World& w) {
  const int user = udp(w);
  const int dead = free_port(w);
  connect(user, "127.0.0.1", dead);
  w.send(user, "x");
  w.settle();
  w.note("send", w.send(user, "y"));
  w.settle();
  w.note("that one was not sent", w.pending_error(user));
  w.send(user, "x");
  w.settle();
  const int server = bound(w, "127.0.0.1", dead);
  w.note("to another with an error", send_to(user, "z", "127.0.0.1", dead));
  w.note("then", send_to(user, "z", "127.0.0.1", dead));
  w.settle();
  w.note("server", receive_from(server));
  w.note("nothing more", receive_from(server));
}

void an_error_comes_before_data(World& w) {
  const int peer = bound(w, "127.0.0.1");
  const int peer_port = port(peer);
  const int user = udp(w);
  connect(user, "127.0.0.1", peer_port);
  send_to(peer, "data", "127.0.0.1", port(user));
  w.settle();
  w.close(peer);
  w.send(user, "x");
  w.settle();
  w.note("ready", w.ready(user));
  w.note("error", receive_from(user));
  w.note("data", receive_from(user));
  w.note("ready after", w.ready(user));
}

void the_unconnected_hear_nothing_of_it(World& w) {
  const int user = udp(w);
  w.note("send", send_to(user, "x", "127.0.0.1", free_port(w)));
  w.settle();
  w.note("ready", w.ready(user));
  w.note("error", w.pending_error(user));
  w.note("send again", send_to(user, "x", "127.0.0.1", free_port(w)));
  const int connected = udp(w);
  const int server = bound(w, "127.0.0.1");
  connect(connected, "127.0.0.1", port(server));
  send_to(connected, "x", "127.0.0.1", free_port(w));
  w.settle();
  w.note("nor one that is connected elsewhere", w.pending_error(connected));
}

void refused_over_v6(World& w) {
  const int user = udp(w, AF_INET6);
  connect(user, "::1", free_port(w, "::1"));
  w.note("send", w.send(user, "x"));
  w.settle();
  w.note("receive", receive_from(user));
  const int dual = udp(w, AF_INET6);
  connect(dual, "::ffff:127.0.0.1", free_port(w, "::"));
  w.note("send mapped", w.send(dual, "x"));
  w.settle();
  w.note("receive mapped", receive_from(dual));
}

void refusal_by_epoll(World& w) {
  const int user = udp(w);
  connect(user, "127.0.0.1", free_port(w));
  const int epoll = w.epoll();
  w.add(epoll, user, EPOLLIN | EPOLLET, 1);
  w.note("before", w.events(epoll));
  w.send(user, "x");
  w.settle();
  w.note("refused", w.events(epoll));
  w.note("told once", w.events(epoll));
  w.note("error", w.pending_error(user));
  w.send(user, "x");
  w.settle();
  w.note("refused again", w.events(epoll));
}

void a_blocked_reader_is_refused(World& w) {
  const int user = udp(w, AF_INET, 0);
  connect(user, "127.0.0.1", free_port(w));
  ssize_t got = 0;
  int error = 0;
  std::thread reader([&] {
    char byte;
    got = ::recv(user, &byte, 1, 0);
    error = errno;
  });
  w.pass(20ms);
  w.note("send", w.send(user, "x"));
  reader.join();
  w.note("reader", got < 0 ? strerrorname_np(error) : std::to_string(got).c_str());
}

void shut_unconnected(World& w) {
  const int server = bound(w, "127.0.0.1");
  w.note("for writing", w.shutdown(server, SHUT_WR));
  w.note("ready", w.ready(server));
  w.note("send", send_to(server, "x", "127.0.0.1", port(server)));
  w.note("for reading", w.shutdown(server, SHUT_RD));
  w.note("ready after", w.ready(server));
  w.note("receive", receive_from(server));
  w.note("bad", w.shutdown(server, 3));
  const int user = udp(w);
  send_to(user, "still comes", "127.0.0.1", port(server));
  w.settle();
  w.note("received", receive_from(server));
}

void shut_connected(World& w) {
  const int server = bound(w, "127.0.0.1");
  const int user = udp(w);
  connect(user, "127.0.0.1", port(server));
  w.note("for writing", w.shutdown(user, SHUT_WR));
  w.note("again", w.shutdown(user, SHUT_WR));
  w.note("send", w.send(user, "x"));
  w.note("ready", w.ready(user));
  send_to(server, "in", "127.0.0.1", port(user));
  w.settle();
  w.note("received", receive_from(user));
  w.note("for reading", w.shutdown(user, SHUT_RD));
  w.note("ready after", w.ready(user));
  w.note("receive", receive_from(user));
  w.note("write", result(::write(user, "x", 1)));
}

void shut_and_blocking(World& w) {
  const int fd = udp(w, AF_INET, 0);
  bind(fd, "127.0.0.1");
  w.note("shutdown", w.shutdown(fd, SHUT_RD));
  w.note("receive", w.receive(fd));
  w.note("without waiting", w.receive(fd, 10, MSG_DONTWAIT));
  send_to(fd, "x", "127.0.0.1", port(fd));
  w.settle();
  w.note("data", w.receive(fd));
  w.note("end", w.receive(fd));
}

void connect_to_what_cannot_be(World& w) {
  const int fd = udp(w);
  const Endpoint to = at("127.0.0.1", 9);
  w.note("too short for a family", result(::connect(fd, to.get(), 1)));
  w.note("too short", result(::connect(fd, to.get(), 8)));
  w.note("other family", connect(fd, "::1", 9));
  w.note("it has a port by then", local(fd));
  w.note("broadcast", connect(fd, "127.255.255.255", 9));
  w.note("port 0", connect(fd, "127.0.0.1", 0));
  w.note("remote", remote(fd));
  const int six = udp(w, AF_INET6);
  const Endpoint to6 = at("::1", 9);
  w.note("short of IPv6", result(::connect(six, to6.get(), 20)));
  w.note("without a scope", result(::connect(six, to6.get(), 24)));
  w.note("remote6", remote(six));
}

void connect_from_loopback_to_elsewhere(World& w) {
  const int fd = bound(w, "127.0.0.1");
  w.note("connect", connect(fd, "192.0.2.77", 9));
  w.note("send", send_to(fd, "x", "192.0.2.77", 9));
  w.note("remote", remote(fd));
}

void two_connected_to_one_port(World& w) {
  const int first = udp(w);
  const int second = udp(w);
  const int one = bound(w, "127.0.0.1");
  const int two = bound(w, "127.0.0.1");
  for (const int fd : {first, second}) w.set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  w.note("bind", bind(first, "127.0.0.1"));
  w.note("bind the same", bind(second, "127.0.0.1", port(first)));
  connect(first, "127.0.0.1", port(one));
  connect(second, "127.0.0.1", port(two));
  send_to(one, "for the first", "127.0.0.1", port(first));
  send_to(two, "for the second", "127.0.0.1", port(first));
  w.settle();
  w.note("first", receive_from(first));
  w.note("second", receive_from(second));
  w.note("first's next", receive_from(first));
}

void a_server_connects_back(World& w) {
  const int number = free_port(w);
  const int listener = udp(w);
  w.set(listener, SOL_SOCKET, SO_REUSEADDR, 1);
  bind(listener, "127.0.0.1", number);
  const int user = bound(w, "127.0.0.1");
  send_to(user, "hello", "127.0.0.1", number);
  w.settle();
  w.note("listener", receive_from(listener));
  const int session = udp(w);
  w.set(session, SOL_SOCKET, SO_REUSEADDR, 1);
  w.note("bind", bind(session, "127.0.0.1", number));
  w.note("connect", connect(session, "127.0.0.1", port(user)));
  send_to(user, "to the session", "127.0.0.1", number);
  const int other = udp(w);
  send_to(other, "to the listener", "127.0.0.1", number);
  w.settle();
  w.note("session", receive_from(session));
  w.note("listener again", receive_from(listener));
}

constexpr Case kCases[] = {{"names", names},
                           {"names of a bound socket", names_of_a_bound_one},
                           {"hears its peer alone", hears_its_peer_alone},
                           {"an impostor has the right port alone", an_impostor_has_the_right_port_alone},
                           {"a stranger is refused", a_stranger_is_refused},
                           {"sends elsewhere", sends_elsewhere},
                           {"refused, and asked", refused_and_asked},
                           {"refused, and read", refused_and_read},
                           {"refused, and written", refused_and_written},
                           {"an error comes before data", an_error_comes_before_data},
                           {"the unconnected hear nothing of it", the_unconnected_hear_nothing_of_it},
                           {"refused over IPv6", refused_over_v6},
                           {"refusal by epoll", refusal_by_epoll},
                           {"a blocked reader is refused", a_blocked_reader_is_refused},
                           {"shut, unconnected", shut_unconnected},
                           {"shut, connected", shut_connected},
                           {"shut, and blocking", shut_and_blocking},
                           {"connect to what cannot be", connect_to_what_cannot_be},
                           {"from loopback to elsewhere", connect_from_loopback_to_elsewhere},
                           {"two connected sockets at one port", two_connected_to_one_port},
                           {"a server connects back", a_server_connects_back}};

const Suite kSuite("udp_connect", kCases);

}  // namespace
}  // namespace stillpoint::test
