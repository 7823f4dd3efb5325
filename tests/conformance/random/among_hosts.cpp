// What only the virtual kernel is asked, on one of several hosts: connections between hosts, time, signals, descriptors
// that travel.
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "tests/conformance/random/generator.hpp"
#include "tests/support/passed_descriptor.hpp"

namespace stillpoint::test {
namespace {

constexpr int kFirstPort = 7000;
constexpr int kPorts = 2;

struct Transport {
  SlotKind kind;
  int domain;
  int type;
};
constexpr Transport kTransports[] = {{SlotKind::tcp, AF_INET, SOCK_STREAM}, {SlotKind::tcp, AF_INET, SOCK_STREAM},
                                     {SlotKind::tcp, AF_INET, SOCK_STREAM}, {SlotKind::tcp6, AF_INET6, SOCK_STREAM},
                                     {SlotKind::udp, AF_INET, SOCK_DGRAM},  {SlotKind::udp6, AF_INET6, SOCK_DGRAM}};

Place place_at(SlotKind kind, int host, int port) {  // host 0: all of one's own addresses
  const bool v4 = kind == SlotKind::tcp || kind == SlotKind::udp;
  if (v4)
    return {.kind = Place::Kind::v4,
            .ip = host == 0 ? INADDR_ANY : 0x0A000000u + static_cast<unsigned>(host),
            .port = port};
  return {.kind = Place::Kind::v6, .ip6 = host == 0 ? "::" : fmt::format("fd00::10.0.0.{}", host), .port = port};
}

std::string open_at(Caller& caller, int slot, const Transport& transport) {
  return caller.keep(slot, socket(transport.domain, transport.type | SOCK_NONBLOCK, 0));
}

}  // namespace

void a_service(Generator& generator) {
  if (generator.full()) return;
  const Transport transport = generator.one_of(kTransports);
  const int slot = generator.add_slot(transport.kind);
  generator.slot(slot).bound = true;
  generator.slot(slot).listening = transport.type == SOCK_STREAM;
  const Place place = place_at(transport.kind, 0, kFirstPort + generator.number(kPorts));
  generator.add(fmt::format("s{} serves at {}", slot, place.text()), [=](Caller& caller) {
    std::string seen = open_at(caller, slot, transport);
    const auto where = caller.resolve(place);
    seen += ' ' + outcome(bind(caller.fd(slot), where.address(), where.length));
    return seen + ' ' + outcome(listen(caller.fd(slot), 3));
  });
}

namespace {

void a_client(Generator& generator) {
  if (generator.full()) return;
  const Transport transport = generator.one_of(kTransports);
  const int slot = generator.add_slot(transport.kind);
  generator.slot(slot).connected = true;
  // One address more than there are hosts: nobody lives there.
  const Place place =
      place_at(transport.kind, 1 + generator.number(generator.hosts() + 1), kFirstPort + generator.number(kPorts));
  generator.add(fmt::format("s{} connects to {}", slot, place.text()), [=](Caller& caller) {
    std::string seen = open_at(caller, slot, transport);
    const auto where = caller.resolve(place);
    return seen + ' ' + outcome(connect(caller.fd(slot), where.address(), where.length));
  });
}

// More than fits, so that windows and buffers fill.
void a_flood(Generator& generator) {
  const int slot = generator.pick([](const auto& each) { return is_socket(each) && each.connected; });
  if (slot < 0) return;
  const std::size_t size = generator.one_in(4) ? Caller::kRoom : 20'000;
  generator.add(fmt::format("send(s{}, {}, MSG_NOSIGNAL)", slot, size), [=](Caller& caller) {
    std::memset(caller.room(), 'f', size);
    return outcome(send(caller.fd(slot), caller.room(), size, MSG_NOSIGNAL));
  });
}

void a_tcp_option(Generator& generator) {
  const int slot = generator.pick(is_tcp);
  if (slot < 0) return;
  struct Option {
    int level;
    int name;
    int value;
  };
  constexpr Option kOptionsOfTcp[] = {
      {SOL_SOCKET, SO_KEEPALIVE, 1},  {IPPROTO_TCP, TCP_KEEPIDLE, 1},       {IPPROTO_TCP, TCP_KEEPINTVL, 1},
      {IPPROTO_TCP, TCP_KEEPCNT, 2},  {IPPROTO_TCP, TCP_USER_TIMEOUT, 700}, {IPPROTO_TCP, TCP_DEFER_ACCEPT, 2},
      {IPPROTO_TCP, TCP_CORK, 1},     {IPPROTO_TCP, TCP_SYNCNT, 1},         {SOL_SOCKET, SO_RCVBUF, 2'000},
      {SOL_SOCKET, SO_SNDBUF, 2'000}, {SOL_SOCKET, SO_REUSEPORT, 1},        {SOL_SOCKET, SO_RCVLOWAT, 500}};
  const Option option = generator.one_of(kOptionsOfTcp);
  generator.add(
      fmt::format("setsockopt(s{}, {}, {}, {})", slot, option.level, option.name, option.value), [=](Caller& caller) {
        if (option.level == IPPROTO_TCP && caller.domain(slot) == AF_UNIX) return std::string("not asked");
        if (caller.type(slot) != SOCK_STREAM) return std::string("not asked");
        if (option.name == SO_RCVLOWAT && caller.domain(slot) == AF_UNIX) return std::string("not asked");
        return outcome(setsockopt(caller.fd(slot), option.level, option.name, &option.value, sizeof option.value));
      });
}

// ---- time ----

void a_short_timer(Generator& generator) {
  const int slot = generator.pick([](const auto& each) { return each.kind == SlotKind::timerfd; });
  if (slot < 0) return;
  const long after_us = 1 + generator.number(20'000);
  const long every_us = generator.one_in(2) ? 0 : 500 + generator.number(20'000);
  generator.add(fmt::format("timerfd_settime(s{}, {} us, every {} us)", slot, after_us, every_us), [=](Caller& caller) {
    itimerspec value{};
    value.it_value.tv_nsec = after_us * 1'000;
    value.it_interval.tv_nsec = every_us * 1'000;
    return outcome(timerfd_settime(caller.fd(slot), 0, &value, nullptr));
  });
}

void a_clock(Generator& generator) {
  const int clock = generator.one_of({CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_PROCESS_CPUTIME_ID});
  generator.add(fmt::format("clock_gettime({})", clock), [=](Caller&) {
    timespec now{};
    clock_gettime(clock, &now);
    return fmt::format("{}.{:09}", now.tv_sec, now.tv_nsec);
  });
}

void some_entropy(Generator& generator) {
  generator.add("getrandom(8)", [](Caller& caller) {
    const ssize_t got = getrandom(caller.room(), 8, 0);
    return hex(caller.room(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  });
}

// ---- signals ----

int handled = 0;
void handle(int signal) { handled += signal; }

constexpr int kRealTime = 35;
constexpr int kSignals[] = {SIGUSR1, SIGUSR2, SIGALRM, kRealTime};

// How a process begins here, since the default is to die.
void a_handler(Generator& generator) {
  const int signal = generator.one_of(kSignals);
  const bool ignored = generator.one_in(4);
  generator.add(fmt::format("sigaction({}, {})", signal, ignored ? "ignored" : "handled"), [=](Caller&) {
    struct sigaction action {};
    action.sa_handler = ignored ? SIG_IGN : handle;
    action.sa_flags = SA_RESTART;
    return outcome(sigaction(signal, &action, nullptr));
  });
}

// A signal that has no handler yet is not sent.
void a_signal(Generator& generator) {
  const int signal = generator.one_of(kSignals);
  const bool queued = generator.one_in(2);
  generator.add(fmt::format("{}({})", queued ? "sigqueue" : "kill", signal), [=](Caller&) {
    struct sigaction action {};
    sigaction(signal, nullptr, &action);
    if (action.sa_handler == SIG_DFL) return std::string("not sent");
    const int result = queued ? sigqueue(getpid(), signal, {}) : kill(getpid(), signal);
    return fmt::format("{}, {} handled", outcome(result), handled);
  });
}

void a_mask(Generator& generator) {
  const int signal = generator.one_of(kSignals);
  const int how = generator.one_of({SIG_BLOCK, SIG_UNBLOCK});
  generator.add(fmt::format("sigprocmask({}, {})", how, signal), [=](Caller&) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    const int result = sigprocmask(how, &set, nullptr);
    sigset_t pending;
    sigemptyset(&pending);
    sigpending(&pending);
    return fmt::format("{}, pending {}, {} handled", outcome(result), sigismember(&pending, signal), handled);
  });
}

void an_alarm(Generator& generator) {
  const long after_us = generator.number(50'000);
  generator.add(fmt::format("setitimer({} us)", after_us), [=](Caller&) {
    struct sigaction action {};
    sigaction(SIGALRM, nullptr, &action);
    if (action.sa_handler == SIG_DFL) return std::string("not set");
    itimerval value{};
    value.it_value.tv_usec = after_us;
    itimerval old{};
    const int result = setitimer(ITIMER_REAL, &value, &old);
    return fmt::format("{}, there were {} us", outcome(result), old.it_value.tv_usec);
  });
}

// ---- descriptors that travel ----

// Not sockets of AF_UNIX: what only its own messages refer to is never collected.
void a_passing(Generator& generator) {
  const int slot = generator.pick([](const auto& each) { return is_unix(each) && each.connected; });
  const int passed = generator.pick([](const auto&) { return true; });
  if (slot < 0) return;
  generator.add(fmt::format("sendmsg(s{}, with s{}, MSG_NOSIGNAL)", slot, passed), [=](Caller& caller) {
    if (caller.domain(slot) != AF_UNIX || caller.domain(passed) == AF_UNIX) return std::string("not sent");
    const ::test::PassedDescriptor passing(caller.fd(passed));
    return outcome(sendmsg(caller.fd(slot), &passing.message, MSG_NOSIGNAL));
  });
}

void a_taking(Generator& generator) {
  const int slot = generator.pick([](const auto& each) { return is_unix(each) && each.connected; });
  if (slot < 0 || generator.full()) return;
  const int taken = generator.add_slot(SlotKind::eventfd);
  const int flags = generator.one_of<int>({0, MSG_PEEK, MSG_CMSG_CLOEXEC});
  generator.add(fmt::format("s{} of recvmsg(s{}, {})", taken, slot, message_flags(flags)), [=](Caller& caller) {
    iovec part{caller.room(), 100};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = caller.domain(slot) == AF_UNIX ? sizeof control : 0;
    std::string seen = outcome(recvmsg(caller.fd(slot), &message, flags));
    const cmsghdr* const header = CMSG_FIRSTHDR(&message);
    if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return seen;
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
    return seen + ' ' + caller.keep(taken, fd);
  });
}

constexpr Kind kKinds[] = {{4, a_service}, {30, a_client},    {10, a_flood},  {8, a_tcp_option}, {6, a_short_timer},
                           {3, a_clock},   {2, some_entropy}, {6, a_handler}, {6, a_signal},     {4, a_mask},
                           {4, an_alarm},  {5, a_passing},    {6, a_taking}};

}  // namespace

const std::span<const Kind> kAmongHosts(kKinds);

void forget_handled_signals() { handled = 0; }

}  // namespace stillpoint::test
