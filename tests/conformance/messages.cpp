// Messages and rows of buffers at their edges: of nothing, of too much, with what is not there; and in which order
// calls look at what is wrong. Of every kind of descriptor.
#include <fcntl.h>
#include <netinet/ip.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <vector>

#include "tests/conformance/udp_world.hpp"
#include "tests/conformance/unix.hpp"
#include "tests/conformance/world.hpp"

namespace stillpoint::test {
namespace {

// What is told apart here, by name.
struct Kind {
  const char* name;
  int fd;
};

int signal_descriptor(World& w) {
  sigset_t none;
  sigemptyset(&none);
  return w.keep(::signalfd(-1, &none, SFD_NONBLOCK));
}

// While it lives, writing to what is broken is an error only.
struct WithoutSigpipe {
  sighandler_t before = signal(SIGPIPE, SIG_IGN);
  ~WithoutSigpipe() { signal(SIGPIPE, before); }
};

std::vector<Kind> kinds(World& w) {
  const auto [user, server] = w.connected();
  const unix_domain::Ends stream(w);
  const unix_domain::Ends packets(w, SOCK_SEQPACKET);
  const unix_domain::Ends datagrams(w, SOCK_DGRAM);
  int pipe_ends[2] = {-1, -1};
  if (::pipe2(pipe_ends, O_NONBLOCK) != 0) w.note("pipe", "cannot be made");
  return {{"tcp", user},
          {"tcp, fresh", w.socket()},
          {"listener", w.listener()},
          {"udp", udp(w)},
          {"unix stream", stream.a},
          {"unix stream, fresh", unix_domain::make(w)},
          {"unix packets", packets.a},
          {"unix datagrams", datagrams.a},
          {"pipe, reading", w.keep(pipe_ends[0])},
          {"pipe, writing", w.keep(pipe_ends[1])},
          {"eventfd", w.eventfd(3, EFD_NONBLOCK)},
          {"timerfd", w.timerfd()},
          {"signalfd", signal_descriptor(w)},
          {"epoll", w.epoll()},
          {"nothing", -1}};
}

// ---- rows of buffers ----

void rows_of_nothing(World& w) {
  const WithoutSigpipe quiet;
  char byte = 'x';
  const std::array<iovec, 2> empty = {iovec{&byte, 0}, iovec{nullptr, 0}};
  for (const auto& [name, fd] : kinds(w)) {
    w.note(name, result(::writev(fd, empty.data(), 2)) + ", " + result(::writev(fd, empty.data(), 0)));
    w.note("it reads", result(::readv(fd, empty.data(), 2)) + ", " + result(::readv(fd, empty.data(), 0)));
  }
}

void buffers_of_nothing(World& w) {
  const WithoutSigpipe quiet;
  char byte = 'x';
  for (const auto& [name, fd] : kinds(w)) {
    w.note(name, result(::write(fd, &byte, 0)));
    w.note("it reads", result(::read(fd, &byte, 0)));
  }
}

void too_many_buffers(World& w) {
  const WithoutSigpipe quiet;
  std::vector<iovec> parts(1025);
  for (const auto& [name, fd] : kinds(w)) {
    w.note(name, result(::writev(fd, parts.data(), 1025)));
    w.note("it reads", result(::readv(fd, parts.data(), 1025)));
  }
}

void numbers_of_an_eventfd(World& w) {
  const int fd = w.eventfd(0, EFD_NONBLOCK);
  std::array<std::uint64_t, 3> numbers = {1, 20, 300};
  w.note("seven bytes", result(::write(fd, numbers.data(), 7)));
  w.note("nine bytes", result(::write(fd, numbers.data(), 9)));
  w.note("two numbers", result(::write(fd, numbers.data(), 16)));
  const std::array<iovec, 3> each = {iovec{&numbers[0], 8}, iovec{&numbers[1], 0}, iovec{&numbers[2], 8}};
  w.note("each by itself", result(::writev(fd, each.data(), 3)));
  std::uint64_t value = 0;
  ::read(fd, &value, 8) == 8 ? w.note("sum", std::to_string(value)) : w.note("sum", "none");
  const std::array<iovec, 2> halves = {iovec{&numbers[0], 4}, iovec{&numbers[1], 4}};
  w.note("in halves", result(::writev(fd, halves.data(), 2)));
  const std::array<iovec, 2> then_wrong = {iovec{&numbers[1], 8}, iovec{&numbers[0], 4}};
  w.note("the second is wrong", result(::writev(fd, then_wrong.data(), 2)));
  w.note("ready", w.ready(fd));
  std::array<std::uint64_t, 2> room{};
  w.note("too little room", result(::read(fd, room.data(), 7)));
  const std::array<iovec, 2> parts = {iovec{&room[0], 4}, iovec{&room[1], 4}};
  w.note("room in parts", result(::readv(fd, parts.data(), 2)));
  w.note("ready then", w.ready(fd));
}

// ---- headers of messages ----

void headers(World& w) {
  char byte = 'x';
  std::vector<iovec> parts(1025, {&byte, 0});
  sockaddr_in name{};
  for (const auto& [kind, fd] : kinds(w)) {
    msghdr many{};
    many.msg_iov = parts.data();
    many.msg_iovlen = 1025;
    w.note(kind, result(::sendmsg(fd, &many, MSG_NOSIGNAL)));
    w.note("it receives", result(::recvmsg(fd, &many, MSG_DONTWAIT)));
    msghdr negative{};
    negative.msg_iov = parts.data();
    negative.msg_iovlen = 1;
    negative.msg_name = &name;
    negative.msg_namelen = static_cast<socklen_t>(-1);
    w.note("a negative length", result(::sendmsg(fd, &negative, MSG_NOSIGNAL)));
    negative.msg_name = nullptr;
    w.note("of no name", result(::sendmsg(fd, &negative, MSG_NOSIGNAL)));
    w.note("sendto", result(::sendto(fd, &byte, 0, MSG_NOSIGNAL, reinterpret_cast<sockaddr*>(&name), 1'000)));
  }
}

// The length of a name in a header may be too large, unlike that of bind, connect and sendto.
void names_that_are_too_long(World& w) {
  const int receiver = bound(w, "127.0.0.1");
  const int sender = udp(w);
  const Endpoint to = at("127.0.0.1", port(receiver));
  struct {
    sockaddr_storage storage;
    char more[200];
  } large{to.storage, {}};
  char bytes[] = "hello";
  iovec part{bytes, 5};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_name = &large;
  message.msg_namelen = sizeof large;
  w.note("sendmsg", result(::sendmsg(sender, &message, 0)));
  w.note("sendto", result(::sendto(sender, bytes, 5, 0, reinterpret_cast<sockaddr*>(&large), sizeof large)));
  w.settle();
  w.note("receive", receive_from(receiver));
  w.note("receive again", receive_from(receiver));
}

// MSG_CMSG_CLOEXEC is shown in the flags of what was received, whoever asks.
void flags_that_come_back(World& w) {
  const auto [user, server] = w.connected();
  const int receiver = bound(w, "127.0.0.1");
  const int sender = udp(w);
  connect(sender, "127.0.0.1", port(receiver));
  const unix_domain::Ends stream(w);
  const unix_domain::Ends datagrams(w, SOCK_DGRAM);
  const std::array<std::array<int, 2>, 4> pairs = {
      {{user, server}, {sender, receiver}, {stream.a, stream.b}, {datagrams.a, datagrams.b}}};
  for (const auto& [from, to] : pairs) {
    for (const int flags :
         std::initializer_list<int>{0, MSG_CMSG_CLOEXEC, MSG_PEEK | MSG_CMSG_CLOEXEC, MSG_CMSG_CLOEXEC}) {
      w.send(from, "hello");
      w.settle();
      char bytes[3];
      iovec part{bytes, sizeof bytes};
      msghdr message{};
      message.msg_iov = &part;
      message.msg_iovlen = 1;
      w.note("receive", result(::recvmsg(to, &message, flags)));
      w.note("cloexec", (message.msg_flags & MSG_CMSG_CLOEXEC) != 0);
      w.note("truncated", (message.msg_flags & MSG_TRUNC) != 0);
    }
  }
}

// An error that is pending comes before the first of several messages (do_recvmmsg() in Linux's net/socket.c).
void errors_before_rows_of_messages(World& w, int type) {
  const unix_domain::Ends ends(w, type);
  w.send(ends.a, "one");
  w.send(ends.b, "unread");
  if (type == SOCK_DGRAM) {
    sockaddr nobody{};
    nobody.sa_family = AF_UNSPEC;
    w.note("dissolve", result(::connect(ends.a, &nobody, sizeof nobody)));
  } else {
    w.close(ends.a);
  }
  char bytes[2][10];
  iovec parts[2] = {{bytes[0], 10}, {bytes[1], 10}};
  mmsghdr messages[2]{};
  for (int i = 0; i < 2; ++i) {
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  w.note("ready", w.ready(ends.b));
  w.note("receive", result(::recvmmsg(ends.b, messages, 2, MSG_DONTWAIT, nullptr)));
  w.note("receive again", result(::recvmmsg(ends.b, messages, 2, MSG_DONTWAIT, nullptr)));
  w.note("receive at last", result(::recvmmsg(ends.b, messages, 2, MSG_DONTWAIT, nullptr)));
}
void errors_of_datagrams(World& w) { errors_before_rows_of_messages(w, SOCK_DGRAM); }
void errors_of_packets(World& w) { errors_before_rows_of_messages(w, SOCK_SEQPACKET); }
void errors_of_streams(World& w) { errors_before_rows_of_messages(w, SOCK_STREAM); }

// ---- datagrams that are too long ----

void too_long_and_to_nobody(World& w) {
  for (const int family : {AF_INET, AF_INET6}) {
    const char* here = family == AF_INET ? "127.0.0.1" : "::1";
    for (const std::size_t size :
         {std::size_t{65'507}, std::size_t{65'508}, std::size_t{65'535}, std::size_t{65'536}}) {
      const std::string bytes(size, 'x');
      const int fd = udp(w, family);
      w.note("to nobody", w.send(fd, bytes));
      w.note("to no port", send_to(fd, bytes, here, 0));
      w.note("to somebody", send_to(fd, bytes, here, 9));
      if (family == AF_INET6) {
        w.note("over IPv4", send_to(fd, bytes, "::ffff:127.0.0.1", 9));
        w.note("to no port over IPv4", send_to(fd, bytes, "::ffff:127.0.0.1", 0));
        w.set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
        w.note("only IPv6", send_to(fd, bytes, "::ffff:127.0.0.1", 9));
      }
      w.note("shut", w.shutdown(fd, SHUT_WR));
      w.note("to somebody", send_to(fd, bytes, here, 9));
    }
  }
}

void stays_of_one_family(World& w) {
  const int receiver = bound(w, "127.0.0.1");
  for (const char* address : {"::ffff:0.0.0.0", "::", "::ffff:127.0.0.1", "::1"}) {
    const int fd = udp(w, AF_INET6);
    w.note("bind", bind(fd, address));
    w.note("connect", connect(fd, "::ffff:127.0.0.1", port(receiver)));
    w.note("local", local(fd));
    w.note("dissolve", disconnect(fd));
    w.note("local then", local(fd));
    w.note("to IPv6", send_to(fd, "x", "::1", 9));
    w.note("to all", send_to(fd, "x", "::", port(receiver)));
  }
}

// ---- options that others have ----

void options_of_others(World& w) {
  const unix_domain::Ends ends(w);
  for (const int fd : {w.socket(), udp(w), ends.a}) {
    linger value{5, 7};
    w.note("linger", result(setsockopt(fd, SOL_SOCKET, SO_LINGER, &value, sizeof value)));
    value = {};
    socklen_t length = sizeof value;
    getsockopt(fd, SOL_SOCKET, SO_LINGER, &value, &length);
    w.note("lingers", std::to_string(value.l_onoff) + ' ' + std::to_string(value.l_linger));
    w.note("a short one", result(setsockopt(fd, SOL_SOCKET, SO_LINGER, &value, 4)));
    w.note("ttl", w.get(fd, IPPROTO_IP, IP_TTL) + ", " + w.set(fd, IPPROTO_IP, IP_TTL, 3) + ", " +
                      w.get(fd, IPPROTO_IP, IP_TTL));
    w.note("wrong ttl", w.set(fd, IPPROTO_IP, IP_TTL, 256));
    w.note("tos", w.set(fd, IPPROTO_IP, IP_TOS, IPTOS_LOWDELAY) + ", " + w.get(fd, IPPROTO_IP, IP_TOS));
    unsigned char byte = 9;
    w.note("a byte", result(setsockopt(fd, IPPROTO_IP, IP_TTL, &byte, 1)) + ", " + w.get(fd, IPPROTO_IP, IP_TTL));
  }
}

constexpr Case kCases[] = {{"rows of nothing", rows_of_nothing},
                           {"buffers of nothing", buffers_of_nothing},
                           {"too many buffers", too_many_buffers},
                           {"numbers of an eventfd", numbers_of_an_eventfd},
                           {"headers", headers},
                           {"names that are too long", names_that_are_too_long},
                           {"flags that come back", flags_that_come_back},
                           {"errors before rows of datagrams", errors_of_datagrams},
                           {"errors before rows of packets", errors_of_packets},
                           {"errors before rows of a stream's messages", errors_of_streams},
                           {"too long, and to nobody", too_long_and_to_nobody},
                           {"a socket of datagrams stays of one family", stays_of_one_family},
                           {"options of others", options_of_others}};

const Suite kSuite("messages", kCases);

}  // namespace
}  // namespace stillpoint::test
