// Calls that a fault makes fail: which, how often, and that looking at each call changes nothing else.
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

#include <cstdio>

#include "tests/kernel/booted.hpp"

using namespace stillpoint;
using namespace stillpoint::test;

// What read() and open() are where _FORTIFY_SOURCE is on.
extern "C" ssize_t __read_chk(int fd, void* data, size_t size, size_t room);
extern "C" int __open64_2(const char* path, int flags);

namespace {

constexpr std::uint64_t kNever = 1'000'000'000;

Outcome make_socket(const Machine& machine) {
  return machine([] { return ::socket(AF_INET, SOCK_STREAM, 0); });
}
Outcome make_eventfd(const Machine& machine) {
  return machine([] { return eventfd(0, EFD_NONBLOCK); });
}

// Which of so many calls fail, by their numbers: "2:EIO 5:EMFILE".
template <typename Call>
std::string failures(const Machine& machine, int calls, Call call) {
  std::string text;
  for (int i = 1; i <= calls; ++i) {
    const Outcome outcome = call(machine);
    if (outcome.error != 0)
      text += (text.empty() ? "" : " ") + std::to_string(i) + ':' + strerrorname_np(outcome.error);
  }
  return text;
}

}  // namespace

TEST_CASE("the Nth call of a function fails once, with its errno, and no other does") {
  for (const std::uint64_t nth : {1u, 2u, 7u, 10u}) {
    Booted f;
    const EventId fault = f.note();
    f.a.host.fail_call({.fault = fault, .call = "socket", .nth = nth, .error = EMFILE});
    CAPTURE(nth);
    CHECK(failures(f.a, 4, make_eventfd).empty());  // another function
    CHECK(failures(f.b, 4, make_socket).empty());   // another host
    CHECK(failures(f.a, 12, make_socket) == std::to_string(nth) + ":EMFILE");
    CHECK(f.a.host.calls_seen(fault) == 12);

    const auto errors = f.events(EventKind::error);
    REQUIRE(errors.size() == 1);
    CHECK(errors[0].payload == "socket");
    CHECK(errors[0].header.a == EMFILE);
    CHECK(errors[0].header.host == f.a.host.id());
    CHECK(errors[0].header.cause == fault);
    CHECK(errors[0].header.cause_kind == CauseKind::fault);
  }
}

TEST_CASE("a call that fails by a plan does nothing") {
  Booted f;
  const int before = f.a.socket();
  f.a.host.fail_call({.fault = f.note(), .call = "socket", .nth = 1, .error = ENOBUFS});
  CHECK(make_socket(f.a) == fails(ENOBUFS));
  CHECK(make_socket(f.a) == gives(before + 1));
  // A file is not written to, and one that is not there is not made.
  const int fd = static_cast<int>(f.a([] { return ::open("/file", O_RDWR | O_CREAT, 0600); }).value);
  f.a.host.fail_call({.fault = f.note(), .call = "write", .nth = 1, .error = EIO});
  f.a.host.fail_call({.fault = f.note(), .call = "open", .nth = 1, .error = EACCES});
  CHECK(f.a([&] { return ::write(fd, "abc", 3); }) == fails(EIO));
  CHECK(f.a([&] { return ::lseek(fd, 0, SEEK_END); }) == gives(0));
  CHECK(f.a([] { return ::open("/other", O_RDWR | O_CREAT, 0600); }) == fails(EACCES));
  CHECK(f.a([] { return ::access("/other", F_OK); }) == fails(ENOENT));
}

TEST_CASE("the symbols of _FORTIFY_SOURCE are the functions that they stand for") {
  Booted f;
  const int fd = static_cast<int>(f.a([] { return eventfd(5, EFD_NONBLOCK | EFD_SEMAPHORE); }).value);
  const EventId fault = f.note();
  f.a.host.fail_call({.fault = fault, .call = "read", .nth = 2, .error = EIO});
  f.a.host.fail_call({.fault = f.note(), .call = "open64", .nth = 1, .error = ENFILE});
  std::uint64_t value = 0;
  CHECK(f.a([&] { return ::read(fd, &value, sizeof value); }) == gives(8));
  CHECK(f.a([&] { return __read_chk(fd, &value, sizeof value, sizeof value); }) == fails(EIO));
  CHECK(f.a([&] { return __read_chk(fd, &value, sizeof value, sizeof value); }) == gives(8));
  CHECK(f.a([] { return __open64_2("/", O_RDONLY); }) == fails(ENFILE));
  CHECK(f.a.host.calls_seen(fault) == 3);
  CHECK(f.events(EventKind::error)[0].payload == "read");
}

TEST_CASE("what fails gives back what its function gives back then") {
  Booted f;
  for (const char* call : {"mmap", "getcwd", "fopen", "posix_fallocate", "pthread_create", "getaddrinfo"})
    f.a.host.fail_call({.fault = f.note(), .call = call, .nth = 1, .error = ENOMEM});
  const auto is = [&](auto call) {
    return f.a([&] { return static_cast<int>(call() && errno == ENOMEM); }) == gives(1);
  };
  CHECK(is([] { return mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED; }));
  char folder[64];
  CHECK(is([&] { return getcwd(folder, sizeof folder) == nullptr; }));
  CHECK(is([] { return fopen("/file", "r") == nullptr; }));
  CHECK(is([] { return getaddrinfo("b", "80", nullptr, nullptr) == EAI_SYSTEM; }));
  // These give the error itself.
  CHECK(f.a([] { return posix_fallocate(0, 0, 1); }) == gives(ENOMEM));
  CHECK(f.a([] {
    pthread_t thread;
    return pthread_create(
        &thread, nullptr, [](void* nothing) { return nothing; }, nullptr);
  }) == gives(ENOMEM));
}

TEST_CASE("calls are counted over turns, slices, losses of power and new processes") {
  Booted f;
  const EventId fault = f.note();
  f.a.host.fail_call({.fault = fault, .call = "socket", .nth = 9, .error = EIO});
  std::string failed;
  int calls = 0;
  f.of_a.turn = [&] {
    for (int i = 0; i < 2; ++i) {
      const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
      ++calls;
      if (fd < 0) failed += std::to_string(calls) + ' ';
    }
    return calls == 2;  // the first slice has two turns
  };
  f.a.host.wake(kNoEvent);
  f.settle();
  CHECK(calls == 4);
  f.a.host.crash();
  f.boot(f.a);
  CHECK(calls == 6);
  f.a.host.kill();
  f.boot(f.a);
  CHECK(calls == 8);
  CHECK(failed.empty());
  for (int i = 0; i < 3; ++i) {
    f.a.host.wake(kNoEvent);
    f.settle();
  }
  CHECK(failed == "9 ");
  CHECK(f.a.host.calls_seen(fault) == 14);
}

TEST_CASE("several faults count each for itself, and one call fails by the first of them") {
  Booted f;
  const EventId one = f.note(), two = f.note(), three = f.note();
  f.a.host.fail_call({.fault = one, .call = "socket", .nth = 2, .error = EMFILE});
  f.a.host.fail_call({.fault = two, .call = "socket", .nth = 4, .error = ENOBUFS});
  f.a.host.fail_call({.fault = three, .call = "eventfd", .nth = 1, .error = ENFILE});
  CHECK(make_socket(f.a).error == 0);
  // Those that come later count from then on.
  const EventId late = f.note(), same = f.note();
  f.a.host.fail_call({.fault = late, .call = "socket", .nth = 2, .error = ENOMEM});
  f.a.host.fail_call({.fault = same, .call = "socket", .nth = 3, .error = EPERM});
  CHECK(failures(f.a, 6, make_socket) == "1:EMFILE 2:ENOMEM 3:ENOBUFS");
  CHECK(failures(f.a, 2, make_eventfd) == "1:ENFILE");
  CHECK(f.a.host.calls_seen(one) == 7);
  CHECK(f.a.host.calls_seen(late) == 6);
  CHECK(f.a.host.calls_seen(three) == 2);
  // The fourth of `two` and the third of `same` were one call: one failure.
  CHECK(f.events(EventKind::error).size() == 4);
}

TEST_CASE("a fault that is over makes nothing fail, and leaves others as they are") {
  Booted f;
  const EventId one = f.note(), two = f.note();
  f.a.host.fail_call({.fault = one, .call = "socket", .nth = 2, .error = EIO});
  f.a.host.fail_call({.fault = two, .call = "socket", .nth = 3, .error = ENOMEM});
  CHECK(failures(f.a, 1, make_socket).empty());
  f.a.host.stop_failing_call(one);
  CHECK(f.a.host.calls_seen(one) == 0);
  CHECK(failures(f.a, 3, make_socket) == "2:ENOMEM");
  f.a.host.stop_failing_call(two);
  f.a.host.stop_failing_call(two);  // it is no longer there
  CHECK(failures(f.a, 3, make_socket).empty());
}

TEST_CASE("in observer mode calls are refused, whether any shall fail or not") {
  for (const bool armed : {false, true}) {
    Booted f;
    const EventId fault = f.note();
    if (armed) f.a.host.fail_call({.fault = fault, .call = "socket", .nth = 1, .error = EIO});
    CAPTURE(armed);
    f.a.host.observe(true);
    CHECK(f.a.refusal([] { return ::socket(AF_INET, SOCK_STREAM, 0); }) == "socket (in observer mode)");
    f.a.host.observe(false);
    CHECK(failures(f.a, 2, make_socket) == (armed ? "1:EIO" : ""));
  }
}

TEST_CASE("one that is armed in observer mode counts from then on") {
  Booted f;
  f.a.host.observe(true);
  f.a.host.fail_call({.fault = f.note(), .call = "socket", .nth = 2, .error = EIO});
  f.a.host.observe(false);
  CHECK(failures(f.a, 3, make_socket) == "2:EIO");
}

namespace {

// How far the clock of a host has got after each call of a turn with very many of them, in two turns.
std::vector<Duration> tolls(bool armed, bool observes) {
  Booted f;
  if (armed) f.a.host.fail_call({.fault = f.note(), .call = "fsync", .nth = kNever, .error = EIO});
  std::vector<Duration> passed;
  int turns = 0;
  f.of_a.turn = [&] {
    for (int i = 0; i < 10'450; ++i) {
      static_cast<void>(::lseek(99, 0, SEEK_CUR));
      passed.push_back(f.a.host.now().time_since_epoch());
      if (observes && i % 1000 == 0) {
        f.a.host.observe(true);
        f.a.host.observe(false);
      }
    }
    return ++turns < 2;
  };
  f.a.host.wake(kNoEvent);
  f.settle();
  return passed;
}

}  // namespace

TEST_CASE("calls cost the same time as long as some shall fail, so that what spins gets on") {
  for (const bool observes : {false, true}) {
    const std::vector<Duration> without = tolls(false, observes);
    CHECK(without.back() > without.front());
    CHECK(tolls(true, observes) == without);
  }
}
