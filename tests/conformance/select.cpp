// select(2) and pselect(2).
#include <sys/eventfd.h>
#include <sys/select.h>
#include <unistd.h>

#include <thread>

#include "tests/conformance/world.hpp"

namespace stillpoint::test {
namespace {

// Sets of descriptors, by the names of the descriptors that a case gives.
struct Sets {
  Sets() {
    FD_ZERO(&in);
    FD_ZERO(&out);
    FD_ZERO(&except);
  }
  std::string of(int fd) const {
    return std::string(FD_ISSET(fd, &in) ? "in " : "") + (FD_ISSET(fd, &out) ? "out " : "") +
           (FD_ISSET(fd, &except) ? "except " : "");
  }
  fd_set in, out, except;
};

std::string look(Sets& sets, int count) {
  timeval now{};
  return result(::select(count, &sets.in, &sets.out, &sets.except, &now));
}

Sets all_of(int fd) {
  Sets sets;
  FD_SET(fd, &sets.in);
  FD_SET(fd, &sets.out);
  FD_SET(fd, &sets.except);
  return sets;
}

void three_sets(World& w) {
  const auto [user, server] = w.connected();
  Sets sets = all_of(user);
  w.note("connected", look(sets, user + 1));
  w.note("is", sets.of(user));
  w.send(server, "x");
  w.settle();
  sets = all_of(user);
  w.note("data", look(sets, user + 1));
  w.note("is", sets.of(user));
  w.receive(user);
  w.close(server);
  w.settle();
  sets = all_of(user);
  w.note("the end", look(sets, user + 1));
  w.note("is", sets.of(user));
}

void unasked(World& w) {
  const int ready = w.eventfd(1);
  const int idle = w.eventfd();
  Sets sets;
  FD_SET(ready, &sets.in);
  FD_SET(idle, &sets.in);
  FD_SET(ready, &sets.except);
  timeval now{};
  w.note("one", result(::select(FD_SETSIZE, &sets.in, nullptr, &sets.except, &now)));
  w.note("ready", sets.of(ready));
  w.note("idle", sets.of(idle));
  FD_SET(idle, &sets.in);
  w.note("below the number", result(::select(ready, nullptr, &sets.out, nullptr, &now)));
  w.note("no sets", result(::select(0, nullptr, nullptr, nullptr, &now)));
}

void counts_bits(World& w) {
  const int a = w.eventfd(1);
  const int b = w.eventfd(1);
  Sets sets = all_of(a);
  FD_SET(b, &sets.out);
  w.note("bits", look(sets, FD_SETSIZE));
  w.note("a", sets.of(a));
  w.note("b", sets.of(b));
}

void wrong_arguments(World& w) {
  const int fd = w.eventfd();
  const int closed = w.eventfd();
  w.close(closed);
  Sets sets = all_of(closed);
  FD_SET(fd, &sets.in);
  w.note("a closed one", look(sets, FD_SETSIZE));
  w.note("leaves the sets", sets.of(closed));
  w.note("not looked at", look(sets, closed));
  w.note("negative count", look(sets, -1));
  timeval negative{-1, 0};
  w.note("negative seconds", result(::select(0, nullptr, nullptr, nullptr, &negative)));
  negative = {0, -1};
  w.note("negative microseconds", result(::select(0, nullptr, nullptr, nullptr, &negative)));
  timespec wrong{0, 1'000'000'000};
  w.note("nanoseconds of a second", result(::pselect(0, nullptr, nullptr, nullptr, &wrong, nullptr)));
  wrong = {-1, 0};
  w.note("negative time-out", result(::pselect(0, nullptr, nullptr, nullptr, &wrong, nullptr)));
}

void time_out(World& w) {
  const int fd = w.eventfd();
  Sets sets = all_of(fd);
  FD_CLR(fd, &sets.out);
  timeval timeout{0, 30'000};
  w.note("nothing comes", result(::select(fd + 1, &sets.in, &sets.out, &sets.except, &timeout)));
  w.note("the sets are empty", sets.of(fd));
  w.note("no time is left", timeout.tv_sec == 0 && timeout.tv_usec == 0);
  timeout = {0, 1'020'000};  // Linux takes more than a second of microseconds
  w.note("microseconds beyond a second", result(::select(0, nullptr, nullptr, nullptr, &timeout)));
  w.note("nothing is left either", timeout.tv_sec == 0 && timeout.tv_usec == 0);
}

void time_that_is_left(World& w) {
  const int fd = w.eventfd();
  std::thread later([&] {
    w.pass(50ms);
    eventfd_write(fd, 1);
  });
  Sets sets = all_of(fd);
  FD_CLR(fd, &sets.out);
  timeval timeout{20, 0};
  w.note("one comes", result(::select(fd + 1, &sets.in, &sets.out, &sets.except, &timeout)));
  later.join();
  w.note("is", sets.of(fd));
  w.note("what was not waited for is left", timeout.tv_sec >= 10 && timeout.tv_sec < 20);
}

void time_of_pselect(World& w) {
  const int fd = w.eventfd();
  Sets sets;
  FD_SET(fd, &sets.in);
  const timespec timeout{0, 20'000'000};
  w.note("nothing comes", result(::pselect(fd + 1, &sets.in, nullptr, nullptr, &timeout, nullptr)));
  w.note("the time-out is as it was", timeout.tv_nsec == 20'000'000);
  std::thread later([&] {
    w.pass(20ms);
    eventfd_write(fd, 1);
  });
  FD_SET(fd, &sets.in);
  w.note("without end", result(::pselect(fd + 1, &sets.in, nullptr, nullptr, nullptr, nullptr)));
  later.join();
  w.note("is", sets.of(fd));
}

void waits_for_room(World& w) {
  const auto [user, server] = w.connected();
  const std::string block(100'000, 'x');
  for (int i = 0; i < 500 && w.ready(user) != "nothing"; ++i) {
    while (::send(user, block.data(), block.size(), MSG_NOSIGNAL) > 0) {
    }
    w.settle();
  }
  std::thread reader([&, from = server] {
    w.pass(20ms);
    std::string bytes(1 << 20, '\0');
    while (::recv(from, bytes.data(), bytes.size(), 0) > 0 || w.ready(user) == "nothing") w.pass(1ms);
  });
  Sets sets;
  FD_SET(user, &sets.out);
  FD_SET(user, &sets.in);
  w.note("room", result(::select(user + 1, &sets.in, &sets.out, nullptr, nullptr)));
  reader.join();
  w.note("is", sets.of(user));
}

constexpr Case kCases[] = {{"three sets", three_sets},
                           {"unasked", unasked},
                           {"counts bits", counts_bits},
                           {"wrong arguments", wrong_arguments},
                           {"time-out", time_out},
                           {"time that is left", time_that_is_left},
                           {"time of pselect", time_of_pselect},
                           {"waits for room", waits_for_room}};

const Suite kSuite("select", kCases);

}  // namespace

}  // namespace stillpoint::test
