// Hosts that do not answer: nobody lives at an address, or a host is gone from one moment to the next. The cases run in
// a network of their own, and look at what Linux's timers do half a period away from any change.
//
// IPv6 is not here: Linux answers for an address that leads nowhere.
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tests/conformance/silence.hpp"
#include "tests/conformance/udp_world.hpp"
#include "tests/conformance/waiting.hpp"

namespace stillpoint::test {
namespace {

std::string unsent(int fd) {
  int bytes = -1;
  return ioctl(fd, SIOCOUTQ, &bytes) == 0 ? std::to_string(bytes) : result(-1);
}

void connects(World& w) {
  const int one_syn = w.socket();
  w.set(one_syn, IPPROTO_TCP, TCP_SYNCNT, 1);
  const int short_time = w.socket();
  w.set(short_time, IPPROTO_TCP, TCP_USER_TIMEOUT, 500);
  const int longer_time = w.socket();
  w.set(longer_time, IPPROTO_TCP, TCP_USER_TIMEOUT, 1'500);
  const int plain = w.socket();
  w.note("one SYN", w.connect(one_syn, kNowhere, 80));
  w.note("500 ms", w.connect(short_time, kNowhere, 80));
  w.note("1500 ms", w.connect(longer_time, kNowhere, 80));
  w.note("plain", w.connect(plain, kNowhere, 80));
  w.note("local", w.local(plain));
  w.note("remote", w.remote(plain));
  w.note("again", w.connect(plain, kNowhere, 80));
  w.note("send", w.send(plain, "x"));
  w.note("receive", w.receive(plain));
  watch<4>(w, {{{"one SYN", one_syn}, {"500 ms", short_time}, {"1500 ms", longer_time}, {"plain", plain}}},
           {500ms, 1'250ms, 2'000ms, 2'500ms, 3'500ms});
  w.note("one SYN, once more", w.connect(one_syn, kNowhere, 80));
  w.note("plain, shut down", w.shutdown(plain, SHUT_RDWR));
  w.note("plain then", w.ready(plain));
}

void blocking_connects(World& w) {
  const int one_syn = w.socket();
  make_blocking(one_syn);
  w.set(one_syn, IPPROTO_TCP, TCP_SYNCNT, 1);
  const int impatient = w.socket();
  make_blocking(impatient);
  set_timeout(impatient, SO_SNDTIMEO, 300ms);
  std::string first;
  std::string second;
  std::thread thread([&] { first = tenths([&] { second = w.connect(one_syn, kNowhere, 80); }); });
  w.note("tenths of a connect with a time-out", tenths([&] { w.note("it", w.connect(impatient, kNowhere, 80)); }));
  thread.join();
  w.note("tenths of one that sends one SYN", first);
  w.note("it", second);
}

void established(World& w) {
  const int probing = connected(w);
  w.set(probing, IPPROTO_TCP, TCP_KEEPIDLE, 1);
  w.set(probing, IPPROTO_TCP, TCP_KEEPINTVL, 1);
  w.set(probing, IPPROTO_TCP, TCP_KEEPCNT, 1);
  const int sending = connected(w);
  w.set(sending, IPPROTO_TCP, TCP_USER_TIMEOUT, 700);
  const int ending = connected(w);
  w.set(ending, IPPROTO_TCP, TCP_USER_TIMEOUT, 700);
  const int patient = connected(w);
  const int idle = connected(w);
  w.settle();
  w.cut();
  w.set(probing, SOL_SOCKET, SO_KEEPALIVE, 1);
  w.note("send", w.send(sending, "is anybody there?"));
  w.note("shutdown", w.shutdown(ending, SHUT_WR));
  w.note("not acknowledged of it, but the FIN", unsent(ending));
  w.note("send of one that is patient", w.send(patient, "hello"));
  watch<5>(w, {{{"probing", probing}, {"sending", sending}, {"ending", ending}, {"patient", patient}, {"idle", idle}}},
           {350ms, 1'300ms, 1'600ms, 2'500ms});
  w.note("not acknowledged", unsent(patient));
  w.note("more", w.send(patient, "more"));
  w.note("not acknowledged then", unsent(patient));
  w.note("send of one that was given up", w.send(sending, "x"));
  w.note("receive of one that was given up", w.receive(sending));
}

void linger(World& w) {
  const int fd = connected(w);
  const ::linger for_a_second{1, 1};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &for_a_second, sizeof for_a_second);
  make_blocking(fd);
  w.settle();
  w.cut();
  w.note("send", w.send(fd, "last words"));
  w.note("tenths", tenths([&] { w.note("close", w.close(fd)); }));
}

void datagrams(World& w) {
  const int fd = udp(w);
  w.note("to nobody", send_to(fd, "x", kNowhereText, 9));
  const int connected = udp(w);
  w.note("connect", connect(connected, kNowhereText, 9));
  w.note("local", local(connected));
  w.note("send", w.send(connected, "x"));
  w.pass(300ms);
  w.note("ready", w.ready(connected));
  w.note("receive", w.receive(connected));
  w.note("error", w.pending_error(connected));
  const int refused = bound(w, "10.0.0.1");
  w.note("to a host without such a port", connect(refused, kThereText, 9));
  w.note("send", w.send(refused, "x"));
  w.note("ready", w.wait_for(refused, POLLIN));
  w.note("receive", w.receive(refused));
  w.cut();
  w.note("once it is gone", w.send(refused, "x"));
  w.pass(300ms);
  w.note("receive", w.receive(refused));
}

void refused(World& w) {
  const int fd = w.socket();
  w.note("connect", w.connect(fd, kThere, 1));
  w.note("ready", w.wait_for(fd, POLLOUT));
  w.note("error", w.pending_error(fd));
}

void unsent_bytes(World& w) {
  w.note("of a new socket", unsent(w.socket()));
  w.note("of a listener", unsent(w.listener()));
  const int connecting = w.socket();
  w.connect(connecting, kNowhere, 80);
  w.note("of a connection to nobody", unsent(connecting));
  const int fd = connected(w);
  w.note("of a new connection", unsent(fd));
  w.note("send", w.send(fd, "hello"));
  w.settle();
  w.note("once it is acknowledged", unsent(fd));
}

constexpr Case kCases[] = {
    own("connections to nobody", connects),
    own("connections to nobody that block", blocking_connects),
    own("connections whose peer is gone", established),
    own("a close that lingers for a peer that is gone", linger),
    own("datagrams to nobody", datagrams),
    own("a port without a listener", refused),
    own("what is not acknowledged", unsent_bytes),
};
const Suite kSuite("silence", kCases);

}  // namespace
}  // namespace stillpoint::test
