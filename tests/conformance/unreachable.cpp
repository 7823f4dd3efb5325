// Hosts to which there is no way: the table of routes says so at once (ENETUNREACH, EHOSTUNREACH, EACCES), or a router
// says so later (ICMP). The cases run in a network of their own, as those about silence do.
//
// IPv6 is not here, as there.
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>

#include "tests/conformance/silence.hpp"
#include "tests/conformance/udp_world.hpp"
#include "tests/conformance/waiting.hpp"

namespace stillpoint::test {
namespace {

void no_way_to_connect(World& w) {
  for (const NoWay why : {NoWay::no_route, NoWay::unreachable_route, NoWay::prohibited_route}) {
    w.lose_way(kNowhere, why);
    const int fd = w.socket();
    w.note("connect", w.connect(fd, kNowhere, 80));
    w.note("ready", w.ready(fd));
    w.note("error", w.pending_error(fd));
    w.note("local", w.local(fd));
    w.note("remote", w.remote(fd));
    w.note("again", w.connect(fd, kNowhere, 80));
    const int bound_before = w.socket();
    w.bind(bound_before, kHere, 0);
    w.note("connect of one that is bound", w.connect(bound_before, kNowhere, 80));
    w.note("its local address", w.local(bound_before));
    w.note("to itself", w.connect(bound_before, w.listener()));
    const int patient = w.socket();
    make_blocking(patient);
    w.note("connect of one that blocks", w.connect(patient, kNowhere, 80));
    w.find_way(kNowhere);
    w.note("with a way", w.connect(fd, kNowhere, 80));
  }
}

void same_socket_to_another_host(World& w) {
  w.lose_way(kNowhere, NoWay::unreachable_route);
  const int fd = w.socket();
  w.note("connect", w.connect(fd, kNowhere, kPort));
  w.note("to one that is there", w.connect(fd, kThere, kPort));
  w.note("ready", w.wait_for(fd, POLLOUT));
  w.note("error", w.pending_error(fd));
  w.note("remote", w.remote(fd));
}

void route_lost_while_connecting(World& w) {
  const int fd = w.socket();
  w.set(fd, IPPROTO_TCP, TCP_SYNCNT, 1);
  w.note("connect", w.connect(fd, kNowhere, 80));
  w.lose_way(kNowhere, NoWay::no_route);
  watch<1>(w, {{{"it", fd}}}, {500ms, 2'000ms, 3'500ms});
}

void refused_connects(World& w) {
  for (const NoWay why : {NoWay::network_unreachable, NoWay::host_unreachable, NoWay::filtered}) {
    w.lose_way(kNowhere, why);
    const int fd = w.socket();
    w.note("connect", w.connect(fd, kNowhere, 80));
    w.note("ready", w.wait_for(fd, POLLOUT));
    w.note("is", w.ready(fd));
    w.note("error", w.pending_error(fd));
    w.note("error then", w.pending_error(fd));
    w.note("is then", w.ready(fd));
    w.note("receive", w.receive(fd));
    w.note("connect then", w.connect(fd, kNowhere, 80));
    w.note("and once more", w.connect(fd, kNowhere, 80));
    w.note("while it is under way", w.ready(fd));
    w.pass(300ms);
    w.note("is now", w.ready(fd));
    w.note("its error is connect's", w.connect(fd, kNowhere, 80));
    const int patient = w.socket();
    make_blocking(patient);
    w.note("connect of one that blocks", w.connect(patient, kNowhere, 80));
    w.note("its error", w.pending_error(patient));
    w.note("it", w.ready(patient));
    w.note("goes elsewhere", w.connect(patient, kThere, kPort));
    w.note("is there", w.ready(patient));
    w.note("sends", w.send(patient, "x"));
    set_timeout(patient, SO_RCVTIMEO, 100ms);
    w.note("waits", tenths([&] { w.note("receives", w.receive(patient)); }));
  }
}

void told_to_epoll(World& w) {
  w.lose_way(kNowhere, NoWay::host_unreachable);
  const int fd = w.socket();
  const int epoll = w.epoll();
  w.note("connect", w.connect(fd, kNowhere, 80));
  w.add(epoll, fd, EPOLLIN | EPOLLOUT | EPOLLET, 1);
  w.note("first", w.events(epoll));
  w.wait_for(fd, POLLOUT);
  w.note("events", w.events(epoll));
  w.note("send", w.send(fd, "x"));
  w.note("send again", w.send(fd, "x"));
}

// Nothing is sent between the loss of the way and of the route: what is under way is sent again, and finds none.
void established_without_route(World& w) {
  const int sending = connected(w);
  w.set(sending, IPPROTO_TCP, TCP_USER_TIMEOUT, 700);
  const int idle = connected(w);
  w.settle();
  w.cut();
  w.note("send", w.send(sending, "is anybody there?"));
  w.lose_way(kThere, NoWay::unreachable_route);
  w.note("idle", w.ready(idle));
  w.note("send of the idle one", w.send(idle, "I am"));
  watch<2>(w, {{{"sending", sending}, {"idle", idle}}}, {350ms, 1'300ms});
  w.note("send of one that was given up", w.send(sending, "x"));
}

void established_and_refused(World& w) {
  const int host = connected(w);
  w.set(host, IPPROTO_TCP, TCP_USER_TIMEOUT, 700);
  const int patient = connected(w);
  w.settle();
  w.cut();
  w.lose_way(kThere, NoWay::host_unreachable);
  w.note("send", w.send(host, "is anybody there?"));
  w.note("send of one that is patient", w.send(patient, "hello"));
  watch<2>(w, {{{"it", host}, {"patient", patient}}}, {350ms, 1'800ms});
  w.note("send of one that was given up", w.send(host, "x"));
  w.note("more of one that is patient", w.send(patient, "more"));
}

void probes_refused(World& w) {
  const int fd = connected(w);
  w.set(fd, IPPROTO_TCP, TCP_KEEPIDLE, 1);
  w.set(fd, IPPROTO_TCP, TCP_KEEPINTVL, 1);
  w.set(fd, IPPROTO_TCP, TCP_KEEPCNT, 1);
  w.settle();
  w.cut();
  w.lose_way(kThere, NoWay::network_unreachable);
  w.set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  watch<1>(w, {{{"it", fd}}}, {500ms, 1'500ms, 2'500ms});
}

void datagrams_without_route(World& w) {
  for (const NoWay why : {NoWay::no_route, NoWay::unreachable_route, NoWay::prohibited_route}) {
    const int before = udp(w);
    w.note("connect while there is a way", connect(before, kNowhereText, 9));
    w.note("send", w.send(before, "x"));
    w.lose_way(kNowhere, why);
    const int fd = udp(w);
    w.note("send to", send_to(fd, "x", kNowhereText, 9));
    w.note("local", local(fd));
    w.note("error", w.pending_error(fd));
    w.note("connect", connect(fd, kNowhereText, 9));
    w.note("local then", local(fd));
    w.note("remote", remote(fd));
    w.note("send to one that is there", send_to(fd, "x", kThereText, 9));
    w.note("send of the one that is connected", w.send(before, "x"));
    w.note("its remote", remote(before));
    w.note("its error", w.pending_error(before));
    w.find_way(kNowhere);
    w.note("send with a way", w.send(before, "x"));
  }
}

void datagrams_refused(World& w) {
  for (const NoWay why : {NoWay::network_unreachable, NoWay::host_unreachable, NoWay::filtered}) {
    w.lose_way(kNowhere, why);
    const int fd = udp(w);
    w.note("connect", connect(fd, kNowhereText, 9));
    w.note("send", w.send(fd, "x"));
    w.pass(300ms);
    w.note("ready", w.ready(fd));
    w.note("error", w.pending_error(fd));
    w.note("send then", w.send(fd, "x"));
    w.pass(300ms);
    w.note("receive", w.receive(fd));
    w.note("receive again", w.receive(fd));
    const int unconnected = udp(w);
    w.note("send to", send_to(unconnected, "x", kNowhereText, 9));
    w.pass(300ms);
    w.note("its error", w.pending_error(unconnected));
  }
}

constexpr Case kCases[] = {
    own("a connect without a route", no_way_to_connect),
    own("a socket that found no route goes elsewhere", same_socket_to_another_host),
    own("a route that is lost while it connects", route_lost_while_connecting),
    own("a connect that a router refuses", refused_connects),
    own("epoll is told of a connect that a router refuses", told_to_epoll),
    own("a connection whose route is gone", established_without_route),
    own("a connection of which a router says that its peer is gone", established_and_refused),
    own("probes that a router refuses", probes_refused),
    own("datagrams without a route", datagrams_without_route),
    own("datagrams that a router refuses", datagrams_refused),
};
const Suite kSuite("unreachable", kCases);

}  // namespace
}  // namespace stillpoint::test
