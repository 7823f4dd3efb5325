// timerfd_create(2). Real time is late on a busy machine: what is observed lies half a period away from what could
// change it.
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "tests/conformance/world.hpp"

namespace stillpoint::test {
namespace {

constexpr long kMillisecond = 1'000'000;

std::string set(int fd, timespec value, timespec interval = {}, int flags = 0) {
  const itimerspec spec{interval, value};
  return result(timerfd_settime(fd, flags, &spec, nullptr));
}

std::string read(int fd) {
  std::uint64_t count = 0;
  const ssize_t got = ::read(fd, &count, sizeof count);
  return got < 0 ? result(got) : std::to_string(count);
}

void once(World& w) {
  const int fd = w.timerfd();
  w.note("set", set(fd, {0, 40 * kMillisecond}));
  w.note("before", w.ready(fd));
  w.note("read before", read(fd));
  w.pass(80ms);
  w.note("after", w.ready(fd));
  w.note("read", read(fd));
  w.note("read again", read(fd));
  w.note("ready again", w.ready(fd));
}

void periodic(World& w) {
  const int fd = w.timerfd();
  w.note("set", set(fd, {0, 60 * kMillisecond}, {0, 60 * kMillisecond}));
  w.pass(210ms);
  w.note("three", read(fd));
  w.note("none since", read(fd));
  w.pass(60ms);
  w.note("one more", read(fd));
}

void set_again(World& w) {
  const int fd = w.timerfd();
  set(fd, {0, 1});
  w.pass(20ms);
  w.note("expired", w.ready(fd));
  w.note("set again", set(fd, {0, 40 * kMillisecond}));
  w.note("forgotten", w.ready(fd));
  w.note("read", read(fd));
  w.pass(80ms);
  w.note("expired again", read(fd));
}

void disarmed(World& w) {
  const int fd = w.timerfd();
  set(fd, {0, 20 * kMillisecond}, {0, 20 * kMillisecond});
  w.note("disarm", set(fd, {0, 0}, {0, 20 * kMillisecond}));
  w.pass(60ms);
  w.note("ready", w.ready(fd));
  itimerspec left{};
  w.note("gettime", result(timerfd_gettime(fd, &left)));
  w.note("nothing is left", left.it_value.tv_sec == 0 && left.it_value.tv_nsec == 0);
}

void disarmed_after_expiry(World& w) {
  const int fd = w.timerfd();
  set(fd, {0, 1});
  w.pass(20ms);
  w.note("disarm", set(fd, {0, 0}));
  w.note("ready", w.ready(fd));
  w.note("read", read(fd));
}

void in_the_past(World& w) {
  const int fd = w.timerfd();
  w.note("set", set(fd, {0, 1}, {}, TFD_TIMER_ABSTIME));
  w.pass(5ms);
  w.note("ready", w.ready(fd));
  w.note("read", read(fd));
}

void absolute(World& w) {
  for (const clockid_t clock : {CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_BOOTTIME}) {
    const int fd = w.timerfd(clock);
    timespec then{};
    clock_gettime(clock, &then);
    then.tv_nsec += 40 * kMillisecond;
    if (then.tv_nsec >= 1'000'000'000) {
      ++then.tv_sec;
      then.tv_nsec -= 1'000'000'000;
    }
    w.note("set", set(fd, then, {}, TFD_TIMER_ABSTIME));
    w.note("before", w.ready(fd));
    w.pass(80ms);
    w.note("after", w.ready(fd));
  }
}

void what_is_left(World& w) {
  const int fd = w.timerfd();
  const itimerspec first{{5, 0}, {100, 0}};
  itimerspec old{};
  w.note("set", result(timerfd_settime(fd, 0, &first, &old)));
  w.note("old value", std::to_string(old.it_value.tv_sec) + ' ' + std::to_string(old.it_interval.tv_sec));
  w.pass(20ms);
  w.note("gettime", result(timerfd_gettime(fd, &old)));
  w.note("seconds left", std::to_string(old.it_value.tv_sec));
  w.note("interval", std::to_string(old.it_interval.tv_sec));
  const itimerspec second{{0, 0}, {200, 0}};
  w.note("set again", result(timerfd_settime(fd, 0, &second, &old)));
  w.note("old value again", std::to_string(old.it_value.tv_sec) + ' ' + std::to_string(old.it_interval.tv_sec));
}

void expired_and_asked(World& w) {
  const int fd = w.timerfd();
  set(fd, {0, 1});
  w.pass(20ms);
  itimerspec left{{1, 1}, {1, 1}};
  timerfd_gettime(fd, &left);
  w.note("nothing is left", left.it_value.tv_sec == 0 && left.it_value.tv_nsec == 0);
  w.note("and it is still ready", w.ready(fd));
}

void wrong_arguments(World& w) {
  const int fd = w.timerfd();
  w.note("negative nanoseconds", set(fd, {0, -1}));
  w.note("a full second of them", set(fd, {0, 1'000'000'000}));
  w.note("negative seconds", set(fd, {-1, 0}));
  w.note("wrong interval", set(fd, {1, 0}, {0, -1}));
  w.note("unknown flag", set(fd, {1, 0}, {}, 0x100));
  w.note("unknown clock", result(timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0)));
  w.note("unknown creation flag", result(timerfd_create(CLOCK_MONOTONIC, 1)));
  w.note("of an eventfd", set(w.eventfd(), {1, 0}));
  w.note("of nothing", set(9'999, {1, 0}));
  w.note("of nothing, negative nanoseconds", set(9'999, {0, -1}));
  char bytes[8] = {};
  w.note("short read", result(::read(fd, bytes, 7)));
  w.note("write", result(::write(fd, bytes, 8)));
}

// What Asio does: it never reads its timer, and relies on settime to clear it.
void in_epoll(World& w) {
  const int epoll = w.epoll();
  const int fd = w.timerfd();
  w.add(epoll, fd, EPOLLIN | EPOLLERR | EPOLLET, 1);
  for (int i = 0; i < 3; ++i) {
    w.note("set", set(fd, {0, 30 * kMillisecond}));
    w.note("before", w.events(epoll));
    w.pass(60ms);
    w.note("after", w.events(epoll));
    w.note("once", w.events(epoll));
  }
  w.note("now", set(fd, {0, 1}, {}, TFD_TIMER_ABSTIME));
  w.pass(5ms);
  w.note("at once", w.events(epoll));
}

void in_epoll_for_its_level(World& w) {
  const int epoll = w.epoll();
  const int fd = w.timerfd();
  w.add(epoll, fd, EPOLLIN, 1);
  set(fd, {0, 1});
  w.pass(20ms);
  w.note("expired", w.events(epoll));
  w.note("still", w.events(epoll));
  w.note("read", read(fd));
  w.note("no more", w.events(epoll));
}

constexpr Case kCases[] = {{"a timer that expires once", once},
                           {"a periodic timer", periodic},
                           {"a timer set again", set_again},
                           {"a disarmed timer", disarmed},
                           {"a timer disarmed after it expired", disarmed_after_expiry},
                           {"a time in the past", in_the_past},
                           {"absolute times", absolute},
                           {"what is left", what_is_left},
                           {"an expired timer asked what is left", expired_and_asked},
                           {"wrong arguments", wrong_arguments},
                           {"a timer in epoll", in_epoll},
                           {"a timer in epoll, for its level", in_epoll_for_its_level}};

const Suite kSuite("timerfd", kCases);

}  // namespace

}  // namespace stillpoint::test
