// Programs that ask again and again instead of waiting: what they ask for happens meanwhile.
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "tests/interpose/programs.hpp"

using namespace std::chrono_literals;
using test::Programs;
using test::twenty_seeds;

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kRounds = 5;

sockaddr_in server_address(in_addr_t address) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_port = htons(7000);
  in.sin_addr.s_addr = htonl(address);
  return in;
}

// Never blocks, and never asks what time it is.
int serve_without_waiting() {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const sockaddr_in in = server_address(INADDR_ANY);
  if (bind(listener, reinterpret_cast<const sockaddr*>(&in), sizeof in) != 0 || listen(listener, 5) != 0) return 1;
  int peer = -1;
  while (peer < 0) peer = accept(listener, nullptr, nullptr);
  for (;;) {
    char byte = 0;
    const ssize_t got = recv(peer, &byte, 1, MSG_DONTWAIT);
    if (got == 0) return 0;
    if (got == 1 && send(peer, &byte, 1, 0) != 1) return 2;
  }
}

int talk_now_and_then() {
  std::this_thread::sleep_for(1ms);
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in in = server_address(0x0A000001);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&in), sizeof in) != 0) return 1;
  for (int round = 0; round < kRounds; ++round) {
    std::this_thread::sleep_for(20ms);
    const Clock::time_point asked = Clock::now();
    char byte = 'x';
    if (write(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 1) return 2;
    if (Clock::now() - asked > 10ms) return 3;
  }
  return close(fd);
}

// Keeps this process on one core: threads that take turns millions of times need not wake each other on another one,
// which takes ten times as long on some virtual machines.
class OnOneCore {
 public:
  OnOneCore() {
    sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t one;
    CPU_ZERO(&one);
    for (int core = 0; core < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++core) {
      if (CPU_ISSET(core, &before_)) CPU_SET(core, &one);
    }
    sched_setaffinity(0, sizeof one, &one);
  }
  OnOneCore(const OnOneCore&) = delete;
  OnOneCore& operator=(const OnOneCore&) = delete;
  ~OnOneCore() { sched_setaffinity(0, sizeof before_, &before_); }

 private:
  cpu_set_t before_;
};

// A program alone, twenty seeds, each twice.
void runs_alike(const stillpoint::process::Main& main) {
  const OnOneCore turns;
  const test::Replay replay = twenty_seeds([&](std::uint64_t seed) {
    Programs programs(seed);
    programs.add("program", main);
    programs.run();
    CHECK(programs.status("program") == 0);
    return programs.hash();
  });
  CHECK(replay.alike);
}

}  // namespace

TEST_CASE("a server that polls its sockets without ever waiting answers its client in time") {
  const test::Replay replay = twenty_seeds([](std::uint64_t seed) {
    Programs programs(seed);
    programs.kernel.fabric.set_default_link({1ms, 2ms});
    programs.add("server", [](int, char**) { return serve_without_waiting(); });
    programs.add("client", [](int, char**) { return talk_now_and_then(); });
    programs.run(10s);
    CHECK(programs.status("server") == 0);
    CHECK(programs.status("client") == 0);
    return programs.hash();
  });
  CHECK(replay.alike);
  CHECK(replay.different == 20);
}

TEST_CASE("threads that yield until another one has slept go on when it has") {
  runs_alike([](int, char**) {
    const Clock::time_point start = Clock::now();
    std::atomic<bool> done{false};
    std::thread sleeper([&] {
      std::this_thread::sleep_for(200ms);
      done = true;
    });
    const auto spin = [&done] {
      while (!done) std::this_thread::yield();
    };
    std::thread other(spin);
    spin();
    other.join();
    sleeper.join();
    const auto took = Clock::now() - start;
    return took >= 200ms && took < 210ms ? 0 : 1;
  });
}

namespace {
volatile sig_atomic_t alarmed = 0;
}

TEST_CASE("a poll that does not wait, made again and again, comes to a timer's signal") {
  runs_alike([](int, char**) {
    alarmed = 0;
    signal(SIGALRM, [](int) { alarmed = 1; });
    const itimerval timer{{0, 0}, {0, 50'000}};
    setitimer(ITIMER_REAL, &timer, nullptr);
    const Clock::time_point start = Clock::now();
    while (alarmed == 0) {
      if (poll(nullptr, 0, 0) != 0 && errno != EINTR) return 1;
    }
    const auto took = Clock::now() - start;
    return took >= 50ms && took < 51ms ? 0 : 2;
  });
}
