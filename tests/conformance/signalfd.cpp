// signalfd(2).
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include <thread>

#include "tests/conformance/world.hpp"

namespace stillpoint::test {
namespace {

sigset_t set_of(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  return set;
}

// Blocks signals while a case runs, and leaves none of them pending.
class Blocked {
 public:
  explicit Blocked(std::initializer_list<int> signals) : signals_(signals) {
    const sigset_t set = set_of(signals);
    pthread_sigmask(SIG_BLOCK, &set, &before_);
  }
  Blocked(const Blocked&) = delete;
  Blocked& operator=(const Blocked&) = delete;
  ~Blocked() {
    for (const int number : signals_) {
      signal(number, SIG_IGN);
      signal(number, SIG_DFL);
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  std::vector<int> signals_;
  sigset_t before_{};
};

int make(World& w, std::initializer_list<int> signals, int flags = SFD_NONBLOCK) {
  const sigset_t set = set_of(signals);
  return w.keep(signalfd(-1, &set, flags));
}

std::string read_one(int fd) {
  signalfd_siginfo info{};
  const ssize_t got = read(fd, &info, sizeof info);
  if (got < 0) return result(got);
  std::string text = "signal " + std::to_string(info.ssi_signo);
  text += info.ssi_code == SI_USER    ? " USER"
          : info.ssi_code == SI_QUEUE ? " QUEUE"
          : info.ssi_code == SI_TKILL ? " TKILL"
                                      : " ?";
  if (info.ssi_pid == static_cast<std::uint32_t>(getpid())) text += " self";
  if (info.ssi_code == SI_QUEUE) text += " value " + std::to_string(info.ssi_int);
  return text;
}

void reads(World& w) {
  const Blocked blocked{SIGUSR1, SIGUSR2};
  const int fd = make(w, {SIGUSR1, SIGUSR2});
  w.note("nothing yet", w.ready(fd) + ' ' + read_one(fd));
  kill(getpid(), SIGUSR2);
  raise(SIGUSR1);
  w.note("ready", w.ready(fd));
  w.note("first", read_one(fd));
  w.note("second", read_one(fd));
  w.note("no third", read_one(fd));
  w.note("ready no more", w.ready(fd));
}

void only_its_own(World& w) {
  const Blocked blocked{SIGUSR1, SIGUSR2};
  const int fd = make(w, {SIGUSR1});
  raise(SIGUSR2);
  w.note("another signal", w.ready(fd) + ' ' + read_one(fd));
  const sigset_t other = set_of({SIGUSR2, SIGKILL});
  w.note("change what it takes", signalfd(fd, &other, 0) == fd);
  w.note("now", w.ready(fd) + ' ' + read_one(fd));
}

void several_in_one_read(World& w) {
  const Blocked blocked{SIGRTMIN, SIGRTMIN + 1};
  const int fd = make(w, {SIGRTMIN, SIGRTMIN + 1});
  for (int i = 0; i < 3; ++i) {
    const sigval value{i};
    sigqueue(getpid(), SIGRTMIN, value);
  }
  raise(SIGRTMIN + 1);
  signalfd_siginfo infos[3] = {};
  char rest[100];
  const iovec parts[] = {{infos, sizeof infos}, {rest, sizeof rest}};
  const ssize_t got = readv(fd, parts, 2);
  w.note("records", std::to_string(got / static_cast<ssize_t>(sizeof(signalfd_siginfo))));
  w.note("values", std::to_string(infos[0].ssi_int) + std::to_string(infos[1].ssi_int));
  w.note("more", read_one(fd));
  w.note("and more", read_one(fd));
}

void wrong_arguments(World& w) {
  const Blocked blocked{SIGUSR1};
  const int fd = make(w, {SIGUSR1});
  const sigset_t set = set_of({SIGUSR1});
  w.note("unknown flag", result(signalfd(-1, &set, 1)));
  w.note("of nothing", result(signalfd(9'999, &set, 0)));
  w.note("of an eventfd", result(signalfd(w.eventfd(), &set, 0)));
  raise(SIGUSR1);
  char small[100];
  w.note("short read", result(read(fd, small, sizeof small)));
  w.note("write", result(write(fd, small, sizeof small)));
  w.note("it is still there", read_one(fd));
}

void waits(World& w) {
  const Blocked blocked{SIGUSR1};
  const int fd = make(w, {SIGUSR1}, 0);
  std::thread soon([&] {
    w.pass(30ms);
    kill(getpid(), SIGUSR1);
  });
  w.note("read", read_one(fd));
  soon.join();
  std::thread again([&] {
    w.pass(30ms);
    kill(getpid(), SIGUSR1);
  });
  w.note("readable", w.wait_for(fd, POLLIN));
  again.join();
  w.note("read again", read_one(fd));
}

void in_epoll(World& w) {
  const Blocked blocked{SIGUSR1, SIGUSR2};
  const int fd = make(w, {SIGUSR1, SIGUSR2});
  const int epoll = w.epoll();
  w.add(epoll, fd, EPOLLIN | EPOLLET, 1);
  w.note("nothing", w.events(epoll));
  kill(getpid(), SIGUSR1);
  w.note("an edge", w.events(epoll));
  w.note("once", w.events(epoll));
  kill(getpid(), SIGUSR2);
  w.note("another", w.events(epoll));
  int number = 0;
  const sigset_t first = set_of({SIGUSR1});
  sigwait(&first, &number);
  w.note("taken elsewhere", read_one(fd));
  w.note("left", read_one(fd));
}

void not_blocked(World& w) {
  static int handled;
  handled = 0;
  const Blocked blocked{SIGUSR2};
  const int fd = make(w, {SIGUSR1});
  signal(SIGUSR1, [](int) { ++handled; });
  raise(SIGUSR1);
  w.note("the handler took it", std::to_string(handled) + ' ' + read_one(fd));
  signal(SIGUSR1, SIG_DFL);
}

// A thread reads what is pending for itself and for the process, not for another thread.
void threads(World& w) {
  const Blocked blocked{SIGUSR1, SIGUSR2};
  const int fd = make(w, {SIGUSR1, SIGUSR2});
  raise(SIGUSR1);
  kill(getpid(), SIGUSR2);
  std::string first, second;
  std::thread other([&] {
    first = read_one(fd);
    second = read_one(fd);
  });
  other.join();
  w.note("another thread", first + ", " + second);
  w.note("this one", read_one(fd));
}

constexpr Case kCases[] = {{"signals read", reads},
                           {"a signalfd takes only its own", only_its_own},
                           {"several signals in one read", several_in_one_read},
                           {"wrong arguments", wrong_arguments},
                           {"a read that waits", waits},
                           {"a signalfd in epoll", in_epoll},
                           {"a signal that is not blocked", not_blocked},
                           {"a signalfd and threads", threads}};

const Suite kSuite("signalfd", kCases);

}  // namespace

}  // namespace stillpoint::test
