// getsockopt and setsockopt.
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <cstring>

#include "tests/conformance/random/generator.hpp"

namespace stillpoint::test {
namespace {

enum Where : std::uint8_t { kTcp = 1, kUdp = 2, kUnix = 4, kInternet = kTcp | kUdp, kAll = 7 };

struct Option {
  int level;
  int name;
  const char* text;
  Where where;  // what it may be asked of: others stop the run, since Linux has it there, and the kernel does not
};
constexpr Option kNames[] = {
    {SOL_SOCKET, SO_ERROR, "SO_ERROR", kAll},
    {SOL_SOCKET, SO_ERROR, "SO_ERROR", kAll},
    {SOL_SOCKET, SO_ERROR, "SO_ERROR", kAll},
    {SOL_SOCKET, SO_TYPE, "SO_TYPE", kAll},
    {SOL_SOCKET, SO_DOMAIN, "SO_DOMAIN", kAll},
    {SOL_SOCKET, SO_PROTOCOL, "SO_PROTOCOL", kAll},
    {SOL_SOCKET, SO_ACCEPTCONN, "SO_ACCEPTCONN", kAll},
    {SOL_SOCKET, SO_REUSEADDR, "SO_REUSEADDR", kAll},
    {SOL_SOCKET, SO_REUSEPORT, "SO_REUSEPORT", kAll},
    {SOL_SOCKET, SO_KEEPALIVE, "SO_KEEPALIVE", kAll},
    {SOL_SOCKET, SO_BROADCAST, "SO_BROADCAST", kAll},
    {SOL_SOCKET, SO_DONTROUTE, "SO_DONTROUTE", kAll},
    {SOL_SOCKET, SO_OOBINLINE, "SO_OOBINLINE", kAll},
    {SOL_SOCKET, SO_SNDLOWAT, "SO_SNDLOWAT", kAll},
    {SOL_SOCKET, SO_RCVLOWAT, "SO_RCVLOWAT", kTcp},
    {SOL_SOCKET, SO_PASSCRED, "SO_PASSCRED", kUnix},
    {IPPROTO_TCP, TCP_NODELAY, "TCP_NODELAY", kTcp},
    {IPPROTO_TCP, TCP_KEEPIDLE, "TCP_KEEPIDLE", kTcp},
    {IPPROTO_TCP, TCP_KEEPINTVL, "TCP_KEEPINTVL", kTcp},
    {IPPROTO_TCP, TCP_KEEPCNT, "TCP_KEEPCNT", kTcp},
    {IPPROTO_TCP, TCP_SYNCNT, "TCP_SYNCNT", kTcp},
    {IPPROTO_TCP, TCP_USER_TIMEOUT, "TCP_USER_TIMEOUT", kTcp},
    {IPPROTO_TCP, TCP_CORK, "TCP_CORK", kTcp},
    {IPPROTO_IP, IP_TTL, "IP_TTL", kInternet},
    {IPPROTO_IP, IP_TOS, "IP_TOS", kInternet},
    {IPPROTO_IP, IP_MTU_DISCOVER, "IP_MTU_DISCOVER", kInternet},
    {IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, "IP_BIND_ADDRESS_NO_PORT", kTcp},
    {IPPROTO_IP, IP_PKTINFO, "IP_PKTINFO", kUdp},
    {IPPROTO_IP, IP_RECVTTL, "IP_RECVTTL", kUdp},
    {IPPROTO_IP, IP_MULTICAST_TTL, "IP_MULTICAST_TTL", kUdp},
    {IPPROTO_IP, IP_MULTICAST_LOOP, "IP_MULTICAST_LOOP", kUdp},
    {IPPROTO_IPV6, IPV6_V6ONLY, "IPV6_V6ONLY", kInternet},
    {IPPROTO_IPV6, IPV6_UNICAST_HOPS, "IPV6_UNICAST_HOPS", kInternet},
    {IPPROTO_IPV6, IPV6_TCLASS, "IPV6_TCLASS", kInternet},
    {IPPROTO_IPV6, IPV6_RECVPKTINFO, "IPV6_RECVPKTINFO", kUdp},
};

bool takes(const Option& option, const Generator::Slot& slot) {
  const Where where = is_tcp(slot) ? kTcp : is_udp(slot) ? kUdp : kUnix;
  return (option.where & where) != 0;
}
// The same, of what the slot's descriptor has really become.
bool takes(const Option& option, const Caller& caller, int slot) {
  const int type = caller.type(slot);
  if (type < 0) return true;
  const Where where = caller.domain(slot) == AF_UNIX ? kUnix : type == SOCK_STREAM ? kTcp : kUdp;
  return (option.where & where) != 0;
}

// A socket and one of its options.
struct Chosen {
  int slot = -1;
  Option option{};
};
Chosen choose(Generator& generator) {
  Chosen chosen;
  chosen.slot = generator.pick(is_socket);
  if (chosen.slot < 0) return chosen;
  do {
    chosen.option = generator.one_of(kNames);
  } while (!takes(chosen.option, generator.slot(chosen.slot)));
  return chosen;
}

void a_getsockopt(Generator& generator) {
  const auto [slot, option] = choose(generator);
  if (slot < 0) return;
  const socklen_t room = generator.one_in(10) ? static_cast<socklen_t>(generator.number(10)) : sizeof(int);
  generator.add(fmt::format("getsockopt(s{}, {}, {})", slot, option.text, room), [=](Caller& caller) {
    if (!takes(option, caller, slot)) return std::string("not asked");
    int values[4] = {-7, -7, -7, -7};
    socklen_t length = room;
    const int result = getsockopt(caller.fd(slot), option.level, option.name, values, &length);
    if (result != 0) return outcome(result);
    if (option.name == SO_ERROR && option.level == SOL_SOCKET && length == sizeof(int))
      return std::string(values[0] == 0 ? "none" : strerrorname_np(values[0]));
    return fmt::format("{} bytes: {}", length, hex(values, std::min<std::size_t>(length, sizeof values)));
  });
}

void a_setsockopt(Generator& generator) {
  const auto [slot, option] = choose(generator);
  if (slot < 0) return;
  int value = generator.one_of({0, 1, 1, 2, 5, -1, 100, 300, 40'000});
  // Which of those that share a port is meant, is decided by a hash of ports that are drawn by chance.
  if (option.level == SOL_SOCKET && option.name == SO_REUSEPORT) value = 0;
  if (option.level == IPPROTO_TCP && option.name == TCP_NODELAY) value = 1;  // it stays on
  const socklen_t size = generator.one_in(12) ? static_cast<socklen_t>(generator.number(6)) : sizeof value;
  generator.add(fmt::format("setsockopt(s{}, {}, {}, {})", slot, option.text, value, size), [=](Caller& caller) {
    if (!takes(option, caller, slot)) return std::string("not asked");
    const int values[2] = {value, 0};
    return outcome(setsockopt(caller.fd(slot), option.level, option.name, values, size));
  });
}

// Buffers of TCP are not read unless they were set: Linux lets them grow until then.
void a_buffer(Generator& generator) {
  const int slot = generator.pick(is_socket);
  if (slot < 0) return;
  constexpr int kTcpBuffer = 100'000;
  const bool sending = generator.one_in(2);
  const int size = is_tcp(generator.slot(slot)) ? kTcpBuffer : generator.one_of({0, 1, 2'000, 5'000, 30'000, 100'000});
  generator.add(fmt::format("setsockopt(s{}, {}, {}), and read", slot, sending ? "SO_SNDBUF" : "SO_RCVBUF", size),
                [=](Caller& caller) {
                  if (size != kTcpBuffer && caller.type(slot) == SOCK_STREAM && caller.domain(slot) != AF_UNIX)
                    return std::string("not asked");
                  const int name = sending ? SO_SNDBUF : SO_RCVBUF;
                  const std::string seen = outcome(setsockopt(caller.fd(slot), SOL_SOCKET, name, &size, sizeof size));
                  int value = 0;
                  socklen_t length = sizeof value;
                  const int result = getsockopt(caller.fd(slot), SOL_SOCKET, name, &value, &length);
                  return seen + ", " + (result != 0 ? outcome(result) : std::to_string(value));
                });
}

// With a time, close(2) would wait.
void a_linger(Generator& generator) {
  const int slot = generator.pick(is_socket);
  if (slot < 0) return;
  const int on = generator.one_in(3) ? 0 : 1;
  generator.add(fmt::format("setsockopt(s{}, SO_LINGER, {}, 0), and read", slot, on), [=](Caller& caller) {
    const linger value{on, 0};
    const std::string seen = outcome(setsockopt(caller.fd(slot), SOL_SOCKET, SO_LINGER, &value, sizeof value));
    linger read{};
    socklen_t length = sizeof read;
    const int result = getsockopt(caller.fd(slot), SOL_SOCKET, SO_LINGER, &read, &length);
    return seen + ", " + (result != 0 ? outcome(result) : fmt::format("{} {}", read.l_onoff, read.l_linger));
  });
}

void a_tcp_state(Generator& generator) {
  const int slot = generator.pick(is_tcp);
  if (slot < 0) return;
  generator.add(fmt::format("getsockopt(s{}, TCP_INFO)", slot), [=](Caller& caller) {
    if (caller.domain(slot) == AF_UNIX || caller.type(slot) == SOCK_DGRAM) return std::string("not asked");
    tcp_info info{};
    socklen_t length = 1;
    const int result = getsockopt(caller.fd(slot), IPPROTO_TCP, TCP_INFO, &info, &length);
    if (result != 0) return outcome(result);
    // Whether the acknowledgement of a FIN has come: Linux delays it as it likes.
    if (info.tcpi_state == TCP_FIN_WAIT1 || info.tcpi_state == TCP_FIN_WAIT2) return std::string("state FIN_WAIT");
    return fmt::format("state {}", info.tcpi_state);
  });
}

constexpr Kind kKinds[] = {{8, a_getsockopt}, {8, a_setsockopt}, {2, a_buffer}, {2, a_linger}, {3, a_tcp_state}};

}  // namespace

const std::span<const Kind> kOptions(kKinds);

}  // namespace stillpoint::test
