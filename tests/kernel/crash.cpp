// Hosts that lose their power and get it back: what is gone, what is left, and what others see of it.
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>

#include <cstdlib>
#include <functional>

#include "tests/kernel/booted.hpp"

using namespace stillpoint;
using namespace stillpoint::test;

using Fixture = Booted;

namespace {

constexpr std::uint32_t kB = Machines::kIpOfB;

int error_of(const Machine& machine, int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  machine([&] { return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size); });
  return error;
}

int udp(const Machine& machine, int port) {
  const int fd = static_cast<int>(machine([] { return socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0); }).value);
  const sockaddr_in address = address_of(INADDR_ANY, port);
  REQUIRE(machine([&] { return bind(fd, generic(address), sizeof address); }) == gives(0));
  return fd;
}
Outcome send_to(const Machine& machine, int fd, std::uint32_t ip, int port) {
  const sockaddr_in address = address_of(ip, port);
  return machine([&] { return sendto(fd, "x", 1, 0, generic(address), sizeof address); });
}

Duration read(const Machine& machine, clockid_t clock) {
  timespec time{};
  machine([&] { return clock_gettime(clock, &time); });
  return std::chrono::seconds(time.tv_sec) + Duration(time.tv_nsec);
}

void set_option(const Machine& machine, int fd, int level, int name, int value) {
  REQUIRE(machine([&] { return setsockopt(fd, level, name, &value, sizeof value); }) == gives(0));
}

}  // namespace

// ---- the host itself ----

TEST_CASE("descriptors, ports and names are gone with the power, without a word") {
  Fixture f;
  const auto pair = f.connected();
  const int datagrams = udp(f.b, 9);
  sockaddr_un name{};  // in the abstract space
  name.sun_family = AF_UNIX;
  std::strcpy(name.sun_path + 1, "service");
  const auto bind_name = [&] {
    return f.b(
        [&] { return bind(socket(AF_UNIX, SOCK_STREAM, 0), reinterpret_cast<const sockaddr*>(&name), sizeof name); });
  };
  CHECK(bind_name() == gives(0));
  CHECK(bind_name() == fails(EADDRINUSE));
  const std::size_t sent = f.events(EventKind::send).size();
  f.b.host.crash();
  f.run_for(10s);
  CHECK(f.events(EventKind::send).size() == sent);
  CHECK(f.a.receive(pair.of_a) == "EAGAIN");
  CHECK(f.kernel.udp.endpoints() == 0);
  CHECK(f.b.host.descriptors.count() == 0);

  f.boot(f.b);
  CHECK(f.b.host.descriptors.count() == 3);
  for (const int fd : {pair.of_b, pair.listener, datagrams}) CHECK(f.b([&] { return close(fd); }) == fails(EBADF));
  CHECK(f.b.listener(80) == 3);
  udp(f.b, 9);
  CHECK(bind_name() == gives(0));
}

TEST_CASE("no timer, no slice and no answer of a former life comes") {
  Fixture f;
  const int timer = static_cast<int>(f.b([] { return timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK); }).value);
  const itimerspec soon{{}, {1, 0}};
  CHECK(f.b([&] { return timerfd_settime(timer, TFD_TIMER_CANCEL_ON_SET, &soon, nullptr); }) == gives(0));
  f.b([] { return alarm(1); });
  f.b.host.wake(kNoEvent);
  const int turns = f.of_b.turns;
  f.b.host.crash();
  CHECK(f.kernel.queue.empty());
  f.b.host.wake(kNoEvent);
  f.b.host.raise(SIGTERM);
  f.b.host.set_drift(50);
  f.b.host.step_wall(1h);
  CHECK(f.kernel.queue.empty());
  f.boot(f.b);
  f.run_for(10s);
  CHECK(f.of_b.turns == turns + 1);
  CHECK(f.events(EventKind::expire).empty());
  CHECK(f.events(EventKind::signal).empty());
}

TEST_CASE("the disk keeps what was synced, and its sockets' paths lead to nobody") {
  Fixture f;
  sockaddr_un path{};
  path.sun_family = AF_UNIX;
  std::strcpy(path.sun_path, "/var/service");
  const auto* generic_path = reinterpret_cast<const sockaddr*>(&path);
  const auto bind_path = [&] {
    return f.b([&] { return bind(socket(AF_UNIX, SOCK_STREAM, 0), generic_path, sizeof path); });
  };
  CHECK(bind_path() == gives(0));
  const auto open_file = [&](int flags) { return f.b([&] { return open("/var/lib/state", flags, 0600); }); };
  const int fd = static_cast<int>(open_file(O_RDWR | O_CREAT).value);
  CHECK(f.b([&] { return write(fd, "kept", 4); }) == gives(4));
  CHECK(f.b([] { return sync(), 0; }) == gives(0));
  CHECK(f.b([&] { return flock(fd, LOCK_EX); }) == gives(0));
  void* mapped = nullptr;
  f.b([&] { return (mapped = mmap(nullptr, 4, PROT_READ, MAP_SHARED, fd, 0)) == MAP_FAILED ? -1 : 0; });
  CHECK(f.b([] { return chdir("/tmp"); }) == gives(0));
  CHECK(f.b([&] { return write(fd, "more", 4); }) == gives(4));
  f.b.host.crash();
  f.boot(f.b);
  CHECK(f.b.host.mappings.empty());
  CHECK(open_file(O_RDWR) == gives(3));
  char bytes[4] = {};
  CHECK(f.b([&] { return pread(3, bytes, 4, 0); }) == gives(4));
  CHECK(std::string_view(bytes, 4) == "kept");
  CHECK(f.b([&] { return flock(3, LOCK_EX | LOCK_NB); }) == gives(0));
  CHECK(bind_path() == fails(EADDRINUSE));
  CHECK(f.b([&] { return connect(socket(AF_UNIX, SOCK_STREAM, 0), generic_path, sizeof path); }) ==
        fails(ECONNREFUSED));
  char where[100] = {};
  CHECK(f.b([&] { return getcwd(where, sizeof where) == nullptr ? -1 : 0; }) == gives(0));
  CHECK(std::string_view(where) == "/srv");
}

TEST_CASE("after a boot memory has no file, and who does not wait for the disk has it at the second try") {
  Fixture f;
  const auto open_file = [&] { return f.b([] { return open("/var/lib/state", O_RDWR | O_CREAT, 0600); }); };
  int fd = static_cast<int>(open_file().value);
  CHECK(f.b([&] { return write(fd, std::string(10'000, 'x').data(), 10'000); }) == gives(10'000));
  CHECK(f.b([] { return sync(), 0; }) == gives(0));
  char bytes[10'000] = {};
  const iovec row{bytes, sizeof bytes};
  const auto read_at_once = [&](off_t offset) {
    return f.b([&] { return static_cast<int>(preadv2(fd, &row, 1, offset, RWF_NOWAIT)); });
  };
  CHECK(read_at_once(0) == gives(10'000));
  f.b.host.crash();
  f.boot(f.b);
  fd = static_cast<int>(open_file().value);
  CHECK(read_at_once(20'000) == gives(0));
  const VirtualTime begin = f.b.host.now();
  CHECK(read_at_once(0) == fails(EAGAIN));
  CHECK(read_at_once(0) == gives(10'000));
  CHECK(f.b.host.now() - begin < std::chrono::microseconds(50));
  CHECK(std::string_view(bytes, sizeof bytes) == std::string(10'000, 'x'));
}

TEST_CASE("signals, handlers, limits and pseudo-random numbers are those of a new process") {
  Fixture f;
  const auto first = f.b([] { return rand(); });
  f.b([] { return signal(SIGUSR1, SIG_IGN) == SIG_ERR ? -1 : 0; });
  sigset_t terminate;
  sigemptyset(&terminate);
  sigaddset(&terminate, SIGTERM);
  f.b.host.run_as(&f.b.host.main_task());
  f.b([&] { return sigprocmask(SIG_BLOCK, &terminate, nullptr); });
  f.b.host.run_as(nullptr);
  f.b.host.raise(SIGTERM);
  CHECK(f.b.host.signals.any());
  const rlimit few{10, 10};
  CHECK(f.b([&] { return setrlimit(RLIMIT_NOFILE, &few); }) == gives(0));
  f.b.host.crash();
  f.boot(f.b);
  CHECK_FALSE(f.b.host.signals.any());
  CHECK(f.b([] { return signal(SIGUSR1, SIG_DFL) == SIG_DFL ? 0 : -1; }) == gives(0));
  CHECK(f.b.host.descriptor_limit() == 1024);
  CHECK(f.b([] { return rand(); }) == first);
}

TEST_CASE("the monotonic clock begins anew, the wall clock goes on, right or wrong") {
  Fixture f;
  f.b.host.set_drift(100'000);
  f.b.host.step_wall(1h);
  f.run_for(100s);
  const Duration wall = read(f.b, CLOCK_REALTIME);
  CHECK(wall == kernel::kWallStart + 1h + 110s);
  CHECK(read(f.b, CLOCK_MONOTONIC) == kernel::kMonotonicStart + 110s);
  f.b.host.crash();
  f.run_for(100s);
  f.boot(f.b);
  CHECK(read(f.b, CLOCK_REALTIME) == wall + 110s);
  CHECK(read(f.b, CLOCK_TAI) == wall + 110s + 37s);
  CHECK(read(f.b, CLOCK_MONOTONIC) == kernel::kMonotonicAtReboot);
  CHECK(read(f.b, CLOCK_BOOTTIME) == kernel::kMonotonicAtReboot);
  f.run_for(10s);
  CHECK(read(f.b, CLOCK_MONOTONIC) == kernel::kMonotonicAtReboot + 11s);
  CHECK(read(f.b, CLOCK_MONOTONIC_COARSE) == kernel::kMonotonicAtReboot + 11s);
  // A deadline on it is the first moment at which it shows so much.
  const int timer = static_cast<int>(f.b([] { return timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK); }).value);
  const itimerspec at_23{{}, {23, 0}};
  CHECK(f.b([&] { return timerfd_settime(timer, TFD_TIMER_ABSTIME, &at_23, nullptr); }) == gives(0));
  f.run_for(9999ms);
  CHECK(f.events(EventKind::expire).empty());
  f.run_for(1ms);
  CHECK(f.events(EventKind::expire).size() == 1);
}

TEST_CASE("no life draws what another one drew, and what one draws does not hang on the one before") {
  const auto drawn = [](int before) {
    Fixture f;
    for (int i = 0; i < before; ++i) f.b.host.entropy().next();
    std::vector<std::uint64_t> values{f.b.host.entropy().at(0)};
    for (int life = 0; life < 2; ++life) {
      f.b.host.crash();
      f.boot(f.b);
      values.push_back(f.b.host.entropy().next());
    }
    return values;
  };
  const auto values = drawn(0);
  CHECK(values[0] != values[1]);
  CHECK(values[1] != values[2]);
  CHECK(values[0] != values[2]);
  CHECK(drawn(5) == values);
}

TEST_CASE("a crash in a turn comes when the turn is over, and is the last that happens") {
  Fixture f;
  std::vector<std::string> done;
  const int mark = static_cast<int>(f.b([] { return eventfd(0, 0); }).value);
  f.of_b.turn = [&] {
    f.b.host.crash();
    done.push_back(f.b.host.crashing() && !f.b.host.down() ? "crashing" : "not crashing");
    const std::uint64_t one = 1;
    done.push_back(write(mark, &one, sizeof one) == sizeof one ? "wrote" : "could not write");
    return true;  // there would be more to do
  };
  f.b.host.wake(kNoEvent);
  f.settle();
  CHECK(done == std::vector<std::string>{"crashing", "wrote"});
  CHECK(f.b.host.down());
  CHECK_FALSE(f.b.host.crashing());
  f.of_b.turn = nullptr;
  f.boot(f.b);
  CHECK(f.b.host.boots() == 2);
}

TEST_CASE("a host that has not started, or whose process has ended, may lose its power as well") {
  Machines machines;
  Idle process;
  machines.b.host.crash();
  CHECK(machines.b.host.boots() == 0);
  machines.b.host.boot(process);
  CHECK(machines.b.host.boots() == 1);
  machines.b.host.halt(0);
  machines.b.host.crash();
  machines.b.host.boot(process);
  machines.settle();
  CHECK(machines.b.host.boots() == 2);
  CHECK_FALSE(machines.b.host.halted());
  CHECK(process.turns == 1);
}

// ---- what peers see ----

TEST_CASE("who speaks to a host without power hears nothing, and after its boot a reset") {
  Fixture f;
  const auto pair = f.connected();
  f.b.host.crash();
  CHECK(f.a.send(pair.of_a, "hello") == gives(5));
  f.run_for(60s);
  CHECK(f.a.receive(pair.of_a) == "EAGAIN");
  f.boot(f.b);
  // The back-off of those 60 seconds: the next attempt comes within as much again.
  f.run_for(60s);
  CHECK(f.a.receive(pair.of_a) == "ECONNRESET");
  CHECK(f.a.receive(pair.of_a) == "");
}

TEST_CASE("who speaks to a host that never comes back gives up when Linux does") {
  Fixture f;
  const auto pair = f.connected();
  f.b.host.crash();
  CHECK(f.a.send(pair.of_a, "hello") == gives(5));
  f.run_for(924s);
  CHECK(f.a.receive(pair.of_a) == "EAGAIN");
  f.run_for(3s);
  CHECK(f.a.receive(pair.of_a) == "ETIMEDOUT");
  CHECK(f.kernel.queue.empty());
}

TEST_CASE("what a sender has buffered for a host without power is given up as well") {
  Fixture f;
  const auto pair = f.connected();
  const std::string much(400'000, 'x');
  CHECK(f.a.send(pair.of_a, much).value > 100'000);
  f.run_for(100us);  // the segments are under way
  f.b.host.crash();
  f.run_for(1000s);
  CHECK(f.a.send(pair.of_a, "more") == fails(ETIMEDOUT));
}

TEST_CASE("whoever only listens to a host without power waits for ever, unless it keeps the connection alive") {
  Fixture f;
  const auto silent = f.connected(80);
  const auto alive = f.connected(81);
  set_option(f.a, alive.of_a, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(f.a, alive.of_a, IPPROTO_TCP, TCP_KEEPIDLE, 10);
  set_option(f.a, alive.of_a, IPPROTO_TCP, TCP_KEEPINTVL, 1);
  set_option(f.a, alive.of_a, IPPROTO_TCP, TCP_KEEPCNT, 3);
  f.b.host.crash();
  f.run_for(14s);
  CHECK(f.a.receive(alive.of_a) == "ETIMEDOUT");
  f.run_for(24h);
  f.boot(f.b);
  f.run_for(24h);
  CHECK(f.a.receive(silent.of_a) == "EAGAIN");
}

TEST_CASE("an end that was closed is forgotten in the end, with its port") {
  Fixture f;
  const auto pair = f.connected();
  f.b.host.crash();
  CHECK(f.a([&] { return close(pair.of_a); }) == gives(0));
  f.run_for(1h);
  CHECK(f.kernel.tcp.connections() == 0);
}

TEST_CASE("what had left the host arrives, what was within it does not") {
  Fixture f;
  const auto pair = f.connected();
  const int here = f.b.listener(81);
  const int to_self = f.b.socket();
  f.b.connect(to_self, INADDR_LOOPBACK, 81);
  f.settle();
  f.b.accept(here);
  const int datagrams = udp(f.b, 9);
  CHECK(f.b.send(pair.of_b, "last words") == gives(10));
  CHECK(f.b.send(to_self, "thoughts") == gives(8));
  CHECK(send_to(f.b, datagrams, INADDR_LOOPBACK, 9) == gives(1));
  f.b.host.crash();
  f.settle();
  CHECK(f.a.receive(pair.of_a) == "last words");
  CHECK(f.a.receive(pair.of_a) == "EAGAIN");
  CHECK(f.events(EventKind::drop).empty());
  CHECK(f.kernel.tcp.connections() == 1);
}

TEST_CASE("a connect to a host without power gets through if that is back in time, else it times out") {
  Fixture f;
  f.b.host.crash();
  const int early = f.a.socket(), late = f.a.socket();
  CHECK(f.a.connect(early, kB, 80) == fails(EINPROGRESS));
  CHECK(f.a.connect(late, kB, 81) == fails(EINPROGRESS));
  f.run_for(10s);
  f.boot(f.b);
  const int listener = f.b.listener(80);
  f.run_for(6s);  // SYNs at 0, 1, 3, 7, 15 seconds
  CHECK(f.b.accept(listener).error == 0);
  CHECK(f.a.send(early, "x") == gives(1));
  CHECK(error_of(f.a, late) == ECONNREFUSED);
  f.b.host.crash();
  const int never = f.a.socket();
  f.a.connect(never, kB, 80);
  f.run_for(128s);
  CHECK(error_of(f.a, never) == ETIMEDOUT);
}

TEST_CASE("a SYN under way at the crash finds whoever listens when it arrives") {
  Fixture f;
  f.b.listener(80);
  const int fd = f.a.socket();
  f.a.connect(fd, kB, 80);
  f.run_for(100us);
  f.b.host.crash();
  f.boot(f.b);
  const int listener = f.b.listener(80);
  f.run_for(10ms);
  CHECK(f.b.accept(listener).error == 0);
}

TEST_CASE("who has got the answer to its SYN takes itself for connected, until it is told") {
  Fixture f;
  f.b.listener(80);
  const int fd = f.a.socket();
  f.a.connect(fd, kB, 80);
  f.run_for(600us);  // the SYN-ACK is under way
  f.b.host.crash();
  SECTION("by a reset, to its ACK") {
    f.boot(f.b);
    f.b.listener(80);
    f.run_for(10ms);
    CHECK(f.a.receive(fd) == "ECONNRESET");
  }
  SECTION("by silence") {
    f.run_for(1s);
    CHECK(f.a.send(fd, "x") == gives(1));
    f.run_for(1000s);
    CHECK(f.a.receive(fd) == "ETIMEDOUT");
  }
}

TEST_CASE("a server gives up on a handshake with a client that lost its power") {
  Fixture f;
  const int listener = f.b.listener(80, 0);
  f.a.connect(f.a.socket(), kB, 80);
  f.run_for(100us);
  f.a.host.crash();
  f.run_for(30s);
  CHECK(f.kernel.tcp.connections() == 1);
  f.run_for(60s);
  CHECK(f.kernel.tcp.connections() == 0);
  CHECK(f.b.accept(listener) == fails(EAGAIN));
  f.boot(f.a);
  f.a.connect(f.a.socket(), kB, 80);  // the backlog has room for it
  f.run_for(1s);
  CHECK(f.b.accept(listener).error == 0);
}

TEST_CASE("a datagram to a host without power is lost, and after its boot it is refused") {
  Fixture f;
  udp(f.b, 9);
  const int user = udp(f.a, 10);
  const sockaddr_in service = address_of(kB, 9);
  CHECK(f.a([&] { return connect(user, generic(service), sizeof service); }) == gives(0));
  f.b.host.crash();
  CHECK(f.a.send(user, "x") == gives(1));
  f.run_for(10s);
  CHECK(f.a.receive(user) == "EAGAIN");
  f.boot(f.b);
  CHECK(f.a.send(user, "x") == gives(1));
  f.run_for(10s);
  CHECK(f.a.receive(user) == "ECONNREFUSED");
}

TEST_CASE("a host that lost its power is in no group any more") {
  Fixture f;
  const int member = udp(f.b, 9);
  const int user = udp(f.a, 10);
  ip_mreq group{};
  group.imr_multiaddr.s_addr = htonl(0xE0000102);
  const auto join = [&](int fd) {
    CHECK(f.b([&] { return setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof group); }) == gives(0));
  };
  join(member);
  f.b.host.crash();
  f.boot(f.b);
  const int again = udp(f.b, 9);
  CHECK(send_to(f.a, user, 0xE0000102, 9) == gives(1));
  f.run_for(1s);
  CHECK(f.b.receive(again) == "EAGAIN");
  join(again);
  CHECK(send_to(f.a, user, 0xE0000102, 9) == gives(1));
  f.run_for(1s);
  CHECK(f.b.receive(again) == "x");
}

// ---- the trace ----

TEST_CASE("the trace tells of a crash and what it caused") {
  Fixture f;
  const auto pair = f.connected();
  udp(f.b, 9);
  const EventId fault = f.kernel.trace.event(EventKind::note, f.kernel.queue.now(), {}, 0);
  f.b.host.crash({fault, CauseKind::fault});
  const EventId crash = f.kernel.trace.last_event();
  const Entry crashed = f.event(crash);
  CHECK(crashed.kind() == EventKind::crash);
  CHECK(crashed.header.host == 2);
  CHECK(crashed.header.boot == 1);
  CHECK(crashed.header.a == 6);  // three of the standard streams, a listener, a connection, a datagram socket
  CHECK(crashed.header.b == 1);
  CHECK(crashed.header.cause == fault);

  f.a.send(pair.of_a, "x");
  const EventId data = f.kernel.trace.last_event();
  send_to(f.a, udp(f.a, 10), kB, 9);
  const EventId datagram = f.kernel.trace.last_event();
  f.run_for(100ms);
  const auto drops = f.events(EventKind::drop);
  REQUIRE(drops.size() == 2);
  const EventId first = f.kernel.trace.last_event() - 1;
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(drops[i].header.host == 2);
    CHECK((drops[i].header.cause == data || drops[i].header.cause == datagram));
    const auto edges = f.edges_of(first + i);
    REQUIRE(edges.size() == 1);
    CHECK(edges[0].event == crash);
    CHECK(edges[0].kind == CauseKind::fault);
  }

  f.b.host.boot(f.of_b);
  const Entry booted = f.event(f.kernel.trace.last_event());
  CHECK(booted.kind() == EventKind::boot);
  CHECK(booted.header.boot == 2);
  CHECK(booted.header.cause == crash);
  CHECK(booted.header.cause_kind == CauseKind::fault);
  f.run_for(1s);
  const Entry reset = f.events(EventKind::send).back();
  CHECK(reset.segment() == Segment::rst);
  CHECK(reset.header.host == 2);
  CHECK(reset.header.boot == 2);
  CHECK(reset.header.cause == crash);
  CHECK(reset.header.cause_kind == CauseKind::fault);
}
