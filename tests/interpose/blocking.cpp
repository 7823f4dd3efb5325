// Ordinary programs with blocking calls and threads, each on a host of its own: plain POSIX and the standard library.
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <barrier>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <future>
#include <latch>
#include <mutex>
#include <numeric>
#include <semaphore>
#include <set>
#include <shared_mutex>
#include <thread>

#include "tests/interpose/programs.hpp"

using namespace std::chrono_literals;
using test::Programs;
using test::twenty_seeds;

namespace {

constexpr std::uint16_t kPort = 7000;

// ---- a blocking echo server, a thread for each connection ----

int serve(int connections) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(kPort);
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return 1;
  if (listen(listener, 16) != 0) return 2;
  std::vector<std::thread> threads;
  for (int i = 0; i < connections; ++i) {
    const int fd = accept(listener, nullptr, nullptr);
    if (fd < 0) return 3;
    threads.emplace_back([fd] {
      char bytes[512];
      for (ssize_t got; (got = read(fd, bytes, sizeof bytes)) > 0;) {
        if (write(fd, bytes, static_cast<std::size_t>(got)) != got) break;
      }
      close(fd);
    });
  }
  for (std::thread& thread : threads) thread.join();
  close(listener);
  return 0;
}

// Finds the server by its name, and tries each address that there is.
int connect_to(const char* name) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(name, "7000", &hints, &found) != 0) return -1;
  int fd = -1;
  for (const addrinfo* each = found; each != nullptr && fd < 0; each = each->ai_next) {
    fd = socket(each->ai_family, each->ai_socktype, each->ai_protocol);
    if (fd >= 0 && connect(fd, each->ai_addr, each->ai_addrlen) != 0) close(std::exchange(fd, -1));
  }
  freeaddrinfo(found);
  return fd;
}

int talk() {
  const int fd = connect_to("server");
  if (fd < 0) return 1;
  for (int round = 0; round < 20; ++round) {
    const std::string sent(static_cast<std::size_t>(round) * 100 + 1, static_cast<char>('a' + round));
    if (write(fd, sent.data(), sent.size()) != static_cast<ssize_t>(sent.size())) return 2;
    std::string got;
    while (got.size() < sent.size()) {
      char bytes[300];
      const ssize_t more = read(fd, bytes, sizeof bytes);
      if (more <= 0) return 3;
      got.append(bytes, static_cast<std::size_t>(more));
    }
    if (got != sent) return 4;
    std::this_thread::sleep_for(3ms);
  }
  close(fd);
  return 0;
}

}  // namespace

TEST_CASE("a blocking echo server and its clients, plain POSIX, on hosts of their own") {
  const auto run = [](std::uint64_t seed) {
    Programs programs(seed);
    programs.kernel.fabric.set_default_link({1ms, 5ms});
    programs.add("server", [](int, char**) { return serve(3); });
    for (const char* name : {"client-1", "client-2", "client-3"}) {
      programs.add(name, [](int, char**) {
        std::this_thread::sleep_for(1ms);  // until the server listens
        return talk();
      });
    }
    programs.run();
    for (const char* name : {"server", "client-1", "client-2", "client-3"}) {
      INFO(name);
      CHECK(programs.status(name) == 0);
    }
    return programs.hash();
  };
  const test::Replay replay = twenty_seeds(run);
  CHECK(replay.alike);
  CHECK(replay.different == 20);
}

// ---- the standard library's threads ----

namespace {

// Runs one program; its result is 0 if it found nothing wrong. Twenty seeds, each twice.
void runs_alike(const stillpoint::process::Main& main) {
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

TEST_CASE("producers and consumers with a mutex and condition variables") {
  runs_alike([](int, char**) {
    std::mutex mutex;
    std::condition_variable not_empty, not_full;
    std::deque<int> queue;
    long sum = 0;
    int left = 2 * 50;
    const auto produce = [&](int first) {
      for (int i = 0; i < 50; ++i) {
        if (i % 10 == 0) std::this_thread::sleep_for(1ms);
        std::unique_lock lock(mutex);
        not_full.wait(lock, [&] { return queue.size() < 4; });
        queue.push_back(first + i);
        not_empty.notify_one();
      }
    };
    const auto consume = [&] {
      for (;;) {
        std::unique_lock lock(mutex);
        if (!not_empty.wait_for(lock, 5s, [&] { return !queue.empty() || left == 0; })) return;
        if (left == 0) return;
        sum += queue.front();
        queue.pop_front();
        if (--left == 0) not_empty.notify_all();
        not_full.notify_one();
      }
    };
    std::thread threads[] = {std::thread(produce, 0), std::thread(produce, 100), std::thread(consume),
                             std::thread(consume), std::thread(consume)};
    for (std::thread& thread : threads) thread.join();
    return sum == 49 * 50 / 2 * 2 + 50 * 100 ? 0 : 1;
  });
}

TEST_CASE("futures, promises, async and packaged tasks") {
  runs_alike([](int, char**) {
    std::promise<int> promise;
    std::future<int> promised = promise.get_future();
    std::thread keeper([&] {
      std::this_thread::sleep_for(20ms);
      promise.set_value(1);
    });
    if (promised.wait_for(5ms) != std::future_status::timeout) return 1;
    std::vector<std::future<int>> answers;
    for (int i = 0; i < 5; ++i) {
      answers.push_back(std::async(std::launch::async, [i] {
        std::this_thread::sleep_for(std::chrono::milliseconds(10 - i));
        return i;
      }));
    }
    int sum = promised.get();
    for (std::future<int>& answer : answers) sum += answer.get();
    keeper.join();
    std::future<void> throws = std::async(std::launch::async, [] { throw std::runtime_error("thrown"); });
    try {
      throws.get();
    } catch (const std::runtime_error&) {
      return sum == 11 ? 0 : 2;
    }
    return 3;
  });
}

TEST_CASE("latches, barriers, semaphores and atomics that wait") {
  runs_alike([](int, char**) {
    std::latch all_here(4);
    std::barrier round(4);
    std::counting_semaphore<2> two(2);
    std::atomic<int> inside = 0, most = 0, turn = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] {
        all_here.arrive_and_wait();
        for (int n = 0; n < 3; ++n) {
          two.acquire();
          most = std::max(most.load(), ++inside);
          std::this_thread::sleep_for(1ms);
          --inside;
          two.release();
          round.arrive_and_wait();
        }
        while (turn != i) turn.wait(turn);
        ++turn;
        turn.notify_all();
      });
    }
    for (std::thread& thread : threads) thread.join();
    return most == 2 && turn == 4 ? 0 : 1;
  });
}

TEST_CASE("readers share, a writer does not; once is once; thread_local is each thread's") {
  runs_alike([](int, char**) {
    std::shared_mutex mutex;
    std::once_flag flag;
    int initialised = 0, readers = 0, most_readers = 0, written = 0;
    static thread_local int own = 0;
    bool alone = true;
    std::vector<std::thread> threads;
    for (int i = 0; i < 6; ++i) {
      threads.emplace_back([&, i] {
        std::call_once(flag, [&] {
          std::this_thread::sleep_for(2ms);  // the others wait for it
          ++initialised;
        });
        own += i;
        if (i < 4) {
          const std::shared_lock lock(mutex);
          most_readers = std::max(most_readers, ++readers);
          std::this_thread::sleep_for(1ms);
          --readers;
        } else {
          const std::unique_lock lock(mutex);
          alone = alone && readers == 0;
          std::this_thread::sleep_for(1ms);
          written += own;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    return initialised == 1 && most_readers > 1 && alone && written == 9 && own == 0 ? 0 : 1;
  });
}

TEST_CASE("the order in which threads run is the seed's") {
  std::set<std::string> orders;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    std::string order;
    Programs programs(seed);
    programs.add("program", [&order](int, char**) {
      std::vector<std::thread> threads;
      for (char name = 'a'; name <= 'e'; ++name) threads.emplace_back([&order, name] { order += name; });
      for (std::thread& thread : threads) thread.join();
      return 0;
    });
    programs.run();
    CHECK(order.size() == 5);
    orders.insert(order);
  }
  CHECK(orders.size() > 5);
}

// ---- the end of a process ----

namespace {

int status_of(const stillpoint::process::Main& main) {
  Programs programs(1);
  programs.add("program", main);
  programs.run(10s);
  return programs.status("program");
}

std::string told;  // by handlers

}  // namespace

TEST_CASE("pthread_exit in main lets the other threads go on, and the last one ends the process") {
  told.clear();
  CHECK(status_of([](int, char**) -> int {
          std::atexit([] { told += "exit "; });
          std::thread([] {
            std::this_thread::sleep_for(10ms);
            told += "thread ";
          }).detach();
          pthread_exit(nullptr);
        }) == 0);
  CHECK(told == "thread exit ");
}

TEST_CASE("a process ends with main, whatever its threads wait for") {
  told.clear();
  CHECK(status_of([](int, char**) {
          std::thread([] {
            std::this_thread::sleep_for(1h);
            told += "never";
          }).detach();
          return 3;
        }) == 3 << 8);
  CHECK(told.empty());
}

TEST_CASE("an exception that leaves a thread aborts the process") {
  CHECK(status_of([](int, char**) {
          std::thread([] { throw std::runtime_error("nobody catches it"); }).join();
          return 0;
        }) == SIGABRT);
}

TEST_CASE("two threads that wait for each other wait for ever") {
  CHECK(status_of([](int, char**) {
          std::mutex a, b;
          std::thread other([&] {
            const std::unique_lock first(b);
            std::this_thread::sleep_for(1ms);
            const std::unique_lock second(a);
          });
          const std::unique_lock first(a);
          std::this_thread::sleep_for(1ms);
          const std::unique_lock second(b);
          other.join();
          return 0;
        }) == -1);
}

TEST_CASE("a datagram from a host whose ports are all taken fails, and does not wait for one") {
  Programs programs(1);
  programs.add("crowded", [](int, char**) {
    constexpr std::uint16_t kFirst = 32768;
    constexpr std::uint16_t kLast = 60999;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int port = kFirst; port <= kLast; ++port) {
      const int fd = socket(AF_INET, SOCK_DGRAM, 0);
      sockaddr_in any{};
      any.sin_family = AF_INET;
      any.sin_port = htons(static_cast<std::uint16_t>(port));
      if (bind(fd, reinterpret_cast<sockaddr*>(&any), sizeof any) != 0) return 1;
    }
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    address.sin_port = htons(kFirst);
    const auto* to = reinterpret_cast<sockaddr*>(&address);
    if (sendto(fd, "x", 1, 0, to, sizeof address) != -1 || errno != EAGAIN) return 2;
    if (connect(fd, to, sizeof address) != -1 || errno != EAGAIN) return 3;
    if (write(fd, "x", 1) != -1 || errno != EAGAIN) return 4;
    return 0;
  });
  programs.run();
  CHECK(programs.status("crowded") == 0);
}
