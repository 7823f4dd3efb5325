// unix(7): datagrams.
#include <poll.h>

#include <thread>

#include "tests/conformance/unix.hpp"

namespace stillpoint::test {
namespace {

using namespace unix_domain;

int bound(World& w, std::string_view name, int flags = SOCK_NONBLOCK) {
  const int fd = make(w, SOCK_DGRAM, flags);
  if (bind(fd, abstract(name)) != "0") w.note("bind", "failed");
  return fd;
}

// How it ends to send until no more is taken.
std::string fill(int fd, const Name& to) {
  std::string last;
  for (int i = 0; i < 10'000; ++i) {
    last = send_to(fd, "x", to);
    if (last != "1") return (i > 0 ? "some, then " : "none: ") + last;
  }
  return "endless";
}

void to_and_from(World& w) {
  const int a = bound(w, "a");
  const int b = bound(w, "b");
  w.note("fresh", w.ready(a));
  w.note("send", send_to(a, "hello", abstract("b")) + ", " + send_to(a, "", abstract("b")));
  w.note("unread", w.unread(b));
  w.note("ready", w.ready(b));
  w.note("receive", receive_from(b));
  w.note("an empty one", receive_from(b));
  w.note("none", receive_from(b));
  const int unnamed = make(w, SOCK_DGRAM);
  send_to(unnamed, "who", abstract("b"));
  w.note("of nobody", receive_from(b));
  w.note("to itself", send_to(b, "me", abstract("b")) + ", " + receive_from(b));
}

void boundaries(World& w) {
  const int a = bound(w, "a");
  const int b = bound(w, "b");
  for (const char* each : {"first", "second", "third"}) send_to(a, each, abstract("b"));
  w.note("unread is of the first", w.unread(b));
  w.note("peeked", receive_from(b, 3, MSG_PEEK));
  w.note("peeked with its size", receive_from(b, 3, MSG_PEEK | MSG_TRUNC));
  w.note("cut off", receive_from(b, 3));
  w.note("the next is whole", receive_from(b));
  w.note("into nothing", receive_from(b, 0));
  w.note("none", receive_from(b));
}

void connected(World& w) {
  const int a = bound(w, "a");
  const int b = bound(w, "b");
  w.note("send", w.send(a, "x"));
  w.note("peer", remote(a));
  w.note("connect", connect(a, abstract("b")));
  w.note("peer", remote(a) + ", " + remote(b));
  w.note("send", w.send(a, "hello") + ", " + receive_from(b));
  const int c = bound(w, "c");
  w.note("anybody may send to one who has no peer", send_to(c, "x", abstract("b")));
  w.note("but not to one who has", send_to(c, "x", abstract("a")));
  w.note("nor connect to it", connect(c, abstract("a")));
  w.note("its peer may", send_to(b, "x", abstract("a")));
  w.note("connect elsewhere", connect(a, abstract("c")) + ", " + remote(a));
  w.note("send with another address", send_to(a, "y", abstract("b")));
  sockaddr_un none{};
  none.sun_family = AF_UNSPEC;
  w.note("disconnect", result(::connect(a, reinterpret_cast<sockaddr*>(&none), sizeof none)));
  w.note("peer", remote(a));
  w.note("send", w.send(a, "x"));
}

void peer_closed(World& w) {
  const int a = bound(w, "a");
  const int b = bound(w, "b");
  connect(a, abstract("b"));
  w.close(b);
  w.note("ready", w.ready(a));
  w.note("peer", remote(a));
  w.note("send", w.send(a, "x"));
  w.note("send again", w.send(a, "x"));
  w.note("peer", remote(a));
  w.note("to its name", send_to(a, "x", abstract("b")));
}

void disconnected_with_unread_data(World& w) {
  const int a = bound(w, "a");
  const int b = bound(w, "b");
  connect(a, abstract("b"));
  connect(b, abstract("a"));
  w.send(b, "lost");
  w.note("ready", w.ready(a) + ", " + w.ready(b));
  const int c = bound(w, "c");
  w.note("connect elsewhere", connect(a, abstract("c")));
  w.note("what it had is lost", w.receive(a));
  w.note("the other hears of it", w.ready(b));
  w.note("as an error", w.receive(b) + ", " + w.receive(b));
  w.note("send", w.send(b, "x"));
  w.close(c);
}

void full_queue(World& w) {
  const int a = make(w, SOCK_DGRAM);
  const int b = bound(w, "b");
  w.note("fill", fill(a, abstract("b")));
  w.note("unconnected, it looks ready", w.ready(a));
  connect(a, abstract("b"));
  w.note("connected, it does not", w.ready(a));
  w.note("send", w.send(a, "x"));
  w.receive(b);
  w.note("one read", w.ready(a) + ", " + w.send(a, "x") + ", " + w.send(a, "x"));
  const int other = make(w, SOCK_DGRAM);
  w.note("full for everybody", send_to(other, "x", abstract("b")));
}

void full_queue_by_edges(World& w) {
  const int a = make(w, SOCK_DGRAM);
  const int b = bound(w, "b");
  connect(a, abstract("b"));
  const int epoll = w.epoll();
  w.add(epoll, a, EPOLLOUT | EPOLLET, 1);
  w.note("fresh", w.events(epoll));
  while (w.send(a, "x") == "1") {
  }
  w.note("full", w.events(epoll));
  w.receive(b);
  w.note("room", w.events(epoll));
  w.note("once", w.events(epoll));
  w.receive(b);
  w.note("more room", w.events(epoll));
  while (w.send(a, "x") == "1") {
  }
  w.close(b);
  w.note("closed", w.events(epoll));
}

void full_queue_waited_for(World& w) {
  const int a = make(w, SOCK_DGRAM, 0);
  const int b = bound(w, "b");
  const int filler = make(w, SOCK_DGRAM);
  fill(filler, abstract("b"));
  std::string sent;
  std::thread waiter([&] { sent = send_to(a, "waited", abstract("b")); });
  w.pass(20ms);
  w.note("not yet", sent);
  w.receive(b);
  waiter.join();
  w.note("sent", sent);
  std::string last;
  for (std::string got = w.receive(b); got != "EAGAIN"; got = w.receive(b)) last = got;
  w.note("came", last);
}

// Who is one's peer may send as much as the buffer takes.
void mutual(World& w) {
  const Ends p(w, SOCK_DGRAM);
  int count = 0;
  while (w.send(p.a, "x") == "1") ++count;
  w.note("many", count > 50);
  w.note("full", w.ready(p.a));
  const int epoll = w.epoll();
  w.add(epoll, p.a, EPOLLOUT | EPOLLET, 1);
  w.note("not ready", w.events(epoll));
  w.receive(p.b);
  w.note("one read", w.events(epoll) + ", " + w.ready(p.a));
  while (w.receive(p.b) != "EAGAIN") {
  }
  w.note("all read", w.events(epoll) + ", " + w.ready(p.a));
}

void sizes(World& w) {
  const Ends p(w, SOCK_DGRAM);
  w.set(p.a, SOL_SOCKET, SO_SNDBUF, 5'000);
  w.note("buffer", w.get(p.a, SOL_SOCKET, SO_SNDBUF));
  w.note("too large", w.send(p.a, std::string(10'000 - 31, 'x')));
  w.note("the largest", w.send(p.a, std::string(10'000 - 32, 'x')));
  w.note("unread", w.unread(p.b));
  w.note("the buffer is full", w.send(p.a, "x"));
}

void shut(World& w) {
  const Ends p(w, SOCK_DGRAM);
  w.send(p.a, "before");
  w.note("shut for writing", w.shutdown(p.a, SHUT_WR));
  w.note("send", w.send(p.a, "x"));
  w.note("the other does not hear of it", w.ready(p.b));
  w.note("shut for reading", w.shutdown(p.b, SHUT_RD));
  w.note("ready", w.ready(p.b));
  w.note("what came before", w.receive(p.b));
  w.note("then", w.receive(p.b));
  w.shutdown(p.a, SHUT_RD);
  w.note("send to one who does not read", w.send(p.b, "x"));
  w.note("ready", w.ready(p.a));
}

void shut_while_waiting(World& w) {
  const Ends p(w, SOCK_DGRAM, 0);
  std::string got;
  std::thread reader([&] { got = w.receive(p.a); });
  w.pass(20ms);
  w.shutdown(p.a, SHUT_RD);
  reader.join();
  w.note("received", got);
}

void closed_pair(World& w) {
  const Ends p(w, SOCK_DGRAM);
  w.send(p.b, "last");
  w.send(p.a, "never read");
  w.close(p.b);
  w.note("ready", w.ready(p.a));
  w.note("last", w.receive(p.a));
  w.note("then", w.receive(p.a));
  w.note("send", w.send(p.a, "x") + ", " + w.send(p.a, "x"));
}

void life_by_edges(World& w) {
  const Ends p(w, SOCK_DGRAM);
  const int epoll = w.epoll();
  w.add(epoll, p.a, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, 1);
  w.note("fresh", w.events(epoll));
  w.send(p.b, "one");
  w.note("one", w.events(epoll));
  w.send(p.b, "two");
  w.note("another", w.events(epoll));
  w.receive(p.a);
  w.note("one read", w.events(epoll));
  w.send(p.a, "x");
  w.note("sent", w.events(epoll));
  w.receive(p.b);
  w.note("it was read", w.events(epoll));
  w.close(p.b);
  w.note("closed", w.events(epoll));
}

void nobody(World& w) {
  const int a = make(w, SOCK_DGRAM);
  w.note("abstract", send_to(a, "x", abstract("nobody")));
  w.note("a path", send_to(a, "x", at_path("nobody")));
  w.note("connect", connect(a, abstract("nobody")));
  const int listener = listening(w, abstract("stream"));
  w.note("of another type", send_to(a, "x", abstract("stream")));
  w.note("listen", result(::listen(a, 1)));
  w.note("accept", w.accept(a));
  Name wrong = abstract("nobody");
  wrong.address.sun_family = AF_INET;
  w.note("of another family", send_to(a, "x", wrong) + ", " + connect(a, wrong) + ", " + bind(a, wrong));
  w.close(listener);
}

void urgent(World& w) {
  const Ends p(w, SOCK_DGRAM);
  w.note("send", result(::send(p.a, "x", 1, MSG_OOB)));
  char byte = 0;
  w.note("receive", result(::recv(p.b, &byte, 1, MSG_OOB)));
}

constexpr Case kCases[] = {{"to and from", to_and_from},
                           {"boundaries", boundaries},
                           {"connected", connected},
                           {"peer closed", peer_closed},
                           {"disconnected with unread data", disconnected_with_unread_data},
                           {"a full queue", full_queue},
                           {"a full queue, by edges", full_queue_by_edges},
                           {"a full queue, waited for", full_queue_waited_for},
                           {"mutual", mutual},
                           {"sizes", sizes},
                           {"shut", shut},
                           {"shut while waiting", shut_while_waiting},
                           {"closed pair", closed_pair},
                           {"life, by edges", life_by_edges},
                           {"nobody", nobody},
                           {"urgent", urgent}};

const Suite kSuite("unix_datagram", kCases);

}  // namespace

}  // namespace stillpoint::test
