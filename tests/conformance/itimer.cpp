// Timers that send signals: alarm(2), setitimer(2), timer_create(2).
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <utility>

#include "tests/conformance/world.hpp"

namespace stillpoint::test {
namespace {

int alarms = 0;

class Alarms {
 public:
  explicit Alarms(int number = SIGALRM) : number_(number) {
    alarms = 0;
    struct sigaction action {};
    action.sa_handler = [](int) { ++alarms; };
    sigaction(number, &action, &before_);
  }
  Alarms(const Alarms&) = delete;
  Alarms& operator=(const Alarms&) = delete;
  ~Alarms() {
    const itimerval none{};
    setitimer(ITIMER_REAL, &none, nullptr);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number_);
    signal(number_, SIG_IGN);
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
    sigaction(number_, &before_, nullptr);
  }
  void block(int how = SIG_BLOCK) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number_);
    pthread_sigmask(how, &set, nullptr);
  }

 private:
  int number_;
  struct sigaction before_ {};
};

// Waits in pieces: signals cut a sleep short.
void pass(World& w, int pieces) {
  for (int i = 0; i < pieces; ++i) w.pass(10ms);
}

std::string taken() { return std::to_string(std::exchange(alarms, 0)); }

void alarm_once(World& w) {
  const Alarms signals;
  w.note("none was set", std::to_string(alarm(1)));
  const timespec long_time{3, 0};
  timespec left{};
  w.note("nanosleep", result(nanosleep(&long_time, &left)));
  w.note("about two seconds are left", left.tv_sec * 1'000 + left.tv_nsec / 1'000'000 > 1'500);
  w.note("alarms", taken());
}

void alarm_again(World& w) {
  const Alarms signals;
  alarm(100);
  w.note("what was left", std::to_string(alarm(50)));
  w.pass(20ms);
  w.note("rounded", std::to_string(alarm(0)));
  w.note("cancelled", std::to_string(alarm(0)));
  w.note("alarms", taken());
}

void periodic(World& w) {
  const Alarms signals;
  const itimerval value{{0, 60'000}, {0, 60'000}};
  w.note("setitimer", result(setitimer(ITIMER_REAL, &value, nullptr)));
  const timespec wait{0, 210'000'000};
  timespec rest = wait;
  while (nanosleep(&rest, &rest) != 0) {
  }
  itimerval old{};
  const itimerval none{};
  w.note("disarm", result(setitimer(ITIMER_REAL, &none, &old)));
  w.note("alarms", taken());
  w.note("interval", std::to_string(old.it_interval.tv_usec));
  w.note("something was left", old.it_value.tv_usec > 0 && old.it_value.tv_usec <= 60'000);
  w.note("getitimer", result(getitimer(ITIMER_REAL, &old)));
  w.note("nothing is", old.it_value.tv_usec == 0 && old.it_value.tv_sec == 0);
}

void alarm_and_setitimer_are_one(World& w) {
  const Alarms signals;
  const itimerval value{{7, 0}, {100, 600'000}};
  setitimer(ITIMER_REAL, &value, nullptr);
  w.note("alarm sees it", std::to_string(alarm(30)));
  itimerval now{};
  getitimer(ITIMER_REAL, &now);
  w.note("and sets it", std::to_string((now.it_value.tv_sec + 1) / 10) + ' ' + std::to_string(now.it_interval.tv_sec));
}

void alarm_in_microseconds(World& w) {
  const Alarms signals;
  w.note("none was set", std::to_string(ualarm(900'000, 0)));
  const useconds_t left = ualarm(0, 0);
  w.note("what was left", left > 500'000 && left <= 900'000);
  w.note("a whole second", result(static_cast<int>(ualarm(1'000'000, 0))));
  w.note("none since", std::to_string(ualarm(20'000, 0)));
  w.pass(60ms);
  w.note("alarms", taken());
}

void blocked_alarms_coalesce(World& w) {
  Alarms signals;
  signals.block();
  const itimerval value{{0, 20'000}, {0, 20'000}};
  setitimer(ITIMER_REAL, &value, nullptr);
  w.pass(110ms);
  const itimerval none{};
  setitimer(ITIMER_REAL, &none, nullptr);
  w.note("blocked", taken());
  signals.block(SIG_UNBLOCK);
  w.note("unblocked", taken());
}

void wrong_itimers(World& w) {
  itimerval value{{0, 0}, {0, 1'000'000}};
  w.note("microseconds", result(setitimer(ITIMER_REAL, &value, nullptr)));
  value = {{0, -1}, {1, 0}};
  w.note("interval", result(setitimer(ITIMER_REAL, &value, nullptr)));
  value = {{0, 0}, {-1, 0}};
  w.note("seconds", result(setitimer(ITIMER_REAL, &value, nullptr)));
  int nine = 9;
  const auto nonsense = static_cast<__itimer_which>(nine);
  w.note("which", result(setitimer(nonsense, &value, nullptr)));
  w.note("getitimer which", result(getitimer(nonsense, &value)));
  w.note("of CPU time", result(getitimer(ITIMER_VIRTUAL, &value)));
}

// ---- timer_create ----

siginfo_t last;

void remember(int, siginfo_t* info, void*) {
  last = *info;
  ++alarms;
}

timer_t create(World& w, int signal, int value, clockid_t clock = CLOCK_MONOTONIC) {
  last = {};
  struct sigaction action {};
  action.sa_sigaction = remember;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigaction(signal, &action, nullptr);
  sigevent event{};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = signal;
  event.sigev_value.sival_int = value;
  timer_t timer{};
  w.note("timer_create", result(timer_create(clock, &event, &timer)));
  return timer;
}

std::string set(timer_t timer, long first_ms, long interval_ms = 0) {
  const itimerspec value{{interval_ms / 1'000, interval_ms % 1'000 * 1'000'000},
                         {first_ms / 1'000, first_ms % 1'000 * 1'000'000}};
  return result(timer_settime(timer, 0, &value, nullptr));
}

void timer_once(World& w) {
  const Alarms signals(SIGUSR1);
  const timer_t timer = create(w, SIGUSR1, 77);
  w.note("set", set(timer, 30));
  itimerspec left{};
  w.note("gettime", result(timer_gettime(timer, &left)));
  w.note("something is left", left.it_value.tv_nsec > 0 && left.it_value.tv_nsec <= 30'000'000);
  pass(w, 6);
  w.note("signals", taken());
  w.note("code", last.si_code == SI_TIMER);
  w.note("value", std::to_string(last.si_value.sival_int));
  w.note("overrun", std::to_string(last.si_overrun) + ' ' + result(timer_getoverrun(timer)));
  timer_gettime(timer, &left);
  w.note("nothing is left", left.it_value.tv_nsec == 0 && left.it_value.tv_sec == 0);
  w.note("delete", result(timer_delete(timer)));
}

void timer_overruns(World& w) {
  Alarms signals(SIGRTMIN + 3);
  signals.block();
  const timer_t timer = create(w, SIGRTMIN + 3, 1);
  set(timer, 40, 40);
  w.pass(180ms);  // four expirations
  w.note("none while blocked", taken());
  signals.block(SIG_UNBLOCK);
  w.note("one", taken());
  w.note("overrun", std::to_string(last.si_overrun) + ' ' + result(timer_getoverrun(timer)));
  w.note("delete", result(timer_delete(timer)));
}

void timer_set_again(World& w) {
  Alarms signals(SIGUSR2);
  signals.block();
  const timer_t timer = create(w, SIGUSR2, 1);
  set(timer, 10);
  w.pass(30ms);
  itimerspec old{};
  const itimerspec value{{9, 0}, {50, 0}};
  w.note("set again", result(timer_settime(timer, 0, &value, &old)));
  w.note("nothing was left", old.it_value.tv_sec == 0 && old.it_value.tv_nsec == 0);
  const itimerspec none{};
  w.note("disarm", result(timer_settime(timer, 0, &none, &old)));
  w.note("old", std::to_string((old.it_value.tv_sec + 1) / 10) + ' ' + std::to_string(old.it_interval.tv_sec));
  w.note("delete", result(timer_delete(timer)));
}

void timer_absolute(World& w) {
  for (const clockid_t clock : {CLOCK_MONOTONIC, CLOCK_REALTIME}) {
    const Alarms signals(SIGUSR1);
    const timer_t timer = create(w, SIGUSR1, 1, clock);
    itimerspec value{};
    clock_gettime(clock, &value.it_value);
    value.it_value.tv_sec -= 5;
    w.note("in the past", result(timer_settime(timer, TIMER_ABSTIME, &value, nullptr)));
    pass(w, 1);
    w.note("signals", taken());
    value.it_value.tv_sec += 1'000;
    w.note("far away", result(timer_settime(timer, TIMER_ABSTIME, &value, nullptr)));
    pass(w, 1);
    w.note("none", taken());
    w.note("delete", result(timer_delete(timer)));
  }
}

void timer_without_signal(World& w) {
  sigevent event{};
  event.sigev_notify = SIGEV_NONE;
  timer_t timer{};
  w.note("timer_create", result(timer_create(CLOCK_MONOTONIC, &event, &timer)));
  w.note("set", set(timer, 20));
  w.pass(60ms);
  itimerspec left{{1, 1}, {1, 1}};
  timer_gettime(timer, &left);
  w.note("nothing is left", left.it_value.tv_sec == 0 && left.it_value.tv_nsec == 0);
  w.note("overrun", result(timer_getoverrun(timer)));
  w.note("delete", result(timer_delete(timer)));
  w.note("delete again", result(timer_delete(timer)));
  w.note("set it", set(timer, 20));
}

void timer_by_default(World& w) {
  const Alarms signals(SIGALRM);
  timer_t timer{};
  w.note("timer_create", result(timer_create(CLOCK_BOOTTIME, nullptr, &timer)));
  set(timer, 10);
  pass(w, 3);
  w.note("SIGALRM", taken());
  w.note("delete", result(timer_delete(timer)));
}

void timer_of_a_thread(World& w) {
  const Alarms signals(SIGUSR1);
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = SIGUSR1;
  event._sigev_un._tid = gettid();
  timer_t timer{};
  w.note("timer_create", result(timer_create(CLOCK_MONOTONIC, &event, &timer)));
  set(timer, 10);
  pass(w, 3);
  w.note("signals", taken());
  w.note("delete", result(timer_delete(timer)));
  event._sigev_un._tid = 3'999'999;
  w.note("of nobody", result(timer_create(CLOCK_MONOTONIC, &event, &timer)));
}

void wrong_timers(World& w) {
  sigevent event{};
  timer_t timer{};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = 0;
  w.note("signal 0", result(timer_create(CLOCK_MONOTONIC, &event, &timer)));
  event.sigev_signo = 65;
  w.note("signal 65", result(timer_create(CLOCK_MONOTONIC, &event, &timer)));
  event.sigev_signo = SIGUSR1;
  event.sigev_notify = 99;
  w.note("notification", result(timer_create(CLOCK_MONOTONIC, &event, &timer)));
  event.sigev_notify = SIGEV_NONE;
  w.note("clock", result(timer_create(77, &event, &timer)));
  w.note("coarse clock", result(timer_create(CLOCK_MONOTONIC_COARSE, &event, &timer)));
  w.note("raw clock", result(timer_create(CLOCK_MONOTONIC_RAW, &event, &timer)));
  timer_create(CLOCK_MONOTONIC, &event, &timer);
  itimerspec value{{0, 0}, {0, 1'000'000'000}};
  w.note("nanoseconds", result(timer_settime(timer, 0, &value, nullptr)));
  value = {{0, -1}, {1, 0}};
  w.note("interval", result(timer_settime(timer, 0, &value, nullptr)));
  w.note("delete", result(timer_delete(timer)));
}

void timer_read_by_signalfd(World& w) {
  Alarms signals(SIGUSR1);
  signals.block();
  sigset_t set_of_it;
  sigemptyset(&set_of_it);
  sigaddset(&set_of_it, SIGUSR1);
  const int fd = w.keep(signalfd(-1, &set_of_it, SFD_NONBLOCK));
  const timer_t timer = create(w, SIGUSR1, 9);
  set(timer, 20);
  w.pass(50ms);
  signalfd_siginfo info{};
  w.note("read", result(read(fd, &info, sizeof info)));
  w.note("signal", info.ssi_signo == SIGUSR1);
  w.note("code", info.ssi_code == SI_TIMER);
  w.note("value", std::to_string(info.ssi_int));
  w.note("delete", result(timer_delete(timer)));
}

constexpr Case kCases[] = {{"an alarm", alarm_once},
                           {"an alarm set again", alarm_again},
                           {"a periodic alarm", periodic},
                           {"alarm and setitimer are one", alarm_and_setitimer_are_one},
                           {"an alarm in microseconds", alarm_in_microseconds},
                           {"blocked alarms coalesce", blocked_alarms_coalesce},
                           {"wrong interval timers", wrong_itimers},
                           {"a timer that expires once", timer_once},
                           {"a timer's overruns", timer_overruns},
                           {"a timer set again", timer_set_again},
                           {"absolute timers", timer_absolute},
                           {"a timer without a signal", timer_without_signal},
                           {"a timer without a notification", timer_by_default},
                           {"a timer of a thread", timer_of_a_thread},
                           {"wrong timers", wrong_timers},
                           {"a timer read by signalfd", timer_read_by_signalfd}};

const Suite kSuite("itimer", kCases);

}  // namespace

}  // namespace stillpoint::test
