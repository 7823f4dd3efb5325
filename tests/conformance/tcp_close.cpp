// Ends that are asked for by options, and connections that are dissolved.
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

#include "tests/conformance/waiting.hpp"
#include "tests/conformance/world.hpp"

namespace stillpoint::test {
namespace {

std::string set_linger(int fd, int on, int seconds) {
  const linger value{on, seconds};
  return result(setsockopt(fd, SOL_SOCKET, SO_LINGER, &value, sizeof value));
}
std::string get_linger(int fd) {
  linger value{9, 9};
  socklen_t length = sizeof value;
  if (getsockopt(fd, SOL_SOCKET, SO_LINGER, &value, &length) != 0) return result(-1);
  return std::to_string(value.l_onoff) + ' ' + std::to_string(value.l_linger);
}
std::string dissolve(int fd) {
  sockaddr nobody{};
  nobody.sa_family = AF_UNSPEC;
  return result(::connect(fd, &nobody, sizeof nobody));
}
std::string state_of(int fd) {
  tcp_info info{};
  socklen_t length = sizeof info;
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return result(-1);
  constexpr const char* kNames[] = {"0",         "established", "syn_sent",   "syn_recv", "fin_wait1", "fin_wait2",
                                    "time_wait", "close",       "close_wait", "last_ack", "listen",    "closing"};
  return kNames[info.tcpi_state];
}

void linger_is_read_back(World& w) {
  const int fd = w.socket();
  w.note("at first", get_linger(fd));
  w.note("set", set_linger(fd, 7, 5));
  w.note("is", get_linger(fd));
  w.note("off", set_linger(fd, 0, 9));
  w.note("is then", get_linger(fd));
  const int value = 1;
  w.note("too short", result(setsockopt(fd, SOL_SOCKET, SO_LINGER, &value, sizeof value)));
}

void closed_at_once(World& w) {
  const auto [user, server] = w.connected();
  set_linger(server, 1, 0);
  w.send(server, "never arrives?");
  w.settle();
  w.note("close", w.close(server));
  w.settle();
  w.note("ready", w.ready(user));
  w.note("receive", w.receive(user));
  w.note("then", w.receive(user));
  w.note("and then", w.receive(user));
  w.note("send", w.send(user, "x"));
}

void closed_at_once_after_shutdown(World& w) {
  const auto [user, server] = w.connected();
  set_linger(server, 1, 0);
  w.shutdown(server, SHUT_WR);
  w.settle();
  w.note("before", w.ready(user));
  w.close(server);
  w.settle();
  w.note("ready", w.ready(user));
  w.note("error", w.pending_error(user));
  w.note("receive", w.receive(user));
}

void closed_at_once_when_over(World& w) {
  const auto [user, server] = w.connected();
  set_linger(server, 1, 0);
  w.shutdown(server, SHUT_WR);
  w.settle();
  w.shutdown(user, SHUT_WR);
  w.settle();
  w.close(server);
  w.settle();
  w.note("user", w.ready(user));
  w.note("user's error", w.pending_error(user));
}

void linger_is_inherited(World& w) {
  const int listener = w.listener();
  set_linger(listener, 1, 0);
  const auto [user, server] = w.connected_to(listener);
  w.note("server", get_linger(server));
  w.note("user", get_linger(user));
  w.close(server);
  w.settle();
  w.note("receive", w.receive(user));
}

void linger_with_a_reader(World& w) {
  const auto [user, server] = w.connected();
  set_linger(user, 1, 10);
  w.send(user, "bye");
  w.settle();
  w.note("does not wait long", duration_of([&, fd = user] { w.close(fd); }) < 5'000ms);
  w.settle();
  w.note("receive", w.receive(server));
  w.note("end", w.receive(server));
}

// The other reads nothing, and its window is full.
void fill(World& w, int fd) {
  const std::string block(64 * 1024, 'x');
  for (int quiet = 0; quiet < 3;) {
    const bool full = ::send(fd, block.data(), block.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0;
    quiet = full ? quiet + 1 : 0;
    if (full) w.settle();
  }
}

void linger_in_vain(World& w) {
  const auto [user, server] = w.connected();
  set_linger(user, 1, 1);
  fill(w, user);
  w.note("waits a second", duration_of([&, fd = user] { w.close(fd); }) >= 950ms);
  w.note("server", w.ready(server));
}

void linger_of_a_duplicate(World& w) {
  const auto [user, server] = w.connected();
  set_linger(user, 1, 1);
  fill(w, user);
  const int copy = w.keep(dup(user));
  w.note("the first does not wait", duration_of([&, fd = user] { w.close(fd); }) < 900ms);
  w.note("the last does", duration_of([&] { w.close(copy); }) >= 950ms);
  w.note("server", w.ready(server));
}

void no_linger_for_unread_data(World& w) {
  const auto [user, server] = w.connected();
  set_linger(user, 1, 10);
  w.send(server, "unread");
  w.settle();
  w.note("does not wait", duration_of([&, fd = user] { w.close(fd); }) < 5'000ms);
  w.settle();
  w.note("receive", w.receive(server));
}

void dissolved(World& w) {
  const auto [user, server] = w.connected();
  w.note("dissolve", dissolve(user));
  w.settle();
  w.note("user", w.ready(user));
  w.note("local", w.local(user).substr(0, 7));
  w.note("remote", w.remote(user));
  w.note("server", w.ready(server));
  w.note("server receives", w.receive(server));
  w.note("error", w.pending_error(user));
  w.note("error again", w.pending_error(user));
  w.note("send", w.send(user, "x"));
}

void dissolved_and_connected_again(World& w) {
  const int listener = w.listener();
  const auto [user, server] = w.connected_to(listener);
  dissolve(user);
  w.pending_error(user);
  w.note("connect", w.connect(user, listener));
  w.settle();
  w.note("ready", w.ready(user));
  w.note("accept", w.accept(listener));
  w.send(user, "again");
  w.settle();
  w.note("receive", w.receive(w.last()));
  w.note("the old one", w.receive(server));
}

void dissolved_when_fresh(World& w) {
  const int fd = w.socket();
  w.note("dissolve", dissolve(fd));
  w.note("ready", w.ready(fd));
  w.note("error", w.pending_error(fd));
}

void dissolved_listener(World& w) {
  const int listener = w.listener();
  const int port = w.port_of(listener);
  w.note("dissolve", dissolve(listener));
  w.note("listens", w.get(listener, SOL_SOCKET, SO_ACCEPTCONN));
  const int user = w.socket();
  w.connect(user, INADDR_LOOPBACK, port);
  w.settle();
  w.note("nobody answers", w.pending_error(user));
}

void states(World& w) {
  const int listener = w.listener();
  w.note("listener", state_of(listener));
  const int fresh = w.socket();
  w.note("fresh", state_of(fresh));
  const auto [user, server] = w.connected_to(listener);
  w.note("user", state_of(user));
  w.shutdown(user, SHUT_WR);
  w.pass(150ms);  // Linux may delay the acknowledgement for a while
  w.note("user after shutdown", state_of(user));
  w.note("server after that", state_of(server));
  w.shutdown(server, SHUT_WR);
  w.settle();
  w.note("user, over", state_of(user));
  w.note("server, over", state_of(server));
}

void state_with_unread_window(World& w) {
  const auto [user, server] = w.connected();
  fill(w, user);
  w.shutdown(user, SHUT_WR);
  w.settle();
  w.note("user", state_of(user));
  w.note("server", state_of(server));
}

void state_while_connecting(World& w) {
  const int listener = w.listener(0);
  w.connect(w.socket(), listener);
  w.settle();
  const int user = w.socket();
  w.connect(user, listener);
  w.settle();
  w.note("connecting", state_of(user));
}

void state_after_reset(World& w) {
  const auto [user, server] = w.connected();
  set_linger(server, 1, 0);
  w.close(server);
  w.settle();
  w.note("state", state_of(user));
}

void closing_with_much_to_send(World& w) {
  const auto [user, server] = w.connected();
  const std::string block(30'000, 'x');
  w.note("send", w.send(user, block));
  w.close(user);
  std::size_t total = 0;
  std::string bytes(100'000, '\0');
  while (w.wait_for(server, POLLIN)) {
    const ssize_t got = ::recv(server, bytes.data(), bytes.size(), 0);
    if (got <= 0) break;
    total += static_cast<std::size_t>(got);
  }
  w.note("all arrives", std::to_string(total));
}

void peer_of_a_closed_end(World& w) {
  const auto [user, server] = w.connected();
  w.close(server);
  w.settle();
  w.note("still a peer", w.remote(user));
  w.note("shutdown for reading", w.shutdown(user, SHUT_RD));
  w.note("shutdown for writing", w.shutdown(user, SHUT_WR));
  w.settle();
  w.note("no peer", w.remote(user));
  w.note("ready", w.ready(user));
}

constexpr Case kCases[] = {{"SO_LINGER is read back", linger_is_read_back},
                           {"closed at once", closed_at_once},
                           {"closed at once after a shutdown", closed_at_once_after_shutdown},
                           {"closed at once when all is over", closed_at_once_when_over},
                           {"SO_LINGER is inherited", linger_is_inherited},
                           {"lingering, with a reader", linger_with_a_reader},
                           {"lingering in vain", linger_in_vain},
                           {"lingering of a duplicate", linger_of_a_duplicate},
                           {"no lingering for unread data", no_linger_for_unread_data},
                           {"dissolved", dissolved},
                           {"dissolved and connected again", dissolved_and_connected_again},
                           {"dissolved when fresh", dissolved_when_fresh},
                           {"a dissolved listener", dissolved_listener},
                           {"states", states},
                           {"the state with a full window", state_with_unread_window},
                           {"the state while connecting", state_while_connecting},
                           {"the state after a reset", state_after_reset},
                           {"closing with much to send", closing_with_much_to_send},
                           {"the peer of a closed end", peer_of_a_closed_end}};

const Suite kSuite("tcp_close", kCases);

}  // namespace

}  // namespace stillpoint::test
