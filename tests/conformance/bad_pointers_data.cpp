// Bytes that go from or to where no memory is: which calls say EFAULT, when, and what has become of the data.
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <thread>

#include "tests/conformance/bad_pointers.hpp"
#include "tests/conformance/unix.hpp"
#include "tests/conformance/world.hpp"

namespace stillpoint::test {
namespace {

using namespace bad_pointers;
using unix_domain::Ends;

// ---- streams ----

void a_stream_sends(World& w, int from, int to) {
  const Memory memory;
  w.note("bad", result(send(from, bad(), 5, 0)));
  w.note("null", result(send(from, null(), 5, 0)));
  w.note("null, of no bytes", result(::write(from, null(), 0)));
  w.note("10 that are there and one that is not", result(send(from, memory.last(10), 11, 0)));
  char good[] = "good";
  const iovec parts[] = {{good, 4}, {bad(), 4}};
  w.note("a row with a bad part", result(writev(from, parts, 2)));
  const iovec empty[] = {{good, 4}, {bad(), 0}, {good, 4}};
  w.note("a row with a bad part of no bytes", result(writev(from, empty, 3)));
  w.note("all that is there", result(send(from, memory.last(6), 6, 0)));
  w.settle();
  w.note("arrived", read(to));
  w.note("and no more", read(to));
}

void a_stream_receives(World& w, int from, int to) {
  const Memory memory;
  w.note("nothing is there", result(recv(to, bad(), 5, 0)));
  w.note("send", w.send(from, "hello"));
  w.settle();
  w.note("bad", result(recv(to, bad(), 5, 0)));
  w.note("peek", result(recv(to, bad(), 5, MSG_PEEK)));
  w.note("unread", w.unread(to) + " " + w.ready(to));
  w.note("room for 4", result(recv(to, memory.last(4), 10, 0)));
  char good[2];
  const iovec parts[] = {{good, 2}, {bad(), 4}};
  w.note("a row with a bad part", result(readv(to, parts, 2)));
  w.note("of 2 bytes the room for 2", result(recv(to, memory.last(2), 2, 0)));
  w.note("as much room as there are bytes", result(recv(to, memory.last(3), 10, 0)));
  w.note("no bytes", result(::read(to, bad(), 0)));
  w.note("shutdown", w.shutdown(from, SHUT_WR));
  w.settle();
  w.note("at the end", result(recv(to, bad(), 5, 0)));
}

void tcp_sends(World& w) {
  const auto [user, server] = w.connected();
  a_stream_sends(w, user, server);
}
void tcp_receives(World& w) {
  const auto [user, server] = w.connected();
  a_stream_receives(w, user, server);
}
void unix_sends(World& w) {
  const Ends ends(w);
  a_stream_sends(w, ends.a, ends.b);
}
void unix_receives(World& w) {
  const Ends ends(w);
  a_stream_receives(w, ends.a, ends.b);
}

void tcp_thrown_away(World& w) {
  const auto [user, server] = w.connected();
  w.note("send", w.send(user, "hello"));
  w.settle();
  w.note("thrown away unseen", result(recv(server, bad(), 3, MSG_TRUNC)));
  w.note("the rest", w.receive(server));
}

// What stands in the way of sending is told before the memory is looked at.
void the_state_comes_first(World& w) {
  const auto [user, server] = w.connected();
  const std::string much(100'000, 'x');
  while (send(user, much.data(), much.size(), 0) > 0) w.settle();
  w.note("full", result(send(user, bad(), 5, 0)));
  w.note("shutdown", w.shutdown(server, SHUT_WR));
  w.settle();
  w.note("shut", result(send(server, bad(), 5, MSG_NOSIGNAL)));
  const int fresh = w.socket();
  w.note("not connected", result(send(fresh, bad(), 5, MSG_NOSIGNAL)) + ", " + result(recv(fresh, bad(), 5, 0)));
  w.note("no descriptor", result(::write(-1, bad(), 5)) + ", " + result(send(-1, bad(), 5, 0)));
  const int event = w.eventfd();
  w.note("no socket", result(send(event, bad(), 5, 0)));
  const int datagrams = w.keep(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0));
  w.note("no recipient", result(send(datagrams, bad(), 5, 0)));
  const Ends ends(w);
  while (send(ends.a, much.data(), much.size(), 0) > 0) continue;
  w.note("full", result(send(ends.a, bad(), 5, 0)));
  ::close(ends.b);
  w.note("the peer is gone", result(send(ends.a, bad(), 5, MSG_NOSIGNAL)));
}

// Messages of a Unix-domain stream are taken whole.
void whole_messages(World& w) {
  const Ends ends(w);
  const Memory memory(20);
  w.note("two", w.send(ends.a, "abc") + w.send(ends.a, "def"));
  w.note("room for 4", result(recv(ends.b, memory.last(4), 10, 0)));
  w.note("unread", w.unread(ends.b));
  w.note("room for 2", result(recv(ends.b, memory.last(2), 10, 0)));
  w.note("the second", w.receive(ends.b));
  w.note("60,000 bytes that are there, 10 that are not", result(send(ends.a, memory.last(60'000), 60'010, 0)));
  w.note("unread", w.unread(ends.b));
}

void a_blocking_call_waits_first(World& w) {
  const Ends ends(w, SOCK_STREAM, 0);
  std::thread sender([&] {
    w.pass(20ms);
    w.note("sent", w.send(ends.a, "abc"));
  });
  const std::string received = result(recv(ends.b, bad(), 5, 0));
  sender.join();
  w.note("received", received);
  w.note("it is still there", w.receive(ends.b));
}

// ---- pipes ----

void a_pipe_takes_pages(World& w) {
  const Pipe p(w);
  const Memory memory(4);
  w.note("bad", result(::write(p.out, bad(), 5)));
  w.note("less than a page", result(::write(p.out, memory.last(4000), 5000)));
  w.note("more than a page", result(::write(p.out, memory.last(5000), 6000)));
  w.note("unread", w.unread(p.in));
  w.note("a few", write(p.out, "abc"));
  w.note("some that would go with them", result(::write(p.out, memory.last(2), 4)));
  w.note("a page and some that would go with them", result(::write(p.out, memory.last(kPage), kPage + 10)));
  w.note("unread", w.unread(p.in));
  w.note("nothing more", result(::write(p.out, null(), 0)));
  while (::write(p.out, memory.last(kPage), kPage) > 0) continue;
  w.note("full", result(::write(p.out, bad(), 5)));
}

void a_pipe_gives_pages(World& w) {
  const Pipe p(w);
  const Memory memory(4);
  w.note("empty", result(::read(p.in, bad(), 5)));
  w.note("two pages", result(::write(p.out, memory.last(6000), 6000)));
  w.note("bad", result(::read(p.in, bad(), 5)));
  w.note("room for less than a page", result(::read(p.in, memory.last(4000), 6000)));
  w.note("unread", w.unread(p.in));
  w.note("room for more than a page", result(::read(p.in, memory.last(5000), 6000)));
  w.note("unread", w.unread(p.in));
  ::close(p.out);
  w.note("the rest", read(p.in));
  w.note("at the end", result(::read(p.in, bad(), 5)));
}

// ---- datagrams ----

void datagrams(World& w, Sockets sockets) {
  const auto [from, to] = sockets;
  const Memory memory;
  w.note("bad", result(send(from, bad(), 5, 0)));
  w.note("10 bytes and one that is not there", result(send(from, memory.last(10), 11, 0)));
  char good[] = "good";
  const iovec parts[] = {{good, 4}, {bad(), 4}};
  w.note("a row with a bad part", result(writev(from, parts, 2)));
  w.settle();
  w.note("nothing was sent", result(recv(to, bad(), 5, 0)));
  w.note("four", w.send(from, "one") + w.send(from, "two") + w.send(from, "three") + w.send(from, "four"));
  w.settle();
  w.note("a look at the first", result(recv(to, bad(), 5, MSG_PEEK)));
  w.note("the first", w.receive(to));
  w.note("the second, to a bad place", result(recv(to, bad(), 5, 0)));
  w.note("the third, where there is room for 4 of 5", result(recv(to, memory.last(4), 10, 0)));
  w.note("they are lost", w.receive(to));
  w.note("two", w.send(from, "five") + w.send(from, ""));
  w.settle();
  w.note("into a row with a bad part", result(readv(to, parts, 2)));
  w.note("none bytes to a bad place", result(recv(to, bad(), 5, 0)));
  w.note("no more", w.receive(to));
}

void udp(World& w) { datagrams(w, udp_sockets(w)); }
void unix_datagrams(World& w) {
  const Ends ends(w, SOCK_DGRAM);
  datagrams(w, {ends.a, ends.b});
}
void sequenced_packets(World& w) {
  const Ends ends(w, SOCK_SEQPACKET);
  const Memory memory;
  w.note("bad", result(send(ends.a, bad(), 5, 0)));
  w.note("two", w.send(ends.a, "one") + w.send(ends.a, "two"));
  w.note("the first, to a bad place", result(recv(ends.b, bad(), 5, 0)));
  w.note("the second", w.receive(ends.b));
  w.note("no more", w.receive(ends.b));
}

// ---- messages ----

void headers(World& w) {
  const auto [from, to] = udp_sockets(w);
  char text[] = "hello";
  iovec part{text, 5};
  w.note("no header", result(sendmsg(from, bad<msghdr>(), 0)) + ", " + result(recvmsg(to, bad<msghdr>(), 0)));
  w.note("nor a descriptor", result(sendmsg(-1, bad<msghdr>(), 0)) + ", " + result(recvmsg(-1, bad<msghdr>(), 0)));
  const int event = w.eventfd();
  w.note("nor a socket", result(sendmsg(event, bad<msghdr>(), 0)) + ", " + result(recvmsg(event, bad<msghdr>(), 0)));
  msghdr header{};
  header.msg_iov = bad<iovec>();
  header.msg_iovlen = 1;
  w.note("a bad row", result(sendmsg(from, &header, 0)) + ", " + result(recvmsg(to, &header, 0)));
  header.msg_iovlen = 2000;
  w.note("which is too long", result(sendmsg(from, &header, 0)) + ", " + result(recvmsg(to, &header, 0)));
  header.msg_name = bad();
  header.msg_namelen = sizeof(sockaddr_in);
  w.note("and to nobody", result(sendmsg(from, &header, 0)));
  header.msg_namelen = static_cast<socklen_t>(-1);
  w.note("of a negative length", result(sendmsg(from, &header, 0)) + ", " + result(recvmsg(to, &header, 0)));
  header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = bad();
  header.msg_controllen = 20;
  w.note("bad control data", result(sendmsg(from, &header, 0)));
  header.msg_controllen = 1 << 20;
  w.note("too much of it", result(sendmsg(from, &header, 0)));
  w.note("send", w.send(from, "abc"));
  w.settle();
  header.msg_name = bad();
  header.msg_namelen = sizeof(sockaddr_in);
  header.msg_controllen = 0;
  w.note("no place for the sender", result(recvmsg(to, &header, 0)));
  w.note("it is lost", w.receive(to));
}

// Control data that cannot be written is left out, and nobody is told.
void control_data(World& w) {
  const auto [from, to] = udp_sockets(w);
  const int on = 1;
  setsockopt(to, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
  w.note("send", w.send(from, "abc"));
  w.settle();
  char text[10];
  iovec part{text, sizeof text};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = bad();
  header.msg_controllen = 100;
  w.note("received", result(recvmsg(to, &header, 0)));
  w.note("control data", std::to_string(header.msg_controllen) + ", flags " + std::to_string(header.msg_flags));
}

void many_messages(World& w) {
  const auto [from, to] = udp_sockets(w);
  char text[] = "hello";
  iovec good{text, 5};
  iovec wrong{bad(), 5};
  mmsghdr messages[2]{};
  messages[0].msg_hdr.msg_iov = &good;
  messages[1].msg_hdr.msg_iov = &wrong;
  messages[0].msg_hdr.msg_iovlen = messages[1].msg_hdr.msg_iovlen = 1;
  w.note("no row",
         result(sendmmsg(from, bad<mmsghdr>(), 1, 0)) + ", " + result(recvmmsg(to, bad<mmsghdr>(), 1, 0, {})));
  w.note("of none",
         result(sendmmsg(from, bad<mmsghdr>(), 0, 0)) + ", " + result(recvmmsg(to, bad<mmsghdr>(), 0, 0, {})));
  w.note("a good one and a bad one", result(sendmmsg(from, messages, 2, 0)));
  w.note("a bad one", result(sendmmsg(from, messages + 1, 1, 0)));
  w.note("another", w.send(from, "two"));
  w.settle();
  w.note("into a good one and a bad one", result(recvmmsg(to, messages, 2, 0, nullptr)));
  w.note("the error comes with the next call", w.receive(to));
  w.note("the second is lost", w.receive(to));
  const Memory memory;
  mmsghdr* last = memory.last_as<mmsghdr>();
  *last = messages[0];
  w.note("the row runs out", result(sendmmsg(from, last, 2, 0)));
  w.settle();
  w.note("the row runs out", result(recvmmsg(to, last, 2, 0, nullptr)));
  w.note("the error comes with the next call", w.receive(to));
  w.note("a bad time-out", result(recvmmsg(-1, messages, 1, 0, bad<timespec>())));
}

// ---- devices ----

void devices(World& w) {
  const Memory memory(2);
  const int nothing = w.keep(::open("/dev/null", O_RDWR));
  const int zero = w.keep(::open("/dev/zero", O_RDWR));
  const int random = w.keep(::open("/dev/urandom", O_RDWR));
  w.note("null", result(::write(nothing, bad(), 5)) + ", " + result(::read(nothing, bad(), 5)));
  w.note("zero", result(::write(zero, bad(), 5)) + ", " + result(::read(zero, bad(), 5)));
  w.note("random", result(::write(random, bad(), 5)) + ", " + result(::read(random, bad(), 5)));
  w.note("as much as is there",
         result(::read(zero, memory.last(6), 100)) + ", " + result(::read(random, memory.last(6), 100)));
  w.note("of two pages",
         result(::read(zero, memory.last(5000), 6000)) + ", " + result(::read(random, memory.last(5000), 6000)));
  w.note("getrandom", result(getrandom(bad(), 5, 0)) + ", " + result(getrandom(memory.last(5000), 6000, 0)));
  w.note("getentropy", result(getentropy(bad(), 5)) + ", " + result(getentropy(memory.last(6), 100)));
  w.note("too much of it comes first", result(getentropy(bad(), 300)));
  w.note("standard output", result(::write(1, bad(), 5)) + ", " + result(::write(1, null(), 5)));
}

void read_only_memory(World& w) {
  const Memory memory;
  char* const place = memory.read_only();
  const Pipe p(w);
  w.note("written from", result(::write(p.out, place, 5)));
  w.note("read into", result(::read(p.in, place, 5)));
  w.note("it is still there", read(p.in));
  const auto [user, server] = w.connected();
  w.note("sent from", result(send(user, place, 5, 0)));
  w.settle();
  w.note("received into", result(recv(server, place, 5, 0)));
  w.note("it is still there", w.receive(server));
  const int epoll = w.epoll();
  w.add(epoll, w.eventfd(1), EPOLLIN, 1);
  w.note("epoll_wait", result(epoll_wait(epoll, reinterpret_cast<epoll_event*>(place), 1, 0)));
  w.note("FIONREAD", result(ioctl(user, FIONREAD, place)));
}

#if defined(__x86_64__)
long by_instruction(long number, long a, const void* b, long c) {
  long answer = 0;
  asm volatile("syscall" : "=a"(answer) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return answer;
}

void instructions(World& w) {
  const Pipe p(w);
  w.note("write", by_instruction(SYS_write, p.out, bad(), 5) == -EFAULT);
  w.note("nothing came of it", read(p.in));
  w.note("write", write(p.out, "abc"));
  w.note("read", by_instruction(SYS_read, p.in, bad(), 5) == -EFAULT);
  w.note("it is still there", read(p.in));
}
#endif

// ---- sizes beyond all bounds ----

void absurd_sizes(World& w) {
  const Pipe p(w);
  const int nothing = w.keep(::open("/dev/null", O_RDWR));
  static char byte[16];  // far from the end of the address space, unlike a stack
  volatile std::size_t wide = 47;
  const std::size_t beyond = std::size_t{1} << wide;
  w.note("read", result(::read(p.in, byte, beyond)) + ", " + result(::read(-1, byte, beyond)));
  w.note("write", result(::write(nothing, byte, beyond)) + ", " + result(::write(p.in, byte, beyond)));
  w.note("send", result(send(w.socket(), byte, beyond, MSG_NOSIGNAL)) + ", " + result(send(-1, byte, beyond, 0)));
  w.note("the kernel's memory",
         result(::read(p.in, of_the_kernel(), 1)) + ", " + result(::write(p.out, of_the_kernel(), 1)));
  w.note("none of it", result(::write(p.out, of_the_kernel(), 0)) + ", " + result(::read(nothing, of_the_kernel(), 1)));
  iovec parts[2] = {{byte, static_cast<std::size_t>(-1)}, {byte, 1}};
  w.note("a negative length", result(readv(p.in, parts, 1)) + ", " + result(writev(nothing, parts, 2)));
  parts[0].iov_len = parts[1].iov_len = std::size_t{1} << 62;
  w.note("a sum that is negative", result(readv(p.in, parts, 2)) + ", " + result(writev(nothing, parts, 2)));
  // What can be called is not memory for all of it, but it is not looked at.
  parts[0].iov_len = parts[1].iov_len = std::size_t{1} << 30;
  parts[0].iov_base = parts[1].iov_base = reinterpret_cast<void*>(0x10000000);
  if (kBadLengths) {
    w.note("as much as one call may",
           result(writev(nothing, parts, 2)) + ", " + result(::write(nothing, parts[0].iov_base, 3ul << 30)));
  }
  parts[1].iov_base = of_the_kernel();
  w.note("a part of the kernel's", result(writev(nothing, parts, 2)) + ", " + result(readv(nothing, parts, 2)));
  w.note("a bad row", result(readv(p.in, bad<iovec>(), 1)) + ", " + result(writev(p.out, bad<iovec>(), 1)));
  w.note("of none", result(readv(p.in, bad<iovec>(), 0)) + ", " + result(writev(p.out, bad<iovec>(), 0)));
  w.note("of too many",
         result(readv(p.in, bad<iovec>(), 2000)) + ", " + result(writev(p.out, bad<iovec>(), the_negative)));
  w.note("of a wrong end", result(readv(p.out, bad<iovec>(), 1)) + ", " + result(writev(p.in, bad<iovec>(), 1)));
  w.note("of what is not read", result(readv(w.epoll(), bad<iovec>(), 1)));
}

constexpr Case kCases[] = {
    {"a TCP connection sends from a bad address", tcp_sends},
    {"a TCP connection receives to a bad address", tcp_receives},
    {"what TCP throws away is not written", tcp_thrown_away},
    {"a Unix-domain stream sends from a bad address", unix_sends},
    {"a Unix-domain stream receives to a bad address", unix_receives},
    {"messages of a Unix-domain stream are taken whole", whole_messages},
    {"the state of a socket comes before its memory", the_state_comes_first},
    {"a blocking call waits before it touches memory", a_blocking_call_waits_first},
    {"a pipe takes the pages that are there", a_pipe_takes_pages},
    {"a pipe gives the pages that there is room for", a_pipe_gives_pages},
    {"datagrams of UDP", udp},
    {"datagrams of a Unix-domain socket", unix_datagrams},
    {"sequenced packets", sequenced_packets},
    {"headers of messages", headers},
    {"control data has no place", control_data},
    {"many messages at once", many_messages},
    {"devices and entropy", devices},
    {"memory that can only be read", read_only_memory},
    {"sizes beyond all bounds", absurd_sizes},
#if defined(__x86_64__)
    {"system calls by instruction", instructions},
#endif
};
const Suite kSuite("bad pointers to data", kCases);

}  // namespace
}  // namespace stillpoint::test
