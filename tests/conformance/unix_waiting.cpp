// Unix-domain sockets that block: how long, and who wakes them; and the errors that wait for the next call.
#include <unistd.h>

#include "tests/conformance/unix.hpp"
#include "tests/conformance/waiting.hpp"

namespace stillpoint::test {
namespace {

using namespace unix_domain;

void timeouts_are_read_back(World& w) {
  for (const int type : {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET}) {
    const int fd = make(w, type);
    for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO}) {
      w.note("at first", get_timeout(fd, option));
      w.note("set", set_timeout(fd, option, 1'500ms));
      w.note("is", get_timeout(fd, option));
      const timeval wrong{.tv_sec = 1, .tv_usec = -1};
      w.note("negative microseconds", result(setsockopt(fd, SOL_SOCKET, option, &wrong, sizeof wrong)));
      w.note("too short", result(setsockopt(fd, SOL_SOCKET, option, &wrong, 8)));
      w.note("for ever", set_timeout(fd, option, 0ms));
      w.note("is then", get_timeout(fd, option));
    }
  }
}

void timeouts_are_not_inherited(World& w) {
  const Name name = abstract("heir");
  const int listener = listening(w, name);
  set_timeout(listener, SO_RCVTIMEO, 1'000ms);
  const int user = make(w);
  connect(user, name);
  w.note("accept", w.accept(listener));
  w.note("server", get_timeout(w.last(), SO_RCVTIMEO));
}

void receive_times_out(World& w) {
  for (const int type : {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET}) {
    const Ends ends(w, type, 0);
    set_timeout(ends.a, SO_RCVTIMEO, 200ms);
    w.note("tenths", tenths([&] { w.note("receive", w.receive(ends.a)); }));
    std::thread thread = later(w, 100ms, [&] { w.send(ends.b, "in time"); });
    w.note("in time", w.receive(ends.a));
    thread.join();
  }
}

void read_times_out(World& w) {
  const Ends ends(w, SOCK_STREAM, 0);
  set_timeout(ends.a, SO_RCVTIMEO, 200ms);
  char byte;
  w.note("tenths", tenths([&] { w.note("read", result(::read(ends.a, &byte, 1))); }));
}

void accept_times_out(World& w) {
  const int listener = listening(w, abstract("quiet"), 8, SOCK_STREAM, 0);
  set_timeout(listener, SO_RCVTIMEO, 200ms);
  w.note("tenths", tenths([&] { w.note("accept", w.accept(listener)); }));
}

void connect_times_out(World& w) {
  const Name name = abstract("crowded");
  const int listener = listening(w, name, 0);
  w.note("first", connect(make(w), name));
  const int user = make(w, SOCK_STREAM, 0);
  set_timeout(user, SO_SNDTIMEO, 200ms);
  w.note("tenths", tenths([&] { w.note("second", connect(user, name)); }));
  w.note("ready", w.ready(user));
  set_timeout(user, SO_SNDTIMEO, 3'000ms);
  std::thread thread = later(w, 100ms, [&] { w.accept(listener); });
  w.note("once there is room", connect(user, name));
  thread.join();
}

void stream_send_times_out(World& w) {
  const Ends ends(w, SOCK_STREAM, 0);
  set_timeout(ends.a, SO_SNDTIMEO, 200ms);
  const std::string much(1'000'000, 'x');
  ssize_t sent = 0;
  w.note("tenths", tenths([&] { sent = ::send(ends.a, much.data(), much.size(), MSG_NOSIGNAL); }));
  w.note("a part was taken", sent > 0 && sent < static_cast<ssize_t>(much.size()));
  w.note("tenths of none", tenths([&] { w.note("nothing then", w.send(ends.a, much)); }));
}

void datagram_send_times_out(World& w) {
  const Name name = abstract("slow");
  const int receiver = make(w, SOCK_DGRAM);
  w.note("bind", bind(receiver, name));
  const int sender = make(w, SOCK_DGRAM, 0);
  set_timeout(sender, SO_SNDTIMEO, 200ms);
  int sent = 0;
  while (sent < 100 && send_to(sender, "x", name) == "1") ++sent;
  w.note("sent", std::to_string(sent));
  w.note("tenths", tenths([&] { w.note("one more", send_to(sender, "x", name)); }));
  set_timeout(sender, SO_SNDTIMEO, 3'000ms);
  std::thread thread = later(w, 100ms, [&] { w.receive(receiver); });
  w.note("once there is room", send_to(sender, "y", name));
  thread.join();
}

// recvmmsg(2) asks for a pending error before it looks for messages; recv(2) gives what is there first.
std::string several(int fd) {
  char bytes[2][8];
  iovec parts[2] = {{bytes[0], sizeof bytes[0]}, {bytes[1], sizeof bytes[1]}};
  mmsghdr messages[2]{};
  for (int i = 0; i < 2; ++i) {
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  return result(recvmmsg(fd, messages, 2, MSG_DONTWAIT, nullptr));
}

void reset_before_several(World& w) {
  const Ends ends(w);
  w.send(ends.a, "never read");
  w.send(ends.b, "left behind");
  w.close(ends.b);
  w.note("ready", w.ready(ends.a));
  w.note("several", several(ends.a));
  w.note("one", w.receive(ends.a));
  w.note("end", w.receive(ends.a));
}

void reset_after_one(World& w) {
  const Ends ends(w);
  w.send(ends.a, "never read");
  w.send(ends.b, "left behind");
  w.close(ends.b);
  w.note("one", w.receive(ends.a));
  w.note("error", w.pending_error(ends.a));
  w.note("error again", w.pending_error(ends.a));
  w.note("end", w.receive(ends.a));
}

constexpr Case kCases[] = {
    {"time-outs are read back", timeouts_are_read_back},
    {"a listener's time-outs are its own", timeouts_are_not_inherited},
    {"a receive times out, or data comes in time", receive_times_out},
    {"a read times out", read_times_out},
    {"an accept times out", accept_times_out},
    {"a connect to a full backlog times out", connect_times_out},
    {"a send of a stream times out with what it has sent", stream_send_times_out},
    {"a send to a full queue times out", datagram_send_times_out},
    {"recvmmsg tells of a reset before what came", reset_before_several},
    {"recv tells of a reset after what came", reset_after_one},
};
const Suite kSuite("Unix-domain sockets that block", kCases);

}  // namespace
}  // namespace stillpoint::test
