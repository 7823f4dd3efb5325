// An ordinary program that ends, waits and writes in the way that its argument says. Nothing in it knows of a
// simulation.
#include <dlfcn.h>
#include <err.h>
#include <error.h>
#include <poll.h>
#include <sys/syscall.h>
#include <syslog.h>
#include <unistd.h>

#undef NDEBUG
#include <atomic>
#include <cassert>
#include <cerrno>
#include <clocale>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <future>
#include <iostream>
#include <mutex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;

long by_instruction(long number) {
  long result = 0;
#if defined(__x86_64__)
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(0L), "S"("/nonexistent"), "d"(0L)
                   : "rcx", "r11", "memory");
#endif
  return result;
}

// What a constructor learns.
const long pid_of_constructor = by_instruction(SYS_getpid);

struct Announced {
  Announced() { std::puts("constructed"); }
  ~Announced() { std::puts("destroyed"); }
} announced;

struct OfThread {
  ~OfThread() { std::puts("thread_local destroyed"); }
  int touched = 0;
};
thread_local OfThread of_thread;

void two_threads() {
  std::mutex mutex;
  std::condition_variable changed;
  int count = 0;
  std::thread producer([&] {
    of_thread.touched = 1;
    for (int i = 0; i < 3; ++i) {
      std::this_thread::sleep_for(1s);
      const std::lock_guard lock(mutex);
      ++count;
      changed.notify_one();
    }
  });
  std::unique_lock lock(mutex);
  for (int seen = 0; seen < 3; seen = count) changed.wait(lock, [&] { return count > seen; });
  lock.unlock();
  producer.join();
  std::cout << "counted to " << count << '\n';
  auto answer = std::async(std::launch::async, [] {
    std::this_thread::sleep_for(1h);
    return 42;
  });
  std::cout << "the answer after an hour: " << answer.get() << '\n';
  lock.lock();
  const bool waited = changed.wait_for(lock, 5min) == std::cv_status::timeout;
  std::cout << (waited ? "nobody came" : "somebody came") << " until " << std::time(nullptr) << '\n';
}

// libc opens files to answer these: it must neither find any, nor take a descriptor of the program's for one.
void local_time() {
  int ends[2];
  if (pipe(ends) != 0 || write(ends[1], "TZif2", 5) != 5 || dup2(ends[1], 30) != 30) return;
  for (int fd = 0; fd < 30; ++fd) {
    if (fd != ends[0] && fd != STDOUT_FILENO && fd != STDERR_FILENO) dup2(ends[0], fd);
  }
  const std::time_t now = 1'767'225'600;
  std::tm fields{};
  char text[64];
  std::strftime(text, sizeof text, "%F %T %Z", localtime_r(&now, &fields));
  char unread[64];
  const ssize_t size = read(ends[0], unread, sizeof unread);
  const bool known = std::setlocale(LC_ALL, "de_DE.UTF-8") != nullptr;
  void* library = dlopen("libm.so.6.of.nobody", RTLD_NOW);
  std::printf("%s, %zd bytes in the pipe, %d%d\n", text, size, known, library != nullptr);
}

// Very many calls in one turn cost the printing thread the processor: not while it holds a lock of stdio's.
void two_printers() {
  std::atomic<bool> done{false};
  std::thread other([&] {
    while (!done) {
      std::this_thread::sleep_for(100us);
      std::printf(".");
      std::fflush(stdout);
    }
  });
  for (int i = 0; i < 40'000; ++i) {
    std::printf(i % 64 == 0 ? "\n" : ".");
    std::fflush(stdout);
    if (i % 5 == 0) std::this_thread::yield();
  }
  done = true;
  other.join();
}

void many_threads() {
  std::mutex mutex;
  mutex.lock();
  std::vector<std::thread> threads;
  try {
    for (;;) threads.emplace_back([&] { mutex.lock(); });
  } catch (const std::system_error& error) {
    std::printf("%s after %zu\n", strerrorname_np(error.code().value()), threads.size());
  }
  std::fflush(stdout);
  _exit(0);
}

[[gnu::noinline]] int recurse(int depth) {
  volatile char frame[1024] = {};
  return depth == 0 ? 0 : recurse(depth + 1) + frame[static_cast<std::size_t>(depth) % sizeof frame];
}

// What ends the stack is the frame of a signal.
[[gnu::noinline]] int write_deep(int depth) {
  volatile char frame[16] = {};
  by_instruction(SYS_write);
  return depth == 0 ? 0 : write_deep(depth + 1) + frame[static_cast<std::size_t>(depth) % sizeof frame];
}

[[gnu::noinline]] void call_null() {
  void (*volatile nobody)() = nullptr;
  nobody();
  std::puts("back");
}

void wait_for_ever() {
  std::mutex mutex;
  mutex.lock();
  mutex.lock();
}

}  // namespace

int main(int argc, char** argv) {
  const std::string how = argc > 1 ? argv[1] : "return";
  std::atexit([] { std::puts("at exit"); });
  if (how == "arguments") {
    for (int i = 1; i < argc; ++i) std::printf("[%s]\n", argv[i]);
  }
  if (how == "exit") std::exit(argc > 2 ? std::atoi(argv[2]) : 0);
  if (how == "_exit") _exit(3);
  if (how == "abort") std::abort();
  if (how == "assert") assert(how.empty());
  if (how == "err") {
    errno = ENOENT;
    err(3, "file %d", 1);
  }
  if (how == "errx") errx(4, "%s", "no file");
  if (how == "error") {
    error(0, 0, "goes on");
    warnx("and on");
    error_at_line(5, ENOENT, "main.conf", 7, "no file");
  }
  if (how == "syslog") {
    openlog("ends", LOG_PID | LOG_PERROR, LOG_DAEMON);
    syslog(LOG_INFO, "told nobody");
    closelog();
    std::printf("%d\n", dup(0));
  }
  if (how == "close-output") {
    std::fclose(stdout);
    errno = 0;
    const ssize_t written = write(STDOUT_FILENO, "lost", 4);
    std::fprintf(stderr, "%zd %s\n", written, strerrorname_np(errno));
  }
  if (how == "local-time") local_time();
  for (int i = 2; how == "show" && i < argc; ++i) std::cout << std::ifstream(argv[i]).rdbuf();
  if (how == "throw") throw std::runtime_error("the printer is on fire");
  if (how == "null") *static_cast<volatile int*>(nullptr) = 1;
  if (how == "threads") two_threads();
  if (how == "printers") two_printers();
  if (how == "poll-for-ever") {
    while (poll(nullptr, 0, 0) == 0) continue;
  }
  if (how == "wait-for-ever") wait_for_ever();
  if (how == "many-threads") many_threads();
  while (how == "endless") {
    std::puts("tick");
    std::fflush(stdout);
    std::this_thread::sleep_for(1us);
  }
  if (how == "sleep") std::this_thread::sleep_for(10h);
  if (how == "instruction") std::printf("parent %ld\n", by_instruction(SYS_getppid) > 0 ? 1L : 0L);
  if (how == "by-instruction") std::printf("%ld\n", by_instruction(std::atol(argv[2])));
  if (how == "constructor") std::printf("%ld\n", pid_of_constructor);
  if (how == "by-number") std::printf("%ld\n", syscall(std::atol(argv[2]), 0, "/nonexistent", 0));
  if (how == "overflow") return recurse(1);
  if (how == "overflow-in-thread") std::thread([] { recurse(1); }).join();
  if (how == "overflow-in-call") return write_deep(1);
  if (how == "call-null") call_null();
  if (how == "errors") std::cerr << "an error\n";
  if (how == "input") std::printf("input ends: %d\n", std::getchar() == EOF);
  if (how == "much") {
    for (int i = 0; i < 20'000; ++i) std::printf("line %d\n", i);
  }
  return how == "return" && argc > 2 ? std::atoi(argv[2]) : 0;
}
