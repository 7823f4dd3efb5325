// signal(7): handlers, masks, and sending.
#include <signal.h>
#include <string.h>
#include <sys/ucontext.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "tests/conformance/handlers.hpp"

// Some of what is tried here has long been deprecated, and is still called.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace stillpoint::test {
namespace {

// ---- handlers ----

void raised(World& w) {
  Handlers h;
  h.on(SIGUSR1);
  w.note("raise", result(raise(SIGUSR1)));
  w.note("seen when it returned", take_seen());
  w.note("kill", result(kill(getpid(), SIGUSR1)));
  w.note("seen", take_seen());
  w.note("nothing", result(kill(getpid(), 0)) + ' ' + take_seen());
}

void with_information(World& w) {
  Handlers h;
  h.on(SIGUSR1, SA_SIGINFO);
  h.on(SIGRTMIN, SA_SIGINFO);
  raise(SIGUSR1);
  w.note("raise", take_seen());
  kill(getpid(), SIGUSR1);
  w.note("kill", take_seen());
  sigval value{};
  value.sival_int = 42;
  w.note("sigqueue", result(sigqueue(getpid(), SIGRTMIN, value)) + ' ' + take_seen());
  w.note("pthread_kill", result(pthread_kill(pthread_self(), SIGUSR1)) + ' ' + take_seen());
  w.note("tgkill", result(tgkill(getpid(), gettid(), SIGUSR1)) + ' ' + take_seen());
  w.note("pthread_sigqueue", result(pthread_sigqueue(pthread_self(), SIGRTMIN, value)) + ' ' + take_seen());
}

void former_handlers(World& w) {
  Handlers h;
  h.on(SIGUSR1, SA_RESTART | SA_NODEFER, {SIGUSR2, SIGTERM, SIGKILL});
  struct sigaction old {};
  w.note("ask", result(sigaction(SIGUSR1, nullptr, &old)));
  w.note("handler", old.sa_handler == handle);
  w.note("restart", (old.sa_flags & SA_RESTART) != 0);
  w.note("nodefer", (old.sa_flags & SA_NODEFER) != 0);
  w.note("siginfo", (old.sa_flags & SA_SIGINFO) != 0);
  w.note("mask", names_in(old.sa_mask));
  w.note("signal gives it", ::signal(SIGUSR1, SIG_IGN) == handle);
  w.note("and then", ::signal(SIGUSR1, SIG_DFL) == SIG_IGN);
  w.note("unknown gives SIG_ERR", ::signal(99, SIG_IGN) == SIG_ERR);
  w.note("errno", strerrorname_np(errno));
}

void wrong_arguments(World& w) {
  Handlers h;
  struct sigaction action {};
  w.note("signal 0", result(sigaction(0, &action, nullptr)));
  w.note("signal 65", result(sigaction(65, nullptr, nullptr)));
  w.note("of libc", result(sigaction(32, &action, nullptr)));
  w.note("SIGKILL", result(sigaction(SIGKILL, &action, nullptr)));
  w.note("SIGKILL asked", result(sigaction(SIGKILL, nullptr, &action)));
  w.note("SIGSTOP", ::signal(SIGSTOP, SIG_IGN) == SIG_ERR ? strerrorname_np(errno) : "taken");
  w.note("kill 65", result(kill(getpid(), 65)));
  w.note("kill -1", result(kill(getpid(), -1)));
  w.note("kill nobody", result(kill(3'999'999, SIGTERM)));
  w.note("kill nobody with nonsense", result(kill(3'999'999, 65)));
  w.note("raise 65", result(raise(65)));
  w.note("raise -1", result(raise(-1)));
  w.note("raise 0", result(raise(0)));
  w.note("pthread_kill 65", strerrorname_np(pthread_kill(pthread_self(), 65)));
  w.note("pthread_kill 0", result(pthread_kill(pthread_self(), 0)));
  w.note("tgkill thread 0", result(tgkill(getpid(), 0, SIGUSR1)));
  w.note("tgkill another process", result(tgkill(3'999'999, gettid(), SIGUSR1)));
  w.note("tgkill another thread", result(tgkill(getpid(), 3'999'999, SIGUSR1)));
  w.note("sigqueue nobody", result(sigqueue(3'999'999, SIGUSR1, {})));
  w.note("sigqueue 65", result(sigqueue(getpid(), 65, {})));
  w.note("killpg -1", result(killpg(-1, SIGUSR1)));
  const sigset_t none = set_of({});
  w.note("sigprocmask 9", result(sigprocmask(9, &none, nullptr)));
  w.note("sigprocmask 9 of nothing", result(sigprocmask(9, nullptr, nullptr)));
  w.note("pthread_sigmask 9", strerrorname_np(pthread_sigmask(9, &none, nullptr)));
  w.note("sighold 65", result(sighold(65)));
  w.note("sigignore SIGKILL", result(sigignore(SIGKILL)));
  w.note("siginterrupt 65", result(siginterrupt(65, 1)));
}

void ignored(World& w) {
  Handlers h;
  h.use(SIGUSR1);
  w.note("ignore", ::signal(SIGUSR1, SIG_IGN) == SIG_ERR ? "fails" : "taken");
  w.note("raise", result(raise(SIGUSR1)));
  w.note("pending", pending());
  w.note("sigignore", result(sigignore(SIGUSR1)));
  w.note("kill", result(kill(getpid(), SIGUSR1)));
  for (const int signal : {SIGCHLD, SIGURG, SIGWINCH, SIGCONT}) {
    w.note(name_of(signal), result(raise(signal)));
  }
  h.on(SIGURG);
  raise(SIGURG);
  w.note("handled once asked for", take_seen());
}

void once_only(World& w) {
  Handlers h;
  h.on(SIGUSR1, static_cast<int>(SA_RESETHAND));
  raise(SIGUSR1);
  w.note("seen", take_seen());
  struct sigaction now {};
  sigaction(SIGUSR1, nullptr, &now);
  w.note("is the default again", now.sa_handler == SIG_DFL);
  w.note("the flags stay", (static_cast<unsigned>(now.sa_flags) & SA_RESETHAND) != 0);
}

void nested(World& w) {
  Handlers h;
  int depth = 0;
  on_signal = [&](int signal) {
    if (++depth == 1) {
      raise(signal);
      seen += " (raised, mask " + blocked() + ")";
    }
  };
  h.on(SIGUSR1);
  raise(SIGUSR1);
  w.note("deferred", take_seen());
  depth = 0;
  h.on(SIGUSR1, SA_NODEFER);
  raise(SIGUSR1);
  w.note("not deferred", take_seen());
  depth = 0;
  h.on(SIGUSR1, 0, {SIGUSR2});
  h.on(SIGUSR2);
  on_signal = [&](int signal) {
    if (signal == SIGUSR1) {
      raise(SIGUSR2);
      seen += " (raised, mask " + blocked() + ")";
    }
  };
  raise(SIGUSR1);
  w.note("another, held by the mask", take_seen());
  h.on(SIGUSR1);
  raise(SIGUSR1);
  w.note("another, let through", take_seen());
  w.note("the mask is back", blocked());
}

void mask_changed_by_handler(World& w) {
  Handlers h;
  h.on(SIGUSR1);
  on_signal = [&](int) {
    h.block({SIGTERM});
    seen += " mask " + blocked();
  };
  raise(SIGUSR1);
  w.note("in the handler", take_seen());
  w.note("afterwards", blocked());
  struct sigaction action {};
  action.sa_flags = SA_SIGINFO;
  action.sa_sigaction = [](int, siginfo_t*, void* context) {
    sigaddset(&static_cast<ucontext_t*>(context)->uc_sigmask, SIGHUP);
  };
  sigaction(SIGUSR1, &action, nullptr);
  raise(SIGUSR1);
  w.note("changed in the context", blocked());
}

void errno_is_kept(World& w) {
  Handlers h;
  h.on(SIGUSR1);
  on_signal = [](int) { errno = ERANGE; };
  Soon soon(w, [self = pthread_self()] { pthread_kill(self, SIGUSR1); });
  const timespec second{1, 0};
  w.note("nanosleep", result(nanosleep(&second, nullptr)));
  w.note("seen", take_seen());
}

void system_v(World& w) {
  Handlers h;
  h.use(SIGUSR1);
  w.note("sysv_signal", sysv_signal(SIGUSR1, handle) == SIG_ERR ? "fails" : "taken");
  struct sigaction now {};
  sigaction(SIGUSR1, nullptr, &now);
  w.note("once", (static_cast<unsigned>(now.sa_flags) & SA_RESETHAND) != 0);
  w.note("not deferred", (now.sa_flags & SA_NODEFER) != 0);
  w.note("restarts", (now.sa_flags & SA_RESTART) != 0);
  ::signal(SIGUSR1, handle);
  sigaction(SIGUSR1, nullptr, &now);
  w.note("signal: once", (static_cast<unsigned>(now.sa_flags) & SA_RESETHAND) != 0);
  w.note("signal: restarts", (now.sa_flags & SA_RESTART) != 0);
  w.note("signal: mask", names_in(now.sa_mask));
  w.note("siginterrupt", result(siginterrupt(SIGUSR1, 1)));
  sigaction(SIGUSR1, nullptr, &now);
  w.note("restarts no more", (now.sa_flags & SA_RESTART) == 0);
  ::signal(SIGUSR1, handle);
  sigaction(SIGUSR1, nullptr, &now);
  w.note("nor after signal", (now.sa_flags & SA_RESTART) == 0);
  siginterrupt(SIGUSR1, 0);
  sigaction(SIGUSR1, nullptr, &now);
  w.note("restarts again", (now.sa_flags & SA_RESTART) != 0);
}

void alternate_stack(World& w) {
  Handlers h;
  stack_t old{};
  w.note("ask", result(sigaltstack(nullptr, &old)));
  static char room[64 * 1024];
  stack_t stack{room, 0, sizeof room};
  stack_t before{};
  w.note("set", result(sigaltstack(&stack, &before)));
  w.note("ask again", result(sigaltstack(nullptr, &stack)));
  w.note("it is there", stack.ss_sp == room && stack.ss_size == sizeof room && stack.ss_flags == 0);
  h.on(SIGUSR1, SA_ONSTACK);
  raise(SIGUSR1);
  w.note("seen", take_seen());
  stack_t small{room, 0, 100};
  w.note("too small", result(sigaltstack(&small, nullptr)));
  stack_t wrong{room, 77, sizeof room};
  w.note("wrong flags", result(sigaltstack(&wrong, nullptr)));
  stack_t off{nullptr, SS_DISABLE, 0};
  w.note("disable", result(sigaltstack(&off, nullptr)));
  sigaltstack(nullptr, &stack);
  w.note("disabled", stack.ss_flags == SS_DISABLE);
  if ((before.ss_flags & SS_DISABLE) == 0) sigaltstack(&before, nullptr);
}

// ---- masks and what is pending ----

void held_back(World& w) {
  Handlers h;
  h.on(SIGUSR1);
  h.block({SIGUSR1});
  w.note("blocked", blocked());
  raise(SIGUSR1);
  w.note("seen while blocked", take_seen());
  w.note("pending", pending());
  h.unblock({SIGUSR1});
  w.note("seen when unblocked", take_seen());
  w.note("pending then", pending());
}

void standard_signals_coalesce(World& w) {
  Handlers h;
  h.on(SIGUSR1);
  h.block({SIGUSR1});
  for (int i = 0; i < 3; ++i) kill(getpid(), SIGUSR1);
  h.unblock({SIGUSR1});
  w.note("to the process", take_seen());
  h.block({SIGUSR1});
  raise(SIGUSR1);
  kill(getpid(), SIGUSR1);
  w.note("pending", pending());
  h.unblock({SIGUSR1});
  w.note("one to the thread, one to the process", take_seen());
}

void real_time_signals_queue(World& w) {
  Handlers h;
  h.on(SIGRTMIN, SA_SIGINFO);
  h.on(SIGRTMIN + 1, SA_SIGINFO);
  h.block({SIGRTMIN, SIGRTMIN + 1});
  for (int i = 1; i <= 3; ++i) {
    sigval value{};
    value.sival_int = i;
    sigqueue(getpid(), SIGRTMIN, value);
    sigqueue(getpid(), SIGRTMIN + 1, value);
  }
  w.note("pending", pending());
  h.unblock({SIGRTMIN});
  w.note("in order", take_seen());
  h.unblock({SIGRTMIN + 1});
  w.note("the others", take_seen());
}

// Linux builds the handlers' frames one upon the other, lowest number first, so they begin in the opposite order.
void several_at_once(World& w) {
  Handlers h;
  h.on(SIGUSR1);
  h.on(SIGUSR2);
  h.on(SIGHUP, 0, {SIGUSR1});
  h.block({SIGUSR1, SIGUSR2, SIGHUP});
  raise(SIGUSR2);
  raise(SIGUSR1);
  h.unblock({SIGUSR1, SIGUSR2});
  w.note("two", take_seen());
  h.block({SIGUSR1, SIGUSR2});
  raise(SIGUSR2);
  raise(SIGUSR1);
  raise(SIGHUP);
  h.unblock({SIGUSR1, SIGUSR2, SIGHUP});
  w.note("three, of which one holds back another", take_seen());
}

void ignoring_forgets(World& w) {
  Handlers h;
  h.on(SIGUSR1);
  h.block({SIGUSR1});
  raise(SIGUSR1);
  kill(getpid(), SIGUSR1);
  ::signal(SIGUSR1, SIG_IGN);
  w.note("pending", pending());
  raise(SIGUSR1);
  w.note("raised while blocked and ignored", pending());
  h.on(SIGUSR1);
  h.unblock({SIGUSR1});
  w.note("seen", take_seen());
  h.on(SIGCHLD);
  h.block({SIGCHLD});
  raise(SIGCHLD);
  ::signal(SIGCHLD, SIG_DFL);
  w.note("the default forgets what it ignores", pending());
}

void what_cannot_be_blocked(World& w) {
  Handlers h;
  sigset_t all;
  sigfillset(&all);
  sigset_t old = set_of({});
  w.note("block all", result(sigprocmask(SIG_SETMASK, &all, &old)));
  w.note("before", names_in(old));
  sigset_t now = set_of({});
  sigprocmask(SIG_BLOCK, nullptr, &now);
  w.note("SIGKILL", sigismember(&now, SIGKILL) == 1);
  w.note("SIGSTOP", sigismember(&now, SIGSTOP) == 1);
  w.note("SIGTERM", sigismember(&now, SIGTERM) == 1);
  w.note("SIGRTMAX", sigismember(&now, SIGRTMAX) == 1);
}

void hold_and_release(World& w) {
  Handlers h;
  h.on(SIGUSR1);
  w.note("sighold", result(sighold(SIGUSR1)));
  raise(SIGUSR1);
  w.note("held", take_seen());
  w.note("sigrelse", result(sigrelse(SIGUSR1)));
  w.note("released", take_seen());
}

void masks_are_of_threads(World& w) {
  Handlers h;
  h.on(SIGUSR1);
  h.block({SIGUSR2});
  std::string inherited, other;
  std::thread thread([&] {
    inherited = blocked();
    h.block({SIGUSR1});
    other = blocked();
  });
  thread.join();
  w.note("inherited", inherited);
  w.note("its own", other);
  w.note("ours", blocked());
}

void to_one_thread(World& w) {
  Handlers h;
  h.on(SIGUSR1);
  h.block({SIGUSR1});
  std::atomic<bool> there = false;
  std::atomic<bool> done = false;
  pthread_t handled_by{};
  on_signal = [&](int) { handled_by = pthread_self(); };
  std::thread thread([&] {
    there = true;
    h.unblock({SIGUSR1});
    while (!done) w.pass(5ms);
  });
  while (!there) w.pass(1ms);
  w.pass(10ms);
  w.note("to the process", result(kill(getpid(), SIGUSR1)));
  w.pass(20ms);
  w.note("seen", take_seen());
  w.note("by the thread that does not block it", pthread_equal(handled_by, thread.native_handle()) != 0);
  handled_by = {};
  w.note("to the thread", result(pthread_kill(thread.native_handle(), SIGUSR1)));
  w.pass(20ms);
  w.note("seen again", take_seen());
  w.note("by it", pthread_equal(handled_by, thread.native_handle()) != 0);
  w.note("to ourselves", result(raise(SIGUSR1)));
  w.pass(20ms);
  w.note("seen by nobody", take_seen());
  w.note("pending", pending());
  done = true;
  thread.join();
  h.unblock({SIGUSR1});
  w.note("seen in the end", take_seen());
}

void ended_thread(World& w) {
  std::thread thread([] {});
  w.pass(20ms);
  w.note("pthread_kill of a thread that has ended", result(pthread_kill(thread.native_handle(), SIGURG)));
  thread.join();
}

constexpr Case kCases[] = {{"a signal raised", raised},
                           {"with information", with_information},
                           {"former handlers", former_handlers},
                           {"wrong arguments", wrong_arguments},
                           {"ignored signals", ignored},
                           {"a handler for once", once_only},
                           {"a signal in a handler", nested},
                           {"a handler changes the mask", mask_changed_by_handler},
                           {"errno is that of the call", errno_is_kept},
                           {"signal, sysv_signal and siginterrupt", system_v},
                           {"an alternate stack", alternate_stack},
                           {"a blocked signal is pending", held_back},
                           {"standard signals coalesce", standard_signals_coalesce},
                           {"real-time signals queue", real_time_signals_queue},
                           {"several signals at once", several_at_once},
                           {"ignoring forgets what is pending", ignoring_forgets},
                           {"what cannot be blocked", what_cannot_be_blocked},
                           {"hold and release", hold_and_release},
                           {"masks are of threads", masks_are_of_threads},
                           {"signals to threads", to_one_thread},
                           {"a thread that has ended", ended_thread}};

const Suite kSuite("signals", kCases);

}  // namespace

}  // namespace stillpoint::test
