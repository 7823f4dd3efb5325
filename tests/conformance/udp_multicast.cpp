// Groups and broadcast, on the loopback device: what is joined, who receives, what may be set.
#include <netinet/in.h>

#include "tests/conformance/udp_world.hpp"

namespace stillpoint::test {
namespace {

in_addr v4(const char* ip) {
  in_addr address{};
  inet_pton(AF_INET, ip, &address);
  return address;
}

std::string member(int fd, int name, const char* group, const char* interface) {
  const ip_mreq request{v4(group), v4(interface)};
  return result(setsockopt(fd, IPPROTO_IP, name, &request, sizeof request));
}
std::string join(int fd, const char* group) { return member(fd, IP_ADD_MEMBERSHIP, group, "127.0.0.1"); }
std::string leave(int fd, const char* group) { return member(fd, IP_DROP_MEMBERSHIP, group, "127.0.0.1"); }
std::string member6(int fd, int name, const char* group, unsigned interface) {
  ipv6_mreq request{};
  inet_pton(AF_INET6, group, &request.ipv6mr_multiaddr);
  request.ipv6mr_interface = interface;
  return result(setsockopt(fd, IPPROTO_IPV6, name, &request, sizeof request));
}
std::string send_by(int fd, const char* interface) {
  const in_addr address = v4(interface);
  return result(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &address, sizeof address));
}
std::string sent_by(int fd) {
  in_addr address{};
  socklen_t length = sizeof address;
  if (getsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &address, &length) != 0) return result(-1);
  char text[INET_ADDRSTRLEN];
  return inet_ntop(AF_INET, &address, text, sizeof text);
}

void joined(World& w) {
  const int server = bound(w, "0.0.0.0");
  const int user = udp(w);
  w.note("by loopback", send_by(user, "127.0.0.1"));
  w.note("it is", sent_by(user));
  w.note("before", send_to(user, "early", "239.1.2.3", port(server)));
  w.settle();
  w.note("not joined", receive_from(server));
  w.note("join", join(server, "239.1.2.3"));
  w.note("send", send_to(user, "in time", "239.1.2.3", port(server)));
  w.note("to another group", send_to(user, "other", "239.1.2.4", port(server)));
  w.settle();
  w.note("received", receive_from(server));
  w.note("nothing more", receive_from(server));
  w.note("join again", join(server, "239.1.2.3"));
  w.note("leave", leave(server, "239.1.2.3"));
  w.note("leave again", leave(server, "239.1.2.3"));
  send_to(user, "late", "239.1.2.3", port(server));
  w.settle();
  w.note("left", receive_from(server));
}

void membership_errors(World& w) {
  const int fd = udp(w);
  w.note("no group", join(fd, "10.1.2.3"));
  w.note("no interface", member(fd, IP_ADD_MEMBERSHIP, "239.1.2.3", "192.0.2.77"));
  const ip_mreq request{v4("239.1.2.3"), v4("127.0.0.1")};
  w.note("short", result(setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, 7)));
  ip_mreqn numbered{};
  numbered.imr_multiaddr = v4("239.1.2.3");
  numbered.imr_ifindex = 1;
  w.note("by number", result(setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &numbered, sizeof numbered)));
  w.note("is the same", join(fd, "239.1.2.3"));
  w.note("leave by number", result(setsockopt(fd, IPPROTO_IP, IP_DROP_MEMBERSHIP, &numbered, sizeof numbered)));
  numbered.imr_ifindex = 999'999;
  w.note("no such number", result(setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &numbered, sizeof numbered)));
  w.note("leave what never was", leave(fd, "239.9.9.9"));
  w.note("send by nothing", send_by(fd, "192.0.2.77"));
  w.note("it is", sent_by(fd));
  int count = 0;
  for (int i = 1; i <= 25; ++i) count += join(fd, ("239.7.7." + std::to_string(i)).c_str()) == "0";
  w.note("as many as", std::to_string(count));
  w.note("one more", join(fd, "239.8.8.8"));
}

void protocol_independent(World& w) {
  const int server = bound(w, "0.0.0.0");
  group_req request{};
  request.gr_interface = 1;
  const Endpoint group = at("239.1.2.3", 0);
  std::memcpy(&request.gr_group, &group.storage, sizeof request.gr_group);
  w.note("join", result(setsockopt(server, IPPROTO_IP, MCAST_JOIN_GROUP, &request, sizeof request)));
  w.note("again", result(setsockopt(server, IPPROTO_IP, MCAST_JOIN_GROUP, &request, sizeof request)));
  const int user = udp(w);
  send_by(user, "127.0.0.1");
  send_to(user, "x", "239.1.2.3", port(server));
  w.settle();
  w.note("received", receive_from(server));
  w.note("leave", result(setsockopt(server, IPPROTO_IP, MCAST_LEAVE_GROUP, &request, sizeof request)));
  w.note("again", result(setsockopt(server, IPPROTO_IP, MCAST_LEAVE_GROUP, &request, sizeof request)));
  w.note("short", result(setsockopt(server, IPPROTO_IP, MCAST_JOIN_GROUP, &request, 8)));
}

void several_receivers(World& w) {
  const int first = udp(w), second = udp(w), bystander = udp(w), of_the_group = udp(w), elsewhere = udp(w);
  for (const int fd : {first, second, bystander, of_the_group, elsewhere}) w.set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  bind(first, "0.0.0.0");
  bind(second, "0.0.0.0", port(first));
  bind(bystander, "0.0.0.0", port(first));
  w.note("bind to the group", bind(of_the_group, "239.1.2.3", port(first)));
  w.note("its name", local(of_the_group));
  w.note("bind to an address", bind(elsewhere, "127.0.0.1", port(first)));
  join(first, "239.1.2.3");
  join(second, "239.1.2.3");
  w.note("deaf to others' groups", w.set(bystander, IPPROTO_IP, IP_MULTICAST_ALL, 0));
  const int user = udp(w);
  send_by(user, "127.0.0.1");
  send_to(user, "all", "239.1.2.3", port(first));
  w.settle();
  w.note("first", receive_from(first));
  w.note("second", receive_from(second));
  w.note("bystander", receive_from(bystander));
  w.note("of the group", receive_from(of_the_group));
  w.note("elsewhere", receive_from(elsewhere));
  w.note("hears others' groups again", w.set(bystander, IPPROTO_IP, IP_MULTICAST_ALL, 1));
  send_to(user, "all again", "239.1.2.3", port(first));
  w.settle();
  w.note("bystander", receive_from(bystander));
  w.note("first's", receive_from(first));
}

void closing_leaves(World& w) {
  const int member = udp(w), bystander = bound(w, "0.0.0.0");
  join(member, "239.1.2.3");
  const int user = udp(w);
  send_by(user, "127.0.0.1");
  send_to(user, "while another is in", "239.1.2.3", port(bystander));
  w.settle();
  w.note("received", receive_from(bystander));
  w.close(member);
  send_to(user, "when it is not", "239.1.2.3", port(bystander));
  w.settle();
  w.note("received after", receive_from(bystander));
}

void bound_source_chooses_the_interface(World& w) {
  const int server = bound(w, "0.0.0.0");
  join(server, "239.1.2.3");
  const int user = bound(w, "127.0.0.1");
  w.note("send", send_to(user, "x", "239.1.2.3", port(server)));
  w.settle();
  w.note("received", receive_from(server));
  w.note("connect", connect(user, "239.1.2.3", port(server)));
  w.note("remote", remote(user));
  w.note("send connected", w.send(user, "y"));
  w.settle();
  w.note("received", receive_from(server));
}

void bound_to_a_group_sends_from_its_host(World& w) {
  const int group = bound(w, "239.1.2.3");
  const int server = bound(w, "127.0.0.1");
  w.note("send", send_to(group, "x", "127.0.0.1", port(server)));
  w.settle();
  w.note("received", receive_from(server));
  w.note("name", local(group));
}

void nobody_is_refused(World& w) {
  const int user = bound(w, "127.0.0.1");
  w.note("connect", connect(user, "239.1.2.3", free_port(w)));
  w.note("send", w.send(user, "x"));
  w.settle();
  w.note("error", w.pending_error(user));
}

void broadcast(World& w) {
  const int first = udp(w), second = udp(w);
  for (const int fd : {first, second}) w.set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  bind(first, "0.0.0.0");
  bind(second, "0.0.0.0", port(first));
  const int user = bound(w, "127.0.0.1");
  w.note("not allowed", send_to(user, "x", "255.255.255.255", port(first)));
  w.note("nor on loopback", send_to(user, "x", "127.255.255.255", port(first)));
  w.note("allow", w.set(user, SOL_SOCKET, SO_BROADCAST, 1));
  w.note("to all", send_to(user, "all", "255.255.255.255", port(first)));
  w.note("to loopback", send_to(user, "loopback", "127.255.255.255", port(first)));
  w.settle();
  for (const int fd : {first, second}) {
    w.note("has", receive_from(fd));
    w.note("and", receive_from(fd));
    w.note("no more", receive_from(fd));
  }
  w.note("connect", connect(user, "127.255.255.255", port(first)));
  w.note("send", w.send(user, "connected"));
  w.settle();
  w.note("received", receive_from(first));
  w.note("take it back", w.set(user, SOL_SOCKET, SO_BROADCAST, 0));
  w.note("bound to broadcast", bind(udp(w), "255.255.255.255"));
}

void options(World& w) {
  const int fd = udp(w);
  struct Option {
    const char* name;
    int number;
  };
  constexpr Option kOptions[] = {{"ttl", IP_TTL},
                                 {"tos", IP_TOS},
                                 {"multicast ttl", IP_MULTICAST_TTL},
                                 {"multicast loop", IP_MULTICAST_LOOP},
                                 {"multicast all", IP_MULTICAST_ALL},
                                 {"pktinfo", IP_PKTINFO},
                                 {"recvttl", IP_RECVTTL},
                                 {"recvtos", IP_RECVTOS},
                                 {"mtu discover", IP_MTU_DISCOVER}};
  for (const Option& option : kOptions) {
    w.note(option.name, w.get(fd, IPPROTO_IP, option.number));
    for (const int value : {1, 0, 2, 200, -1, 256, 300, -2}) {
      w.note("set " + std::to_string(value), w.set(fd, IPPROTO_IP, option.number, value));
      w.note("it is", w.get(fd, IPPROTO_IP, option.number));
    }
    const unsigned char byte = 1;
    w.note("a byte", result(setsockopt(fd, IPPROTO_IP, option.number, &byte, 1)));
    w.note("it is", w.get(fd, IPPROTO_IP, option.number));
    w.note("nothing", result(setsockopt(fd, IPPROTO_IP, option.number, &byte, 0)));
    int value = 0x7F7F7F7F;
    socklen_t length = 1;
    w.note("get a byte", result(getsockopt(fd, IPPROTO_IP, option.number, &value, &length)));
    w.note("of", std::to_string(value) + " in " + std::to_string(length));
  }
  w.note("of IPv6", w.get(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS));
  w.note("set of IPv6", w.set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1));
  w.note("of TCP", w.get(fd, IPPROTO_TCP, 1));
}

void options_of_v6(World& w) {
  const int fd = udp(w, AF_INET6);
  struct Option {
    const char* name;
    int number;
  };
  constexpr Option kOptions[] = {{"v6only", IPV6_V6ONLY},
                                 {"unicast hops", IPV6_UNICAST_HOPS},
                                 {"multicast hops", IPV6_MULTICAST_HOPS},
                                 {"multicast loop", IPV6_MULTICAST_LOOP},
                                 {"multicast all", 29},
                                 {"recvpktinfo", IPV6_RECVPKTINFO},
                                 {"recvhoplimit", IPV6_RECVHOPLIMIT},
                                 {"recvtclass", IPV6_RECVTCLASS},
                                 {"tclass", IPV6_TCLASS},
                                 {"mtu discover", IPV6_MTU_DISCOVER}};
  for (const Option& option : kOptions) {
    w.note(option.name, w.get(fd, IPPROTO_IPV6, option.number));
    for (const int value : {1, 0, 2, 200, -1, 256, -2}) {
      w.note("set " + std::to_string(value), w.set(fd, IPPROTO_IPV6, option.number, value));
      w.note("it is", w.get(fd, IPPROTO_IPV6, option.number));
    }
    const unsigned char byte = 1;
    w.note("a byte", result(setsockopt(fd, IPPROTO_IPV6, option.number, &byte, 1)));
    int value = 0x7F7F7F7F;
    socklen_t length = 1;
    w.note("get a byte", result(getsockopt(fd, IPPROTO_IPV6, option.number, &value, &length)));
    w.note("in", std::to_string(length));
  }
  w.note("of IPv4", w.get(fd, IPPROTO_IP, IP_TTL));
  w.note("set of IPv4", w.set(fd, IPPROTO_IP, IP_TTL, 9));
  w.note("it is", w.get(fd, IPPROTO_IP, IP_TTL));
  w.note("interface", w.get(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF));
  w.note("set to lo", w.set(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, 1));
  w.note("it is", w.get(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF));
  w.note("set to none", w.set(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, 999'999));
  w.note("set back", w.set(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, 0));
}

void groups_of_v6(World& w) {
  const int fd = udp(w, AF_INET6);
  w.note("join", member6(fd, IPV6_JOIN_GROUP, "ff15::1234", 1));
  w.note("again", member6(fd, IPV6_JOIN_GROUP, "ff15::1234", 1));
  w.note("no group", member6(fd, IPV6_JOIN_GROUP, "2001:db8::1", 1));
  w.note("a group of IPv4", member6(fd, IPV6_JOIN_GROUP, "::ffff:239.1.2.3", 1));
  w.note("no interface", member6(fd, IPV6_JOIN_GROUP, "ff15::1234", 999'999));
  w.note("leave", member6(fd, IPV6_LEAVE_GROUP, "ff15::1234", 1));
  w.note("leave again", member6(fd, IPV6_LEAVE_GROUP, "ff15::1234", 1));
  w.note("by IPv4's call", join(fd, "239.1.2.3"));
  const ipv6_mreq request{};
  w.note("short", result(setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &request, sizeof request - 1)));
  group_req portable{};
  portable.gr_interface = 1;
  const Endpoint group = at("ff15::77", 0);
  std::memcpy(&portable.gr_group, &group.storage, sizeof portable.gr_group);
  w.note("portable", result(setsockopt(fd, IPPROTO_IPV6, MCAST_JOIN_GROUP, &portable, sizeof portable)));
  w.note("is the same", member6(fd, IPV6_JOIN_GROUP, "ff15::77", 1));
  w.note("of the other family", result(setsockopt(fd, IPPROTO_IP, MCAST_JOIN_GROUP, &portable, sizeof portable)));
  w.note("on a socket of IPv4", member6(udp(w), IPV6_JOIN_GROUP, "ff15::1234", 1));
}

void a_dual_socket_in_a_group_of_v4(World& w) {
  const int dual = bound(w, "::");
  w.note("join", join(dual, "239.1.2.3"));
  const int user = udp(w);
  send_by(user, "127.0.0.1");
  send_to(user, "x", "239.1.2.3", port(dual));
  w.settle();
  w.note("received", receive_from(dual));
  const int sender = udp(w, AF_INET6);
  w.note("by loopback", send_by(sender, "127.0.0.1"));
  w.note("send", send_to(sender, "y", "::ffff:239.1.2.3", port(dual)));
  w.settle();
  w.note("received", receive_from(dual));
}

constexpr Case kCases[] = {{"joined", joined},
                           {"errors of joining", membership_errors},
                           {"MCAST_JOIN_GROUP", protocol_independent},
                           {"several receivers", several_receivers},
                           {"closing leaves", closing_leaves},
                           {"the bound source chooses the interface", bound_source_chooses_the_interface},
                           {"bound to a group", bound_to_a_group_sends_from_its_host},
                           {"a group refuses nobody", nobody_is_refused},
                           {"broadcast", broadcast},
                           {"options", options},
                           {"options of IPv6", options_of_v6},
                           {"groups of IPv6", groups_of_v6},
                           {"a dual socket in a group of IPv4", a_dual_socket_in_a_group_of_v4}};

const Suite kSuite("udp_multicast", kCases);

}  // namespace
}  // namespace stillpoint::test
