#pragma once
// What the cases about hosts that do not answer share: addresses, connections, and sockets that are watched for a
// while.
#include <poll.h>

#include <array>
#include <initializer_list>
#include <string>

#include "tests/conformance/world.hpp"

namespace stillpoint::test {

constexpr const char* kNowhereText = "10.0.0.2";
constexpr const char* kThereText = "10.0.0.3";

constexpr Case own(const char* name, void (*run)(World&)) { return {name, run, Network::own}; }

// What a socket looks like at some times after `w` began to count, with its pending error.
struct Watched {
  const char* name;
  int fd;
};
template <std::size_t count>
void watch(World& w, const std::array<Watched, count>& sockets, std::initializer_list<milliseconds> times) {
  milliseconds passed{};
  for (const milliseconds time : times) {
    w.pass(time - passed);
    passed = time;
    for (const Watched& each : sockets) {
      const std::string at = std::string(each.name) + " at " + std::to_string(time.count()) + " ms";
      w.note(at, w.ready(each.fd));
      w.note(at + ", its error", w.pending_error(each.fd));
    }
  }
}

// A connection to the other host. Between two addresses of its own Linux would take the other's for both ends, which is
// gone later.
inline int connected(World& w) {
  const int fd = w.socket();
  w.bind(fd, kHere, 0);
  w.connect(fd, kThere, kPort);
  if (!w.wait_for(fd, POLLOUT) || w.pending_error(fd) != "none") w.note("connection", "cannot be made");
  return fd;
}

}  // namespace stillpoint::test
