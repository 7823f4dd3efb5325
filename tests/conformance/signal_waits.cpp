// Waiting for signals: sigsuspend(2), sigwait(3), sigtimedwait(2), the masks of waiting calls; and handlers that act.
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

#include "tests/conformance/handlers.hpp"

namespace stillpoint::test {
namespace {

// ---- waiting for signals ----

void suspended(World& w) {
  Handlers h;
  h.on(SIGUSR1);
  h.on(SIGUSR2);
  h.block({SIGUSR1, SIGUSR2});
  on_signal = [](int) { seen += " mask " + blocked(); };
  raise(SIGUSR1);
  const sigset_t only_usr2 = set_of({SIGUSR2});
  w.note("sigsuspend of what is pending", result(sigsuspend(&only_usr2)));
  w.note("seen", take_seen());
  w.note("the mask is back", blocked());
  {
    Soon soon(w, [self = pthread_self()] { pthread_kill(self, SIGUSR2); });
    const sigset_t only_usr1 = set_of({SIGUSR1});
    w.note("sigsuspend", result(sigsuspend(&only_usr1)));
  }
  w.note("seen", take_seen());
  w.note("the mask is back again", blocked());
}

void waited_for(World& w) {
  Handlers h;
  h.on(SIGUSR1);
  h.use(SIGUSR2);
  h.block({SIGUSR1, SIGUSR2});
  const sigset_t both = set_of({SIGUSR1, SIGUSR2});
  raise(SIGUSR2);
  raise(SIGUSR1);
  int signal = 0;
  w.note("sigwait", result(sigwait(&both, &signal)) + ' ' + name_of(signal));
  w.note("sigwait", result(sigwait(&both, &signal)) + ' ' + name_of(signal));
  {
    Soon soon(w, [] { kill(getpid(), SIGUSR1); });
    w.note("sigwait", result(sigwait(&both, &signal)) + ' ' + name_of(signal));
  }
  w.note("no handler has run", take_seen());
  w.note("pending", pending());
}

void waited_for_with_information(World& w) {
  Handlers h;
  h.use(SIGRTMIN + 2);
  h.block({SIGRTMIN + 2});
  const sigset_t set = set_of({SIGRTMIN + 2});
  const sigval value{5};
  sigqueue(getpid(), SIGRTMIN + 2, value);
  siginfo_t info{};
  w.note("sigwaitinfo", name_of(sigwaitinfo(&set, &info)));
  w.note("number", name_of(info.si_signo));
  w.note("code", info.si_code == SI_QUEUE);
  w.note("value", std::to_string(info.si_value.sival_int));
  w.note("sender", info.si_pid == getpid());
  const timespec now{0, 0};
  w.note("nothing more", result(sigtimedwait(&set, &info, &now)));
  const timespec moment{0, 20'000'000};
  w.note("nor in a moment", result(sigtimedwait(&set, nullptr, &moment)));
  const timespec wrong{0, -1};
  w.note("wrong time", result(sigtimedwait(&set, nullptr, &wrong)));
}

void a_handler_interrupts_waiting(World& w) {
  Handlers h;
  h.on(SIGUSR1, SA_RESTART);
  h.use(SIGUSR2);
  h.block({SIGUSR2});
  const sigset_t set = set_of({SIGUSR2});
  {
    Soon soon(w, [self = pthread_self()] { pthread_kill(self, SIGUSR1); });
    w.note("sigwaitinfo", result(sigwaitinfo(&set, nullptr)));
    w.note("seen", take_seen());
  }
  {
    Soon soon(w, [self = pthread_self()] { pthread_kill(self, SIGUSR1); });
    const timespec second{1, 0};
    w.note("sigtimedwait", result(sigtimedwait(&set, nullptr, &second)));
    w.note("seen", take_seen());
  }
  {
    Soon soon(w, [&, self = pthread_self()] {
      pthread_kill(self, SIGUSR1);
      w.pass(30ms);
      pthread_kill(self, SIGUSR2);
    });
    int signal = 0;
    w.note("sigwait goes on", result(sigwait(&set, &signal)) + ' ' + name_of(signal));
    w.note("seen", take_seen());
  }
}

void a_thread_for_signals(World& w) {
  Handlers h;
  h.use(SIGTERM);
  h.use(SIGUSR1);
  h.block({SIGTERM, SIGUSR1});
  std::string got;
  std::thread thread([&] {
    const sigset_t set = set_of({SIGTERM, SIGUSR1});
    for (int signal = 0; signal != SIGTERM;) {
      sigwait(&set, &signal);
      got += name_of(signal) + ' ';
    }
  });
  w.pass(20ms);
  kill(getpid(), SIGUSR1);
  w.pass(20ms);
  kill(getpid(), SIGTERM);
  thread.join();
  w.note("it got", got);
}

void mask_of_a_wait(World& w) {
  Handlers h;
  h.on(SIGUSR1);
  h.block({SIGUSR1});
  on_signal = [](int) { seen += " mask " + blocked(); };
  const int epoll = w.epoll();
  const int fd = w.eventfd();
  w.add(epoll, fd, EPOLLIN, 1);
  const sigset_t none = set_of({});
  epoll_event event;
  raise(SIGUSR1);
  w.note("epoll_pwait, a signal pending", result(epoll_pwait(epoll, &event, 1, 1'000, &none)) + ' ' + take_seen());
  w.note("the mask is back", blocked());
  {
    Soon soon(w, [self = pthread_self()] { pthread_kill(self, SIGUSR1); });
    w.note("epoll_pwait, a signal comes", result(epoll_pwait(epoll, &event, 1, 1'000, &none)) + ' ' + take_seen());
  }
  raise(SIGUSR1);
  eventfd_write(fd, 1);
  w.note("ready, and a signal pending", result(epoll_pwait(epoll, &event, 1, 1'000, &none)) + ' ' + take_seen());
  w.note("still pending", pending());
  w.note("without a mask", result(epoll_pwait(epoll, &event, 1, 1'000, nullptr)) + ' ' + take_seen());
}

void masks_of_poll_and_select(World& w) {
  Handlers h;
  h.on(SIGUSR1);
  h.block({SIGUSR1});
  on_signal = [](int) { seen += " mask " + blocked(); };
  const int fd = w.eventfd();
  const sigset_t none = set_of({});
  const timespec second{1, 0}, at_once{0, 0};
  pollfd entry{fd, POLLIN, 0};
  const auto select_it = [fd](const timespec* time, const sigset_t* mask) {
    fd_set in;
    FD_ZERO(&in);
    FD_SET(fd, &in);
    return pselect(fd + 1, &in, nullptr, nullptr, time, mask);
  };
  raise(SIGUSR1);
  w.note("ppoll, a signal pending", result(ppoll(&entry, 1, &second, &none)) + ' ' + take_seen());
  raise(SIGUSR1);
  w.note("ppoll that does not wait", result(ppoll(&entry, 1, &at_once, &none)) + ' ' + take_seen());
  raise(SIGUSR1);
  w.note("pselect, a signal pending", result(select_it(&second, &none)) + ' ' + take_seen());
  raise(SIGUSR1);
  w.note("pselect that does not wait", result(select_it(&at_once, &none)) + ' ' + take_seen());
  w.note("the mask is back", blocked());
  {
    Soon soon(w, [self = pthread_self()] { pthread_kill(self, SIGUSR1); });
    w.note("ppoll, a signal comes", result(ppoll(&entry, 1, &second, &none)) + ' ' + take_seen());
  }
  {
    Soon soon(w, [self = pthread_self()] { pthread_kill(self, SIGUSR1); });
    w.note("pselect, a signal comes", result(select_it(&second, &none)) + ' ' + take_seen());
  }
  raise(SIGUSR1);
  eventfd_write(fd, 1);
  w.note("ppoll, ready", result(ppoll(&entry, 1, &second, &none)) + ' ' + take_seen());
  w.note("pselect, ready", result(select_it(&second, &none)) + ' ' + take_seen());
  w.note("still pending", pending());
}

void broken_pipe(World& w) {
  Handlers h;
  h.on(SIGPIPE, SA_SIGINFO);
  const auto [user, server] = w.connected();
  w.shutdown(user, SHUT_WR);
  w.note("send", result(::send(user, "x", 1, 0)) + ' ' + take_seen());
  w.note("write", result(::write(user, "x", 1)) + ' ' + take_seen());
  w.note("send, quietly", result(::send(user, "x", 1, MSG_NOSIGNAL)) + ' ' + take_seen());
  ::signal(SIGPIPE, SIG_IGN);
  w.note("ignored", result(::write(user, "x", 1)) + ' ' + take_seen());
  h.on(SIGPIPE);
  h.block({SIGPIPE});
  w.note("blocked", result(::write(user, "x", 1)) + ' ' + take_seen());
  w.note("pending", pending());
}

// The classic way into an event loop: a handler that writes to a descriptor.
void a_handler_that_writes(World& w) {
  Handlers h;
  h.on(SIGUSR1);
  const int fd = w.eventfd();
  on_signal = [fd](int) { eventfd_write(fd, 1); };
  Soon soon(w, [self = pthread_self()] { pthread_kill(self, SIGUSR1); });
  pollfd entry{fd, POLLIN, 0};
  w.note("poll", result(::poll(&entry, 1, 1'000)));
  w.note("poll again", result(::poll(&entry, 1, 1'000)));
  w.note("ready", event_names(static_cast<std::uint16_t>(entry.revents)));
}

// A handler may wait itself.
void a_handler_that_sleeps(World& w) {
  Handlers h;
  h.on(SIGUSR1, SA_RESTART);
  const int fd = w.keep(eventfd(0, 0));
  on_signal = [&](int) {
    w.pass(60ms);
    seen += " slept";
  };
  Soon soon(w, [&, self = pthread_self()] {
    pthread_kill(self, SIGUSR1);
    w.pass(20ms);
    eventfd_write(fd, 3);
  });
  std::uint64_t value = 0;
  w.note("read", result(read(fd, &value, sizeof value)));
  w.note("value", std::to_string(value));
  w.note("seen", take_seen());
}

constexpr Case kCases[] = {{"sigsuspend", suspended},
                           {"sigwait", waited_for},
                           {"sigwaitinfo and sigtimedwait", waited_for_with_information},
                           {"a handler interrupts waiting for signals", a_handler_interrupts_waiting},
                           {"a thread for signals", a_thread_for_signals},
                           {"the mask of a wait", mask_of_a_wait},
                           {"the masks of ppoll and pselect", masks_of_poll_and_select},
                           {"a broken pipe", broken_pipe},
                           {"a handler that writes", a_handler_that_writes},
                           {"a handler that sleeps", a_handler_that_sleeps}};

const Suite kSuite("signal_waits", kCases);

}  // namespace

}  // namespace stillpoint::test
