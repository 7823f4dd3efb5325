// signal(7), "Interruption of system calls and library functions by signal handlers".
#include <fcntl.h>
#include <poll.h>
#include <semaphore.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <atomic>

#include "tests/conformance/handlers.hpp"

namespace stillpoint::test {
namespace {

// ---- calls that are interrupted ----

// Makes the call while a signal comes, whose handler may or may not ask for restarting; then lets it end by `release`.
void interrupt(World& w, std::string_view what, int flags, const std::function<std::string()>& call,
               const std::function<void()>& release) {
  Handlers h;
  h.on(SIGUSR1, flags);
  std::string observed;
  {
    Soon soon(w, [&, self = pthread_self()] {
      pthread_kill(self, SIGUSR1);
      w.pass(30ms);
      release();
    });
    observed = call();
  }
  w.note(what, observed + ", seen " + take_seen());
}

void blocking_on(World& w, int fd) {
  const int flags = fcntl(fd, F_GETFL);
  fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
  static_cast<void>(w);
}

void interrupted_read(World& w) {
  for (const int flags : {0, SA_RESTART}) {
    const int fd = w.keep(eventfd(0, 0));
    interrupt(
        w, flags == 0 ? "interrupted" : "restarted", flags,
        [&] {
          std::uint64_t value = 0;
          const long got = read(fd, &value, sizeof value);
          return got < 0 ? result(got) : "value " + std::to_string(value);
        },
        [&] {
          const std::uint64_t value = 7;
          static_cast<void>(write(fd, &value, sizeof value));
        });
  }
}

void interrupted_accept(World& w) {
  for (const int flags : {0, SA_RESTART}) {
    const int listener = w.listener();
    blocking_on(w, listener);
    const int user = w.socket();
    interrupt(
        w, flags == 0 ? "interrupted" : "restarted", flags,
        [&] {
          const int fd = ::accept(listener, nullptr, nullptr);
          return fd < 0 ? result(fd) : (w.keep(fd), "fd");
        },
        [&] { w.connect(user, listener); });
  }
}

void interrupted_receive(World& w) {
  for (const int flags : {0, SA_RESTART}) {
    const auto [user, server] = w.connected();
    blocking_on(w, server);
    interrupt(
        w, flags == 0 ? "interrupted" : "restarted", flags, [&, fd = server] { return w.receive(fd); },
        [&, fd = user] { w.send(fd, "hello"); });
  }
}

void interrupted_send(World& w) {
  const auto [user, server] = w.connected();
  // Fill it, then send on a descriptor that blocks: nothing is taken.
  const std::string much(1 << 20, 'x');
  while (::send(user, much.data(), much.size(), MSG_NOSIGNAL) > 0) {
  }
  w.settle();
  while (::send(user, much.data(), much.size(), MSG_NOSIGNAL) > 0) {
  }
  blocking_on(w, user);
  interrupt(
      w, "interrupted", 0, [&, fd = user] { return result(::send(fd, "y", 1, MSG_NOSIGNAL)); }, [] {});
}

// What a call took before it was interrupted is its result, also with SA_RESTART.
void interrupted_in_the_midst(World& w) {
  for (const int flags : {0, SA_RESTART}) {
    const auto [user, server] = w.connected();
    blocking_on(w, user);
    const std::string much(16 << 20, 'x');
    long sent = 0;
    interrupt(
        w, flags == 0 ? "without restart" : "with it", flags,
        [&, fd = user] {
          sent = ::send(fd, much.data(), much.size(), MSG_NOSIGNAL);
          return sent > 0 && sent < static_cast<long>(much.size()) ? "a part" : result(sent);
        },
        [] {});
    w.close(server);
  }
}

// Never begun again, whatever the handler asks for.
void interrupted_waits(World& w) {
  for (const int flags : {0, SA_RESTART}) {
    const std::string how = flags == 0 ? "" : " despite SA_RESTART";
    const int fd = w.eventfd();
    const int epoll = w.epoll();
    w.add(epoll, fd, EPOLLIN, 1);
    interrupt(
        w, "poll" + how, flags,
        [&] {
          pollfd entry{fd, POLLIN, 0};
          return result(::poll(&entry, 1, 1'000));
        },
        [] {});
    interrupt(
        w, "epoll_wait" + how, flags,
        [&] {
          epoll_event event;
          return result(epoll_wait(epoll, &event, 1, 1'000));
        },
        [] {});
    interrupt(
        w, "nanosleep" + how, flags,
        [&] {
          const timespec second{1, 0};
          timespec left{};
          const std::string slept = result(nanosleep(&second, &left));
          return slept + (left.tv_sec == 0 && left.tv_nsec > 800'000'000 ? ", most is left" : ", nothing is left");
        },
        [] {});
    interrupt(
        w, "clock_nanosleep" + how, flags,
        [&] {
          const timespec second{1, 0};
          return std::string(strerrorname_np(clock_nanosleep(CLOCK_MONOTONIC, 0, &second, nullptr)));
        },
        [] {});
    interrupt(
        w, "usleep" + how, flags, [&] { return result(usleep(500'000)); }, [] {});
    interrupt(
        w, "sleep" + how, flags, [&] { return std::to_string(sleep(3)) + " left"; }, [] {});
    interrupt(
        w, "pause" + how, flags, [&] { return result(pause()); }, [] {});
    interrupt(
        w, "sigsuspend" + how, flags,
        [&] {
          const sigset_t none = set_of({});
          return result(sigsuspend(&none));
        },
        [] {});
  }
}

void interrupted_absolute_sleep(World& w) {
  for (const clockid_t clock : {CLOCK_MONOTONIC, CLOCK_REALTIME}) {
    interrupt(
        w, "clock_nanosleep", SA_RESTART,
        [&] {
          timespec then{};
          clock_gettime(clock, &then);
          then.tv_sec += 1;
          return std::string(strerrorname_np(clock_nanosleep(clock, TIMER_ABSTIME, &then, nullptr)));
        },
        [] {});
  }
}

void ignored_signals_interrupt_nothing(World& w) {
  Handlers h;
  h.use(SIGUSR1);
  ::signal(SIGUSR1, SIG_IGN);
  Soon soon(w, [self = pthread_self()] {
    pthread_kill(self, SIGUSR1);
    pthread_kill(self, SIGCHLD);
    kill(getpid(), SIGWINCH);
  });
  pollfd entry{w.eventfd(), POLLIN, 0};
  w.note("poll", result(::poll(&entry, 1, 80)));
}

void blocked_signals_interrupt_nothing(World& w) {
  Handlers h;
  h.on(SIGUSR1);
  h.block({SIGUSR1});
  Soon soon(w, [self = pthread_self()] { pthread_kill(self, SIGUSR1); });
  pollfd entry{w.eventfd(), POLLIN, 0};
  w.note("poll", result(::poll(&entry, 1, 80)));
  w.note("seen", take_seen());
  h.unblock({SIGUSR1});
  w.note("seen then", take_seen());
}

void locks_wait_on(World& w) {
  Handlers h;
  h.on(SIGUSR1);
  const pthread_t self = pthread_self();
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
  std::atomic<bool> held = false;
  {
    std::thread owner([&] {
      pthread_mutex_lock(&mutex);
      held = true;
      w.pass(30ms);
      pthread_kill(self, SIGUSR1);
      w.pass(30ms);
      seen += " unlock";
      pthread_mutex_unlock(&mutex);
    });
    while (!held) w.pass(1ms);
    w.note("lock", result(pthread_mutex_lock(&mutex)));
    owner.join();
  }
  w.note("the handler runs while it waits", take_seen());
  {
    Soon soon(w, [&] {
      pthread_kill(self, SIGUSR1);
      w.pass(30ms);
      pthread_mutex_lock(&mutex);
      seen += " signal";
      pthread_cond_signal(&condition);
      pthread_mutex_unlock(&mutex);
    });
    w.note("condition", result(pthread_cond_wait(&condition, &mutex)));
    pthread_mutex_unlock(&mutex);
  }
  w.note("and there", take_seen());
  {
    std::thread slow([&] {
      w.pass(30ms);
      pthread_kill(self, SIGUSR1);
      w.pass(30ms);
      seen += " end";
    });
    slow.join();
  }
  w.note("and in join", take_seen());
}

void semaphores(World& w) {
  for (const int flags : {0, SA_RESTART}) {
    sem_t semaphore;
    sem_init(&semaphore, 0, 0);
    interrupt(
        w, flags == 0 ? "sem_wait" : "sem_wait restarted", flags, [&] { return result(sem_wait(&semaphore)); },
        [&] { sem_post(&semaphore); });
    if (flags == 0) sem_wait(&semaphore);
    interrupt(
        w, flags == 0 ? "sem_timedwait" : "sem_timedwait with SA_RESTART", flags,
        [&] {
          timespec then{};
          clock_gettime(CLOCK_REALTIME, &then);
          then.tv_sec += 2;
          return result(sem_timedwait(&semaphore, &then));
        },
        [&] { sem_post(&semaphore); });
    sem_destroy(&semaphore);
  }
}

constexpr Case kCases[] = {{"an interrupted read", interrupted_read},
                           {"an interrupted accept", interrupted_accept},
                           {"an interrupted receive", interrupted_receive},
                           {"an interrupted send", interrupted_send},
                           {"interrupted in the midst", interrupted_in_the_midst},
                           {"interrupted waits", interrupted_waits},
                           {"an interrupted sleep to a time", interrupted_absolute_sleep},
                           {"ignored signals interrupt nothing", ignored_signals_interrupt_nothing},
                           {"blocked signals interrupt nothing", blocked_signals_interrupt_nothing},
                           {"locks wait on", locks_wait_on},
                           {"semaphores are interrupted", semaphores}};

const Suite kSuite("signal_interrupts", kCases);

}  // namespace

}  // namespace stillpoint::test
