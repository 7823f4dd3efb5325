// Edges of writability: what makes an edge-triggered item report EPOLLOUT again. Sockets tell of room whenever a buffer
// is given back, whether anybody had waited for it or not.
#include <unistd.h>

#include "tests/conformance/udp_world.hpp"
#include "tests/conformance/unix.hpp"
#include "tests/conformance/world.hpp"

namespace stillpoint::test {
namespace {

// An instance that watches `fd`, after its first report.
int watching(World& w, int fd, std::uint32_t events) {
  const int epoll = w.epoll();
  w.add(epoll, fd, events, 1);
  w.note("at first", w.events(epoll));
  w.note("then", w.events(epoll));
  return epoll;
}

void datagram_that_leaves(World& w) {
  const int receiver = bound(w, "127.0.0.1");
  const int sender = udp(w);
  const int epoll = watching(w, sender, EPOLLOUT | EPOLLIN | EPOLLET);
  w.note("send", send_to(sender, "x", "127.0.0.1", port(receiver)));
  w.note("sent", w.events(epoll));
  w.note("no more", w.events(epoll));
  w.settle();
  w.note("receive", receive_from(receiver));
  w.note("received", w.events(epoll));
}

void datagram_that_does_not(World& w) {
  const int sender = udp(w);
  const int epoll = watching(w, sender, EPOLLOUT | EPOLLET);
  w.note("to nobody", w.send(sender, "x"));
  w.note("nothing left", w.events(epoll));
  w.note("too long", send_to(sender, std::string(65'508, 'x'), "127.0.0.1", 9));
  w.note("too long to leave", w.events(epoll));
  w.note("of IPv6", send_to(sender, "x", "::1", 9));
  w.note("not its family", w.events(epoll));
}

void datagram_that_is_refused(World& w) {
  const int sender = udp(w);
  connect(sender, "127.0.0.1", free_port(w));
  const int epoll = watching(w, sender, EPOLLOUT | EPOLLET);
  w.note("send", w.send(sender, "x"));
  w.settle();
  w.note("refused", w.events(epoll));
  w.note("told", w.send(sender, "x"));
  w.note("nothing left", w.events(epoll));
}

void datagram_over_v6(World& w) {
  const int receiver = bound(w, "::1");
  const int sender = udp(w, AF_INET6);
  const int epoll = watching(w, sender, EPOLLOUT | EPOLLET);
  w.note("send", send_to(sender, "x", "::1", port(receiver)));
  w.note("sent", w.events(epoll));
}

void only_reading_is_watched(World& w) {
  const int receiver = bound(w, "127.0.0.1");
  const int sender = udp(w);
  const int epoll = watching(w, sender, EPOLLIN | EPOLLET);
  send_to(sender, "x", "127.0.0.1", port(receiver));
  w.note("sent", w.events(epoll));
}

void instance_inside_an_instance(World& w) {
  const int receiver = bound(w, "127.0.0.1");
  const int sender = udp(w);
  const int inner = w.epoll();
  const int outer = w.epoll();
  w.add(outer, inner, EPOLLIN | EPOLLET, 2);
  w.add(inner, sender, EPOLLOUT, 1);
  w.note("outer", w.events(outer));
  w.note("outer again", w.events(outer));
  w.note("send", send_to(sender, "x", "127.0.0.1", port(receiver)));
  w.note("outer is ready", w.ready(outer));
  w.note("outer after", w.events(outer));
  w.note("inner after", w.events(inner));
}

void local_datagrams(World& w, int type) {
  const unix_domain::Ends ends(w, type);
  const int epoll = watching(w, ends.a, EPOLLOUT | EPOLLET);
  w.note("send", w.send(ends.a, "x"));
  w.note("sent", w.events(epoll));
  w.note("peek", w.receive(ends.b, 10, MSG_PEEK));
  w.note("peeked", w.events(epoll));
  w.note("receive", w.receive(ends.b));
  w.note("received", w.events(epoll));
  w.send(ends.a, "y");
  w.send(ends.a, "z");
  w.note("close", w.close(ends.b));
  w.note("closed", w.events(epoll));
  w.note("send to nobody", w.send(ends.a, "x"));
  w.note("was not sent", w.events(epoll));
  w.note("send again", w.send(ends.a, "x"));
  w.note("not now either", w.events(epoll));
}
void local_datagram(World& w) { local_datagrams(w, SOCK_DGRAM); }
void local_packet(World& w) { local_datagrams(w, SOCK_SEQPACKET); }
void local_stream(World& w) { local_datagrams(w, SOCK_STREAM); }

void local_datagram_to_a_name(World& w) {
  const int sender = unix_domain::make(w, SOCK_DGRAM);
  const int epoll = watching(w, sender, EPOLLOUT | EPOLLET);
  w.note("to nobody", unix_domain::send_to(sender, "x", unix_domain::abstract("nobody")));
  w.note("a message was made", w.events(epoll));
  w.note("without a name", w.send(sender, "x"));
  w.note("here too", w.events(epoll));
  w.note("too long", unix_domain::send_to(sender, std::string(1 << 20, 'x'), unix_domain::abstract("nobody")));
  w.note("here not", w.events(epoll));
  const int receiver = unix_domain::make(w, SOCK_DGRAM);
  unix_domain::bind(receiver, unix_domain::abstract("full"));
  int sent = 0;
  while (unix_domain::send_to(sender, "x", unix_domain::abstract("full")) == "1") ++sent;
  w.note("sent", std::to_string(sent));
  w.note("full", w.events(epoll));
  w.note("still", w.events(epoll));
}

void part_of_a_stream(World& w) {
  const unix_domain::Ends ends(w);
  const int epoll = watching(w, ends.a, EPOLLOUT | EPOLLET);
  w.send(ends.a, "hello");
  w.note("a part", w.receive(ends.b, 2));
  w.note("after a part", w.events(epoll));
  w.note("the rest", w.receive(ends.b));
  w.note("after the rest", w.events(epoll));
  w.shutdown(ends.b, SHUT_RD);
  w.note("shut", w.events(epoll));
  w.note("send", w.send(ends.a, "x"));
  w.note("was not sent", w.events(epoll));
}

void size_of_the_buffer(World& w) {
  const auto [user, server] = w.connected();
  const unix_domain::Ends ends(w);
  const unix_domain::Ends datagrams(w, SOCK_DGRAM);
  const int fresh = w.socket();
  for (const int fd : {user, server, ends.a, datagrams.a, udp(w), udp(w, AF_INET6), fresh}) {
    const int epoll = watching(w, fd, EPOLLOUT | EPOLLIN | EPOLLET);
    w.note("smaller", w.set(fd, SOL_SOCKET, SO_SNDBUF, 10'000));
    w.note("that is news", w.events(epoll));
    w.note("larger", w.set(fd, SOL_SOCKET, SO_SNDBUF, 100'000));
    w.note("that too", w.events(epoll));
    w.note("to receive", w.set(fd, SOL_SOCKET, SO_RCVBUF, 100'000));
    w.note("that not", w.events(epoll));
  }
}

void buffer_of_a_refused_socket(World& w) {
  const int fd = w.socket();
  const int unused = bound(w, "127.0.0.1");
  w.connect(fd, INADDR_LOOPBACK, port(unused));
  w.settle();
  const int epoll = watching(w, fd, EPOLLOUT | EPOLLET);
  w.note("larger", w.set(fd, SOL_SOCKET, SO_SNDBUF, 100'000));
  w.note("news", w.events(epoll));
  w.note("asked", w.connect(fd, INADDR_LOOPBACK, port(unused)));
  w.note("told", w.events(epoll));
}

void buffer_of_a_full_stream(World& w) {
  const unix_domain::Ends ends(w);
  const int epoll = watching(w, ends.a, EPOLLOUT | EPOLLET);
  const std::string much(100'000, 'x');
  while (w.send(ends.a, much) != "EAGAIN") continue;
  w.note("full", w.events(epoll));
  w.note("smaller", w.set(ends.a, SOL_SOCKET, SO_SNDBUF, 10'000));
  w.note("still full", w.events(epoll));
  w.note("much larger", w.set(ends.a, SOL_SOCKET, SO_SNDBUF, 4'000'000));
  w.note("room", w.events(epoll));
}

constexpr Case kCases[] = {{"a datagram that leaves", datagram_that_leaves},
                           {"a datagram that does not", datagram_that_does_not},
                           {"a datagram that is refused", datagram_that_is_refused},
                           {"a datagram over IPv6", datagram_over_v6},
                           {"only reading is watched", only_reading_is_watched},
                           {"an instance inside an instance", instance_inside_an_instance},
                           {"a local datagram", local_datagram},
                           {"a local packet", local_packet},
                           {"a local stream", local_stream},
                           {"a local datagram to a name", local_datagram_to_a_name},
                           {"a part of a stream", part_of_a_stream},
                           {"the size of the buffer", size_of_the_buffer},
                           {"the buffer of a refused socket", buffer_of_a_refused_socket},
                           {"the buffer of a full stream", buffer_of_a_full_stream}};

const Suite kSuite("epoll_edges", kCases);

}  // namespace
}  // namespace stillpoint::test
