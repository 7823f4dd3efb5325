// Calls that make descriptors, and rows of calls that make a pair of them talk.
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "tests/conformance/random/generator.hpp"

namespace stillpoint::test {
namespace {

struct Family {
  SlotKind kind;
  int domain;
  int type;
  const char* text;
};
constexpr Family kFamilies[] = {
    {SlotKind::tcp, AF_INET, SOCK_STREAM, "AF_INET, SOCK_STREAM"},
    {SlotKind::tcp6, AF_INET6, SOCK_STREAM, "AF_INET6, SOCK_STREAM"},
    {SlotKind::udp, AF_INET, SOCK_DGRAM, "AF_INET, SOCK_DGRAM"},
    {SlotKind::udp6, AF_INET6, SOCK_DGRAM, "AF_INET6, SOCK_DGRAM"},
    {SlotKind::unix_stream, AF_UNIX, SOCK_STREAM, "AF_UNIX, SOCK_STREAM"},
    {SlotKind::unix_datagram, AF_UNIX, SOCK_DGRAM, "AF_UNIX, SOCK_DGRAM"},
    {SlotKind::unix_packets, AF_UNIX, SOCK_SEQPACKET, "AF_UNIX, SOCK_SEQPACKET"},
};

const Family& family_of(SlotKind kind) { return kFamilies[static_cast<std::size_t>(kind)]; }

int make_socket(Generator& generator, SlotKind kind) {
  const Family& family = family_of(kind);
  const int slot = generator.add_slot(kind);
  // Nagle's algorithm, which is not modelled, would wait for acknowledgements that Linux delays as it likes.
  const bool tcp = is_tcp({.kind = kind});
  generator.add(fmt::format("s{} = socket({}|SOCK_NONBLOCK, 0){}", slot, family.text, tcp ? ", TCP_NODELAY" : ""),
                [slot, tcp, &family](Caller& caller) {
                  const std::string seen = caller.keep(slot, socket(family.domain, family.type | SOCK_NONBLOCK, 0));
                  const int on = 1;
                  if (tcp) setsockopt(caller.fd(slot), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                  return seen;
                });
  return slot;
}

void a_socket(Generator& generator) {
  if (generator.full()) return;
  make_socket(generator, generator.one_of(kFamilies).kind);
}

void a_wrong_socket(Generator& generator) {
  const int domain = generator.one_of({AF_INET, AF_INET6, AF_UNIX, AF_UNSPEC, -1, 45, 99});
  const int type = generator.one_of<int>({SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_RDM, 0, 11, 77, -1});
  const int protocol = generator.one_of<int>({0, IPPROTO_TCP, IPPROTO_UDP, 1, -1, 1000});
  // What a user without privileges may not is allowed to root, as whom the suite may run.
  if (domain == AF_INET && protocol == 1) return;
  generator.add(fmt::format("socket({}, {}, {})", domain, type, protocol), [=](Caller&) {
    const int fd = socket(domain, type, protocol);
    const std::string seen = fd < 0 ? outcome(fd) : "a socket";
    if (fd >= 0) close(fd);
    return seen;
  });
}

void a_socketpair(Generator& generator) {
  if (generator.full()) return;
  const SlotKind kind = generator.one_of({SlotKind::unix_stream, SlotKind::unix_datagram, SlotKind::unix_packets});
  const Family& family = family_of(kind);
  const int one = generator.add_slot(kind);
  const int other = generator.add_slot(kind);
  generator.slot(one).connected = generator.slot(other).connected = true;
  generator.add(fmt::format("s{}, s{} = socketpair({}|SOCK_NONBLOCK, 0)", one, other, family.text),
                [one, other, &family](Caller& caller) {
                  int ends[2] = {-1, -1};
                  const int made = socketpair(family.domain, family.type | SOCK_NONBLOCK, 0, ends);
                  const std::string seen = outcome(made);
                  return seen + ' ' + caller.keep(one, ends[0]) + ' ' + caller.keep(other, ends[1]);
                });
}

void a_pipe(Generator& generator) {
  if (generator.full()) return;
  const int reader = generator.add_slot(SlotKind::pipe_reader);
  const int writer = generator.add_slot(SlotKind::pipe_writer);
  const int flags = generator.one_of({O_NONBLOCK, O_NONBLOCK | O_CLOEXEC});
  generator.add(fmt::format("s{}, s{} = pipe2({:#o})", reader, writer, flags), [=](Caller& caller) {
    int ends[2] = {-1, -1};
    const std::string seen = outcome(pipe2(ends, flags));
    return seen + ' ' + caller.keep(reader, ends[0]) + ' ' + caller.keep(writer, ends[1]);
  });
}

void an_eventfd(Generator& generator) {
  if (generator.full()) return;
  const auto initial = static_cast<unsigned>(generator.one_of({0, 0, 1, 3}));
  const int flags = EFD_NONBLOCK | (generator.one_in(3) ? EFD_SEMAPHORE : 0);
  const int slot = generator.add_slot(SlotKind::eventfd);
  generator.add(fmt::format("s{} = eventfd({}, {:#o})", slot, initial, flags),
                [=](Caller& caller) { return caller.keep(slot, eventfd(initial, flags)); });
}

void a_timerfd(Generator& generator) {
  if (generator.full()) return;
  const int clock = generator.one_of({CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_BOOTTIME});
  const int slot = generator.add_slot(SlotKind::timerfd);
  generator.add(fmt::format("s{} = timerfd_create({}, TFD_NONBLOCK)", slot, clock),
                [=](Caller& caller) { return caller.keep(slot, timerfd_create(clock, TFD_NONBLOCK)); });
}

void an_epoll(Generator& generator) {
  if (generator.full()) return;
  const int flags = generator.one_of<int>({0, EPOLL_CLOEXEC});
  const int slot = generator.add_slot(SlotKind::epoll);
  generator.add(fmt::format("s{} = epoll_create1({:#o})", slot, flags),
                [=](Caller& caller) { return caller.keep(slot, epoll_create1(flags)); });
}

// ---- rows ----

std::string bind_to(Caller& caller, int slot, const Place& place) {
  const auto where = caller.resolve(place);
  return outcome(bind(caller.fd(slot), where.address(), where.length));
}

void add_bind(Generator& generator, int slot, const Place& place) {
  generator.slot(slot).bound = true;
  generator.slot(slot).name = place;
  generator.add(fmt::format("bind(s{}, {})", slot, place.text()),
                [=](Caller& caller) { return bind_to(caller, slot, place); });
}

void add_connect(Generator& generator, int slot, const Place& place) {
  generator.slot(slot).connected = true;
  generator.add(fmt::format("connect(s{}, {})", slot, place.text()), [=](Caller& caller) {
    const auto where = caller.resolve(place);
    return outcome(connect(caller.fd(slot), where.address(), where.length));
  });
}

Place own_place(Generator& generator, SlotKind kind) {
  switch (kind) {
    case SlotKind::tcp:
    case SlotKind::udp:
      return {.kind = Place::Kind::v4, .ip = INADDR_LOOPBACK};
    case SlotKind::tcp6:
    case SlotKind::udp6:
      return {.kind = Place::Kind::v6, .ip6 = "::1"};
    default:
      return {.kind = Place::Kind::abstract, .name = generator.number(3)};
  }
}

Place place_of(Generator& generator, int slot) {
  Place place = generator.slot(slot).name;
  if (is_internet(generator.slot(slot))) place.port_of_slot = slot;
  return place;
}

// A listener, a connection to it, and its acceptance.
void a_connection(Generator& generator) {
  if (generator.full()) return;
  const SlotKind kind = generator.one_of(
      {SlotKind::tcp, SlotKind::tcp, SlotKind::tcp, SlotKind::tcp6, SlotKind::unix_stream, SlotKind::unix_packets});
  const int listener = make_socket(generator, kind);
  add_bind(generator, listener, own_place(generator, kind));
  generator.slot(listener).listening = true;
  generator.add(fmt::format("listen(s{}, 4)", listener),
                [=](Caller& caller) { return outcome(listen(caller.fd(listener), 4)); });
  const int user = make_socket(generator, kind);
  add_connect(generator, user, place_of(generator, listener));
  const int server = generator.add_slot(kind);
  generator.slot(server).connected = true;
  generator.add(fmt::format("s{} = accept4(s{}, null, null, SOCK_NONBLOCK)", server, listener), [=](Caller& caller) {
    return caller.keep(server, accept4(caller.fd(listener), nullptr, nullptr, SOCK_NONBLOCK));
  });
}

// Two sockets for datagrams, one of which is bound, and the other connected to it.
void two_for_datagrams(Generator& generator) {
  if (generator.full()) return;
  const SlotKind kind = generator.one_of({SlotKind::udp, SlotKind::udp, SlotKind::udp6, SlotKind::unix_datagram});
  const int bound = make_socket(generator, kind);
  add_bind(generator, bound, own_place(generator, kind));
  const int other = make_socket(generator, kind);
  if (generator.one_in(2)) add_bind(generator, other, own_place(generator, kind));
  add_connect(generator, other, place_of(generator, bound));
}

constexpr Kind kKinds[] = {{8, a_socket}, {1, a_wrong_socket}, {6, a_socketpair},
                           {5, a_pipe},   {3, an_eventfd},     {2, a_timerfd},
                           {6, an_epoll}, {8, a_connection},   {5, two_for_datagrams}};

}  // namespace

const std::span<const Kind> kMaking(kKinds);

}  // namespace stillpoint::test
