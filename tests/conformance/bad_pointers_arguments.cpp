// Arguments and answers of calls that lie where no memory is: which error comes first, and what was done all the same.
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "tests/conformance/bad_pointers.hpp"
#include "tests/conformance/unix.hpp"
#include "tests/conformance/world.hpp"

namespace stillpoint::test {
namespace {

using namespace bad_pointers;

// ---- addresses ----

void addresses(World& w) {
  const int fd = w.socket();
  const int event = w.eventfd();
  const auto* address = bad<sockaddr>();
  w.note("bind", result(::bind(fd, address, 16)) + ", " + result(::bind(event, address, 16)));
  w.note("connect", result(::connect(fd, address, 16)) + ", " + result(::connect(-1, address, 16)));
  w.note("what is no socket", result(::connect(event, address, 16)));
  w.note("no length", result(::bind(fd, address, 0)) + ", " + result(::connect(fd, address, 0)));
  w.note("a negative one", result(::connect(fd, address, static_cast<socklen_t>(-1))));
  w.note("too long", result(::connect(fd, address, 200)));
  const Memory memory;
  w.note("half of it is there", result(::bind(fd, reinterpret_cast<sockaddr*>(memory.last(8)), 16)));
  const auto [from, to] = udp_sockets(w);
  w.note("sendto", result(sendto(from, "x", 1, 0, address, 16)) + ", " + result(sendto(from, bad(), 1, 0, address, 0)));
  w.note("it still works", w.bind(fd, INADDR_LOOPBACK, 0) + ", " + w.local(fd));
}

void own_names(World& w) {
  const auto [user, server] = w.connected();
  socklen_t length = 16;
  w.note("getsockname", result(getsockname(user, bad<sockaddr>(), &length)));
  w.note("getpeername", result(getpeername(user, bad<sockaddr>(), &length)));
  w.note("null", result(getsockname(user, static_cast<sockaddr*>(null()), &length)));
  length = 0;
  w.note("no room", result(getsockname(user, bad<sockaddr>(), &length)) + ", " + std::to_string(length));
  length = static_cast<socklen_t>(-1);
  w.note("a negative length", result(getsockname(user, bad<sockaddr>(), &length)));
  if (kBadLengths) {
    sockaddr_in name{};
    auto* place = reinterpret_cast<sockaddr*>(&name);
    w.note("no length", result(getsockname(user, place, bad<socklen_t>())));
    w.note("not connected", result(getpeername(w.socket(), place, bad<socklen_t>())));
    w.note("no socket", result(getsockname(w.eventfd(), place, bad<socklen_t>())));
    const Memory memory;
    *memory.last_as<socklen_t>() = 0;
    memory.read_only();
    w.note("a length that is not to be written", result(getsockname(user, place, memory.last_as<socklen_t>())));
  }
  w.note("it still works", w.local(user));
}

void accepting(World& w) {
  const int listener = w.listener();
  const int first = w.socket();
  w.note("connect", w.connect(first, listener));
  w.settle();
  const int before = next_descriptor();
  socklen_t length = 16;
  w.note("accept", result(::accept(listener, bad<sockaddr>(), &length)));
  w.note("the connection is lost", w.accept(listener));
  w.settle();
  w.note("its end", w.receive(first));
  w.note("nothing was left open", next_descriptor() == before);
  const int second = w.socket();
  w.note("connect", w.connect(second, listener));
  w.settle();
  length = static_cast<socklen_t>(-1);
  sockaddr_in address{};
  w.note("a negative length", result(::accept(listener, reinterpret_cast<sockaddr*>(&address), &length)));
  w.note("the connection is lost", w.accept(listener));
  const int third = w.socket();
  w.note("connect", w.connect(third, listener));
  w.settle();
  length = 0;
  w.note("of no room for it", w.keep(::accept(listener, bad<sockaddr>(), &length)) >= 0);
  w.note("nobody is there", result(::accept(listener, bad<sockaddr>(), &length)));
}

void senders(World& w) {
  const auto [from, to] = udp_sockets(w);
  w.note("three", w.send(from, "one") + w.send(from, "two") + w.send(from, "three"));
  w.settle();
  char text[10];
  socklen_t length = 16;
  w.note("a bad place", result(recvfrom(to, text, sizeof text, 0, bad<sockaddr>(), &length)));
  sockaddr_in address{};
  auto* place = reinterpret_cast<sockaddr*>(&address);
  length = static_cast<socklen_t>(-1);
  w.note("a negative length", result(recvfrom(to, text, sizeof text, 0, place, &length)));
  w.note("the third", w.receive(to));
  const auto [user, server] = w.connected();
  w.send(user, "abc");
  w.settle();
  length = 16;
  w.note("of a stream there is none to write",
         result(recvfrom(server, text, sizeof text, 0, bad<sockaddr>(), &length)));
  w.note("length", std::to_string(length));
}

// ---- options ----

void options(World& w) {
  const int fd = w.socket();
  socklen_t length = sizeof(int);
  w.note("get", result(getsockopt(fd, SOL_SOCKET, SO_TYPE, bad(), &length)));
  w.note("get", result(getsockopt(fd, IPPROTO_TCP, 1 /* TCP_NODELAY */, bad(), &length)));
  w.note("of no length", result(getsockopt(fd, SOL_SOCKET, SO_TYPE, null(), &(length = 0))));
  length = static_cast<socklen_t>(-1);
  w.note("of a negative length", result(getsockopt(fd, SOL_SOCKET, SO_TYPE, bad(), &length)));
  int value = 0;
  if (kBadLengths) w.note("no length", result(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, bad<socklen_t>())));
  w.note("set", result(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, bad(), 4)));
  w.note("too short", result(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, bad(), 3)));
  w.note("a negative length", result(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, bad(), static_cast<socklen_t>(-1))));
  w.note("linger", result(setsockopt(fd, SOL_SOCKET, SO_LINGER, bad(), sizeof(linger))));
  w.note("a time", result(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, bad(), sizeof(timeval))));
  w.note("of TCP",
         result(setsockopt(fd, IPPROTO_TCP, 1, bad(), 4)) + ", " + result(setsockopt(fd, IPPROTO_TCP, 1, bad(), 3)));
  const Memory memory;
  *memory.last_as<int>() = 1;
  w.note("what is read is there", result(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, memory.last_as<int>(), 100)));
  w.note("it is set", w.get(fd, SOL_SOCKET, SO_REUSEADDR));
  const int nobody = w.socket();
  w.note("an error", w.connect(nobody, INADDR_LOOPBACK, 1));
  w.settle();
  length = sizeof value;
  w.note("nowhere to be put", result(getsockopt(nobody, SOL_SOCKET, SO_ERROR, bad(), &length)));
  w.note("is taken all the same", w.pending_error(nobody));
}

// ---- two descriptors at once ----

void no_memory_for_the_ends(World& w) {
  const int before = next_descriptor();
  w.note("pipe", result(pipe(bad<int>())) + ", " + result(pipe2(static_cast<int*>(null()), 0)));
  w.note("wrong flags come first", result(pipe2(bad<int>(), 0x7777777)));
  w.note("socketpair", result(socketpair(AF_UNIX, SOCK_STREAM, 0, bad<int>())));
  w.note("before it is looked at what they are", result(socketpair(AF_INET, SOCK_STREAM, 0, bad<int>())));
  w.note("but not the type's flags", result(socketpair(AF_UNIX, 0x1234567, 0, bad<int>())));
  const Memory memory;
  w.note("room for one", result(pipe(memory.last_as<int>())));
  w.note("nothing was left open", next_descriptor() == before);
}

// ---- readiness ----

void epoll_reports(World& w) {
  const int epoll = w.epoll();
  w.note("nothing to report", result(epoll_wait(epoll, bad<epoll_event>(), 4, 0)));
  for (int i = 0; i < 3; ++i) w.add(epoll, w.eventfd(1), EPOLLIN, i);
  w.note("bad", result(epoll_wait(epoll, bad<epoll_event>(), 4, 0)));
  w.note("null", result(epoll_wait(epoll, static_cast<epoll_event*>(null()), 4, 0)));
  const Memory memory;
  w.note("room for one", result(epoll_wait(epoll, memory.last_as<epoll_event>(), 4, 0)));
  w.note("which was", std::to_string(memory.last_as<epoll_event>()->data.u64));
  w.note("all", w.events(epoll));
  const int edges = w.epoll();
  const int event = w.eventfd(1);
  w.add(edges, event, EPOLLIN | EPOLLET, 7);
  w.note("an edge", result(epoll_wait(edges, bad<epoll_event>(), 4, 0)));
  w.note("is not lost", w.events(edges) + ", then " + w.events(edges));
  w.modify(edges, event, EPOLLIN | EPOLLONESHOT, 8);
  w.note("one shot", result(epoll_wait(edges, bad<epoll_event>(), 4, 0)));
  w.note("is not lost", w.events(edges) + ", then " + w.events(edges));
}

void epoll_arguments(World& w) {
  const int epoll = w.epoll();
  const int event = w.eventfd(1);
  epoll_event* wrong = bad<epoll_event>();
  w.note("add", result(epoll_ctl(epoll, EPOLL_CTL_ADD, event, wrong)));
  w.note("add to nothing", result(epoll_ctl(-1, EPOLL_CTL_ADD, event, wrong)));
  w.note("an unknown operation", result(epoll_ctl(epoll, 77, event, wrong)));
  w.add(epoll, event, EPOLLIN, 1);
  w.note("modify", result(epoll_ctl(epoll, EPOLL_CTL_MOD, event, wrong)));
  w.note("delete", result(epoll_ctl(epoll, EPOLL_CTL_DEL, event, wrong)));
  w.note("no events",
         result(epoll_wait(epoll, wrong, 0, 0)) + ", " + result(epoll_wait(epoll, wrong, the_negative, 0)));
  w.note("too many", result(epoll_wait(epoll, wrong, 1 << 30, 0)));
  w.note("no descriptor", result(epoll_wait(-1, wrong, 4, 0)));
  w.note("no epoll", result(epoll_wait(event, wrong, 4, 0)));
  auto* kernels = static_cast<epoll_event*>(of_the_kernel());
  w.note("the kernel's memory",
         result(epoll_wait(event, kernels, 4, 0)) + ", " + result(epoll_wait(epoll, kernels, 4, 0)));
  epoll_event one;
  w.note("a mask", result(epoll_pwait(epoll, &one, 1, 0, bad<sigset_t>())));
  w.note("a time", result(epoll_pwait2(-1, &one, 1, bad<timespec>(), nullptr)));
}

void polling(World& w) {
  const int event = w.eventfd(1);
  w.note("bad", result(poll(bad<pollfd>(), 1, 0)) + ", " + result(poll(static_cast<pollfd*>(null()), 1, 0)));
  w.note("of none", result(poll(bad<pollfd>(), 0, 0)));
  if (kBadLengths) {
    w.note("counted in 32 bits", result(poll(static_cast<pollfd*>(null()), 1ul << 40, 0)));
    w.note("of which one is left", result(poll(static_cast<pollfd*>(null()), (1ul << 32) + 1, 0)));
    w.note("too many", result(poll(bad<pollfd>(), 1ul << 31, 0)));
  }
  const Memory memory;
  *memory.last_as<pollfd>() = {event, POLLIN, 0};
  w.note("one of two is there", result(poll(memory.last_as<pollfd>(), 2, 0)));
  w.note("the one", result(poll(memory.last_as<pollfd>(), 1, 0)));
  memory.read_only();
  w.note("which is not to be written", result(poll(memory.last_as<pollfd>(), 1, 0)));
  const timespec now{0, 0};
  w.note("a mask", result(ppoll(bad<pollfd>(), 1, &now, bad<sigset_t>())));
}

void selecting(World& w) {
  const int event = w.eventfd(1);
  fd_set* wrong = bad<fd_set>();
  timeval now{0, 0};
  w.note("of none", result(select(0, wrong, wrong, wrong, &now)));
  w.note("in", result(select(event + 1, wrong, nullptr, nullptr, &now)));
  w.note("out", result(select(event + 1, nullptr, wrong, nullptr, &now)));
  w.note("except", result(select(event + 1, nullptr, nullptr, wrong, &now)));
  w.note("fewer than none", result(select(-1, wrong, nullptr, nullptr, &now)));
  w.note("very many", result(select(2'000'000, wrong, nullptr, nullptr, &now)));
  const Memory memory;
  auto* set = reinterpret_cast<fd_set*>(memory.last(8 * sizeof(long)));
  std::memset(set, 0, 8 * sizeof(long));
  FD_SET(event, set);
  w.note("as much of a set as is needed", result(select(event + 1, set, nullptr, nullptr, &now)));
  memory.read_only();
  w.note("not to be written", result(select(event + 1, set, nullptr, nullptr, &now)));
  const timespec none{0, 0};
  w.note("a mask", result(pselect(0, nullptr, nullptr, nullptr, &none, bad<sigset_t>())));
}

// ---- descriptors that count ----

void counters(World& w) {
  const Memory memory;
  const int event = w.eventfd(5);
  w.note("eventfd", result(::read(event, bad(), 8)));
  w.note("its count is gone", read(event, 8));
  w.note("nothing to read", result(::read(event, bad(), 8)));
  w.note("too short", result(::read(event, bad(), 4)) + ", " + result(::write(event, bad(), 4)));
  w.note("half of it is there", result(::write(event, memory.last(4), 8)));
  std::uint64_t one = 1;
  const iovec parts[] = {{&one, 8}, {bad(), 8}};
  w.note("a good one, a bad one", result(writev(event, parts, 2)));
  w.note("the good one", result(::read(event, &one, 8)) + ", " + std::to_string(one));
  eventfd_write(event, 1);
  w.note("into halves", result(::read(event, memory.last(4), 8)));
  w.note("its count is gone", read(event, 8));
  const int timer = w.timerfd();
  const itimerspec soon{{0, 0}, {0, 1}};
  timerfd_settime(timer, 0, &soon, nullptr);
  w.pass(20ms);
  w.note("timerfd", result(::read(timer, bad(), 8)));
  w.note("its count is gone", read(timer, 8));
}

void timers(World& w) {
  const int timer = w.timerfd();
  auto* wrong = bad<itimerspec>();
  w.note("timerfd_settime", result(timerfd_settime(timer, 0, wrong, nullptr)));
  w.note("first of all", result(timerfd_settime(-1, 77, wrong, nullptr)));
  itimerspec late{{0, 0}, {1000, 0}};
  w.note("nowhere to put the old one", result(timerfd_settime(timer, 0, &late, wrong)));
  itimerspec found{};
  timerfd_gettime(timer, &found);
  w.note("it is set all the same", found.it_value.tv_sec >= 990);
  w.note("timerfd_gettime", result(timerfd_gettime(timer, wrong)) + ", " + result(timerfd_gettime(-1, wrong)));
  sigevent event{};
  event.sigev_notify = SIGEV_NONE;
  timer_t silent;
  w.note("timer_create", result(timer_create(CLOCK_MONOTONIC, &event, &silent)));
  w.note("timer_settime", result(timer_settime(silent, 0, wrong, nullptr)));
  w.note("nowhere to put the old one", result(timer_settime(silent, 0, &late, wrong)));
  timer_gettime(silent, &found);
  w.note("it is set all the same", found.it_value.tv_sec >= 990);
  w.note("timer_gettime", result(timer_gettime(silent, wrong)));
  timer_delete(silent);
  auto* wrong_time = bad<itimerval>();
  w.note("setitimer", result(setitimer(ITIMER_REAL, wrong_time, nullptr)));
  w.note("getitimer", result(getitimer(ITIMER_REAL, wrong_time)));
  const itimerval never{};
  w.note("nowhere to put the old one", result(setitimer(ITIMER_REAL, &never, wrong_time)));
}

void sleeping(World& w) {
  auto* wrong = bad<timespec>();
  w.note("nanosleep",
         result(nanosleep(wrong, nullptr)) + ", " + result(nanosleep(static_cast<timespec*>(null()), nullptr)));
  const timespec moment{0, 1000};
  w.note("what is left is not written", result(nanosleep(&moment, wrong)));
  w.note("clock_nanosleep", std::to_string(clock_nanosleep(CLOCK_MONOTONIC, 0, wrong, nullptr)));
  w.note("an absolute time", std::to_string(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, wrong, nullptr)));
  w.note("an unknown clock", std::to_string(clock_nanosleep(77, 0, wrong, nullptr)));
  w.note("a clock of CPU time", result(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, wrong)));
}

void waiting_at_an_address(World& w) {
  int word = 1;
  w.note("a bad word", result(syscall(SYS_futex, bad(), 0 /* FUTEX_WAIT */, 1, nullptr, nullptr, 0)));
  w.note("a bad time", result(syscall(SYS_futex, &word, 0, 1, bad(), nullptr, 0)));
}

// ---- signals ----

void signal_sets(World& w) {
  auto* wrong = bad<sigset_t>();
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigset_t before;
  w.note("nowhere to put the old mask", std::to_string(pthread_sigmask(SIG_BLOCK, nullptr, wrong)));
  w.note("it is set all the same", result(sigprocmask(SIG_BLOCK, &set, wrong)));
  sigprocmask(SIG_BLOCK, nullptr, &before);
  w.note("blocked", sigismember(&before, SIGUSR1) == 1);
  w.note("sigpending", result(sigpending(wrong)));
  w.note("sigsuspend", result(sigsuspend(wrong)));
  const timespec now{0, 0};
  w.note("sigtimedwait", result(sigtimedwait(wrong, nullptr, &now)));
  w.note("for a bad time", result(sigtimedwait(&set, nullptr, bad<timespec>())));
  raise(SIGUSR1);
  w.note("nowhere to put what came", result(sigtimedwait(&set, bad<siginfo_t>(), &now)));
  w.note("it is gone", result(sigtimedwait(&set, nullptr, &now)));
  w.note("signalfd", result(signalfd(-1, wrong, 0)) + ", " + result(signalfd(-1, wrong, 12345)));
  const int fd = w.keep(signalfd(-1, &set, SFD_NONBLOCK));
  raise(SIGUSR1);
  w.note("its read", result(::read(fd, bad(), 200)));
  w.note("the signal is gone", read(fd));
  int number = 0;
  w.note("sigwait", std::to_string(sigwait(wrong, &number)));
  w.note("sigaltstack",
         result(sigaltstack(bad<stack_t>(), nullptr)) + ", " + result(sigaltstack(nullptr, bad<stack_t>())));
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

// ---- names ----

void paths(World& w) {
  w.note("open", result(::open(bad<char>(), O_RDONLY)) + ", " + result(::open(static_cast<char*>(null()), O_RDONLY)));
  w.note("unlink", result(unlink(bad<char>())) + ", " + result(remove(bad<char>())));
  const Memory memory;
  std::memcpy(memory.last(10), "/dev/null", 10);
  w.note("it just ends", w.keep(::open(memory.last(10), O_RDONLY)) >= 0);
  std::memcpy(memory.last(9), "/dev/null", 9);
  w.note("it has no end", result(::open(memory.last(9), O_RDONLY)));
}

void what_is_asked(World& w) {
  const int fd = w.socket();
  const int event = w.eventfd();
  w.note("FIONREAD", result(ioctl(fd, FIONREAD, bad())) + ", " + result(ioctl(event, FIONREAD, bad())));
  w.note("FIONBIO", result(ioctl(fd, FIONBIO, bad())));
  w.note("fstat", result(fstat(fd, bad<struct stat>())) + ", " + result(fstat(-1, bad<struct stat>())));
  w.note("uname", result(uname(bad<utsname>())));
  w.note("sysinfo", result(sysinfo(bad<struct sysinfo>())));
  w.note("getrusage", result(getrusage(RUSAGE_SELF, bad<rusage>())));
  w.note("getrlimit",
         result(getrlimit(RLIMIT_NOFILE, bad<rlimit>())) + ", " + result(setrlimit(RLIMIT_NOFILE, bad<rlimit>())));
  uid_t user = 0;
  w.note("getresuid", result(getresuid(&user, bad<uid_t>(), &user)));
  w.note("sched_getaffinity", result(sched_getaffinity(0, sizeof(cpu_set_t), bad<cpu_set_t>())));
}

constexpr Case kCases[] = {
    {"no memory for the numbers of two descriptors", no_memory_for_the_ends},
    {"addresses", addresses},
    {"names of sockets", own_names},
    {"accept loses the connection whose address it cannot write", accepting},
    {"the sender of what is received", senders},
    {"options", options},
    {"epoll keeps what it could not report", epoll_reports},
    {"arguments of epoll", epoll_arguments},
    {"poll", polling},
    {"select", selecting},
    {"a count that could not be written is gone", counters},
    {"timers", timers},
    {"sleeping", sleeping},
    {"waiting at an address", waiting_at_an_address},
    {"sets of signals", signal_sets},
    {"paths", paths},
    {"what is asked of descriptors and of the machine", what_is_asked},
};
const Suite kSuite("bad pointers to arguments", kCases);

}  // namespace
}  // namespace stillpoint::test
