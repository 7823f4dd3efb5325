// poll(2) and ppoll(2).
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <thread>

#include "tests/conformance/world.hpp"

namespace stillpoint::test {
namespace {

std::string events_of(const pollfd& entry) { return event_names(static_cast<std::uint16_t>(entry.revents)); }

void several(World& w) {
  const auto [user, server] = w.connected();
  w.send(server, "x");
  w.settle();
  pollfd entries[] = {{user, POLLIN, 0}, {-1, POLLIN, 7}, {9'999, POLLIN, 0}, {user, POLLOUT, 0}, {user, 0, 7}};
  w.note("poll", result(::poll(entries, 5, 0)));
  for (const pollfd& entry : entries) w.note("entry", events_of(entry));
}

void nothing_ready(World& w) {
  pollfd entry{w.listener(), POLLIN | POLLOUT, 7};
  w.note("poll", result(::poll(&entry, 1, 0)));
  w.note("entry", events_of(entry));
  w.note("of none", result(::poll(nullptr, 0, 0)));
}

void unasked(World& w) {
  const auto [user, server] = w.connected();
  w.send(user, "never read");
  w.settle();
  w.close(server);
  w.settle();
  pollfd entry{user, 0, 0};
  w.note("poll", result(::poll(&entry, 1, 0)));
  w.note("entry", events_of(entry));
}

void every_kind(World& w) {
  const int epoll = w.epoll();
  const int event = w.eventfd(1);
  w.note("eventfd", w.ready(event));
  w.note("timerfd", w.ready(w.timerfd()));
  w.note("epoll", w.ready(epoll));
  w.add(epoll, event, EPOLLIN, 1);
  w.note("epoll with news", w.ready(epoll));
}

void waits(World& w) {
  const int fd = w.eventfd();
  const int other = w.eventfd();
  pollfd entries[] = {{fd, POLLIN, 7}, {other, POLLIN, 7}};
  w.note("nothing comes", result(::poll(entries, 2, 20)));
  w.note("is", events_of(entries[0]));
  std::thread later([&] {
    w.pass(20ms);
    eventfd_write(other, 1);
  });
  w.note("one comes", result(::poll(entries, 2, -1)));
  later.join();
  w.note("the first", events_of(entries[0]));
  w.note("the second", events_of(entries[1]));
}

void of_ppoll(World& w) {
  const int fd = w.eventfd();
  pollfd entry{fd, POLLIN, 7};
  timespec timeout{0, 20'000'000};
  w.note("nothing comes", result(::ppoll(&entry, 1, &timeout, nullptr)));
  w.note("the time-out is as it was", timeout.tv_nsec == 20'000'000);
  eventfd_write(fd, 1);
  w.note("without end", result(::ppoll(&entry, 1, nullptr, nullptr)));
  w.note("is", events_of(entry));
  timeout = {0, 1'000'000'000};
  w.note("too many nanoseconds", result(::ppoll(&entry, 1, &timeout, nullptr)));
  timeout = {-1, 0};
  w.note("negative", result(::ppoll(&entry, 1, &timeout, nullptr)));
}

void closed_while_waiting(World& w) {
  const int fd = w.eventfd();
  const int copy = w.keep(dup(fd));
  std::thread later([&] {
    w.pass(20ms);
    w.close(fd);
    eventfd_write(copy, 1);
  });
  pollfd entry{fd, POLLIN, 0};
  w.note("of a closed number", result(::poll(&entry, 1, 1'000)));
  later.join();
  w.note("is", events_of(entry));
}

constexpr Case kCases[] = {{"several descriptors", several},
                           {"nothing is ready", nothing_ready},
                           {"unasked", unasked},
                           {"every kind", every_kind},
                           {"waits", waits},
                           {"ppoll", of_ppoll},
                           {"closed while waiting", closed_while_waiting}};

const Suite kSuite("poll", kCases);

}  // namespace

}  // namespace stillpoint::test
