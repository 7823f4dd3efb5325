// Streams of bytes.
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/conformance/world.hpp"

namespace stillpoint::test {
namespace {

void echo(World& w) {
  const auto [user, server] = w.connected();
  w.note("nothing yet", w.receive(server));
  w.note("send", w.send(user, "hello"));
  w.settle();
  w.note("ready", w.ready(server));
  w.note("receive", w.receive(server));
  w.note("answer", w.send(server, "hello yourself"));
  w.settle();
  w.note("receive the answer", w.receive(user));
  w.note("nothing more", w.receive(user));
}

void stream_not_messages(World& w) {
  const auto [user, server] = w.connected();
  for (const char* word : {"one ", "two ", "three"}) w.send(user, word);
  w.settle();
  w.note("unread", w.unread(server));
  w.note("a part", w.receive(server, 6));
  w.note("unread after", w.unread(server));
  w.note("the rest", w.receive(server));
}

void peeking(World& w) {
  const auto [user, server] = w.connected();
  w.send(user, "abc");
  w.send(user, "def");
  w.settle();
  w.note("peek", w.receive(server, 4, MSG_PEEK));
  w.note("peek again", w.receive(server, 100, MSG_PEEK));
  w.note("take", w.receive(server, 4));
  w.note("take the rest", w.receive(server));
  w.note("peek at nothing", w.receive(server, 4, MSG_PEEK));
}

void nothing_at_all(World& w) {
  const auto [user, server] = w.connected();
  w.note("send nothing", w.send(user, ""));
  w.note("receive into nothing", w.receive(server, 0));
  w.note("read into nothing", result(::read(server, nullptr, 0)));
  w.note("write nothing", result(::write(user, "", 0)));
  w.send(user, "x");
  w.settle();
  w.note("receive into nothing, with data", w.receive(server, 0));
  w.note("it is still there", w.receive(server));
}

void rows_of_buffers(World& w) {
  const auto [user, server] = w.connected();
  char one[] = "one ", two[] = "two ";
  iovec parts[] = {{one, 4}, {nullptr, 0}, {two, 4}};
  w.note("writev", result(writev(user, parts, 3)));
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 3;
  w.note("sendmsg", result(sendmsg(user, &message, MSG_NOSIGNAL)));
  w.note("write", result(write(user, "three", 5)));
  w.note("sendto", result(sendto(user, " four", 5, MSG_NOSIGNAL, nullptr, 0)));
  w.settle();
  char text[64];
  iovec room[] = {{text, 3}, {text + 3, 8}};
  w.note("readv", result(readv(server, room, 2)));
  w.note("text", std::string(text, 11));
  message.msg_iov = room;
  message.msg_iovlen = 2;
  message.msg_flags = 77;
  w.note("recvmsg", result(recvmsg(server, &message, 0)));
  w.note("its text", std::string(text, 11));
  w.note("its flags", std::to_string(message.msg_flags));
  w.note("read", result(read(server, text, 2)));
  w.note("readv of none", result(readv(server, room, 0)));
  w.note("writev of none", result(writev(user, parts, 0)));
  w.note("the rest", w.receive(server));
}

void stream_gives_no_address(World& w) {
  const auto [user, server] = w.connected();
  w.send(user, "x");
  w.settle();
  sockaddr_in address{};
  socklen_t length = sizeof address;
  char byte;
  w.note("recvfrom", result(recvfrom(server, &byte, 1, 0, reinterpret_cast<sockaddr*>(&address), &length)));
  w.note("length", std::to_string(length));
  length = sizeof address;
  w.send(user, "x");
  w.settle();
  w.note("recvfrom without address", result(recvfrom(server, &byte, 1, 0, nullptr, &length)));
  w.note("length untouched", std::to_string(length));
}

void blocking_mode(World& w) {
  const auto [user, server] = w.connected();
  const auto nonblocking = [&] { return (fcntl(server, F_GETFL) & O_NONBLOCK) != 0; };
  w.note("from accept4", nonblocking());
  fcntl(server, F_SETFL, 0);
  w.note("cleared", nonblocking());
  w.note("one call that does not wait", w.receive(server, 1, MSG_DONTWAIT));
  int on = 1;
  w.note("FIONBIO", result(ioctl(server, FIONBIO, &on)));
  w.note("set", nonblocking());
  w.note("access mode", (fcntl(server, F_GETFL) & O_ACCMODE) == O_RDWR);
}

void full_buffers(World& w) {
  const auto [user, server] = w.connected();
  const std::string block(10'000, 'x');
  std::size_t sent = 0;
  for (int i = 0; i < 100'000; ++i) {
    const ssize_t taken = ::send(user, block.data(), block.size(), MSG_NOSIGNAL);
    if (taken < 0 && w.wait_for(user, POLLOUT) == false) break;
    if (taken > 0) sent += static_cast<std::size_t>(taken);
    if (sent > 20'000'000) break;
    if (taken < 0 || w.ready(user) == "nothing") {
      w.settle();
      if (w.ready(user) == "nothing") break;
    }
  }
  w.note("fills in the end", sent > 100'000 && sent <= 20'000'000);
  w.note("ready", w.ready(user));
  const auto drain = [&] {
    std::string bytes(1 << 20, '\0');
    std::size_t total = 0;
    for (;;) {
      const ssize_t got = ::recv(server, bytes.data(), bytes.size(), 0);
      if (got > 0) total += static_cast<std::size_t>(got);
      if (got <= 0 && !w.wait_for(server, POLLIN)) return total;
      if (total >= sent) return total;
    }
  };
  w.note("all of it arrives", drain() == sent);
  w.note("there is room again", w.wait_for(user, POLLOUT));
  w.note("ready after", w.ready(user));
}

void duplicates(World& w) {
  const auto [user, server] = w.connected();
  const int copy = w.keep(dup(user));
  w.note("close one", w.close(user));
  w.settle();
  w.note("the connection lives", w.receive(server));
  w.note("send", w.send(copy, "still here"));
  w.settle();
  w.note("receive", w.receive(server));
  w.close(copy);
  w.settle();
  w.note("and ends with the last", w.receive(server));
}

constexpr Case kCases[] = {{"echo", echo},
                           {"a stream has no messages", stream_not_messages},
                           {"peeking", peeking},
                           {"nothing at all", nothing_at_all},
                           {"rows of buffers", rows_of_buffers},
                           {"a stream gives no address", stream_gives_no_address},
                           {"blocking mode", blocking_mode},
                           {"full buffers", full_buffers},
                           {"duplicates", duplicates}};

const Suite kSuite("tcp_data", kCases);

}  // namespace

}  // namespace stillpoint::test
