// Datagram sockets that block: how long, and who wakes them.
#include <linux/sockios.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tests/conformance/udp_world.hpp"
#include "tests/conformance/waiting.hpp"

namespace stillpoint::test {
namespace {

void timeouts_are_read_back(World& w) {
  for (const int family : {AF_INET, AF_INET6}) {
    const int fd = udp(w, family);
    for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO}) {
      w.note("at first", get_timeout(fd, option));
      w.note("set", set_timeout(fd, option, 1'500ms));
      w.note("is", get_timeout(fd, option));
      const timeval wrong{.tv_sec = 1, .tv_usec = 1'000'000};
      w.note("too many microseconds", result(setsockopt(fd, SOL_SOCKET, option, &wrong, sizeof wrong)));
      w.note("too short", result(setsockopt(fd, SOL_SOCKET, option, &wrong, 8)));
      w.note("far too short", result(setsockopt(fd, SOL_SOCKET, option, &wrong, 2)));
      const timeval before_now{.tv_sec = -1, .tv_usec = 0};
      w.note("negative", result(setsockopt(fd, SOL_SOCKET, option, &before_now, sizeof before_now)));
      w.note("is then", get_timeout(fd, option));
      w.note("for ever", set_timeout(fd, option, 0ms));
      w.note("is at last", get_timeout(fd, option));
    }
  }
}

void receive_times_out(World& w) {
  const int fd = bound(w, "127.0.0.1");
  make_blocking(fd);
  set_timeout(fd, SO_RCVTIMEO, 200ms);
  w.note("tenths", tenths([&] { w.note("receive", receive_from(fd)); }));
  char byte;
  w.note("tenths of read", tenths([&] { w.note("read", result(::read(fd, &byte, 1))); }));
  w.note("tenths of one that does not wait", tenths([&] { w.note("receive", receive_from(fd, 10, MSG_DONTWAIT)); }));
  send_to(fd, "to myself", "127.0.0.1", port(fd));
  w.settle();
  w.note("with a datagram", receive_from(fd));
}

void negative_timeout_does_not_wait(World& w) {
  const int fd = bound(w, "127.0.0.1");
  make_blocking(fd);
  const timeval before_now{.tv_sec = -1, .tv_usec = 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &before_now, sizeof before_now);
  w.note("tenths", tenths([&] { w.note("receive", receive_from(fd)); }));
}

void datagram_comes_in_time(World& w) {
  const int fd = bound(w, "127.0.0.1");
  const int other = bound(w, "127.0.0.1");
  make_blocking(fd);
  set_timeout(fd, SO_RCVTIMEO, 3'000ms);
  std::thread thread = later(w, 100ms, [&] { send_to(other, "in time", "127.0.0.1", port(fd)); });
  w.note("tenths", tenths([&] { w.note("receive", receive_from(fd)); }));
  thread.join();
}

void error_wakes_a_receiver(World& w) {
  const int fd = udp(w);
  connect(fd, "127.0.0.1", free_port(w));
  make_blocking(fd);
  set_timeout(fd, SO_RCVTIMEO, 3'000ms);
  std::thread thread = later(w, 100ms, [&] { w.send(fd, "is anybody there?"); });
  w.note("tenths", tenths([&] { w.note("receive", receive_from(fd)); }));
  thread.join();
  w.note("error", w.pending_error(fd));
}

void several_with_timeout(World& w) {
  const int fd = bound(w, "127.0.0.1");
  make_blocking(fd);
  set_timeout(fd, SO_RCVTIMEO, 200ms);
  for (const char* text : {"one", "two"}) send_to(fd, text, "127.0.0.1", port(fd));
  w.settle();
  char bytes[3][8];
  iovec parts[3];
  mmsghdr messages[3]{};
  for (int i = 0; i < 3; ++i) {
    parts[i] = {bytes[i], sizeof bytes[i]};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  w.note("tenths", tenths([&] { w.note("two of three", result(recvmmsg(fd, messages, 3, 0, nullptr))); }));
  w.note("that is no error", w.pending_error(fd));
  w.note("tenths again", tenths([&] { w.note("none", result(recvmmsg(fd, messages, 3, 0, nullptr))); }));
}

void signal_ends_a_wait_with_timeout(World& w) {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  action.sa_flags = SA_RESTART;
  struct sigaction before {};
  sigaction(SIGUSR1, &action, &before);
  const int fd = bound(w, "127.0.0.1");
  make_blocking(fd);
  set_timeout(fd, SO_RCVTIMEO, 3'000ms);
  const pthread_t self = pthread_self();
  std::thread thread = later(w, 100ms, [self] { pthread_kill(self, SIGUSR1); });
  w.note("tenths", tenths([&] { w.note("receive", receive_from(fd)); }));
  thread.join();
  sigaction(SIGUSR1, &before, nullptr);
}

void nothing_is_unsent(World& w) {
  const int fd = bound(w, "127.0.0.1");
  const auto unsent = [fd] {
    int bytes = -1;
    return ioctl(fd, SIOCOUTQ, &bytes) == 0 ? std::to_string(bytes) : result(-1);
  };
  w.note("at first", unsent());
  send_to(fd, std::string(1'000, 'x'), "127.0.0.1", port(fd));
  w.settle();
  w.note("unread by the receiver", unsent());
  w.note("to be read", w.unread(fd));
}

constexpr Case kCases[] = {
    {"time-outs are read back", timeouts_are_read_back},
    {"a receive times out", receive_times_out},
    {"a negative time-out is none", negative_timeout_does_not_wait},
    {"a datagram comes in time", datagram_comes_in_time},
    {"an error wakes who receives", error_wakes_a_receiver},
    {"a time-out for each of several", several_with_timeout},
    {"a signal ends a wait that has a time-out, whatever SA_RESTART says", signal_ends_a_wait_with_timeout},
    {"what was sent has left", nothing_is_unsent},
};
const Suite kSuite("UDP that blocks", kCases);

}  // namespace
}  // namespace stillpoint::test
