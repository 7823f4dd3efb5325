// With no simulated host current, every symbol is the real function.
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

#include "tests/kernel/machines.hpp"

using namespace stillpoint;
using namespace stillpoint::test;

TEST_CASE("pipes and socket pairs are real") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  CHECK(write(ends[1], "hello", 5) == 5);
  char bytes[16];
  CHECK(read(ends[0], bytes, sizeof bytes) == 5);
  close(ends[0]);
  close(ends[1]);

  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
  CHECK(send(ends[0], "hello", 5, 0) == 5);
  CHECK(recv(ends[1], bytes, sizeof bytes, 0) == 5);
  CHECK(recv(ends[1], bytes, sizeof bytes, 0) == -1);
  CHECK(errno == EAGAIN);
  close(ends[0]);
  close(ends[1]);
}

TEST_CASE("epoll, eventfd and timerfd are real, and real time passes") {
  const int epoll = epoll_create1(0);
  const int timer = timerfd_create(CLOCK_MONOTONIC, 0);
  epoll_event event{};
  event.events = EPOLLIN;
  REQUIRE(epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event) == 0);
  const itimerspec spec{{}, {0, 2'000'000}};
  REQUIRE(timerfd_settime(timer, 0, &spec, nullptr) == 0);
  const auto start = std::chrono::steady_clock::now();
  CHECK(epoll_wait(epoll, &event, 1, 5'000) == 1);
  CHECK(std::chrono::steady_clock::now() - start >= 1ms);
  close(timer);
  close(epoll);
}

TEST_CASE("time, entropy, files, threads and processes are real") {
  CHECK(getpid() > 0);
  CHECK(getpid() != 1001);
  const auto now = std::chrono::system_clock::now();
  timespec time{};
  CHECK(clock_gettime(CLOCK_REALTIME, &time) == 0);
  CHECK(std::abs(time.tv_sec - std::chrono::system_clock::to_time_t(now)) <= 1);

  unsigned char bytes[32] = {};
  CHECK(getrandom(bytes, sizeof bytes, 0) == sizeof bytes);
  CHECK(std::any_of(std::begin(bytes), std::end(bytes), [](unsigned char byte) { return byte != 0; }));
  std::random_device device;
  CHECK((device() != device() || device() != device()));

  const int file = open("/dev/null", O_WRONLY | O_CLOEXEC);
  CHECK(file >= 0);
  CHECK(close(file) == 0);

  int answer = 0;
  std::thread([&] { answer = 42; }).join();
  CHECK(answer == 42);

  const pid_t child = fork();
  if (child == 0) _exit(7);
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WEXITSTATUS(status) == 7);
}

TEST_CASE("a host sees nothing of real descriptors, and the real kernel nothing of a host's") {
  Machines machines;
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  char byte = 'x';
  CHECK(machines.a([&] { return write(ends[1], &byte, 1); }) == fails(EBADF));
  pollfd entry{ends[0], POLLIN, 0};
  CHECK(poll(&entry, 1, 0) == 0);

  const int real_lowest = dup(ends[0]);
  close(real_lowest);
  for (int i = 0; i < 5; ++i) machines.a.socket();
  CHECK(dup(ends[0]) == real_lowest);
  close(real_lowest);
  close(ends[0]);
  close(ends[1]);
}

TEST_CASE("the current host is a matter of the thread") {
  Machines machines;
  const pid_t real = getpid();
  std::atomic<bool> go = false;
  std::atomic<pid_t> elsewhere = 0;
  std::thread other([&] {
    while (!go) std::this_thread::yield();
    elsewhere = getpid();
  });
  const Outcome here = machines.a([&] {
    go = true;
    while (elsewhere == 0) {
    }
    return getpid();
  });
  other.join();
  CHECK(here == gives(1001));
  CHECK(elsewhere == real);
}

TEST_CASE("scopes of hosts nest") {
  Machines machines;
  CHECK(kernel::current_host == nullptr);
  {
    const kernel::CurrentHost outer(&machines.a.host);
    {
      const kernel::CurrentHost inner(&machines.b.host);
      CHECK(kernel::current_host == &machines.b.host);
    }
    CHECK(kernel::current_host == &machines.a.host);
  }
  CHECK(kernel::current_host == nullptr);
}
