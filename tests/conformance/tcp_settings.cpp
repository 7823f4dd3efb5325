// The options of socket(7), tcp(7) and ip(7): what they start as, what they take, what accepted sockets inherit.
#include <netinet/tcp.h>

#include <cstring>

#include "tests/conformance/world.hpp"

namespace stillpoint::test {
namespace {

// Sets an option to each of the values and notes what is read back.
void try_values(World& w, const char* name, int level, int option, std::initializer_list<int> values) {
  const int fd = w.socket();
  w.note(name, w.get(fd, level, option));
  for (const int value : values) {
    w.note("set " + std::to_string(value), w.set(fd, level, option, value));
    w.note("is", w.get(fd, level, option));
  }
}

void keepalive_times(World& w) {
  try_values(w, "idle", IPPROTO_TCP, TCP_KEEPIDLE, {1, 32767, 32768, 0, -1});
  try_values(w, "interval", IPPROTO_TCP, TCP_KEEPINTVL, {1, 32767, 32768, 0});
  try_values(w, "count", IPPROTO_TCP, TCP_KEEPCNT, {1, 127, 128, 0});
}

void syn_count(World& w) { try_values(w, "syn count", IPPROTO_TCP, TCP_SYNCNT, {1, 127, 128, 0}); }
void user_timeout(World& w) { try_values(w, "user time-out", IPPROTO_TCP, TCP_USER_TIMEOUT, {1, 5'000, 0, -1}); }
void largest_segment(World& w) { try_values(w, "segment", IPPROTO_TCP, TCP_MAXSEG, {87, 88, 1'000, 32'767, 32'768}); }
void deferring(World& w) { try_values(w, "defer", IPPROTO_TCP, TCP_DEFER_ACCEPT, {1, 2, 3, 4, 10, 100, 0}); }
void cork(World& w) { try_values(w, "cork", IPPROTO_TCP, TCP_CORK, {5, 0}); }
void time_to_live(World& w) { try_values(w, "ttl", IPPROTO_IP, IP_TTL, {1, 255, 256, 0}); }
void type_of_service(World& w) { try_values(w, "tos", IPPROTO_IP, IP_TOS, {16, 255, 3, 0}); }
void low_waters(World& w) {
  try_values(w, "receive", SOL_SOCKET, SO_RCVLOWAT, {100, 0, 1});
  try_values(w, "send", SOL_SOCKET, SO_SNDLOWAT, {100});
}

void read_only(World& w) {
  const int fd = w.socket();
  for (const int option : {SO_TYPE, SO_DOMAIN, SO_PROTOCOL, SO_ERROR, SO_ACCEPTCONN, SO_SNDLOWAT})
    w.note(std::to_string(option), w.set(fd, SOL_SOCKET, option, 1));
}

void unknown(World& w) {
  const int fd = w.socket();
  for (const int level : {SOL_SOCKET, int{IPPROTO_TCP}, int{IPPROTO_IP}, int{IPPROTO_UDP}, 250}) {
    w.note("level " + std::to_string(level), w.set(fd, level, 9'999, 1));
    w.note("get", w.get(fd, level, 9'999));
  }
}

std::string algorithm(int fd) {
  char name[16] = {};
  socklen_t length = sizeof name;
  if (getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &length) != 0) return result(-1);
  return std::string(name) + ' ' + std::to_string(length);
}
std::string choose(int fd, const char* name) {
  return result(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, static_cast<socklen_t>(std::strlen(name))));
}

void congestion(World& w) {
  const int listener = w.listener();
  w.note("reno", choose(listener, "reno"));
  w.note("is", algorithm(listener));
  w.note("cubic", choose(listener, "cubic"));
  w.note("is then", algorithm(listener));
  w.note("one that is not there", choose(listener, "nonsense"));
  w.note("none", choose(listener, ""));
  choose(listener, "reno");
  const auto [user, server] = w.connected_to(listener);
  w.note("inherited", algorithm(server));
}

void inherited_times(World& w) {
  const int listener = w.listener();
  w.set(listener, SOL_SOCKET, SO_KEEPALIVE, 1);
  w.set(listener, IPPROTO_TCP, TCP_KEEPIDLE, 77);
  w.set(listener, IPPROTO_TCP, TCP_KEEPCNT, 3);
  w.set(listener, IPPROTO_TCP, TCP_USER_TIMEOUT, 1'234);
  w.set(listener, SOL_SOCKET, SO_REUSEADDR, 1);
  w.set(listener, IPPROTO_IP, IP_TTL, 9);
  const auto [user, server] = w.connected_to(listener);
  w.note("keepalive", w.get(server, SOL_SOCKET, SO_KEEPALIVE));
  w.note("idle", w.get(server, IPPROTO_TCP, TCP_KEEPIDLE));
  w.note("count", w.get(server, IPPROTO_TCP, TCP_KEEPCNT));
  w.note("user time-out", w.get(server, IPPROTO_TCP, TCP_USER_TIMEOUT));
  w.note("reuse", w.get(server, SOL_SOCKET, SO_REUSEADDR));
  w.note("ttl", w.get(server, IPPROTO_IP, IP_TTL));
  w.note("user's idle", w.get(user, IPPROTO_TCP, TCP_KEEPIDLE));
}

void one_byte_values(World& w) {
  const int fd = w.socket();
  const unsigned char hops = 33;
  w.note("set a byte", result(setsockopt(fd, IPPROTO_IP, IP_TTL, &hops, 1)));
  w.note("is", w.get(fd, IPPROTO_IP, IP_TTL));
  unsigned char got[4] = {0xEE, 0xEE, 0xEE, 0xEE};
  socklen_t length = 1;
  w.note("get a byte", result(getsockopt(fd, IPPROTO_IP, IP_TTL, got, &length)));
  w.note("its value", std::to_string(got[0]));
  w.note("its length", std::to_string(length));
  w.note("no more", got[1] == 0xEE);
  w.note("a byte for TCP", result(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &hops, 1)));
}

void negative_length(World& w) {
  const int fd = w.socket();
  int value = 0;
  auto length = static_cast<socklen_t>(-1);
  w.note("get", result(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &length)));
  w.note("get of TCP", result(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &length)));
}

void keepalive_of_a_live_peer(World& w) {
  const auto [user, server] = w.connected();
  w.set(user, IPPROTO_TCP, TCP_KEEPIDLE, 1);
  w.set(user, IPPROTO_TCP, TCP_KEEPINTVL, 1);
  w.set(user, IPPROTO_TCP, TCP_KEEPCNT, 1);
  w.note("on", w.set(user, SOL_SOCKET, SO_KEEPALIVE, 1));
  w.pass(3'500ms);
  w.note("user", w.ready(user));
  w.note("server", w.ready(server));
  w.send(server, "alive");
  w.settle();
  w.note("receive", w.receive(user));
}

constexpr Case kCases[] = {{"times of keep-alive", keepalive_times},
                           {"TCP_SYNCNT", syn_count},
                           {"TCP_USER_TIMEOUT", user_timeout},
                           {"TCP_MAXSEG", largest_segment},
                           {"TCP_DEFER_ACCEPT", deferring},
                           {"TCP_CORK", cork},
                           {"IP_TTL", time_to_live},
                           {"IP_TOS", type_of_service},
                           {"low waters", low_waters},
                           {"options that are only read", read_only},
                           {"unknown options", unknown},
                           {"congestion control", congestion},
                           {"inherited times", inherited_times},
                           {"values of one byte", one_byte_values},
                           {"a negative length", negative_length},
                           {"keep-alive of a live peer", keepalive_of_a_live_peer}};

const Suite kSuite("tcp_settings", kCases);

}  // namespace

}  // namespace stillpoint::test
