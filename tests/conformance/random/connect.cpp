// bind, listen, connect, accept, shutdown and the names of sockets.
#include <fmt/format.h>
#include <netinet/in.h>
#include <unistd.h>

#include "tests/conformance/random/generator.hpp"

namespace stillpoint::test {
namespace {

constexpr std::uint32_t kSecondLoopback = 0x7F000002;
constexpr std::uint32_t kNobody = 0x0A636363;  // 10.99.99.99: no address of any machine that runs this, one hopes

bool v4(SlotKind kind) { return kind == SlotKind::tcp || kind == SlotKind::udp; }
bool v6(SlotKind kind) { return kind == SlotKind::tcp6 || kind == SlotKind::udp6; }

// A slot whose port can be meant: of the internet, and preferably one that listens or is bound.
int slot_with_port(Generator& generator, SlotKind kind) {
  const bool udp = kind == SlotKind::udp || kind == SlotKind::udp6;
  const int bound =
      generator.pick([&](const auto& slot) { return is_internet(slot) && is_udp(slot) == udp && slot.bound; });
  return bound >= 0 ? bound
                    : generator.pick([&](const auto& slot) { return is_internet(slot) && is_udp(slot) == udp; });
}

Place own_place(Generator& generator, SlotKind kind) {
  Place place;
  if (v4(kind)) {
    place.kind = Place::Kind::v4;
    place.ip = generator.one_of({INADDR_LOOPBACK, INADDR_LOOPBACK, INADDR_LOOPBACK, INADDR_ANY, kSecondLoopback});
    if (generator.one_in(20)) place.ip = kNobody;
  } else if (v6(kind)) {
    place.kind = Place::Kind::v6;
    place.ip6 = generator.one_of<const char*>({"::1", "::1", "::", "::ffff:127.0.0.1", "::ffff:0.0.0.0"});
  } else {
    place.kind =
        generator.one_of({Place::Kind::abstract, Place::Kind::abstract, Place::Kind::path, Place::Kind::unnamed});
    place.name = generator.number(3);
  }
  if (is_internet({.kind = kind}) && generator.one_in(6)) place.port_of_slot = slot_with_port(generator, kind);
  return place;
}

// Something is wrong with it.
void spoil(Generator& generator, Place& place, int port) {
  switch (generator.below(4)) {
    case 0:
      place.longer_by = generator.one_of({-1, -2, -100, 1, 100, 1000, -15});
      // A path that is cut would stay as a file.
      if (place.kind == Place::Kind::none || place.kind == Place::Kind::path) place.longer_by = 0;
      break;
    case 1:
      place = {};
      break;
    case 2:
      place = {.kind = Place::Kind::v4, .ip = INADDR_LOOPBACK, .port = port};
      break;
    default:
      place = {.kind = generator.one_of({Place::Kind::unspecified, Place::Kind::unnamed})};
      break;
  }
}

void a_bind(Generator& generator) {
  const int slot = generator.pick_mostly([](const auto& each) { return is_socket(each) && !each.bound; });
  if (slot < 0) return;
  const SlotKind kind = generator.slot(slot).kind;
  if (!is_socket(generator.slot(slot))) return;
  Place place = own_place(generator, kind);
  if (generator.one_in(15)) spoil(generator, place, 0);
  generator.slot(slot).bound = true;
  generator.slot(slot).name = place;
  generator.add(fmt::format("bind(s{}, {})", slot, place.text()), [=](Caller& caller) {
    const auto where = caller.resolve(place);
    return outcome(bind(caller.fd(slot), where.address(), where.length));
  });
}

void a_listen(Generator& generator) {
  const int slot = generator.pick_mostly([](const auto& each) { return is_connection_based(each) && !each.connected; });
  const int backlog = generator.one_of({0, 1, 2, 8, -1});
  if (slot >= 0) generator.slot(slot).listening = true;
  generator.add(fmt::format("listen(s{}, {})", slot, backlog),
                [=](Caller& caller) { return outcome(listen(caller.fd(slot), backlog)); });
}

void a_connect(Generator& generator) {
  const int slot = generator.pick_mostly(
      [&](const auto& each) { return is_socket(each) && !each.listening && (!each.connected || generator.one_in(4)); });
  if (slot < 0 || !is_socket(generator.slot(slot))) return;
  const SlotKind kind = generator.slot(slot).kind;
  Place place = target_for(generator, kind);
  if (generator.one_in(12)) spoil(generator, place, 1);
  generator.slot(slot).connected = true;
  generator.add(fmt::format("connect(s{}, {})", slot, place.text()), [=](Caller& caller) {
    const auto where = caller.resolve(place);
    if (caller.meets_itself(slot, place)) return std::string("not asked");
    return outcome(connect(caller.fd(slot), where.address(), where.length));
  });
}

void an_accept(Generator& generator) {
  const int slot = generator.pick_mostly([](const auto& each) { return each.listening; });
  if (slot < 0 || generator.full()) return;
  const int accepted = generator.add_slot(generator.slot(slot).kind);
  generator.slot(accepted).connected = true;
  if (generator.one_in(3)) {
    generator.add(
        fmt::format("s{} = accept4(s{}, null, null, SOCK_NONBLOCK|SOCK_CLOEXEC)", accepted, slot), [=](Caller& caller) {
          return caller.keep(accepted, accept4(caller.fd(slot), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        });
    return;
  }
  generator.add(fmt::format("s{} = accept4(s{}, address, SOCK_NONBLOCK)", accepted, slot), [=](Caller& caller) {
    sockaddr_storage from{};
    socklen_t length = sizeof from;
    const int fd = accept4(caller.fd(slot), reinterpret_cast<sockaddr*>(&from), &length, SOCK_NONBLOCK);
    const std::string seen = caller.keep(accepted, fd);
    return fd < 0 ? seen : seen + " from " + caller.shown(fd, from, length);
  });
}

void a_shutdown(Generator& generator) {
  const int slot = generator.pick_mostly([](const auto& each) { return is_socket(each); });
  const int how = generator.one_of({SHUT_RD, SHUT_WR, SHUT_WR, SHUT_RDWR});
  const int really = generator.one_in(30) ? 7 : how;
  generator.add(fmt::format("shutdown(s{}, {})", slot, really),
                [=](Caller& caller) { return outcome(shutdown(caller.fd(slot), really)); });
}

template <int (*name)(int, sockaddr*, socklen_t*) noexcept>
void a_name(Generator& generator, const char* text) {
  const int slot = generator.pick_mostly(is_socket);
  const socklen_t room = generator.one_in(8) ? static_cast<socklen_t>(generator.number(20)) : sizeof(sockaddr_storage);
  generator.add(fmt::format("{}(s{}, room {})", text, slot, room), [=](Caller& caller) {
    sockaddr_storage address{};
    socklen_t length = room;
    const int result = name(caller.fd(slot), reinterpret_cast<sockaddr*>(&address), &length);
    if (result != 0) return outcome(result);
    // A port that is cut in the middle cannot be told apart.
    if (room < sizeof address) return fmt::format("{} bytes", length);
    return caller.shown(caller.fd(slot), address, length);
  });
}

void a_local_name(Generator& generator) { a_name<getsockname>(generator, "getsockname"); }
void a_remote_name(Generator& generator) { a_name<getpeername>(generator, "getpeername"); }

// The path of a socket stays when the socket is closed.
void an_unlink(Generator& generator) {
  const Place place{.kind = Place::Kind::path, .name = generator.number(3)};
  generator.add(fmt::format("unlink({})", place.text()), [=](Caller& caller) {
    const auto where = caller.resolve(place);
    return outcome(unlink(reinterpret_cast<const char*>(&where.storage) + sizeof(sa_family_t)));
  });
}

constexpr Kind kKinds[] = {{8, a_bind},     {6, a_listen},     {12, a_connect},    {10, an_accept},
                           {8, a_shutdown}, {5, a_local_name}, {4, a_remote_name}, {1, an_unlink}};

}  // namespace

Place target_for(Generator& generator, SlotKind kind) {
  Place place;
  const bool to_v4 = v4(kind) || (v6(kind) && generator.one_in(4));
  if (v4(kind) || v6(kind)) {
    const bool tcp = kind == SlotKind::tcp || kind == SlotKind::tcp6;
    place.port_of_slot = tcp && !generator.one_in(6)
                             ? generator.pick([](const auto& each) { return each.listening && is_tcp(each); })
                             : slot_with_port(generator, kind);
    place.port = 1;  // nobody is there
  }
  if (v4(kind)) {
    place.kind = Place::Kind::v4;
    place.ip = generator.one_of({INADDR_LOOPBACK, INADDR_LOOPBACK, INADDR_LOOPBACK, INADDR_ANY, kSecondLoopback});
  } else if (v6(kind)) {
    place.kind = Place::Kind::v6;
    place.ip6 = to_v4 ? "::ffff:127.0.0.1" : generator.one_of<const char*>({"::1", "::1", "::"});
  } else {
    const int named = generator.pick([&](const auto& each) { return each.kind == kind && each.bound; });
    if (named >= 0 && !generator.one_in(8)) return generator.slot(named).name;
    place.kind = generator.one_of({Place::Kind::abstract, Place::Kind::path});
    place.name = generator.number(4);
  }
  return place;
}

const std::span<const Kind> kConnecting(kKinds);

}  // namespace stillpoint::test
