// Locks that are waited for: F_SETLKW, F_OFD_SETLKW, flock(2), by two threads.
#include <sys/file.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "tests/conformance/files/files.hpp"
#include "tests/conformance/files/locks.hpp"
#include "tests/conformance/handlers.hpp"
#include "tests/conformance/waiting.hpp"

namespace stillpoint::test::files {
namespace {

void until_it_is_released(World& w) {
  const int one = open(w, "a");
  const int two = open(w, "a");
  lock(one, F_OFD_SETLK, F_WRLCK, 0, 10);
  std::thread releases = later(w, 100ms, [&] { lock(one, F_OFD_SETLK, F_UNLCK, 0, 10); });
  std::string got;
  w.note("waits", tenths([&] { got = lock(two, F_OFD_SETLKW, F_WRLCK, 5, 10); }));
  releases.join();
  w.notes("and has it", {got, held(w, "a")});
}

void until_the_other_is_closed(World& w) {
  const int one = open(w, "a");
  const int two = open(w, "a");
  lock(one, F_OFD_SETLK, F_WRLCK, 0, 10);
  std::thread closes = later(w, 100ms, [&] { w.close(one); });
  std::string got;
  w.note("waits", tenths([&] { got = lock(two, F_OFD_SETLKW, F_RDLCK, 0, 0); }));
  closes.join();
  w.notes("and has it", {got, held(w, "a")});
}

void for_a_part(World& w) {
  const int one = open(w, "a");
  const int two = open(w, "a");
  lock(one, F_OFD_SETLK, F_WRLCK, 0, 100);
  std::atomic<bool> has_it = false;
  std::string got;
  std::thread waits([&] {
    got = lock(two, F_OFD_SETLKW, F_WRLCK, 50, 10);
    has_it = true;
  });
  w.pass(100ms);
  lock(one, F_OFD_SETLK, F_UNLCK, 0, 50);
  w.pass(100ms);
  w.note("another part does not matter", has_it.load());
  lock(one, F_OFD_SETLK, F_UNLCK, 50, 10);
  waits.join();
  w.notes("its own does", {got, held(w, "a")});
}

void of_the_process(World& w) {
  const int one = open(w, "a");
  const int two = open(w, "a");
  w.note("its own is not waited for",
         (lock(one, F_SETLK, F_WRLCK, 0, 10), tenths([&] { lock(two, F_SETLKW, F_WRLCK, 0, 10); })));
  lock(one, F_SETLK, F_UNLCK, 0, 0);
  lock(one, F_OFD_SETLK, F_WRLCK, 0, 10);
  std::thread releases = later(w, 100ms, [&] { lock(one, F_OFD_SETLK, F_UNLCK, 5, 5); });
  std::string got;
  w.note("a description's is", tenths([&] { got = lock(two, F_SETLKW, F_WRLCK, 7, 1); }));
  releases.join();
  w.notes("and has it", {got, held(w, "a")});
}

void made_weaker(World& w) {
  const int one = open(w, "a");
  const int two = open(w, "a");
  lock(one, F_OFD_SETLK, F_WRLCK, 0, 10);
  std::thread weakens = later(w, 100ms, [&] { lock(one, F_OFD_SETLK, F_RDLCK, 0, 10); });
  std::string got;
  w.note("a reader waits for the writer", tenths([&] { got = lock(two, F_OFD_SETLKW, F_RDLCK, 0, 10); }));
  weakens.join();
  w.note("and has it", got);
}

void whole_files(World& w) {
  const int one = open(w, "a");
  const int two = open(w, "a");
  flock(one, LOCK_EX);
  std::thread releases = later(w, 100ms, [&] { flock(one, LOCK_UN); });
  std::string got;
  w.note("waits", tenths([&] { got = result(flock(two, LOCK_SH)); }));
  releases.join();
  w.notes("and has it", {got, result(flock(one, LOCK_EX | LOCK_NB)), result(flock(one, LOCK_SH | LOCK_NB))});
}

void several_readers(World& w) {
  const int writer = open(w, "a");
  flock(writer, LOCK_EX);
  std::string order;
  const auto reader = [&](char name) {
    return std::thread([&w, &order, name] {
      const int fd = ::open("a", O_RDONLY);
      flock(fd, LOCK_SH);
      w.pass(milliseconds(name == 'a' ? 50 : 100));
      order += name;
      ::close(fd);
    });
  };
  std::thread a = reader('a');
  std::thread b = reader('b');
  w.pass(50ms);
  order += '-';
  flock(writer, LOCK_UN);
  w.pass(25ms);
  w.note("both have it", result(flock(writer, LOCK_EX | LOCK_NB)));
  flock(writer, LOCK_EX);
  order += 'w';
  a.join();
  b.join();
  w.note("order", order);
}

// A signal comes after 30 ms, and the lock is released after 60 ms.
void interrupted(World& w, const std::function<std::string(int)>& wait, const std::function<void(int)>& take,
                 const std::function<void(int)>& release) {
  for (const int flags : {0, SA_RESTART}) {
    const int one = open(w, "a");
    const int two = open(w, "a");
    take(one);
    Handlers handlers;
    handlers.on(SIGUSR1, flags);
    std::string observed;
    {
      const Soon soon(w, [&, self = pthread_self()] {
        pthread_kill(self, SIGUSR1);
        w.pass(30ms);
        release(one);
      });
      observed = wait(two);
    }
    w.notes(flags == 0 ? "interrupted" : "restarted", {observed, take_seen()});
    w.close(one);
    w.close(two);
  }
}

void record_locks_interrupted(World& w) {
  interrupted(
      w, [](int fd) { return lock(fd, F_OFD_SETLKW, F_WRLCK, 0, 10); },
      [](int fd) { lock(fd, F_OFD_SETLK, F_WRLCK, 0, 0); }, [](int fd) { lock(fd, F_OFD_SETLK, F_UNLCK, 0, 0); });
}

void whole_files_interrupted(World& w) {
  interrupted(
      w, [](int fd) { return result(flock(fd, LOCK_EX)); }, [](int fd) { flock(fd, LOCK_EX); },
      [](int fd) { flock(fd, LOCK_UN); });
}

constexpr Case kCases[] = {
    {"until it is released", until_it_is_released},
    {"until the other is closed", until_the_other_is_closed},
    {"for a part", for_a_part},
    {"of the process", of_the_process},
    {"made weaker", made_weaker},
    {"whole files", whole_files},
    {"several readers", several_readers},
    {"interrupted", record_locks_interrupted},
    {"whole files, interrupted", whole_files_interrupted},
};
const Suite suite("files/waiting_locks", kCases, Process::own);

}  // namespace
}  // namespace stillpoint::test::files
