#pragma once
// Two simulated hosts whose system calls a test makes itself, with the ordinary functions of libc:
//
//   Machines machines;
//   CHECK(machines.a([] { return close(99); }) == fails(EBADF));
//
// Only the call runs on the host: what Catch does runs on the real machine.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csetjmp>
#include <cstring>
#include <ostream>
#include <string>
#include <string_view>

#include "sim-core/interpose/memory_faults.hpp"
#include "sim-core/kernel/current.hpp"
#include "sim-core/kernel/kernel.hpp"
#include "tests/trace/memory_trace.hpp"

namespace stillpoint::test {

using namespace std::chrono_literals;

// What a call returned, and errno if it failed.
struct Outcome {
  long value = 0;
  int error = 0;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};
inline std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
  return outcome.error != 0 ? out << strerrorname_np(outcome.error) : out << outcome.value;
}
inline Outcome gives(long value) { return {value, 0}; }
inline Outcome fails(int error) { return {-1, error}; }

// "IN OUT", of EPOLL* events (the low ones are POLL*'s too).
inline std::string event_names(std::uint32_t events) {
  std::string names;
  const auto add = [&](std::uint32_t event, const char* name) {
    if ((events & event) == event) names += (names.empty() ? "" : " ") + std::string(name);
  };
  add(EPOLLIN, "IN");
  add(EPOLLOUT, "OUT");
  add(EPOLLERR, "ERR");
  add(EPOLLHUP, "HUP");
  add(EPOLLRDHUP, "RDHUP");
  return names;
}

inline sockaddr_in address_of(std::uint32_t ip, int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(ip);
  return address;
}
inline const sockaddr* generic(const sockaddr_in& address) { return reinterpret_cast<const sockaddr*>(&address); }
inline sockaddr* generic(sockaddr_in& address) { return reinterpret_cast<sockaddr*>(&address); }

class Machine {
 public:
  explicit Machine(kernel::Host& on) : host(on) { interpose::catch_memory_faults(); }

  // Makes a call.
  template <typename Call>
  Outcome operator()(Call call) const {
    const kernel::CurrentHost current(&host);
    errno = 0;
    const auto value = static_cast<long>(call());
    return {value, value < 0 ? errno : 0};
  }

  // Makes a call that the kernel does not serve, and returns what it said; empty if the call returned. Nothing of the
  // call's may need a destructor: it is left by longjmp, as a run is left for ever.
  template <typename Call>
  std::string refusal(Call call) const {
    kernel::Host* const before = kernel::current_host;
    said = "";
    if (setjmp(way_out) == 0) {
      kernel::set_current_host(&host);
      static_cast<void>(call());
    }
    kernel::set_current_host(before);
    return said;
  }
  [[noreturn]] static void refuse(kernel::Host&, const char* what, const void* site) {
    said = site == nullptr ? "without a call site" : what;
    std::longjmp(way_out, 1);
  }

  // Short forms of what tests of everything else need.
  int socket() const {
    return static_cast<int>((*this)([] { return ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0); }).value);
  }
  int listener(int port, int backlog = 16) const {
    const int fd = socket();
    REQUIRE((*this)([&] {
              const sockaddr_in address = address_of(INADDR_ANY, port);
              return bind(fd, generic(address), sizeof address);
            }) == gives(0));
    REQUIRE((*this)([&] { return listen(fd, backlog); }) == gives(0));
    return fd;
  }
  Outcome connect(int fd, std::uint32_t ip, int port) const {
    return (*this)([&] {
      const sockaddr_in address = address_of(ip, port);
      return ::connect(fd, generic(address), sizeof address);
    });
  }
  Outcome accept(int fd) const {
    return (*this)([&] { return ::accept4(fd, nullptr, nullptr, SOCK_NONBLOCK); });
  }
  Outcome send(int fd, std::string_view bytes) const {
    return (*this)([&] { return ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL); });
  }
  // The bytes, or the name of the errno.
  std::string receive(int fd, std::size_t most = 4096, int flags = 0) const {
    std::string bytes(most, '\0');
    const Outcome got = (*this)([&] { return recv(fd, bytes.data(), bytes.size(), flags); });
    if (got.error != 0) return strerrorname_np(got.error);
    bytes.resize(static_cast<std::size_t>(got.value));
    return bytes;
  }

  int epoll() const {
    return static_cast<int>((*this)([] { return epoll_create1(EPOLL_CLOEXEC); }).value);
  }
  Outcome control(int epoll, int operation, int fd, std::uint32_t events) const {
    return (*this)([&] {
      epoll_event event{};
      event.events = events;
      event.data.fd = fd;
      return epoll_ctl(epoll, operation, fd, &event);
    });
  }
  // What an epoll_wait without waiting reports: "4:IN OUT, 5:IN".
  std::string events(int epoll, int capacity = 16) const {
    epoll_event found[16];
    const Outcome count = (*this)([&] { return epoll_wait(epoll, found, capacity, 0); });
    if (count.error != 0) return strerrorname_np(count.error);
    std::string text;
    for (long i = 0; i < count.value; ++i) {
      text += (i == 0 ? "" : ", ") + std::to_string(found[i].data.fd) + ':' + event_names(found[i].events);
    }
    return text;
  }

  kernel::Host& host;

 private:
  static inline std::jmp_buf way_out = {};
  static inline std::string said = {};
};

class Machines {
 public:
  static constexpr std::uint32_t kIpOfA = 0x0A000001;
  static constexpr std::uint32_t kIpOfB = 0x0A000002;

  explicit Machines(std::uint64_t seed = 1, int descriptor_limit = 1024)
      : kernel(trace.writer, seed, Machine::refuse),
        a(kernel.add_host({.name = "a", .role = "test", .address = {kIpOfA}, .descriptor_limit = descriptor_limit})),
        b(kernel.add_host({.name = "b", .role = "test", .address = {kIpOfB}, .descriptor_limit = descriptor_limit})) {}

  // Turns the queue until nothing is left to happen.
  void settle() {
    while (!kernel.queue.empty()) kernel.queue.pop().fire();
  }
  void run_for(Duration duration) {
    const VirtualTime end = kernel.queue.now() + duration;
    while (!kernel.queue.empty() && kernel.queue.next_time() <= end) kernel.queue.pop().fire();
    kernel.queue.advance(end);
  }
  // A connection from a socket of a to one of b.
  struct Pair {
    int of_a;
    int of_b;
    int listener;  // of b
  };
  Pair connected(int port = 80) {
    const int listener = b.listener(port);
    const int of_a = a.socket();
    REQUIRE(a.connect(of_a, kIpOfB, port) == fails(EINPROGRESS));
    settle();
    const Outcome of_b = b.accept(listener);
    REQUIRE(of_b.error == 0);
    return {of_a, static_cast<int>(of_b.value), listener};
  }

  MemoryTrace trace{1 << 24};
  kernel::Kernel kernel;
  Machine a, b;
};

}  // namespace stillpoint::test
