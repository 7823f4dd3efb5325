// sendmsg, recvmsg and their kin on datagrams: several at once, and control data.
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <thread>
#include <vector>

#include "tests/conformance/udp_world.hpp"

namespace stillpoint::test {
namespace {

// Messages for sendmmsg and recvmmsg, each with a buffer and a name.
template <std::size_t kCount>
struct Batch {
  explicit Batch(std::size_t size = 32) {
    for (std::size_t i = 0; i < kCount; ++i) {
      parts[i] = {bytes[i].data(), size};
      messages[i] = {};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
      messages[i].msg_hdr.msg_name = &names[i].storage;
      messages[i].msg_hdr.msg_namelen = sizeof names[i].storage;
    }
  }
  void set(std::size_t i, std::string_view text, const Endpoint& to) {
    std::memcpy(bytes[i].data(), text.data(), text.size());
    parts[i].iov_len = text.size();
    names[i] = to;
    messages[i].msg_hdr.msg_namelen = to.length;
  }
  std::string got(int count) {
    std::string text = result(count);
    for (int i = 0; i < count; ++i) {
      const auto n = static_cast<std::size_t>(i);
      names[n].length = messages[n].msg_hdr.msg_namelen;
      text += ' ' + std::string(bytes[n].data(), std::min<std::size_t>(messages[n].msg_len, parts[n].iov_len)) + '/' +
              std::to_string(messages[n].msg_len) + '/' + text_of(names[n]) +
              ((messages[n].msg_hdr.msg_flags & MSG_TRUNC) != 0 ? "/cut" : "");
    }
    return text;
  }
  std::array<std::array<char, 32>, kCount> bytes;
  std::array<iovec, kCount> parts;
  std::array<Endpoint, kCount> names;
  std::array<mmsghdr, kCount> messages;
};

void many_at_once(World& w) {
  const int server = bound(w, "127.0.0.1");
  const int other = bound(w, "127.0.0.1");
  const int user = udp(w);
  Batch<3> out;
  out.set(0, "one", at("127.0.0.1", port(server)));
  out.set(1, "two", at("127.0.0.1", port(other)));
  out.set(2, "three", at("127.0.0.1", port(server)));
  w.note("send", result(::sendmmsg(user, out.messages.data(), 3, 0)));
  w.note("lengths", std::to_string(out.messages[0].msg_len) + ' ' + std::to_string(out.messages[2].msg_len));
  w.settle();
  Batch<3> in;
  w.note("receive", in.got(::recvmmsg(server, in.messages.data(), 3, 0, nullptr)));
  w.note("nothing more", in.got(::recvmmsg(server, in.messages.data(), 3, 0, nullptr)));
  Batch<3> cut(2);
  w.note("cut", cut.got(::recvmmsg(other, cut.messages.data(), 3, MSG_TRUNC, nullptr)));
  w.note("no messages", result(::sendmmsg(user, out.messages.data(), 0, 0)));
  w.note("room for none", result(::recvmmsg(server, in.messages.data(), 0, 0, nullptr)));
}

void stops_at_the_first_failure(World& w) {
  const int server = bound(w, "127.0.0.1");
  const int user = udp(w);
  Batch<3> out;
  out.set(0, "good", at("127.0.0.1", port(server)));
  out.set(1, "bad", at("127.0.0.1", 0));
  out.set(2, "good too", at("127.0.0.1", port(server)));
  w.note("send", result(::sendmmsg(user, out.messages.data(), 3, 0)));
  w.note("the rest", result(::sendmmsg(user, out.messages.data() + 1, 2, 0)));
  w.settle();
  w.note("received", receive_from(server));
  w.note("nothing more", receive_from(server));
}

void errors(World& w) {
  Batch<1> batch;
  w.note("no descriptor", result(::sendmmsg(-1, batch.messages.data(), 1, 0)));
  w.note("no descriptor to receive", result(::recvmmsg(-1, batch.messages.data(), 1, 0, nullptr)));
  const int event = w.eventfd();
  w.note("no socket", result(::sendmmsg(event, batch.messages.data(), 1, 0)));
  w.note("no socket to receive", result(::recvmmsg(event, batch.messages.data(), 1, 0, nullptr)));
  const int fd = bound(w, "127.0.0.1");
  timespec never{-1, 0}, absurd{0, 1'000'000'000};
  w.note("negative time", result(::recvmmsg(fd, batch.messages.data(), 1, 0, &never)));
  w.note("absurd time", result(::recvmmsg(fd, batch.messages.data(), 1, 0, &absurd)));
  std::vector<iovec> parts(1025, iovec{batch.bytes[0].data(), 1});
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  w.note("too many parts", result(::sendmsg(fd, &message, 0)));
  w.note("too many parts to receive", result(::recvmsg(fd, &message, 0)));
}

void wait_for_one(World& w) {
  const int server = udp(w, AF_INET, 0);
  bind(server, "127.0.0.1");
  const int user = udp(w);
  const int to = port(server);
  std::thread sender([&] {
    w.pass(20ms);
    send_to(user, "one", "127.0.0.1", to);
  });
  Batch<3> in;
  w.note("receive", in.got(::recvmmsg(server, in.messages.data(), 3, MSG_WAITFORONE, nullptr)));
  sender.join();
  send_to(user, "two", "127.0.0.1", to);
  send_to(user, "three", "127.0.0.1", to);
  w.settle();
  Batch<3> more;
  w.note("all that is there", more.got(::recvmmsg(server, more.messages.data(), 3, MSG_WAITFORONE, nullptr)));
}

void waits_for_all(World& w) {
  const int server = udp(w, AF_INET, 0);
  bind(server, "127.0.0.1");
  const int user = udp(w);
  const int to = port(server);
  std::thread sender([&] {
    for (const char* word : {"one", "two", "three"}) {
      w.pass(10ms);
      send_to(user, word, "127.0.0.1", to);
    }
  });
  Batch<3> in;
  w.note("receive", in.got(::recvmmsg(server, in.messages.data(), 3, 0, nullptr)));
  sender.join();
}

void with_a_time_limit(World& w) {
  const int server = udp(w, AF_INET, 0);
  bind(server, "127.0.0.1");
  const int user = udp(w);
  const int to = port(server);
  std::thread sender([&] {
    w.pass(10ms);
    send_to(user, "in time", "127.0.0.1", to);
    w.pass(100ms);
    send_to(user, "late", "127.0.0.1", to);
  });
  Batch<3> in;
  timespec limit{0, 60'000'000};
  // Only looked at once a message has come: the late one is still received.
  w.note("receive", in.got(::recvmmsg(server, in.messages.data(), 3, 0, &limit)));
  w.note("nothing is left of it", limit.tv_sec == 0 && limit.tv_nsec == 0);
  sender.join();
  for (int i = 0; i < 3; ++i) send_to(user, "x", "127.0.0.1", to);
  w.settle();
  timespec none{0, 0};
  Batch<3> one;
  w.note("no time", one.got(::recvmmsg(server, one.messages.data(), 3, 0, &none)));
  timespec long_time{100, 0};
  Batch<2> two;
  w.note("much time", two.got(::recvmmsg(server, two.messages.data(), 2, 0, &long_time)));
  w.note("most is left of it", long_time.tv_sec >= 99);
}

void a_refusal_among_many(World& w) {
  const int user = udp(w);
  connect(user, "127.0.0.1", free_port(w));
  w.send(user, "x");
  w.settle();
  Batch<2> in;
  w.note("receive", in.got(::recvmmsg(user, in.messages.data(), 2, 0, nullptr)));
  w.note("receive again", in.got(::recvmmsg(user, in.messages.data(), 2, 0, nullptr)));
  w.send(user, "x");
  w.settle();
  Batch<2> out;
  out.set(0, "a", {});
  out.set(1, "b", {});
  w.note("send", result(::sendmmsg(user, out.messages.data(), 2, 0)));
}

void a_late_refusal_is_kept(World& w) {
  const int peer = bound(w, "127.0.0.1");
  const int user = udp(w, AF_INET, 0);
  bind(user, "127.0.0.1");
  connect(user, "127.0.0.1", port(peer));
  send_to(peer, "data", "127.0.0.1", port(user));
  w.settle();
  w.close(peer);
  std::thread sender([&] {
    w.pass(20ms);
    w.send(user, "x");
  });
  Batch<2> in;
  w.note("receive", in.got(::recvmmsg(user, in.messages.data(), 2, 0, nullptr)));
  sender.join();
  w.note("error", w.pending_error(user));
}

void on_streams(World& w) {
  const auto [user, server] = w.connected();
  Batch<2> out;
  out.set(0, "abc", {});
  out.set(1, "def", {});
  w.note("send", result(::sendmmsg(user, out.messages.data(), 2, MSG_NOSIGNAL)));
  w.settle();
  Batch<2> in(4);
  w.note("receive", in.got(::recvmmsg(server, in.messages.data(), 2, 0, nullptr)));
  w.note("nothing", in.got(::recvmmsg(server, in.messages.data(), 2, 0, nullptr)));
  w.note("unconnected", result(::sendmmsg(w.socket(), out.messages.data(), 0, 0)));
}

// ---- control data ----

// All entries: "IP_TTL=64 IP_PKTINFO=127.0.0.1>127.0.0.1@lo".
std::string control_text(const msghdr& message) {
  std::string text;
  char ip[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];
  for (const cmsghdr* item = CMSG_FIRSTHDR(&message); item != nullptr;
       item = CMSG_NXTHDR(const_cast<msghdr*>(&message), const_cast<cmsghdr*>(item))) {
    text += text.empty() ? "" : " ";
    const auto interface = [](unsigned index) { return std::string(index == 1 ? "lo" : "other"); };
    if (item->cmsg_level == IPPROTO_IP && item->cmsg_type == IP_PKTINFO) {
      in_pktinfo info;
      std::memcpy(&info, CMSG_DATA(item), sizeof info);
      inet_ntop(AF_INET, &info.ipi_addr, ip, sizeof ip);
      inet_ntop(AF_INET, &info.ipi_spec_dst, to, sizeof to);
      text += "pktinfo=" + std::string(ip) + '>' + to + '@' + interface(static_cast<unsigned>(info.ipi_ifindex));
    } else if (item->cmsg_level == IPPROTO_IPV6 && item->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info;
      std::memcpy(&info, CMSG_DATA(item), sizeof info);
      inet_ntop(AF_INET6, &info.ipi6_addr, ip, sizeof ip);
      text += "pktinfo6=" + std::string(ip) + '@' + interface(info.ipi6_ifindex);
    } else if (item->cmsg_len == CMSG_LEN(1)) {
      text += std::to_string(item->cmsg_level) + '.' + std::to_string(item->cmsg_type) + "=byte " +
              std::to_string(*CMSG_DATA(item));
    } else {
      int value = 0;
      std::memcpy(&value, CMSG_DATA(item), sizeof value);
      text += std::to_string(item->cmsg_level) + '.' + std::to_string(item->cmsg_type) + '=' + std::to_string(value);
    }
  }
  if ((message.msg_flags & MSG_CTRUNC) != 0) text += " cut";
  return text.empty() ? "none" : text;
}

std::string receive_control(int fd, std::size_t room = 256) {
  char bytes[32];
  iovec part{bytes, sizeof bytes};
  alignas(cmsghdr) char control[256] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = room;
  if (::recvmsg(fd, &message, 0) < 0) return result(-1);
  return control_text(message) + " in " + std::to_string(message.msg_controllen);
}

template <typename Value>
std::string send_control(int fd, const char* ip, int port, int level, int type, const Value& value) {
  const Endpoint to = at(ip, port);
  char byte = 'c';
  iovec part{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof value)] = {};
  msghdr message{};
  message.msg_name = const_cast<sockaddr*>(to.get());
  message.msg_namelen = to.length;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* item = CMSG_FIRSTHDR(&message);
  item->cmsg_level = level;
  item->cmsg_type = type;
  item->cmsg_len = CMSG_LEN(sizeof value);
  std::memcpy(CMSG_DATA(item), &value, sizeof value);
  return result(::sendmsg(fd, &message, 0));
}

void what_came_with_it(World& w) {
  const int server = bound(w, "0.0.0.0");
  const int user = udp(w);
  const auto send = [&] {
    send_to(user, "x", "127.0.0.1", port(server));
    w.settle();
  };
  send();
  w.note("nothing asked", receive_control(server));
  w.set(server, IPPROTO_IP, IP_PKTINFO, 1);
  send();
  w.note("pktinfo", receive_control(server));
  w.set(server, IPPROTO_IP, IP_RECVTTL, 1);
  w.set(server, IPPROTO_IP, IP_RECVTOS, 1);
  w.set(user, IPPROTO_IP, IP_TTL, 9);
  w.set(user, IPPROTO_IP, IP_TOS, 0x10);
  send();
  w.note("all", receive_control(server));
  for (const std::size_t room : {std::size_t{0}, std::size_t{15}, std::size_t{20}, std::size_t{40}, std::size_t{60}}) {
    send();
    w.note("in " + std::to_string(room), receive_control(server, room));
  }
  w.set(server, IPPROTO_IP, IP_PKTINFO, 0);
  send();
  w.note("without pktinfo", receive_control(server));
}

void what_came_with_it_over_v6(World& w) {
  const int server = bound(w, "::");
  const int user = udp(w, AF_INET6);
  for (const int option : {IPV6_RECVPKTINFO, IPV6_RECVHOPLIMIT, IPV6_RECVTCLASS}) {
    w.set(server, IPPROTO_IPV6, option, 1);
  }
  w.set(user, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 7);
  w.set(user, IPPROTO_IPV6, IPV6_TCLASS, 0x20);
  send_to(user, "x", "::1", port(server));
  w.settle();
  w.note("by IPv6", receive_control(server));
  send_to(user, "x", "::ffff:127.0.0.1", port(server));
  w.settle();
  w.note("by IPv4", receive_control(server));
  w.set(server, IPPROTO_IP, IP_PKTINFO, 1);
  w.set(server, IPPROTO_IP, IP_RECVTTL, 1);
  send_to(user, "x", "::ffff:127.0.0.1", port(server));
  w.settle();
  w.note("by IPv4, asked in its own words", receive_control(server));
}

void asked_of_one_datagram(World& w) {
  const int server = bound(w, "0.0.0.0");
  const int user = udp(w);
  w.set(server, IPPROTO_IP, IP_RECVTTL, 1);
  w.set(server, IPPROTO_IP, IP_RECVTOS, 1);
  w.note("ttl", send_control(user, "127.0.0.1", port(server), IPPROTO_IP, IP_TTL, int{3}));
  w.note("no ttl", send_control(user, "127.0.0.1", port(server), IPPROTO_IP, IP_TTL, int{0}));
  w.note("too much of it", send_control(user, "127.0.0.1", port(server), IPPROTO_IP, IP_TTL, int{256}));
  w.note("a byte of it", send_control(user, "127.0.0.1", port(server), IPPROTO_IP, IP_TTL, char{3}));
  w.note("tos", send_control(user, "127.0.0.1", port(server), IPPROTO_IP, IP_TOS, int{0x08}));
  w.note("a byte of tos", send_control(user, "127.0.0.1", port(server), IPPROTO_IP, IP_TOS, char{0x10}));
  w.settle();
  for (int i = 0; i < 3; ++i) w.note("has", receive_control(server));
  w.note("no more", receive_control(server));
  in_pktinfo info{};
  inet_pton(AF_INET, "127.0.0.9", &info.ipi_spec_dst);
  w.note("source", send_control(user, "127.0.0.1", port(server), IPPROTO_IP, IP_PKTINFO, info));
  w.settle();
  w.note("from", receive_from(server));
  inet_pton(AF_INET, "192.0.2.77", &info.ipi_spec_dst);
  w.note("foreign source", send_control(user, "127.0.0.1", port(server), IPPROTO_IP, IP_PKTINFO, info));
  w.note("another level", send_control(user, "127.0.0.1", port(server), 12'345, 1, int{1}));
}

void asked_of_one_datagram_over_v6(World& w) {
  const int server = bound(w, "::");
  const int user = udp(w, AF_INET6);
  w.set(server, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
  w.set(server, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
  w.note("hops", send_control(user, "::1", port(server), IPPROTO_IPV6, IPV6_HOPLIMIT, int{3}));
  w.note("too many", send_control(user, "::1", port(server), IPPROTO_IPV6, IPV6_HOPLIMIT, int{256}));
  w.note("as usual", send_control(user, "::1", port(server), IPPROTO_IPV6, IPV6_HOPLIMIT, int{-1}));
  w.note("class", send_control(user, "::1", port(server), IPPROTO_IPV6, IPV6_TCLASS, int{0x40}));
  w.settle();
  for (int i = 0; i < 3; ++i) w.note("has", receive_control(server));
  in6_pktinfo info{};
  info.ipi6_addr = in6addr_loopback;
  w.note("source", send_control(user, "::1", port(server), IPPROTO_IPV6, IPV6_PKTINFO, info));
  inet_pton(AF_INET6, "2001:db8::1", &info.ipi6_addr);
  w.note("foreign source", send_control(user, "::1", port(server), IPPROTO_IPV6, IPV6_PKTINFO, info));
  w.settle();
  w.note("from", receive_from(server));
}

void malformed(World& w) {
  const int user = bound(w, "127.0.0.1");
  const Endpoint to = at("127.0.0.1", port(user));
  char byte = 'x';
  iovec part{&byte, 1};
  alignas(cmsghdr) char control[64] = {};
  msghdr message{};
  message.msg_name = const_cast<sockaddr*>(to.get());
  message.msg_namelen = to.length;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  cmsghdr item{};
  item.cmsg_level = IPPROTO_IP;
  item.cmsg_type = IP_TTL;
  const auto send = [&](std::size_t claimed, std::size_t room) {
    item.cmsg_len = claimed;
    std::memcpy(control, &item, sizeof item);
    message.msg_controllen = room;
    return result(::sendmsg(user, &message, 0));
  };
  w.note("too short to be one", send(CMSG_LEN(4), 8));
  w.note("longer than there is", send(100, 64));
  w.note("shorter than its header", send(4, 64));
  w.note("without a value", send(sizeof(cmsghdr), sizeof(cmsghdr)));
}

void names_of_messages(World& w) {
  const int server = bound(w, "127.0.0.1");
  const int user = udp(w);
  connect(user, "127.0.0.1", port(server));
  for (int i = 0; i < 4; ++i) w.send(user, "x");
  w.settle();
  char byte;
  iovec part{&byte, 1};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_namelen = 77;
  w.note("no name", result(::recvmsg(server, &message, 0)));
  w.note("its length", std::to_string(message.msg_namelen));
  Endpoint name;
  message.msg_name = &name.storage;
  message.msg_namelen = 4;
  w.note("a short name", result(::recvmsg(server, &message, 0)));
  w.note("its length", std::to_string(message.msg_namelen));
  w.note("what is there of it", name.storage.ss_family == AF_INET && port_of(name) == port(user));
  message.msg_namelen = sizeof name.storage;
  w.note("a long name", result(::recvmsg(server, &message, 0)));
  w.note("its length", std::to_string(message.msg_namelen));
  socklen_t length = 0;
  w.note("recvfrom without room",
         result(::recvfrom(server, &byte, 1, 0, reinterpret_cast<sockaddr*>(&name.storage), &length)));
  w.note("its length", std::to_string(length));
  message.msg_namelen = 0;
  w.note("send to a name of no length", result(::sendmsg(user, &message, 0)));
}

constexpr Case kCases[] = {{"many at once", many_at_once},
                           {"stops at the first failure", stops_at_the_first_failure},
                           {"errors", errors},
                           {"MSG_WAITFORONE", wait_for_one},
                           {"waits for all", waits_for_all},
                           {"with a time limit", with_a_time_limit},
                           {"a refusal among many", a_refusal_among_many},
                           {"a late refusal is kept", a_late_refusal_is_kept},
                           {"on streams", on_streams},
                           {"what came with it", what_came_with_it},
                           {"what came with it over IPv6", what_came_with_it_over_v6},
                           {"asked of one datagram", asked_of_one_datagram},
                           {"asked of one datagram over IPv6", asked_of_one_datagram_over_v6},
                           {"malformed control data", malformed},
                           {"names of messages", names_of_messages}};

const Suite kSuite("udp_messages", kCases);

}  // namespace
}  // namespace stillpoint::test
