// Pointers that cannot be followed: EFAULT, where Linux comes to touch the memory, and what has become of the data.
//
// Where glibc itself follows the pointer (clock_gettime on the clocks of the vDSO, gethostname, sigaction, the
// time-outs of select and ppoll) the program crashes on both kernels, which no case can show.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <thread>

#include "tests/conformance/udp_world.hpp"
#include "tests/conformance/unix.hpp"
#include "tests/conformance/world.hpp"

namespace stillpoint::test {
namespace {

using unix_domain::Ends;

// Addresses and numbers that the compiler knows nothing of.
void* volatile the_bad = reinterpret_cast<void*>(8);
void* volatile the_null = nullptr;
volatile int the_negative = -1;
void* volatile the_kernels = reinterpret_cast<void*>(-4096);
void* bad() { return the_bad; }
void* null() { return the_null; }
void* of_the_kernel() { return the_kernels; }
template <typename T>
T* bad() {
  return static_cast<T*>(the_bad);
}

constexpr std::size_t kPage = 4096;

// Pages of memory, and behind them one that is none.
class Memory {
 public:
  explicit Memory(std::size_t pages = 1) : size_(pages * kPage) {
    void* place = mmap(nullptr, size_ + kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    begin_ = static_cast<char*>(place);
    mprotect(begin_ + size_, kPage, PROT_NONE);
    std::memset(begin_, 'm', size_);
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() { munmap(begin_, size_ + kPage); }
  // The last so many bytes.
  char* last(std::size_t bytes) const { return begin_ + size_ - bytes; }
  template <typename T>
  T* last_as() const {
    return reinterpret_cast<T*>(last(sizeof(T)));
  }
  // It can be read, but not written, from now on.
  char* read_only() const {
    mprotect(begin_, size_, PROT_READ);
    return begin_;
  }

 private:
  std::size_t size_;
  char* begin_;
};

std::string read(int fd, std::size_t most = 100'000) {
  std::string bytes(most, '\0');
  const ssize_t got = ::read(fd, bytes.data(), most);
  if (got < 0) return result(got);
  bytes.resize(static_cast<std::size_t>(got));
  return bytes.size() > 40 ? std::to_string(bytes.size()) + " bytes" : '"' + bytes + '"';
}

std::string write(int fd, std::string_view bytes) { return result(::write(fd, bytes.data(), bytes.size())); }

// Whether the next descriptor is the same as before the calls between two looks at it: none was left open.
int next_descriptor() {
  const int fd = dup(0);
  ::close(fd);
  return fd;
}

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

struct Pipe {
  explicit Pipe(World& w) {
    int ends[2] = {-1, -1};
    if (pipe2(ends, O_NONBLOCK) != 0) w.note("pipe", "cannot be made");
    in = w.keep(ends[0]);
    out = w.keep(ends[1]);
  }
  int in, out;
};

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

void no_memory_for_the_ends(World& w) {
  const int before = next_descriptor();
  w.note("pipe", result(pipe(bad<int>())) + ", " + result(pipe2(static_cast<int*>(null()), 0)));
  w.note("wrong flags come first", result(pipe2(bad<int>(), 0x7777777)));
  w.note("socketpair", result(socketpair(AF_UNIX, SOCK_STREAM, 0, bad<int>())));
  w.note("before it is looked at what they are", result(socketpair(AF_INET, SOCK_STREAM, 0, bad<int>())));
  w.note("but not the type's flags", result(socketpair(AF_UNIX, 0x1234567, 0, bad<int>())));
  const Memory memory;
  w.note("room for one", result(pipe(memory.last_as<int>())));
  w.note("nothing was left open", next_descriptor() == before);
}

// ---- datagrams ----

struct Sockets {
  int from = -1;
  int to = -1;
};

Sockets udp_sockets(World& w) {
  Sockets sockets;
  for (int* fd : {&sockets.from, &sockets.to}) {
    *fd = w.keep(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0));
    w.bind(*fd, INADDR_LOOPBACK, 0);
  }
  w.connect(sockets.from, INADDR_LOOPBACK, w.port_of(sockets.to));
  return sockets;
}

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

// ---- addresses ----

void addresses(World& w) {
  const int fd = w.socket();
  const int event = w.eventfd();
  const auto* address = bad<sockaddr>();
  w.note("bind", result(::bind(fd, address, 16)) + ", " + result(::bind(event, address, 16)));
  w.note("connect", result(::connect(fd, address, 16)) + ", " + result(::connect(-1, address, 16)));
  w.note("what is no socket", result(::connect(event, address, 16)));
  w.note("no length", result(::bind(fd, address, 0)) + ", " + result(::connect(fd, address, 0)));
  w.note("a negative one", result(::connect(fd, address, static_cast<socklen_t>(-1))));
  w.note("too long", result(::connect(fd, address, 200)));
  const Memory memory;
  w.note("half of it is there", result(::bind(fd, reinterpret_cast<sockaddr*>(memory.last(8)), 16)));
  const auto [from, to] = udp_sockets(w);
  w.note("sendto", result(sendto(from, "x", 1, 0, address, 16)) + ", " + result(sendto(from, bad(), 1, 0, address, 0)));
  w.note("it still works", w.bind(fd, INADDR_LOOPBACK, 0) + ", " + w.local(fd));
}

// Not where AddressSanitizer's own functions look at lengths before Linux does.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kBadLengths = false;
#else
constexpr bool kBadLengths = true;
#endif

void own_names(World& w) {
  const auto [user, server] = w.connected();
  socklen_t length = 16;
  w.note("getsockname", result(getsockname(user, bad<sockaddr>(), &length)));
  w.note("getpeername", result(getpeername(user, bad<sockaddr>(), &length)));
  w.note("null", result(getsockname(user, static_cast<sockaddr*>(null()), &length)));
  length = 0;
  w.note("no room", result(getsockname(user, bad<sockaddr>(), &length)) + ", " + std::to_string(length));
  length = static_cast<socklen_t>(-1);
  w.note("a negative length", result(getsockname(user, bad<sockaddr>(), &length)));
  if (kBadLengths) {
    sockaddr_in name{};
    auto* place = reinterpret_cast<sockaddr*>(&name);
    w.note("no length", result(getsockname(user, place, bad<socklen_t>())));
    w.note("not connected", result(getpeername(w.socket(), place, bad<socklen_t>())));
    w.note("no socket", result(getsockname(w.eventfd(), place, bad<socklen_t>())));
    const Memory memory;
    *memory.last_as<socklen_t>() = 0;
    memory.read_only();
    w.note("a length that is not to be written", result(getsockname(user, place, memory.last_as<socklen_t>())));
  }
  w.note("it still works", w.local(user));
}

void accepting(World& w) {
  const int listener = w.listener();
  const int first = w.socket();
  w.note("connect", w.connect(first, listener));
  w.settle();
  const int before = next_descriptor();
  socklen_t length = 16;
  w.note("accept", result(::accept(listener, bad<sockaddr>(), &length)));
  w.note("the connection is lost", w.accept(listener));
  w.settle();
  w.note("its end", w.receive(first));
  w.note("nothing was left open", next_descriptor() == before);
  const int second = w.socket();
  w.note("connect", w.connect(second, listener));
  w.settle();
  length = static_cast<socklen_t>(-1);
  sockaddr_in address{};
  w.note("a negative length", result(::accept(listener, reinterpret_cast<sockaddr*>(&address), &length)));
  w.note("the connection is lost", w.accept(listener));
  const int third = w.socket();
  w.note("connect", w.connect(third, listener));
  w.settle();
  length = 0;
  w.note("of no room for it", w.keep(::accept(listener, bad<sockaddr>(), &length)) >= 0);
  w.note("nobody is there", result(::accept(listener, bad<sockaddr>(), &length)));
}

void senders(World& w) {
  const auto [from, to] = udp_sockets(w);
  w.note("three", w.send(from, "one") + w.send(from, "two") + w.send(from, "three"));
  w.settle();
  char text[10];
  socklen_t length = 16;
  w.note("a bad place", result(recvfrom(to, text, sizeof text, 0, bad<sockaddr>(), &length)));
  sockaddr_in address{};
  auto* place = reinterpret_cast<sockaddr*>(&address);
  length = static_cast<socklen_t>(-1);
  w.note("a negative length", result(recvfrom(to, text, sizeof text, 0, place, &length)));
  w.note("the third", w.receive(to));
  const auto [user, server] = w.connected();
  w.send(user, "abc");
  w.settle();
  length = 16;
  w.note("of a stream there is none to write",
         result(recvfrom(server, text, sizeof text, 0, bad<sockaddr>(), &length)));
  w.note("length", std::to_string(length));
}

// ---- options ----

void options(World& w) {
  const int fd = w.socket();
  socklen_t length = sizeof(int);
  w.note("get", result(getsockopt(fd, SOL_SOCKET, SO_TYPE, bad(), &length)));
  w.note("get", result(getsockopt(fd, IPPROTO_TCP, 1 /* TCP_NODELAY */, bad(), &length)));
  w.note("of no length", result(getsockopt(fd, SOL_SOCKET, SO_TYPE, null(), &(length = 0))));
  length = static_cast<socklen_t>(-1);
  w.note("of a negative length", result(getsockopt(fd, SOL_SOCKET, SO_TYPE, bad(), &length)));
  int value = 0;
  if (kBadLengths) w.note("no length", result(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, bad<socklen_t>())));
  w.note("set", result(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, bad(), 4)));
  w.note("too short", result(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, bad(), 3)));
  w.note("a negative length", result(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, bad(), static_cast<socklen_t>(-1))));
  w.note("linger", result(setsockopt(fd, SOL_SOCKET, SO_LINGER, bad(), sizeof(linger))));
  w.note("a time", result(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, bad(), sizeof(timeval))));
  w.note("of TCP",
         result(setsockopt(fd, IPPROTO_TCP, 1, bad(), 4)) + ", " + result(setsockopt(fd, IPPROTO_TCP, 1, bad(), 3)));
  const Memory memory;
  *memory.last_as<int>() = 1;
  w.note("what is read is there", result(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, memory.last_as<int>(), 100)));
  w.note("it is set", w.get(fd, SOL_SOCKET, SO_REUSEADDR));
  const int nobody = w.socket();
  w.note("an error", w.connect(nobody, INADDR_LOOPBACK, 1));
  w.settle();
  length = sizeof value;
  w.note("nowhere to be put", result(getsockopt(nobody, SOL_SOCKET, SO_ERROR, bad(), &length)));
  w.note("is taken all the same", w.pending_error(nobody));
}

// ---- readiness ----

void epoll_reports(World& w) {
  const int epoll = w.epoll();
  w.note("nothing to report", result(epoll_wait(epoll, bad<epoll_event>(), 4, 0)));
  for (int i = 0; i < 3; ++i) w.add(epoll, w.eventfd(1), EPOLLIN, i);
  w.note("bad", result(epoll_wait(epoll, bad<epoll_event>(), 4, 0)));
  w.note("null", result(epoll_wait(epoll, static_cast<epoll_event*>(null()), 4, 0)));
  const Memory memory;
  w.note("room for one", result(epoll_wait(epoll, memory.last_as<epoll_event>(), 4, 0)));
  w.note("which was", std::to_string(memory.last_as<epoll_event>()->data.u64));
  w.note("all", w.events(epoll));
  const int edges = w.epoll();
  const int event = w.eventfd(1);
  w.add(edges, event, EPOLLIN | EPOLLET, 7);
  w.note("an edge", result(epoll_wait(edges, bad<epoll_event>(), 4, 0)));
  w.note("is not lost", w.events(edges) + ", then " + w.events(edges));
  w.modify(edges, event, EPOLLIN | EPOLLONESHOT, 8);
  w.note("one shot", result(epoll_wait(edges, bad<epoll_event>(), 4, 0)));
  w.note("is not lost", w.events(edges) + ", then " + w.events(edges));
}

void epoll_arguments(World& w) {
  const int epoll = w.epoll();
  const int event = w.eventfd(1);
  epoll_event* wrong = bad<epoll_event>();
  w.note("add", result(epoll_ctl(epoll, EPOLL_CTL_ADD, event, wrong)));
  w.note("add to nothing", result(epoll_ctl(-1, EPOLL_CTL_ADD, event, wrong)));
  w.note("an unknown operation", result(epoll_ctl(epoll, 77, event, wrong)));
  w.add(epoll, event, EPOLLIN, 1);
  w.note("modify", result(epoll_ctl(epoll, EPOLL_CTL_MOD, event, wrong)));
  w.note("delete", result(epoll_ctl(epoll, EPOLL_CTL_DEL, event, wrong)));
  w.note("no events",
         result(epoll_wait(epoll, wrong, 0, 0)) + ", " + result(epoll_wait(epoll, wrong, the_negative, 0)));
  w.note("too many", result(epoll_wait(epoll, wrong, 1 << 30, 0)));
  w.note("no descriptor", result(epoll_wait(-1, wrong, 4, 0)));
  w.note("no epoll", result(epoll_wait(event, wrong, 4, 0)));
  auto* kernels = static_cast<epoll_event*>(of_the_kernel());
  w.note("the kernel's memory",
         result(epoll_wait(event, kernels, 4, 0)) + ", " + result(epoll_wait(epoll, kernels, 4, 0)));
  epoll_event one;
  w.note("a mask", result(epoll_pwait(epoll, &one, 1, 0, bad<sigset_t>())));
  w.note("a time", result(epoll_pwait2(-1, &one, 1, bad<timespec>(), nullptr)));
}

void polling(World& w) {
  const int event = w.eventfd(1);
  w.note("bad", result(poll(bad<pollfd>(), 1, 0)) + ", " + result(poll(static_cast<pollfd*>(null()), 1, 0)));
  w.note("of none", result(poll(bad<pollfd>(), 0, 0)));
  w.note("counted in 32 bits", result(poll(static_cast<pollfd*>(null()), 1ul << 40, 0)));
  w.note("of which one is left", result(poll(static_cast<pollfd*>(null()), (1ul << 32) + 1, 0)));
  w.note("too many", result(poll(bad<pollfd>(), 1ul << 31, 0)));
  const Memory memory;
  *memory.last_as<pollfd>() = {event, POLLIN, 0};
  w.note("one of two is there", result(poll(memory.last_as<pollfd>(), 2, 0)));
  w.note("the one", result(poll(memory.last_as<pollfd>(), 1, 0)));
  memory.read_only();
  w.note("which is not to be written", result(poll(memory.last_as<pollfd>(), 1, 0)));
  const timespec now{0, 0};
  w.note("a mask", result(ppoll(bad<pollfd>(), 1, &now, bad<sigset_t>())));
}

void selecting(World& w) {
  const int event = w.eventfd(1);
  fd_set* wrong = bad<fd_set>();
  timeval now{0, 0};
  w.note("of none", result(select(0, wrong, wrong, wrong, &now)));
  w.note("in", result(select(event + 1, wrong, nullptr, nullptr, &now)));
  w.note("out", result(select(event + 1, nullptr, wrong, nullptr, &now)));
  w.note("except", result(select(event + 1, nullptr, nullptr, wrong, &now)));
  w.note("fewer than none", result(select(-1, wrong, nullptr, nullptr, &now)));
  w.note("very many", result(select(2'000'000, wrong, nullptr, nullptr, &now)));
  const Memory memory;
  auto* set = reinterpret_cast<fd_set*>(memory.last(8 * sizeof(long)));
  std::memset(set, 0, 8 * sizeof(long));
  FD_SET(event, set);
  w.note("as much of a set as is needed", result(select(event + 1, set, nullptr, nullptr, &now)));
  memory.read_only();
  w.note("not to be written", result(select(event + 1, set, nullptr, nullptr, &now)));
  const timespec none{0, 0};
  w.note("a mask", result(pselect(0, nullptr, nullptr, nullptr, &none, bad<sigset_t>())));
}

// ---- descriptors that count ----

void counters(World& w) {
  const Memory memory;
  const int event = w.eventfd(5);
  w.note("eventfd", result(::read(event, bad(), 8)));
  w.note("its count is gone", read(event, 8));
  w.note("nothing to read", result(::read(event, bad(), 8)));
  w.note("too short", result(::read(event, bad(), 4)) + ", " + result(::write(event, bad(), 4)));
  w.note("half of it is there", result(::write(event, memory.last(4), 8)));
  std::uint64_t one = 1;
  const iovec parts[] = {{&one, 8}, {bad(), 8}};
  w.note("a good one, a bad one", result(writev(event, parts, 2)));
  w.note("the good one", result(::read(event, &one, 8)) + ", " + std::to_string(one));
  eventfd_write(event, 1);
  w.note("into halves", result(::read(event, memory.last(4), 8)));
  w.note("its count is gone", read(event, 8));
  const int timer = w.timerfd();
  const itimerspec soon{{0, 0}, {0, 1}};
  timerfd_settime(timer, 0, &soon, nullptr);
  w.pass(20ms);
  w.note("timerfd", result(::read(timer, bad(), 8)));
  w.note("its count is gone", read(timer, 8));
}

void timers(World& w) {
  const int timer = w.timerfd();
  auto* wrong = bad<itimerspec>();
  w.note("timerfd_settime", result(timerfd_settime(timer, 0, wrong, nullptr)));
  w.note("first of all", result(timerfd_settime(-1, 77, wrong, nullptr)));
  itimerspec late{{0, 0}, {1000, 0}};
  w.note("nowhere to put the old one", result(timerfd_settime(timer, 0, &late, wrong)));
  itimerspec found{};
  timerfd_gettime(timer, &found);
  w.note("it is set all the same", found.it_value.tv_sec >= 990);
  w.note("timerfd_gettime", result(timerfd_gettime(timer, wrong)) + ", " + result(timerfd_gettime(-1, wrong)));
  sigevent event{};
  event.sigev_notify = SIGEV_NONE;
  timer_t silent;
  w.note("timer_create", result(timer_create(CLOCK_MONOTONIC, &event, &silent)));
  w.note("timer_settime", result(timer_settime(silent, 0, wrong, nullptr)));
  w.note("nowhere to put the old one", result(timer_settime(silent, 0, &late, wrong)));
  timer_gettime(silent, &found);
  w.note("it is set all the same", found.it_value.tv_sec >= 990);
  w.note("timer_gettime", result(timer_gettime(silent, wrong)));
  timer_delete(silent);
  auto* wrong_time = bad<itimerval>();
  w.note("setitimer", result(setitimer(ITIMER_REAL, wrong_time, nullptr)));
  w.note("getitimer", result(getitimer(ITIMER_REAL, wrong_time)));
  const itimerval never{};
  w.note("nowhere to put the old one", result(setitimer(ITIMER_REAL, &never, wrong_time)));
}

void sleeping(World& w) {
  auto* wrong = bad<timespec>();
  w.note("nanosleep",
         result(nanosleep(wrong, nullptr)) + ", " + result(nanosleep(static_cast<timespec*>(null()), nullptr)));
  const timespec moment{0, 1000};
  w.note("what is left is not written", result(nanosleep(&moment, wrong)));
  w.note("clock_nanosleep", std::to_string(clock_nanosleep(CLOCK_MONOTONIC, 0, wrong, nullptr)));
  w.note("an absolute time", std::to_string(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, wrong, nullptr)));
  w.note("an unknown clock", std::to_string(clock_nanosleep(77, 0, wrong, nullptr)));
  w.note("a clock of CPU time", result(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, wrong)));
}

void waiting_at_an_address(World& w) {
  int word = 1;
  w.note("a bad word", result(syscall(SYS_futex, bad(), 0 /* FUTEX_WAIT */, 1, nullptr, nullptr, 0)));
  w.note("a bad time", result(syscall(SYS_futex, &word, 0, 1, bad(), nullptr, 0)));
}

// ---- signals ----

void signal_sets(World& w) {
  auto* wrong = bad<sigset_t>();
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigset_t before;
  w.note("nowhere to put the old mask", std::to_string(pthread_sigmask(SIG_BLOCK, nullptr, wrong)));
  w.note("it is set all the same", result(sigprocmask(SIG_BLOCK, &set, wrong)));
  sigprocmask(SIG_BLOCK, nullptr, &before);
  w.note("blocked", sigismember(&before, SIGUSR1) == 1);
  w.note("sigpending", result(sigpending(wrong)));
  w.note("sigsuspend", result(sigsuspend(wrong)));
  const timespec now{0, 0};
  w.note("sigtimedwait", result(sigtimedwait(wrong, nullptr, &now)));
  w.note("for a bad time", result(sigtimedwait(&set, nullptr, bad<timespec>())));
  raise(SIGUSR1);
  w.note("nowhere to put what came", result(sigtimedwait(&set, bad<siginfo_t>(), &now)));
  w.note("it is gone", result(sigtimedwait(&set, nullptr, &now)));
  w.note("signalfd", result(signalfd(-1, wrong, 0)) + ", " + result(signalfd(-1, wrong, 12345)));
  const int fd = w.keep(signalfd(-1, &set, SFD_NONBLOCK));
  raise(SIGUSR1);
  w.note("its read", result(::read(fd, bad(), 200)));
  w.note("the signal is gone", read(fd));
  int number = 0;
  w.note("sigwait", std::to_string(sigwait(wrong, &number)));
  w.note("sigaltstack",
         result(sigaltstack(bad<stack_t>(), nullptr)) + ", " + result(sigaltstack(nullptr, bad<stack_t>())));
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

// ---- devices, entropy, names ----

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

void paths(World& w) {
  w.note("open", result(::open(bad<char>(), O_RDONLY)) + ", " + result(::open(static_cast<char*>(null()), O_RDONLY)));
  w.note("unlink", result(unlink(bad<char>())) + ", " + result(remove(bad<char>())));
  const Memory memory;
  std::memcpy(memory.last(10), "/dev/null", 10);
  w.note("it just ends", w.keep(::open(memory.last(10), O_RDONLY)) >= 0);
  std::memcpy(memory.last(9), "/dev/null", 9);
  w.note("it has no end", result(::open(memory.last(9), O_RDONLY)));
}

void what_is_asked(World& w) {
  const int fd = w.socket();
  const int event = w.eventfd();
  w.note("FIONREAD", result(ioctl(fd, FIONREAD, bad())) + ", " + result(ioctl(event, FIONREAD, bad())));
  w.note("FIONBIO", result(ioctl(fd, FIONBIO, bad())));
  w.note("fstat", result(fstat(fd, bad<struct stat>())) + ", " + result(fstat(-1, bad<struct stat>())));
  w.note("uname", result(uname(bad<utsname>())));
  w.note("sysinfo", result(sysinfo(bad<struct sysinfo>())));
  w.note("getrusage", result(getrusage(RUSAGE_SELF, bad<rusage>())));
  w.note("getrlimit",
         result(getrlimit(RLIMIT_NOFILE, bad<rlimit>())) + ", " + result(setrlimit(RLIMIT_NOFILE, bad<rlimit>())));
  uid_t user = 0;
  w.note("getresuid", result(getresuid(&user, bad<uid_t>(), &user)));
  w.note("sched_getaffinity", result(sched_getaffinity(0, sizeof(cpu_set_t), bad<cpu_set_t>())));
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
  char byte[16];
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
  w.note("as much as one call may",
         result(writev(nothing, parts, 2)) + ", " + result(::write(nothing, parts[0].iov_base, 3ul << 30)));
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
    {"no memory for the numbers of two descriptors", no_memory_for_the_ends},
    {"datagrams of UDP", udp},
    {"datagrams of a Unix-domain socket", unix_datagrams},
    {"sequenced packets", sequenced_packets},
    {"headers of messages", headers},
    {"control data has no place", control_data},
    {"many messages at once", many_messages},
    {"addresses", addresses},
    {"names of sockets", own_names},
    {"accept loses the connection whose address it cannot write", accepting},
    {"the sender of what is received", senders},
    {"options", options},
    {"epoll keeps what it could not report", epoll_reports},
    {"arguments of epoll", epoll_arguments},
    {"poll", polling},
    {"select", selecting},
    {"a count that could not be written is gone", counters},
    {"timers", timers},
    {"sleeping", sleeping},
    {"waiting at an address", waiting_at_an_address},
    {"sets of signals", signal_sets},
    {"devices and entropy", devices},
    {"paths", paths},
    {"what is asked of descriptors and of the machine", what_is_asked},
    {"memory that can only be read", read_only_memory},
    {"sizes beyond all bounds", absurd_sizes},
#if defined(__x86_64__)
    {"system calls by instruction", instructions},
#endif
};
const Suite kSuite("bad pointers", kCases);

}  // namespace
}  // namespace stillpoint::test
