// poll(2).
#include <poll.h>

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

constexpr Case kCases[] = {{"several descriptors", several},
                           {"nothing is ready", nothing_ready},
                           {"unasked", unasked},
                           {"every kind", every_kind}};

const Suite kSuite("poll", kCases);

}  // namespace

}  // namespace stillpoint::test
