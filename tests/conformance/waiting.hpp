#pragma once
// What the cases about calls that block share: time-outs, how long a call takes, and who wakes it.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#include <string>
#include <thread>

#include "tests/conformance/world.hpp"

namespace stillpoint::test {

inline void make_blocking(int fd) { fcntl(fd, F_SETFL, 0); }

inline std::string set_timeout(int fd, int option, milliseconds time) {
  const timeval value{.tv_sec = time.count() / 1'000, .tv_usec = time.count() % 1'000 * 1'000};
  return result(setsockopt(fd, SOL_SOCKET, option, &value, sizeof value));
}
inline std::string get_timeout(int fd, int option) {
  timeval value{9, 9};
  socklen_t length = sizeof value;
  if (getsockopt(fd, SOL_SOCKET, option, &value, &length) != 0) return result(-1);
  return std::to_string(value.tv_sec) + "s " + std::to_string(value.tv_usec) + "us";
}

// How long a call took.
template <typename Call>
milliseconds duration_of(Call call) {
  timespec before{};
  timespec after{};
  clock_gettime(CLOCK_MONOTONIC, &before);
  call();
  clock_gettime(CLOCK_MONOTONIC, &after);
  return milliseconds((after.tv_sec - before.tv_sec) * 1'000 + (after.tv_nsec - before.tv_nsec) / 1'000'000);
}

// The same in units of 100 ms: time is late on a busy machine, but not by half of that.
template <typename Call>
std::string tenths(Call call) {
  return std::to_string((duration_of(call).count() + 20) / 100);
}

// Does something after a while, in another thread.
template <typename Action>
std::thread later(World& w, milliseconds when, Action action) {
  return std::thread([&w, when, action] {
    w.pass(when);
    action();
  });
}

}  // namespace stillpoint::test
