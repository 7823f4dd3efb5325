// Who may bind where, beside whom, and who of them receives.
#include <algorithm>

#include "tests/conformance/udp_world.hpp"

namespace stillpoint::test {
namespace {

void errors(World& w) {
  const int fd = udp(w);
  const Endpoint to = at("127.0.0.1", 0);
  w.note("not an own address", bind(fd, "192.0.2.77"));
  w.note("too short", result(::bind(fd, to.get(), 8)));
  w.note("other family", bind(fd, "::1"));
  Endpoint untyped = at("127.0.0.1", 0);
  untyped.storage.ss_family = AF_UNSPEC;
  w.note("no family", result(::bind(fd, untyped.get(), untyped.length)));
  untyped = at("0.0.0.0", 0);
  untyped.storage.ss_family = AF_UNSPEC;
  w.note("no family, any address", result(::bind(fd, untyped.get(), untyped.length)));
  w.note("local", local(fd));
  w.note("again", bind(fd, "127.0.0.1"));
  w.note("again, not an own address", bind(fd, "192.0.2.77"));
  const int six = udp(w, AF_INET6);
  w.note("IPv4 for IPv6", bind(six, "127.0.0.1"));
  const Endpoint to6 = at("::1", 0);
  w.note("short of IPv6", result(::bind(six, to6.get(), 20)));
  w.note("not an own address of IPv6", bind(six, "2001:db8::77"));
  w.note("without a scope", result(::bind(six, to6.get(), 24)));
  w.note("local of IPv6", local(six));
}

void same_address(World& w) {
  const int first = bound(w, "127.0.0.1");
  const int number = port(first);
  w.note("the same", bind(udp(w), "127.0.0.1", number));
  w.note("another of loopback", bind(udp(w), "127.0.0.2", number));
  w.note("wildcard", bind(udp(w), "0.0.0.0", number));
  w.note("TCP", w.bind(w.socket(), INADDR_LOOPBACK, number));
  w.close(first);
  w.note("wildcard meets another of loopback", bind(udp(w), "0.0.0.0", number));
}

void wildcard_first(World& w) {
  const int number = port(bound(w, "0.0.0.0"));
  w.note("wildcard", bind(udp(w), "0.0.0.0", number));
  w.note("loopback", bind(udp(w), "127.0.0.1", number));
  w.note("wildcard of IPv6", bind(udp(w, AF_INET6), "::", number));
  w.note("loopback of IPv6", bind(udp(w, AF_INET6), "::1", number));
  w.note("mapped", bind(udp(w, AF_INET6), "::ffff:127.0.0.1", number));
  const int only = udp(w, AF_INET6);
  w.set(only, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  w.note("IPv6 only", bind(only, "::", number));
}

void dual_wildcard_first(World& w) {
  const int number = port(bound(w, "::"));
  w.note("wildcard", bind(udp(w), "0.0.0.0", number));
  w.note("loopback", bind(udp(w), "127.0.0.1", number));
  w.note("loopback of IPv6", bind(udp(w, AF_INET6), "::1", number));
  w.note("mapped", bind(udp(w, AF_INET6), "::ffff:127.0.0.1", number));
}

void v6_only_first(World& w) {
  const int only = udp(w, AF_INET6);
  w.note("at first", w.get(only, IPPROTO_IPV6, IPV6_V6ONLY));
  w.note("set", w.set(only, IPPROTO_IPV6, IPV6_V6ONLY, 1));
  w.note("mapped address", bind(only, "::ffff:127.0.0.1"));
  w.note("bind", bind(only, "::"));
  w.note("set when bound", w.set(only, IPPROTO_IPV6, IPV6_V6ONLY, 0));
  w.note("it is", w.get(only, IPPROTO_IPV6, IPV6_V6ONLY));
  const int number = port(only);
  const int four = udp(w);
  w.note("IPv4 beside", bind(four, "0.0.0.0", number));
  w.note("loopback of IPv6", bind(udp(w, AF_INET6), "::1", number));
  send_to(udp(w), "by IPv4", "127.0.0.1", number);
  send_to(udp(w, AF_INET6), "by IPv6", "::1", number);
  w.settle();
  w.note("IPv4 has", receive_from(four));
  w.note("IPv6 has", receive_from(only));
  w.note("send by IPv4", send_to(only, "x", "::ffff:127.0.0.1", number));
  w.note("connect to IPv4", connect(only, "::ffff:127.0.0.1", number));
  w.note("send with an IPv4 name", send_to(only, "x", "127.0.0.1", number));
  w.note("connect with an IPv4 name", connect(only, "127.0.0.1", number));
}

void a_specific_v6_address_is_v6_only(World& w) {
  const int fd = bound(w, "::1");
  w.note("only", w.get(fd, IPPROTO_IPV6, IPV6_V6ONLY));
  w.note("IPv4 beside", bind(udp(w), "0.0.0.0", port(fd)));
  w.note("mapped beside", bind(udp(w, AF_INET6), "::ffff:0.0.0.0", free_port(w)));
  w.note("send by IPv4", send_to(fd, "x", "::ffff:127.0.0.1", port(fd)));
}

void dual_stack(World& w) {
  const int dual = bound(w, "::");
  const int four = udp(w);
  const int six = udp(w, AF_INET6);
  w.note("send by IPv4", send_to(four, "four", "127.0.0.1", port(dual)));
  w.note("send by IPv6", send_to(six, "six", "::1", port(dual)));
  w.settle();
  w.note("from IPv4", receive_from(dual));
  w.note("from IPv6", receive_from(dual));
  const int server = bound(w, "127.0.0.1");
  w.note("send mapped", send_to(dual, "mapped", "::ffff:127.0.0.1", port(server)));
  w.settle();
  w.note("received", receive_from(server));
  w.note("send with an IPv4 name", send_to(dual, "named", "127.0.0.1", port(server)));
  w.settle();
  w.note("received", receive_from(server));
  w.note("connect mapped", connect(dual, "::ffff:127.0.0.1", port(server)));
  w.note("local", local(dual));
  w.note("remote", remote(dual));
  w.note("then by IPv6", send_to(dual, "x", "::1", port(server)));
  w.note("connect by an IPv4 name", connect(six, "127.0.0.1", port(server)));
  w.note("local of it", local(six));
  w.note("remote of it", remote(six));
}

void mapped(World& w) {
  const int fd = bound(w, "::ffff:127.0.0.1");
  w.note("local", local(fd));
  w.note("only", w.get(fd, IPPROTO_IPV6, IPV6_V6ONLY));
  w.note("IPv4 beside", bind(udp(w), "127.0.0.1", port(fd)));
  w.note("IPv6 beside", bind(udp(w, AF_INET6), "::1", port(fd)));
  send_to(udp(w), "x", "127.0.0.1", port(fd));
  w.settle();
  w.note("received", receive_from(fd));
  w.note("to IPv6", send_to(fd, "x", "::1", 9));
  w.note("connect to IPv6", connect(fd, "::1", 9));
  w.note("connect to any", connect(fd, "::", 9));
  w.note("remote", remote(fd));
  const int any = bound(w, "::ffff:0.0.0.0");
  w.note("mapped any", local(any));
  send_to(udp(w), "y", "127.0.0.1", port(any));
  w.settle();
  w.note("received by any", receive_from(any));
}

void unconnected_v6_errors(World& w) {
  const int fd = udp(w, AF_INET6);
  const Endpoint to = at("::1", 9);
  w.note("short", result(::sendto(fd, "x", 1, 0, to.get(), 20)));
  w.note("nothing", result(::sendto(fd, "x", 1, 0, to.get(), 0)));
  w.note("port 0", send_to(fd, "x", "::1", 0));
  Endpoint other = to;
  other.storage.ss_family = AF_UNIX;
  w.note("other family", result(::sendto(fd, "x", 1, 0, other.get(), other.length)));
  other.storage.ss_family = AF_UNSPEC;
  w.note("no family", result(::sendto(fd, "x", 1, 0, other.get(), other.length)));
  w.note("nobody", w.send(fd, "x"));
  w.note("local", local(fd));
}

void reuse_address(World& w) {
  const int first = udp(w), second = udp(w), third = udp(w);
  w.set(first, SOL_SOCKET, SO_REUSEADDR, 1);
  w.set(second, SOL_SOCKET, SO_REUSEADDR, 1);
  w.note("first", bind(first, "127.0.0.1"));
  w.note("second", bind(second, "127.0.0.1", port(first)));
  w.note("third without", bind(third, "127.0.0.1", port(first)));
  send_to(udp(w), "to the last that came", "127.0.0.1", port(first));
  w.settle();
  w.note("first has", receive_from(first));
  w.note("second has", receive_from(second));
  w.close(second);
  send_to(udp(w), "to the one that is left", "127.0.0.1", port(first));
  w.settle();
  w.note("first has", receive_from(first));
  w.set(first, SOL_SOCKET, SO_REUSEADDR, 0);
  w.set(third, SOL_SOCKET, SO_REUSEADDR, 1);
  w.note("when the first no longer shares", bind(third, "127.0.0.1", port(first)));
}

void specific_before_wildcard(World& w) {
  const int wild = udp(w), specific = udp(w);
  for (const int fd : {wild, specific}) w.set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  w.note("specific", bind(specific, "127.0.0.1"));
  w.note("wild", bind(wild, "0.0.0.0", port(specific)));
  const int user = udp(w);
  send_to(user, "one", "127.0.0.1", port(specific));
  send_to(user, "two", "127.0.0.2", port(specific));
  w.settle();
  w.note("specific has", receive_from(specific));
  w.note("wild has", receive_from(wild));
}

void reuse_port(World& w) {
  const int first = udp(w), second = udp(w), third = udp(w), fourth = udp(w);
  for (const int fd : {first, second, fourth}) w.set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
  w.set(third, SOL_SOCKET, SO_REUSEADDR, 1);
  w.note("first", bind(first, "127.0.0.1"));
  w.note("second", bind(second, "127.0.0.1", port(first)));
  w.note("with the other option", bind(third, "127.0.0.1", port(first)));
  w.note("without", bind(udp(w), "127.0.0.1", port(first)));
  w.note("fourth", bind(fourth, "127.0.0.1", port(first)));
  // A peer stays with one of them; many peers are spread over all.
  int stray = 0;
  int had[3] = {};
  for (int i = 0; i < 60; ++i) {
    const int user = bound(w, "127.0.0.1");
    for (int n = 0; n < 3; ++n) send_to(user, "x", "127.0.0.1", port(first));
    w.settle();
    int at = 0;
    for (const int fd : {first, second, fourth}) {
      int count = 0;
      while (w.receive(fd) == "\"x\"") ++count;
      if (count != 0 && count != 3) ++stray;
      had[at++] += count;
    }
    w.close(user);
  }
  w.note("peers with more than one", std::to_string(stray));
  w.note("all", std::to_string(had[0] + had[1] + had[2]));
  w.note("each has some", std::ranges::all_of(had, [](int count) { return count > 0; }));
}

void ipv4_socket_before_dual(World& w) {
  const int four = udp(w), dual = udp(w, AF_INET6);
  for (const int fd : {four, dual}) w.set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  w.note("four", bind(four, "0.0.0.0"));
  w.note("dual", bind(dual, "::", port(four)));
  send_to(udp(w), "x", "127.0.0.1", port(four));
  w.settle();
  w.note("four has", receive_from(four));
  w.note("dual has", receive_from(dual));
}

void ephemeral_ports_differ(World& w) {
  std::vector<int> ports;
  for (int i = 0; i < 50; ++i) ports.push_back(port(bound(w, "127.0.0.1")));
  std::ranges::sort(ports);
  w.note("all differ", std::ranges::adjacent_find(ports) == ports.end());
  w.note("in the range", ports.front() >= 1024);
}

constexpr Case kCases[] = {{"errors", errors},
                           {"the same address", same_address},
                           {"wildcard first", wildcard_first},
                           {"dual wildcard first", dual_wildcard_first},
                           {"IPv6 only", v6_only_first},
                           {"an address of IPv6 is IPv6 only", a_specific_v6_address_is_v6_only},
                           {"dual stack", dual_stack},
                           {"mapped addresses", mapped},
                           {"errors of sending over IPv6", unconnected_v6_errors},
                           {"SO_REUSEADDR", reuse_address},
                           {"specific before wildcard", specific_before_wildcard},
                           {"SO_REUSEPORT", reuse_port},
                           {"IPv4 before dual stack", ipv4_socket_before_dual},
                           {"ephemeral ports differ", ephemeral_ports_differ}};

const Suite kSuite("udp_bind", kCases);

}  // namespace
}  // namespace stillpoint::test
