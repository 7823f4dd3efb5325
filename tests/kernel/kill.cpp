// A process that is killed on a machine that goes on, the next one there, and peers that are told of a crash.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>

#include <csignal>

#include "tests/kernel/booted.hpp"

using namespace stillpoint;
using namespace stillpoint::test;

namespace {

constexpr std::uint32_t kB = Machines::kIpOfB;

Duration read(const Machine& machine, clockid_t clock) {
  timespec time{};
  machine([&] { return clock_gettime(clock, &time); });
  return std::chrono::seconds(time.tv_sec) + Duration(time.tv_nsec);
}

// The segments that a host has sent since an event, by kind.
std::vector<Segment> sent(const Booted& f, HostId host, EventId since) {
  std::vector<Segment> segments;
  EventId number = 0;
  for (const Entry& entry : f.trace.records()) {
    if (entry.header.type != RecordType::event || ++number <= since) continue;
    if (entry.kind() == EventKind::send && entry.header.host == host) segments.push_back(entry.segment());
  }
  return segments;
}

}  // namespace

// ---- killed ----

TEST_CASE("the peers of a killed process see the end of its connections, and a reset where it had not read all") {
  Booted f;
  const auto read_all = f.connected(80), unread = f.connected(81);
  CHECK(f.b.send(read_all.of_b, "last words") == gives(10));
  CHECK(f.a.send(unread.of_a, "never read") == gives(10));
  f.run_for(1s);
  CHECK(f.a.receive(read_all.of_a) == "last words");
  const EventId fault = f.note();
  f.b.host.kill({fault, CauseKind::fault});
  f.settle();
  CHECK(f.a.receive(read_all.of_a) == "");
  CHECK(f.a.receive(unread.of_a) == "ECONNRESET");
  CHECK(f.b.host.killed());
  CHECK(f.b.host.halted());
  CHECK_FALSE(f.b.host.down());
  CHECK_FALSE(f.b.host.alive());
  CHECK(f.b.host.descriptors.count() == 0);
  const Entry end = f.event(f.last(EventKind::exit));
  CHECK(end.header.a == SIGKILL);
  CHECK(end.header.host == 2);
  CHECK(end.header.cause == fault);
  CHECK(end.header.cause_kind == CauseKind::fault);
  // The machine is up: it says so to whoever comes.
  const int late = f.a.socket();
  CHECK(f.a.connect(late, kB, 80) == fails(EINPROGRESS));
  f.settle();
  CHECK(f.a.connect(late, kB, 80) == fails(ECONNREFUSED));
}

TEST_CASE("nothing of a killed process runs again") {
  Booted f;
  const int timer = static_cast<int>(f.b([] { return timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK); }).value);
  const itimerspec soon{{1, 0}, {1, 0}};
  CHECK(f.b([&] { return timerfd_settime(timer, 0, &soon, nullptr); }) == gives(0));
  f.b([] { return alarm(1); });
  f.b.host.wake(kNoEvent);
  const int turns = f.of_b.turns;
  f.b.host.kill();
  f.b.host.wake(kNoEvent);
  f.b.host.raise(SIGTERM);
  f.run_for(10s);
  CHECK(f.of_b.turns == turns);
  CHECK(f.events(EventKind::expire).empty());
  CHECK(f.events(EventKind::signal).empty());
}

TEST_CASE("a kill in a turn comes when the turn is over, and a crash in the same turn comes in its stead") {
  Booted f;
  int turns = 0;
  f.of_b.turn = [&] {
    f.b.host.kill();
    CHECK(f.b.host.ending());
    CHECK(f.b.host.alive());
    ++turns;
    return true;
  };
  f.b.host.wake(kNoEvent);
  f.settle();
  CHECK(turns == 1);
  CHECK(f.b.host.killed());
  CHECK_FALSE(f.b.host.ending());
  f.of_b.turn = [&] {
    f.b.host.kill();
    f.b.host.crash();
    return true;
  };
  f.boot(f.b);
  CHECK(f.b.host.down());
  CHECK_FALSE(f.b.host.killed());
  CHECK(f.events(EventKind::exit).size() == 1);
}

TEST_CASE("the next process on the machine finds its disk and clocks, and nothing of the former process") {
  Booted f;
  const auto pair = f.connected();
  sockaddr_un name{};  // in the abstract space
  name.sun_family = AF_UNIX;
  std::strcpy(name.sun_path + 1, "service");
  const auto bind_name = [&] {
    return f.b(
        [&] { return bind(socket(AF_UNIX, SOCK_STREAM, 0), reinterpret_cast<const sockaddr*>(&name), sizeof name); });
  };
  CHECK(bind_name() == gives(0));
  const auto open_file = [&] { return f.b([] { return open("/srv/state", O_RDWR | O_CREAT, 0666); }); };
  const int fd = static_cast<int>(open_file().value);
  CHECK(f.b([&] { return write(fd, "not synced", 10); }) == gives(10));
  CHECK(f.b([&] { return flock(fd, LOCK_EX); }) == gives(0));
  void* mapped = nullptr;
  f.b([&] { return (mapped = mmap(nullptr, 4, PROT_READ, MAP_SHARED, fd, 0)) == MAP_FAILED ? -1 : 0; });
  CHECK(f.b([] { return chdir("/tmp"); }) == gives(0));
  f.b([] { return umask(077); });
  f.b([] { return signal(SIGUSR1, SIG_IGN) == SIG_ERR ? -1 : 0; });
  f.run_for(10s);
  const std::uint64_t drawn = f.b.host.entropy().at(0);
  const Duration monotonic = read(f.b, CLOCK_MONOTONIC);
  f.b.host.kill();
  const EventId end = f.last(EventKind::exit);
  f.run_for(10s);
  f.boot(f.b);
  CHECK(f.b.host.alive());
  CHECK(f.b.host.boots() == 2);
  const Entry booted = f.event(f.last(EventKind::boot));
  CHECK(booted.header.boot == 2);
  CHECK(booted.header.cause == end);
  CHECK(booted.header.cause_kind == CauseKind::fault);
  CHECK(f.event(f.last(EventKind::slice)).header.boot == 2);

  CHECK(read(f.b, CLOCK_MONOTONIC) == monotonic + 10s);
  CHECK(f.b.host.entropy().at(0) != drawn);
  CHECK(f.events(EventKind::unwritten).empty());
  CHECK(f.b.host.mappings.empty());
  CHECK(f.b.host.descriptors.count() == 3);
  CHECK(f.b([&] { return close(pair.of_b); }) == fails(EBADF));
  CHECK(open_file() == gives(3));
  char bytes[10] = {};
  CHECK(f.b([&] { return pread(3, bytes, 10, 0); }) == gives(10));
  CHECK(std::string_view(bytes, 10) == "not synced");
  CHECK(f.b([&] { return flock(3, LOCK_EX | LOCK_NB); }) == gives(0));
  CHECK(f.b([] { return umask(0); }) == gives(022));
  char where[100] = {};
  CHECK(f.b([&] { return getcwd(where, sizeof where) == nullptr ? -1 : 0; }) == gives(0));
  CHECK(std::string_view(where) == "/srv");
  CHECK(f.b([] { return signal(SIGUSR1, SIG_DFL) == SIG_DFL ? 0 : -1; }) == gives(0));
  CHECK(bind_name() == gives(0));
}

TEST_CASE("a process that has ended by itself makes room for another one as well") {
  Booted f;
  const std::uint64_t drawn = f.b.host.entropy().at(0);
  f.b.host.halt(0);
  f.boot(f.b);
  CHECK(f.b.host.alive());
  CHECK(f.b.host.boots() == 2);
  CHECK(f.b.host.entropy().at(0) != drawn);
  CHECK(f.event(f.last(EventKind::boot)).header.cause == kNoEvent);
  CHECK(f.of_b.turns == 2);
}

TEST_CASE("a machine whose process was killed may lose its power, and be booted") {
  Booted f;
  f.b.host.kill();
  f.b.host.crash();
  CHECK(f.b.host.down());
  f.boot(f.b);
  CHECK(f.b.host.alive());
  CHECK(f.event(f.last(EventKind::boot)).header.cause == f.last(EventKind::crash));
  CHECK(read(f.b, CLOCK_MONOTONIC) == kernel::kMonotonicAtReboot);
}

TEST_CASE("runs with kills are the same each time") {
  const auto run = [] {
    Booted f;
    f.connected();
    f.b.host.kill();
    f.run_for(10s);
    f.boot(f.b);
    f.connected(81);  // the other port is held by a connection that a has not closed
    return f.trace.hash();
  };
  CHECK(run() == run());
}

// ---- peers of a crash ----

TEST_CASE("somebody may reset the connections of a host that loses its power, in its place") {
  Booted f;
  const auto pair = f.connected(80);
  f.b.listener(81);
  const int half_open = f.a.socket(), not_accepted = f.a.socket();
  f.a.connect(not_accepted, kB, 81);
  f.settle();
  f.a.connect(half_open, kB, 81);
  const int to_self = f.b.socket();
  f.b.connect(to_self, INADDR_LOOPBACK, 81);
  f.run_for(100us);
  CHECK(f.b.send(pair.of_b, "last words") == gives(10));
  const EventId fault = f.note();
  f.b.host.crash({fault, CauseKind::fault}, kernel::Peers::reset);
  const EventId crash = f.last(EventKind::crash);
  CHECK(f.event(crash).header.cause == fault);
  CHECK(sent(f, 2, crash) == std::vector<Segment>{Segment::rst, Segment::rst});
  const Entry reset = f.event(f.last(EventKind::send));
  CHECK(reset.header.cause == crash);
  CHECK(reset.header.cause_kind == CauseKind::fault);
  f.run_for(10ms);
  CHECK(f.a.receive(pair.of_a) == "last words");
  CHECK(f.a.receive(pair.of_a) == "ECONNRESET");
  CHECK(f.a.receive(not_accepted) == "ECONNRESET");
  CHECK(f.a.receive(half_open) == "EAGAIN");  // its SYN is sent again, to whoever lives there then
  f.boot(f.b);
  const int listener = f.b.listener(81);
  f.run_for(2s);
  CHECK(f.b.accept(listener).error == 0);
}

TEST_CASE("of connections that are over, or have nobody at the other end, nothing is reset") {
  Booted f;
  const auto pair = f.connected();
  CHECK(f.a([&] { return close(pair.of_a); }) == gives(0));
  f.settle();
  CHECK(f.b([&] { return close(pair.of_b); }) == gives(0));
  f.settle();
  const auto shut = f.connected(82);
  CHECK(f.a([&] { return shutdown(shut.of_a, SHUT_WR); }) == gives(0));
  f.settle();
  CHECK(f.b([&] { return shutdown(shut.of_b, SHUT_WR); }) == gives(0));
  f.settle();
  f.connected(81);
  f.a.host.crash();
  const EventId before = f.kernel.trace.last_event();
  f.b.host.crash({}, kernel::Peers::reset);
  f.run_for(10s);
  CHECK(sent(f, 2, before) == std::vector<Segment>{Segment::rst});  // of the last one: nobody told b that a is gone
  CHECK(f.events(EventKind::drop).size() == 1);
  CHECK(f.kernel.tcp.connections() == 0);
}
