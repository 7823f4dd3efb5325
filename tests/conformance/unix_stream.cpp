// unix(7): connected sockets, that is streams and sequenced packets.
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <thread>

#include "tests/conformance/unix.hpp"

namespace stillpoint::test {
namespace {

using namespace unix_domain;

constexpr std::uint32_t kEdge = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

std::string fill(int fd, std::size_t size = 1'000) {
  const std::string block(size, 'x');
  ssize_t sent = 0;
  bool any = false;
  while ((sent = ::send(fd, block.data(), block.size(), MSG_NOSIGNAL)) > 0) any = true;
  return (any ? "some, then " : "none: ") + result(sent);
}

void drain(int fd) {
  std::string bytes(1 << 20, '\0');
  while (::recv(fd, bytes.data(), bytes.size(), MSG_DONTWAIT) > 0) {
  }
}

void a_pair(World& w) {
  const Ends p(w);
  w.note("fresh", w.ready(p.a) + ", " + w.ready(p.b));
  w.note("send", w.send(p.a, "hello ") + ", " + w.send(p.a, "world"));
  w.note("unread", w.unread(p.b));
  w.note("ready", w.ready(p.b));
  w.note("part", w.receive(p.b, 4));
  w.note("the rest, as one", w.receive(p.b));
  w.note("no more", w.receive(p.b));
  w.note("the other way", w.send(p.b, "back") + ", " + w.receive(p.a));
  w.note("names", local(p.a) + ", " + remote(p.a));
}

void life_of_a_connection(World& w) {
  const int listener = listening(w, abstract("life"));
  const int user = make(w);
  w.note("listener", w.ready(listener));
  w.note("accept", w.accept(listener));
  w.note("connect", connect(user, abstract("life")));
  w.note("user", w.ready(user));
  w.note("listener has one", w.ready(listener));
  w.note("data before it is accepted", w.send(user, "early"));
  w.note("accept", w.accept(listener));
  const int server = w.last();
  w.note("read", w.receive(server));
  w.note("answer", w.send(server, "late") + ", " + w.receive(user));
  w.note("names of the user", local(user) + ", " + remote(user));
  w.note("names of the server", local(server) + ", " + remote(server));
  w.note("connect again", connect(user, abstract("life")));
  w.note("close", w.close(server));
  w.note("user", w.ready(user));
  w.note("the end", w.receive(user));
  w.note("still its peer", remote(user));
}

void half_close(World& w) {
  const Ends p(w);
  w.send(p.a, "last");
  w.note("shut", w.shutdown(p.a, SHUT_WR));
  w.note("ends", w.ready(p.a) + ", " + w.ready(p.b));
  w.note("send", w.send(p.a, "x"));
  w.note("read", w.receive(p.b) + ", " + w.receive(p.b));
  w.note("answer", w.send(p.b, "yes") + ", " + w.receive(p.a));
  w.note("shut the other way", w.shutdown(p.b, SHUT_WR));
  w.note("ends", w.ready(p.a) + ", " + w.ready(p.b));
  w.note("shut again", w.shutdown(p.b, SHUT_RDWR));
  w.note("nonsense", w.shutdown(p.b, 7));
}

void shut_for_reading(World& w) {
  const Ends p(w);
  w.send(p.a, "before");
  w.shutdown(p.b, SHUT_RD);
  w.note("ends", w.ready(p.a) + ", " + w.ready(p.b));
  w.note("send", w.send(p.a, "after"));
  w.note("what came before", w.receive(p.b) + ", " + w.receive(p.b));
}

void closed(World& w) {
  const Ends p(w);
  w.send(p.b, "last");
  w.close(p.b);
  w.note("ready", w.ready(p.a));
  w.note("error", w.pending_error(p.a));
  w.note("send", w.send(p.a, "x"));
  w.note("read", w.receive(p.a) + ", " + w.receive(p.a));
}

void closed_with_unread_data(World& w) {
  const Ends p(w);
  w.send(p.a, "never read");
  w.send(p.b, "to be read");
  w.close(p.b);
  w.note("ready", w.ready(p.a));
  w.note("data first", w.receive(p.a));
  w.note("then the reset", w.receive(p.a));
  w.note("then the end", w.receive(p.a));
  w.note("ready", w.ready(p.a));
  w.note("send", w.send(p.a, "x"));
}

void reset_is_an_error_of_the_socket(World& w) {
  const Ends p(w);
  w.send(p.a, "never read");
  w.close(p.b);
  w.note("error", w.pending_error(p.a) + ", " + w.pending_error(p.a));
  w.note("read", w.receive(p.a));
}

void listener_closed(World& w) {
  const int listener = listening(w, abstract("closing"));
  const int user = make(w);
  connect(user, abstract("closing"));
  w.send(user, "never read");
  w.close(listener);
  w.note("user", w.ready(user));
  w.note("read", w.receive(user) + ", " + w.receive(user));
  w.note("send", w.send(user, "x"));
  w.note("another", connect(make(w), abstract("closing")));
}

void user_gone_before_accept(World& w) {
  const int listener = listening(w, abstract("gone"));
  const int user = make(w);
  bind(user, abstract("user"));
  connect(user, abstract("gone"));
  w.send(user, "left");
  w.close(user);
  sockaddr_un from{};
  socklen_t length = sizeof from;
  const int server = w.keep(::accept(listener, reinterpret_cast<sockaddr*>(&from), &length));
  w.note("accepted from", shown(from, length));
  w.note("ready", w.ready(server));
  w.note("read", w.receive(server) + ", " + w.receive(server));
}

void backlog(World& w) {
  const int listener = listening(w, abstract("backlog"), 1);
  w.note("connects", connect(make(w), abstract("backlog")) + ", " + connect(make(w), abstract("backlog")));
  const int third = make(w);
  w.note("one too many", connect(third, abstract("backlog")));
  w.note("ready", w.ready(third));
  w.note("accept", w.accept(listener));
  w.note("now it fits", connect(third, abstract("backlog")));
  w.note("none", connect(make(w), abstract("backlog")));
  w.note("a larger backlog", result(::listen(listener, 5)));
  w.note("fits", connect(make(w), abstract("backlog")));
}

void backlog_of_one_that_waits(World& w) {
  const int listener = listening(w, abstract("waiting"), 0);
  connect(make(w), abstract("waiting"));
  const int user = make(w, SOCK_STREAM, 0);
  std::string connected;
  std::thread waiter([&] { connected = connect(user, abstract("waiting")); });
  w.pass(20ms);
  w.note("waits", remote(user));
  w.note("accept", w.accept(listener));
  waiter.join();
  w.note("connected", connected);
  w.note("accept", w.accept(listener));
}

void listener_shut_while_waited_for(World& w) {
  const int listener = listening(w, abstract("shut"), 8, SOCK_STREAM, 0);
  std::string accepted;
  std::thread waiter([&] { accepted = w.accept(listener); });
  w.pass(20ms);
  w.shutdown(listener, SHUT_RD);
  waiter.join();
  w.note("accept", accepted);
  w.note("connect", connect(make(w), abstract("shut")));
  w.note("ready", w.ready(listener));
}

void wrong_states(World& w) {
  const int fresh = make(w);
  w.note("fresh", w.ready(fresh));
  w.note("receive", w.receive(fresh));
  w.note("send", w.send(fresh, "x"));
  w.note("peer", remote(fresh));
  w.note("listen without a name", result(::listen(fresh, 1)));
  w.note("accept", w.accept(fresh));
  w.note("send with an address", send_to(fresh, "x", abstract("nobody")));
  w.note("shut", w.shutdown(fresh, SHUT_WR));
  w.note("ready", w.ready(fresh));
  const int listener = listening(w, abstract("states"));
  w.note("receive", w.receive(listener));
  w.note("send", w.send(listener, "x"));
  w.note("unread", w.unread(listener));
  w.note("connect", connect(listener, abstract("states")));
  w.note("connected", connect(fresh, abstract("states")));
  w.note("listen", result(::listen(fresh, 1)));
  w.note("send with an address", send_to(fresh, "x", abstract("states")));
  const Ends p(w);
  w.note("pair with an address", send_to(p.a, "x", abstract("states")));
}

void sequenced_wrong_states(World& w) {
  const int fresh = make(w, SOCK_SEQPACKET);
  w.note("fresh", w.ready(fresh));
  w.note("receive", w.receive(fresh));
  w.note("send", w.send(fresh, "x"));
  const Ends p(w, SOCK_SEQPACKET);
  w.note("an address is ignored", send_to(p.a, "x", abstract("nobody")) + ", " + w.receive(p.b));
}

void send_buffer(World& w) {
  const Ends p(w);
  w.set(p.a, SOL_SOCKET, SO_SNDBUF, 20'000);
  w.note("buffer", w.get(p.a, SOL_SOCKET, SO_SNDBUF));
  w.note("fill", fill(p.a));
  w.note("full", w.ready(p.a));
  w.note("a little read", w.receive(p.b, 10));
  w.note("no room yet", w.ready(p.a));
  drain(p.b);
  w.note("all read", w.ready(p.a));
  w.note("nothing is charged", w.unread(p.a));
}

void room_by_edges(World& w) {
  const Ends p(w);
  w.set(p.a, SOL_SOCKET, SO_SNDBUF, 50'000);
  const int epoll = w.epoll();
  w.add(epoll, p.a, EPOLLOUT | EPOLLET, 1);
  w.note("fresh", w.events(epoll));
  const std::string block(1'000, 'x');
  int held = 0;
  while (w.send(p.a, block) == "1000") ++held;
  w.note("full", w.events(epoll));
  const auto read_down_to = [&](int percent) {
    const int left = held * percent / 100;
    std::string bytes(block.size() * static_cast<std::size_t>(held - left), '\0');
    static_cast<void>(::recv(p.b, bytes.data(), bytes.size(), 0));
    held = left;
  };
  read_down_to(40);
  w.note("less full", w.events(epoll) + ", " + w.ready(p.a) + ", " + w.send(p.a, block));
  read_down_to(35);
  w.note("less than a quarter", w.events(epoll) + ", " + w.ready(p.a));
  fill(p.a);
  w.set(p.a, SOL_SOCKET, SO_SNDBUF, 400'000);
  w.note("a larger buffer", w.events(epoll));
}

void life_by_edges(World& w) {
  const Ends p(w);
  const int epoll = w.epoll();
  w.add(epoll, p.a, kEdge, 1);
  w.note("fresh", w.events(epoll));
  w.note("once", w.events(epoll));
  w.send(p.b, "one");
  w.note("data", w.events(epoll));
  w.send(p.b, "two");
  w.note("more", w.events(epoll));
  w.receive(p.a);
  w.note("read", w.events(epoll));
  w.send(p.a, "x");
  w.note("sent", w.events(epoll));
  w.receive(p.b);
  w.note("it was read", w.events(epoll));
  w.shutdown(p.b, SHUT_WR);
  w.note("shut", w.events(epoll));
  w.shutdown(p.a, SHUT_WR);
  w.note("shut by itself", w.events(epoll));
  w.close(p.b);
  w.note("closed", w.events(epoll));
}

void listener_by_edges(World& w) {
  const int listener = listening(w, abstract("edges"));
  const int epoll = w.epoll();
  w.add(epoll, listener, EPOLLIN | EPOLLET, 1);
  connect(make(w), abstract("edges"));
  w.note("one", w.events(epoll));
  connect(make(w), abstract("edges"));
  w.note("another", w.events(epoll));
  w.accept(listener);
  w.note("one left", w.events(epoll));
  const int user = make(w);
  w.add(epoll, user, kEdge, 2);
  w.note("a fresh one", w.events(epoll));
  connect(user, abstract("edges"));
  w.note("connected", w.events(epoll));
}

void blocking_stream(World& w) {
  const Ends p(w, SOCK_STREAM, 0);
  std::string wrote;
  std::thread writer([&] {
    wrote = w.send(p.a, std::string(2'000'000, 'y'));
    w.shutdown(p.a, SHUT_WR);
  });
  std::size_t total = 0;
  std::string bytes(300'000, '\0');
  for (ssize_t got = 1; got > 0; total += static_cast<std::size_t>(got)) {
    got = ::read(p.b, bytes.data(), bytes.size());
  }
  writer.join();
  w.note("wrote", wrote);
  w.note("read", std::to_string(total));
}

void peer_closed_while_waiting(World& w) {
  const Ends p(w, SOCK_STREAM, 0);
  std::string got;
  std::thread reader([&] { got = w.receive(p.a); });
  w.pass(20ms);
  w.close(p.b);
  reader.join();
  w.note("read", got);
}

void peeking(World& w) {
  const Ends p(w);
  w.send(p.a, "abc");
  w.send(p.a, "def");
  w.note("over both", w.receive(p.b, 5, MSG_PEEK));
  w.note("again", w.receive(p.b, 100, MSG_PEEK));
  w.note("read", w.receive(p.b, 2));
  w.note("from there", w.receive(p.b, 100, MSG_PEEK));
  w.note("truncation means nothing", w.receive(p.b, 1, MSG_TRUNC));
}

void of_nothing(World& w) {
  const Ends p(w);
  w.note("send nothing", w.send(p.a, ""));
  w.note("nothing came", w.ready(p.b));
  char byte = 0;
  w.note("read nothing", result(::read(p.b, &byte, 0)));
  w.note("receive nothing", result(::recv(p.b, &byte, 0, 0)));
  w.send(p.a, "x");
  w.note("receive nothing of something", result(::recv(p.b, &byte, 0, 0)));
  w.note("it is still there", w.receive(p.b));
}

void sequenced_packets(World& w) {
  const Ends p(w, SOCK_SEQPACKET);
  w.note("send", w.send(p.a, "first") + ", " + w.send(p.a, "") + ", " + w.send(p.a, "third"));
  w.note("unread", w.unread(p.b));
  w.note("cut off", w.receive(p.b, 2));
  w.note("an empty one", w.receive(p.b));
  w.note("the next", w.receive(p.b));
  w.note("none", w.receive(p.b));
  w.send(p.a, "long");
  w.note("its true size", receive_from(p.b, 2, MSG_TRUNC));
  w.shutdown(p.a, SHUT_WR);
  w.note("shut", w.receive(p.b) + ", " + w.ready(p.b));
  w.note("send", w.send(p.a, "x"));
  w.send(p.b, "unread");
  w.close(p.a);
  w.note("reset", w.ready(p.b) + ", " + w.receive(p.b) + ", " + w.receive(p.b));
  w.note("send to a closed one", w.send(p.b, "x"));
  // No SIGPIPE comes of it, whether it is asked for or not.
  w.note("write to a closed one", result(::write(p.b, "x", 1)));
}

void sequenced_connection(World& w) {
  const int listener = listening(w, abstract("packets"), 4, SOCK_SEQPACKET);
  const int user = make(w, SOCK_SEQPACKET);
  w.note("a stream cannot", connect(make(w), abstract("packets")));
  w.note("connect", connect(user, abstract("packets")));
  w.send(user, "one");
  w.send(user, "two");
  w.note("accept", w.accept(listener));
  w.note("read", w.receive(w.last()) + ", " + w.receive(w.last()));
  w.note("a large one", w.send(user, std::string(100'000, 'x')) + ", " + w.unread(w.last()));
  w.note("one that is too large", w.send(user, std::string(1'000'000, 'x')));
}

void options(World& w) {
  const Ends p(w);
  const auto get = [&](int name) { return w.get(p.a, SOL_SOCKET, name); };
  w.note("type", get(SO_TYPE));
  w.note("domain", get(SO_DOMAIN));
  w.note("protocol", get(SO_PROTOCOL));
  w.note("listening", get(SO_ACCEPTCONN) + ", " + w.get(listening(w, abstract("options")), SOL_SOCKET, SO_ACCEPTCONN));
  w.note("buffers", get(SO_SNDBUF) + ", " + get(SO_RCVBUF));
  w.note("smallest", w.set(p.a, SOL_SOCKET, SO_SNDBUF, 0) + ", " + get(SO_SNDBUF));
  w.note("smallest", w.set(p.a, SOL_SOCKET, SO_RCVBUF, 0) + ", " + get(SO_RCVBUF));
  w.note("kept", w.set(p.a, SOL_SOCKET, SO_REUSEADDR, 7) + ", " + get(SO_REUSEADDR));
  w.note("a shared port", w.set(p.a, SOL_SOCKET, SO_REUSEPORT, 1));
  w.note("read only", w.set(p.a, SOL_SOCKET, SO_TYPE, 1) + ", " + w.set(p.a, SOL_SOCKET, SO_ERROR, 1));
  w.note("of another level", w.get(p.a, IPPROTO_TCP, 1) + ", " + w.set(p.a, IPPROTO_TCP, 1, 1));
  char byte = 1;
  w.note("too short", result(setsockopt(p.a, SOL_SOCKET, SO_PASSCRED, &byte, 1)));
  w.note("mark", [&] {
    int mark = -1;
    return ioctl(p.a, SIOCATMARK, &mark) == 0 ? std::to_string(mark) : result(-1);
  }());
}

void charges(World& w) {
  const auto charged = [](int fd) {
    int bytes = -1;
    return ioctl(fd, SIOCOUTQ, &bytes) == 0 ? bytes : -1;
  };
  const Ends p(w);
  w.note("none", std::to_string(charged(p.a)));
  w.send(p.a, "x");
  const int small = charged(p.a);
  w.note("more than its bytes", small > 1);
  w.send(p.a, "y");
  w.note("each as much", charged(p.a) == 2 * small);
  w.receive(p.b);
  w.note("both read", std::to_string(charged(p.a)));
  w.send(p.a, std::string(4'000, 'x'));
  w.note("a long one", charged(p.a) > 4'000);
  w.receive(p.b, 3'999);
  w.note("until its last byte is read", charged(p.a) > 4'000);
  w.receive(p.b, 1);
  w.note("read", std::to_string(charged(p.a)));
  w.note("of a listener", std::to_string(charged(listening(w, abstract("charges")))));
}

void making(World& w) {
  w.note("protocol 1", ::close(::socket(AF_UNIX, SOCK_STREAM, 1)) == 0);
  w.note("protocol 2", result(::socket(AF_UNIX, SOCK_STREAM, 2)));
  w.note("unknown type", result(::socket(AF_UNIX, SOCK_RDM, 0)));
  w.note("raw is datagram", w.get(make(w, SOCK_RAW), SOL_SOCKET, SO_TYPE));
  int ends[2];
  w.note("pair of the internet", result(::socketpair(AF_INET, SOCK_STREAM, 0, ends)));
  w.note("pair of an unknown type", result(::socketpair(AF_UNIX, SOCK_RDM, 0, ends)));
  const Ends p(w, SOCK_DGRAM, SOCK_NONBLOCK | SOCK_CLOEXEC);
  w.note("flags", result(fcntl(p.a, F_GETFD)) + ", " + result(fcntl(p.b, F_GETFL)));
  w.note("the first is the lower", p.a < p.b);
  struct stat status {};
  fstat(p.a, &status);
  w.note("a socket", S_ISSOCK(status.st_mode));
  w.note("position", result(lseek(p.a, 0, SEEK_SET)));
}

void rows(World& w) {
  const Ends p(w);
  char a[] = "one ", b[] = "two ", c[] = "three";
  const iovec out[] = {{a, 4}, {b, 4}, {c, 5}};
  w.note("writev", result(writev(p.a, out, 3)));
  char first[6], second[20];
  const iovec in[] = {{first, sizeof first}, {second, sizeof second}};
  w.note("readv", result(readv(p.b, in, 2)));
  w.note("first", std::string_view(first, 6));
  w.note("second", std::string_view(second, 7));
}

constexpr Case kCases[] = {{"a pair", a_pair},
                           {"the life of a connection", life_of_a_connection},
                           {"half-close", half_close},
                           {"shut for reading", shut_for_reading},
                           {"closed", closed},
                           {"closed with unread data", closed_with_unread_data},
                           {"a reset is an error of the socket", reset_is_an_error_of_the_socket},
                           {"listener closed", listener_closed},
                           {"user gone before accept", user_gone_before_accept},
                           {"backlog", backlog},
                           {"backlog, and one that waits", backlog_of_one_that_waits},
                           {"listener shut while it is waited for", listener_shut_while_waited_for},
                           {"wrong states", wrong_states},
                           {"wrong states of sequenced packets", sequenced_wrong_states},
                           {"send buffer", send_buffer},
                           {"room, by edges", room_by_edges},
                           {"life, by edges", life_by_edges},
                           {"listener, by edges", listener_by_edges},
                           {"blocking", blocking_stream},
                           {"peer closed while waiting", peer_closed_while_waiting},
                           {"peeking", peeking},
                           {"of nothing", of_nothing},
                           {"sequenced packets", sequenced_packets},
                           {"sequenced connection", sequenced_connection},
                           {"options", options},
                           {"charges", charges},
                           {"making", making},
                           {"rows", rows}};

const Suite kSuite("unix_stream", kCases);

}  // namespace

}  // namespace stillpoint::test
